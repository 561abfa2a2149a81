//! What predicts it? How the share of customers with an outcome differs with what their first order was like, and
//! with who they are.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use segops_model::{DAY_MS, Decimal, Instant, Path};
use segops_rules::{Code, Problem, Window, is_order_money};
use serde::{Deserialize, Serialize};

use crate::as_rule::orders;
use crate::check::{CheckedEvent, Checker, Range};
use crate::error::AnalysisError;
use crate::event_definition::EventDefinition;
use crate::features::{Contrast, Feature, Interval95, Table, adjust};
use crate::groups::{Dimension, Group, Reader};
use crate::logistic::{Fit, fit, linear, logistic};
use crate::setting::Setting;
use crate::statistics::{Z_95, to_f64, two_sided};
use crate::walk::{PlacedOrder, Profile, Reading, Row, Signal, Visitor, walk};

const DAYS_MAX: u32 = 3_660;
const DIMENSIONS_MAX: usize = 60;
/// Features in one regression.
const FEATURES_MAX: usize = 100;
/// The standard error of a logarithm of odds past which it says nothing.
const ERROR_MAX: f64 = 5.0;
const BANDS: usize = 4;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Predictors {
    #[serde(default)]
    pub outcome: Outcome,
    /// The outcome happened less than so many days after the first order.
    #[serde(default = "ninety")]
    pub days: u32,
    /// When the first order of all time was.
    #[serde(default = "all_time")]
    pub window: Window,
    /// What is looked at; none: every property of the order and of its lines, and every trait.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dimensions: Vec<Dimension>,
}

const fn ninety() -> u32 {
    90
}

const fn all_time() -> Window {
    Window::AllTime
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    #[default]
    SecondOrder,
    Event(EventDefinition),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PredictorsAnswer {
    /// Whose first order lies in the window, and whose days are over.
    pub customers: u64,
    pub with_outcome: u64,
    pub share: f64,
    /// The strongest evidence first: that of the raw or the adjusted estimate, whichever is weaker.
    pub predictors: Vec<Predictor>,
    pub warnings: Vec<Problem>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Predictor {
    pub feature: Feature,
    /// As it is, whatever comes with it.
    pub raw: Contrast,
    /// With all other features held alike; absent of the value that others of its dimension are held against, where
    /// the regression comes to no end, and where all or none with the feature have the outcome, so that no odds can be
    /// told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adjusted: Option<Adjusted>,
    pub sentence: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Adjusted {
    /// Against customers without the feature, or with the frequent value of the dimension whose share is nearest to that of all.
    pub odds_ratio: Interval95,
    /// The probability of such an odds ratio, or one further from 1, where the feature makes no difference.
    pub p: f64,
    /// The average difference that the feature makes to the share, over all customers.
    pub difference: f64,
}

struct Checked {
    order: CheckedEvent,
    outcome: Option<CheckedEvent>,
    range: Range,
    dimensions: Vec<Dimension>,
    warnings: Vec<Problem>,
}

fn check(predictors: &Predictors, setting: &Setting<'_>) -> Result<Checked, AnalysisError> {
    let mut checker = Checker::new(setting);
    let order = checker.event(&EventDefinition::Tree(orders()), "outcome");
    let outcome = match &predictors.outcome {
        Outcome::SecondOrder => None,
        Outcome::Event(event) => checker.event(event, "outcome.event"),
    };
    if predictors.days == 0 || predictors.days > DAYS_MAX {
        let message = "so many days can't be waited for";
        checker.refuse(Code::NeverHolds, "days", message, format!("from 1 to {DAYS_MAX}"));
    }
    let range = checker.range(&predictors.window, "window");
    checker.within("dimensions", "dimensions", predictors.dimensions.len(), 0, DIMENSIONS_MAX);
    for (at, by) in predictors.dimensions.iter().take(DIMENSIONS_MAX).enumerate() {
        by.check(&mut checker, &order.iter().collect::<Vec<_>>(), &format!("dimensions[{at}]"));
    }
    let dimensions = if predictors.dimensions.is_empty() {
        discovered(setting).into_iter().map(at_the_order).collect()
    } else {
        predictors.dimensions.clone()
    };
    let warnings = checker.finish()?;
    match order {
        Some(order) => Ok(Checked { order, outcome, range, dimensions, warnings }),
        None => Err(AnalysisError::Definition(warnings)),
    }
}

/// A trait as it was at the first order: what it has become since may come of the outcome.
fn at_the_order(dimension: Dimension) -> Dimension {
    match dimension {
        Dimension::Trait(path) => Dimension::TraitAtEvent(path),
        other => other,
    }
}

/// Every property of orders and of their lines, and every trait, that is no amount.
pub(crate) fn discovered(setting: &Setting<'_>) -> Vec<Dimension> {
    let names = setting.names;
    let of_order = names.property_names(Some(segops_rules::ORDER_EVENT));
    let of_order = of_order.into_iter().map(|name| name.replacen("products[]", "items[]", 1));
    let mut properties: Vec<Path> = of_order.filter_map(|name| name.parse().ok()).collect();
    let mut traits: Vec<Path> =
        names.trait_names().into_iter().filter_map(|name| name.parse().ok()).collect();
    for paths in [&mut properties, &mut traits] {
        paths.retain(|path| !is_order_money(path) && path.to_string() != "items[].quantity");
        paths.sort();
        paths.dedup();
    }
    traits.retain(|path| path.split_list().is_none());
    let properties = properties.into_iter().map(Dimension::Property);
    properties.chain(traits.into_iter().map(Dimension::Trait)).take(DIMENSIONS_MAX).collect()
}

/// # Errors
/// Something is wrong with the definition, or history can't be read.
pub(crate) fn run(predictors: &Predictors, setting: &Setting<'_>) -> Result<PredictorsAnswer, AnalysisError> {
    let checked = check(predictors, setting)?;
    let days_ms = i64::from(predictors.days) * DAY_MS;
    let readers = checked.dimensions.iter().map(|by| by.reader(setting, &[&checked.order]));
    let mut gather = Gather {
        checked: &checked,
        days_ms,
        now: setting.now,
        readers: readers.collect(),
        first: None,
        has_outcome: false,
        found: Vec::new(),
        max: setting.limits.analysis_customers_max,
    };
    let signals =
        checked.outcome.iter().map(|event| Signal { filter: event.resolved.clone(), paths: Vec::new() });
    let reading = Reading {
        signals: signals.collect(),
        range: Range { from: checked.range.from, until: setting.now.plus_ms(1) },
        orders: true,
        traits: checked.dimensions.iter().any(Dimension::needs_traits),
    };
    walk(setting, &reading, &mut gather)?;
    let found = gather.found;
    let chosen = table_of(&found, &checked.dimensions).chosen(FEATURES_MAX);
    let (counts, all) = chosen.counts();
    let adjusted = adjusted(&chosen);
    let rows = chosen.features.iter().zip(&counts).zip(adjusted);
    let mut rows: Vec<Predictor> = rows
        .map(|(((_, feature), with), adjusted)| {
            let raw = Contrast::new(*with, (all.0 - with.0, all.1 - with.1));
            Predictor { feature: feature.clone(), raw, adjusted, sentence: String::new() }
        })
        .collect();
    adjust(rows.iter_mut().map(|row| &mut row.raw));
    rows.sort_by(|left, right| {
        evidence(left).total_cmp(&evidence(right)).then_with(|| left.raw.p.total_cmp(&right.raw.p))
    });
    rows.iter_mut().for_each(|row| row.sentence = say(row, predictors));
    Ok(PredictorsAnswer {
        customers: all.1,
        with_outcome: all.0,
        share: crate::statistics::share(all.0, all.1),
        predictors: rows,
        warnings: checked.warnings,
    })
}

/// How easily chance alone would show as much. What comes with a cause stands out in the raw shares and not once all
/// else is alike; what masks another the other way round.
fn evidence(predictor: &Predictor) -> f64 {
    predictor.adjusted.as_ref().map_or(predictor.raw.p, |adjusted| adjusted.p.max(predictor.raw.p))
}

/// What is known of a customer's first order.
struct First {
    groups: Vec<(usize, String, Group)>,
    value: Decimal,
    is_discounted: bool,
    is_of_several: bool,
    has_outcome: bool,
}

/// Makes features of what is known: the bands of amounts are those of all the orders.
fn table_of(found: &[First], dimensions: &[Dimension]) -> Table {
    let mut values: Vec<Decimal> = found.iter().map(|first| first.value).collect();
    values.sort_unstable();
    let mut bands: Vec<(Decimal, Decimal)> = Vec::new();
    for band in 0..BANDS {
        let ends = |at: usize| (at * values.len()).checked_div(BANDS).unwrap_or_default();
        // Equal amounts are of one band: that of the first of them.
        let (from, to) = (ends(band), ends(band + 1));
        if let Some(part) = values.get(from..to)
            && let (Some(low), Some(high)) = (part.first(), part.last())
            && bands.last().is_none_or(|(_, last)| high > last)
        {
            let low = bands.last().map_or(*low, |(_, last)| {
                let next = values.partition_point(|value| value <= last);
                values.get(next).copied().unwrap_or(*low)
            });
            bands.push((low, *high));
        }
    }
    let mut table = Table::default();
    for first in found {
        let groups = first.groups.iter().filter_map(|(at, key, group)| {
            let by = dimensions.get(*at)?.clone();
            Some((*at, key.clone(), Feature::Value { by, group: group.clone() }))
        });
        let band = bands.iter().position(|(low, high)| *low <= first.value && first.value <= *high);
        let band = band.filter(|_| bands.len() > 1).and_then(|at| {
            let (from, to) = *bands.get(at)?;
            Some((dimensions.len(), at.to_string(), Feature::OrderValue { from, to }))
        });
        let next = dimensions.len() + 1;
        let discounted = first.is_discounted.then(|| (next, String::new(), Feature::Discounted));
        let several = first.is_of_several.then(|| (next + 1, String::new(), Feature::SeveralArticles));
        table.add(groups.chain(band).chain(discounted).chain(several), first.has_outcome);
    }
    table
}

struct Gather<'a> {
    checked: &'a Checked,
    days_ms: i64,
    now: Instant,
    readers: Vec<Reader>,
    first: Option<Instant>,
    has_outcome: bool,
    found: Vec<First>,
    max: usize,
}

impl Visitor for Gather<'_> {
    fn begin(&mut self, profile: &Profile) -> Result<(), AnalysisError> {
        let first = profile.counted_orders().next().map(|order| order.at.ts);
        let is_wanted = |at: &Instant| self.checked.range.holds(*at) && at.plus_ms(self.days_ms) <= self.now;
        self.first = first.filter(is_wanted);
        self.has_outcome = false;
        Ok(())
    }

    fn row(&mut self, _: &Profile, row: &Row<'_>) -> Result<(), AnalysisError> {
        if let Some(first) = self.first {
            self.has_outcome |= row.is_placed && row.ts > first && row.ts.ms_since(first) < self.days_ms;
        }
        Ok(())
    }

    fn end(&mut self, profile: &Profile) -> Result<(), AnalysisError> {
        let Some(first) = self.first else { return Ok(()) };
        let mut orders = profile.counted_orders();
        let Some(order) = orders.next() else { return Ok(()) };
        let has_outcome = if self.checked.outcome.is_some() {
            self.has_outcome
        } else {
            orders.next().is_some_and(|second| second.at.ts.ms_since(first) < self.days_ms)
        };
        if self.found.len() >= self.max {
            return Err(AnalysisError::Limit {
                what: "customers",
                max: self.max,
                advice: "run the analysis for a segment, or over a shorter window",
            });
        }
        let groups = self.readers.iter().enumerate().flat_map(|(at, reader)| {
            let groups = reader.groups(profile, 0, &order.event, order.at.ts);
            groups.into_iter().map(move |(key, group)| (at, key, group))
        });
        let number = |name: &str| order.event.properties.get(name).and_then(segops_model::Value::as_number);
        self.found.push(First {
            groups: groups.collect(),
            value: value_of(order),
            is_discounted: number("discount").is_some_and(|discount| discount > Decimal::ZERO),
            is_of_several: number("item_count").is_some_and(|count| count > Decimal::ONE),
            has_outcome,
        });
        Ok(())
    }
}

/// What the order was worth when it was placed: what became of it since is no feature of it.
fn value_of(order: &PlacedOrder) -> Decimal {
    order.event.properties.get("value").and_then(segops_model::Value::as_number).unwrap_or_default()
}

/// What the other values of a dimension are held against: of its frequent values the one whose share is nearest to that of
/// all customers, so that what stands out is estimated, and not everything else against it.
fn references(chosen: &crate::features::Chosen) -> Vec<usize> {
    let (counts, all) = chosen.counts();
    let share = |(with, units): (u64, u64)| crate::statistics::share(with, units);
    let mut best: BTreeMap<usize, (u64, f64, usize)> = BTreeMap::new();
    // Features are in the order of how many have them, so that the first of a dimension is its most frequent.
    for (at, ((dimension, feature), counted)) in chosen.features.iter().zip(&counts).enumerate() {
        if !matches!(feature, Feature::Value { .. } | Feature::OrderValue { .. }) {
            continue;
        }
        let distance = (share(*counted) - share(all)).abs();
        let (most, least, reference) = best.entry(*dimension).or_insert((counted.1, distance, at));
        if counted.1 * 2 >= *most && distance < *least {
            (*least, *reference) = (distance, at);
        }
    }
    best.into_values().map(|(_, _, at)| at).collect()
}

/// The estimates of a regression on all features but one of each dimension whose values are a partition: every customer
/// has exactly one of those.
fn adjusted(chosen: &crate::features::Chosen) -> Vec<Option<Adjusted>> {
    let nothing = || vec![None; chosen.features.len()];
    let references = references(chosen);
    let mut next = 0;
    let columns: Vec<Option<u16>> = (0..chosen.features.len())
        .map(|at| {
            (!references.contains(&at)).then(|| {
                next += 1;
                next - 1
            })
        })
        .collect();
    let column = |feature: &u16| columns.get(usize::from(*feature)).copied().flatten();
    let units: Vec<(Vec<u16>, bool)> = chosen
        .units
        .iter()
        .map(|(features, outcome)| (features.iter().filter_map(column).collect(), *outcome))
        .collect();
    let Some(fitted) = fit(usize::from(next), &units) else { return nothing() };
    let dimension_of: Vec<usize> = chosen
        .features
        .iter()
        .zip(&columns)
        .filter(|(_, column)| column.is_some())
        .map(|((dimension, _), _)| *dimension)
        .collect();
    let differences = differences(&fitted, &units, &dimension_of);
    columns
        .iter()
        .map(|column| {
            let at = usize::from((*column)?);
            let (beta, error) = (*fitted.coefficients.get(at + 1)?, *fitted.standard_errors.get(at + 1)?);
            if error > ERROR_MAX {
                return None;
            }
            let odds = |beta: f64| libm::exp(beta);
            Some(Adjusted {
                odds_ratio: Interval95 {
                    estimate: odds(beta),
                    low: odds(beta - Z_95 * error),
                    high: odds(beta + Z_95 * error),
                },
                p: two_sided(beta / error),
                difference: *differences.get(at)?,
            })
        })
        .collect()
}

/// The average, over all units, of what each feature makes of the probability: with it, less with nothing of its
/// dimension.
fn differences(fitted: &Fit, units: &[(Vec<u16>, bool)], dimension_of: &[usize]) -> Vec<f64> {
    let mut sums = vec![0.0; dimension_of.len()];
    let beta = |feature: usize| fitted.coefficients.get(feature + 1).copied().unwrap_or_default();
    for (active, _) in units {
        let whole = linear(&fitted.coefficients, active);
        for (feature, sum) in sums.iter_mut().enumerate() {
            let dimension = dimension_of.get(feature);
            let own = active.iter().filter(|other| dimension_of.get(usize::from(**other)) == dimension);
            let base = whole - own.map(|other| beta(usize::from(*other))).sum::<f64>();
            *sum += logistic(base + beta(feature)) - logistic(base);
        }
    }
    sums.into_iter().map(|sum| sum / to_f64(units.len()).max(1.0)).collect()
}

fn say(row: &Predictor, predictors: &Predictors) -> String {
    let what = match predictors.outcome {
        Outcome::SecondOrder => "bought again",
        Outcome::Event(_) => "came to the outcome",
    };
    let raw = &row.raw;
    let adjusted = row.adjusted.as_ref().map_or_else(String::new, |adjusted| {
        format!("; all else alike, {:+.1} points", adjusted.difference * 100.0)
    });
    format!(
        "{}: {:.1}% {what} within {} days, and {:.1}% of the others ({:+.1} points, 95% interval {:+.1} to {:+.1}){adjusted}.",
        said(&row.feature),
        raw.share_with * 100.0,
        predictors.days,
        raw.share_without * 100.0,
        raw.difference.estimate * 100.0,
        raw.difference.low * 100.0,
        raw.difference.high * 100.0,
    )
}

/// A feature in words.
pub(crate) fn said(feature: &Feature) -> String {
    match feature {
        Feature::Value { by, group } => {
            let name = match by {
                Dimension::Property(path) | Dimension::Trait(path) | Dimension::TraitAtEvent(path) => {
                    path.to_string()
                }
                Dimension::Segments(_) => "segment".to_owned(),
            };
            match group {
                Group::Missing => format!("without {name}"),
                other => format!("{name} {}", crate::sheet::group(other)),
            }
        }
        Feature::OrderValue { from, to } => format!("order of {from} to {to}"),
        Feature::Discounted => "with a discount".to_owned(),
        Feature::SeveralArticles => "several articles".to_owned(),
        Feature::Did(event) => format!("did {event}"),
    }
}
