//! Why did it change? A metric in two windows, taken apart by every dimension and every pair of them.

mod decompose;
mod run;
mod say;
mod stat;
mod units;

#[cfg(test)]
mod tests;

use segops_model::Decimal;
use segops_rules::{Problem, Window};
use serde::{Deserialize, Serialize};

use crate::event_definition::EventDefinition;
use crate::groups::{Dimension, Group};
pub(crate) use run::run;

/// A metric, and between which windows it is compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    pub metric: Metric,
    pub before: Window,
    pub after: Window,
    /// By what it is taken apart; none: by every property of the event, and every trait as it was then, that has few
    /// values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dimensions: Vec<Dimension>,
    /// In which currency, where it is of money; needed where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
}

/// What is measured in each window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Metric {
    /// The net of the orders.
    Revenue,
    /// How many orders.
    Orders,
    /// The net of the orders, each.
    AverageOrderValue,
    /// Of those whose first order was in the window, at least so many days ago: who had a second in less than
    /// so many days.
    RepeatRate { days: u32 },
    /// Of those with an order in the window, who had one before it.
    ReturningShare,
    /// Of those who did one thing in the window, at least so many days ago: who did the other in less than so many
    /// days after the first time.
    Conversion(Box<Conversion>),
}

/// From one event to another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conversion {
    pub from: EventDefinition,
    pub to: EventDefinition,
    pub days: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChangeAnswer {
    pub before: Level,
    pub after: Level,
    pub change: Decimal,
    /// Of money: in which currency the values are, where the orders name one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// In a sentence.
    pub summary: String,
    /// What stands out, the strongest evidence first. Empty where nothing does: the change, if there is any, is then
    /// one of all, or of chance.
    pub causes: Vec<Cause>,
    /// By each dimension, contributions that add up to the change exactly.
    pub dimensions: Vec<DimensionEffects>,
    /// How many effects were looked at.
    pub tests: usize,
    pub warnings: Vec<Problem>,
}

/// The metric in one window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Level {
    /// Orders, or profiles.
    pub units: u64,
    pub value: Decimal,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DimensionEffects {
    pub by: Dimension,
    pub groups: Vec<GroupEffect>,
}

/// What one group adds to the change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupEffect {
    pub group: Group,
    pub units_before: u64,
    pub units_after: u64,
    /// The metric within the group; absent without units. Of totals, for each unit.
    pub value_before: Option<Decimal>,
    pub value_after: Option<Decimal>,
    /// That there are more or fewer of them.
    pub mix: Decimal,
    /// That they are different.
    pub rate: Decimal,
    /// Both.
    pub contribution: Decimal,
}

/// An effect that stands out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cause {
    pub groups: Vec<CauseGroup>,
    pub effect: Effect,
    pub units_before: u64,
    pub units_after: u64,
    /// The average of its units in each window.
    pub average_before: f64,
    pub average_after: f64,
    /// What it adds to the change, with a 95% interval.
    pub contribution: f64,
    pub low: f64,
    pub high: f64,
    /// The probability of such evidence by chance, adjusted for all the effects that were looked at.
    pub adjusted_p: f64,
    /// The number, from 0, of a stronger cause that it has a group in common with, and may be the same as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub related_to: Option<usize>,
    pub sentence: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CauseGroup {
    pub by: Dimension,
    pub group: Group,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// There are more, or fewer, of them.
    Mix,
    /// They are different from before.
    Rate,
}

/// How parts make up the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The sum over all units.
    Total,
    /// The average over all units.
    Ratio,
}

impl Metric {
    pub(crate) const fn kind(&self) -> Kind {
        match self {
            Self::Revenue | Self::Orders => Kind::Total,
            _ => Kind::Ratio,
        }
    }

    pub(crate) const fn is_money(&self) -> bool {
        matches!(self, Self::Revenue | Self::AverageOrderValue)
    }
}
