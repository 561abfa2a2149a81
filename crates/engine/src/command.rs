//! Commands: every change to the workspace that is not an event. Journalled like events, and checked again
//! inside the fold, where their outcome is decided.

use serde::{Deserialize, Serialize};

use segops_identity::{IdentifierHash, SplitRefusal};
use segops_model::{
    AlarmId, ComputedTraitId, ConsentFile, ConsentStatement, DerivedEventId, Identifier, Instant, ListId,
    Position, ProfileId, ResultId, SegmentId, SegmentVersion, SourceId, SplitId,
};
use segops_rules::{ComputedDefinition, DerivedDefinition, Resolved, Rule};
use segops_segment::{PRODUCTS_MAX, ProductChange};
use segops_segment::{RankingKey, RankingThreshold};

use crate::schedule::Schedule;
use crate::score_batch::ScoreBatch;
use crate::settings::Settings;
use crate::state::{AlarmFinding, DetailsChange, Lifecycle, ResultDefinition, Watch};

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
    CreateComputedTrait {
        name: String,
        definition: ComputedDefinition<Resolved>,
    },
    /// A new version of the definition, if the newest is still `expected_version`; and of the rule of every
    /// segment that uses it.
    EditComputedTrait {
        computed_trait: ComputedTraitId,
        expected_version: u32,
        definition: ComputedDefinition<Resolved>,
    },
    RenameComputedTrait {
        computed_trait: ComputedTraitId,
        name: String,
    },
    DeleteComputedTrait {
        computed_trait: ComputedTraitId,
    },
    CreateDerivedEvent {
        name: String,
        definition: DerivedDefinition<Resolved>,
    },
    /// A new version of the definition, if the newest is still `expected_version`; and of every computed trait and
    /// every segment's rule that uses it.
    EditDerivedEvent {
        derived_event: DerivedEventId,
        expected_version: u32,
        definition: DerivedDefinition<Resolved>,
    },
    DeleteDerivedEvent {
        derived_event: DerivedEventId,
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
    /// What was said of addresses; a bounded batch, with how it came in.
    RecordConsent {
        statements: Vec<ConsentStatement>,
        file: Option<ConsentFile>,
    },
    CreateList {
        name: String,
    },
    /// Takes entries out of a list and puts others in; a bounded batch, each in the form of identity.
    ChangeList {
        list: ListId,
        remove: Vec<Identifier>,
        add: Vec<Identifier>,
    },
    DeleteList {
        list: ListId,
    },
    /// Values of a score that were computed elsewhere; each holds until the next.
    RecordScores {
        batch: Box<ScoreBatch>,
    },
    /// A recorded score goes, with its values.
    ForgetScore {
        score: String,
    },
    CreateResult {
        name: String,
        definition: ResultDefinition,
        schedule: Schedule,
    },
    EditResult {
        result: ResultId,
        change: Box<ResultChange>,
    },
    DeleteResult {
        result: ResultId,
    },
    /// A result is to be computed anew, whatever its schedule says.
    AskResult {
        result: ResultId,
    },
    /// A result was computed of the inputs before `position`; whom it names is in the artefact.
    RecordResult {
        result: ResultId,
        version: u32,
        position: Position,
        artefact: String,
    },
    /// Computing a result has given nothing; what was recorded before holds on.
    FailResult {
        result: ResultId,
        version: u32,
        message: String,
    },
    CreateAlarm {
        name: String,
        owner: String,
        watch: Watch,
        schedule: Schedule,
    },
    EditAlarm {
        alarm: AlarmId,
        change: Box<AlarmChange>,
    },
    DeleteAlarm {
        alarm: AlarmId,
    },
    /// An alarm is quiet until then, or no longer.
    SnoozeAlarm {
        alarm: AlarmId,
        until: Option<Instant>,
    },
    /// An alarm is to be looked at, whatever its schedule says.
    AskAlarm {
        alarm: AlarmId,
    },
    /// An alarm was looked at.
    RecordAlarm {
        alarm: AlarmId,
        version: u32,
        finding: AlarmFinding,
    },
    /// Freezes a view of the state here, after the timers that are due.
    Mark,
}

/// Another name, owner, schedule or watch of an alarm: all that is given.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AlarmChange {
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub owner: Option<String>,
    #[serde(default)]
    pub watch: Option<Watch>,
    #[serde(default)]
    pub schedule: Option<Schedule>,
}

/// Another name, definition or schedule of a recorded result: all that is given.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ResultChange {
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub definition: Option<ResultDefinition>,
    #[serde(default)]
    pub schedule: Option<Schedule>,
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
    ListCreated(ListId),
    ResultCreated(ResultId),
    AlarmCreated(AlarmId),
    SegmentVersion(SegmentId, SegmentVersion),
    ComputedTraitCreated(ComputedTraitId),
    DerivedEventCreated(DerivedEventId),
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
    #[error("there is no computed trait {0}; list them to see which there are")]
    NoComputedTrait(String),
    #[error("a computed trait named `{0}` exists already ({1}); choose another name, or edit that one")]
    ComputedTraitNameTaken(String, ComputedTraitId),
    #[error(
        "the computed trait is at version {found} and not at {expected}: someone else has edited it; look at the newest version and edit again"
    )]
    ComputedTraitMoved { expected: u32, found: u32 },
    #[error("the computed trait {0} has been edited just now; save again")]
    ComputedTraitEdited(ComputedTraitId),
    #[error("the computed trait is used by {0}; edit those segments first")]
    ComputedTraitInUse(String),
    #[error(
        "the computed trait is used by {0}, which test it as {1}; make a new one, or edit those segments first"
    )]
    ComputedTraitKind(String, &'static str),
    #[error("there are {0} computed traits, which is the limit; delete one first")]
    TooManyComputedTraits(usize),
    #[error("there is no derived event {0}; list them to see which there are")]
    NoDerivedEvent(String),
    #[error("a derived event named `{0}` exists already ({1}); choose another name, or edit that one")]
    DerivedEventNameTaken(String, DerivedEventId),
    #[error("events named `{0}` come in; give the derived event a name of its own")]
    EventNameTaken(String),
    #[error(
        "the derived event is at version {found} and not at {expected}: someone else has edited it; look at the newest version and edit again"
    )]
    DerivedEventMoved { expected: u32, found: u32 },
    #[error("the derived event {0} has been edited just now; save again")]
    DerivedEventEdited(DerivedEventId),
    #[error("the derived event is used by {0}; edit those first")]
    DerivedEventInUse(String),
    #[error(
        "{0} chooses a value of this event, and of an event that is put together of several none is chosen; edit those first, or give the event another definition that begins with `each`"
    )]
    DerivedEventChosenFrom(String),
    #[error("there are {0} derived events, which is the limit; delete one first")]
    TooManyDerivedEvents(usize),
    #[error("the score cannot be recorded: {0}")]
    BadScore(String),
    #[error("no score `{0}` was recorded; list them to see which there are")]
    NoScore(String),
    #[error("there is no source {0}; list them to see which there are")]
    NoSource(String),
    #[error("there is no list {0}; list them to see which there are")]
    NoList(String),
    #[error("a list named `{0}` exists already ({1}); choose another name, or change that one")]
    ListNameTaken(String, ListId),
    #[error("there are {0} lists, which is the limit; delete one first")]
    TooManyLists(usize),
    #[error("a list has at most {max} entries; make another one", max = crate::lists::LIST_ENTRIES_MAX)]
    ListTooLong,
    #[error("the list is used by {0}; edit those first")]
    ListInUse(String),
    #[error("there is no recorded result {0}; list them to see which there are")]
    NoResult(String),
    #[error("a recorded result named `{0}` exists already ({1}); choose another name, or edit that one")]
    ResultNameTaken(String, ResultId),
    #[error("there are {0} recorded results, which is the limit; delete one first")]
    TooManyResults(usize),
    #[error("the recorded result cannot be used: {0}")]
    BadResult(String),
    #[error("the recorded result is used by {0}; edit those segments first")]
    ResultInUse(String),
    #[error("there is no alarm {0}; list them to see which there are")]
    NoAlarm(String),
    #[error("an alarm named `{0}` exists already ({1}); choose another name, or edit that one")]
    AlarmNameTaken(String, AlarmId),
    #[error("there are {0} alarms, which is the limit; delete one first")]
    TooManyAlarms(usize),
    #[error("the alarm cannot be used: {0}")]
    BadAlarm(String),
    #[error("the segment is what the recorded result {0} is made of; edit or delete that first")]
    MadeIntoResult(String),
}
