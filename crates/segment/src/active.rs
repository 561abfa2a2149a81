//! In how many periods, or on how many days, a profile was active, and what changed from one period to the next.
//!
//! **Cost** of one answer about periods: two searches in the timeline for each, and two more for each that changes
//! while the next change is looked for.

mod days;

#[cfg(test)]
mod tests;

use segops_model::{Instant, SignalId};
use segops_rules::{ActiveCondition, CountTest, Resolved, Window};

use crate::count_range::CountRange;
use crate::evaluate::{CountTally, Outcome, ProfileView, next_possible_change};
use crate::program::CountNode;
use crate::{Calendar, Keep, SignalRegistry, Timeline, WindowBounds};
pub(crate) use days::CarriedDays;
use days::DaysNode;

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
            ActiveCondition::Days(leaf) => Over::Days(DaysNode::compile(leaf, calendar)),
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

    pub(crate) fn outcome(&self, view: &impl ProfileView, now: Instant) -> Outcome {
        match &self.over {
            Over::Days(days) => days.outcome(self.signal, view, now),
            Over::Periods(periods, pattern) => {
                let none = Timeline::new();
                let timeline = view.timeline(self.signal).unwrap_or(&none);
                outcome_of_periods(periods, pattern, timeline, now, view.changes_looked_over())
            }
        }
    }
}

/// A period's answer, and the first instant at which it can be another.
struct Answer<'a> {
    period: &'a CountNode,
    is_active: bool,
    next: Option<Instant>,
}

impl<'a> Answer<'a> {
    /// Of every period. Where one begins the one before it ends, which is looked up once.
    fn of_all(periods: &'a [CountNode], timeline: &Timeline, now: Instant) -> Vec<Self> {
        let mut edge: Option<(Instant, usize)> = None;
        let answer = |period: &'a CountNode| {
            let (after, until) = period.window.bounds(now);
            let known = edge.filter(|(at, _)| *at == until).map(|(_, passed)| passed);
            let come = known.unwrap_or_else(|| timeline.count_until(until));
            let gone = timeline.count_until(after);
            edge = Some((after, gone));
            Self::with(period, timeline, CountTally::between(gone, come))
        };
        periods.iter().map(answer).collect()
    }

    fn of(period: &'a CountNode, timeline: &Timeline, now: Instant) -> Self {
        Self::with(period, timeline, CountTally::of(&period.window, timeline, now))
    }

    fn with(period: &'a CountNode, timeline: &Timeline, tally: CountTally) -> Self {
        let next = next_possible_change(period.range, &period.window, timeline, tally);
        Self { period, is_active: period.range.holds(tally.count), next }
    }
}

impl Pattern {
    /// Whether more events leave the answer as it is: of periods that only become active by them.
    fn is_unmoved(&self, answers: &[Answer<'_>]) -> bool {
        let Self::HowMany(range) = self else { return false };
        let active = answers.iter().filter(|answer| answer.is_active).count();
        answers.iter().all(|answer| answer.period.range.has_no_end())
            && range.is_unmoved_by_rise(active as u64)
    }

    fn holds(&self, answers: &[Answer<'_>]) -> bool {
        let mut active = answers.iter().map(|answer| answer.is_active);
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
    skips: usize,
) -> Outcome {
    let mut answers = Answer::of_all(periods, timeline, now);
    let holds = pattern.holds(&answers);
    if timeline.is_empty() {
        return Outcome::settled(holds);
    }
    let is_unmoved = pattern.is_unmoved(&answers);
    let until = |next_change| Outcome::until(holds, next_change).unmoved(is_unmoved);
    let first = |answers: &[Answer<'_>]| answers.iter().filter_map(|answer| answer.next).min();
    for _ in 0..skips {
        let Some(next) = first(&answers) else { return until(None) };
        // The others cannot have changed yet.
        for answer in answers.iter_mut().filter(|answer| answer.next == Some(next)) {
            *answer = Answer::of(answer.period, timeline, next);
        }
        if pattern.holds(&answers) != holds {
            return until(Some(next));
        }
    }
    until(first(&answers))
}
