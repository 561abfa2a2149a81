//! Conditions on a date that a trait holds, relative to now or to the calendar.

use std::fmt;
use std::str::FromStr;

use jiff::civil;
use serde::{Deserialize, Serialize};

use segops_model::Path;

use crate::time::{Moment, Span, Weekday};

/// A condition on a date that a trait of the profile holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TraitDateCondition {
    #[serde(rename = "trait")]
    pub path: Path,
    pub test: DateTest,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateTest {
    /// The date lies in the window.
    Date(DateWindow),
    /// Midnight of a day with the date's month and day, in a later year, lies in the window.
    Anniversary(DateWindow),
    /// The date's month, from 1 on, is one of these.
    Month(Vec<u8>),
    /// The date's day of the month is one of these.
    Day(Vec<u8>),
    MonthDay(Vec<MonthDay>),
}

/// A span of time that reaches into the future as well as into the past.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateWindow {
    /// `in last D`: `(now-D, now]`.
    Last(Span),
    /// `in next D`: `(now, now+D]`.
    Next(Span),
    /// `between N and M ago`: `(now-M, now-N]`, N the nearer.
    Ago { near: Span, far: Span },
    /// `between N and M from now`: `(now+N, now+M]`, N the nearer.
    FromNow { near: Span, far: Span },
    /// Up to now-D, included.
    AtLeastAgo(Span),
    /// After now+D.
    AtLeastFromNow(Span),
    /// Up to now, included.
    Past,
    /// After now.
    Future,
    /// `[from, to)`.
    Range { from: Moment, to: Moment },
    /// A whole calendar period, in the workspace's time zone and week start.
    Calendar(DatePeriod),
    /// One local day.
    On(civil::Date),
    /// From the start of the newest such weekday, today included, on.
    SinceWeekday(Weekday),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DatePeriod {
    Yesterday,
    Today,
    Tomorrow,
    LastWeek,
    ThisWeek,
    NextWeek,
    LastMonth,
    ThisMonth,
    NextMonth,
    LastQuarter,
    ThisQuarter,
    NextQuarter,
    LastYear,
    ThisYear,
    NextYear,
}

/// A day of every year, as text `05-17`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct MonthDay {
    month: u8,
    day: u8,
}

impl MonthDay {
    /// `None` for a day that no year has.
    #[must_use]
    pub fn new(month: u8, day: u8) -> Option<Self> {
        // A leap year has every day that any year has.
        civil::Date::new(2000, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
        Some(Self { month, day })
    }

    #[must_use]
    pub const fn month(self) -> u8 {
        self.month
    }

    #[must_use]
    pub const fn day(self) -> u8 {
        self.day
    }
}

impl fmt::Display for MonthDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}-{:02}", self.month, self.day)
    }
}

impl FromStr for MonthDay {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.trim().split_once('-').and_then(|(month, day)| {
            let number = |digits: &str| digits.parse().ok().filter(|_| digits.len() <= 2);
            Self::new(number(month)?, number(day)?)
        });
        parts.ok_or_else(|| format!("`{text}` is no day of the year; write the month and the day: 05-17"))
    }
}

impl From<MonthDay> for String {
    fn from(day: MonthDay) -> Self {
        day.to_string()
    }
}

impl TryFrom<String> for MonthDay {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl DatePeriod {
    /// Every period with its words, in canonical text.
    pub(crate) const WORDS: [(Self, &'static str); 15] = [
        (Self::Yesterday, "yesterday"),
        (Self::Today, "today"),
        (Self::Tomorrow, "tomorrow"),
        (Self::LastWeek, "last week"),
        (Self::ThisWeek, "this week"),
        (Self::NextWeek, "next week"),
        (Self::LastMonth, "last month"),
        (Self::ThisMonth, "this month"),
        (Self::NextMonth, "next month"),
        (Self::LastQuarter, "last quarter"),
        (Self::ThisQuarter, "this quarter"),
        (Self::NextQuarter, "next quarter"),
        (Self::LastYear, "last year"),
        (Self::ThisYear, "this year"),
        (Self::NextYear, "next year"),
    ];

    /// Its words in canonical text.
    #[must_use]
    pub fn words(self) -> &'static str {
        Self::WORDS.iter().find(|(period, _)| *period == self).map_or("", |(_, words)| words)
    }
}
