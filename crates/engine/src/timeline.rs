//! One customer's timeline: what a profile has done, the newest first.

mod derived;

use segops_model::{Position, ProfileId, SourceId};
use segops_parts::{PartRow, TimelineRequest};

use crate::engine::Engine;
use crate::error::EngineError;
use crate::people::known;
use crate::state::State;
use crate::view::{EventPlace, ProfileEvent};
use derived::{DerivedOfProfile, Page};

/// Which events of a profile are wanted.
#[derive(Debug, Clone)]
pub struct EventsAsked {
    pub profile: ProfileId,
    /// Only those before this place.
    pub before: Option<EventPlace>,
    /// Only those of these names; of all where there is none.
    pub names: Vec<String>,
    /// The newest so many.
    pub limit: usize,
    /// Whether derived events are among them.
    pub derived: bool,
}

/// Events of a profile, the newest first.
#[derive(Debug, Clone, PartialEq)]
pub struct EventsFound {
    pub events: Vec<ProfileEvent>,
    /// The derived events that would have to be made of more of the profile's events than are read for one answer.
    pub left_out: Vec<String>,
}

impl Engine {
    /// The newest events of a profile, with all that they have. Everything that is applied is among them, in parts or
    /// not, and what is derived of it by now.
    ///
    /// # Errors
    /// There is no such profile, or a part can't be read.
    pub fn profile_events(&self, asked: &EventsAsked) -> Result<EventsFound, EngineError> {
        let limits = self.core().limits;
        let now = self.now();
        let (page, derived, pinned, sources) = {
            let fold = self.core().fold.read();
            let profile = known(&fold.state, asked.profile)?;
            let page = Page {
                profile,
                now: now.max(fold.state.instant),
                before: asked.before,
                limit: asked.limit.min(limits.page_rows_max + 1),
            };
            let derived = match asked.derived {
                true => DerivedOfProfile::of(&fold, profile, &asked.names).map_err(EngineError::Damaged)?,
                false => DerivedOfProfile::default(),
            };
            (page, derived, self.pin_history(&fold), source_names(&fold.state))
        };
        let snapshot = pinned.snapshot();
        // What is derived comes right behind the received event that it stands with.
        let before = asked.before.map(|EventPlace { ts, position, derived }| {
            (ts, if derived.is_some() { Position(position.0 + 1) } else { position })
        });
        let request =
            TimelineRequest { profile: page.profile, before, names: &asked.names, rows_max: page.limit };
        let rows = snapshot.timeline_of(&request)?;
        let (made, left_out) = derived.events(&snapshot, &page, &rows, limits.profile_history_rows_max)?;
        let received = rows.into_iter().map(|row| event_view(row, &sources));
        let made = made.into_iter().map(|made| made.view(&sources));
        let mut events: Vec<ProfileEvent> = received.chain(made).collect();
        events.sort_by_key(|event| std::cmp::Reverse(EventPlace::of(event)));
        events.truncate(page.limit);
        Ok(EventsFound { events, left_out })
    }
}

fn source_names(state: &State) -> Vec<(SourceId, String)> {
    state.sources.values().map(|source| (source.id, source.name.clone())).collect()
}

fn name_of(source: SourceId, sources: &[(SourceId, String)]) -> String {
    sources.iter().find(|(id, _)| *id == source).map(|(_, name)| name.clone()).unwrap_or_default()
}

fn event_view(row: PartRow, sources: &[(SourceId, String)]) -> ProfileEvent {
    let PartRow { position, anchor, event, .. } = row;
    ProfileEvent {
        position,
        ts: event.ts,
        received_at: Some(event.received_at),
        clamped: event.clamped,
        kind: event.kind,
        name: event.name.into(),
        derived: None,
        source: Some(event.source),
        source_name: Some(name_of(event.source, sources)),
        message_id: Some(event.message_id.into()),
        anchor: Some(anchor),
        identifiers: event.identifiers,
        properties: event.properties,
        traits: event.traits,
        group_traits: event.group_traits,
        context: event.context,
    }
}
