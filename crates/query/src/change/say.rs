//! A change and its causes in sentences.

use super::{Cause, Effect, Kind, Level, Metric};
use crate::groups::{Dimension, Group};
use crate::statistics::count_f64;

/// What is spoken of, and in which currency where it is money.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spoken<'a> {
    pub(super) metric: &'a Metric,
    pub(super) currency: Option<&'a str>,
}

/// What a metric is called.
const fn name(metric: &Metric) -> &'static str {
    match metric {
        Metric::Revenue => "revenue",
        Metric::Orders => "number of orders",
        Metric::AverageOrderValue => "average order value",
        Metric::RepeatRate { .. } => "repeat rate",
        Metric::ReturningShare => "share of returning customers",
        Metric::Conversion(_) => "conversion",
    }
}

const fn is_share(metric: &Metric) -> bool {
    matches!(metric, Metric::RepeatRate { .. } | Metric::ReturningShare | Metric::Conversion(_))
}

/// What the units are called.
const fn units(metric: &Metric) -> &'static str {
    match metric {
        Metric::Revenue | Metric::Orders | Metric::AverageOrderValue => "orders",
        Metric::Conversion(_) => "profiles",
        _ => "customers",
    }
}

impl Spoken<'_> {
    fn level(self, value: f64) -> String {
        match self.currency {
            _ if is_share(self.metric) => format!("{:.1}%", value * 100.0),
            Some(currency) => format!("{value:.2} {currency}"),
            None if libm::trunc(value) == value => format!("{value:.0}"),
            None => format!("{value:.2}"),
        }
    }

    /// A difference with its sign.
    fn difference(self, value: f64) -> String {
        match self.currency {
            _ if is_share(self.metric) => format!("{:+.1} points", value * 100.0),
            Some(currency) => format!("{value:+.2} {currency}"),
            None => format!("{value:+.2}"),
        }
    }
}

fn moved(before: f64, after: f64) -> &'static str {
    if after < before { "fell" } else { "rose" }
}

/// The whole change.
pub(super) fn say_change(spoken: Spoken<'_>, before: &Level, after: &Level, causes: &[Cause]) -> String {
    let (old, new) = (before.value.to_f64(), after.value.to_f64());
    let name = name(spoken.metric);
    if before.units == 0 || after.units == 0 {
        let window = if before.units == 0 { "before" } else { "after" };
        return format!("There is nothing {window} to compare the {name} with.");
    }
    if before.value == after.value {
        return format!("The {name} did not change: it is {}.", spoken.level(new));
    }
    let by = spoken.difference(new - old);
    let whole = format!(
        "The {name} {} from {} to {}, by {by}",
        moved(old, new),
        spoken.level(old),
        spoken.level(new)
    );
    if causes.is_empty() {
        return format!("{whole}; no group stands out from the others beyond chance.");
    }
    format!("{whole}.")
}

/// What stands out.
pub(super) fn say_cause(spoken: Spoken<'_>, cause: &Cause, before: &Level, after: &Level) -> String {
    let groups: Vec<String> = cause.groups.iter().map(|one| group(&one.by, &one.group)).collect();
    let whose = groups.join(" with ");
    let range = format!(
        "{} of the change (95% interval {} to {})",
        spoken.difference(cause.contribution),
        spoken.difference(cause.low),
        spoken.difference(cause.high)
    );
    match cause.effect {
        Effect::Rate => {
            let what = match spoken.metric.kind() {
                Kind::Ratio => name(spoken.metric),
                Kind::Total => "average",
            };
            let (old, new) = (cause.average_before, cause.average_after);
            let (from, to) = (spoken.level(old), spoken.level(new));
            format!("{whose}: the {what} {} from {from} to {to}, which is {range}.", moved(old, new))
        }
        Effect::Mix => {
            let share = |units: u64, whole: u64| 100.0 * count_f64(units) / count_f64(whole.max(1));
            let from = share(cause.units_before, before.units);
            let to = share(cause.units_after, after.units);
            let units = units(spoken.metric);
            let counts = format!("{} to {}", cause.units_before, cause.units_after);
            format!("{whose}: from {from:.1}% to {to:.1}% of the {units} ({counts}), which is {range}.")
        }
    }
}

fn group(by: &Dimension, group: &Group) -> String {
    let name = match by {
        Dimension::Property(path) | Dimension::Trait(path) | Dimension::TraitAtEvent(path) => {
            path.to_string()
        }
        Dimension::Segments(_) => "segment".to_owned(),
    };
    match group {
        Group::Value(value) | Group::Segment(value) => format!("{name} {value}"),
        Group::Missing => format!("without {name}"),
        Group::Others => format!("other {name}"),
        Group::NoSegment => "in none of the segments".to_owned(),
        Group::All => "all".to_owned(),
    }
}
