//! Cohorts of customers by their first order: who buys again, and what they are worth, at equal follow-up.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use roaring::RoaringTreemap;
use segops_model::{DAY_MS, Decimal, Instant};
use segops_rules::{Code, Named, Problem, Rule, Window};
use serde::{Deserialize, Serialize};

use crate::amount::average;
use crate::as_rule::{first_was_in, orders, rule_of};
use crate::check::{Checker, Range};
use crate::customers::{Customers, no_such_cell};
use crate::error::AnalysisError;
use crate::periods::{Interval, Periods};
use crate::setting::Setting;
use crate::statistics::share;
use crate::walk::{Profile, Reading, Visitor, walk};

const PERIODS_MAX: usize = 400;
const HORIZONS_MAX: usize = 60;
const HORIZON_DAYS_MAX: u32 = 3_660;

/// Which first orders, and how long they are followed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cohorts {
    /// When the first order of all time was.
    #[serde(default = "all_time")]
    pub window: Window,
    #[serde(default = "month")]
    pub interval: Interval,
    /// Days after the first order, up to which what follows is counted.
    #[serde(default = "horizons")]
    pub horizons_days: Vec<u32>,
}

const fn all_time() -> Window {
    Window::AllTime
}

const fn month() -> Interval {
    Interval::Month
}

fn horizons() -> Vec<u32> {
    vec![0, 30, 60, 90, 180, 365]
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CohortsAnswer {
    pub cohorts: Vec<OrderCohort>,
    /// All cohorts together.
    pub overall: Vec<FollowUp>,
    pub warnings: Vec<Problem>,
}

/// The customers whose first order was in one period of the calendar.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OrderCohort {
    pub start: Instant,
    pub end: Instant,
    pub customers: u64,
    pub follow_up: Vec<FollowUp>,
}

/// What became of customers up to so many days after the first order of each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FollowUp {
    pub days: u32,
    /// Whose first order is at least so long ago. Only they are counted here, so that all had the same time.
    pub followed: u64,
    /// Whether these are all: else the cohort is not yet mature at this horizon.
    pub mature: bool,
    /// How many of them had a second order by then.
    pub repeat_customers: u64,
    pub repeat_share: f64,
    pub orders: u64,
    /// What they spent, net, by currency: sums of different currencies are never added up.
    pub value: Vec<CohortValue>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CohortValue {
    pub currency: Option<String>,
    pub net: Decimal,
    pub net_per_customer: Option<Decimal>,
}

/// Which customers are meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CohortPick {
    /// The number of the cohort, from 0.
    pub cohort: usize,
    /// With a second order within so many days after the first; absent: the whole cohort.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat_within_days: Option<u32>,
    /// Those without one instead.
    #[serde(default)]
    pub lost: bool,
}

struct Checked {
    periods: Periods,
    warnings: Vec<Problem>,
}

fn check(cohorts: &Cohorts, setting: &Setting<'_>) -> Result<Checked, AnalysisError> {
    let mut checker = Checker::new(setting);
    checker.within("horizons_days", "horizons", cohorts.horizons_days.len(), 1, HORIZONS_MAX);
    for (at, days) in cohorts.horizons_days.iter().enumerate() {
        if *days > HORIZON_DAYS_MAX {
            let place = format!("horizons_days[{at}]");
            checker.refuse(
                Code::TooMany,
                &place,
                format!("{days} days"),
                format!("at most {HORIZON_DAYS_MAX}"),
            );
        }
    }
    let range = checker.range(&cohorts.window, "window");
    let periods = cohorts.interval.periods(setting.calendar, range, PERIODS_MAX);
    if periods.is_none() {
        let message = format!("the window has more than {PERIODS_MAX} periods");
        checker.refuse(Code::TooMany, "interval", message, "a longer interval, or a shorter window");
    }
    let warnings = checker.finish()?;
    match periods {
        Some(periods) => Ok(Checked { periods, warnings }),
        None => Err(AnalysisError::Definition(warnings)),
    }
}

/// # Errors
/// Something is wrong with the definition, or history can't be read.
pub(crate) fn run(cohorts: &Cohorts, setting: &Setting<'_>) -> Result<CohortsAnswer, AnalysisError> {
    let checked = check(cohorts, setting)?;
    let mut horizons = cohorts.horizons_days.clone();
    horizons.sort_unstable();
    horizons.dedup();
    let empty = Gathered { customers: 0, follow_up: vec![Tally::default(); horizons.len()] };
    let mut gathered = vec![empty.clone(); checked.periods.len()];
    follow(&checked, setting, &mut |profile, cohort, first| {
        if let Some(gathered) = gathered.get_mut(cohort) {
            gathered.customers += 1;
            for (tally, days) in gathered.follow_up.iter_mut().zip(&horizons) {
                tally.add(profile, first, *days, setting.now);
            }
        }
    })?;
    let buckets = checked.periods.buckets();
    let cohorts = buckets.iter().zip(&gathered).map(|(bucket, gathered)| OrderCohort {
        start: bucket.start,
        end: bucket.end,
        customers: gathered.customers,
        follow_up: gathered.answer(&horizons),
    });
    let mut all = empty;
    gathered.iter().for_each(|one| all.merge(one));
    Ok(CohortsAnswer {
        cohorts: cohorts.collect(),
        overall: all.answer(&horizons),
        warnings: checked.warnings,
    })
}

/// # Errors
/// As [`run`].
pub(crate) fn customers(
    cohorts: &Cohorts,
    pick: &CohortPick,
    setting: &Setting<'_>,
) -> Result<Customers, AnalysisError> {
    let checked = check(cohorts, setting)?;
    let Some(range) = checked.periods.clipped(pick.cohort) else {
        return Err(no_such_cell("a cohort of the answer, counted from 0"));
    };
    if pick.lost && pick.repeat_within_days.is_none() {
        return Err(no_such_cell("`repeat_within_days`, beside `lost`"));
    }
    let mut found = RoaringTreemap::new();
    follow(&checked, setting, &mut |profile, cohort, first| {
        let came_back = pick.repeat_within_days.map(|days| second_by(profile, first, days));
        if cohort == pick.cohort && came_back.is_none_or(|came_back| came_back != pick.lost) {
            found.insert(profile.id.0);
        }
    })?;
    Ok(Customers::new(
        found,
        rule(range, pick, setting),
        "rules have no form for an order within days of the first order",
    ))
}

/// Rules have no form for an order within so many days of the first order.
fn rule(range: Range, pick: &CohortPick, setting: &Setting<'_>) -> Option<Rule<Named>> {
    if pick.repeat_within_days.is_some() {
        return None;
    }
    rule_of(setting.population, first_was_in(&orders(), range))
}

/// Whether a second order came less than so many days after the first.
fn second_by(profile: &Profile, first: Instant, days: u32) -> bool {
    let second = profile.counted_orders().nth(1);
    second.is_some_and(|order| order.at.ts.ms_since(first) < i64::from(days) * DAY_MS)
}

#[derive(Debug, Clone)]
struct Gathered {
    customers: u64,
    follow_up: Vec<Tally>,
}

#[derive(Debug, Clone, Default)]
struct Tally {
    followed: u64,
    repeat: u64,
    orders: u64,
    net: BTreeMap<Option<String>, Decimal>,
}

impl Tally {
    fn add(&mut self, profile: &Profile, first: Instant, days: u32, now: Instant) {
        let until = first.plus_ms(i64::from(days) * DAY_MS);
        if until > now {
            return;
        }
        self.followed += 1;
        self.repeat += u64::from(second_by(profile, first, days));
        // The first order itself counts at every horizon, that of 0 days too.
        let is_by_then = |ts: Instant| ts == first || ts < until;
        self.orders += profile.counted_orders().filter(|order| is_by_then(order.at.ts)).count() as u64;
        for order in profile.orders.iter().filter(|order| !order.is_test && is_by_then(order.at.ts)) {
            let currency = order.currency.as_ref().map(|currency| currency.as_str().to_ascii_uppercase());
            let sum = self.net.entry(currency).or_default();
            *sum = [*sum, order.net].into_iter().sum();
        }
    }

    fn merge(&mut self, other: &Self) {
        self.followed += other.followed;
        self.repeat += other.repeat;
        self.orders += other.orders;
        for (currency, net) in &other.net {
            let sum = self.net.entry(currency.clone()).or_default();
            *sum = [*sum, *net].into_iter().sum();
        }
    }
}

impl Gathered {
    fn merge(&mut self, other: &Self) {
        self.customers += other.customers;
        self.follow_up.iter_mut().zip(&other.follow_up).for_each(|(tally, other)| tally.merge(other));
    }

    fn answer(&self, horizons: &[u32]) -> Vec<FollowUp> {
        let tallies = self.follow_up.iter().zip(horizons);
        tallies
            .map(|(tally, days)| FollowUp {
                days: *days,
                followed: tally.followed,
                mature: tally.followed == self.customers,
                repeat_customers: tally.repeat,
                repeat_share: share(tally.repeat, tally.followed),
                orders: tally.orders,
                value: by_currency(&tally.net, tally.followed),
            })
            .collect()
    }
}

/// Sums by currency. Orders that name none are taken to be in that of the others, where they have one.
pub(crate) fn by_currency(net: &BTreeMap<Option<String>, Decimal>, customers: u64) -> Vec<CohortValue> {
    let mut net = net.clone();
    if net.len() == 2
        && let Some(nameless) = net.remove(&None)
        && let Some(sum) = net.values_mut().next()
    {
        *sum = [*sum, nameless].into_iter().sum();
    }
    let value = |(currency, net): (Option<String>, Decimal)| CohortValue {
        currency,
        net,
        net_per_customer: average(net, customers),
    };
    net.into_iter().map(value).collect()
}

/// Shows each customer whose first order was in the window, with the number of its cohort and the instant.
fn follow(
    checked: &Checked,
    setting: &Setting<'_>,
    show: &mut dyn FnMut(&Profile, usize, Instant),
) -> Result<(), AnalysisError> {
    struct Follow<'a, 'b> {
        periods: &'a Periods,
        show: &'a mut (dyn FnMut(&Profile, usize, Instant) + 'b),
    }
    impl Visitor for Follow<'_, '_> {
        fn end(&mut self, profile: &Profile) -> Result<(), AnalysisError> {
            let first = profile.counted_orders().next().map(|order| order.at.ts);
            if let Some(first) = first
                && let Some(cohort) = self.periods.find(first)
            {
                (self.show)(profile, cohort, first);
            }
            Ok(())
        }
    }
    let reading =
        Reading { signals: Vec::new(), range: checked.periods.range(), orders: true, traits: false };
    walk(setting, &reading, &mut Follow { periods: &checked.periods, show })
}
