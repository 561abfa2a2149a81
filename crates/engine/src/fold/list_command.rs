//! Commands on uploaded lists, and who is in one.

use std::collections::BTreeSet;
use std::sync::Arc;

use segops_model::{Cause, Identifier, ListId, ProfileId};
use segops_store::Keyspace;

use super::command::{check_name, done};
use super::decide::{Reason, SlotSet};
use super::{Effects, Fold, Stamp};
use crate::command::{Outcome, Refusal};
use crate::lists::profile_of;
use crate::state::ListState;

impl Fold {
    pub(super) fn create_list(&mut self, stamp: Stamp, author: &str, name: &str) -> Result<Outcome, Refusal> {
        check_name(name)?;
        if let Some(other) = self.state.find_list_named(name.trim()) {
            return Err(Refusal::ListNameTaken(name.to_owned(), other.id));
        }
        if self.state.lists.len() >= self.limits.lists_max {
            return Err(Refusal::TooManyLists(self.limits.lists_max));
        }
        let id = ListId(stamp.position.0);
        let list = ListState {
            id,
            name: name.trim().to_owned(),
            author: author.to_owned(),
            created_at: stamp.instant,
            changed_at: stamp.instant,
            version: 0,
        };
        self.state.lists.insert(id, list);
        Arc::make_mut(&mut self.state.list_book).create(id);
        Ok(Outcome::ListCreated(id))
    }

    pub(super) fn change_list(
        &mut self,
        stamp: Stamp,
        list: ListId,
        remove: &[Identifier],
        add: &[Identifier],
        effects: &mut Effects,
    ) -> Result<Outcome, Refusal> {
        let state = self.state.lists.get_mut(&list).ok_or_else(|| Refusal::NoList(list.to_string()))?;
        let changed =
            Arc::make_mut(&mut self.state.list_book).change(list, remove, add).ok_or(Refusal::ListTooLong)?;
        if changed.is_empty() {
            return Ok(done(stamp));
        }
        state.changed_at = stamp.instant;
        state.version += 1;
        let owners: BTreeSet<ProfileId> = changed.iter().filter_map(|entry| self.owner_of(entry)).collect();
        let reason = Reason { position: stamp.position, now: stamp.instant, cause: Cause::List };
        for owner in owners {
            self.touch(owner);
            let mut slots = SlotSet::default();
            slots.extend(self.roster.of_list(list).iter().copied());
            if !slots.is_empty() {
                self.decide(owner, slots, reason, effects);
            }
        }
        Ok(done(stamp))
    }

    /// Deletes a list that no rule names.
    pub(super) fn delete_list(&mut self, stamp: Stamp, list: ListId) -> Result<Outcome, Refusal> {
        if !self.state.lists.contains_key(&list) {
            return Err(Refusal::NoList(list.to_string()));
        }
        let users: Vec<&str> = self.readers_of_list(list).map(|segment| segment.name.as_str()).collect();
        if !users.is_empty() {
            return Err(Refusal::ListInUse(users.join(", ")));
        }
        self.state.lists.remove(&list);
        Arc::make_mut(&mut self.state.list_book).delete(list);
        Ok(done(stamp))
    }

    fn owner_of(&self, entry: &Identifier) -> Option<ProfileId> {
        let owner = match profile_of(entry) {
            Some(profile) => self.state.canonical(profile),
            None => self.state.identifiers.get(entry).copied()?,
        };
        // Identifiers without a row are nobody yet.
        self.state.groups.all.contains(owner.0).then_some(owner)
    }
}
