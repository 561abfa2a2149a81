//! The time since the newest event, against the profile's own usual gap between such events.
//!
//! **Cost** of one answer: one pass over the gaps between the newest 10,000 events.

use segops_model::{Decimal, Instant, SignalId};
use segops_rules::{CadenceCondition, CadenceTest, Resolved};

use crate::evaluate::{Outcome, ProfileView};
use crate::{Calendar, Entry, Keep, SignalRegistry, Timeline};

/// Events between which gaps are looked at: the newest of the profile and the filter, by (ts, position).
pub const CADENCE_EVENTS_MAX: u32 = 10_000;

/// A comparison with a usual gap, compiled.
#[derive(Debug, Clone)]
pub(crate) struct CadenceNode {
    pub(crate) signal: SignalId,
    test: CadenceTest,
    events_min: u32,
}

/// What is known of a profile's habit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Habit {
    pub(crate) newest: Entry,
    /// Twice the median gap: the sum of the two in the middle, or of the one with itself.
    pub(crate) two_gaps_ms: i128,
}

impl CadenceNode {
    /// Compiles a condition that has been checked; its signal is interned once more.
    pub(crate) fn compile(
        leaf: &CadenceCondition<Resolved>,
        registry: &mut SignalRegistry,
        calendar: &Calendar,
    ) -> Self {
        let signal = registry.intern(&leaf.event, &calendar.zone);
        Self { signal, test: leaf.test, events_min: leaf.events_min }
    }

    #[expect(clippy::unused_self, reason = "as the other conditions say what they need")]
    pub(crate) const fn keep(&self) -> Keep {
        Keep::Newest(CADENCE_EVENTS_MAX)
    }

    pub(crate) fn outcome(&self, view: &impl ProfileView, now: Instant) -> Outcome {
        const NEVER: Outcome = Outcome { holds: false, next_change: None };
        let Some(timeline) = view.timeline(self.signal) else { return NEVER };
        let Some(habit) = self.habit(timeline, now) else { return NEVER };
        let crossing = habit.crossing(self.test);
        let is_past = crossing.is_some_and(|crossing| crossing <= now);
        let holds = match self.test {
            CadenceTest::MoreThan(_) | CadenceTest::AtLeast(_) => is_past,
            CadenceTest::LessThan(_) | CadenceTest::AtMost(_) => !is_past,
        };
        Outcome { holds, next_change: crossing.filter(|_| !is_past) }
    }

    /// The habit by an instant, if there are events enough to have one.
    pub(crate) fn habit(&self, timeline: &Timeline, now: Instant) -> Option<Habit> {
        habit(timeline, now, self.events_min)
    }
}

/// What gaps lie between the newest events up to an instant, of which there must be so many.
pub(crate) fn habit(timeline: &Timeline, now: Instant, events_min: u32) -> Option<Habit> {
        let end = timeline.count_until(now);
        let count = end.min(CADENCE_EVENTS_MAX as usize);
        if count < (events_min as usize).max(2) {
            return None;
        }
        let entries: Vec<Entry> = (end - count..end).filter_map(|index| timeline.get(index)).collect();
        let newest = *entries.last()?;
        let mut gaps: Vec<i64> = entries
            .iter()
            .zip(entries.iter().skip(1))
            .map(|(older, newer)| newer.ts.ms_since(older.ts))
            .collect();
        let upper = gaps.len() / 2;
        let (below, middle, _) = gaps.select_nth_unstable(upper);
        let middle = i128::from(*middle);
        // Of an even number of gaps two are in the middle.
        let lower = if count.is_multiple_of(2) { middle } else { i128::from(*below.iter().max()?) };
        Some(Habit { newest, two_gaps_ms: lower + middle })
}

impl Habit {
    /// The first instant at which the time since the newest event is more than so many gaps, or for the tests
    /// that include equality, at least so many; `None` where no instant is so late.
    fn crossing(&self, test: CadenceTest) -> Option<Instant> {
        /// Both sides of the comparison are this many times milliseconds: two gaps, and billionths.
        const SCALE: i128 = 2 * Decimal::ONE.billionths();
        let is_beyond = matches!(test, CadenceTest::MoreThan(_) | CadenceTest::AtMost(_));
        // A product beyond 128 bits is later than every instant, as the greatest number is.
        let product = test.factor().billionths().saturating_mul(self.two_gaps_ms);
        let (whole, rest) = (product.div_euclid(SCALE), product.rem_euclid(SCALE));
        let ms = whole + i128::from(is_beyond || rest > 0);
        let at = i128::from(self.newest.ts.as_ms()).checked_add(ms)?;
        i64::try_from(at).ok().map(Instant::from_ms).filter(|at| *at <= Instant::MAX)
    }
}

#[cfg(test)]
mod tests {
    use segops_model::Decimal;
    use segops_rules::{CadenceTest, EventFilter};

    use super::*;
    use crate::sample::entry;

    const DAY: i64 = 86_400_000;

    fn node(test: CadenceTest, events_min: u32) -> CadenceNode {
        let leaf = CadenceCondition {
            event: EventFilter {
                subject: segops_rules::Subject::Events,
                name: Some("Order Completed".to_owned()),
                predicate: None,
                sources: Vec::new(),
            },
            test,
            events_min,
        };
        let calendar =
            Calendar { zone: crate::sample::zone("UTC"), week_start: segops_rules::Weekday::Monday };
        CadenceNode::compile(&leaf, &mut SignalRegistry::new(), &calendar)
    }

    fn outcome(node: &CadenceNode, times: &[i64], now: i64) -> Outcome {
        let timeline = times.iter().enumerate().map(|(at, ms)| entry(*ms, at as u64)).collect();
        let mut profile = crate::sample::Profile::default();
        profile.timelines.insert(node.signal, timeline);
        node.outcome(&profile, Instant::from_ms(now))
    }

    fn times(text: &str) -> Decimal {
        Decimal::parse(text).expect("a number")
    }

    #[test]
    fn overdue_starts_one_millisecond_after_the_last_moment() {
        let node = node(CadenceTest::MoreThan(times("1.5")), 3);
        // Gaps of 10, 20 and 60 days: the median is 20, and 30 days after the last event is not yet more.
        let days = [0, 10 * DAY, 30 * DAY, 90 * DAY];
        let late = Instant::from_ms(120 * DAY + 1);
        let before = outcome(&node, &days, 120 * DAY);
        assert_eq!(before, Outcome { holds: false, next_change: Some(late) });
        let at = outcome(&node, &days, 120 * DAY + 1);
        assert_eq!(at, Outcome { holds: true, next_change: None });
    }

    #[test]
    fn of_two_gaps_in_the_middle_the_half_of_both_counts_exactly() {
        // Gaps of 1 and 2 ms: the median is 1.5, a third of it half a millisecond.
        let node = node(CadenceTest::AtLeast(times("0.333333333")), 3);
        let soon = outcome(&node, &[0, 1, 3], 3);
        assert_eq!(soon, Outcome { holds: false, next_change: Some(Instant::from_ms(4)) });
    }

    #[test]
    fn too_few_events_have_no_usual_gap() {
        for test in [CadenceTest::MoreThan(Decimal::ONE), CadenceTest::LessThan(Decimal::ONE)] {
            let settled = Outcome { holds: false, next_change: None };
            assert_eq!(outcome(&node(test, 3), &[0, DAY], 9 * DAY), settled);
        }
        assert!(outcome(&node(CadenceTest::MoreThan(Decimal::ONE), 2), &[0, DAY], 9 * DAY).holds);
    }

    #[test]
    fn a_factor_too_large_for_any_instant_is_never_passed() {
        let node = node(CadenceTest::MoreThan(times("99999999999999999999")), 2);
        let never = outcome(&node, &[0, i64::from(u32::MAX) * 1000], i64::from(u32::MAX) * 2000);
        assert_eq!(never, Outcome { holds: false, next_change: None });
    }
}
