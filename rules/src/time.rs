//! Spans, moments and calendar periods, as rules write them.

use std::fmt;
use std::str::FromStr;

use jiff::civil;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use segops_model::{Instant, instant_of_local};

/// A length of time, such as 90 days. A day is 24 hours and a week seven days; months, quarters and years
/// follow the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Span {
    pub count: u32,
    pub unit: Unit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CalendarPeriod {
    Today,
    Yesterday,
    ThisWeek,
    LastWeek,
    ThisMonth,
    LastMonth,
    ThisQuarter,
    LastQuarter,
    ThisYear,
    LastYear,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// A fixed point in time as written in a rule: a date (its local midnight), a local date and time, or an
/// instant with an offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Moment {
    Date(civil::Date),
    Local(civil::DateTime),
    Instant(Instant),
}

impl Moment {
    /// The instant it names in a time zone: inside a daylight-saving gap the instant after it, inside an
    /// overlap the earlier one.
    #[must_use]
    pub fn instant(&self, zone: &TimeZone) -> Instant {
        let local = match self {
            Self::Instant(instant) => return *instant,
            Self::Local(local) => *local,
            Self::Date(date) => date.to_datetime(civil::Time::midnight()),
        };
        instant_of_local(local, zone).unwrap_or(Instant::MAX)
    }
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if let Ok(timestamp) = text.parse::<jiff::Timestamp>() {
            return Ok(Self::Instant(Instant::from_jiff(timestamp)));
        }
        // Only the full forms: jiff would also read a date and time as a date.
        if text.len() <= 10 {
            if let Ok(date) = text.parse::<civil::Date>() {
                return Ok(Self::Date(date));
            }
        } else if let Ok(local) = text.parse::<civil::DateTime>() {
            return Ok(Self::Local(local));
        }
        Err(format!("`{text}` is not a date; write 2026-03-01, 2026-03-01T12:00, or 2026-03-01T12:00:00Z"))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Date(date) => write!(f, "{date}"),
            Self::Local(local) => write!(f, "{local}"),
            Self::Instant(instant) => write!(f, "{instant}"),
        }
    }
}

impl From<Moment> for String {
    fn from(moment: Moment) -> Self {
        moment.to_string()
    }
}

impl TryFrom<String> for Moment {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}
