//! On how many different local days, or weeks, months, the entries in a window lie.
//!
//! **Cost** of one answer: two searches in the timeline for each day, of the newest as many as make a difference to
//! the test. Of a long timeline the days are carried from one answer to the next, which then costs two searches for
//! the window's edges, and two for each day that has come since.

use std::collections::VecDeque;

use segops_model::{Instant, SignalId};
use segops_rules::{ActiveDays, Resolved};

use crate::calendar::Period;
use crate::carried::Shelf;
use crate::count_range::CountRange;
use crate::evaluate::{Outcome, ProfileView};
use crate::timeline::{Late, Lineage};
use crate::{Calendar, Timeline, ValueEntry, WindowBounds};

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DaysNode {
    range: CountRange,
    pub(crate) window: WindowBounds,
    period: Period,
    calendar: Calendar,
}

/// The newest days of a window, as many as were asked for.
#[derive(Debug, Clone, Default)]
struct Days {
    /// When the last entry of each happened, the oldest first.
    last: VecDeque<Instant>,
    /// When the day after the newest of them starts; none at the end of time.
    next_start: Option<Instant>,
    /// The index behind the newest entry in the window.
    end: usize,
}

/// The days at one instant, for a later one to go on from.
#[derive(Debug)]
pub(crate) struct CarriedDays {
    node: DaysNode,
    lineage: Lineage,
    at: Instant,
    /// Its `end` counted from where the lineage began.
    days: Days,
}

impl DaysNode {
    pub(super) fn compile(leaf: &ActiveDays<Resolved>, calendar: &Calendar) -> Self {
        Self {
            range: CountRange::new(leaf.count),
            window: WindowBounds::new(&leaf.window, calendar),
            period: Period::of_unit(leaf.unit, calendar),
            calendar: calendar.clone(),
        }
    }

    pub(super) fn outcome(&self, signal: SignalId, view: &impl ProfileView, now: Instant) -> Outcome {
        let none = Timeline::new();
        let timeline = view.timeline(signal).unwrap_or(&none);
        let carried = view.carried().filter(|carried| carried.is_worth_it(timeline.len()));
        let mut days = match carried.map(|carried| &carried.days) {
            Some(shelf) => self.carried_days((view.profile(), signal), shelf, timeline, now),
            None => self.days(timeline, now, self.most()),
        };
        let holds = self.range.holds(days.count());
        let is_unmoved = self.range.is_unmoved_by_rise(days.count());
        let until = |next_change| Outcome::until(holds, next_change).unmoved(is_unmoved);
        for _ in 0..view.changes_looked_over() {
            let Some(next) = self.next_possible_change(timeline, &days) else { return until(None) };
            self.move_to(&mut days, timeline, next);
            if self.range.holds(days.count()) != holds {
                return until(Some(next));
            }
        }
        until(self.next_possible_change(timeline, &days))
    }

    /// On how many different days the entries in the window lie.
    pub(crate) fn count(&self, timeline: &Timeline, now: Instant) -> u64 {
        self.days(timeline, now, usize::MAX).count()
    }

    /// How many of the newest days decide.
    fn most(&self) -> usize {
        usize::try_from(self.range.newest_needed()).unwrap_or(usize::MAX)
    }

    /// The days, from those of the answer before where that was on the same way; and leaves them for the next.
    fn carried_days(
        &self,
        key: crate::carried::Key,
        shelf: &Shelf<CarriedDays>,
        timeline: &Timeline,
        now: Instant,
    ) -> Days {
        let Some((lineage, origin)) = timeline.lineage() else {
            return self.days(timeline, now, self.most());
        };
        let before = shelf.take(key, |carried| carried.node == *self);
        // A question about the past is no step on the way.
        if before.as_ref().is_some_and(|before| before.at > now) {
            before.into_iter().for_each(|before| put(shelf, key, before));
            return self.days(timeline, now, self.most());
        }
        let (node, before) = match before {
            Some(CarriedDays { node, lineage, at, days }) => {
                let late = timeline.late_since(lineage);
                (node, late.and_then(|late| self.with_late(days, at, &late)))
            }
            None => (self.clone(), None),
        };
        let days = match before {
            Some(mut days) => {
                days.end = days.end.saturating_sub(origin);
                let oldest = timeline.oldest().map_or(Instant::MIN, |oldest| oldest.ts);
                days.let_go(|last| last < oldest);
                self.move_to(&mut days, timeline, now);
                days
            }
            None => self.days(timeline, now, self.most()),
        };
        let kept = Days { end: days.end + origin, ..days.clone() };
        put(shelf, key, CarriedDays { node, lineage, at: now, days: kept });
        days
    }

    /// The days with what came late, if it came on the newest of them, or too late for the window.
    fn with_late(&self, mut days: Days, at: Instant, late: &[Late<ValueEntry>]) -> Option<Days> {
        let after = self.window.bounds(at).0;
        for Late { index, item } in late {
            if *index >= days.end {
                continue;
            }
            days.end += 1;
            let ts = item.entry.ts;
            if ts <= after {
                continue;
            }
            let newest = days.last.back_mut()?;
            if self.start(ts, 1) != days.next_start {
                return None;
            }
            *newest = ts.max(*newest);
        }
        Some(days)
    }

    fn days(&self, timeline: &Timeline, now: Instant, most: usize) -> Days {
        let (after, until) = self.window.bounds(now);
        let (start, end) = (timeline.count_until(after), timeline.count_until(until));
        let mut days = Days { last: VecDeque::new(), next_start: None, end };
        let mut unseen = end;
        while unseen > start && days.last.len() < most {
            let Some(entry) = timeline.get(unseen - 1) else { break };
            days.last.push_front(entry.ts);
            let first = self.start(entry.ts, 0);
            unseen = first.map_or(start, |first| timeline.count_until(first.plus_ms(-1)).min(unseen - 1));
        }
        days.next_start = days.last.back().and_then(|newest| self.start(*newest, 1));
        days
    }

    /// Moves on to a later instant.
    fn move_to(&self, days: &mut Days, timeline: &Timeline, now: Instant) {
        let (after, until) = self.window.bounds(now);
        days.let_go(|last| last <= after);
        let end = timeline.count_until(until);
        let mut unseen = days.end;
        if timeline.get(unseen).is_some_and(|entry| entry.ts <= after) {
            unseen = timeline.count_until(after);
        }
        while let Some(entry) = timeline.get(unseen).filter(|_| unseen < end) {
            let is_of_newest = !days.last.is_empty() && days.next_start.is_none_or(|start| entry.ts < start);
            if !is_of_newest {
                days.last.push_back(entry.ts);
                days.next_start = self.start(entry.ts, 1);
            }
            let next = days.next_start.map_or(end, |start| timeline.count_until(start.plus_ms(-1)).min(end));
            unseen = next.max(unseen + 1);
            if let (Some(last), Some(newest)) = (days.last.back_mut(), timeline.get(unseen - 1)) {
                *last = newest.ts;
            }
            if days.last.len() > self.most() {
                days.last.pop_front();
            }
        }
        days.end = days.end.max(end);
    }

    /// The first instant by which a day is gone that counts, or one more has come.
    fn next_possible_change(&self, timeline: &Timeline, days: &Days) -> Option<Instant> {
        let goes = days.last.front().and_then(|oldest| self.window.leaves_at(*oldest));
        let next_day = if days.last.is_empty() {
            Some(days.end)
        } else {
            days.next_start.map(|start| timeline.count_until(start.plus_ms(-1)).max(days.end))
        };
        let comes = next_day.and_then(|index| self.window.reached_by_until(timeline.get(index)?.ts));
        [goes, comes].into_iter().flatten().min()
    }

    /// When the day starts that is so many after that of an instant.
    fn start(&self, ts: Instant, count: i64) -> Option<Instant> {
        self.period.start(&self.calendar.zone, ts, count)
    }
}

impl Days {
    fn count(&self) -> u64 {
        self.last.len() as u64
    }

    /// Lets the oldest days go, those whose last entry is too old.
    fn let_go(&mut self, is_too_old: impl Fn(Instant) -> bool) {
        while self.last.front().is_some_and(|last| is_too_old(*last)) {
            self.last.pop_front();
        }
    }
}

fn put(shelf: &Shelf<CarriedDays>, key: crate::carried::Key, carried: CarriedDays) {
    let values = carried.days.last.len();
    shelf.put(key, carried, values, |one, other| one.node == other.node);
}
