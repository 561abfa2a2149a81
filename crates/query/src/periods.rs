//! The calendar's periods that results are laid out in.

use jiff::tz::TimeZone;
use segops_model::{Instant, instant_of_local};
use segops_segment::{Calendar, Period};
use serde::{Deserialize, Serialize};

use crate::check::Range;

/// How long one period is, in the workspace's time zone and with its week start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interval {
    #[default]
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

/// One period: from its start on, before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    pub start: Instant,
    pub end: Instant,
    /// Whether the whole of it lies within what was asked for, and is over.
    pub complete: bool,
}

/// Periods back to back.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Periods {
    /// Where each starts, and at last where the last ends.
    edges: Vec<Instant>,
    range: Range,
}

impl Interval {
    pub(crate) const fn period(self, calendar: &Calendar) -> Period {
        match self {
            Self::Day => Period::Day,
            Self::Week => Period::Week(calendar.week_start),
            Self::Month => Period::Month,
            Self::Quarter => Period::Quarter,
            Self::Year => Period::Year,
        }
    }

    /// The period that holds an instant, and those after it, up to a limit.
    pub(crate) fn periods(self, calendar: &Calendar, range: Range, max: usize) -> Option<Periods> {
        let period = self.period(calendar);
        let mut edges = Vec::new();
        let mut at = 0;
        loop {
            let edge = period.start(&calendar.zone, range.from, at)?;
            edges.push(edge);
            if edge >= range.until {
                break;
            }
            if edges.len() > max {
                return None;
            }
            at += 1;
        }
        if edges.len() < 2 {
            edges.push(period.start(&calendar.zone, range.from, 1)?);
        }
        Some(Periods { edges, range })
    }

    /// An instant so many periods earlier, by the clock on the wall.
    pub(crate) fn earlier(self, instant: Instant, count: i64, zone: &TimeZone) -> Option<Instant> {
        let (days, months) = match self {
            Self::Day => (count, 0),
            Self::Week => (count.checked_mul(7)?, 0),
            Self::Month => (0, count),
            Self::Quarter => (0, count.checked_mul(3)?),
            Self::Year => (0, count.checked_mul(12)?),
        };
        earlier_by(instant, days, months, zone)
    }

    /// An instant a year earlier: 12 months, and for weeks 52 of them, so that weekdays fall on weekdays.
    pub(crate) fn year_earlier(self, instant: Instant, zone: &TimeZone) -> Option<Instant> {
        match self {
            Self::Week => earlier_by(instant, 364, 0, zone),
            _ => earlier_by(instant, 0, 12, zone),
        }
    }
}

fn earlier_by(instant: Instant, days: i64, months: i64, zone: &TimeZone) -> Option<Instant> {
    let local = zone.to_datetime(instant.to_jiff());
    let span = jiff::Span::new().try_days(days).ok()?.try_months(months).ok()?;
    instant_of_local(local.checked_sub(span).ok()?, zone)
}

impl Periods {
    pub(crate) fn len(&self) -> usize {
        self.edges.len() - 1
    }

    pub(crate) const fn range(&self) -> Range {
        self.range
    }

    /// The number of the period that holds an instant of the range.
    pub(crate) fn find(&self, ts: Instant) -> Option<usize> {
        if !self.range.holds(ts) {
            return None;
        }
        self.number_of(ts)
    }

    /// The number of the period that holds an instant, whether the range does or not.
    pub(crate) fn number_of(&self, ts: Instant) -> Option<usize> {
        let number = self.edges.partition_point(|edge| *edge <= ts).checked_sub(1)?;
        (number < self.len()).then_some(number)
    }

    /// The instants of a period that the range holds.
    pub(crate) fn clipped(&self, number: usize) -> Option<Range> {
        let (start, end) = (*self.edges.get(number)?, *self.edges.get(number + 1)?);
        Some(Range { from: start.max(self.range.from), until: end.min(self.range.until) })
    }

    pub(crate) fn buckets(&self) -> Vec<Bucket> {
        let pairs = self.edges.iter().zip(self.edges.iter().skip(1));
        pairs
            .map(|(start, end)| {
                let complete = *start >= self.range.from && *end <= self.range.until;
                Bucket { start: *start, end: *end, complete }
            })
            .collect()
    }

    /// The same periods moved.
    pub(crate) fn moved(&self, earlier: impl Fn(Instant) -> Option<Instant>) -> Option<Self> {
        let edges = self.edges.iter().map(|edge| earlier(*edge)).collect::<Option<Vec<_>>>()?;
        let range = Range { from: earlier(self.range.from)?, until: earlier(self.range.until)? };
        Some(Self { edges, range })
    }
}
