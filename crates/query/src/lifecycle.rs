//! Lifecycle: who is new, active, at risk, lapsed or won back at two instants, and who moved from where to where.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use roaring::RoaringTreemap;
use segops_model::{DAY_MS, Instant};
use segops_rules::{Code, Condition, CountTest, Moment, Named, Problem, Rule, Window};
use serde::{Deserialize, Serialize};

use crate::as_rule::{did, orders, rule_of};
use crate::check::{Checker, Range};
use crate::customers::{Customers, no_such_cell};
use crate::error::AnalysisError;
use crate::setting::Setting;
use crate::walk::{Profile, Reading, Visitor, walk};

const DAYS_MAX: u32 = 3_660;

/// Between which instants, and after how many days without an order a customer is no longer what it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lifecycle {
    pub from: Moment,
    /// Absent: now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Moment>,
    #[serde(default = "active_days")]
    pub active_days: u32,
    #[serde(default = "lapsed_days")]
    pub lapsed_days: u32,
}

const fn active_days() -> u32 {
    90
}

const fn lapsed_days() -> u32 {
    365
}

/// What a customer is at an instant t, with A the days of activity and L those after which it has lapsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// No order up to t.
    NotYet,
    /// The first order in (t-A, t].
    New,
    /// An order in (t-A, t], and one in the L days up to t-A.
    Active,
    /// An order in (t-A, t], none in the L days up to t-A, and one before: it had lapsed.
    WonBack,
    /// None in (t-A, t], and one in (t-L, t-A].
    AtRisk,
    /// None in (t-L, t], and one before.
    Lapsed,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LifecycleAnswer {
    pub from: Instant,
    pub to: Instant,
    /// How many are what at either instant; those without an order are not counted.
    pub stages: Vec<StageCount>,
    /// From what to what. Of those without an order at first, the ones that had one by the second instant.
    pub flows: Vec<Flow>,
    pub warnings: Vec<Problem>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageCount {
    pub stage: Stage,
    pub before: u64,
    pub after: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Flow {
    pub from: Stage,
    pub to: Stage,
    pub customers: u64,
}

/// Which customers are meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LifecyclePick {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Stage>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Stage>,
}

/// The bounds of stages, in milliseconds.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    from: Instant,
    to: Instant,
    active_ms: i64,
    lapsed_ms: i64,
}

fn check(lifecycle: &Lifecycle, setting: &Setting<'_>) -> Result<(Bounds, Vec<Problem>), AnalysisError> {
    let mut checker = Checker::new(setting);
    for (place, days) in [("active_days", lifecycle.active_days), ("lapsed_days", lifecycle.lapsed_days)] {
        if days == 0 || days > DAYS_MAX {
            let code = if days == 0 { Code::NeverHolds } else { Code::TooMany };
            checker.refuse(code, place, format!("{days} days"), format!("from 1 to {DAYS_MAX} days"));
        }
    }
    if lifecycle.lapsed_days <= lifecycle.active_days {
        let message = "who is no longer active can't have lapsed already";
        checker.refuse(Code::NeverHolds, "lapsed_days", message, "more than `active_days`");
    }
    let zone = &setting.calendar.zone;
    let from = lifecycle.from.instant(zone);
    let to = lifecycle.to.map_or(setting.now, |to| to.instant(zone)).min(setting.now);
    if from >= to {
        let message = "the first instant is not before the second, or not before now";
        checker.refuse(Code::NeverHolds, "from", message, "an instant before `to`");
    }
    let bounds = Bounds {
        from,
        to,
        active_ms: i64::from(lifecycle.active_days) * DAY_MS,
        lapsed_ms: i64::from(lifecycle.lapsed_days) * DAY_MS,
    };
    Ok((bounds, checker.finish()?))
}

/// # Errors
/// Something is wrong with the definition, or history can't be read.
pub(crate) fn run(lifecycle: &Lifecycle, setting: &Setting<'_>) -> Result<LifecycleAnswer, AnalysisError> {
    let (bounds, warnings) = check(lifecycle, setting)?;
    let mut flows: BTreeMap<(Stage, Stage), u64> = BTreeMap::new();
    follow(bounds, setting, &mut |_, from, to| *flows.entry((from, to)).or_default() += 1)?;
    let stages = [Stage::New, Stage::Active, Stage::WonBack, Stage::AtRisk, Stage::Lapsed];
    let stages = stages.into_iter().map(|stage| {
        let sum = |is_of: &dyn Fn(&(Stage, Stage)) -> bool| {
            flows.iter().filter(|(flow, _)| is_of(flow)).map(|(_, count)| *count).sum()
        };
        StageCount { stage, before: sum(&|flow| flow.0 == stage), after: sum(&|flow| flow.1 == stage) }
    });
    let stages = stages.collect();
    let flows = flows.into_iter().map(|((from, to), customers)| Flow { from, to, customers });
    Ok(LifecycleAnswer { from: bounds.from, to: bounds.to, stages, flows: flows.collect(), warnings })
}

/// # Errors
/// As [`run`].
pub(crate) fn customers(
    lifecycle: &Lifecycle,
    pick: &LifecyclePick,
    setting: &Setting<'_>,
) -> Result<Customers, AnalysisError> {
    let (bounds, _) = check(lifecycle, setting)?;
    if pick.from.is_none() && pick.to.is_none() {
        return Err(no_such_cell("a stage at the first instant, at the second, or both"));
    }
    if pick.to == Some(Stage::NotYet) || (pick.from == Some(Stage::NotYet) && pick.to.is_none()) {
        return Err(no_such_cell("a stage of customers at the second instant: others are not looked at"));
    }
    let mut found = RoaringTreemap::new();
    follow(bounds, setting, &mut |profile, from, to| {
        if pick.from.is_none_or(|wanted| wanted == from) && pick.to.is_none_or(|wanted| wanted == to) {
            found.insert(profile.id.0);
        }
    })?;
    let mut conditions = Vec::new();
    conditions.extend(pick.from.into_iter().flat_map(|stage| bounds.conditions(stage, bounds.from)));
    conditions.extend(pick.to.into_iter().flat_map(|stage| bounds.conditions(stage, bounds.to)));
    let rule: Option<Rule<Named>> = rule_of(setting.population, conditions);
    Ok(Customers::new(found, rule, "the profiles' own rule is not known"))
}

impl Bounds {
    /// The stage at an instant of who has orders at these instants, in ascending order.
    fn stage(self, orders: &[Instant], at: Instant) -> Stage {
        let any_in = |after: Instant, until: Instant| {
            let first = orders.partition_point(|order| *order <= after);
            orders.get(first).is_some_and(|order| *order <= until)
        };
        let (active, lapsed) = (at.plus_ms(-self.active_ms), at.plus_ms(-self.lapsed_ms));
        let before_all = Instant::from_ms(i64::MIN);
        if any_in(active, at) {
            if !any_in(before_all, active) {
                Stage::New
            } else if any_in(active.plus_ms(-self.lapsed_ms), active) {
                Stage::Active
            } else {
                Stage::WonBack
            }
        } else if any_in(lapsed, active) {
            Stage::AtRisk
        } else if any_in(before_all, lapsed) {
            Stage::Lapsed
        } else {
            Stage::NotYet
        }
    }

    /// What holds for a stage at an instant, in the words of rules.
    fn conditions(self, stage: Stage, at: Instant) -> Vec<Condition<Named>> {
        let window = |after: Option<Instant>, until: Instant| Window::Range {
            from: after.map(|after| Moment::Instant(after.plus_ms(1))),
            to: Some(Moment::Instant(until.plus_ms(1))),
        };
        let any = |after, until| did(orders(), CountTest::AtLeast(1), window(after, until));
        let none = |after, until| did(orders(), CountTest::Exactly(0), window(after, until));
        let (active, lapsed) = (at.plus_ms(-self.active_ms), at.plus_ms(-self.lapsed_ms));
        let long_before = active.plus_ms(-self.lapsed_ms);
        match stage {
            Stage::NotYet => vec![none(None, at)],
            Stage::New => vec![any(Some(active), at), none(None, active)],
            Stage::Active => vec![any(Some(active), at), any(Some(long_before), active)],
            Stage::WonBack => {
                vec![any(Some(active), at), none(Some(long_before), active), any(None, long_before)]
            }
            Stage::AtRisk => vec![none(Some(active), at), any(Some(lapsed), active)],
            Stage::Lapsed => vec![none(Some(lapsed), at), any(None, lapsed)],
        }
    }
}

/// Shows every profile with an order by the second instant, with its stages.
fn follow(
    bounds: Bounds,
    setting: &Setting<'_>,
    show: &mut dyn FnMut(&Profile, Stage, Stage),
) -> Result<(), AnalysisError> {
    struct Follow<'a, 'b> {
        bounds: Bounds,
        show: &'a mut (dyn FnMut(&Profile, Stage, Stage) + 'b),
    }
    impl Visitor for Follow<'_, '_> {
        fn end(&mut self, profile: &Profile) -> Result<(), AnalysisError> {
            let orders: Vec<Instant> = profile.counted_orders().map(|order| order.at.ts).collect();
            let bounds = self.bounds;
            if orders.first().is_some_and(|first| *first <= bounds.to) {
                (self.show)(profile, bounds.stage(&orders, bounds.from), bounds.stage(&orders, bounds.to));
            }
            Ok(())
        }
    }
    let range = Range { from: Instant::MIN, until: bounds.to.plus_ms(1) };
    let reading = Reading { signals: Vec::new(), range, orders: true, traits: false };
    walk(setting, &reading, &mut Follow { bounds, show })
}
