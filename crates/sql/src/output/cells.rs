//! Values of arrays as JSON and as text.

use std::fmt::Write as _;

use datafusion::arrow::array::{Array, AsArray};
use datafusion::arrow::datatypes::{
    DataType, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimeUnit,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use segops_model::Instant;

/// Lists within lists deeper than this are written as text.
const DEPTH_MAX: usize = 16;

/// Appends a value as JSON: numbers with all their digits, instants as text in UTC.
pub(super) fn write_json(array: &dyn Array, row: usize, depth: usize, out: &mut String) {
    if is_null(array, row) {
        out.push_str("null");
        return;
    }
    match array.data_type() {
        DataType::Boolean => {
            let _ = write!(out, "{}", array.as_boolean().value(row));
        }
        DataType::List(_) if depth < DEPTH_MAX => {
            write_list(&array.as_list::<i32>().value(row), depth, out);
        }
        DataType::LargeList(_) if depth < DEPTH_MAX => {
            write_list(&array.as_list::<i64>().value(row), depth, out);
        }
        DataType::Struct(fields) if depth < DEPTH_MAX => {
            out.push('{');
            for (at, (field, column)) in fields.iter().zip(array.as_struct().columns()).enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_quoted(field.name(), out);
                out.push(':');
                write_json(column.as_ref(), row, depth + 1, out);
            }
            out.push('}');
        }
        kind if is_number(kind) => match text(array, row) {
            // JSON has no such numbers.
            Some(number) if number.contains(|one: char| one.is_ascii_alphabetic() && one != 'e') => {
                out.push_str("null");
            }
            number => out.push_str(number.as_deref().unwrap_or("null")),
        },
        _ => match text(array, row) {
            Some(text) => write_quoted(&text, out),
            None => out.push_str("null"),
        },
    }
}

/// Also where all of an array is null without saying so of each row.
fn is_null(array: &dyn Array, row: usize) -> bool {
    array.is_null(row) || *array.data_type() == DataType::Null
}

fn write_list(items: &dyn Array, depth: usize, out: &mut String) {
    out.push('[');
    for at in 0..items.len() {
        if at > 0 {
            out.push(',');
        }
        write_json(items, at, depth + 1, out);
    }
    out.push(']');
}

pub(super) fn write_quoted(text: &str, out: &mut String) {
    segops_parts::write_value(&segops_model::Value::text(text), out);
}

fn is_number(kind: &DataType) -> bool {
    kind.is_integer() || kind.is_floating() || kind.is_decimal()
}

/// A value as text; `None` for null. Lists and objects are JSON.
pub(super) fn text(array: &dyn Array, row: usize) -> Option<String> {
    if is_null(array, row) {
        return None;
    }
    Some(match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().value(row).to_owned(),
        DataType::LargeUtf8 => array.as_string::<i64>().value(row).to_owned(),
        DataType::Utf8View => array.as_string_view().value(row).to_owned(),
        DataType::Boolean => array.as_boolean().value(row).to_string(),
        DataType::Int8 => array.as_primitive::<Int8Type>().value(row).to_string(),
        DataType::Int16 => array.as_primitive::<Int16Type>().value(row).to_string(),
        DataType::Int32 => array.as_primitive::<Int32Type>().value(row).to_string(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::UInt8 => array.as_primitive::<UInt8Type>().value(row).to_string(),
        DataType::UInt16 => array.as_primitive::<UInt16Type>().value(row).to_string(),
        DataType::UInt32 => array.as_primitive::<UInt32Type>().value(row).to_string(),
        DataType::UInt64 => array.as_primitive::<UInt64Type>().value(row).to_string(),
        DataType::Float32 => array.as_primitive::<Float32Type>().value(row).to_string(),
        DataType::Float64 => array.as_primitive::<Float64Type>().value(row).to_string(),
        DataType::Decimal128(_, scale) => decimal(array.as_primitive::<Decimal128Type>().value(row), *scale),
        DataType::Timestamp(unit, zone) => instant(array, row, *unit, zone.is_some())?,
        DataType::List(_) | DataType::LargeList(_) | DataType::Struct(_) => {
            let mut json = String::new();
            write_json(array, row, 0, &mut json);
            json
        }
        _ => {
            let options = FormatOptions::default();
            ArrayFormatter::try_new(array, &options).ok()?.value(row).try_to_string().ok()?
        }
    })
}

/// Without zeros at its end: 12.5.
fn decimal(units: i128, scale: i8) -> String {
    let Ok(scale) = usize::try_from(scale) else { return format!("{units}e{}", -i32::from(scale)) };
    let digits = format!("{:0>width$}", units.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let fraction = fraction.trim_end_matches('0');
    let sign = if units < 0 { "-" } else { "" };
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// As the API writes instants; without its zone where it has none.
fn instant(array: &dyn Array, row: usize, unit: TimeUnit, has_zone: bool) -> Option<String> {
    let (ms, fraction) = match unit {
        TimeUnit::Second => (array.as_primitive::<TimestampSecondType>().value(row).checked_mul(1_000)?, 0),
        TimeUnit::Millisecond => (array.as_primitive::<TimestampMillisecondType>().value(row), 0),
        TimeUnit::Microsecond => {
            let us = array.as_primitive::<TimestampMicrosecondType>().value(row);
            (us.div_euclid(1_000), us.rem_euclid(1_000) * 1_000)
        }
        TimeUnit::Nanosecond => {
            let ns = array.as_primitive::<TimestampNanosecondType>().value(row);
            (ns.div_euclid(1_000_000), ns.rem_euclid(1_000_000))
        }
    };
    let written = Instant::from_ms(ms).to_string();
    let without_zone = written.trim_end_matches('Z');
    let finer = if fraction == 0 { String::new() } else { format!("{fraction:06}") };
    Some(format!("{without_zone}{finer}{}", if has_zone { "Z" } else { "" }))
}
