//! Gathers a metric's units out of history.

use segops_model::{DAY_MS, Decimal, Instant};
use segops_rules::{Code, is_order_money};

use super::decompose::{Found, decompose};
use super::say::{Spoken, say_cause, say_change};
use super::units::Units;
use super::{Change, ChangeAnswer, Metric};
use crate::as_rule::orders;
use crate::check::{CheckedEvent, Checker, Range};
use crate::error::AnalysisError;
use crate::event_definition::EventDefinition;
use crate::groups::{Dimension, Group, Reader};
use crate::setting::Setting;
use crate::statistics::int_f64;
use crate::walk::{PlacedOrder, Profile, Reading, Row, Signal, Visitor, walk};

/// Dimensions that a definition may name, and that are tried where it names none.
const DIMENSIONS_MAX: usize = 60;
const DAYS_MAX: u32 = 3_660;

struct Checked {
    /// What makes a unit, and for conversions what it converts to.
    events: Vec<CheckedEvent>,
    windows: [Range; 2],
    dimensions: Vec<(Dimension, bool)>,
    warnings: Vec<segops_rules::Problem>,
}

/// # Errors
/// Something is wrong with the definition, or history can't be read.
pub(crate) fn run(change: &Change, setting: &Setting<'_>) -> Result<ChangeAnswer, AnalysisError> {
    let checked = check(change, setting)?;
    let readers = checked
        .dimensions
        .iter()
        .map(|(by, _)| by.reader(setting, &checked.events.iter().take(1).collect::<Vec<_>>()));
    let mut gather = Gather {
        metric: &change.metric,
        checked: &checked,
        now: setting.now,
        readers: readers.collect(),
        units: Units::new(checked.dimensions.iter().cloned()),
        max: setting.limits.analysis_customers_max,
        currency: change.currency.clone(),
        currencies: Vec::new(),
        pending: [None, None],
    };
    let days_ms = conversion_days(&change.metric).map_or(0, |days| i64::from(days) * DAY_MS);
    let [before, after] = checked.windows;
    let until = before.until.max(after.until).plus_ms(days_ms).min(setting.now.plus_ms(1));
    let is_conversion = matches!(change.metric, Metric::Conversion(_));
    let signals = checked.events.iter().filter(|_| is_conversion).map(|event| Signal {
        filter: event.resolved.clone(),
        paths: checked.dimensions.iter().filter_map(|(by, _)| by.path().cloned()).collect(),
    });
    let reading = Reading {
        signals: signals.collect(),
        range: Range { from: before.from.min(after.from), until },
        orders: !is_conversion,
        traits: checked.dimensions.iter().any(|(by, _)| by.needs_traits()),
    };
    walk(setting, &reading, &mut gather)?;
    let Gather { units, mut currencies, .. } = gather;
    currencies.sort_unstable();
    if change.currency.is_none() && change.metric.is_money() && currencies.len() > 1 {
        let mut checker = Checker::new(setting);
        let message = format!("the orders are in {}, which can't be added up", currencies.join(", "));
        checker.refuse(Code::ExpectedValue, "currency", message, "one of these currencies");
        checker.finish()?;
    }
    let lengths = checked.windows.map(|window| int_f64(window.until.ms_since(window.from)));
    let found = decompose(units, change.metric.kind(), lengths);
    let known = change.currency.as_ref().map(|wanted| wanted.to_ascii_uppercase());
    let currency = known.or_else(|| currencies.pop()).filter(|_| change.metric.is_money());
    Ok(answer(change, found, currency, checked.warnings))
}

fn answer(
    change: &Change,
    found: Found,
    currency: Option<String>,
    warnings: Vec<segops_rules::Problem>,
) -> ChangeAnswer {
    let spoken = Spoken { metric: &change.metric, currency: currency.as_deref() };
    let Found { before, after, change: difference, mut causes, dimensions, tests } = found;
    for cause in &mut causes {
        cause.sentence = say_cause(spoken, cause, &before, &after);
    }
    let summary = say_change(spoken, &before, &after, &causes);
    ChangeAnswer { before, after, change: difference, currency, summary, causes, dimensions, tests, warnings }
}

const fn conversion_days(metric: &Metric) -> Option<u32> {
    match metric {
        Metric::Conversion(conversion) => Some(conversion.days),
        Metric::RepeatRate { days } => Some(*days),
        _ => None,
    }
}

fn check(change: &Change, setting: &Setting<'_>) -> Result<Checked, AnalysisError> {
    let mut checker = Checker::new(setting);
    let mut events = Vec::new();
    match &change.metric {
        Metric::Conversion(conversion) => {
            events.extend(checker.event(&conversion.from, "metric.conversion.from"));
            events.extend(checker.event(&conversion.to, "metric.conversion.to"));
        }
        _ => events.extend(checker.event(&EventDefinition::Tree(orders()), "metric")),
    }
    if conversion_days(&change.metric).is_some_and(|days| days == 0 || days > DAYS_MAX) {
        checker.refuse(
            Code::NeverHolds,
            "metric.days",
            "so many days can't be waited for",
            format!("from 1 to {DAYS_MAX}"),
        );
    }
    let windows = [checker.range(&change.before, "before"), checker.range(&change.after, "after")];
    if windows[0].until > windows[1].from {
        let message = "the windows overlap, or `after` comes before `before`";
        checker.refuse(
            Code::NeverHolds,
            "after",
            message,
            "a window that starts where `before` ends, or later",
        );
    }
    checker.within("dimensions", "dimensions", change.dimensions.len(), 0, DIMENSIONS_MAX);
    for (at, by) in change.dimensions.iter().take(DIMENSIONS_MAX).enumerate() {
        let place = format!("dimensions[{at}]");
        by.check(&mut checker, &events.iter().take(1).collect::<Vec<_>>(), &place);
        if by.path().is_some_and(|path| path.split_list().is_some()) {
            let message = "a list has several values, of which each would have a part of the change";
            checker.refuse(Code::UnsupportedPath, &place, message, "a property with one value");
        }
    }
    let dimensions = if change.dimensions.is_empty() {
        discovered(&events, setting).into_iter().map(|by| (by, false)).collect()
    } else {
        change.dimensions.iter().map(|by| (by.clone(), true)).collect()
    };
    Ok(Checked { events, windows, dimensions, warnings: checker.finish()? })
}

/// Every property of the units' event, and every trait, that is no amount. Traits as they were then: what they have
/// become since may come of what is measured, as a tier does of orders.
fn discovered(events: &[CheckedEvent], setting: &Setting<'_>) -> Vec<Dimension> {
    let names = setting.names;
    let filter = events.first().map(|event| &event.resolved);
    let is_of_orders = filter.is_some_and(|filter| filter.subject.is_orders());
    let event = if is_of_orders {
        Some(segops_rules::ORDER_EVENT)
    } else {
        filter.and_then(|filter| filter.name.as_deref())
    };
    let path = |name: String| name.parse::<segops_model::Path>().ok();
    let mut properties: Vec<_> = names.property_names(event).into_iter().filter_map(path).collect();
    let mut traits: Vec<_> = names.trait_names().into_iter().filter_map(path).collect();
    for paths in [&mut properties, &mut traits] {
        paths.retain(|path| path.split_list().is_none() && !is_order_money(path));
        paths.sort();
        paths.dedup();
    }
    let properties = properties.into_iter().map(Dimension::Property);
    properties.chain(traits.into_iter().map(Dimension::TraitAtEvent)).take(DIMENSIONS_MAX).collect()
}

/// A first step whose conversion is waited for.
struct Pending {
    at: Instant,
    groups: Vec<(String, Group)>,
    is_converted: bool,
}

struct Gather<'a> {
    metric: &'a Metric,
    checked: &'a Checked,
    now: Instant,
    readers: Vec<Reader>,
    units: Units,
    max: usize,
    currency: Option<String>,
    currencies: Vec<String>,
    pending: [Option<Pending>; 2],
}

impl Visitor for Gather<'_> {
    fn row(&mut self, profile: &Profile, row: &Row<'_>) -> Result<(), AnalysisError> {
        let Metric::Conversion(conversion) = self.metric else { return Ok(()) };
        let days_ms = i64::from(conversion.days) * DAY_MS;
        if !row.is_placed {
            return Ok(());
        }
        for (window, range) in [0, 1].into_iter().zip(self.checked.windows) {
            let is_start = row.has(0) && range.holds(row.ts);
            let groups = if is_start { self.groups(profile, row.event(), row.ts) } else { Vec::new() };
            let Some(pending) = self.pending.get_mut::<usize>(window) else { continue };
            match pending {
                Some(pending) if row.has(1) && row.ts.ms_since(pending.at) < days_ms => {
                    pending.is_converted = true;
                }
                None if is_start => *pending = Some(Pending { at: row.ts, groups, is_converted: false }),
                _ => {}
            }
        }
        Ok(())
    }

    fn end(&mut self, profile: &Profile) -> Result<(), AnalysisError> {
        match self.metric {
            Metric::Conversion(conversion) => {
                for window in 0..2 {
                    let Some(pending) = self.pending.get_mut(window).and_then(Option::take) else { continue };
                    if pending.at.plus_ms(i64::from(conversion.days) * DAY_MS) <= self.now {
                        self.add(profile, window, flag(pending.is_converted), pending.groups)?;
                    }
                }
                Ok(())
            }
            Metric::Revenue | Metric::Orders | Metric::AverageOrderValue => self.orders(profile),
            Metric::RepeatRate { days } => self.repeat(profile, i64::from(*days) * DAY_MS),
            Metric::ReturningShare => self.returning(profile),
        }
    }
}

fn flag(is: bool) -> Decimal {
    if is { Decimal::ONE } else { Decimal::ZERO }
}

impl Gather<'_> {
    /// The profile's group by each dimension: where there are several, the first.
    fn groups(&self, profile: &Profile, event: &segops_model::Event, ts: Instant) -> Vec<(String, Group)> {
        let first = |reader: &Reader| reader.groups(profile, 0, event, ts).into_iter().next();
        self.readers
            .iter()
            .map(|reader| first(reader).unwrap_or_else(|| crate::groups::of_label(None)))
            .collect()
    }

    fn add(
        &mut self,
        profile: &Profile,
        window: usize,
        value: Decimal,
        groups: Vec<(String, Group)>,
    ) -> Result<(), AnalysisError> {
        if self.units.len() >= self.max {
            return Err(AnalysisError::Limit {
                what: "the orders, or profiles, that are compared",
                max: self.max,
                advice: "run the analysis for a segment, or over shorter windows",
            });
        }
        self.units.add(profile.id, window == 1, value, groups.into_iter());
        Ok(())
    }

    fn window_of(&self, ts: Instant) -> Option<usize> {
        self.checked.windows.iter().position(|window| window.holds(ts))
    }

    fn orders(&mut self, profile: &Profile) -> Result<(), AnalysisError> {
        for order in profile.counted_orders() {
            let Some(window) = self.window_of(order.at.ts) else { continue };
            if !self.is_in_currency(order) {
                continue;
            }
            let value = if *self.metric == Metric::Orders { Decimal::ONE } else { order.net };
            let groups = self.groups(profile, &order.event, order.at.ts);
            self.add(profile, window, value, groups)?;
        }
        Ok(())
    }

    fn is_in_currency(&mut self, order: &PlacedOrder) -> bool {
        if !self.metric.is_money() {
            return true;
        }
        let currency = order.currency.as_deref();
        if let Some(wanted) = &self.currency {
            return currency.is_some_and(|currency| currency.eq_ignore_ascii_case(wanted));
        }
        if let Some(currency) = currency
            && !self.currencies.iter().any(|known| known.eq_ignore_ascii_case(currency))
        {
            self.currencies.push(currency.to_ascii_uppercase());
        }
        true
    }

    fn repeat(&mut self, profile: &Profile, days_ms: i64) -> Result<(), AnalysisError> {
        let mut orders = profile.counted_orders();
        let Some(first) = orders.next() else { return Ok(()) };
        let Some(window) = self.window_of(first.at.ts) else { return Ok(()) };
        if first.at.ts.plus_ms(days_ms) > self.now {
            return Ok(());
        }
        let is_repeat = orders.next().is_some_and(|second| second.at.ts.ms_since(first.at.ts) < days_ms);
        let groups = self.groups(profile, &first.event, first.at.ts);
        self.add(profile, window, flag(is_repeat), groups)
    }

    fn returning(&mut self, profile: &Profile) -> Result<(), AnalysisError> {
        let Some(first_ever) = profile.counted_orders().next() else { return Ok(()) };
        for (number, window) in self.checked.windows.into_iter().enumerate() {
            let first = profile.counted_orders().find(|order| window.holds(order.at.ts));
            if let Some(first) = first {
                let groups = self.groups(profile, &first.event, first.at.ts);
                self.add(profile, number, flag(first_ever.at.ts < window.from), groups)?;
            }
        }
        Ok(())
    }
}
