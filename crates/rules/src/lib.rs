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
#[cfg(any(test, feature = "arbitrary"))]
pub mod made_up;
#[cfg(test)]
mod tests;

pub use ast::{
    ActiveCondition, ActiveDays, ActivePeriods, ActivityChange, Aggregate, AggregateCondition,
    AggregateFunction, AggregateMultiple, AggregateOperand, AggregateTest, Base, CadenceCondition,
    CadenceTest, ChosenValue, Circle, ComputedCondition, ComputedDefinition, ComputedReference, Condition,
    CountMeasure, CountTest, CountryTest, DERIVED_INPUTS_MAX, DERIVED_VALUES_MAX, DatePeriod, DateTest,
    DateWindow, DerivedDefinition, DerivedReference, DistanceUnit, EventCondition, EventFilter,
    FORMULA_PARTS_MAX, Formula, HeldFor, HistoryTest, ItemTest, LINE_FIELDS, ListCondition, Measure,
    MonthDay, Named, NothingYet, ORDER_EVENT, ORDER_FIELDS, ORDER_STATUSES, Occurrence, OccurrenceCondition,
    Operands, PastTime, PeriodGrid, PeriodRun, PlaceTest, Predicate, PropertyTest, RULE_FORMAT, Rank,
    RankingCondition, RankingEnd, ReachCondition, ReachTest, RenamedDefinition, RenamedValue, Resolved,
    ResultCondition, Rule, SESSION_FIELDS, SampleCondition, Scalar, ScoreCondition, ScoreKind, ScoreTest,
    SegmentCondition, SequenceCondition, SequenceStep, SessionDefinition, SessionStands, Side, Stage,
    StateTest, Subject, TOUCH_FIELDS, TenureCondition, TenureTest, Test, TouchChoice, TouchDefinition,
    TraitCondition, TraitDateCondition, TraitHistoryCondition, TransitionCondition, ValueChoice, Window,
    WithinCondition, computed_trait_ids, computed_traits, computed_with_derived, derived_events,
    derived_of_computed, is_order_money, same_in_line_items, with_definition, with_derived,
};
pub use check::{check, compile_pattern};
pub use countries::country_code;
pub use format::{format, format_lines};
pub use json::{from_json, from_json_value, to_json};
pub use named::{NamedReferences, named_references};
pub use names::{Labels, Names};
pub use nearest::nearest;
pub use normal::normal_form;
pub use parse::{locate, parse, parse_definition, parse_derived, parse_within};
pub use problem::{Code, Problem, Severity, TextSpan};
pub use resolve::{
    Reading, Resolution, read_text, resolve, resolve_definition, resolve_derived, resolve_within,
};
pub use schema::json_schema;
pub use time::{CalendarPeriod, Moment, Span, Unit, Weekday};
pub use unresolve::{References, references, unresolve, unresolve_definition, unresolve_derived};
