//! From identifiers to profiles: what is an identifier, whose it is, what merges, what stays apart, what is a
//! duplicate.
//!
//! Pure: state and input in, decision out. This crate knows nothing of storage, of rules, of what an event
//! says beyond its identifiers, and of the wall clock: instants are those of the journal's frames.

mod deletions;
mod duplicates;
mod memory;
mod normalise;
mod resolve;
mod separations;
mod settings;

#[cfg(test)]
mod tests;

pub use deletions::{Deletions, IdentifierHash};
pub use duplicates::Duplicates;
pub use memory::MemoryIdentity;
pub use normalise::{DropReason, normalise};
pub use resolve::{IdentityView, NoIdentifier, PREVIOUS_ID, Resolution, Unplaced, resolve};
pub use separations::{
    Bar, SPLIT_ROWS_GATHERED_MAX, Separations, SplitRefusal, StartedSplit, WaitingSplit, check_split,
};
pub use settings::{IdentitySettings, KindSettings, SettingsError};
