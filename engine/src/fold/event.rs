//! One event: identity, the profile's records, the segments that it touches.

use segops_identity::{Resolution, Unplaced, resolve};
use segops_model::{Cause, Channel, DAY_MS, Envelope, Event, Instant, Object, Position, ProfileId, SignalId};
use segops_segment::{Entry, Keep, Timeline, ValueEntry};
use segops_store::Keyspace;

use super::decide::{Reason, SlotSet};
use super::{Effects, Fold, PlantedBug, Stamp, TurnedAway};
use crate::reach;
use crate::state::{Merge, ProfileRecord, Trait, Traits};

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
        self.gather_for_splits(profile, &resolution.anchor, event, stamp.position);
        self.count(event);
        let regroups = self.add_row(profile, event, stamp.position, &mut slots);
        if regroups || merged.is_some() || !resolution.add.is_empty() {
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
            if let Some(record) = self.state.profiles.get_mut(&profile) {
                let was_identified = record.is_identified();
                record.identifiers.extend(resolution.add.iter().cloned());
                let became = record.is_identified() != was_identified;
                if became && !self.has_planted(PlantedBug::IdentifiedForgotten) {
                    slots.extend(self.roster.on_identified().iter().copied());
                }
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
    /// True if the groups that counts are split by may have changed.
    pub(super) fn add_row(
        &mut self,
        profile: ProfileId,
        event: &Event,
        position: Position,
        slots: &mut SlotSet,
    ) -> bool {
        let opts_out = reach::is_email_opt_out(event);
        let mut is_first = false;
        if let Some(record) = self.state.profiles.get_mut(&profile) {
            is_first = record.rows == 0;
            record.rows += 1;
            record.events += u64::from(event.kind.is_counted());
            record.first_seen = if is_first { event.ts } else { record.first_seen.min(event.ts) };
            record.last_seen = if is_first { event.ts } else { record.last_seen.max(event.ts) };
            record.email_opted_out |= opts_out;
        }
        if is_first && !self.has_planted(PlantedBug::NewProfileForgotten) {
            slots.extend(self.roster.when_empty().iter().copied());
        }
        self.set_traits(profile, &event.traits, event, position, slots);
        self.extend_timelines(profile, event, position, slots);
        self.record_order(profile, event, position, slots);
        opts_out || is_first
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
        let held = self.state.traits.get_mut_or_insert_with(&profile, Traits::default);
        for (name, value) in traits.iter() {
            let ts = if last_wins { event.received_at } else { event.ts };
            let new = Trait { name: name.into(), value: value.clone(), ts, position };
            if held.set(new) {
                slots.extend(self.roster.of_trait(name).iter().copied());
            }
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
            if !(skips_ties && is_tie) {
                slots.extend(self.roster.of_signal(*signal).iter().copied());
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
