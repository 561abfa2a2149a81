//! The rule language: what a segment's rule can say, its text and JSON forms, and the checks that turn
//! what a person wrote into what can be evaluated.
//!
//! This crate knows nothing of profiles, timelines or evaluation; it knows names, not data.

mod ast;
mod time;

pub use ast::{
    Base, Condition, CountTest, EventCondition, EventFilter, ItemTest, Named, Predicate, PropertyTest,
    RULE_FORMAT, Resolved, Rule, Scalar, SegmentCondition, Stage, Test, TraitCondition, Window,
};
pub use time::{CalendarPeriod, Moment, Span, Unit, Weekday};
