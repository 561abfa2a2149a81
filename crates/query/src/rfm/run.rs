//! Computes scores from ranks.
//!
//! The score of a customer by one measure, of `s` scores and `n` customers, is `1 + floor(s * b / n)`, where `b` is
//! how many customers have a lesser value. Equal values so have equal scores, and the greatest score may be missing
//! where many share the greatest value.

use std::collections::BTreeMap;

use roaring::RoaringTreemap;
use segops_model::{Decimal, Instant};
use segops_rules::{
    AggregateOperand, AggregateTest, Code, Condition, CountTest, EventFilter, Named, Predicate, Problem,
    PropertyTest, Rule, Test,
};

use super::{Rfm, RfmAnswer, RfmCell, RfmPick, RfmSegment, RfmSegmentRow, SCORES_MAX, ScoreBand};
use crate::as_rule::{did, did_not, did_once, orders, rule_of, sum_of, window_of, with_predicate};
use crate::check::{Checker, Range};
use crate::customers::{Customers, no_such_cell};
use crate::error::AnalysisError;
use crate::setting::Setting;
use crate::statistics::share;
use crate::walk::{Profile, Reading, Visitor, walk};

/// One customer.
#[derive(Debug, Clone, Copy)]
struct Bought {
    profile: u64,
    last: Instant,
    orders: u64,
    net: Decimal,
}

struct Gathered {
    customers: Vec<Bought>,
    currency: Option<String>,
    range: Range,
    warnings: Vec<Problem>,
    /// By each measure, the least value of every score that there is.
    recency: Bands<Instant>,
    frequency: Bands<u64>,
    monetary: Bands<Decimal>,
}

/// The scores of one measure: from which value on each holds.
#[derive(Debug, Clone)]
struct Bands<T>(Vec<ScoreBand<T>>);

impl<T: Copy + Ord> Bands<T> {
    fn new(mut values: Vec<T>, scores: usize) -> Self {
        values.sort_unstable();
        let mut bands: Vec<ScoreBand<T>> = Vec::new();
        let mut lesser = 0;
        let count = values.len();
        for (at, value) in values.iter().enumerate() {
            if at > 0 && values.get(at - 1) != Some(value) {
                lesser = at;
            }
            let score = 1 + scores * lesser / count;
            match bands.last_mut().filter(|band| band.score == score) {
                Some(band) => {
                    band.to = *value;
                    band.customers += 1;
                }
                None => bands.push(ScoreBand { score, from: *value, to: *value, customers: 1 }),
            }
        }
        Self(bands)
    }

    fn score(&self, value: T) -> usize {
        self.0.iter().rev().find(|band| band.from <= value).map_or(1, |band| band.score)
    }

    fn band(&self, score: usize) -> Option<&ScoreBand<T>> {
        self.0.iter().find(|band| band.score == score)
    }

    /// The least value of the next score that there is.
    fn next_from(&self, score: usize) -> Option<T> {
        self.0.iter().find(|band| band.score > score).map(|band| band.from)
    }
}

impl Gathered {
    fn scores(&self, one: &Bought) -> (usize, usize, usize) {
        (self.recency.score(one.last), self.frequency.score(one.orders), self.monetary.score(one.net))
    }
}

/// # Errors
/// Something is wrong with the definition, or history can't be read.
pub(crate) fn run(rfm: &Rfm, setting: &Setting<'_>) -> Result<RfmAnswer, AnalysisError> {
    let gathered = gather(rfm, setting)?;
    let mut cells: BTreeMap<(usize, usize, usize), (u64, u64, Decimal)> = BTreeMap::new();
    let mut segments: BTreeMap<RfmSegment, (u64, u64, Decimal)> = BTreeMap::new();
    for one in &gathered.customers {
        let scores = gathered.scores(one);
        let named = segments.entry(RfmSegment::of(scores.0, scores.1)).or_default();
        for cell in [cells.entry(scores).or_default(), named] {
            *cell = (cell.0 + 1, cell.1 + one.orders, [cell.2, one.net].into_iter().sum());
        }
    }
    let customers = gathered.customers.len() as u64;
    let cells = cells.into_iter().map(|((recency, frequency, monetary), (customers, orders, net))| RfmCell {
        recency,
        frequency,
        monetary,
        customers,
        orders,
        net,
    });
    let named = RfmSegment::ALL.iter().filter(|_| rfm.scores == 5).map(|segment| {
        let (count, orders, net) = segments.get(segment).copied().unwrap_or_default();
        RfmSegmentRow { segment: *segment, customers: count, share: share(count, customers), orders, net }
    });
    Ok(RfmAnswer {
        customers,
        cells: cells.collect(),
        segments: named.collect(),
        currency: gathered.currency,
        recency: gathered.recency.0,
        frequency: gathered.frequency.0,
        monetary: gathered.monetary.0,
        warnings: gathered.warnings,
    })
}

/// # Errors
/// As [`run`].
pub(crate) fn customers(
    rfm: &Rfm,
    pick: &RfmPick,
    setting: &Setting<'_>,
) -> Result<Customers, AnalysisError> {
    let gathered = gather(rfm, setting)?;
    let is_known = |score: Option<usize>| score.is_none_or(|score| (1..=rfm.scores).contains(&score));
    if ![pick.recency, pick.frequency, pick.monetary].into_iter().all(is_known) {
        return Err(no_such_cell("scores from 1 to as many as the analysis has"));
    }
    if pick.segment.is_some() && rfm.scores != 5 {
        return Err(no_such_cell("an analysis with five scores: only those have named segments"));
    }
    let is_meant = |one: &&Bought| {
        let (recency, frequency, monetary) = gathered.scores(one);
        pick.recency.is_none_or(|score| score == recency)
            && pick.frequency.is_none_or(|score| score == frequency)
            && pick.monetary.is_none_or(|score| score == monetary)
            && pick.segment.is_none_or(|segment| segment == RfmSegment::of(recency, frequency))
    };
    let found: RoaringTreemap = gathered.customers.iter().filter(is_meant).map(|one| one.profile).collect();
    let rule = rule(rfm, &gathered, pick, setting);
    Ok(Customers::new(found, rule, "nobody has such a score, or the profiles' own rule is not known"))
}

fn rule(rfm: &Rfm, gathered: &Gathered, pick: &RfmPick, setting: &Setting<'_>) -> Option<Rule<Named>> {
    let filter = filter_of(rfm);
    let mut conditions = vec![did_once(&filter, gathered.range)];
    conditions.extend(scored(rfm, gathered, pick.recency, pick.frequency, pick.monetary)?);
    if let Some(segment) = pick.segment {
        let pairs = (1..=5).flat_map(|recency| (1..=5).map(move |frequency| (recency, frequency)));
        let mut any = Vec::new();
        for (recency, frequency) in
            pairs.filter(|(recency, frequency)| RfmSegment::of(*recency, *frequency) == segment)
        {
            if let Some(all) = scored(rfm, gathered, Some(recency), Some(frequency), None) {
                any.push(Condition::All(all));
            }
        }
        if any.is_empty() {
            return None;
        }
        conditions.push(Condition::Any(any));
    }
    rule_of(setting.population, conditions)
}

/// Conditions that hold for the customers with some scores; `None` if a score is nobody's.
fn scored(
    rfm: &Rfm,
    gathered: &Gathered,
    recency: Option<usize>,
    frequency: Option<usize>,
    monetary: Option<usize>,
) -> Option<Vec<Condition<Named>>> {
    let filter = filter_of(rfm);
    let (range, mut conditions) = (gathered.range, Vec::new());
    if let Some(score) = recency {
        let from = gathered.recency.band(score)?.from;
        let until = gathered.recency.next_from(score);
        conditions.push(did_once(&filter, Range { from, until: range.until }));
        conditions.extend(until.map(|until| did_not(&filter, Range { from: until, until: range.until })));
    }
    if let Some(score) = frequency {
        let from = gathered.frequency.band(score)?.from;
        let count = match gathered.frequency.next_from(score) {
            Some(next) => CountTest::Between(from, next - 1),
            None => CountTest::AtLeast(from),
        };
        conditions.push(did(filter.clone(), count, window_of(range)));
    }
    if let Some(score) = monetary {
        let test = |make: fn(AggregateOperand<Named>) -> AggregateTest<Named>, number: Decimal| {
            sum_of(filter.clone(), "net", window_of(range), make(AggregateOperand::Number(number)))
        };
        conditions.push(test(AggregateTest::AtLeast, gathered.monetary.band(score)?.from));
        conditions.extend(gathered.monetary.next_from(score).map(|next| test(AggregateTest::LessThan, next)));
    }
    Some(conditions)
}

fn filter_of(rfm: &Rfm) -> EventFilter<Named> {
    let all = orders();
    match &rfm.currency {
        None => all,
        Some(currency) => with_predicate(
            &all,
            Predicate::Property(PropertyTest {
                property: segops_model::Path::of_name("currency"),
                match_case: false,
                test: Test::Is(segops_model::Value::text(currency.as_str())),
            }),
        ),
    }
}

fn gather(rfm: &Rfm, setting: &Setting<'_>) -> Result<Gathered, AnalysisError> {
    let mut checker = Checker::new(setting);
    checker.within("scores", "scores", rfm.scores, 2, SCORES_MAX);
    let range = checker.range(&rfm.window, "window");
    let warnings = checker.finish()?;
    let mut buyers = Buyers {
        range,
        currency: rfm.currency.clone(),
        found: Vec::new(),
        currencies: Vec::new(),
        max: setting.limits.analysis_customers_max,
    };
    let reading = Reading { signals: Vec::new(), range, orders: true, traits: false };
    walk(setting, &reading, &mut buyers)?;
    let Buyers { found, mut currencies, .. } = buyers;
    currencies.sort_unstable();
    if rfm.currency.is_none() && currencies.len() > 1 {
        return Err(AnalysisError::Definition(vec![Problem {
            code: Code::ExpectedValue,
            severity: segops_rules::Severity::Error,
            message: format!("the orders are in {}, which can't be added up", currencies.join(", ")),
            span: None,
            place: Some("currency".to_owned()),
            expected: Some("one of these currencies".to_owned()),
            suggestion: None,
        }]));
    }
    Ok(Gathered {
        recency: Bands::new(found.iter().map(|one| one.last).collect(), rfm.scores),
        frequency: Bands::new(found.iter().map(|one| one.orders).collect(), rfm.scores),
        monetary: Bands::new(found.iter().map(|one| one.net).collect(), rfm.scores),
        currency: rfm.currency.clone().or_else(|| currencies.pop()),
        customers: found,
        range,
        warnings,
    })
}

struct Buyers {
    range: Range,
    currency: Option<String>,
    found: Vec<Bought>,
    currencies: Vec<String>,
    max: usize,
}

impl Visitor for Buyers {
    fn end(&mut self, profile: &Profile) -> Result<(), AnalysisError> {
        let mut bought = Bought { profile: profile.id.0, last: Instant::MIN, orders: 0, net: Decimal::ZERO };
        for order in profile.orders.iter().filter(|order| !order.is_test && self.range.holds(order.at.ts)) {
            let currency = order.currency.as_deref();
            let is_wanted = self
                .currency
                .as_deref()
                .is_none_or(|wanted| currency.is_some_and(|currency| currency.eq_ignore_ascii_case(wanted)));
            if !is_wanted {
                continue;
            }
            if let Some(currency) = currency
                && !self.currencies.iter().any(|known| known.eq_ignore_ascii_case(currency))
            {
                self.currencies.push(currency.to_ascii_uppercase());
            }
            bought.net = [bought.net, order.net].into_iter().sum();
            if order.is_placed {
                bought.orders += 1;
                bought.last = bought.last.max(order.at.ts);
            }
        }
        if bought.orders == 0 {
            return Ok(());
        }
        if self.found.len() >= self.max {
            return Err(AnalysisError::Limit {
                what: "customers",
                max: self.max,
                advice: "run the analysis for a segment",
            });
        }
        self.found.push(bought);
        Ok(())
    }
}
