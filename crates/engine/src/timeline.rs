//! One customer's timeline: what a profile has done, the newest first.

use segops_model::{ProfileId, SourceId};
use segops_parts::{PartRow, TimelineRequest};

use crate::engine::Engine;
use crate::error::EngineError;
use crate::people::known;
use crate::state::State;
use crate::view::{EventPlace, ProfileEvent};

impl Engine {
    /// The newest events of a profile, with all that they have: those before a place and of some names, where those
    /// are given. Everything that is applied is among them, in parts or not.
    ///
    /// # Errors
    /// There is no such profile, or a part can't be read.
    pub fn profile_events(
        &self,
        profile: ProfileId,
        before: Option<EventPlace>,
        names: &[String],
        limit: usize,
    ) -> Result<Vec<ProfileEvent>, EngineError> {
        let (profile, pinned, sources) = {
            let fold = self.core().fold.read();
            (known(&fold.state, profile)?, self.pin_history(&fold), source_names(&fold.state))
        };
        let request = TimelineRequest {
            profile,
            before: before.map(|place| (place.ts, place.position)),
            names,
            rows_max: limit.min(self.core().limits.page_rows_max + 1),
        };
        let rows = pinned.snapshot().timeline_of(&request)?;
        Ok(rows.into_iter().map(|row| event_view(row, &sources)).collect())
    }
}

fn source_names(state: &State) -> Vec<(SourceId, String)> {
    state.sources.values().map(|source| (source.id, source.name.clone())).collect()
}

fn event_view(row: PartRow, sources: &[(SourceId, String)]) -> ProfileEvent {
    let PartRow { position, anchor, event, .. } = row;
    let named = sources.iter().find(|(id, _)| *id == event.source);
    ProfileEvent {
        position,
        ts: event.ts,
        received_at: event.received_at,
        clamped: event.clamped,
        kind: event.kind,
        name: event.name.into(),
        source: event.source,
        source_name: named.map(|(_, name)| name.clone()).unwrap_or_default(),
        message_id: event.message_id.into(),
        anchor,
        identifiers: event.identifiers,
        properties: event.properties,
        traits: event.traits,
        group_traits: event.group_traits,
        context: event.context,
    }
}
