//! Cells to values, by the types and time formats that a mapping names.

use compact_str::CompactString;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;
use segops_model::{Decimal, Instant, Value, date_of, instant_of_local};

use super::mapping::ValueType;

/// What turns text into values in one file.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    pub(super) missing: &'a [String],
    pub(super) decimal_comma: bool,
    pub(super) zone: &'a TimeZone,
}

impl Reading<'_> {
    /// Null for a cell that holds nothing.
    pub(super) fn present(&self, value: Value) -> Value {
        let nothing = match &value {
            Value::Text(text) => {
                let text = text.trim();
                text.is_empty() || self.missing.iter().any(|missing| missing == text)
            }
            other => !other.is_present(),
        };
        if nothing { Value::Null } else { value }
    }

    /// The value by its type, or what the type expects.
    pub(super) fn typed(
        &self,
        value: Value,
        value_type: ValueType,
        format: Option<&str>,
    ) -> Result<Value, &'static str> {
        match value_type {
            ValueType::Auto => Ok(self.automatic(value)),
            ValueType::Text => Ok(value.scalar_text().map_or(value, Value::Text)),
            ValueType::Number => self.number(&value).map(Value::Number).ok_or("a number"),
            ValueType::Boolean => boolean(&value).map(Value::Bool).ok_or("yes or no"),
            ValueType::Date => {
                let formats = format.map(str::to_owned);
                self.instant(&value, formats.as_slice())
                    .map(|instant| Value::text(instant.to_string()))
                    .ok_or("a date")
            }
        }
    }

    pub(super) fn number(&self, value: &Value) -> Option<Decimal> {
        match value {
            Value::Text(text) if self.decimal_comma => {
                let plain: CompactString = text
                    .chars()
                    .filter(|c| *c != '.' && !c.is_whitespace())
                    .map(|c| if c == ',' { '.' } else { c })
                    .collect();
                Decimal::parse(&plain)
            }
            other => other.as_number(),
        }
    }

    fn automatic(&self, value: Value) -> Value {
        let Value::Text(text) = &value else { return value };
        let text = text.trim();
        let digits = text.strip_prefix('-').unwrap_or(text);
        let point = if self.decimal_comma { ',' } else { '.' };
        let (whole, fraction) = digits.split_once(point).map_or((digits, "0"), |(w, f)| (w, f));
        let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        // `007` and `1e5` are codes more often than numbers.
        let is_number =
            all_digits(whole) && all_digits(fraction) && (whole == "0" || !whole.starts_with('0'));
        match is_number.then(|| self.number(&value)).flatten() {
            Some(number) => Value::Number(number),
            None => value,
        }
    }

    /// A time by the first format that fits; without formats, by the one reading of dates.
    pub(super) fn instant(&self, value: &Value, formats: &[String]) -> Option<Instant> {
        if formats.is_empty() {
            return date_of(value, self.zone);
        }
        let text = value.scalar_text()?;
        formats.iter().find_map(|format| self.by_format(format, text.trim()))
    }

    fn by_format(&self, format: &str, text: &str) -> Option<Instant> {
        let parsed = BrokenDownTime::parse(format, text).ok()?;
        if parsed.offset().is_some() || parsed.timestamp().is_some() {
            return parsed.to_timestamp().ok().map(Instant::from_jiff);
        }
        let local = match parsed.to_datetime() {
            Ok(local) => local,
            Err(_) => parsed.to_date().ok()?.to_datetime(jiff::civil::Time::midnight()),
        };
        instant_of_local(local, self.zone)
    }
}

fn boolean(value: &Value) -> Option<bool> {
    match value.scalar_text()?.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "y" | "t" | "1" => Some(true),
        "false" | "no" | "n" | "f" | "0" => Some(false),
        _ => None,
    }
}

/// An identifier's text: of a number, the digits that it had before a spreadsheet made it a fraction.
pub(super) fn identifier_text(value: &Value, numeric: bool) -> Option<CompactString> {
    let text = value.scalar_text()?;
    let text = text.trim();
    if !numeric {
        return Some(text.into());
    }
    let whole = Decimal::parse(text).filter(|number| {
        let rounded = number.billionths() % Decimal::ONE.billionths();
        rounded == 0
    });
    // Leading zeros are part of an id that is no number: `00013` stays.
    match whole {
        Some(number) if !text.starts_with('0') => Some(compact_str::format_compact!("{number}")),
        _ => Some(text.into()),
    }
}
