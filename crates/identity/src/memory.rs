use rustc_hash::FxHashMap;
use segops_model::{Identifier, IdentifierKind, ProfileId};
use serde::{Deserialize, Serialize};

use crate::{IdentityView, Resolution};

/// Who is who, in memory: for rebuilds from the journal's start, and for tests.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(into = "Stored", from = "Stored")]
pub struct MemoryIdentity {
    owners: FxHashMap<Identifier, ProfileId>,
    profiles: FxHashMap<ProfileId, Members>,
    /// Where each profile that was merged away went. Always straight to the survivor: a merge moves those
    /// that went to the profile it absorbs, and there are no more of them than that profile has identifiers.
    merged_into: FxHashMap<ProfileId, ProfileId>,
}

/// What a surviving profile has gathered.
#[derive(Debug, Clone, Default)]
struct Members {
    /// In the order they were added or merged in.
    identifiers: Vec<Identifier>,
    absorbed: Vec<ProfileId>,
}

impl MemoryIdentity {
    /// Takes over what [`crate::resolve`] decided. It must be applied to the state that it was decided on.
    pub fn apply(&mut self, resolution: &Resolution) {
        let survivor = resolution.profile;
        let mut members = self.profiles.remove(&survivor).unwrap_or_default();
        for profile in &resolution.absorb {
            let gone = self.profiles.remove(profile).unwrap_or_default();
            for identifier in &gone.identifiers {
                self.owners.insert(identifier.clone(), survivor);
            }
            for earlier in gone.absorbed.iter().chain([profile]) {
                self.merged_into.insert(*earlier, survivor);
            }
            members.identifiers.extend(gone.identifiers);
            members.absorbed.extend(gone.absorbed);
            members.absorbed.push(*profile);
        }
        for identifier in &resolution.add {
            self.owners.insert(identifier.clone(), survivor);
            members.identifiers.push(identifier.clone());
        }
        self.profiles.insert(survivor, members);
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
    pub fn absorbed_by(&self, profile: ProfileId) -> &[ProfileId] {
        self.members(profile).map_or(&[], |members| members.absorbed.as_slice())
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

    fn count_of_kind(&self, profile: ProfileId, kind: &IdentifierKind) -> usize {
        self.identifiers_of(profile).iter().filter(|identifier| identifier.kind == *kind).count()
    }

    fn kinds_of(&self, profile: ProfileId) -> Vec<IdentifierKind> {
        let mut kinds: Vec<_> =
            self.identifiers_of(profile).iter().map(|identifier| identifier.kind.clone()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }
}

/// The stored form: sorted, so that equal states are equal bytes; what can be derived is left out.
#[derive(Serialize, Deserialize)]
struct Stored {
    profiles: Vec<(ProfileId, Vec<Identifier>, Vec<ProfileId>)>,
}

impl From<MemoryIdentity> for Stored {
    fn from(identity: MemoryIdentity) -> Self {
        let mut profiles: Vec<_> = identity
            .profiles
            .into_iter()
            .map(|(profile, members)| (profile, members.identifiers, members.absorbed))
            .collect();
        profiles.sort_unstable_by_key(|(profile, ..)| *profile);
        Self { profiles }
    }
}

impl From<Stored> for MemoryIdentity {
    fn from(stored: Stored) -> Self {
        let mut identity = Self::default();
        for (profile, identifiers, absorbed) in stored.profiles {
            identity.owners.extend(identifiers.iter().map(|identifier| (identifier.clone(), profile)));
            identity.merged_into.extend(absorbed.iter().map(|gone| (*gone, profile)));
            identity.profiles.insert(profile, Members { identifiers, absorbed });
        }
        identity
    }
}
