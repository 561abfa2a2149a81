//! An explanation as data: the rule's tree, and what was found and asked for at each condition.

use serde::{Deserialize, Serialize};

use segops_model::{ConsentChannel, ConsentState, Decimal, Instant, Value};
use segops_rules::{
    AggregateTest, Base, CadenceTest, CountTest, DateTest, HistoryTest, PlaceTest, RankingEnd, Resolved,
    Scalar, ScoreTest, TenureTest, Test,
};

use crate::{Entry, Naming, ScoreValue};

/// A verdict with its reasons.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// The instant it holds for.
    pub at: Instant,
    pub member: bool,
    pub base: BaseExplanation,
    pub condition: ConditionExplanation,
    /// When the verdict can change next, with no new input.
    pub next_change: Option<Instant>,
    /// When the profile comes in with no new input; only for one that is not a member.
    pub enters_at: Option<Instant>,
    /// When the profile goes out with no new input; only for a member.
    pub leaves_at: Option<Instant>,
    /// Set where the verdict stays as it is for so many possible changes that the search ended here.
    pub searched_until: Option<Instant>,
}

/// Whether the profile is among those the rule counts at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaseExplanation {
    pub base: Base,
    pub holds: bool,
}

/// One condition or group of the rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConditionExplanation {
    /// The condition in words.
    pub text: String,
    pub holds: bool,
    pub observed: Option<Observed>,
    pub threshold: Option<Threshold>,
    /// The window that a count looked at.
    pub window: Option<ObservedWindow>,
    /// The newest of the events that were counted, newest first.
    pub evidence: Vec<Entry>,
    /// When the oldest of the events that were counted leaves the window.
    pub evidence_expires_at: Option<Instant>,
    /// When this condition by itself can change next, with no new input.
    pub next_change: Option<Instant>,
    /// The conditions of a group.
    pub conditions: Vec<ConditionExplanation>,
}

/// What a condition found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Observed {
    /// How many events; with `or_more` at least so many, because older ones are not kept once they cannot
    /// matter.
    Count { count: u64, or_more: bool },
    /// An aggregate, rounded to nine digits, if there is anything to make one of; and what it is compared
    /// with, where that is so many times another aggregate.
    Aggregate {
        value: Option<Scalar>,
        compared_with: Option<Scalar>,
        /// Set where there is none, or it is not compared, because money is in several currencies, which have nothing
        /// to do with each other.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        several_currencies: bool,
    },
    /// The chosen event, if there are so many, and whether it passes what is asked of it beside its time.
    Event { event: Option<Entry>, passes: bool },
    /// The chosen event, if there are so many, and how many events were found around it.
    Around { event: Option<Entry>, count: u64 },
    /// In how many periods, or on how many days, the profile was active; for periods, how many events each had,
    /// the newest period first.
    Periods { active: u64, counts: Vec<u64> },
    /// How often a sequence was completed; with `newest_only` matches older than so many newest of a step
    /// are not looked at.
    /// Where it never was, `begun` are the events of as many of its first steps as were done and can still be
    /// gone on from, and `next_before` is the first instant that is too late for the next step.
    Sequence { count: u64, newest_only: Option<u32>, begun: Vec<Entry>, next_before: Option<Instant> },
    /// The newest event and the median gap before it, to the nearest millisecond, where there are events
    /// enough to have one.
    Cadence { newest: Option<Instant>, median_gap_ms: Option<i64>, newest_only: Option<u32> },
    /// The number that a computed trait came to, rounded to nine digits, if there is one, and the aggregates that
    /// it is made of, from left to right.
    Computed { value: Option<Decimal>, parts: Vec<ComputedPart> },
    /// The value that a computed trait chose, of which event, and how many are equal to it where that is what it
    /// was chosen for. The value itself is the event's: whoever has events fills it in.
    Chosen {
        value: Option<Value>,
        event: Option<Entry>,
        /// Its place among the event's own values.
        line: u32,
        count: Option<u64>,
    },
    /// The number that is ranked, if there is one to rank; and what it is held against, rounded to nine digits:
    /// the number of the last one inside when everyone was ranked, when that was, among how many, and when it
    /// is due to be done again.
    Ranked {
        value: Option<Decimal>,
        threshold: Option<Decimal>,
        as_of: Option<Instant>,
        population: Option<u64>,
        due_at: Option<Instant>,
        /// There is no threshold because money is in several currencies, which are not ranked together.
        several_currencies: bool,
        /// The aggregates that a computed trait is made of, where that is ranked by.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        parts: Vec<ComputedPart>,
    },
    /// The score, if there is one; and of one that was recorded, what it is of.
    Score { value: Option<ScoreValue>, as_of: Option<Instant> },
    /// The trait's value, if it is set.
    Trait(Option<Value>),
    /// The trait's value; the date that it is read as, of several the one that decides; and the date itself or
    /// its anniversary that lies in the window, or else the next one to come.
    Date { value: Option<Value>, date: Option<Instant>, occurrence: Option<Instant> },
    /// Whether the profile is in the other segment.
    Member(bool),
    /// How far from the point asked for, in the rule's own unit, if that is known.
    Distance(Option<Decimal>),
    /// The trait's value now, whether it passes the test, and since when: no instant where it has never been
    /// otherwise.
    Held { value: Option<Value>, passes: bool, since: Option<Instant> },
    /// Whether the trait's value at an instant passes the test; not known where the sets from then no longer exist.
    Was { at: Instant, passed: Option<bool> },
    /// The profile's place among all under a sample's name, in percent.
    Share(Decimal),
    /// How each address stands that the condition asks about, up to ten of them.
    Addresses(Vec<ObservedAddress>),
    /// Whether the profile is in the uploaded list.
    Listed(bool),
    /// What the recorded result says of the profile.
    Named(Naming),
    /// Since when the profile is in the other segment, if it is.
    MemberSince(Option<Instant>),
}

/// One aggregate of a formula.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComputedPart {
    /// The aggregate in words.
    pub text: String,
    /// Rounded to nine digits, if there is anything to make one of.
    pub value: Option<Decimal>,
    /// Set where there is none because money is in several currencies, which are never added up.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub several_currencies: bool,
}

/// What a condition asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Threshold {
    Count(CountTest),
    Aggregate(Box<AggregateTest<Resolved>>),
    Cadence(CadenceTest),
    Trait(Test),
    Score(ScoreTest),
    Place(PlaceTest),
    TraitDate(DateTest),
    TraitHistory(Box<HistoryTest>),
    /// In a sample of so many percent.
    Share(Decimal),
    /// Among so many percent of the base.
    Rank {
        end: RankingEnd,
        percent: Decimal,
    },
    Tenure(TenureTest),
}

/// An address of the profile, and what was said of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedAddress {
    pub channel: ConsentChannel,
    pub address: String,
    /// Whether something can be sent to it.
    pub valid: bool,
    /// The word on consent that holds, and when it was said.
    pub consent: Option<ConsentState>,
    pub consent_at: Option<Instant>,
    /// Since when nothing may be sent to it.
    pub suppressed_since: Option<Instant>,
    /// Whether the condition holds of it.
    pub passes: bool,
}

/// The events looked at are those after the first instant and not after the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedWindow {
    /// `None` where the window has no start.
    pub after: Option<Instant>,
    pub until: Instant,
}
