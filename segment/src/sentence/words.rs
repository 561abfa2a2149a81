//! Dates, numbers, events and values in plain words.

mod event;
mod number;
mod test;
mod time;

use jiff::tz::TimeZone;

use segops_model::{Decimal, Instant, Path};

pub(super) use event::{Events, predicate_text};
pub(super) use number::{Need, counted, grouped_decimal as decimal_text, often};
pub(super) use test::{name_of, need_of, value_text};
pub(super) use time::{counted_span, moment_text, unit_text, window_text};

use super::Speech;

/// What words depend on: the time zone, the instant that counts as now, the currency.
#[derive(Debug)]
pub(super) struct Words<'a> {
    speech: &'a Speech,
    now: Instant,
}

impl<'a> Words<'a> {
    pub(super) const fn new(speech: &'a Speech, now: Instant) -> Self {
        Self { speech, now }
    }

    pub(super) const fn zone(&self) -> &TimeZone {
        &self.speech.zone
    }

    pub(super) const fn now(&self) -> Instant {
        self.now
    }

    /// A number that a property holds: money with its currency, where both are known.
    pub(super) fn amount(&self, property: &Path, number: Decimal) -> String {
        match &self.speech.currency {
            Some(currency) if number::is_money(property) => number::money(number, currency),
            _ => number::grouped_decimal(number),
        }
    }
}
