//! The rule's tree, as stored and as sent in JSON. What each form means is in the rule reference; this
//! file only says what can be written.
//!
//! One tree serves two stages. A [`Named`] rule refers to segments and sources by name, as people and
//! clients write it; a [`Resolved`] one by id, so that a rename changes nothing.

mod active;
mod aggregate;
mod cadence;
mod membership;
mod occurrence;
mod place;
mod ranking;
mod sample;
mod score;
mod sequence;
mod subject;
mod trait_date;
mod trait_history;

use std::fmt::Debug;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use segops_model::{Decimal, Path, SegmentId, SourceId, Value};

use crate::time::{CalendarPeriod, Moment, Span, Weekday};

pub use active::{ActiveCondition, ActiveDays, ActivePeriods, ActivityChange, PeriodGrid, PeriodRun};
pub use aggregate::{
    Aggregate, AggregateCondition, AggregateFunction, AggregateMultiple, AggregateOperand, AggregateTest,
};
pub(crate) use cadence::EVENTS_MIN as CADENCE_EVENTS_MIN;
pub use cadence::{CadenceCondition, CadenceTest};
pub use membership::{TenureCondition, TenureTest, TransitionCondition};
pub use occurrence::{Occurrence, OccurrenceCondition, Rank, Side, WithinCondition};
pub use place::{Circle, CountryTest, DistanceUnit, PlaceTest};
pub use ranking::{CountMeasure, Measure, RankingCondition, RankingEnd};
pub use sample::SampleCondition;
pub use score::{ScoreCondition, ScoreKind, ScoreTest};
pub use sequence::{SequenceCondition, SequenceStep, same_in_line_items};
pub use subject::{LINE_FIELDS, ORDER_EVENT, ORDER_FIELDS, ORDER_STATUSES, Subject, is_order_money};
pub use trait_date::{DatePeriod, DateTest, DateWindow, MonthDay, TraitDateCondition};
pub use trait_history::{HeldFor, HistoryTest, PastTime, StateTest, TraitHistoryCondition};

/// The format number that every stored rule carries.
pub const RULE_FORMAT: u32 = 1;

/// What a rule's references are, at one stage of its life.
pub trait Stage: Debug + Clone + PartialEq + Eq + 'static {
    type Segment: Debug + Clone + PartialEq + Eq + Serialize + DeserializeOwned;
    type Source: Debug + Clone + PartialEq + Eq + Serialize + DeserializeOwned;
}

/// References are names (or ids as text), not yet looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named;

/// References are ids of things that exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved;

impl Stage for Named {
    type Segment = String;
    type Source = String;
}

impl Stage for Resolved {
    type Segment = SegmentId;
    type Source = SourceId;
}

/// A whole rule: who is counted, and the condition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", deny_unknown_fields)]
pub struct Rule<S: Stage> {
    pub version: u32,
    #[serde(default)]
    pub base: Base,
    pub when: Condition<S>,
}

/// Who can be in the segment at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Base {
    /// Profiles with at least one order.
    #[default]
    Customers,
    /// Profiles with an identifier beyond an anonymous one.
    Identified,
    /// Every profile.
    Everyone,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", rename_all = "snake_case")]
pub enum Condition<S: Stage> {
    /// Every one holds.
    All(Vec<Condition<S>>),
    /// At least one holds.
    Any(Vec<Condition<S>>),
    /// Not one holds.
    None(Vec<Condition<S>>),
    Not(Box<Condition<S>>),
    Event(EventCondition<S>),
    Aggregate(Box<AggregateCondition<S>>),
    Occurrence(Box<OccurrenceCondition<S>>),
    Within(Box<WithinCondition<S>>),
    Active(Box<ActiveCondition<S>>),
    Sequence(Box<SequenceCondition<S>>),
    Cadence(Box<CadenceCondition<S>>),
    Ranking(Box<RankingCondition<S>>),
    Score(ScoreCondition),
    Trait(TraitCondition),
    Segment(SegmentCondition<S>),
    Sample(SampleCondition),
    Place(PlaceTest),
    TraitDate(TraitDateCondition),
    TraitHistory(Box<TraitHistoryCondition>),
    Transition(TransitionCondition<S>),
    Tenure(TenureCondition<S>),
}

/// How often the profile did something in a window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", deny_unknown_fields)]
pub struct EventCondition<S: Stage> {
    pub event: EventFilter<S>,
    #[serde(default)]
    pub count: CountTest,
    #[serde(default)]
    pub window: Window,
}

/// Which events, or which orders, are meant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", deny_unknown_fields)]
pub struct EventFilter<S: Stage> {
    /// What is chosen among; orders have no event's name.
    #[serde(default, skip_serializing_if = "Subject::is_events")]
    pub subject: Subject,
    /// The event's exact name; absent means any event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "where")]
    pub predicate: Option<Predicate>,
    /// Only events from these sources; empty means all.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<S::Source>,
}

/// A comparison of a count with whole numbers. The default is "at least once".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CountTest {
    AtLeast(u64),
    MoreThan(u64),
    Exactly(u64),
    Not(u64),
    AtMost(u64),
    LessThan(u64),
    /// From the first to the second, both included.
    Between(u64, u64),
}

impl Default for CountTest {
    fn default() -> Self {
        Self::AtLeast(1)
    }
}

/// When the events happened, relative to the instant of evaluation.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    #[default]
    AllTime,
    /// `in last D`: `(now-D, now]`.
    Last(Span),
    /// `between N and M ago`: `(now-M, now-N]`, N the nearer.
    Ago { near: Span, far: Span },
    /// `[from, to)`; an absent end is open.
    Range {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Moment>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<Moment>,
    },
    /// A calendar period, in the workspace's time zone and week start.
    Calendar(CalendarPeriod),
    /// One local day.
    On(jiff::civil::Date),
    /// From the start of the newest such weekday, today included, on.
    SinceWeekday(Weekday),
}

/// A condition on a trait of the profile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TraitCondition {
    /// The trait's name, or a path into it: `country`, `address.city`.
    #[serde(rename = "trait")]
    pub path: Path,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub match_case: bool,
    pub test: Test,
}

/// Whether the profile is a member of another segment now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "", deny_unknown_fields)]
pub struct SegmentCondition<S: Stage> {
    pub segment: S::Segment,
}

/// A filter on one event's properties.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Predicate {
    All(Vec<Predicate>),
    Any(Vec<Predicate>),
    None(Vec<Predicate>),
    Not(Box<Predicate>),
    Property(PropertyTest),
    /// One and the same element of a list of objects satisfies the inner predicate, whose paths are
    /// relative to the element.
    Item(ItemTest),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PropertyTest {
    pub property: Path,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub match_case: bool,
    pub test: Test,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ItemTest {
    /// The list's path, without `[]`: `products`.
    pub list: Path,
    #[serde(rename = "where")]
    pub predicate: Box<Predicate>,
}

/// What is asked of one value, of a property or a trait. On a list, any element that satisfies it will do;
/// the `Not…` forms are the negation of the whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Test {
    Is(Value),
    IsNot(Value),
    In(Vec<Value>),
    NotIn(Vec<Value>),
    Contains(String),
    NotContains(String),
    StartsWith(String),
    EndsWith(String),
    /// A regular expression that matches anywhere in the text.
    Matches(String),
    LessThan(Scalar),
    AtMost(Scalar),
    MoreThan(Scalar),
    AtLeast(Scalar),
    /// From the first to the second, both included.
    Between(Scalar, Scalar),
    Before(Moment),
    /// At or after the moment's start.
    Since(Moment),
    Exists,
    NotExists,
    ContainsAny(Vec<Value>),
    ContainsAll(Vec<Value>),
    ContainsNone(Vec<Value>),
    Length(CountTest),
}

/// What an ordering compares with: a number or a date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scalar {
    Number(Decimal),
    Date(Moment),
}
