use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use segops_model::{AlarmId, DAY_MS, Decimal, Instant, SegmentId, SourceId};

use super::State;
use crate::schedule::Schedule;

/// How old a reading may be to be yesterday's: no newer than a day, and not older than two.
const YESTERDAY_MS: (i64, i64) = (DAY_MS, 2 * DAY_MS);

/// An alarm: what it watches, and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlarmState {
    pub id: AlarmId,
    pub name: String,
    pub owner: String,
    pub author: String,
    pub created_at: Instant,
    pub changed_at: Instant,
    /// One more for each change of what it watches.
    pub version: u32,
    pub watch: Watch,
    pub schedule: Schedule,
    pub snoozed_until: Option<Instant>,
    /// Since when it waits to be looked at, whatever its schedule says.
    pub asked_at: Option<Instant>,
    /// When it was looked at last.
    pub looked_at: Option<Instant>,
    /// How it stands, and how it stood, oldest first: each from its instant to that of the next.
    pub standings: Vec<AlarmStanding>,
    /// What was measured, oldest first: for comparisons with yesterday.
    pub readings: Vec<(Instant, Decimal)>,
}

/// What an alarm watches.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Watch {
    /// How many members a segment has.
    SegmentSize { segment: SegmentId, bounds: Bounds },
    /// How many events of a name there are today so far, against the same weekday of so many weeks before by the same
    /// time of the day. It fires below the least and above the greatest of those by more than so many percent.
    EventVolume { event: String, weeks: u8, tolerance_percent: u32 },
    /// Which share of the events of a name in so many last hours comes without a property.
    MissingProperty { event: String, property: String, hours: u32, above_percent: u32 },
    /// No event of a source for so many minutes.
    SilentSource { source: SourceId, minutes: u32 },
    /// A number: of a query in SQL, or of an analysis.
    Number { of: NumberOf, bounds: Bounds },
}

/// Where a number is from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum NumberOf {
    /// A query that answers one row, whose first column is the number.
    Query { sql: String },
    /// A number in the answer of an analysis, by its place as a JSON pointer: `/trend/series/0/total`.
    Analysis {
        #[schema(value_type = Object)]
        analysis: serde_json::Value,
        #[schema(example = "/trend/series/0/total")]
        at: String,
    },
}

/// When a number fires: any of what is given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Bounds {
    /// Above this.
    #[schema(value_type = Option<f64>)]
    pub above: Option<Decimal>,
    /// Below this.
    #[schema(value_type = Option<f64>)]
    pub below: Option<Decimal>,
    /// Up or down by more than so many percent against yesterday at this time.
    pub moved_percent: Option<u32>,
}

/// How an alarm stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlarmStatus {
    Ok,
    Firing,
    /// There is nothing to measure, or to compare with, or measuring has failed: the message says which.
    NoData,
}

/// How an alarm stands, or stood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlarmStanding {
    #[schema(value_type = String, format = DateTime)]
    pub since: Instant,
    pub status: AlarmStatus,
    /// What was found when it was looked at last, with its numbers.
    pub message: String,
    #[schema(value_type = Option<f64>)]
    pub value: Option<Decimal>,
}

/// What was found when an alarm was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmFinding {
    /// What it is of.
    pub at: Instant,
    pub status: AlarmStatus,
    pub message: String,
    pub value: Option<Decimal>,
}

impl AlarmState {
    /// The newest reading of about this time yesterday.
    #[must_use]
    pub fn yesterday(&self, now: Instant) -> Option<Decimal> {
        let (newest, oldest) = (now.plus_ms(-YESTERDAY_MS.0), now.plus_ms(-YESTERDAY_MS.1));
        let found = self.readings.iter().rev().find(|(at, _)| *at <= newest);
        found.filter(|(at, _)| *at >= oldest).map(|(_, value)| *value)
    }

    #[must_use]
    pub fn status(&self) -> Option<AlarmStatus> {
        self.standings.last().map(|standing| standing.status)
    }

    #[must_use]
    pub fn is_snoozed(&self, now: Instant) -> bool {
        self.snoozed_until.is_some_and(|until| until > now)
    }
}

impl State {
    /// The alarm with this id, or with this name.
    #[must_use]
    pub fn find_alarm(&self, name_or_id: &str) -> Option<&AlarmState> {
        let by_id = name_or_id.parse().ok().and_then(|id: AlarmId| self.alarms.get(&id));
        by_id.or_else(|| self.find_alarm_named(name_or_id))
    }

    #[must_use]
    pub fn find_alarm_named(&self, name: &str) -> Option<&AlarmState> {
        self.alarms.values().find(|alarm| segops_model::same_text(&alarm.name, name))
    }
}
