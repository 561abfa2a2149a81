//! The rule language: what a segment's rule can say, its text and JSON forms, and the checks that turn
//! what a person wrote into what can be evaluated.
//!
//! A rule goes through stages that are types: text or JSON is read into a [`Rule`] of [`Named`] references
//! ([`parse`], [`from_json`]), and [`resolve`] makes it [`Resolved`]. Every stage reports all problems at
//! once, as [`Problem`]s.
//!
//! This crate knows nothing of profiles, timelines or evaluation; it knows names, not data.

mod ast;
mod check;
mod countries;
mod format;
mod json;
mod lists;
mod named;
mod names;
mod nearest;
mod normal;
mod parse;
mod problem;
mod resolve;
mod schema;
mod time;
mod transitions;
mod unresolve;

#[cfg(any(test, feature = "arbitrary"))]
pub mod arbitrary;
#[cfg(test)]
mod tests;

pub use ast::{
    ActiveCondition, ActiveDays, ActivePeriods, ActivityChange, Aggregate, AggregateCondition,
    AggregateFunction, AggregateMultiple, AggregateOperand, AggregateTest, Base, CadenceCondition,
    CadenceTest, Circle, Condition, CountMeasure, CountTest, CountryTest, DatePeriod, DateTest, DateWindow,
    DistanceUnit, EventCondition, EventFilter, HeldFor, HistoryTest, ItemTest, LINE_FIELDS, Measure,
    MonthDay, Named, ORDER_EVENT, ORDER_FIELDS, ORDER_STATUSES, Occurrence, OccurrenceCondition, PastTime,
    PeriodGrid, PeriodRun, PlaceTest, Predicate, PropertyTest, RULE_FORMAT, Rank, RankingCondition,
    RankingEnd, Resolved, Rule, SampleCondition, Scalar, ScoreCondition, ScoreKind, ScoreTest,
    SegmentCondition, SequenceCondition, SequenceStep, Side, Stage, StateTest, Subject, TenureCondition,
    TenureTest, Test, TraitCondition, TraitDateCondition, TraitHistoryCondition, TransitionCondition, Window,
    WithinCondition, is_order_money, same_in_line_items,
};
pub use check::{check, compile_pattern};
pub use countries::country_code;
pub use format::{format, format_lines};
pub use json::{from_json, from_json_value, to_json};
pub use named::named_segments;
pub use names::{Labels, Names};
pub use normal::normal_form;
pub use parse::{locate, parse, parse_within};
pub use problem::{Code, Problem, Severity, TextSpan};
pub use resolve::{Reading, Resolution, read_text, resolve, resolve_within};
pub use schema::json_schema;
pub use time::{CalendarPeriod, Moment, Span, Unit, Weekday};
pub use unresolve::{References, references, unresolve};
