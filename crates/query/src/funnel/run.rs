//! Computes a funnel in one way through history, or in two where the groups have to be found first.

use std::rc::Rc;

use roaring::RoaringTreemap;
use rustc_hash::FxHashMap;
use segops_model::{Instant, Path};
use segops_rules::{Window, same_in_line_items};
use segops_segment::WindowBounds;

use super::attempt::{Attempt, Groups, Limits, Reached, Seen};
use super::rule::{NO_RULE, rule};
use super::{
    Checked, Durations, Funnel, FunnelAnswer, FunnelCell, FunnelCount, FunnelOutcome, FunnelRow, StepOrder,
    check,
};
use crate::customers::{Customers, no_such_cell};
use crate::error::AnalysisError;
use crate::groups::{Chosen, Group, Reader, Weights};
use crate::setting::Setting;
use crate::statistics::{quantile, share};
use crate::values::ValueReader;
use crate::walk::{Profile, Reading, Row, Signal, Visitor, walk, walk_side_by_side};

/// Values of the property held constant that are followed of one profile; of more, those that come first.
const VALUES_PER_PROFILE_MAX: usize = 100_000;
/// Durations that one funnel keeps for its medians.
const DURATIONS_MAX: usize = 40_000_000;

/// # Errors
/// Something is wrong with the definition, or history can't be read.
pub(crate) fn run(funnel: &Funnel, setting: &Setting<'_>) -> Result<FunnelAnswer, AnalysisError> {
    let checked = check(funnel, setting)?;
    let plan = Plan::new(funnel, &checked, setting);
    let chosen = plan.chosen(setting)?;
    let groups: Vec<Group> = chosen.iter().flat_map(Chosen::rows).collect();
    let follow = || {
        let tally = Tally::new(funnel.steps.len(), groups.clone());
        Follow::new(&plan, Counting { tally, chosen: chosen.as_ref() })
    };
    let finish = |follow: Follow<'_, Counting<'_>>| (follow.audience.tally, follow.values_left_out);
    let mut tally = Tally::new(funnel.steps.len(), groups.clone());
    let mut values_left_out = 0;
    for (of_bucket, left_out) in walk_side_by_side(setting, &plan.reading(), follow, finish)? {
        tally.join(of_bucket)?;
        values_left_out += left_out;
    }
    Ok(FunnelAnswer { rows: tally.rows(), values_left_out, warnings: checked.warnings })
}

/// The rows that a profile is counted in: 0 is all.
fn places(reached: &Reached, chosen: Option<&Chosen>) -> Vec<usize> {
    let mut places = vec![0];
    if let Some(chosen) = chosen {
        places.extend(reached.groups.iter().map(|(key, _)| chosen.number(key) + 1));
        places.sort_unstable();
        places.dedup();
    }
    places
}

/// # Errors
/// As [`run`].
pub(crate) fn customers(
    funnel: &Funnel,
    cell: &FunnelCell,
    setting: &Setting<'_>,
) -> Result<Customers, AnalysisError> {
    let checked = check(funnel, setting)?;
    let plan = Plan::new(funnel, &checked, setting);
    if cell.step == 0 || cell.step > funnel.steps.len() {
        return Err(no_such_cell("a step of the funnel, counted from 1"));
    }
    let chosen = plan.chosen(setting)?;
    let rows: Vec<Group> = chosen.iter().flat_map(Chosen::rows).collect();
    let place = match &cell.group {
        Group::All => Some(0),
        group => rows.iter().position(|row| row == group).map(|at| at + 1),
    };
    let Some(place) = place else { return Err(no_such_cell("a group that the funnel has a row for")) };
    let mut found = RoaringTreemap::new();
    plan.walk(setting, &mut |profile, reached, _| {
        let is_meant = match cell.outcome {
            FunnelOutcome::Reached => reached.steps >= cell.step,
            FunnelOutcome::Dropped => reached.steps == cell.step,
        };
        if is_meant && places(reached, chosen.as_ref()).contains(&place) {
            found.insert(profile.id.0);
        }
        Ok(())
    })?;
    let last = funnel.steps.len();
    if cell.outcome == FunnelOutcome::Dropped && cell.step == last {
        return Err(no_such_cell("a step that is not the last: after it nobody is lost"));
    }
    Ok(Customers::new(found, rule(funnel, &checked, cell, setting), NO_RULE))
}

struct Plan<'a> {
    checked: &'a Checked,
    limits: Limits,
    same: Option<Vec<SameReader>>,
    groups: Option<Reader>,
    by: Option<&'a crate::groups::Breakdown>,
    same_paths: Vec<Path>,
}

/// Reads the values of the property held constant: of the event, and of its line items.
struct SameReader {
    own: ValueReader,
    in_lines: Option<ValueReader>,
}

/// Who is told of each profile how far it came, and whether it may still go on.
trait Audience {
    fn hear(&mut self, profile: &Profile, reached: &Reached, is_open: bool) -> Result<(), AnalysisError>;
}

/// Tells one audience.
struct Told<'a, 'b>(&'a mut Show<'b>);

type Show<'a> = dyn FnMut(&Profile, &Reached, bool) -> Result<(), AnalysisError> + 'a;

impl Audience for Told<'_, '_> {
    fn hear(&mut self, profile: &Profile, reached: &Reached, is_open: bool) -> Result<(), AnalysisError> {
        (self.0)(profile, reached, is_open)
    }
}

/// Counts.
struct Counting<'a> {
    tally: Tally,
    chosen: Option<&'a Chosen>,
}

impl Audience for Counting<'_> {
    fn hear(&mut self, _: &Profile, reached: &Reached, is_open: bool) -> Result<(), AnalysisError> {
        self.tally.add(&places(reached, self.chosen), reached, is_open)
    }
}

impl<'a> Plan<'a> {
    fn new(funnel: &'a Funnel, checked: &'a Checked, setting: &Setting<'_>) -> Self {
        let calendar = setting.calendar;
        let window = |span| WindowBounds::new(&Window::Last(span), calendar);
        let events: Vec<_> =
            checked.steps.iter().chain(checked.exclusions.iter().map(|(event, _)| event)).collect();
        let same = funnel.same.as_ref().map(|same| {
            let reader = |event: &&crate::check::CheckedEvent| SameReader {
                own: ValueReader::new(same, false, event, &calendar.zone),
                in_lines: same_in_line_items(same)
                    .map(|path| ValueReader::new(&path, false, event, &calendar.zone)),
            };
            events.iter().map(reader).collect()
        });
        let same_paths =
            funnel.same.iter().flat_map(|same| std::iter::once(same.clone()).chain(same_in_line_items(same)));
        Self {
            checked,
            limits: Limits {
                order: funnel.order,
                within: funnel.steps.iter().map(|step| step.within.map(window)).collect(),
                whole: funnel.conversion_window.map(window),
            },
            same,
            groups: funnel.breakdown.as_ref().map(|breakdown| breakdown.by.reader(setting, &events)),
            by: funnel.breakdown.as_ref(),
            same_paths: same_paths.collect(),
        }
    }

    /// An event that passes some filters.
    fn seen<'g>(&self, ts: Instant, signals: u64, groups: &'g Groups) -> Seen<'g> {
        let steps = self.checked.steps.len();
        let mut ends_after = 0;
        for (at, (_, after)) in self.checked.exclusions.iter().enumerate() {
            if signals >> (steps + at) & 1 == 1 {
                ends_after |= after.map_or((1 << steps) - 1, |after| 1 << after);
            }
        }
        Seen { ts, steps: signals & ((1 << steps) - 1), ends_after, groups }
    }

    fn reading(&self) -> Reading {
        let by = self.by.map(|breakdown| &breakdown.by);
        let events = self.checked.steps.iter().chain(self.checked.exclusions.iter().map(|(event, _)| event));
        let signals = events.map(|event| {
            let mut paths = self.same_paths.clone();
            paths.extend(by.and_then(|by| by.path()).cloned());
            Signal { filter: event.resolved.clone(), paths }
        });
        Reading {
            signals: signals.collect(),
            range: self.checked.range,
            orders: false,
            traits: by.is_some_and(crate::groups::Dimension::needs_traits),
        }
    }

    fn walk(&self, setting: &Setting<'_>, show: &mut Show<'_>) -> Result<(), AnalysisError> {
        walk(setting, &self.reading(), &mut Follow::new(self, Told(show)))
    }

    /// The groups with most profiles at the first step.
    fn chosen(&self, setting: &Setting<'_>) -> Result<Option<Chosen>, AnalysisError> {
        let Some(breakdown) = self.by else { return Ok(None) };
        let mut weights = Weights::new(setting.limits.analysis_groups_max);
        self.walk(setting, &mut |_, reached, _| {
            reached.groups.iter().try_for_each(|(key, group)| weights.add(key.clone(), group.clone(), 1))
        })?;
        Ok(Some(Chosen::top(weights.found, breakdown.top)))
    }
}

/// Follows one profile after the other.
struct Follow<'a, A> {
    plan: &'a Plan<'a>,
    /// Where no property is held constant.
    alone: Attempt,
    /// For each value of the property held constant.
    attempts: FxHashMap<String, Attempt>,
    best: Option<Reached>,
    values_left_out: u64,
    no_groups: Groups,
    audience: A,
}

impl<'a, A> Follow<'a, A> {
    fn new(plan: &'a Plan<'a>, audience: A) -> Self {
        let no_groups = Rc::from([]);
        let (alone, attempts) = (Attempt::default(), FxHashMap::default());
        Self { plan, alone, attempts, best: None, values_left_out: 0, no_groups, audience }
    }
}

impl<A: Audience> Visitor for Follow<'_, A> {
    fn begin(&mut self, _: &Profile) -> Result<(), AnalysisError> {
        self.alone.clear();
        self.attempts.clear();
        self.best = None;
        Ok(())
    }

    fn row(&mut self, profile: &Profile, row: &Row<'_>) -> Result<(), AnalysisError> {
        if !row.is_placed {
            return Ok(());
        }
        let groups = self.groups_of(profile, row);
        let plan = self.plan;
        if plan.same.is_none() {
            self.alone.see(&plan.seen(row.ts, row.signals, &groups), &plan.limits, &mut self.best);
            return Ok(());
        }
        for (key, signals) in self.keys(row) {
            if !self.attempts.contains_key(&key) && self.attempts.len() >= VALUES_PER_PROFILE_MAX {
                self.values_left_out += 1;
                continue;
            }
            let seen = plan.seen(row.ts, signals, &groups);
            self.attempts.entry(key).or_default().see(&seen, &plan.limits, &mut self.best);
        }
        Ok(())
    }

    fn end(&mut self, profile: &Profile) -> Result<(), AnalysisError> {
        let Some(reached) = self.best.take() else { return Ok(()) };
        let (limits, until) = (&self.plan.limits, self.plan.checked.range.until.plus_ms(-1));
        let is_open = reached.steps < limits.within.len()
            && self
                .attempts
                .values()
                .chain([&self.alone])
                .any(|attempt| attempt.is_open(reached.steps, limits, until));
        self.audience.hear(profile, &reached, is_open)
    }
}

impl<A> Follow<'_, A> {
    /// The groups that an attempt beginning with this event is of.
    fn groups_of(&self, profile: &Profile, row: &Row<'_>) -> Groups {
        let Some(reader) = &self.plan.groups else { return Rc::clone(&self.no_groups) };
        let can_begin = match self.plan.limits.order {
            StepOrder::Ordered => row.has(0),
            StepOrder::AnyOrder => true,
        };
        if !can_begin {
            return Rc::clone(&self.no_groups);
        }
        let signal = usize::try_from(row.signals.trailing_zeros()).unwrap_or_default();
        reader.groups(profile, signal, row.event(), row.ts).into()
    }

    /// The values of the property held constant that an event has, with the filters that it passes for each.
    fn keys(&self, row: &Row<'_>) -> Vec<(String, u64)> {
        let signals = row.signals;
        let Some(readers) = &self.plan.same else { return Vec::new() };
        let event = row.event();
        let mut keys: Vec<(String, u64)> = Vec::new();
        for (signal, reader) in readers.iter().enumerate().filter(|(signal, _)| signals & (1 << signal) != 0)
        {
            let mut add = |key: String| match keys.iter_mut().find(|(known, _)| *known == key) {
                Some((_, of)) => *of |= 1 << signal,
                None => keys.push((key, 1 << signal)),
            };
            reader.own.labels(event, |label| add(label.key));
            if let Some(in_lines) = &reader.in_lines {
                in_lines.labels(event, |label| add(label.key));
            }
        }
        keys
    }
}

/// Counts by rows and steps.
struct Tally {
    steps: usize,
    rows: Vec<(Group, Counts)>,
    durations: usize,
}

#[derive(Debug, Clone, Default)]
struct Counts {
    /// How many came to exactly so many steps, and how many of them may still go on.
    ended: Vec<(u64, u64)>,
    /// To each step from the one before.
    durations: Vec<Vec<i64>>,
    whole: Vec<i64>,
}

impl Tally {
    fn new(steps: usize, groups: Vec<Group>) -> Self {
        let counts =
            Counts { ended: vec![(0, 0); steps], durations: vec![Vec::new(); steps], whole: Vec::new() };
        let rows = std::iter::once(Group::All).chain(groups).map(|group| (group, counts.clone())).collect();
        Self { steps, rows, durations: 0 }
    }

    fn add(&mut self, places: &[usize], reached: &Reached, is_open: bool) -> Result<(), AnalysisError> {
        for place in places {
            let Some((_, counts)) = self.rows.get_mut(*place) else { continue };
            if let Some((ended, open)) = reached.steps.checked_sub(1).and_then(|at| counts.ended.get_mut(at))
            {
                *ended += 1;
                *open += u64::from(is_open);
            }
            let pairs = reached.times.iter().zip(reached.times.iter().skip(1));
            for ((before, after), durations) in pairs.zip(counts.durations.iter_mut().skip(1)) {
                durations.push(after.ms_since(*before));
            }
            if let (Some(first), Some(last)) = (reached.times.first(), reached.times.last())
                && reached.steps == self.steps
            {
                counts.whole.push(last.ms_since(*first));
            }
            self.durations += reached.times.len();
        }
        self.check_durations()
    }

    /// Takes in what was counted of other profiles.
    fn join(&mut self, other: Self) -> Result<(), AnalysisError> {
        for ((_, own), (_, other)) in self.rows.iter_mut().zip(other.rows) {
            for ((ended, open), (more_ended, more_open)) in own.ended.iter_mut().zip(other.ended) {
                *ended += more_ended;
                *open += more_open;
            }
            for (own, mut other) in own.durations.iter_mut().zip(other.durations) {
                own.append(&mut other);
            }
            own.whole.extend(other.whole);
        }
        self.durations += other.durations;
        self.check_durations()
    }

    fn check_durations(&self) -> Result<(), AnalysisError> {
        if self.durations > DURATIONS_MAX {
            return Err(AnalysisError::Limit {
                what: "the durations of which medians are taken",
                max: DURATIONS_MAX,
                advice: "take fewer groups or a shorter window",
            });
        }
        Ok(())
    }

    fn rows(self) -> Vec<FunnelRow> {
        self.rows.into_iter().map(|(group, counts)| row(group, counts)).collect()
    }
}

fn row(group: Group, counts: Counts) -> FunnelRow {
    let Counts { ended, durations, whole } = counts;
    let mut customers: Vec<u64> = ended.iter().map(|(ended, _)| *ended).collect();
    for at in (0..customers.len().saturating_sub(1)).rev() {
        let after = customers.get(at + 1).copied().unwrap_or_default();
        if let Some(count) = customers.get_mut(at) {
            *count += after;
        }
    }
    let first = customers.first().copied().unwrap_or_default();
    let last = ended.len().saturating_sub(1);
    let steps = ended.iter().zip(durations).enumerate().map(|(at, ((ended, open), durations))| {
        let here = customers.get(at).copied().unwrap_or_default();
        let before = at.checked_sub(1).and_then(|at| customers.get(at)).copied().unwrap_or(here);
        FunnelCount {
            step: at + 1,
            customers: here,
            of_first: share(here, first),
            of_previous: share(here, before),
            dropped: if at == last { 0 } else { *ended },
            still_open: if at == last { 0 } else { *open },
            duration: summary(durations),
        }
    });
    FunnelRow { group, steps: steps.collect(), to_convert: summary(whole) }
}

fn summary(mut durations: Vec<i64>) -> Option<Durations> {
    durations.sort_unstable();
    Some(Durations { median_ms: quantile(&durations, 0.5)?, p90_ms: quantile(&durations, 0.9)? })
}
