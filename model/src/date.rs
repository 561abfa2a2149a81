use jiff::civil;
use jiff::tz::{AmbiguousOffset, TimeZone};

use crate::{Decimal, Instant, Value};

/// The instant a value names, by the one reading of dates that rules use: ISO 8601 with or without a time
/// and an offset, or epoch seconds (10 digits) or milliseconds (13 digits), as number or text. What has no
/// offset is local to `zone`; what has no time is local midnight.
#[must_use]
pub fn date_of(value: &Value, zone: &TimeZone) -> Option<Instant> {
    match value {
        Value::Number(number) => from_epoch(*number),
        Value::Text(text) => parse_date(text, zone),
        _ => None,
    }
}

/// As [`date_of`], for text.
#[must_use]
pub fn parse_date(text: &str, zone: &TimeZone) -> Option<Instant> {
    let text = text.trim();
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return from_epoch(Decimal::parse(text)?);
    }
    if let Ok(timestamp) = text.parse::<jiff::Timestamp>() {
        return Some(Instant::from_jiff(timestamp));
    }
    let local = match text.parse::<civil::DateTime>() {
        Ok(local) => local,
        Err(_) => text.parse::<civil::Date>().ok()?.to_datetime(civil::Time::midnight()),
    };
    instant_of_local(local, zone)
}

/// The instant that a local time names: inside a daylight-saving gap the first instant after it, inside an
/// overlap the earlier one. It never moves backwards as the local time moves on. `None` outside the years
/// that instants can hold.
#[must_use]
pub fn instant_of_local(local: civil::DateTime, zone: &TimeZone) -> Option<Instant> {
    let ambiguous = zone.to_ambiguous_timestamp(local);
    let AmbiguousOffset::Gap { before, .. } = ambiguous.offset() else {
        return ambiguous.compatible().ok().map(Instant::from_jiff);
    };
    let past_gap = before.to_timestamp(local).ok()?;
    Some(Instant::from_jiff(offset_change_until(zone, past_gap).unwrap_or(past_gap)))
}

/// The newest change of a zone's offset at or before a timestamp.
#[must_use]
pub fn offset_change_until(zone: &TimeZone, timestamp: jiff::Timestamp) -> Option<jiff::Timestamp> {
    let after = timestamp.checked_add(jiff::SignedDuration::from_nanos(1)).ok()?;
    zone.preceding(after).next().map(|transition| transition.timestamp())
}

fn from_epoch(number: Decimal) -> Option<Instant> {
    let whole = number.to_i64()?;
    match whole {
        1_000_000_000..=9_999_999_999 => Some(Instant::from_ms(whole * 1_000)),
        1_000_000_000_000..=9_999_999_999_999 => Some(Instant::from_ms(whole)),
        _ => None,
    }
}
