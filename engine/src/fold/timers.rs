use segops_model::Cause;
use segops_store::Keyspace;

use super::decide::{Reason, SlotSet};
use super::{Effects, Fold, Stamp};
use crate::state::Standings;

impl Fold {
    /// Fires every timer that is due at or before the frame, each at its own instant, ordered by (due,
    /// profile, segment in dependency order).
    pub(super) fn fire_timers(&mut self, stamp: Stamp, effects: &mut Effects) {
        while let Some(&(due, profile)) = self.state.timers.first() {
            if due > stamp.instant {
                return;
            }
            let mut slots = SlotSet::default();
            for standing in self.state.standings.get(&profile).into_iter().flat_map(Standings::iter) {
                if standing.due.is_some_and(|at| at <= due) {
                    slots.extend(self.roster.slot_of(standing.segment));
                }
            }
            let reason = Reason { position: stamp.position, now: due, cause: Cause::Expiry };
            if slots.is_empty() {
                self.forget_due(profile, due);
            } else {
                self.decide(profile, slots, reason, effects);
            }
        }
    }

    /// Drops due instants of segments that are no longer evaluated.
    fn forget_due(&mut self, profile: segops_model::ProfileId, until: segops_model::Instant) {
        let mut standings = self.state.standings.get(&profile).cloned().unwrap_or_default();
        let stale: Vec<_> = standings
            .iter()
            .filter(|standing| standing.due.is_some_and(|due| due <= until))
            .cloned()
            .collect();
        for mut standing in stale {
            standing.due = None;
            standings.set(standing);
        }
        self.state.put_standings(profile, standings);
    }
}
