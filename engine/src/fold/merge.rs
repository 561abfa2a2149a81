//! Two profiles become one: everything that the absorbed one has goes to the survivor.

use std::collections::BTreeMap;

use segops_model::{Direction, ProfileId, SegmentId};
use segops_segment::{Keep, Timeline};
use segops_store::Keyspace;

use super::decide::{Reason, SlotSet};
use super::{Effects, Fold, PlantedBug};
use crate::state::{Membership, Merge, ProfileRecords, Standings};

/// What a merge leaves for the decision that follows it: the survivor's own standings from before, and the
/// earliest open entry into each segment that any of the profiles was in.
#[derive(Debug)]
pub(super) struct Merged {
    own: Standings,
    earliest: BTreeMap<SegmentId, Membership>,
}

impl Fold {
    /// Moves the absorbed profiles' records to the survivor. Nothing is decided yet.
    pub(super) fn merge(&mut self, survivor: ProfileId, absorbed: &[ProfileId]) -> Merged {
        let own = self.state.standings.get(&survivor).cloned().unwrap_or_default();
        let mut earliest = BTreeMap::new();
        note_earliest(&mut earliest, &own);
        for profile in absorbed {
            let standings = self.state.standings.get(profile).cloned().unwrap_or_default();
            note_earliest(&mut earliest, &standings);
            self.state.put_standings(*profile, Standings::default());
            for standing in standings.iter().filter(|standing| standing.membership.is_some()) {
                if let Some(members) = self.state.members.get_mut(&standing.segment) {
                    members.remove(profile.0);
                }
            }
            // Each kind of record has its own way of moving; a new one is named here once it has one.
            let ProfileRecords {
                identifiers: _,
                aliases: _,
                profiles: _,
                merges: _,
                traits: _,
                timelines: _,
                order_keys: _,
                orders: _,
                standings: _,
                records: _,
            } = self.state.profile_records();
            self.move_record(survivor, *profile);
            self.move_merges(survivor, *profile);
            self.move_traits(survivor, *profile);
            self.move_timelines(survivor, *profile);
            self.move_orders(survivor, *profile);
            self.join_records(survivor, *profile);
            self.state.regroup(*profile);
            self.touch(*profile);
            self.state.tallies.merges += 1;
        }
        Merged { own, earliest }
    }

    /// Decides every segment anew for the survivor. It keeps the earliest open entry into each; someone
    /// who follows the stream sees the survivor enter what only an absorbed profile was in, and no exit of
    /// the old id.
    pub(super) fn decide_merged(
        &mut self,
        survivor: ProfileId,
        merged: &Merged,
        reason: Reason,
        effects: &mut Effects,
    ) {
        let mut slots = SlotSet::default();
        if !self.has_planted(PlantedBug::MergeNotDecided) {
            slots.extend(self.roster.all());
        }
        // By what was recorded it was in where any of the profiles was, who are one person.
        let was_in = |segment, _| merged.earliest.contains_key(&segment);
        let decided = self.decide_against(survivor, Some(&merged.own), was_in, slots, reason);
        for (segment, is_in) in decided.moves {
            self.record(survivor, segment, is_in, reason);
        }
        let changes = decided.standings;
        let mut standings = merged.own.clone();
        for mut change in changes {
            let was_member = merged.own.is_member(change.segment);
            if let (Some(membership), Some(earliest)) =
                (&mut change.membership, merged.earliest.get(&change.segment))
            {
                membership.since = membership.since.min(earliest.since);
            }
            self.note_membership(survivor, was_member, &change, reason, effects);
            standings.set(change);
        }
        let kept: Vec<_> = standings.iter().cloned().collect();
        for mut standing in kept {
            // The open entry of the whole person, which may go back to before any that is open still.
            let recorded = self.state.records.of(survivor, standing.segment);
            let open = recorded.and_then(|recorded| recorded.open_entry(reason.now));
            if let (Some(membership), Some(open)) = (&mut standing.membership, open)
                && open.entry.ts < membership.since
            {
                *membership = Membership { since: open.entry.ts, cause: open.cause };
                standings.set(standing);
            }
        }
        self.keep_paused(survivor, merged, &mut standings, reason, effects);
        self.state.put_standings(survivor, standings);
    }

    /// A paused segment holds its members: the survivor takes the absorbed profile's place.
    fn keep_paused(
        &mut self,
        survivor: ProfileId,
        merged: &Merged,
        standings: &mut Standings,
        reason: Reason,
        effects: &mut Effects,
    ) {
        for (segment, membership) in &merged.earliest {
            let paused = self.state.segments.get(segment).is_some_and(|segment| segment.paused);
            if paused && !standings.is_member(*segment) {
                self.state.members.entry(*segment).or_default().insert(survivor.0);
                standings.set(crate::state::Standing {
                    segment: *segment,
                    membership: Some(*membership),
                    due: None,
                });
                self.emit(survivor, *segment, Direction::Entered, reason, effects);
            }
        }
    }

    fn move_record(&mut self, survivor: ProfileId, absorbed: ProfileId) {
        let Some(old) = self.state.profiles.remove(&absorbed) else { return };
        for identifier in &old.identifiers {
            self.state.identifiers.insert(identifier.clone(), survivor);
        }
        self.state.aliases.insert(absorbed, survivor);
        for (alias, _) in &old.absorbed {
            self.state.aliases.insert(*alias, survivor);
        }
        if let Some(record) = self.state.profiles.get_mut(&survivor) {
            record.identifiers.extend(old.identifiers);
            record.absorbed.extend(old.absorbed);
            record.absorbed.push((absorbed, old.anchor));
            if record.rows == 0 {
                (record.first_seen, record.last_seen) = (old.first_seen, old.last_seen);
            } else if old.rows > 0 {
                record.first_seen = record.first_seen.min(old.first_seen);
                record.last_seen = record.last_seen.max(old.last_seen);
            }
            record.rows += old.rows;
            record.events += old.events;
            record.email_opted_out |= old.email_opted_out;
        }
    }

    fn move_merges(&mut self, survivor: ProfileId, absorbed: ProfileId) {
        if let Some(merges) = self.state.merges.remove(&absorbed) {
            self.state.merges.get_mut_or_insert_with(&survivor, Vec::new).extend(merges);
        }
    }

    /// Keeps why profiles have become one. It comes after all that made any of them.
    pub(super) fn note_merge(&mut self, merge: Merge) {
        let merges = self.state.merges.get_mut_or_insert_with(&merge.survivor, Vec::new);
        merges.push(merge);
        merges.sort_by_key(|merge| merge.position);
    }

    fn move_traits(&mut self, survivor: ProfileId, absorbed: ProfileId) {
        let Some(old) = self.state.traits.remove(&absorbed) else { return };
        if self.has_planted(PlantedBug::MergeDropsTraits) {
            return;
        }
        let mut held = self.state.traits.remove(&survivor).unwrap_or_default();
        held.absorb(old);
        self.state.traits.insert(survivor, held);
    }

    fn move_timelines(&mut self, survivor: ProfileId, absorbed: ProfileId) {
        for (signal, keep) in self.programs.kept_signals() {
            let Some(old) = self.state.timelines.remove(&(absorbed, signal)) else { continue };
            if self.has_planted(PlantedBug::MergeDropsTimelines) {
                continue;
            }
            let drops_oldest = self.has_planted(PlantedBug::MergeDropsOldest);
            let drops_values = self.has_planted(PlantedBug::MergeKeepsOneSidesValues);
            let timeline =
                self.state.timelines.get_mut_or_insert_with(&(survivor, signal), Timeline::default);
            if drops_values && !timeline.is_empty() && timeline.holds_values() {
                continue;
            }
            timeline.merge(&old);
            if drops_oldest && let Keep::Oldest(count) = keep {
                timeline.keep(Keep::Newest(count));
            }
            timeline.keep(keep);
        }
    }

    fn join_records(&mut self, survivor: ProfileId, absorbed: ProfileId) {
        for segment in self.state.records.segments_of(absorbed) {
            let Some(old) = self.state.records.take(absorbed, segment) else { continue };
            if self.has_planted(PlantedBug::MergeForgetsRecord) {
                continue;
            }
            let held = self.state.records.take(survivor, segment).unwrap_or_default();
            self.state.records.put(survivor, segment, held.joined(&old));
        }
    }
}

fn note_earliest(earliest: &mut BTreeMap<SegmentId, Membership>, standings: &Standings) {
    for standing in standings.iter() {
        let Some(membership) = standing.membership else { continue };
        earliest
            .entry(standing.segment)
            .and_modify(|held| {
                if membership.since < held.since {
                    *held = membership;
                }
            })
            .or_insert(membership);
    }
}
