//! Brings SQL to the workspace: what the engine has frozen, shown as the rows of tables.

use std::sync::Arc;

use jiff::tz::TimeZone;

use segops_engine::{Engine, Frozen, FrozenDerivedEvent, Gathered};
use segops_model::{Cause, Direction, Instant, Position, ProfileId, SegmentId, SourceId};
use segops_parts::Snapshot;
use segops_segment::ScoreValue;
use segops_sql::postgres::Gate;
use segops_sql::{
    DerivedEventKnown, Flow, MembershipRow, Needs, Only, Opener, OrderRow, ProductRow, ProfileRow,
    PropertySeen, ScoreRow, SegmentRow, SqlError, TraitRow, TransitionRow, Workspace,
};

use crate::http::App;

/// Freezes the workspace when a query is about to be planned.
pub(crate) fn opener(engine: &Engine) -> Opener {
    let engine = engine.clone();
    Box::new(move |needs: Needs| {
        let gathered = Gathered { segments: needs.segments, products: needs.products };
        let frozen = engine.frozen(gathered).map_err(|error| SqlError::Internal(error.to_string()))?;
        Ok(Arc::new(workspace_of(frozen)) as Arc<dyn Workspace>)
    })
}

/// What is frozen, as SQL sees it.
pub(crate) fn workspace_of(frozen: Frozen) -> impl Workspace {
    FrozenWorkspace(frozen)
}

#[derive(Debug)]
struct FrozenWorkspace(Frozen);

/// A word as the API writes it.
fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

impl FrozenWorkspace {
    fn name(&self, segment: SegmentId) -> &str {
        self.0.segment_name(segment).unwrap_or_default()
    }
}

impl Workspace for FrozenWorkspace {
    fn snapshot(&self) -> &Snapshot {
        &self.0.ground.snapshot
    }

    fn position(&self) -> Position {
        self.0.position()
    }

    fn now(&self) -> Instant {
        self.0.ground.now
    }

    fn zone(&self) -> TimeZone {
        self.0.ground.calendar.zone.clone()
    }

    fn sources(&self) -> Vec<(SourceId, String)> {
        self.0.sources().to_vec()
    }

    fn properties(&self) -> Vec<PropertySeen> {
        let seen = self.0.properties.iter();
        let seen = seen.map(|seen| PropertySeen {
            path: seen.path.clone(),
            numbers: seen.numbers,
            texts: seen.texts,
            flags: seen.flags,
        });
        seen.collect()
    }

    fn derived_events(&self) -> Vec<DerivedEventKnown> {
        let known = self.0.derived_events.iter().cloned();
        let known = known.map(|FrozenDerivedEvent { id, name, version, derivation }| DerivedEventKnown {
            id,
            name,
            version,
            derivation,
        });
        known.collect()
    }

    fn profiles(&self, only: Only<'_>, each: &mut dyn FnMut(&ProfileRow<'_>) -> Flow) {
        for profile in self.0.profile_ids(only) {
            let Some(record) = self.0.profile(profile) else { continue };
            let merged: Vec<ProfileId> = record.absorbed.iter().map(|(id, _)| *id).collect();
            let traits: Vec<_> =
                self.0.traits(profile).map(|held| (held.name.as_str(), &held.value)).collect();
            let row = ProfileRow {
                profile,
                identifiers: &record.identifiers,
                is_identified: record.is_identified(),
                reachable_email: self.0.is_reachable_by_email(profile),
                reachable_sms: self.0.is_reachable_by_sms(profile),
                merged: &merged,
                traits: &traits,
                events: record.events,
                first_seen: record.first_seen,
                last_seen: record.last_seen,
            };
            if each(&row).is_break() {
                return;
            }
        }
    }

    fn traits(&self, only: Only<'_>, each: &mut dyn FnMut(&TraitRow<'_>) -> Flow) {
        for profile in self.0.profile_ids(only) {
            for held in self.0.traits(profile) {
                let row = TraitRow { profile, name: &held.name, value: &held.value, set_at: held.ts };
                if each(&row).is_break() {
                    return;
                }
            }
        }
    }

    fn orders(&self, only: Only<'_>, each: &mut dyn FnMut(&OrderRow<'_>) -> Flow) {
        for profile in self.0.profile_ids(only) {
            for (key, facts) in self.0.orders(profile) {
                if each(&OrderRow { profile, key, facts }).is_break() {
                    return;
                }
            }
        }
    }

    fn memberships(&self, only: Only<'_>, each: &mut dyn FnMut(&MembershipRow<'_>) -> Flow) {
        for profile in self.0.profile_ids(only) {
            for (segment, held) in self.0.memberships(profile) {
                let (name, cause) = (self.name(segment), word(&held.cause));
                let row = MembershipRow { profile, segment, name, since: held.since, cause: &cause };
                if each(&row).is_break() {
                    return;
                }
            }
        }
    }

    fn transitions(&self, only: Only<'_>, each: &mut dyn FnMut(&TransitionRow<'_>) -> Flow) {
        let mut show = |profile, segment, one: segops_segment::RecordedTransition| {
            let cause: Cause = one.cause;
            each(&TransitionRow {
                profile,
                segment,
                name: self.name(segment),
                at: one.entry.ts,
                entered: one.direction == Direction::Entered,
                cause: &word(&cause),
                version: one.version,
                position: one.entry.position,
            })
        };
        match only {
            None => {
                for (profile, segment, one) in self.0.transitions() {
                    if show(profile, segment, one).is_break() {
                        return;
                    }
                }
            }
            Some(_) => {
                for profile in self.0.profile_ids(only) {
                    for (segment, one) in self.0.transitions_of(profile) {
                        if show(profile, segment, one).is_break() {
                            return;
                        }
                    }
                }
            }
        }
    }

    fn scores(&self, only: Only<'_>, each: &mut dyn FnMut(&ScoreRow<'_>) -> Flow) {
        for profile in self.0.profile_ids(only) {
            let computed = self.0.computed_scores(profile).into_iter();
            let computed = computed.map(|(score, value)| (score, value, None));
            let recorded = self.0.recorded_scores(profile).into_iter();
            let recorded = recorded.map(|(score, held)| (score, held.value, Some(held.as_of)));
            for (score, value, as_of) in computed.chain(recorded) {
                let date = match value {
                    ScoreValue::Date(date) => Some(date),
                    ScoreValue::Number(_) => None,
                };
                let row = ScoreRow { profile, score: &score, number: value.number(), date, as_of };
                if each(&row).is_break() {
                    return;
                }
            }
        }
    }

    fn segments(&self, each: &mut dyn FnMut(&SegmentRow<'_>) -> Flow) {
        for segment in &self.0.segments {
            let row = SegmentRow {
                segment: segment.id,
                name: &segment.name,
                description: &segment.description,
                folder: &segment.folder,
                owner: &segment.owner,
                status: &word(&segment.status),
                rule: &segment.rule_text,
                version: segment.serving_version,
                members: segment.counts.total,
                created_at: segment.created_at,
                changed_at: segment.changed_at,
            };
            if each(&row).is_break() {
                return;
            }
        }
    }

    fn products(&self, each: &mut dyn FnMut(&ProductRow<'_>) -> Flow) {
        for product in &self.0.products {
            let row = ProductRow { id: &product.id, product: &product.product, updated_at: product.since };
            if each(&row).is_break() {
                return;
            }
        }
    }
}

/// Lets clients of PostgreSQL in by their tokens.
pub(crate) struct PostgresGate(pub(crate) App);

impl Gate for PostgresGate {
    fn admit(&self, secret: &str) -> Option<String> {
        self.0.tokens().find(secret).map(|caller| caller.name)
    }

    fn opener(&self) -> Result<Opener, SqlError> {
        self.0.engine().map(opener).map_err(|problem| SqlError::Run(problem.detail))
    }
}
