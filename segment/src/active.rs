//! In how many periods, or on how many days, a profile was active, and what changed from one period to the next.
//!
//! **Cost** of one answer: two searches in the timeline for each period; for days two for each day, of the
//! newest as many as make a difference to the test.

#[cfg(test)]
mod tests;

use segops_model::{Instant, SignalId};
use segops_rules::{ActiveCondition, CountTest, Resolved, Window};

use crate::calendar::Period;
use crate::count_range::CountRange;
use crate::evaluate::{CountTally, Outcome, next_possible_change};
use crate::program::CountNode;
use crate::{Calendar, Keep, SignalRegistry, Timeline, WindowBounds};

/// How often the search for the instant at which a test changes its answer skips ahead. Past it, the instant
/// reached so far is given: too early, never too late.
const SKIPS_MAX: usize = 32;

#[derive(Debug, Clone)]
pub(crate) struct ActiveNode {
    pub(crate) signal: SignalId,
    pub(crate) over: Over,
}

#[derive(Debug, Clone)]
pub(crate) enum Over {
    /// Each with whether it had as many events as it takes, the newest first.
    Periods(Vec<CountNode>, Pattern),
    Days(DaysNode),
}

/// What is asked of which periods were active.
#[derive(Debug, Clone)]
pub(crate) enum Pattern {
    HowMany(CountRange),
    /// Not in the first, but in the second.
    Stopped,
    /// In the first, not in the second, but in the third, which is all the time before.
    Restarted,
}

/// How many different local days, or weeks, months, the entries in a window lie on.
#[derive(Debug, Clone)]
pub(crate) struct DaysNode {
    range: CountRange,
    pub(crate) window: WindowBounds,
    period: Period,
    calendar: Calendar,
}

impl ActiveNode {
    /// Compiles a condition that has been checked; its signal is interned once more.
    pub(crate) fn compile(
        leaf: &ActiveCondition<Resolved>,
        registry: &mut SignalRegistry,
        calendar: &Calendar,
    ) -> Self {
        let signal = registry.intern(leaf.event(), &calendar.zone);
        let count =
            |window, test| CountNode { signal, range: CountRange::new(test), window, is_of_orders: false };
        let three = |window: &Window| {
            let windows = WindowBounds::with_those_before(window, calendar);
            windows.into_iter().map(|window| count(window, CountTest::AtLeast(1))).collect()
        };
        let over = match leaf {
            ActiveCondition::Periods(leaf) => {
                let windows = WindowBounds::back_to_back(leaf.among, calendar);
                let each = windows.into_iter().map(|window| count(window, leaf.each)).collect();
                Over::Periods(each, Pattern::HowMany(CountRange::new(leaf.periods)))
            }
            ActiveCondition::Stopped(leaf) => Over::Periods(three(&leaf.period), Pattern::Stopped),
            ActiveCondition::Restarted(leaf) => Over::Periods(three(&leaf.period), Pattern::Restarted),
            ActiveCondition::Days(leaf) => Over::Days(DaysNode {
                range: CountRange::new(leaf.count),
                window: WindowBounds::new(&leaf.window, calendar),
                period: Period::of_unit(leaf.unit, calendar),
                calendar: calendar.clone(),
            }),
        };
        Self { signal, over }
    }

    /// Of someone who has stopped, the newest event lies in the period before; all else is decided by how the
    /// events lie across periods.
    pub(crate) fn keep(&self) -> Keep {
        match &self.over {
            Over::Periods(periods, Pattern::Stopped)
                if periods.first().is_some_and(|period| period.window.ends_now()) =>
            {
                Keep::Newest(1)
            }
            _ => Keep::All,
        }
    }

    pub(crate) fn outcome(&self, timeline: Option<&Timeline>, now: Instant) -> Outcome {
        let none = Timeline::new();
        let timeline = timeline.unwrap_or(&none);
        match &self.over {
            Over::Days(days) => days.outcome(timeline, now),
            Over::Periods(periods, pattern) => outcome_of_periods(periods, pattern, timeline, now),
        }
    }
}

impl Pattern {
    fn holds(&self, periods: &[CountNode], tallies: &[CountTally]) -> bool {
        let mut active = periods.iter().zip(tallies).map(|(period, tally)| period.range.holds(tally.count));
        match self {
            Self::HowMany(range) => range.holds(active.filter(|is_active| *is_active).count() as u64),
            Self::Stopped => (active.next(), active.next()) == (Some(false), Some(true)),
            Self::Restarted => {
                (active.next(), active.next(), active.next()) == (Some(true), Some(false), Some(true))
            }
        }
    }
}

/// From one instant at which any period can change its own answer to the next.
fn outcome_of_periods(
    periods: &[CountNode],
    pattern: &Pattern,
    timeline: &Timeline,
    now: Instant,
) -> Outcome {
    let tallies_at = |now| -> Vec<CountTally> {
        periods.iter().map(|period| CountTally::of(&period.window, timeline, now)).collect()
    };
    let next_of = |tallies: &[CountTally]| {
        let each = periods.iter().zip(tallies);
        each.filter_map(|(period, tally)| {
            next_possible_change(period.range, &period.window, timeline, *tally)
        })
        .min()
    };
    let mut tallies = tallies_at(now);
    let holds = pattern.holds(periods, &tallies);
    if timeline.is_empty() {
        return Outcome { holds, next_change: None };
    }
    for _ in 0..SKIPS_MAX {
        let Some(next) = next_of(&tallies) else { return Outcome { holds, next_change: None } };
        tallies = tallies_at(next);
        if pattern.holds(periods, &tallies) != holds {
            return Outcome { holds, next_change: Some(next) };
        }
    }
    Outcome { holds, next_change: next_of(&tallies) }
}

/// The newest days of a window, as many as were asked for.
struct Days {
    count: u64,
    /// The last entry of the oldest of them.
    oldest: Option<usize>,
    /// The index behind the newest entry in the window.
    end: usize,
    is_empty: bool,
}

impl DaysNode {
    fn outcome(&self, timeline: &Timeline, now: Instant) -> Outcome {
        let most = self.range.newest_needed();
        let mut days = self.days(timeline, now, most);
        let holds = self.range.holds(days.count);
        for _ in 0..SKIPS_MAX {
            let Some(next) = self.next_possible_change(timeline, &days) else {
                return Outcome { holds, next_change: None };
            };
            days = self.days(timeline, next, most);
            if self.range.holds(days.count) != holds {
                return Outcome { holds, next_change: Some(next) };
            }
        }
        Outcome { holds, next_change: self.next_possible_change(timeline, &days) }
    }

    /// On how many different days the entries in the window lie.
    pub(crate) fn count(&self, timeline: &Timeline, now: Instant) -> u64 {
        self.days(timeline, now, u64::MAX).count
    }

    fn days(&self, timeline: &Timeline, now: Instant, most: u64) -> Days {
        let (after, until) = self.window.bounds(now);
        let (start, end) = (timeline.count_until(after), timeline.count_until(until));
        let mut days = Days { count: 0, oldest: None, end, is_empty: start >= end };
        let mut unseen = end;
        while unseen > start && days.count < most {
            let Some(entry) = timeline.get(unseen - 1) else { break };
            days.count += 1;
            days.oldest = Some(unseen - 1);
            let first = self.period.start(&self.calendar.zone, entry.ts, 0);
            unseen = first.map_or(start, |first| timeline.count_until(first.plus_ms(-1)).min(unseen - 1));
        }
        days
    }

    /// The first instant by which a day is gone that counts, or one more has come.
    fn next_possible_change(&self, timeline: &Timeline, days: &Days) -> Option<Instant> {
        let goes = days.oldest.and_then(|oldest| self.window.leaves_at(timeline.get(oldest)?.ts));
        let next_day = if days.is_empty {
            Some(days.end)
        } else {
            let newest = timeline.get(days.end.checked_sub(1)?)?;
            let next = self.period.start(&self.calendar.zone, newest.ts, 1);
            next.map(|next| timeline.count_until(next.plus_ms(-1)).max(days.end))
        };
        let comes = next_day.and_then(|index| self.window.reached_by_until(timeline.get(index)?.ts));
        [goes, comes].into_iter().flatten().min()
    }
}
