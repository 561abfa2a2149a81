use rustc_hash::FxHashMap;
use segops_model::{Identifier, Instant, Position, ProfileId, SplitId};
use serde::{Deserialize, Serialize};

use crate::{Bar, IdentifierHash, IdentityView, Resolution, Separations, WaitingSplit, check_split};

/// Who is who, in memory: for rebuilds from the journal's start, and for tests.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(into = "Stored", from = "Stored")]
pub struct MemoryIdentity {
    owners: FxHashMap<Identifier, ProfileId>,
    profiles: FxHashMap<ProfileId, Members>,
    /// Where each profile that was merged away went. Always straight to the survivor: a merge moves those
    /// that went to the profile it absorbs, and there are no more of them than that profile has identifiers.
    merged_into: FxHashMap<ProfileId, ProfileId>,
    separations: Separations,
}

/// What a surviving profile has gathered.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Members {
    /// The anchor of the row that made it: where its id goes in a split, once it is merged away.
    anchor: Identifier,
    /// In the order they were added or merged in.
    identifiers: Vec<Identifier>,
    absorbed: Vec<(ProfileId, Identifier)>,
}

impl Members {
    const fn new(anchor: Identifier) -> Self {
        Self { anchor, identifiers: Vec::new(), absorbed: Vec::new() }
    }
}

impl MemoryIdentity {
    /// Takes over what [`crate::resolve`] decided. It must be applied to the state that it was decided on.
    pub fn apply(&mut self, resolution: &Resolution) {
        let survivor = resolution.profile;
        let held = self.profiles.remove(&survivor);
        let mut members = held.unwrap_or_else(|| Members::new(resolution.anchor.clone()));
        for profile in &resolution.absorb {
            let Some(gone) = self.profiles.remove(profile) else { continue };
            for identifier in &gone.identifiers {
                self.owners.insert(identifier.clone(), survivor);
            }
            self.merged_into.insert(*profile, survivor);
            self.merged_into.extend(gone.absorbed.iter().map(|(earlier, _)| (*earlier, survivor)));
            members.identifiers.extend(gone.identifiers);
            members.absorbed.extend(gone.absorbed);
            members.absorbed.push((*profile, gone.anchor));
        }
        for identifier in &resolution.add {
            self.owners.insert(identifier.clone(), survivor);
            members.identifiers.push(identifier.clone());
        }
        self.profiles.insert(survivor, members);
        if !resolution.absorb.is_empty() {
            self.separations.note_merge(survivor, &resolution.absorb);
        }
        self.separations.note_row(survivor);
    }

    /// Takes note of a split that is asked for; one that makes no sense is left out.
    pub fn ask_split(&mut self, id: SplitId, profile: ProfileId, identifiers: &[Identifier], at: Instant) {
        let profile = self.canonical(profile);
        let Ok(taken) = check_split(self, profile, identifiers) else { return };
        let author = String::new();
        self.separations.ask(id, WaitingSplit { profile, taken, asked_at: at, author, started: None });
    }

    /// Begins an attempt at a split; without effect where nobody waits for it.
    pub fn start_split(&mut self, id: SplitId, position: Position) {
        let _ = self.separations.start(id, position);
    }

    /// Carries out a split, if the attempt that began at `started` is current: what is taken out is the
    /// profile `to` from here on.
    pub fn finish_split(&mut self, id: SplitId, started: Position, to: ProfileId, at: Instant) {
        let Ok(split) = self.separations.take(id, started) else { return };
        let from = split.profile;
        let Some(members) = self.profiles.get_mut(&from) else { return };
        let is_taken = |identifier: &Identifier| split.taken.contains(identifier);
        members.identifiers.retain(|held| !is_taken(held));
        let (along, stay) = std::mem::take(&mut members.absorbed)
            .into_iter()
            .partition(|(_, anchor): &(ProfileId, Identifier)| is_taken(anchor));
        members.absorbed = stay;
        if is_taken(&members.anchor)
            && let Some(first) = members.identifiers.first()
        {
            members.anchor = first.clone();
        }
        let kept = members.identifiers.clone();
        let Some(anchor) = split.taken.first().cloned() else { return };
        let made = Members { anchor, identifiers: split.taken.clone(), absorbed: along };
        self.merged_into.extend(made.absorbed.iter().map(|(earlier, _)| (*earlier, to)));
        self.owners.extend(split.taken.iter().map(|identifier| (identifier.clone(), to)));
        self.profiles.insert(to, made);
        let bar = Bar { from, to, kept, taken: split.taken, at, author: split.author, lifted_at: None };
        let (owners, profiles) = (&self.owners, &self.profiles);
        self.separations.bar(id, bar, |identifier| {
            let owner = owners.get(identifier)?;
            Some((*owner, profiles.get(owner)?.identifiers.len()))
        });
    }

    /// Lifts a bar; without effect where there is none.
    pub fn lift(&mut self, id: SplitId, at: Instant) {
        let _ = self.separations.lift(id, at);
    }

    /// Deletes a profile, if these are all its identifiers; gives back those that are gone.
    pub fn delete(
        &mut self,
        profile: ProfileId,
        expected: &[IdentifierHash],
        at: Instant,
    ) -> Vec<Identifier> {
        let profile = self.canonical(profile);
        if !IdentifierHash::are_of(expected, self.identifiers_of(profile)) {
            return Vec::new();
        }
        let Some(gone) = self.profiles.remove(&profile) else { return Vec::new() };
        for identifier in &gone.identifiers {
            self.owners.remove(identifier);
        }
        let ids: Vec<_> = gone.absorbed.iter().map(|(earlier, _)| *earlier).chain([profile]).collect();
        for id in &ids {
            self.merged_into.remove(id);
        }
        self.separations.forget(profile, &gone.identifiers);
        self.separations.deletions.add(&gone.identifiers, ids, at);
        gone.identifiers
    }

    /// The surviving profile that an id stands for: itself, unless it was merged away.
    #[must_use]
    pub fn canonical(&self, profile: ProfileId) -> ProfileId {
        self.merged_into.get(&profile).copied().unwrap_or(profile)
    }

    /// A profile's identifiers, in the order they were added or merged in; also under an id merged away.
    #[must_use]
    pub fn identifiers_of(&self, profile: ProfileId) -> &[Identifier] {
        self.members(profile).map_or(&[], |members| members.identifiers.as_slice())
    }

    /// The profiles that were merged into this one, in the order they were.
    #[must_use]
    pub fn absorbed_by(&self, profile: ProfileId) -> Vec<ProfileId> {
        let absorbed = self.members(profile).into_iter().flat_map(|members| &members.absorbed);
        absorbed.map(|(earlier, _)| *earlier).collect()
    }

    /// Every surviving profile, ascending.
    pub fn profiles(&self) -> impl Iterator<Item = ProfileId> {
        let mut profiles: Vec<ProfileId> = self.profiles.keys().copied().collect();
        profiles.sort_unstable();
        profiles.into_iter()
    }

    /// How many surviving profiles there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.profiles.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.profiles.is_empty()
    }

    fn members(&self, profile: ProfileId) -> Option<&Members> {
        self.profiles.get(&self.canonical(profile))
    }
}

impl IdentityView for MemoryIdentity {
    fn profile_of(&self, identifier: &Identifier) -> Option<ProfileId> {
        self.owners.get(identifier).copied()
    }

    fn identifiers_of(&self, profile: ProfileId) -> &[Identifier] {
        Self::identifiers_of(self, profile)
    }

    fn separations(&self) -> &Separations {
        &self.separations
    }
}

/// The stored form: sorted, so that equal states are equal bytes; what can be derived is left out.
#[derive(Serialize, Deserialize)]
struct Stored {
    profiles: Vec<(ProfileId, Members)>,
    separations: Separations,
}

impl From<MemoryIdentity> for Stored {
    fn from(identity: MemoryIdentity) -> Self {
        let mut profiles: Vec<_> = identity.profiles.into_iter().collect();
        profiles.sort_unstable_by_key(|(profile, _)| *profile);
        Self { profiles, separations: identity.separations }
    }
}

impl From<Stored> for MemoryIdentity {
    fn from(stored: Stored) -> Self {
        let mut identity = Self { separations: stored.separations, ..Self::default() };
        for (profile, members) in stored.profiles {
            let held = members.identifiers.iter();
            identity.owners.extend(held.map(|identifier| (identifier.clone(), profile)));
            identity.merged_into.extend(members.absorbed.iter().map(|(gone, _)| (*gone, profile)));
            identity.profiles.insert(profile, members);
        }
        identity
    }
}
