use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use segops_model::{Cause, Instant, Position, ProfileId, SegmentId, SegmentVersion};
use segops_rules::{Resolved, Rule, Weekday};

use super::lifecycle::{Lifecycle, SegmentChange, SegmentChangeKind, SegmentDetails};
use crate::settings::Settings;

/// A segment as the journal has made it: its versions, the one that serves, the one being primed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SegmentState {
    pub id: SegmentId,
    pub name: String,
    pub details: SegmentDetails,
    pub lifecycle: Lifecycle,
    pub created_at: Instant,
    pub changed_at: Instant,
    /// Oldest first; never empty.
    pub versions: Vec<VersionState>,
    pub serving: Option<SegmentVersion>,
    pub pending: Option<Pending>,
    pub paused: bool,
    /// What was changed when and by whom, oldest first; the newest of them.
    pub changes: Vec<SegmentChange>,
}

/// One version of a rule, with the calendar that it is evaluated by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VersionState {
    pub number: SegmentVersion,
    pub rule: Rule<Resolved>,
    pub time_zone: String,
    pub week_start: Weekday,
    pub author: String,
    pub at: Instant,
    /// The older version that it brings back.
    pub restored_from: Option<SegmentVersion>,
    pub primed_at: Option<Instant>,
}

/// A rule to become a version.
#[derive(Debug)]
pub struct NewVersion<'a> {
    pub rule: Rule<Resolved>,
    pub author: &'a str,
    pub at: Instant,
    pub cause: Cause,
    pub restored_from: Option<SegmentVersion>,
}

/// A version on its way to serving.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pending {
    pub version: SegmentVersion,
    /// What its first members are said to be caused by.
    pub cause: Cause,
    /// Where gathering began; `None` until a worker has taken it up.
    pub started: Option<Started>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Started {
    /// History before this position is the artefact's; from it on the fold gathers.
    pub position: Position,
    pub instant: Instant,
    pub touched: Touched,
    /// Ids of profiles that a split has read history anew for since: what the artefact has of them is of
    /// before it, and everything is here already.
    pub reread: Touched,
}

/// Profiles that any input or transition has touched since a priming began; decided anew when it ends.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Touched(BTreeSet<ProfileId>);

impl Touched {
    pub fn add(&mut self, profile: ProfileId) {
        self.0.insert(profile);
    }

    /// In ascending order, each once.
    pub fn iter(&self) -> impl Iterator<Item = ProfileId> {
        self.0.iter().copied()
    }

    #[must_use]
    pub fn contains(&self, profile: ProfileId) -> bool {
        self.0.contains(&profile)
    }
}

impl SegmentState {
    #[must_use]
    pub fn version(&self, number: SegmentVersion) -> Option<&VersionState> {
        self.versions.iter().find(|version| version.number == number)
    }

    #[must_use]
    pub fn newest(&self) -> SegmentVersion {
        self.versions.last().map_or(SegmentVersion(0), |version| version.number)
    }

    /// The version that members are kept by, while it is not paused.
    #[must_use]
    pub fn live_version(&self) -> Option<&VersionState> {
        self.serving.filter(|_| self.is_evaluated()).and_then(|number| self.version(number))
    }

    /// Whether anything is decided for it: neither a draft, nor archived, nor paused.
    #[must_use]
    pub fn is_evaluated(&self) -> bool {
        self.lifecycle == Lifecycle::Live && !self.paused
    }

    /// The version to show: the serving one, else the newest.
    #[must_use]
    pub fn shown_version(&self) -> Option<&VersionState> {
        self.version(self.serving.unwrap_or_else(|| self.newest()))
    }

    /// Adds a version by the settings in force and, where the segment is live, makes it the pending one. Past
    /// `kept_max` versions the oldest that does not serve goes.
    pub fn add_version(&mut self, new: NewVersion<'_>, settings: &Settings, kept_max: usize) {
        let number = SegmentVersion(self.newest().0 + 1);
        self.versions.push(VersionState {
            number,
            rule: new.rule,
            time_zone: settings.time_zone.clone(),
            week_start: settings.week_start,
            author: new.author.to_owned(),
            at: new.at,
            restored_from: new.restored_from,
            primed_at: None,
        });
        while self.versions.len() > kept_max.max(2) {
            let serving = self.serving;
            let Some(oldest) = self.versions.iter().position(|version| Some(version.number) != serving)
            else {
                break;
            };
            self.versions.remove(oldest);
        }
        self.changed_at = new.at;
        if self.lifecycle == Lifecycle::Live {
            self.pending = Some(Pending { version: number, cause: new.cause, started: None });
        }
    }

    /// Notes a change; past `kept_max` the oldest go.
    pub fn note(&mut self, author: &str, at: Instant, what: SegmentChangeKind, kept_max: usize) {
        self.changed_at = at;
        self.changes.push(SegmentChange { at, author: author.to_owned(), what });
        let excess = self.changes.len().saturating_sub(kept_max);
        self.changes.drain(..excess);
    }
}
