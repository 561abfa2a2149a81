//! Scores: what is computed of the orders and of now, and what comes in from elsewhere.

use proptest::prelude::*;
use proptest::sample::select;

/// Numbers come in under this name.
pub(super) const NUMBERS: &str = "propensity";
/// And dates under this one.
pub(super) const DATES: &str = "next_visit";

const SCORES: &[&str] = &[
    "score days_since_last_order < 2",
    "score days_since_last_order >= 1.5",
    "score days_since_last_order between 0.5 and 3",
    "score days_since_last_order exists",
    "score days_since_last_order > 20",
    "score usual_next_order exists",
    "score usual_next_order in next 3 days",
    "score usual_next_order in the past",
    "score usual_next_order in next 1 month",
    "score propensity >= 0.5",
    "score propensity < 0.4",
    "score propensity = 0.3",
    "score propensity between 0.2 and 0.7",
    "score propensity does not exist",
    "score propensity != 0.6",
    "score next_visit in next 2 days",
    "score next_visit in last 36 hours",
    "score next_visit today",
    "score next_visit in the future",
    "not score next_visit at least 1 day ago",
    "top 50% by score propensity",
    "score propensity in bottom 34%",
    "bottom 60% by score days_since_last_order",
    "score days_since_last_order in top 50%",
];

pub(super) fn scores() -> BoxedStrategy<String> {
    select(SCORES).prop_map(str::to_owned).boxed()
}
