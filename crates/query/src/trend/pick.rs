//! The profiles behind a trend's numbers.

use roaring::RoaringTreemap;
use segops_model::{Event, Instant};
use segops_rules::{Named, Rule};

use super::run::Plan;
use super::{Trend, TrendCell, check};
use crate::as_rule::{Narrowed, did_once, narrowed, rule_of};
use crate::check::Range;
use crate::customers::{Customers, no_such_cell};
use crate::error::AnalysisError;
use crate::groups::{Chosen, Group};
use crate::setting::Setting;
use crate::walk::{Profile, Row, Visitor, walk};

const NO_RULE: &str = "rules have no form for the others of a breakdown, for a trait at the time of an event, and for \
                       lines that pass several tests";

/// The profiles that did a series' events, of one group and in one bucket, if they are named.
///
/// # Errors
/// As [`run`].
pub(crate) fn customers(
    trend: &Trend,
    cell: &TrendCell,
    setting: &Setting<'_>,
) -> Result<Customers, AnalysisError> {
    let checked = check(trend, setting)?;
    let plan = Plan::new(trend, &checked, setting);
    let chosen = plan.chosen(setting)?;
    let range = match cell.bucket {
        None => Some(plan.periods.range()),
        Some(bucket) => plan.periods.clipped(bucket),
    };
    let (Some(range), Some(event)) = (range, checked.events.get(cell.series)) else {
        return Err(no_such_cell("a series and a bucket of the trend, counted from 0"));
    };
    let rows = chosen.as_ref().map(Chosen::rows).unwrap_or_default();
    if cell.group != Group::All && !rows.contains(&cell.group) {
        return Err(no_such_cell("a group that the trend has a row for"));
    }
    let mut pick =
        Pick { plan: &plan, chosen: chosen.as_ref(), rows, cell, range, found: RoaringTreemap::new() };
    walk(setting, &plan.reading(false), &mut pick)?;
    let found = pick.found;
    let by = trend.breakdown.as_ref().map(|breakdown| &breakdown.by);
    let rule =
        narrowed(&event.named, by, &cell.group).and_then(|narrowed| rule(narrowed, event, range, setting));
    Ok(Customers::new(found, rule, NO_RULE))
}

fn rule(
    narrowed: Narrowed,
    event: &crate::check::CheckedEvent,
    range: Range,
    setting: &Setting<'_>,
) -> Option<Rule<Named>> {
    let conditions = match narrowed {
        Narrowed::Whole => vec![did_once(&event.named, range)],
        Narrowed::Filter(filter) => vec![did_once(&filter, range)],
        Narrowed::Also(condition) => vec![did_once(&event.named, range), condition],
    };
    rule_of(setting.population, conditions)
}

/// Gathers the profiles of one cell.
struct Pick<'a> {
    plan: &'a Plan<'a>,
    chosen: Option<&'a Chosen>,
    rows: Vec<Group>,
    cell: &'a TrendCell,
    range: Range,
    found: RoaringTreemap,
}

impl Visitor for Pick<'_> {
    fn row(&mut self, profile: &Profile, row: &Row<'_>) -> Result<(), AnalysisError> {
        if !row.has(self.cell.series) || !row.is_placed || !self.range.holds(row.ts) {
            return Ok(());
        }
        let is_in = self.cell.group == Group::All || self.is_of_group(profile, row.event(), row.ts);
        if is_in {
            self.found.insert(profile.id.0);
        }
        Ok(())
    }
}

impl Pick<'_> {
    fn is_of_group(&self, profile: &Profile, event: &Event, ts: Instant) -> bool {
        let (Some(reader), Some(chosen)) = (&self.plan.groups, self.chosen) else { return false };
        let groups = reader.groups(profile, self.cell.series, event, ts);
        groups.iter().any(|(key, _)| self.rows.get(chosen.number(key)) == Some(&self.cell.group))
    }
}
