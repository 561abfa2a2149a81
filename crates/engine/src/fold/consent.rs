//! What was said of addresses: recorded, and decided anew for whoever has them.

use std::collections::BTreeSet;

use segops_model::{Cause, ConsentChannel, ConsentFile, ConsentStatement, Identifier, ProfileId};
use segops_segment::ConsentHistory;
use segops_store::Keyspace;

use super::command::done;
use super::decide::{Reason, SlotSet};
use super::{Effects, Fold, PlantedBug, Stamp};
use crate::command::{Outcome, Refusal};
use crate::consent::{ConsentKey, settled};

impl Fold {
    pub(super) fn take_consent(
        &mut self,
        stamp: Stamp,
        statements: &[ConsentStatement],
        file: Option<&ConsentFile>,
        effects: &mut Effects,
    ) -> Result<Outcome, Refusal> {
        let settings = &self.state.settings.identity;
        let deletions = &self.state.separations.deletions;
        let settled = |statement| settled(statement, settings, deletions, stamp.instant).ok();
        let words: Vec<_> = statements.iter().filter_map(settled).collect();
        let owners = self.record_consent(&words);
        if let Some(file) = file {
            self.state.note_consent_file(file, self.limits.consent_files_kept_max);
        }
        let cause = if file.is_some() { Cause::Import } else { Cause::Consent };
        self.decide_reach(&owners, Reason { position: stamp.position, now: stamp.instant, cause }, effects);
        Ok(done(stamp))
    }

    /// Records words; the profiles whose identifiers they are of, where they say anything new.
    pub(super) fn record_consent(&mut self, words: &[(ConsentKey, ConsentStatement)]) -> BTreeSet<ProfileId> {
        let mut owners = BTreeSet::new();
        for (key, statement) in words {
            let held = self.state.consents.get_mut_or_insert_with(key, ConsentHistory::default);
            if held.add(statement) {
                owners.extend(self.state.identifiers.get(&key.1).copied());
            }
        }
        owners
    }

    /// Decides for each owner what depends on who can be reached.
    pub(super) fn decide_reach(
        &mut self,
        owners: &BTreeSet<ProfileId>,
        reason: Reason,
        effects: &mut Effects,
    ) {
        for owner in owners {
            self.state.regroup(*owner);
            self.touch(*owner);
            let mut slots = SlotSet::default();
            if !self.has_planted(PlantedBug::ConsentNotDecided) {
                slots.extend(self.roster.on_reach().iter().copied());
            }
            // Identifiers without a row are nobody yet.
            if !slots.is_empty() && self.state.groups.all.contains(owner.0) {
                self.decide(*owner, slots, reason, effects);
            }
        }
    }

    /// The segments that new identifiers of a profile touch: by what was said of them or will be, and by the
    /// lists that name them.
    pub(super) fn slots_of_identifiers(&self, identifiers: &[Identifier], slots: &mut SlotSet) {
        let matters = |identifier: &Identifier| {
            ConsentChannel::ALL.into_iter().any(|channel| {
                channel.is_address(identifier)
                    || self.state.consents.get(&(channel, identifier.clone())).is_some()
            })
        };
        let reach = self.roster.on_reach();
        let is_forgotten = self.has_planted(PlantedBug::AddressGainedForgotten);
        if !reach.is_empty() && !is_forgotten && identifiers.iter().any(matters) {
            slots.extend(reach.iter().copied());
        }
        if !self.has_planted(PlantedBug::ListedLaterForgotten) {
            let lists = identifiers.iter().flat_map(|one| self.state.list_book.of_identifier(one));
            slots.extend(lists.flat_map(|list| self.roster.of_list(*list)).copied());
        }
    }

    /// The segments that a profile's first row touches although nothing new identifies it: those of the lists
    /// that name its id, and all that its identifiers touch.
    pub(super) fn slots_of_first_row(&self, profile: ProfileId, slots: &mut SlotSet) {
        if let Some(record) = self.state.profiles.get(&profile) {
            self.slots_of_identifiers(&record.identifiers, slots);
        }
        let lists = self.state.list_book.of_profile(profile).iter();
        slots.extend(lists.flat_map(|list| self.roster.of_list(*list)).copied());
    }
}
