//! The catalogue changes: what names the products concerned is matched again, and nothing else is looked at.

use std::collections::{BTreeMap, BTreeSet};

use segops_model::{Cause, Event, Instant, Position, ProfileId, SignalId};
use segops_segment::{Entry, ProductChange, Timeline, ValueEntry};
use segops_store::Keyspace;

use super::decide::{Reason, SlotSet};
use super::{Effects, Fold, PlantedBug, Stamp};
use crate::artefact::Artefact;
use crate::command::{Outcome, Refusal};
use crate::state::Touched;

impl Fold {
    /// Takes in what is new of products, and decides anew the profiles with events whose matches that changes.
    pub(super) fn change_products(
        &mut self,
        stamp: Stamp,
        changes: &[ProductChange],
        effects: &mut Effects,
    ) -> Result<Outcome, Refusal> {
        let touched = self
            .state
            .products
            .apply(changes, stamp.position, stamp.instant)
            .map_err(Refusal::TooManyProducts)?;
        let mut moved: BTreeMap<ProfileId, SlotSet> = BTreeMap::new();
        let positions = if self.has_planted(PlantedBug::ProductChangeForgotten) {
            BTreeSet::new()
        } else {
            self.state.product_events.naming(&touched)
        };
        for position in positions {
            if let Some((profile, signals)) = self.match_again(position) {
                let slots = moved.entry(profile).or_default();
                slots.extend(signals.iter().flat_map(|signal| self.roster.of_signal(*signal)).copied());
            }
        }
        let reason = Reason { position: stamp.position, now: stamp.instant, cause: Cause::Product };
        for (profile, slots) in moved {
            self.touch(profile);
            self.decide(profile, slots, reason, effects);
        }
        Ok(super::command::done(stamp))
    }

    /// Keeps an event whose matches can change with the catalogue.
    pub(super) fn keep_product_event(&mut self, profile: ProfileId, event: &Event, position: Position) {
        if !self.signals.product_readers_of(event).is_empty() {
            self.state.product_events.keep(profile, event, position);
        }
    }

    /// Lets go of the kept events of a profile that is to be deleted.
    pub(super) fn forget_product_events(&mut self, profile: ProfileId) {
        let state = &mut self.state;
        let aliases = &state.aliases;
        state.product_events.forget(|held| aliases.get(&held).copied().unwrap_or(held) == profile);
    }

    /// Brings the timelines of an event's profile in line with what it matches by the catalogue as it is now;
    /// the profile and the signals for which that is something else than before.
    fn match_again(&mut self, position: Position) -> Option<(ProfileId, Vec<SignalId>)> {
        let (profile, event) = self.state.product_events.get(position)?;
        let profile = self.state.existing(*profile).ok()?;
        let joined = self.state.products.joined(event, Instant::MAX);
        let seen = joined.as_ref().unwrap_or(event);
        let mut matched = Vec::new();
        self.signals.matching(seen, &mut matched);
        let entry = Entry { ts: event.ts, position };
        let (mut values, mut changed): (Vec<ValueEntry>, _) = (Vec::new(), Vec::new());
        for signal in self.signals.product_readers_of(event) {
            if self.programs.keep_of(signal).is_none() {
                continue;
            }
            let matches = matched.contains(&signal);
            let captures = self.signals.capture(signal, seen, position, &mut values);
            if !matches {
                values.clear();
            }
            let key = (profile, signal);
            let held = self.state.timelines.get(&key);
            let is_same = if captures {
                held.map_or(values.is_empty(), |held| held.values_of(entry).eq(values.iter().copied()))
            } else {
                held.is_some_and(|held| held.contains(entry)) == matches
            };
            if is_same {
                continue;
            }
            let timeline = self.state.timelines.get_mut_or_insert_with(&key, Timeline::default);
            timeline.remove(entry);
            if !captures && matches {
                timeline.insert(entry);
            }
            for value in &values {
                if captures {
                    timeline.insert_value(*value);
                }
            }
            if timeline.is_empty() {
                self.state.timelines.remove(&key);
            }
            changed.push(signal);
        }
        (!changed.is_empty()).then_some((profile, changed))
    }

    /// Takes in the events of a version's history that name products. What has changed in the catalogue since
    /// that history was read is made up for; the profiles for which it makes a difference.
    /// What was read of profiles that have been split since is here already, and of those deleted there is
    /// nothing.
    pub(super) fn take_product_events(
        &mut self,
        artefact: &Artefact,
        reread: &Touched,
    ) -> BTreeSet<ProfileId> {
        for (profile, position, event) in &artefact.product_events {
            let is_current = !reread.contains(*profile) && self.state.existing(*profile).is_ok();
            if is_current && self.state.product_events.get(*position).is_none() {
                self.state.product_events.keep(*profile, event, *position);
            }
        }
        let again = artefact.product_events.iter().filter_map(|(_, position, _)| self.match_again(*position));
        again.map(|(profile, _)| profile).collect()
    }
}
