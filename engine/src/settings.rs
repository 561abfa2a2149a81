use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use segops_identity::IdentitySettings;
use segops_rules::Weekday;
use segops_segment::Calendar;

/// The workspace's settings: part of the journal, since what a rule means depends on them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// An IANA name, such as `Europe/Berlin`.
    pub time_zone: String,
    pub week_start: Weekday,
    pub identity: IdentitySettings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            time_zone: "UTC".to_owned(),
            week_start: Weekday::Monday,
            identity: IdentitySettings::default(),
        }
    }
}

impl Settings {
    /// The calendar that rules are evaluated by.
    ///
    /// # Errors
    /// A time zone that the embedded database does not know.
    pub fn calendar(&self) -> Result<Calendar, String> {
        calendar_of(&self.time_zone, self.week_start)
    }
}

/// The calendar of a named time zone.
///
/// # Errors
/// A time zone that the embedded database does not know.
pub(crate) fn calendar_of(time_zone: &str, week_start: Weekday) -> Result<Calendar, String> {
    let zone = TimeZone::get(time_zone).map_err(|_| {
        format!("there is no time zone `{time_zone}`; use an IANA name such as Europe/Berlin")
    })?;
    Ok(Calendar { zone, week_start })
}
