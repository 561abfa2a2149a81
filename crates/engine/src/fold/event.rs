//! One event: identity, the profile's records, the segments that it touches.

use std::collections::BTreeSet;

use segops_identity::{Resolution, Unplaced, resolve};
use segops_model::{
    Cause, Channel, DAY_MS, Envelope, Event, Identifier, Instant, Object, Position, ProfileId, SignalId,
};
use segops_parts::ChangeKind;
use segops_segment::{Entry, Keep, Timeline, UNMOVED_MATCHES_MAX, ValueEntry};
use segops_store::Keyspace;

use super::decide::{Reason, SlotSet};
use super::{Effects, Fold, PlantedBug, RowOwner, Stamp, TurnedAway};
use crate::consent::heard;
use crate::state::{Merge, ProfileRecord, Trait, Traits, is_searched};

impl Fold {
    pub(super) fn apply_event(
        &mut self,
        stamp: Stamp,
        envelope: &Envelope,
        event: &Event,
        effects: &mut Effects,
    ) {
        let first = self.state.duplicates.check_and_insert(&event.message_id, stamp.instant);
        if !first && !self.has_planted(PlantedBug::DuplicateCounted) {
            self.count_duplicate(envelope, event);
            return;
        }
        let identity = &self.state.settings.identity;
        let placed = resolve(identity, &self.state, event.kind, &event.identifiers, event.ts, stamp.position);
        let resolution = match placed {
            Ok(resolution) => resolution,
            Err(unplaced) => {
                match unplaced {
                    Unplaced::NoIdentifier(_) => self.state.tallies.rejected += 1,
                    Unplaced::Deleted => self.state.tallies.deleted_arrivals += 1,
                }
                effects.turned_away.push(TurnedAway::of(stamp, event, &unplaced));
                return;
            }
        };
        let profile = resolution.profile;
        let mut slots = SlotSet::default();
        let merged = self.place(&resolution, stamp, event, &mut slots);
        effects.happened.extend(merged_in(stamp.position, profile, &resolution.absorb));
        if !resolution.created && self.state.profiles.get(&profile).is_some_and(|record| record.rows == 0) {
            // A split has left it without a row, but with what was recorded of it.
            slots.extend(self.roster.all());
        }
        self.gather_for_splits(profile, &resolution.anchor, event, stamp.position);
        self.count(event);
        let mut owners = self.hear_event(profile, &resolution.anchor, event);
        let is_heard = owners.remove(&profile);
        if is_heard && !self.has_planted(PlantedBug::ConsentNotDecided) {
            slots.extend(self.roster.on_reach().iter().copied());
        }
        let is_first = self.add_row(profile, event, stamp.position, &mut slots);
        if is_first || is_heard || merged.is_some() || !resolution.add.is_empty() {
            self.state.regroup(profile);
        }
        self.touch(profile);
        let cause = if merged.is_some() { Cause::Merge } else { cause_of(envelope, event) };
        let reason = Reason { position: stamp.position, now: stamp.instant, cause };
        match merged {
            Some(merged) => self.decide_merged(profile, &merged, reason, effects),
            None if !slots.is_empty() => self.decide(profile, slots, reason, effects),
            None => {}
        }
        // An address that the event names may be someone else's.
        self.decide_reach(&owners, reason, effects);
        effects.owner = Some(RowOwner { profile, anchor: resolution.anchor });
    }

    /// Takes in what the event says of consent; the profiles for which that is new.
    fn hear_event(&mut self, profile: ProfileId, anchor: &Identifier, event: &Event) -> BTreeSet<ProfileId> {
        let held = self.state.profiles.get(&profile).map_or(&[][..], |record| &record.identifiers);
        let settings = &self.state.settings.identity;
        let words = heard(event, anchor, held, settings, &self.state.separations.deletions);
        self.record_consent(&words)
    }

    /// Counts an event that was known already; one of a file, also with the import that is under way.
    fn count_duplicate(&mut self, envelope: &Envelope, event: &Event) {
        self.state.tallies.duplicates += 1;
        if envelope.channel != Channel::File {
            return;
        }
        let imports = self.state.imports.values_mut();
        let under_way = imports
            .filter(|import| import.finished_at.is_none() && import.source == event.source)
            .max_by_key(|import| import.started_at);
        if let Some(import) = under_way {
            import.duplicates += 1;
        }
    }

    /// Brings the identity graph in line with the resolution: a new profile, merges, new identifiers.
    fn place(
        &mut self,
        resolution: &Resolution,
        stamp: Stamp,
        event: &Event,
        slots: &mut SlotSet,
    ) -> Option<super::merge::Merged> {
        let profile = resolution.profile;
        if resolution.created {
            self.state.profiles.insert(profile, ProfileRecord::new(event.ts, resolution.anchor.clone()));
        }
        let merged = (!resolution.absorb.is_empty()).then(|| {
            let merged = self.merge(profile, &resolution.absorb);
            self.state.separations.note_merge(profile, &resolution.absorb);
            self.note_merge(merge_by(resolution, stamp, event));
            merged
        });
        if !resolution.add.is_empty() {
            for identifier in &resolution.add {
                self.state.identifiers.insert(identifier.clone(), profile);
            }
            self.slots_of_identifiers(&resolution.add, slots);
            let is_forgotten = self.has_planted(PlantedBug::SearchForgotten);
            if let Some(record) = self.state.profiles.get_mut(&profile) {
                let was_identified = record.is_identified();
                record.identifiers.extend(resolution.add.iter().cloned());
                let became = record.is_identified() != was_identified;
                if became && !self.has_planted(PlantedBug::IdentifiedForgotten) {
                    slots.extend(self.roster.on_identified().iter().copied());
                }
            }
            if !is_forgotten {
                self.state.enter_in_search(profile);
            }
        }
        merged
    }

    /// Counts an event that has come in.
    fn count(&mut self, event: &Event) {
        self.state.tallies.events += 1;
        self.state.catalogue.observe(event, &self.limits);
        if let Some(source) = self.state.sources.get_mut(&event.source) {
            source.events += 1;
            source.last_event_at = source.last_event_at.max(Some(event.received_at));
        }
    }

    /// Enters an event into everything that is kept of its profile. Whatever an event changes of its profile is
    /// changed here and nowhere else: a split makes the records of both sides from their rows by this.
    /// True if it is the profile's first.
    pub(super) fn add_row(
        &mut self,
        profile: ProfileId,
        event: &Event,
        position: Position,
        slots: &mut SlotSet,
    ) -> bool {
        let mut is_first = false;
        if let Some(record) = self.state.profiles.get_mut(&profile) {
            is_first = record.rows == 0;
            record.rows += 1;
            record.events += u64::from(event.kind.is_counted());
            record.first_seen = if is_first { event.ts } else { record.first_seen.min(event.ts) };
            record.last_seen = if is_first { event.ts } else { record.last_seen.max(event.ts) };
        }
        if is_first && !self.has_planted(PlantedBug::NewProfileForgotten) {
            slots.extend(self.roster.when_empty().iter().copied());
        }
        if is_first {
            self.slots_of_first_row(profile, slots);
        }
        self.set_traits(profile, &event.traits, event, position, slots);
        self.extend_timelines(profile, event, position, slots);
        self.record_derived(profile, event, position, slots);
        self.record_order(profile, event, position, slots);
        is_first
    }

    fn set_traits(
        &mut self,
        profile: ProfileId,
        traits: &Object,
        event: &Event,
        position: Position,
        slots: &mut SlotSet,
    ) {
        if traits.is_empty() {
            return;
        }
        let last_wins = self.has_planted(PlantedBug::LastTraitArrivalWins);
        let is_found_by_others = self.state.traits.get(&profile).map_or_else(
            || traits.iter().any(|(_, value)| is_searched(value)),
            |held| held.are_searched_otherwise(traits),
        );
        if is_found_by_others {
            self.state.take_out_of_search(profile);
        }
        let held = self.state.traits.get_mut_or_insert_with(&profile, Traits::default);
        for (name, value) in traits.iter() {
            let ts = if last_wins { event.received_at } else { event.ts };
            let new = Trait { name: name.into(), value: value.clone(), ts, position };
            if held.set(new) {
                slots.extend(self.roster.of_trait(name).iter().copied());
            }
        }
        if is_found_by_others {
            self.state.enter_in_search(profile);
        }
    }

    /// Adds the event to the profile's timeline of each signal that it matches.
    fn extend_timelines(
        &mut self,
        profile: ProfileId,
        event: &Event,
        position: Position,
        slots: &mut SlotSet,
    ) {
        let mut matched = std::mem::take(&mut self.matched);
        matched.clear();
        let reads_products = self.signals.any_reads_products();
        let joined = reads_products.then(|| self.state.products.joined(event, Instant::MAX)).flatten();
        if reads_products {
            self.keep_product_event(profile, event, position);
        }
        let event = joined.as_ref().unwrap_or(event);
        self.signals.matching(event, &mut matched);
        let entry = Entry { ts: event.ts, position };
        let mut values: Vec<ValueEntry> = Vec::new();
        for signal in &matched {
            let Some(keep) = self.programs.keep_of(*signal) else { continue };
            let key: (ProfileId, SignalId) = (profile, *signal);
            let drops_late = self.has_planted(PlantedBug::LateEventDropped);
            let cuts_short = self.has_planted(PlantedBug::TimelineCutShort);
            let first_stays = self.has_planted(PlantedBug::FirstToArriveStays);
            let loses_late_values = self.has_planted(PlantedBug::LateValueLost);
            let only_first = self.has_planted(PlantedBug::OnlyFirstValueEntered);
            let skips_ties = self.has_planted(PlantedBug::SameInstantNotDecided);
            let skips_repeated = self.has_planted(PlantedBug::RepeatedTraitSetSkipped);
            let takes_late_for_newer = self.has_planted(PlantedBug::LateTakenForNewer);
            let captures = self.signals.capture(*signal, event, position, &mut values);
            if captures && values.is_empty() {
                continue;
            }
            let timeline = self.state.timelines.get_mut_or_insert_with(&key, Timeline::default);
            let is_late = timeline.newest().is_some_and(|newest| newest.ts > entry.ts);
            let is_tie = timeline.newest().is_some_and(|newest| newest.ts == entry.ts);
            let repeats = |value: &ValueEntry| {
                let newest = timeline.values_at(timeline.len().saturating_sub(1)..timeline.len()).next();
                newest.is_some_and(|newest| newest.value == value.value && newest.entry.ts <= entry.ts)
            };
            if skips_repeated && !event.kind.is_counted() && values.first().is_some_and(repeats) {
                continue;
            }
            let is_full = matches!(keep, Keep::Oldest(count) if timeline.len() >= count as usize);
            if (drops_late && is_late) || (is_full && first_stays) {
                continue;
            }
            if captures {
                let entered = if only_first { 1 } else { values.len() };
                for value in values.iter().take(entered) {
                    let lost = loses_late_values && is_late;
                    timeline.insert_value(if lost { ValueEntry { value: 0, ..*value } } else { *value });
                }
            } else {
                timeline.insert(entry);
            }
            timeline.keep(if cuts_short { one_fewer(keep) } else { keep });
            let readers = self.roster.of_signal(*signal);
            if skips_ties && is_tie {
                continue;
            }
            if (is_late && !takes_late_for_newer) || timeline.len() > UNMOVED_MATCHES_MAX {
                slots.extend(readers.iter().copied());
            } else {
                slots.extend_by_newer_match(readers);
            }
        }
        self.matched = matched;
    }

    /// Notes, for primings in progress, that a profile must be decided anew when they end.
    pub(super) fn touch(&mut self, profile: ProfileId) {
        for segment in self.programs.gathering() {
            let pending = self.state.segments.get_mut(segment).and_then(|segment| segment.pending.as_mut());
            if let Some(started) = pending.and_then(|pending| pending.started.as_mut()) {
                started.touched.add(profile);
            }
        }
    }
}

/// What a merge does to the rows of those who are absorbed.
fn merged_in(
    position: Position,
    survivor: ProfileId,
    absorbed: &[ProfileId],
) -> impl Iterator<Item = segops_parts::Change> {
    absorbed.iter().map(move |absorbed| segops_parts::Change {
        position,
        kind: ChangeKind::Merged { absorbed: *absorbed, survivor },
    })
}

fn merge_by(resolution: &Resolution, stamp: Stamp, event: &Event) -> Merge {
    Merge {
        position: stamp.position,
        instant: stamp.instant,
        survivor: resolution.profile,
        absorbed: resolution.absorb.clone(),
        linked: resolution.linked.clone(),
        message_id: event.message_id.clone(),
        kind: event.kind,
        event: event.name.clone(),
        source: event.source,
        ts: event.ts,
    }
}

/// What a planted mistake keeps.
const fn one_fewer(keep: Keep) -> Keep {
    match keep {
        Keep::Newest(count) if count > 1 => Keep::Newest(count - 1),
        Keep::Oldest(count) if count > 1 => Keep::Oldest(count - 1),
        Keep::Ends { oldest, newest } if newest > 1 => Keep::Ends { oldest, newest: newest - 1 },
        keep => keep,
    }
}

fn cause_of(envelope: &Envelope, event: &Event) -> Cause {
    if envelope.channel == Channel::File {
        Cause::Import
    } else if event.received_at.ms_since(event.ts) > DAY_MS {
        Cause::Late
    } else {
        Cause::Event
    }
}
