//! Commands: every change to the workspace that is not an event. Journalled like events, and checked again
//! inside the fold, where their outcome is decided.

use serde::{Deserialize, Serialize};

use segops_identity::{IdentifierHash, SplitRefusal};
use segops_model::{Identifier, Instant, Position, ProfileId, SegmentId, SegmentVersion, SourceId, SplitId};
use segops_rules::{Resolved, Rule};
use segops_segment::{PRODUCTS_MAX, ProductChange};
use segops_segment::{RankingKey, RankingThreshold};

use crate::settings::Settings;
use crate::state::{DetailsChange, Lifecycle};

/// A journalled command: who asked for it, and what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Command {
    pub author: String,
    pub change: Change,
}

/// What a command changes. Stored as JSON under a format number; variants and fields are only added.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    CreateSource {
        name: String,
        write_key: String,
    },
    CreateSegment {
        name: String,
        rule: Rule<Resolved>,
        #[serde(default)]
        details: DetailsChange,
        /// Saved without members, until it is published.
        #[serde(default)]
        draft: bool,
    },
    /// A new version of the rule, if the newest is still `expected_version`.
    EditSegment {
        segment: SegmentId,
        expected_version: SegmentVersion,
        rule: Rule<Resolved>,
        /// The older version that this one brings back.
        #[serde(default)]
        restored_from: Option<SegmentVersion>,
    },
    RenameSegment {
        segment: SegmentId,
        name: String,
    },
    /// Another name, description, owner, folder or tags.
    DescribeSegment {
        segment: SegmentId,
        details: DetailsChange,
    },
    /// A draft reads history and goes live.
    PublishSegment {
        segment: SegmentId,
    },
    /// Everyone leaves, and nothing is evaluated until the segment is restored.
    ArchiveSegment {
        segment: SegmentId,
    },
    /// An archived segment reads history again and goes live.
    RestoreSegment {
        segment: SegmentId,
    },
    /// Gathering for the version's signals starts here: history is read up to this position.
    StartPriming {
        segment: SegmentId,
        version: SegmentVersion,
    },
    /// History up to `position` has been read into an artefact; it takes effect here, in one step.
    FinishPriming {
        segment: SegmentId,
        version: SegmentVersion,
        position: Position,
        artefact: String,
    },
    PauseSegment {
        segment: SegmentId,
    },
    /// A paused segment reads history again and goes live.
    ResumeSegment {
        segment: SegmentId,
    },
    DeleteSegment {
        segment: SegmentId,
    },
    ChangeSettings {
        settings: Box<Settings>,
    },
    StartImport {
        file_hash: String,
        file_name: String,
        source: SourceId,
    },
    FinishImport {
        file_hash: String,
        rows: u64,
        accepted_rows: u64,
        rejected_rows: u64,
        events: u64,
    },
    /// Identifiers are to become a profile of their own, once history has been read for it.
    SplitProfile {
        profile: ProfileId,
        identifiers: Vec<Identifier>,
    },
    /// Gathering for the split starts here: history is read up to this position.
    StartSplit {
        split: SplitId,
    },
    /// Rows up to `position` have been read into an artefact; the split takes effect here, in one step.
    FinishSplit {
        split: SplitId,
        position: Position,
        artefact: String,
    },
    /// Rows may link the sides of a split again.
    LiftBar {
        split: SplitId,
    },
    /// Deletes a profile, if its identifiers are those whose hashes these are.
    DeleteProfile {
        profile: ProfileId,
        identifiers: Vec<IdentifierHash>,
    },
    /// Everyone was ranked, by the inputs before `position`; the thresholds hold from here on.
    RecordThresholds {
        position: Position,
        thresholds: Vec<RecordedThreshold>,
    },
    /// Products in the place of what was known of them, at one position.
    ChangeProducts {
        products: Vec<ProductChange>,
    },
    /// Freezes a view of the state here, after the timers that are due.
    Mark,
}

/// What was found when a ranking was taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordedThreshold {
    pub ranking: RankingKey,
    pub threshold: RankingThreshold,
}

/// What the fold made of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Done {
        at: Position,
        instant: Instant,
    },
    SourceCreated(SourceId),
    SegmentCreated(SegmentId),
    SegmentVersion(SegmentId, SegmentVersion),
    SplitAsked(SplitId),
    /// The profile that a split has made.
    SplitDone(ProfileId),
}

/// Why a command was refused. Nothing has changed then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("there is no segment {0}; list them to see which there are")]
    NoSegment(String),
    #[error("a segment named `{0}` exists already ({1}); choose another name, or edit that one")]
    NameTaken(String, SegmentId),
    #[error("a source named `{0}` exists already; choose another name")]
    SourceNameTaken(String),
    #[error("the write key is in use by another source; choose another")]
    WriteKeyTaken,
    #[error(
        "the segment is at version {found} and not at {expected}: someone else has edited it; look at the newest version and edit again"
    )]
    VersionMoved { expected: u32, found: u32 },
    #[error("the segment is used by {0}; edit those first")]
    InUse(String),
    #[error("the segment is {0}; {1}")]
    WrongStatus(&'static str, &'static str),
    #[error(
        "the segment `{0}` is paused, so that its members are of another time; resume it before a rule names it"
    )]
    Paused(String),
    #[error("the segment `{0}` is {word}, so that nobody is in it; make it live before a rule names it", word = .1.word())]
    NotLive(String, Lifecycle),
    #[error("the rule refers to a segment or source that is gone, or back to itself: {0}")]
    BrokenReference(String),
    #[error("the segments would refer to each other in a circle: {0}; take the reference out of one of them")]
    Circle(String),
    #[error("the segment cannot be described so: {0}")]
    BadDetails(String),
    #[error("there are {0} segments, which is the limit; delete one first")]
    TooManySegments(usize),
    #[error("the priming at this position is no longer wanted")]
    StalePriming,
    #[error("the artefact cannot be used: {0}")]
    Artefact(String),
    #[error("a name needs 1 to 200 characters")]
    BadName,
    #[error("the settings cannot be used: {0}")]
    BadSettings(String),
    #[error(
        "there is no profile {0} (any more); look one up by an identifier, such as email:ann@shop.example"
    )]
    NoProfile(ProfileId),
    #[error("profile {0} has changed since you looked at it; look again, and confirm that")]
    ProfileMoved(ProfileId),
    #[error(transparent)]
    Split(#[from] SplitRefusal),
    #[error("there are {0} splits, which is the limit")]
    TooManySplits(usize),
    #[error(
        "the profile has {rows} rows, and a split reads at most {rows_max}; delete it, or leave it whole"
    )]
    TooManyRows { rows: u64, rows_max: u64 },
    #[error("there would be {0} products, and the limit is {max}; delete some first", max = PRODUCTS_MAX)]
    TooManyProducts(usize),
    #[error("there is no source {0}; list them to see which there are")]
    NoSource(String),
}
