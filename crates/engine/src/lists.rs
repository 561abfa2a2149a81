//! Who is in which uploaded list: identifiers, whoever has them, and profiles by their ids.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use segops_identity::{IdentitySettings, normalise};
use segops_model::{Identifier, ListId, ProfileId};

/// Entries of one list.
pub const LIST_ENTRIES_MAX: usize = 5_000_000;

/// The kind that a profile's id has as an entry. No profile has an identifier of it.
pub(crate) const PROFILE_ID: &str = "profile_id";

/// The lists' entries. The fold keeps one as journalled changes come in; a rebuild makes its own.
#[derive(Debug, Clone, Default)]
pub struct ListBook {
    by_list: BTreeMap<ListId, Entries>,
    /// Derived from `by_list`.
    by_identifier: FxHashMap<Identifier, Vec<ListId>>,
    by_profile: FxHashMap<ProfileId, Vec<ListId>>,
}

#[derive(Debug, Clone, Default)]
struct Entries {
    held: BTreeSet<Identifier>,
    /// How often they have changed in this process.
    changes: u64,
}

impl ListBook {
    /// A list as it was stored, in place of any that is there.
    pub(crate) fn put(&mut self, list: ListId, entries: Vec<Identifier>) {
        self.create(list);
        for entry in entries {
            self.enlist(list, &entry);
            if let Some(entries) = self.by_list.get_mut(&list) {
                entries.held.insert(entry);
            }
        }
    }

    /// Every list with its entries, and how often they have changed in this process.
    pub(crate) fn with_changes(&self) -> impl Iterator<Item = (ListId, u64, &BTreeSet<Identifier>)> {
        self.by_list.iter().map(|(list, entries)| (*list, entries.changes, &entries.held))
    }

    /// Whether there is no list.
    pub(crate) fn is_empty(&self) -> bool {
        self.by_list.is_empty()
    }

    pub(crate) fn create(&mut self, list: ListId) {
        self.by_list.entry(list).or_default();
    }

    pub(crate) fn delete(&mut self, list: ListId) -> BTreeSet<Identifier> {
        let entries = self.by_list.remove(&list).unwrap_or_default().held;
        for entry in &entries {
            self.unlist(list, entry);
        }
        entries
    }

    /// Takes entries out and puts others in; those that were not so before. `None`, and no change, where
    /// there is no such list or it would have too many.
    pub(crate) fn change(
        &mut self,
        list: ListId,
        remove: &[Identifier],
        add: &[Identifier],
    ) -> Option<Vec<Identifier>> {
        let entries = self.by_list.get_mut(&list)?;
        if entries.held.len() + add.len() > LIST_ENTRIES_MAX {
            return None;
        }
        entries.changes += 1;
        let held = &mut entries.held;
        let gone: Vec<Identifier> = remove.iter().filter(|entry| held.remove(entry)).cloned().collect();
        let come: Vec<Identifier> =
            add.iter().filter(|entry| held.insert((*entry).clone())).cloned().collect();
        for entry in &gone {
            self.unlist(list, entry);
        }
        for entry in &come {
            self.enlist(list, entry);
        }
        Some(gone.into_iter().chain(come).collect())
    }

    /// Takes someone who was deleted out of every list.
    pub(crate) fn forget(&mut self, identifiers: &[Identifier], is_gone: impl Fn(ProfileId) -> bool) {
        let ids = self.by_profile.keys().copied().filter(|id| is_gone(*id));
        let ids: Vec<Identifier> = ids.map(|id| Identifier::new(PROFILE_ID, id.to_string())).collect();
        for entry in identifiers.iter().chain(&ids) {
            let lists = match profile_of(entry) {
                Some(profile) => self.of_profile(profile).to_vec(),
                None => self.of_identifier(entry).to_vec(),
            };
            for list in lists {
                if let Some(entries) = self.by_list.get_mut(&list) {
                    entries.held.remove(entry);
                    entries.changes += 1;
                }
                self.unlist(list, entry);
            }
        }
    }

    fn enlist(&mut self, list: ListId, entry: &Identifier) {
        match profile_of(entry) {
            Some(profile) => self.by_profile.entry(profile).or_default().push(list),
            None => self.by_identifier.entry(entry.clone()).or_default().push(list),
        }
    }

    fn unlist(&mut self, list: ListId, entry: &Identifier) {
        match profile_of(entry) {
            Some(profile) => drop_from(&mut self.by_profile, &profile, list),
            None => drop_from(&mut self.by_identifier, entry, list),
        }
    }

    /// The lists that an identifier is in.
    #[must_use]
    pub fn of_identifier(&self, identifier: &Identifier) -> &[ListId] {
        self.by_identifier.get(identifier).map_or(&[], Vec::as_slice)
    }

    /// The lists that a profile is in by its id.
    #[must_use]
    pub fn of_profile(&self, profile: ProfileId) -> &[ListId] {
        self.by_profile.get(&profile).map_or(&[], Vec::as_slice)
    }

    /// The profiles that are in any list by their ids.
    pub(crate) fn profiles(&self) -> impl Iterator<Item = (ProfileId, &[ListId])> {
        self.by_profile.iter().map(|(profile, lists)| (*profile, lists.as_slice()))
    }

    #[must_use]
    pub fn entries(&self, list: ListId) -> Option<&BTreeSet<Identifier>> {
        self.by_list.get(&list).map(|entries| &entries.held)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&ListId, &BTreeSet<Identifier>)> {
        self.by_list.iter().map(|(list, entries)| (list, &entries.held))
    }
}

fn drop_from<K: std::hash::Hash + Eq>(held: &mut FxHashMap<K, Vec<ListId>>, key: &K, list: ListId) {
    let Some(lists) = held.get_mut(key) else { return };
    lists.retain(|one| *one != list);
    if lists.is_empty() {
        held.remove(key);
    }
}

/// The profile that an entry names by its id.
pub(crate) fn profile_of(entry: &Identifier) -> Option<ProfileId> {
    (entry.kind.as_str() == PROFILE_ID).then(|| entry.value.parse().ok()).flatten()
}

/// One row of a list: an identifier of the kind told, or as `kind:value`, or of the kind that it looks like: a
/// profile's id, an email address, a phone number with its country, and else a user id.
///
/// # Errors
/// Why it is none, for the list of rejects.
pub(crate) fn read_entry(
    text: &str,
    kind: Option<&str>,
    settings: &IdentitySettings,
) -> Result<Identifier, String> {
    let text = text.trim();
    let known = |kind: &str| {
        ["user_id", "email", "phone", "anonymous_id", PROFILE_ID].contains(&kind)
            || settings.kinds.iter().any(|one| one.kind.as_str() == kind)
    };
    let (kind, value) = match (kind, text.split_once(':')) {
        (Some(kind), _) => (kind, text),
        (None, Some((kind, value))) if known(kind) => (kind, value.trim()),
        (None, _) if text.parse::<ProfileId>().is_ok() => (PROFILE_ID, text),
        (None, _) if text.contains('@') => ("email", text),
        (None, _) if text.starts_with('+') => ("phone", text),
        (None, _) => ("user_id", text),
    };
    if kind == PROFILE_ID {
        let profile = value.parse::<ProfileId>().map_err(|_| "this is no profile's id, such as p_17")?;
        return Ok(Identifier::new(PROFILE_ID, profile.to_string()));
    }
    normalise(settings, &Identifier::new(kind, value)).map_err(|reason| format!("as a {kind}, {reason}"))
}
