//! How far one profile comes, with one value of the property held constant.
//!
//! **Ordered.** For each step is kept the newest way that leads to it: the one whose events are the newest possible.
//! Nothing older can go farther, since a limit of time is the later passed the newer the events are that it counts
//! from, and what an exclusion ends it ends for all ways that wait for the same step. So one look at each event
//! finds how far a profile comes, exactly, whatever it did in between.
//!
//! **In any order.** For each step is kept its newest event. The steps whose newest events lie within the conversion
//! window before an event are those that were done within one window; the most there ever are is how far a
//! profile comes.

use segops_model::Instant;
use segops_segment::WindowBounds;

use super::StepOrder;
use crate::groups::Group;

/// Groups of the event that an attempt began with.
pub(super) type Groups = std::rc::Rc<[(String, Group)]>;

/// The limits of time, as windows that the earlier event must still be in.
#[derive(Debug)]
pub(super) struct Limits {
    pub(super) order: StepOrder,
    /// For each step, since the step before.
    pub(super) within: Vec<Option<WindowBounds>>,
    /// Since the first step.
    pub(super) whole: Option<WindowBounds>,
}

/// What is kept of one profile.
#[derive(Debug, Default)]
pub(super) struct Attempt {
    /// The steps that a way leads to: the bit of each is its number.
    led_to: u64,
    /// Of the way to each step the times of the steps up to it, each in a row of its own as long as all steps.
    times: Vec<Instant>,
    /// Of the way to each step the groups of its first event.
    groups: Vec<Option<Groups>>,
    newest: Vec<Option<(Instant, Groups)>>,
}

/// How far a profile came, on the way that came there first.
#[derive(Debug, Clone)]
pub(super) struct Reached {
    /// How many steps.
    pub(super) steps: usize,
    pub(super) times: Vec<Instant>,
    pub(super) groups: Groups,
}

/// An event, as the steps see it.
pub(super) struct Seen<'a> {
    pub(super) ts: Instant,
    /// The steps that it is: the bit of each is its number.
    pub(super) steps: u64,
    /// The steps after which it ends attempts that wait for the next.
    pub(super) ends_after: u64,
    pub(super) groups: &'a Groups,
}

fn holds(window: Option<&WindowBounds>, earlier: Instant, ts: Instant) -> bool {
    window.is_none_or(|window| window.bounds(ts).0 < earlier)
}

impl Attempt {
    /// Takes an event in; the events come in order. `best` is improved where the profile came farther than ever.
    pub(super) fn see(&mut self, seen: &Seen<'_>, limits: &Limits, best: &mut Option<Reached>) {
        match limits.order {
            StepOrder::Ordered => self.see_in_order(seen, limits, best),
            StepOrder::AnyOrder => self.see_in_any_order(seen, limits, best),
        }
    }

    fn see_in_order(&mut self, seen: &Seen<'_>, limits: &Limits, best: &mut Option<Reached>) {
        let steps = limits.within.len();
        self.times.resize(steps * steps, Instant::default());
        self.groups.resize(steps, None);
        let mut left = seen.steps | seen.ends_after;
        // From the last step on, so that no event serves two steps of one way.
        while left != 0 {
            let step = left.ilog2() as usize;
            let bit = 1 << step;
            left &= !bit;
            if seen.ends_after & bit != 0 {
                self.led_to &= !bit;
            }
            if seen.steps & bit == 0 || step >= steps || !self.leads_on(step, seen, limits) {
                continue;
            }
            let row = step * steps;
            let groups = match step.checked_sub(1) {
                None => Some(seen.groups.clone()),
                Some(before) => {
                    let way = before * steps..before * steps + step;
                    self.times.copy_within(way, row);
                    self.groups.get(before).cloned().flatten()
                }
            };
            let (Some(time), Some(place)) = (self.times.get_mut(row + step), self.groups.get_mut(step))
            else {
                continue;
            };
            (*time, *place) = (seen.ts, groups);
            self.led_to |= bit;
            if best.as_ref().is_none_or(|best| best.steps <= step) {
                let times = self.way_to(step).to_vec();
                let groups = self.groups.get(step).cloned().flatten();
                let groups = groups.unwrap_or_else(|| seen.groups.clone());
                *best = Some(Reached { steps: step + 1, times, groups });
            }
        }
    }

    /// Whether an event that is a step comes in time after a way to the step before.
    fn leads_on(&self, step: usize, seen: &Seen<'_>, limits: &Limits) -> bool {
        let Some(before) = step.checked_sub(1) else { return true };
        if self.led_to >> before & 1 == 0 {
            return false;
        }
        let way = self.way_to(before);
        let (Some(first), Some(last)) = (way.first(), way.last()) else { return false };
        holds(limits.within.get(step).and_then(Option::as_ref), *last, seen.ts)
            && holds(limits.whole.as_ref(), *first, seen.ts)
    }

    /// The times of the way to a step, where one leads there.
    fn way_to(&self, step: usize) -> &[Instant] {
        let row = step * self.groups.len();
        self.times.get(row..=row + step).unwrap_or_default()
    }

    /// Forgets everything, but for the memory.
    pub(super) fn clear(&mut self) {
        self.led_to = 0;
        self.newest.clear();
    }

    fn see_in_any_order(&mut self, seen: &Seen<'_>, limits: &Limits, best: &mut Option<Reached>) {
        let steps = limits.within.len();
        self.newest.resize(steps, None);
        if seen.ends_after & 1 != 0 {
            self.newest.fill(None);
        }
        let mut is_any = false;
        for step in (0..steps).filter(|step| seen.steps >> step & 1 == 1) {
            is_any = true;
            if let Some(place) = self.newest.get_mut(step) {
                *place = Some((seen.ts, seen.groups.clone()));
            }
        }
        if !is_any {
            return;
        }
        let mut done: Vec<&(Instant, Groups)> = self.newest.iter().flatten().collect();
        done.retain(|(ts, _)| holds(limits.whole.as_ref(), *ts, seen.ts));
        done.sort_by_key(|(ts, _)| *ts);
        if best.as_ref().is_none_or(|best| best.steps < done.len())
            && let Some((_, groups)) = done.first()
        {
            let times = done.iter().map(|(ts, _)| *ts).collect();
            *best = Some(Reached { steps: done.len(), times, groups: groups.clone() });
        }
    }

    /// Whether the profile may still come farther than so many steps: what counts from then on is not over at an
    /// instant.
    pub(super) fn is_open(&self, steps: usize, limits: &Limits, at: Instant) -> bool {
        match limits.order {
            StepOrder::Ordered => {
                let Some(step) = steps.checked_sub(1).filter(|step| self.led_to >> step & 1 == 1) else {
                    return false;
                };
                let way = self.way_to(step);
                let next = limits.within.get(steps).and_then(Option::as_ref);
                let has_limit = next.is_some() || limits.whole.is_some();
                let (Some(first), Some(last)) = (way.first(), way.last()) else { return false };
                has_limit && holds(next, *last, at) && holds(limits.whole.as_ref(), *first, at)
            }
            StepOrder::AnyOrder => {
                let newest =
                    self.newest.iter().flatten().filter(|(ts, _)| holds(limits.whole.as_ref(), *ts, at));
                limits.whole.is_some() && newest.count() >= steps
            }
        }
    }
}
