//! Computes retention in one way through history: what is kept of a profile are the periods in which it came back.

use roaring::RoaringTreemap;
use segops_model::{Instant, Position};
use segops_rules::{Condition, CountTest, EventFilter, Named, Rule, SequenceCondition, SequenceStep};

use super::{Checked, Cohort, Retention, RetentionAnswer, RetentionCell, RetentionPick, ReturnCount, check};
use crate::as_rule::{did, did_not, did_once, first_was_in, not, rule_of, window_of};
use crate::check::Range;
use crate::customers::{Customers, no_such_cell};
use crate::error::AnalysisError;
use crate::setting::Setting;
use crate::statistics::share;
use crate::walk::{Profile, Reading, Row, Signal, Visitor, walk, walk_side_by_side};

const FIRST: usize = 0;
const BACK: usize = 1;

/// # Errors
/// Something is wrong with the definition, or history can't be read.
pub(crate) fn run(retention: &Retention, setting: &Setting<'_>) -> Result<RetentionAnswer, AnalysisError> {
    let checked = check(retention, setting)?;
    let periods = retention.periods + 1;
    let counts =
        Counts { sizes: vec![0; checked.cohorts], retained: vec![vec![0; periods]; checked.cohorts] };
    let follow = || Follow::new(retention, &checked, counts.clone());
    let mut all = counts.clone();
    for of_bucket in walk_side_by_side(setting, &reading(retention, &checked), follow, |done| done.audience)?
    {
        all.join(&of_bucket);
    }
    let Counts { sizes, retained } = all;
    let buckets = checked.grid.buckets();
    let now = setting.now;
    let cohorts: Vec<Cohort> = (0..checked.cohorts)
        .filter_map(|at| {
            let bucket = buckets.get(at)?;
            let size = sizes.get(at).copied().unwrap_or_default();
            let cells = retained.get(at)?.iter().enumerate().filter_map(|(period, retained)| {
                let of_period = buckets.get(at + period)?;
                let complete = of_period.end <= now;
                Some(RetentionCell {
                    period,
                    retained: *retained,
                    of: size,
                    share: share(*retained, size),
                    complete,
                })
            });
            Some(Cohort { start: bucket.start, end: bucket.end, customers: size, periods: cells.collect() })
        })
        .collect();
    let overall = (0..periods).filter_map(|period| overall(&cohorts, period)).collect();
    Ok(RetentionAnswer { cohorts, overall, warnings: checked.warnings })
}

/// A period over all cohorts for which it is over; `None` if it is for none.
fn overall(cohorts: &[Cohort], period: usize) -> Option<RetentionCell> {
    let cells = cohorts.iter().filter_map(|cohort| cohort.periods.get(period));
    let over: Vec<&RetentionCell> = cells.filter(|cell| cell.complete).collect();
    if over.is_empty() {
        return None;
    }
    let (retained, of) = (over.iter().map(|cell| cell.retained).sum(), over.iter().map(|cell| cell.of).sum());
    Some(RetentionCell { period, retained, of, share: share(retained, of), complete: true })
}

/// # Errors
/// As [`run`].
pub(crate) fn customers(
    retention: &Retention,
    pick: &RetentionPick,
    setting: &Setting<'_>,
) -> Result<Customers, AnalysisError> {
    let checked = check(retention, setting)?;
    let is_there = |period: usize| period <= retention.periods && pick.cohort + period < checked.grid.len();
    if pick.cohort >= checked.cohorts || !pick.period.is_none_or(is_there) {
        return Err(no_such_cell("a cohort and a period of the table, counted from 0"));
    }
    if pick.lost && pick.period.is_none() {
        return Err(no_such_cell("a period, beside `lost`"));
    }
    let mut found = RoaringTreemap::new();
    follow(retention, &checked, setting, &mut |profile, cohort, came| {
        let is_meant =
            pick.period.is_none_or(|period| came.get(period).copied().unwrap_or_default() != pick.lost);
        if cohort == pick.cohort && is_meant {
            found.insert(profile.id.0);
        }
    })?;
    Ok(Customers::new(
        found,
        rule(retention, &checked, pick, setting),
        "rules have no form for an order after another event in the cohort's own period",
    ))
}

fn rule(
    retention: &Retention,
    checked: &Checked,
    pick: &RetentionPick,
    setting: &Setting<'_>,
) -> Option<Rule<Named>> {
    let cohort = checked.grid.clipped(pick.cohort)?;
    let cohort =
        Range { from: cohort.from.max(checked.range.from), until: cohort.until.min(checked.range.until) };
    let first = &checked.first.named;
    let mut conditions = if retention.first_ever {
        first_was_in(first, cohort)
    } else {
        let mut conditions = vec![did_once(first, cohort)];
        let before = Range { from: checked.range.from, until: cohort.from };
        if before.from < before.until {
            conditions.push(did_not(first, before));
        }
        conditions
    };
    if let Some(period) = pick.period {
        let came = came_back(retention, checked, pick.cohort, period)?;
        conditions.push(if pick.lost { not(came) } else { came });
    }
    rule_of(setting.population, conditions)
}

/// That a profile came back in a period, or from it on.
fn came_back(
    retention: &Retention,
    checked: &Checked,
    cohort: usize,
    period: usize,
) -> Option<Condition<Named>> {
    let back = &checked.back.named;
    let last = match retention.count {
        ReturnCount::InPeriod => period,
        ReturnCount::InPeriodOrLater => retention.periods,
    };
    let mut either = Vec::new();
    if period == 0 {
        // In the cohort's own period it has to be after the first event; of any of the period, so also of the first.
        let own = checked.grid.clipped(cohort)?;
        let from = Range { from: own.from.max(checked.range.from), until: own.until };
        let first = &checked.first.named;
        if first == back {
            either.push(did(back.clone(), CountTest::AtLeast(2), window_of(from)));
        } else if first.subject.is_orders() || back.subject.is_orders() {
            // Sequences are of events.
            return None;
        } else {
            let step = |event: &EventFilter<Named>| SequenceStep {
                absent: false,
                event: event.clone(),
                within: None,
            };
            let (count, window) = (CountTest::AtLeast(1), window_of(from));
            let sequence =
                SequenceCondition { steps: vec![step(first), step(back)], same: None, count, window };
            either.push(Condition::Sequence(Box::new(sequence)));
        }
    }
    let from = checked.grid.clipped(cohort + period.max(1));
    let until = (cohort + last).min(checked.grid.len().saturating_sub(1));
    if let (Some(from), Some(until)) = (from, checked.grid.clipped(until))
        && last >= period.max(1)
        && from.from < until.until
    {
        either.push(did_once(back, Range { from: from.from, until: until.until }));
    }
    match either.len() {
        0 => None,
        1 => either.pop(),
        _ => Some(Condition::Any(either)),
    }
}

/// Who is told of each profile of a cohort in which periods it came back.
trait Audience {
    fn hear(&mut self, profile: &Profile, cohort: usize, came: &[bool]);
}

/// Tells one audience.
struct Told<'a, 'b>(&'a mut Show<'b>);

type Show<'a> = dyn FnMut(&Profile, usize, &[bool]) + 'a;

impl Audience for Told<'_, '_> {
    fn hear(&mut self, profile: &Profile, cohort: usize, came: &[bool]) {
        (self.0)(profile, cohort, came);
    }
}

/// How many there were of each cohort, and how many came back in each period.
#[derive(Debug, Clone)]
struct Counts {
    sizes: Vec<u64>,
    retained: Vec<Vec<u64>>,
}

impl Audience for Counts {
    fn hear(&mut self, _: &Profile, cohort: usize, came: &[bool]) {
        if let (Some(size), Some(cells)) = (self.sizes.get_mut(cohort), self.retained.get_mut(cohort)) {
            *size += 1;
            cells.iter_mut().zip(came).for_each(|(cell, came)| *cell += u64::from(*came));
        }
    }
}

impl Counts {
    /// Takes in what was counted of other profiles.
    fn join(&mut self, other: &Self) {
        let add =
            |own: &mut [u64], other: &[u64]| own.iter_mut().zip(other).for_each(|(own, more)| *own += more);
        add(&mut self.sizes, &other.sizes);
        self.retained.iter_mut().zip(&other.retained).for_each(|(own, other)| add(own, other));
    }
}

fn follow(
    retention: &Retention,
    checked: &Checked,
    setting: &Setting<'_>,
    show: &mut Show<'_>,
) -> Result<(), AnalysisError> {
    walk(setting, &reading(retention, checked), &mut Follow::new(retention, checked, Told(show)))
}

fn reading(retention: &Retention, checked: &Checked) -> Reading {
    let signal =
        |event: &crate::check::CheckedEvent| Signal { filter: event.resolved.clone(), paths: Vec::new() };
    let range = checked.grid.range();
    let from = if retention.first_ever { Instant::MIN } else { range.from };
    Reading {
        signals: vec![signal(&checked.first), signal(&checked.back)],
        range: Range { from, until: range.until },
        orders: false,
        traits: false,
    }
}

struct Follow<'a, A> {
    checked: &'a Checked,
    count: ReturnCount,
    /// The profile's first event, and the number of its period; `None` of those before the window.
    first: Option<(Instant, Position, Option<usize>)>,
    came: Vec<bool>,
    audience: A,
}

impl<'a, A> Follow<'a, A> {
    fn new(retention: &Retention, checked: &'a Checked, audience: A) -> Self {
        let came = vec![false; retention.periods + 1];
        Self { checked, count: retention.count, first: None, came, audience }
    }
}

impl<A: Audience> Visitor for Follow<'_, A> {
    fn begin(&mut self, _: &Profile) -> Result<(), AnalysisError> {
        self.first = None;
        self.came.fill(false);
        Ok(())
    }

    fn row(&mut self, _: &Profile, row: &Row<'_>) -> Result<(), AnalysisError> {
        if !row.is_placed {
            return Ok(());
        }
        if let Some((_, _, Some(cohort))) = self.first
            && row.has(BACK)
            && let Some(period) = self.checked.grid.find(row.ts)
            && let Some(came) = period.checked_sub(cohort).and_then(|after| self.came.get_mut(after))
        {
            *came = true;
        }
        if self.first.is_none() && row.has(FIRST) {
            let cohort = self.checked.range.holds(row.ts).then(|| self.checked.grid.find(row.ts)).flatten();
            self.first = Some((row.ts, row.position, cohort));
        }
        Ok(())
    }

    fn end(&mut self, profile: &Profile) -> Result<(), AnalysisError> {
        let Some((_, _, Some(cohort))) = self.first else { return Ok(()) };
        if self.count == ReturnCount::InPeriodOrLater {
            let mut later = false;
            for came in self.came.iter_mut().rev() {
                later |= *came;
                *came = later;
            }
        }
        self.audience.hear(profile, cohort, &self.came);
        Ok(())
    }
}
