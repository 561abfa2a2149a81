//! What the engine answers with: plain, serialisable results that the API, the CLI and the pages share.

mod history;
mod people;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use segops_model::{
    Cause, Direction, Identifier, Instant, Position, ProfileId, SegmentId, SegmentVersion, SourceId,
    Transition, TransitionId, Value,
};
use segops_rules::Base;
use segops_segment::Explanation;

pub use crate::state::{DetailsChange, Lifecycle, SegmentChange, SegmentChangeKind};
pub use history::{SegmentDay, SegmentHistory};
pub use people::{
    Deletion, DeletionPreview, LinkedIdentifier, MergingEvent, ProfileMerge, Split, SplitStatus,
};

/// Where events come from, and the key that they come with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Source {
    #[schema(value_type = String, example = "src_1")]
    pub id: SourceId,
    pub name: String,
    /// What clients send as their write key.
    pub write_key: String,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Instant,
    pub author: String,
    /// Events accepted from it, duplicates not counted.
    pub events: u64,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_event_at: Option<Instant>,
}

/// How many profiles, and how many of those can be written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Counts {
    pub total: u64,
    /// With an identifier beyond an anonymous one.
    pub identified: u64,
    /// With a valid email address and no recorded opt-out.
    pub reachable_email: u64,
    /// With a valid phone number and no recorded opt-out.
    pub reachable_sms: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Segment {
    #[schema(value_type = String, example = "seg_12")]
    pub id: SegmentId,
    pub name: String,
    pub description: String,
    pub owner: String,
    /// A path such as `Retention/Win-back`; empty for none.
    pub folder: String,
    pub tags: Vec<String>,
    /// Where it is in its life: draft, live or archived.
    pub state: Lifecycle,
    pub status: SegmentStatus,
    /// The version that members are kept by; none until the first is primed.
    #[schema(value_type = Option<u32>)]
    pub serving_version: Option<SegmentVersion>,
    /// The version being primed, if one is.
    #[schema(value_type = Option<u32>)]
    pub pending_version: Option<SegmentVersion>,
    /// The serving rule as text; the pending one where nothing serves yet.
    pub rule_text: String,
    /// The same rule as JSON.
    #[schema(value_type = Object)]
    pub rule: serde_json::Value,
    #[schema(value_type = String, example = "customers")]
    pub base: Base,
    pub counts: Counts,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Instant,
    #[schema(value_type = String, format = DateTime)]
    pub changed_at: Instant,
    /// Segments whose rules name this one.
    pub used_by: Vec<SegmentName>,
    pub versions: Vec<SegmentVersionView>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SegmentStatus {
    /// Saved and not published: nobody is in it.
    Draft,
    /// Reading history for its first members.
    Priming,
    /// Members are true now.
    Live,
    /// Live by the serving version, while a new one is being primed.
    Editing,
    /// Members are held as they were.
    Paused,
    /// Put away: nobody is in it.
    Archived,
}

/// A segment, by what it is called now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SegmentName {
    #[schema(value_type = String, example = "seg_12")]
    pub id: SegmentId,
    pub name: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SegmentVersionView {
    #[schema(value_type = u32)]
    pub version: SegmentVersion,
    pub rule_text: String,
    pub author: String,
    #[schema(value_type = String, format = DateTime)]
    pub at: Instant,
    /// The older version that it brings back.
    #[schema(value_type = Option<u32>)]
    pub restored_from: Option<SegmentVersion>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub primed_at: Option<Instant>,
}

/// A version of a segment's rule, whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SegmentVersionDetail {
    #[schema(value_type = String, example = "seg_12")]
    pub segment: SegmentId,
    #[schema(value_type = u32)]
    pub version: SegmentVersion,
    pub rule_text: String,
    #[schema(value_type = Object)]
    pub rule: serde_json::Value,
    pub author: String,
    #[schema(value_type = String, format = DateTime)]
    pub at: Instant,
    #[schema(value_type = Option<u32>)]
    pub restored_from: Option<SegmentVersion>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub primed_at: Option<Instant>,
    /// Whether members are kept by it now.
    pub serves: bool,
    /// The calendar that it is evaluated by.
    pub time_zone: String,
    pub week_start: String,
}

/// What another rule would change about a segment's members, from raw history, at one instant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RuleDifference {
    /// The rule that the segment has.
    pub rule_text: String,
    /// The rule that it would have.
    pub new_rule_text: String,
    #[schema(value_type = Object)]
    pub new_rule: serde_json::Value,
    #[schema(value_type = String, format = DateTime)]
    pub at: Instant,
    /// The journal position up to which history was read (exclusive).
    #[schema(value_type = u64)]
    pub position: Position,
    pub before: Counts,
    pub after: Counts,
    /// Who would enter, and some of them, oldest profiles first.
    pub entering: Counts,
    pub entering_sample: Vec<Member>,
    pub leaving: Counts,
    pub leaving_sample: Vec<Member>,
    /// Segments whose rules name this one: their members may move with it.
    pub used_by: Vec<SegmentName>,
    /// Whether saving it moves members: not of a draft, nor of an archived or paused segment.
    pub takes_effect: bool,
    #[schema(value_type = Vec<Object>)]
    pub warnings: Vec<segops_rules::Problem>,
}

/// One member, and since when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Member {
    #[schema(value_type = String, example = "p_17")]
    pub profile: ProfileId,
    #[schema(value_type = Vec<Object>)]
    pub identifiers: Vec<Identifier>,
    #[schema(value_type = String, format = DateTime)]
    pub since: Instant,
    #[schema(value_type = String)]
    pub cause: Cause,
    /// When the verdict can change next with no new input.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_change: Option<Instant>,
}

/// What a rule selects at an instant, from raw history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Preview {
    pub rule_text: String,
    #[schema(value_type = Object)]
    pub rule: serde_json::Value,
    #[schema(value_type = String, example = "customers")]
    pub base: Base,
    #[schema(value_type = String, format = DateTime)]
    pub at: Instant,
    /// The journal position up to which history was read (exclusive).
    #[schema(value_type = u64)]
    pub position: Position,
    pub counts: Counts,
    /// The size of the base itself, for a share.
    pub base_counts: Counts,
    /// Some members, oldest profiles first.
    pub sample: Vec<Member>,
    #[schema(value_type = Vec<Object>)]
    pub warnings: Vec<segops_rules::Problem>,
    /// A segment that has the same rule already.
    #[schema(value_type = Option<String>)]
    pub same_as: Option<SegmentId>,
    /// What the rule's rankings are held against.
    #[serde(default)]
    pub thresholds: Vec<PreviewThreshold>,
}

/// The threshold that a ranking is held against in a preview.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PreviewThreshold {
    /// The ranking as text.
    pub ranking: String,
    /// Decimal text: the number of the last one inside, if there is one.
    pub value: Option<String>,
    /// The instant for which everyone was ranked.
    #[schema(value_type = String, format = DateTime)]
    pub as_of: Instant,
    /// How many profiles were ranked.
    pub population: u64,
    /// Whether this is what was recorded at the time; else it was made for this preview.
    pub recorded: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProfileView {
    #[schema(value_type = String, example = "p_17")]
    pub id: ProfileId,
    /// Ids that this profile answers to since merges.
    #[schema(value_type = Vec<String>)]
    pub merged_ids: Vec<ProfileId>,
    #[schema(value_type = Vec<Object>)]
    pub identifiers: Vec<Identifier>,
    pub identified: bool,
    pub traits: BTreeMap<String, TraitView>,
    pub orders: Vec<OrderView>,
    /// Net of refunds and cancellations, by currency ("" where none was sent).
    pub net_spend: BTreeMap<String, String>,
    pub segments: Vec<ProfileSegment>,
    /// Counted events (track, page and screen), duplicates left out.
    pub events: u64,
    #[schema(value_type = String, format = DateTime)]
    pub first_seen: Instant,
    #[schema(value_type = String, format = DateTime)]
    pub last_seen: Instant,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TraitView {
    #[schema(value_type = Object)]
    pub value: Value,
    #[schema(value_type = String, format = DateTime)]
    pub set_at: Instant,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OrderView {
    pub id: String,
    pub status: String,
    #[schema(value_type = String, format = DateTime)]
    pub at: Instant,
    pub currency: Option<String>,
    /// Decimal text: what the order was worth before refunds.
    pub value: String,
    pub refunded: String,
    /// Decimal text: net of refunds and cancellation.
    pub net: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProfileSegment {
    #[schema(value_type = String)]
    pub segment: SegmentId,
    pub name: String,
    #[schema(value_type = String, format = DateTime)]
    pub since: Instant,
    #[schema(value_type = String)]
    pub cause: Cause,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_change: Option<Instant>,
}

/// Why a profile is in a segment, or not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ExplainView {
    #[schema(value_type = String)]
    pub profile: ProfileId,
    #[schema(value_type = String)]
    pub segment: SegmentId,
    #[schema(value_type = String, format = DateTime)]
    pub at: Instant,
    /// The explanation in words, with dates in the workspace's time zone.
    #[schema(
        example = "In, because: 3 orders in the last 90 days (needs 2): 12 Aug, 3 Sep, 30 Sep. Leaves on 11 Nov at 14:03 unless they order again."
    )]
    pub sentence: String,
    #[schema(value_type = Object)]
    pub explanation: Explanation,
}

/// What a live segment keeps in memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SegmentCost {
    #[schema(value_type = String)]
    pub segment: SegmentId,
    /// Profiles that are in it, or may come in or go out as time passes.
    pub standings: u64,
    pub standing_bytes: u64,
    /// Of each event filter that its rule reads. Filters that other segments read as well are kept once.
    pub timelines: Vec<TimelineCost>,
    /// All of it, shared timelines included.
    pub bytes: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TimelineCost {
    /// The filter as a rule has it.
    pub filter: String,
    /// How many live segments read it.
    pub read_by: u64,
    /// Profiles with a timeline of it.
    pub timelines: u64,
    pub entries: u64,
    /// Entries of the longest timeline.
    pub longest: u64,
    pub bytes: u64,
}

/// A transition as the stream sends it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TransitionView {
    #[schema(value_type = String, example = "4711-1795443511394-17-12")]
    pub id: TransitionId,
    #[schema(value_type = String)]
    pub profile: ProfileId,
    #[schema(value_type = String)]
    pub segment: SegmentId,
    #[schema(value_type = u32)]
    pub version: SegmentVersion,
    #[schema(value_type = String, example = "entered")]
    pub direction: Direction,
    #[schema(value_type = String, example = "event")]
    pub cause: Cause,
    #[schema(value_type = String, format = DateTime)]
    pub at: Instant,
}

impl From<&Transition> for TransitionView {
    fn from(transition: &Transition) -> Self {
        Self {
            id: transition.id,
            profile: transition.id.profile,
            segment: transition.id.segment,
            version: transition.version,
            direction: transition.direction,
            cause: transition.cause,
            at: transition.id.due,
        }
    }
}

/// The result of holding live membership against a rebuild from raw history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct VerifyReport {
    /// What was redone from raw input: `journal` redoes decoding, duplicates and identity as well.
    pub from: String,
    /// What was looked at: every live segment, or one with those that it names.
    pub scope: String,
    #[schema(value_type = u64)]
    pub position: Position,
    #[schema(value_type = String, format = DateTime)]
    pub at: Instant,
    pub took_ms: u64,
    pub profiles: u64,
    pub segments: Vec<VerifiedSegment>,
    pub timelines: Vec<VerifiedTimelines>,
    /// Memberships and timers that their own indexes do not have, or have and should not.
    pub index_differences: u64,
    /// All that was found, of memberships, timers, timelines and indexes; 0 when live is exact.
    pub differences: u64,
    /// Whether the two ways found the same profiles.
    pub profiles_agree: bool,
}

impl VerifyReport {
    /// Whether live is what the rebuild gives.
    #[must_use]
    pub const fn agrees(&self) -> bool {
        self.differences == 0 && self.profiles_agree
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct VerifiedSegment {
    #[schema(value_type = String)]
    pub segment: SegmentId,
    pub name: String,
    pub live: u64,
    pub rebuilt: u64,
    /// Memberships that are only in one of the two.
    pub differences: u64,
    /// Some profiles that are only in one of the two.
    pub examples: Vec<Difference>,
    /// Timers that are late or missing, so that a verdict would not change when it should.
    pub differing_timers: u64,
    pub timer_examples: Vec<TimerDifference>,
}

/// A timer that does not fire when a verdict changes by itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TimerDifference {
    #[schema(value_type = String)]
    pub profile: ProfileId,
    /// When the timer is set to fire, if it is set.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub live: Option<Instant>,
    /// When the rebuilt verdict changes, if it does.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub rebuilt: Option<Instant>,
}

/// The timelines of one event filter that live rules read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct VerifiedTimelines {
    /// The filter as a rule has it.
    pub filter: String,
    /// The segments that were looked at whose rules read it.
    pub read_by: Vec<String>,
    /// Profiles with such a timeline.
    pub live: u64,
    pub rebuilt: u64,
    /// Timelines that do not hold what the rules need of the raw history.
    pub differences: u64,
    pub examples: Vec<Difference>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Difference {
    #[schema(value_type = String)]
    pub profile: ProfileId,
    /// `live`, `rebuilt` or `recorded`: the one that has the profile; of a timeline that both have, that they differ.
    pub only_in: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Status {
    pub version: String,
    /// The next journal position to be written durably.
    #[schema(value_type = u64)]
    pub durable_position: Position,
    /// The next position that the fold will apply; equal to the durable one when it has caught up.
    #[schema(value_type = u64)]
    pub applied_position: Position,
    #[schema(value_type = String, format = DateTime)]
    pub instant: Instant,
    pub profiles: u64,
    pub identifiers: u64,
    pub events: u64,
    pub duplicates: u64,
    pub merges: u64,
    pub splits: u64,
    pub deletions: u64,
    /// Events dropped since they are of people who were deleted, from before the deletion.
    pub deleted_arrivals: u64,
    pub segments: u64,
    pub transitions: u64,
    pub rejections: u64,
    pub timers: u64,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_timer_at: Option<Instant>,
    pub journal_bytes: u64,
    pub time_zone: String,
    pub week_start: String,
    /// The newest check of live against a rebuild since the start, if there was one.
    pub verified: Option<LastVerified>,
    /// Set when the journal has failed: nothing more is accepted, reads go on.
    pub failure: Option<String>,
}

/// What the newest check of live against a rebuild came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LastVerified {
    pub from: String,
    pub scope: String,
    #[schema(value_type = String, format = DateTime)]
    pub at: Instant,
    pub took_ms: u64,
    pub agrees: bool,
    pub differences: u64,
    /// Checks since the start, and those of them that found differences.
    pub runs: u64,
    pub failed_runs: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CatalogueEvent {
    pub name: String,
    pub count: u64,
    #[schema(value_type = String, format = DateTime)]
    pub first_seen: Instant,
    #[schema(value_type = String, format = DateTime)]
    pub last_seen: Instant,
    pub properties: Vec<CatalogueProperty>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CatalogueProperty {
    /// The path as rules write it: `total`, `products[].category`.
    pub path: String,
    pub count: u64,
    /// `text`, `number`, `boolean`, `date`, `list`, with how often each was seen.
    pub types: BTreeMap<String, u64>,
    /// Values seen, the most frequent first, while there are few enough to keep.
    pub values: Vec<CatalogueValue>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CatalogueValue {
    pub value: String,
    pub count: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Catalogue {
    pub events: Vec<CatalogueEvent>,
    pub traits: Vec<CatalogueProperty>,
}

/// A file's import as the ledger has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Import {
    /// SHA-256 of the file, as hex.
    pub file_hash: String,
    pub file_name: String,
    #[schema(value_type = String)]
    pub source: SourceId,
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Instant,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Instant>,
    pub rows: u64,
    pub accepted_rows: u64,
    pub rejected_rows: u64,
    /// Events made of the accepted rows.
    pub events: u64,
    /// Of those, how many were known already by their ids, and so counted once.
    #[serde(default)]
    pub duplicates: u64,
}

/// A product as it is now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Product {
    pub id: String,
    /// Since when it is so.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Instant,
    #[schema(value_type = Object)]
    pub product: serde_json::Value,
}

/// A product with its versions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProductHistory {
    pub id: String,
    /// How many versions are kept; the newest are shown.
    pub versions_kept: u64,
    /// The newest first.
    pub versions: Vec<ProductVersion>,
}

/// What was known of a product from an instant on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProductVersion {
    #[schema(value_type = String, format = DateTime)]
    pub since: Instant,
    #[schema(value_type = u64)]
    pub position: Position,
    /// `null` where it was deleted.
    #[schema(value_type = Option<Object>)]
    pub product: Option<serde_json::Value>,
}
