//! When something is computed anew: by hand, every so many minutes, or daily at an hour of the workspace's time zone.

use jiff::civil::Time;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use segops_model::{Instant, MINUTE_MS};

/// The least and the most minutes between two times.
pub const SCHEDULE_MINUTES: std::ops::RangeInclusive<u32> = 5..=1_440;

/// When something is computed anew.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// Only when someone asks for it.
    #[default]
    ByHand,
    /// Every so many minutes, counted from 1970: of 60 at every full hour of UTC.
    EveryMinutes(u32),
    /// At this hour, from 0 to 23, of the workspace's time zone.
    DailyAt(u8),
}

impl Schedule {
    /// # Errors
    /// What is wrong with it.
    pub fn check(self) -> Result<(), String> {
        match self {
            Self::EveryMinutes(minutes) if !SCHEDULE_MINUTES.contains(&minutes) => Err(format!(
                "every {minutes} minutes is no schedule; expected {} to {}",
                SCHEDULE_MINUTES.start(),
                SCHEDULE_MINUTES.end()
            )),
            Self::DailyAt(hour) if hour > 23 => {
                Err(format!("there is no hour {hour}; expected one from 0 to 23"))
            }
            _ => Ok(()),
        }
    }

    /// The first time after an instant; none by hand, or where the calendar ends.
    #[must_use]
    pub fn next_after(self, zone: &TimeZone, after: Instant) -> Option<Instant> {
        match self {
            Self::ByHand => None,
            Self::EveryMinutes(minutes) => {
                let every_ms = i64::from(minutes.max(1)) * MINUTE_MS;
                let past = after.as_ms().div_euclid(every_ms);
                Some(Instant::from_ms(past.checked_add(1)?.checked_mul(every_ms)?))
            }
            Self::DailyAt(hour) => {
                let time = Time::new(i8::try_from(hour).ok()?, 0, 0, 0).ok()?;
                let mut date = zone.to_datetime(after.to_jiff()).date();
                // Where clocks are set back the local hour comes twice, and counts the first time.
                for _ in 0..3 {
                    let at = zone.to_ambiguous_timestamp(date.to_datetime(time)).compatible().ok()?;
                    let at = Instant::from_jiff(at);
                    if at > after {
                        return Some(at);
                    }
                    date = date.tomorrow().ok()?;
                }
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(schedule: Schedule, zone: &str, after: &str) -> String {
        let zone = TimeZone::get(zone).expect("a zone");
        schedule.next_after(&zone, after.parse().expect("an instant")).expect("a next time").to_string()
    }

    #[test]
    fn the_next_time_is_after_the_instant_and_at_the_local_hour() {
        let daily = Schedule::DailyAt(6);
        assert_eq!(next(daily, "Europe/Berlin", "2026-11-26T04:59:59.999Z"), "2026-11-26T05:00:00.000Z");
        assert_eq!(next(daily, "Europe/Berlin", "2026-11-26T05:00:00Z"), "2026-11-27T05:00:00.000Z");
        // 02:00 is skipped on 2026-03-29, and comes twice on 2026-10-25.
        let at_two = Schedule::DailyAt(2);
        assert_eq!(next(at_two, "Europe/Berlin", "2026-03-28T12:00:00Z"), "2026-03-29T01:00:00.000Z");
        assert_eq!(next(at_two, "Europe/Berlin", "2026-10-24T12:00:00Z"), "2026-10-25T00:00:00.000Z");
        assert_eq!(next(at_two, "Europe/Berlin", "2026-10-25T00:30:00Z"), "2026-10-26T01:00:00.000Z");
        let hourly = Schedule::EveryMinutes(60);
        assert_eq!(next(hourly, "UTC", "2026-11-26T05:00:00Z"), "2026-11-26T06:00:00.000Z");
        assert_eq!(
            next(Schedule::EveryMinutes(15), "UTC", "2026-11-26T05:29:00Z"),
            "2026-11-26T05:30:00.000Z"
        );
        assert_eq!(Schedule::ByHand.next_after(&TimeZone::UTC, Instant::from_ms(0)), None);
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        assert!(Schedule::EveryMinutes(4).check().is_err());
        assert!(Schedule::DailyAt(24).check().is_err());
        assert!(Schedule::DailyAt(23).check().is_ok());
    }
}
