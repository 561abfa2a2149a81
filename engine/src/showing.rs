//! The state's records as what the engine answers with.

use std::collections::BTreeMap;

use segops_model::{Decimal, ProfileId, SegmentId, SignalId};
use segops_rules::{
    Base, Condition, CountTest, EventCondition, Named, RULE_FORMAT, Rule, Window, format, to_json, unresolve,
};
use segops_segment::{OrderKey, SignalRegistry};
use segops_store::Keyspace;

use crate::fold::Fold;
use crate::names::WorkspaceNames;
use crate::state::{Lifecycle, Properties, SegmentState, State, VersionState};
use crate::view;

/// A condition's text alone: the base is not its own.
pub(crate) fn format_condition(rule: &Rule<Named>) -> String {
    let text = format(rule);
    text.strip_prefix("everyone where ").map_or_else(|| text.clone(), str::to_owned)
}

/// A signal as a rule would ask for it, with the property whose values it keeps.
pub(crate) fn filter_text(signals: &SignalRegistry, id: SignalId, names: &WorkspaceNames<'_>) -> String {
    let Some(event) = signals.filter(id).cloned() else { return format!("signal {}", id.0) };
    let condition = EventCondition { event, count: CountTest::default(), window: Window::AllTime };
    let when = Condition::Event(condition);
    let rule = Rule { version: RULE_FORMAT, base: Base::Everyone, when };
    let text = format_condition(&unresolve(&rule, names));
    match signals.captured(id) {
        Some(capture) => format!("{text}, its values of {}", capture.property),
        None => text,
    }
}

/// A stored version as people read it.
fn rule_texts(state: &State, version: &VersionState) -> (String, serde_json::Value) {
    let named = unresolve(&version.rule, &WorkspaceNames::new(state));
    (format(&named), to_json(&named))
}

pub(crate) fn counts_of(state: &State, members: &roaring::RoaringTreemap) -> view::Counts {
    let common = |group: &roaring::RoaringTreemap| members.intersection_len(group);
    view::Counts {
        total: members.len(),
        identified: common(&state.groups.identified),
        reachable_email: common(&state.groups.reachable_email),
        reachable_sms: common(&state.groups.reachable_sms),
    }
}

pub(crate) fn segment_view(fold: &Fold, segment: &SegmentState) -> view::Segment {
    let state = &fold.state;
    let (rule_text, rule) =
        segment.shown_version().map(|version| rule_texts(state, version)).unwrap_or_default();
    let pending = segment.pending.as_ref().filter(|_| segment.is_evaluated());
    let pending_version = pending.map(|pending| pending.version);
    view::Segment {
        id: segment.id,
        name: segment.name.clone(),
        description: segment.details.description.clone(),
        owner: segment.details.owner.clone(),
        folder: segment.details.folder.clone(),
        tags: segment.details.tags.iter().cloned().collect(),
        state: segment.lifecycle,
        status: status_of(segment),
        serving_version: segment.serving,
        pending_version,
        rule_text,
        rule,
        base: segment.shown_version().map(|version| version.rule.base).unwrap_or_default(),
        counts: state.members.get(&segment.id).map(|members| counts_of(state, members)).unwrap_or_default(),
        created_at: segment.created_at,
        changed_at: segment.changed_at,
        used_by: users_of(fold, segment.id),
        versions: segment
            .versions
            .iter()
            .map(|version| view::SegmentVersionView {
                version: version.number,
                rule_text: rule_texts(state, version).0,
                author: version.author.clone(),
                at: version.at,
                restored_from: version.restored_from,
                primed_at: version.primed_at,
            })
            .collect(),
    }
}

fn status_of(segment: &SegmentState) -> view::SegmentStatus {
    match (segment.lifecycle, segment.paused, segment.serving, &segment.pending) {
        (Lifecycle::Draft, ..) => view::SegmentStatus::Draft,
        (Lifecycle::Archived, ..) => view::SegmentStatus::Archived,
        (Lifecycle::Live, true, ..) => view::SegmentStatus::Paused,
        (Lifecycle::Live, false, None, _) => view::SegmentStatus::Priming,
        (Lifecycle::Live, false, Some(_), Some(_)) => view::SegmentStatus::Editing,
        (Lifecycle::Live, false, Some(_), None) => view::SegmentStatus::Live,
    }
}

/// Segments whose rules name this one.
pub(crate) fn users_of(fold: &Fold, id: SegmentId) -> Vec<view::SegmentName> {
    fold.users_of(id).map(|user| view::SegmentName { id: user.id, name: user.name.clone() }).collect()
}

pub(crate) fn version_view(
    state: &State,
    segment: &SegmentState,
    version: &VersionState,
) -> view::SegmentVersionDetail {
    let (rule_text, rule) = rule_texts(state, version);
    view::SegmentVersionDetail {
        segment: segment.id,
        version: version.number,
        rule_text,
        rule,
        author: version.author.clone(),
        at: version.at,
        restored_from: version.restored_from,
        primed_at: version.primed_at,
        serves: segment.live_version().is_some_and(|live| live.number == version.number),
        time_zone: version.time_zone.clone(),
        week_start: format!("{:?}", version.week_start).to_lowercase(),
    }
}

pub(crate) fn member_view(state: &State, segment: SegmentId, profile: ProfileId) -> Option<view::Member> {
    let standing = state.standings.get(&profile)?.get(segment)?;
    let membership = standing.membership?;
    Some(view::Member {
        profile,
        identifiers: state
            .profiles
            .get(&profile)
            .map(|record| record.identifiers.clone())
            .unwrap_or_default(),
        since: membership.since,
        cause: membership.cause,
        next_change: standing.due,
    })
}

pub(crate) fn profile_view(state: &State, id: ProfileId) -> Option<view::ProfileView> {
    let record = state.profiles.get(&id)?;
    let traits = state.traits.get(&id).into_iter().flat_map(crate::state::Traits::iter);
    let keys = state.order_keys.get(&id).into_iter().flatten();
    let mut orders: Vec<_> =
        keys.filter_map(|key| order_view(state.orders.get(&(id, key.clone()))?, key)).collect();
    orders.sort_by(|left, right| (right.0.at, &right.0.id).cmp(&(left.0.at, &left.0.id)));
    let mut net_spend: BTreeMap<String, Decimal> = BTreeMap::new();
    for (order, net) in &orders {
        let sum = net_spend.entry(order.currency.clone().unwrap_or_default()).or_default();
        *sum = [*sum, *net].into_iter().sum();
    }
    let standings = state.standings.get(&id).into_iter().flat_map(crate::state::Standings::iter);
    let segments = standings.filter_map(|standing| {
        let membership = standing.membership?;
        let segment = state.segments.get(&standing.segment)?;
        Some(view::ProfileSegment {
            segment: segment.id,
            name: segment.name.clone(),
            since: membership.since,
            cause: membership.cause,
            next_change: standing.due,
        })
    });
    Some(view::ProfileView {
        id,
        merged_ids: record.absorbed.iter().map(|(id, _)| *id).collect(),
        identifiers: record.identifiers.clone(),
        identified: record.is_identified(),
        traits: traits
            .map(|held| {
                (held.name.to_string(), view::TraitView { value: held.value.clone(), set_at: held.ts })
            })
            .collect(),
        net_spend: net_spend.into_iter().map(|(currency, sum)| (currency, sum.to_string())).collect(),
        orders: orders.into_iter().map(|(order, _)| order).collect(),
        segments: segments.collect(),
        events: record.events,
        first_seen: record.first_seen,
        last_seen: record.last_seen,
    })
}

fn order_view(facts: &segops_segment::OrderFacts, key: &OrderKey) -> Option<(view::OrderView, Decimal)> {
    let order = facts.order(key)?;
    let view = view::OrderView {
        id: match &order.key {
            OrderKey::Id(id) => id.to_string(),
            OrderKey::Event(position) => format!("event {position}"),
        },
        status: order.status.as_text().to_owned(),
        at: order.completed_at,
        currency: order.currency.as_ref().map(ToString::to_string),
        value: order.value.to_string(),
        refunded: order.refunded.to_string(),
        net: order.net.to_string(),
    };
    Some((view, order.net))
}

pub(crate) fn properties_view(properties: &Properties) -> Vec<view::CatalogueProperty> {
    let mut views: Vec<_> = properties
        .by_path
        .iter()
        .map(|(path, entry)| {
            let types = [
                ("text", entry.texts),
                ("number", entry.numbers),
                ("boolean", entry.booleans),
                ("list", entry.lists),
                ("object", entry.objects),
            ];
            let mut values: Vec<_> = entry
                .values
                .iter()
                .map(|(value, count)| view::CatalogueValue { value: value.to_string(), count: *count })
                .collect();
            values.sort_by(|left, right| {
                right.count.cmp(&left.count).then_with(|| left.value.cmp(&right.value))
            });
            view::CatalogueProperty {
                path: path.to_string(),
                count: entry.count,
                types: types
                    .iter()
                    .filter(|(_, n)| *n > 0)
                    .map(|(name, n)| ((*name).to_owned(), *n))
                    .collect(),
                values,
            }
        })
        .collect();
    views.sort_by(|left, right| left.path.cmp(&right.path));
    views
}
