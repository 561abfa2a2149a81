//! Where an analysis runs: over which history, for whom, at which instant, and who watches it.

use std::sync::Arc;

use roaring::RoaringTreemap;
use segops_model::{Instant, Limits, ProfileId};
use segops_parts::Snapshot;
use segops_rules::{Condition, Named, Names};
use segops_segment::Calendar;

/// Profiles by the numbers of their ids.
pub type ProfileSet = Arc<RoaringTreemap>;

/// All that an analysis reads beside its definition.
#[derive(Clone, Copy)]
pub struct Setting<'a> {
    pub snapshot: &'a Snapshot,
    /// What events, properties and segments there are, for checks and for the nearest name.
    pub names: &'a dyn Names,
    pub segments: &'a dyn Segments,
    pub calendar: &'a Calendar,
    /// What happened after this instant does not exist.
    pub now: Instant,
    pub population: &'a Population,
    pub watcher: &'a dyn Watcher,
    pub limits: &'a Limits,
}

impl std::fmt::Debug for Setting<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Setting").field("now", &self.now).finish_non_exhaustive()
    }
}

/// Whom an analysis is of.
#[derive(Debug, Clone, Default)]
pub struct Population {
    /// `None` is everyone.
    pub members: Option<ProfileSet>,
    /// What makes a profile one of them, for the rules that answers come with.
    pub condition: Option<Condition<Named>>,
}

impl Population {
    #[must_use]
    pub fn holds(&self, profile: ProfileId) -> bool {
        self.members.as_ref().is_none_or(|members| members.contains(profile.0))
    }
}

/// Who is in a segment.
pub trait Segments {
    /// The members at the analysis's instant; `None` if there is no such segment.
    fn members(&self, name: &str) -> Option<ProfileSet>;
}

/// A workspace without segments.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoSegments;

impl Segments for NoSegments {
    fn members(&self, _: &str) -> Option<ProfileSet> {
        None
    }
}

/// Who waits for the answer, and may call the work off.
pub trait Watcher: Sync {
    /// Rows are read, of so many in all.
    fn reached(&self, done: u64, total: u64);
    fn is_cancelled(&self) -> bool;
}

/// Nobody watches.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unwatched;

impl Watcher for Unwatched {
    fn reached(&self, _: u64, _: u64) {}

    fn is_cancelled(&self) -> bool {
        false
    }
}
