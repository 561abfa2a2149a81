//! Rolling spans of months: where "one month ago" is, and when an instant becomes one month old.

#[cfg(test)]
mod tests;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use segops_model::{DAY_MS, Instant};

use crate::calendar::{last_time, latest_local, resolve};

/// How far the inverse's first guess can be off: month ends move it by up to three days, a change of
/// offset by one more.
const GUESS_MARGIN_MS: i64 = 4 * DAY_MS;

/// The greatest, over all instants t up to `now`, of local t minus a number of months, a missing day
/// becoming the end of its month. It never moves backwards as `now` moves on. A number below 0 counts ahead.
pub(crate) fn months_before(zone: &TimeZone, now: Instant, months: i64) -> Instant {
    let outside = if months > 0 { Instant::MIN } else { Instant::MAX };
    let local = latest_local(zone, now);
    let Some((year, month)) = shifted(local.date(), -months) else { return outside };
    let Ok(first) = Date::new(year, month, 1) else { return outside };
    let last_day = first.days_in_month();
    let (day, time) = if local.day() <= last_day {
        (local.day(), local.time())
    } else {
        // Every day past the target month's end maps to its last day, so the latest time that any of
        // them, or the last day itself, has shown holds from then on.
        let days = last_day..local.day();
        let shown = days.filter_map(|day| {
            let date = Date::new(local.year(), local.month(), day).ok()?;
            last_time(zone, date)
        });
        (last_day, shown.fold(local.time(), Ord::max))
    };
    match Date::new(year, month, day) {
        Ok(date) => resolve(zone, date.to_datetime(time)),
        Err(_) => outside,
    }
}

/// The first `now` at which [`months_before`] is `instant` or later; `None` past the end of time.
pub(crate) fn reaches(zone: &TimeZone, instant: Instant, months: i64) -> Option<Instant> {
    let local = zone.to_datetime(instant.to_jiff());
    let (year, month) = shifted(local.date(), months)?;
    let last_day = Date::new(year, month, 1).ok()?.days_in_month();
    let date = Date::new(year, month, local.day().min(last_day)).ok()?;
    let guess = resolve(zone, date.to_datetime(local.time()));
    let reached = |now: Instant| months_before(zone, now, months) >= instant;

    // Nearly always the guess is right; the search is for month ends and changes of offset.
    if guess <= Instant::MAX && reached(guess) && !reached(guess.plus_ms(-1)) {
        return Some(guess);
    }
    let mut before = guess.plus_ms(-GUESS_MARGIN_MS);
    let mut after = guess.plus_ms(GUESS_MARGIN_MS);
    if after > Instant::MAX || reached(before) || !reached(after) {
        before = Instant::MIN;
        after = Instant::MAX;
        if reached(before) {
            return Some(before);
        }
        if !reached(after) {
            return None;
        }
    }
    while after.ms_since(before) > 1 {
        let middle = before.plus_ms(after.ms_since(before) / 2);
        if reached(middle) {
            after = middle;
        } else {
            before = middle;
        }
    }
    Some(after)
}

/// The year and month that lie a number of months after a date's; `None` outside the years 1 to 9999.
fn shifted(date: Date, months: i64) -> Option<(i16, i8)> {
    let from_year_zero = i64::from(date.year()) * 12 + i64::from(date.month()) - 1;
    let target = from_year_zero.checked_add(months)?;
    let year = i16::try_from(target.div_euclid(12)).ok().filter(|year| (1..=9999).contains(year))?;
    let month = i8::try_from(target.rem_euclid(12) + 1).ok()?;
    Some((year, month))
}
