use jiff::civil;
use jiff::tz::TimeZone;

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
    // A time inside a daylight-saving gap becomes the instant after it; inside an overlap, the earlier one.
    let timestamp = zone.to_ambiguous_timestamp(local).compatible().ok()?;
    Some(Instant::from_jiff(timestamp))
}

fn from_epoch(number: Decimal) -> Option<Instant> {
    let whole = number.to_i64()?;
    match whole {
        1_000_000_000..=9_999_999_999 => Some(Instant::from_ms(whole * 1_000)),
        1_000_000_000_000..=9_999_999_999_999 => Some(Instant::from_ms(whole)),
        _ => None,
    }
}
