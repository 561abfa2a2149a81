//! Who was deleted, as far as that must be known: hashes of identifiers, and when.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use segops_model::{Identifier, Instant, ProfileId};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

/// What is left of people who were deleted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deletions {
    identifiers: BTreeMap<IdentifierHash, Instant>,
    /// Ids that answer for nobody any more, those merged away included.
    profiles: BTreeMap<ProfileId, Instant>,
}

/// SHA-256 of an identifier. As text it is hex.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdentifierHash([u8; 32]);

impl Deletions {
    /// Leaves a tombstone: rows of these identifiers that happened up to the instant are dropped from here on.
    pub fn add(
        &mut self,
        identifiers: &[Identifier],
        profiles: impl IntoIterator<Item = ProfileId>,
        at: Instant,
    ) {
        // A person may come back and be deleted again: the later deletion covers the earlier one.
        self.identifiers.extend(identifiers.iter().map(|gone| (IdentifierHash::of(gone), at)));
        self.profiles.extend(profiles.into_iter().map(|profile| (profile, at)));
    }

    /// Whether a row of this identifier that happened at an instant is of a person who was deleted after it.
    #[must_use]
    pub fn covers(&self, identifier: &Identifier, ts: Instant) -> bool {
        // Nobody pays for hashing where nobody was deleted.
        !self.identifiers.is_empty()
            && self.identifiers.get(&IdentifierHash::of(identifier)).is_some_and(|at| ts <= *at)
    }

    /// When the profile of an id was deleted, if it was.
    #[must_use]
    pub fn of_profile(&self, profile: ProfileId) -> Option<Instant> {
        self.profiles.get(&profile).copied()
    }

    /// How many identifiers are remembered as hashes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.identifiers.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.identifiers.is_empty()
    }
}

impl IdentifierHash {
    /// The hash of an identifier as normalised.
    #[must_use]
    pub fn of(identifier: &Identifier) -> Self {
        let mut digest = Sha256::new();
        digest.update(b"segops identifier\0");
        digest.update(identifier.kind.as_str());
        digest.update(b"\0");
        digest.update(&identifier.value);
        Self(digest.finalize().into())
    }

    /// Whether the hashes are those of exactly these identifiers, of which there is at least one.
    #[must_use]
    pub fn are_of(hashes: &[Self], identifiers: &[Identifier]) -> bool {
        let given: BTreeSet<Self> = hashes.iter().copied().collect();
        let held: BTreeSet<Self> = identifiers.iter().map(Self::of).collect();
        !held.is_empty() && given == held
    }
}

impl fmt::Display for IdentifierHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for IdentifierHash {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a hash of 64 hex digits");
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return Err(wrong());
        }
        for (byte, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
            let digits = text.get(at..at + 2).ok_or_else(wrong)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| wrong())?;
        }
        Ok(Self(bytes))
    }
}

impl Serialize for IdentifierHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for IdentifierHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}
