//! Reading the state: short looks under the lock, each page bounded.

use jiff::tz::TimeZone;

use segops_collect::Rejection;
use segops_identity::normalise;
use segops_model::{Identifier, IdentifierKind, Instant, ProfileId, SegmentId, TransitionId};
use segops_rules::{Base, Condition, Named, Problem, Resolved, Rule, unresolve};
use segops_segment::{Speech, explain, sentence};
use segops_store::Keyspace;

use crate::engine::Engine;
use crate::error::EngineError;
use crate::fold::LiveProfile;
use crate::names::WorkspaceNames;
use crate::people::known;
use crate::settings::Settings;
use crate::showing::{format_condition, member_view, profile_view, properties_view, segment_view};
use crate::state::{SegmentState, State};
use crate::transitions::{TransitionsGone, WatchId};
use crate::view;

impl Engine {
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.core().fold.read().state.settings.clone()
    }

    #[must_use]
    pub fn sources(&self) -> Vec<view::Source> {
        self.core().fold.read().state.sources.values().cloned().collect()
    }

    /// # Errors
    /// There is no such source.
    pub fn find_source(&self, name_or_id: &str) -> Result<view::Source, EngineError> {
        let fold = self.core().fold.read();
        let found = fold.state.find_source(name_or_id).cloned();
        found.ok_or_else(|| {
            EngineError::NotFound(format!(
                "there is no source `{name_or_id}`; list them to see which there are"
            ))
        })
    }

    #[must_use]
    pub fn imports(&self) -> Vec<view::Import> {
        self.core().fold.read().state.imports.values().cloned().collect()
    }

    /// What a rule says that the workspace has never seen.
    ///
    /// # Errors
    /// The problems for which it cannot be used, or a segment that it names and that is not live.
    pub fn check_rule(
        &self,
        rule: &Rule<Named>,
        editing: Option<SegmentId>,
    ) -> Result<Vec<Problem>, EngineError> {
        self.resolve_rule(rule, editing).map(|(_, warnings)| warnings)
    }

    #[must_use]
    pub fn segments(&self) -> Vec<view::Segment> {
        let fold = self.core().fold.read();
        fold.state.segments.values().map(|segment| segment_view(&fold, segment)).collect()
    }

    /// # Errors
    /// There is no such segment.
    pub fn segment(&self, name_or_id: &str) -> Result<view::Segment, EngineError> {
        let fold = self.core().fold.read();
        let segment = fold.state.find_segment(name_or_id).ok_or_else(|| no_segment(name_or_id))?;
        Ok(segment_view(&fold, segment))
    }

    /// A page of members in ascending order of profile.
    ///
    /// # Errors
    /// There is no such segment.
    pub fn members(
        &self,
        segment: &str,
        after: Option<ProfileId>,
        limit: usize,
    ) -> Result<Vec<view::Member>, EngineError> {
        let fold = self.core().fold.read();
        let id = fold.state.find_segment(segment).ok_or_else(|| no_segment(segment))?.id;
        let Some(members) = fold.state.members.get(&id) else { return Ok(Vec::new()) };
        let limit = limit.min(self.core().limits.page_rows_max);
        let mut ids = members.iter();
        if let Some(after) = after {
            ids.advance_to(after.0.saturating_add(1));
        }
        Ok(ids.take(limit).filter_map(|profile| member_view(&fold.state, id, ProfileId(profile))).collect())
    }

    /// Why a profile is in a segment, or not, as of now.
    ///
    /// # Errors
    /// There is no such segment or profile, or the segment is not live yet.
    pub fn explain(&self, segment: &str, profile: ProfileId) -> Result<view::ExplainView, EngineError> {
        let fold = self.core().fold.read();
        let state = fold.state.find_segment(segment).ok_or_else(|| no_segment(segment))?;
        let profile = known(&fold.state, profile)?;
        if fold.state.profiles.get(&profile).is_none_or(|record| record.rows == 0) {
            return Err(EngineError::NotFound(format!(
                "{profile} has no event since it was split, so that it is in no segment yet"
            )));
        }
        let (program, version) =
            fold.serving_program(state.id).zip(state.live_version()).ok_or_else(|| {
                EngineError::NotFound(format!(
                    "`{}` has no live version yet; wait until it is primed",
                    state.name
                ))
            })?;
        let at = self.now().max(fold.state.instant);
        let names = WorkspaceNames::new(&fold.state);
        let describe = |condition: &Condition<Resolved>| {
            let rule = Rule { base: Base::Everyone, when: condition.clone(), ..version.rule.clone() };
            format_condition(&unresolve(&rule, &names))
        };
        let explanation = explain(program, &version.rule, &LiveProfile::of(&fold, profile), at, &describe);
        let speech = Speech {
            zone: fold.state.settings.calendar().map(|calendar| calendar.zone).unwrap_or(TimeZone::UTC),
            currency: currency_of(&fold.state, profile),
        };
        let sentence = sentence(&unresolve(&version.rule, &names), &explanation, &speech);
        Ok(view::ExplainView { profile, segment: state.id, at, sentence, explanation })
    }

    /// # Errors
    /// There is no such profile.
    pub fn profile(&self, id: ProfileId) -> Result<view::ProfileView, EngineError> {
        let fold = self.core().fold.read();
        let id = known(&fold.state, id)?;
        profile_view(&fold.state, id).ok_or_else(|| no_profile(id))
    }

    /// The profile that an identifier points at, read as an event's would be.
    #[must_use]
    pub fn find_profile(&self, identifier: &Identifier) -> Option<ProfileId> {
        let fold = self.core().fold.read();
        find_identifier(&fold.state, identifier)
    }

    /// Profiles that answer to a text: a profile's id, `kind:value`, or any identifier's value.
    #[must_use]
    pub fn find_profiles(&self, text: &str, limit: usize) -> Vec<ProfileId> {
        let text = text.trim();
        let fold = self.core().fold.read();
        let state = &fold.state;
        let mut found = Vec::new();
        if let Ok(id) = text.parse::<ProfileId>() {
            let id = state.canonical(id);
            found.extend(state.profiles.get(&id).map(|_| id));
        }
        if let Some((kind, value)) = text.split_once(':') {
            found.extend(find_identifier(state, &Identifier::new(kind, value)));
        }
        let kinds = state.settings.identity.kinds.iter().map(|kind| kind.kind.clone());
        let usual = [
            IdentifierKind::USER_ID,
            IdentifierKind::EMAIL,
            IdentifierKind::PHONE,
            IdentifierKind::ANONYMOUS_ID,
        ];
        for kind in kinds.chain(usual.map(IdentifierKind::new)) {
            found.extend(find_identifier(state, &Identifier { kind, value: text.into() }));
        }
        let mut seen = std::collections::BTreeSet::new();
        found.retain(|profile| seen.insert(*profile));
        found.truncate(limit);
        found
    }

    #[must_use]
    pub fn catalogue(&self) -> view::Catalogue {
        let fold = self.core().fold.read();
        let events = fold.state.catalogue.events.iter().map(|(name, entry)| view::CatalogueEvent {
            name: name.to_string(),
            count: entry.count,
            first_seen: entry.first_seen,
            last_seen: entry.last_seen,
            properties: properties_view(&entry.properties),
        });
        view::Catalogue { events: events.collect(), traits: properties_view(&fold.state.catalogue.traits) }
    }

    /// Rejections, newest first, each with its sequence number to page on from.
    #[must_use]
    pub fn rejections(&self, before: Option<u64>, limit: usize) -> Vec<(u64, Rejection)> {
        let limit = limit.min(self.core().limits.page_rows_max);
        let records = self.core().rejections.lock().newest(limit, before).unwrap_or_default();
        records
            .into_iter()
            .filter_map(|record| Some((record.sequence, serde_json::from_slice(&record.bytes).ok()?)))
            .collect()
    }

    /// Transitions after one, oldest first.
    ///
    /// # Errors
    /// Some of those after the one named are no longer kept.
    pub fn transitions(
        &self,
        after: Option<TransitionId>,
        segment: Option<SegmentId>,
        limit: usize,
    ) -> Result<Vec<view::TransitionView>, TransitionsGone> {
        let transitions = self.core().transitions.after(after, segment, limit)?;
        Ok(transitions.iter().map(view::TransitionView::from).collect())
    }

    /// Where a stream starts that wants only what comes.
    #[must_use]
    pub fn newest_transition(&self) -> Option<TransitionId> {
        self.core().transitions.newest()
    }

    /// Has `wake` called after new transitions are readable. It must not block.
    #[must_use]
    pub fn watch_transitions(&self, wake: std::sync::Arc<dyn Fn() + Send + Sync>) -> WatchId {
        self.core().transitions.watch(wake)
    }

    pub fn unwatch(&self, id: WatchId) {
        self.core().transitions.unwatch(id);
    }

    #[must_use]
    pub fn status(&self) -> view::Status {
        let core = self.core();
        let rejections = core.rejections.lock().next_sequence();
        let journal_bytes = self.journal_bytes();
        let fold = core.fold.read();
        let state = &fold.state;
        view::Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            durable_position: core.durable_position(),
            applied_position: state.position,
            instant: state.instant,
            profiles: state.groups.all.len(),
            identifiers: state.identifiers.len() as u64,
            events: state.tallies.events,
            duplicates: state.tallies.duplicates,
            merges: state.tallies.merges,
            splits: state.tallies.splits,
            deletions: state.tallies.deletions,
            deleted_arrivals: state.tallies.deleted_arrivals,
            segments: state.segments.len() as u64,
            transitions: state.tallies.transitions,
            rejections,
            timers: state.timers.len() as u64,
            next_timer_at: fold.next_due(),
            journal_bytes,
            time_zone: state.settings.time_zone.clone(),
            week_start: format!("{:?}", state.settings.week_start).to_lowercase(),
            verified: core.verified.summary(),
            failure: core.failure.lock().clone(),
        }
    }

    /// A digest of everything that is a function of the journal: equal for equal journals.
    #[must_use]
    pub fn state_hash(&self) -> String {
        self.core().fold.read().state.hash()
    }

    fn journal_bytes(&self) -> u64 {
        let core = self.core();
        let folder = core.data.join("journal");
        let files = core.disk.list(&folder).unwrap_or_default();
        files.iter().filter_map(|file| core.disk.len(&folder.join(file)).ok()).sum()
    }

    pub(crate) fn with_segment<T>(
        &self,
        name_or_id: &str,
        read: impl FnOnce(&SegmentState) -> T,
    ) -> Result<T, EngineError> {
        let fold = self.core().fold.read();
        fold.state.find_segment(name_or_id).map(read).ok_or_else(|| no_segment(name_or_id))
    }
}

/// The currency of a profile's orders, where they have one and the same.
fn currency_of(state: &State, profile: ProfileId) -> Option<String> {
    let keys = state.order_keys.get(&profile)?.iter();
    let mut currencies = keys.filter_map(|key| {
        let order = state.orders.get(&(profile, key.clone()))?.order(key)?;
        Some(order.currency?.to_string())
    });
    let first = currencies.next()?;
    currencies.all(|currency| currency.eq_ignore_ascii_case(&first)).then_some(first)
}

/// The segment with this id or name.
pub(crate) fn find_segment<'a>(state: &'a State, name_or_id: &str) -> Result<&'a SegmentState, EngineError> {
    state.find_segment(name_or_id).ok_or_else(|| no_segment(name_or_id))
}

fn no_segment(name_or_id: &str) -> EngineError {
    EngineError::NotFound(format!("there is no segment `{name_or_id}`; list them to see which there are"))
}

fn no_profile(id: ProfileId) -> EngineError {
    EngineError::NotFound(format!(
        "there is no profile {id}; look one up by an identifier, such as email:ann@shop.example"
    ))
}

fn find_identifier(state: &State, identifier: &Identifier) -> Option<ProfileId> {
    let identifier = normalise(&state.settings.identity, identifier).ok()?;
    state.identifiers.get(&identifier).copied()
}

/// The later of the clock and the newest frame: what "now" means to a reader.
pub(crate) fn reading_instant(engine: &Engine) -> Instant {
    engine.now().max(engine.core().fold.read().state.instant)
}
