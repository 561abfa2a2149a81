//! In how many periods, or on how many days, a profile was active; and whether it stopped or started again.

use serde::{Deserialize, Serialize};

use super::{CountTest, EventFilter, Stage, Window};
use crate::time::Unit;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", rename_all = "snake_case")]
pub enum ActiveCondition<S: Stage> {
    /// In how many of several periods the profile did something.
    Periods(ActivePeriods<S>),
    /// On how many different local days (or weeks, months) the profile did something.
    Days(ActiveDays<S>),
    /// Did it in the period before, and not in this one.
    Stopped(ActivityChange<S>),
    /// Did it in this period, not in the one before, and ever before that.
    Restarted(ActivityChange<S>),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", deny_unknown_fields)]
pub struct ActivePeriods<S: Stage> {
    pub event: EventFilter<S>,
    /// How often within one period, for the period to count.
    #[serde(default)]
    pub each: CountTest,
    /// How many periods count.
    pub periods: CountTest,
    pub among: PeriodRun,
}

/// So many periods, one after the other, the newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeriodRun {
    pub count: u32,
    pub unit: Unit,
    #[serde(default, skip_serializing_if = "PeriodGrid::is_rolling")]
    pub grid: PeriodGrid,
}

/// Where periods begin and end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PeriodGrid {
    /// Back to back from now.
    #[default]
    Rolling,
    /// The calendar's, those that are over.
    Calendar,
    /// The calendar's, the one that is not over yet included as the first.
    CalendarToDate,
}

impl PeriodGrid {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
    fn is_rolling(&self) -> bool {
        *self == Self::Rolling
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", deny_unknown_fields)]
pub struct ActiveDays<S: Stage> {
    pub event: EventFilter<S>,
    #[serde(default)]
    pub window: Window,
    #[serde(default = "day")]
    pub unit: Unit,
    pub count: CountTest,
}

const fn day() -> Unit {
    Unit::Day
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", deny_unknown_fields)]
pub struct ActivityChange<S: Stage> {
    pub event: EventFilter<S>,
    /// This period: a rolling span up to now, or a period of the calendar. The one before it is as long.
    pub period: Window,
}

impl<S: Stage> ActiveCondition<S> {
    /// Which events it looks at.
    #[must_use]
    pub const fn event(&self) -> &EventFilter<S> {
        match self {
            Self::Periods(leaf) => &leaf.event,
            Self::Days(leaf) => &leaf.event,
            Self::Stopped(leaf) | Self::Restarted(leaf) => &leaf.event,
        }
    }

    pub(crate) fn event_mut(&mut self) -> &mut EventFilter<S> {
        match self {
            Self::Periods(leaf) => &mut leaf.event,
            Self::Days(leaf) => &mut leaf.event,
            Self::Stopped(leaf) | Self::Restarted(leaf) => &mut leaf.event,
        }
    }

    /// Its name in the JSON form, for places.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Periods(_) => "periods",
            Self::Days(_) => "days",
            Self::Stopped(_) => "stopped",
            Self::Restarted(_) => "restarted",
        }
    }

    /// The same with a filter of another stage.
    pub(crate) fn with<T: Stage>(&self, event: EventFilter<T>) -> ActiveCondition<T> {
        let change = |leaf: &ActivityChange<S>, event| ActivityChange { event, period: leaf.period.clone() };
        match self {
            Self::Periods(leaf) => ActiveCondition::Periods(ActivePeriods {
                event,
                each: leaf.each,
                periods: leaf.periods,
                among: leaf.among,
            }),
            Self::Days(leaf) => ActiveCondition::Days(ActiveDays {
                event,
                window: leaf.window.clone(),
                unit: leaf.unit,
                count: leaf.count,
            }),
            Self::Stopped(leaf) => ActiveCondition::Stopped(change(leaf, event)),
            Self::Restarted(leaf) => ActiveCondition::Restarted(change(leaf, event)),
        }
    }
}
