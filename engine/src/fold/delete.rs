//! A person is deleted: everything that is kept of them goes at once, and a tombstone stays.

use segops_identity::IdentifierHash;
use segops_model::{Cause, ProfileId};
use segops_store::Keyspace;

use super::command::done;
use super::decide::Reason;
use super::{Effects, Fold, PlantedBug, Stamp};
use crate::command::{Outcome, Refusal};

impl Fold {
    /// Deletes the profile, if its identifiers are those that whoever asked has seen. The command names them by
    /// their hashes, so that it does not keep in the journal what is to go.
    pub(super) fn delete_profile(
        &mut self,
        stamp: Stamp,
        profile: ProfileId,
        expected: &[IdentifierHash],
        effects: &mut Effects,
    ) -> Result<Outcome, Refusal> {
        let profile = self.state.existing(profile)?;
        let record = self.state.profiles.get(&profile).ok_or(Refusal::NoProfile(profile))?;
        if !IdentifierHash::are_of(expected, &record.identifiers) {
            return Err(Refusal::ProfileMoved(profile));
        }
        let reason = Reason { position: stamp.position, now: stamp.instant, cause: Cause::Deletion };
        self.leave_everything(profile, reason, effects);
        self.forget_product_events(profile);
        let signals: Vec<_> = self.programs.kept_signals().into_iter().map(|(signal, _)| signal).collect();
        let Some(gone) = self.state.profile_records().remove(profile, &signals) else {
            return Err(Refusal::NoProfile(profile));
        };
        self.state.regroup(profile);
        self.touch(profile);
        self.state.separations.forget(profile, &gone.identifiers);
        if !self.has_planted(PlantedBug::DeletionLeavesNoTombstone) {
            let ids = gone.absorbed.iter().map(|(id, _)| *id).chain([profile]);
            self.state.separations.deletions.add(&gone.identifiers, ids, stamp.instant);
        }
        self.let_go_of_stale_rows();
        self.state.tallies.deletions += 1;
        Ok(done(stamp))
    }
}
