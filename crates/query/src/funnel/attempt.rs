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

/// One way from the first step on: the time of each, and the groups of the first.
#[derive(Debug, Clone)]
struct Way {
    times: Vec<Instant>,
    groups: Groups,
}

/// What is kept of one profile.
#[derive(Debug, Default)]
pub(super) struct Attempt {
    ways: Vec<Option<Way>>,
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
    pub(super) is_step: &'a dyn Fn(usize) -> bool,
    /// Whether it ends attempts that wait for the step after this one.
    pub(super) ends_after: &'a dyn Fn(usize) -> bool,
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
        self.ways.resize(steps, None);
        // From the last step on, so that no event serves two steps of one way.
        for step in (0..steps).rev() {
            if (seen.ends_after)(step)
                && let Some(way) = self.ways.get_mut(step)
            {
                *way = None;
            }
            if !(seen.is_step)(step) {
                continue;
            }
            let way = match step.checked_sub(1) {
                None => Some(Way { times: vec![seen.ts], groups: seen.groups.clone() }),
                Some(before) => self.ways.get(before).and_then(Option::as_ref).and_then(|way| {
                    let (first, last) = (*way.times.first()?, *way.times.last()?);
                    let in_time = holds(limits.within.get(step)?.as_ref(), last, seen.ts)
                        && holds(limits.whole.as_ref(), first, seen.ts);
                    in_time.then(|| {
                        let mut way = way.clone();
                        way.times.push(seen.ts);
                        way
                    })
                }),
            };
            let Some(way) = way else { continue };
            if best.as_ref().is_none_or(|best| best.steps <= step) {
                *best =
                    Some(Reached { steps: step + 1, times: way.times.clone(), groups: way.groups.clone() });
            }
            if let Some(place) = self.ways.get_mut(step) {
                *place = Some(way);
            }
        }
    }

    fn see_in_any_order(&mut self, seen: &Seen<'_>, limits: &Limits, best: &mut Option<Reached>) {
        let steps = limits.within.len();
        self.newest.resize(steps, None);
        if (seen.ends_after)(0) {
            self.newest.fill(None);
        }
        let mut is_any = false;
        for step in (0..steps).filter(|step| (seen.is_step)(*step)) {
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
                let Some(way) =
                    steps.checked_sub(1).and_then(|at| self.ways.get(at)).and_then(Option::as_ref)
                else {
                    return false;
                };
                let next = limits.within.get(steps).and_then(Option::as_ref);
                let has_limit = next.is_some() || limits.whole.is_some();
                let (Some(first), Some(last)) = (way.times.first(), way.times.last()) else { return false };
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
