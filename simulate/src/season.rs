use jiff::ToSpan;
use jiff::civil;
use jiff::tz::TimeZone;
use segops_model::{DAY_MS, Instant, MINUTE_MS};

use crate::chance::Chance;

/// When people shop: the year's and the week's rhythm, the hours of the day, and how fast life goes.
#[derive(Debug)]
pub(crate) struct Season {
    zone: TimeZone,
    speedup: f64,
}

/// Demand by month, January first: slow in high summer, a peak before Christmas.
const BY_MONTH: [f64; 12] = [0.95, 0.88, 0.95, 1.0, 1.02, 0.95, 0.85, 0.84, 1.0, 1.06, 1.42, 1.38];
/// Demand by day of the week, Monday first.
const BY_WEEKDAY: [f64; 7] = [1.05, 1.0, 0.97, 0.95, 0.9, 1.03, 1.1];
/// How likely a visit begins in each hour of the local day.
const BY_HOUR: [u32; 24] =
    [6, 3, 2, 1, 1, 2, 6, 14, 22, 28, 32, 34, 38, 36, 32, 31, 32, 36, 42, 50, 56, 52, 36, 18];
/// Nobody's next order is further off than this; it also bounds the work of finding its day.
const DAYS_AHEAD_MAX: u32 = 1_500;

impl Season {
    pub(crate) fn new(zone: TimeZone, speedup: f64) -> Self {
        Self { zone, speedup }
    }

    /// The instant at which so many days of ordinary demand have gone by since `from`: a week before
    /// Christmas uses up more than a week in August. `Instant::MAX` where that is years away.
    pub(crate) fn after_demand(&self, from: Instant, demand_days: f64) -> Instant {
        let mut day = self.zone.to_datetime(from.to_jiff()).date();
        let mut left = demand_days.max(0.0);
        let mut elapsed_days = 0.0;
        for _ in 0..DAYS_AHEAD_MAX {
            let demand = demand_on(day);
            if left <= demand {
                return self.after(from, elapsed_days + left / demand);
            }
            left -= demand;
            elapsed_days += 1.0;
            day = day.saturating_add(1.day());
        }
        Instant::MAX
    }

    /// `days` of a customer's life after `from`.
    pub(crate) fn after(&self, from: Instant, days: f64) -> Instant {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            reason = "whole milliseconds"
        )]
        let ms = (days * DAY_MS as f64 / self.speedup) as i64;
        from.plus_ms(ms.max(1))
    }

    /// The same local day as `at`, at an hour when people shop, but never before `floor`. Where customers
    /// live faster than real ones their days have no hours, and `at` stays.
    pub(crate) fn at_shopping_hour(&self, at: Instant, floor: Instant, chance: &mut Chance) -> Instant {
        if self.speedup > 1.0 || at >= Instant::MAX {
            return at.max(floor);
        }
        let hour = i8::try_from(chance.weighted(&BY_HOUR)).unwrap_or(12);
        let within_hour = i64::try_from(chance.below(60 * 60_000)).unwrap_or(0);
        let date = self.zone.to_datetime(at.to_jiff()).date();
        let local = date.at(hour, 0, 0, 0);
        let moved = self.zone.to_ambiguous_timestamp(local).compatible().map(Instant::from_jiff);
        let moved = moved.unwrap_or(at).plus_ms(within_hour);
        if moved < floor { at.max(floor).plus_ms(within_hour % MINUTE_MS) } else { moved }
    }

    /// Days of a customer's life from `from` to `to`.
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of a few centuries fit a double")]
    pub(crate) fn days_between(&self, from: Instant, to: Instant) -> f64 {
        to.ms_since(from) as f64 / DAY_MS as f64 * self.speedup
    }

    /// The ISO week of an instant, for naming campaigns: (year, week).
    pub(crate) fn week(&self, at: Instant) -> (i16, i8) {
        let week = self.zone.to_datetime(at.to_jiff()).date().iso_week_date();
        (week.year(), week.week())
    }
}

fn demand_on(day: civil::Date) -> f64 {
    let month = usize::try_from(day.month() - 1).unwrap_or(0);
    let weekday = usize::try_from(day.weekday().to_monday_zero_offset()).unwrap_or(0);
    BY_MONTH[month % 12] * BY_WEEKDAY[weekday % 7]
}
