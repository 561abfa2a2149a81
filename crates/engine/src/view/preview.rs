//! What a rule would select, and what another would change, before it is saved.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use segops_model::{Instant, Position, SegmentId};
use segops_rules::Base;

use super::{Counts, Member, SegmentName};

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
    /// What the rankings of both rules are held against.
    #[serde(default)]
    pub thresholds: Vec<PreviewThreshold>,
}

/// What a rule selects at an instant, from history.
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
    /// Whether the rule's conditions must hold together, or one of them, or none.
    #[serde(default)]
    pub joined: Joined,
    /// How many of the base hold each condition, in the order of the rule; empty where there is only one.
    #[serde(default)]
    pub conditions: Vec<ConditionCount>,
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

/// How a rule puts its conditions together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Joined {
    #[default]
    All,
    Any,
    None,
}

/// How many profiles of the base hold one of a rule's conditions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConditionCount {
    /// The condition as text.
    pub condition: String,
    /// Those that hold it, whatever else they do.
    pub alone: u64,
    /// Those that remain with this condition and all before it: of `all` those who hold every one so far, of `any`
    /// those who hold at least one, of `none` those who hold none.
    pub with_those_before: u64,
}
