use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use segops_model::{AlarmId, Decimal, Instant};

use crate::schedule::Schedule;
use crate::state::{AlarmStanding, AlarmStatus, Bounds, NumberOf};

/// An alarm, and how it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Alarm {
    #[schema(value_type = String, example = "alarm_7")]
    pub id: AlarmId,
    pub name: String,
    /// Who sees to it.
    pub owner: String,
    pub watch: WatchView,
    pub schedule: Schedule,
    /// None until it was looked at for the first time.
    pub status: Option<AlarmStatus>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub since: Option<Instant>,
    /// Whether it is to be looked at by now, and was not yet.
    pub is_waiting: bool,
    /// What was found when it was looked at last, with its numbers.
    pub message: Option<String>,
    #[schema(value_type = Option<f64>)]
    pub value: Option<Decimal>,
    /// It is quiet until then, and looked at all the same.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub snoozed_until: Option<Instant>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub looked_at: Option<Instant>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_at: Option<Instant>,
    pub author: String,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Instant,
    #[schema(value_type = String, format = DateTime)]
    pub changed_at: Instant,
    /// How it stood since when, oldest first; the newest is how it stands.
    pub history: Vec<AlarmStanding>,
}

impl Alarm {
    /// Whether it fires, and nobody has snoozed it.
    #[must_use]
    pub fn calls(&self) -> bool {
        self.status == Some(AlarmStatus::Firing) && self.snoozed_until.is_none()
    }
}

/// What an alarm watches.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum WatchView {
    /// How many members a segment has.
    SegmentSize {
        /// By its name, or its id.
        segment: String,
        bounds: Bounds,
    },
    /// How many events of a name there are today so far, against the same weekday of so many weeks before by the same
    /// time of the day. It fires below the least and above the greatest of those by more than so many percent.
    EventVolume {
        event: String,
        #[serde(default = "four")]
        weeks: u8,
        #[serde(default = "twenty")]
        tolerance_percent: u32,
    },
    /// Which share of the events of a name in so many last hours comes without a property.
    MissingProperty {
        event: String,
        /// Its name, or its path: `shipping.city`.
        property: String,
        #[serde(default = "day")]
        hours: u32,
        #[serde(default = "five")]
        above_percent: u32,
    },
    /// No event of a source for so many minutes.
    SilentSource {
        /// By its name, or its id.
        source: String,
        minutes: u32,
    },
    /// A number: of a query in SQL, or of an analysis.
    Number { of: NumberOf, bounds: Bounds },
}

const fn four() -> u8 {
    4
}

const fn twenty() -> u32 {
    20
}

const fn day() -> u32 {
    24
}

const fn five() -> u32 {
    5
}
