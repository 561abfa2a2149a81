//! The functions that are always there: plain arithmetic over a profile's orders, and no prediction.

use segops_model::{DAY_MS, Decimal, Instant};
use segops_rules::{EventFilter, Resolved, ScoreKind, Subject};

use super::{ScoreFunction, ScoreInput, ScoreValue};
use crate::cadence::habit;
use crate::{Keep, Timeline};

/// Orders that there must be before there is a usual gap between them.
const ORDERS_MIN: u32 = 3;

fn orders() -> ScoreInput {
    let filter: EventFilter<Resolved> =
        EventFilter { subject: Subject::Orders, name: None, predicate: None, sources: Vec::new() };
    ScoreInput { filter, capture: None, keep: Keep::All }
}

/// `days_since_last_order`: the time since the newest order, in days of 24 hours, cut off after nine digits;
/// none before the first order.
#[derive(Debug)]
pub(super) struct DaysSinceLastOrder;

impl ScoreFunction for DaysSinceLastOrder {
    fn name(&self) -> &str {
        "days_since_last_order"
    }

    fn kind(&self) -> ScoreKind {
        ScoreKind::Number
    }

    fn inputs(&self) -> Vec<ScoreInput> {
        vec![orders()]
    }

    fn value(&self, inputs: &[Option<&Timeline>], now: Instant) -> Option<ScoreValue> {
        let newest = inputs.first().copied().flatten()?.nth_newest_until(now, 1)?;
        let age_ms = i128::from(now.as_ms()) - i128::from(newest.ts.as_ms());
        let billionths = age_ms * Decimal::ONE.billionths() / i128::from(DAY_MS);
        Some(ScoreValue::Number(Decimal::from_billionths(billionths)))
    }

    fn turns_at(&self, _: &[Option<&Timeline>], _: Instant) -> Option<Instant> {
        None
    }
}

/// `usual_next_order`: the newest order and, after it, the profile's own median gap between orders, cut off at
/// the millisecond; none before the third order. It is what `overdue by 1 times the usual gap` waits for.
#[derive(Debug)]
pub(super) struct UsualNextOrder;

impl ScoreFunction for UsualNextOrder {
    fn name(&self) -> &str {
        "usual_next_order"
    }

    fn kind(&self) -> ScoreKind {
        ScoreKind::Date
    }

    fn inputs(&self) -> Vec<ScoreInput> {
        vec![orders()]
    }

    fn value(&self, inputs: &[Option<&Timeline>], now: Instant) -> Option<ScoreValue> {
        let habit = habit(inputs.first().copied().flatten()?, now, ORDERS_MIN)?;
        let at = i128::from(habit.newest.ts.as_ms()) + habit.two_gaps_ms / 2;
        i64::try_from(at).ok().map(|ms| ScoreValue::Date(Instant::from_ms(ms)))
    }

    fn turns_at(&self, _: &[Option<&Timeline>], _: Instant) -> Option<Instant> {
        None
    }
}
