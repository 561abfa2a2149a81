//! One cell as JSON. Nothing that a file holds exactly becomes less so: a number that JSON's readers would round is a text
//! of its digits, which reads as that number wherever one is asked for.

use std::io::Write as _;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type, Float16Type,
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, Time32MillisecondType,
    Time32SecondType, Time64MicrosecondType, Time64NanosecondType, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrowPrimitiveType};
use arrow_schema::{DataType, TimeUnit};
use jiff::civil;

/// Whole numbers up to here are themselves as a double.
const EXACT_MAX: u128 = 1 << 53;
/// Significant digits that a double keeps.
const DIGITS_MAX: usize = 15;
const NANOS_PER_SECOND: i128 = 1_000_000_000;

/// What the file says of a column beside its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Plain,
    /// Sixteen bytes that are an id.
    Uuid,
    /// A text that is JSON.
    Json,
}

/// Whether values of a type can be written.
pub(super) fn is_readable(data_type: &DataType) -> bool {
    match data_type {
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::FixedSizeList(item, _)
        | DataType::Map(item, _) => is_readable(item.data_type()),
        DataType::Struct(fields) => fields.iter().all(|field| is_readable(field.data_type())),
        DataType::Interval(_)
        | DataType::Duration(_)
        | DataType::Union(..)
        | DataType::RunEndEncoded(..)
        | DataType::Dictionary(..)
        | DataType::ListView(_)
        | DataType::LargeListView(_)
        | DataType::BinaryView
        | DataType::Utf8View => false,
        _ => true,
    }
}

/// Writes a value; false where there is none, and nothing is written that counts.
pub(super) fn write_cell(array: &dyn Array, row: usize, kind: Kind, out: &mut Vec<u8>) -> bool {
    if array.is_null(row) {
        return false;
    }
    match kind {
        Kind::Uuid => {
            let bytes = array.as_fixed_size_binary_opt().map(|column| column.value(row)).unwrap_or_default();
            write_uuid(bytes, out);
            return true;
        }
        Kind::Json => {
            let bytes = match array.data_type() {
                DataType::Utf8 => array.as_string::<i32>().value(row).as_bytes(),
                _ => array.as_binary::<i32>().value(row),
            };
            // In one line: a line is a row.
            if let Ok(value) = serde_json::from_slice::<serde_json::Value>(bytes)
                && serde_json::to_writer(&mut *out, &value).is_ok()
            {
                return true;
            }
        }
        Kind::Plain => {}
    }
    write_plain(array, row, out)
}

fn write_plain(array: &dyn Array, row: usize, out: &mut Vec<u8>) -> bool {
    match array.data_type() {
        DataType::Boolean => {
            out.extend_from_slice(if array.as_boolean().value(row) { b"true" } else { b"false" });
        }
        DataType::Int8 => write_whole(value::<Int8Type>(array, row).into(), out),
        DataType::Int16 => write_whole(value::<Int16Type>(array, row).into(), out),
        DataType::Int32 => write_whole(value::<Int32Type>(array, row).into(), out),
        DataType::Int64 => write_whole(value::<Int64Type>(array, row).into(), out),
        DataType::UInt8 => write_whole(value::<UInt8Type>(array, row).into(), out),
        DataType::UInt16 => write_whole(value::<UInt16Type>(array, row).into(), out),
        DataType::UInt32 => write_whole(value::<UInt32Type>(array, row).into(), out),
        DataType::UInt64 => write_whole(value::<UInt64Type>(array, row).into(), out),
        DataType::Float16 => return write_float32(value::<Float16Type>(array, row).to_f32(), out),
        DataType::Float32 => return write_float32(value::<Float32Type>(array, row), out),
        DataType::Float64 => {
            let number = value::<Float64Type>(array, row);
            return number.is_finite() && serde_json::to_writer(&mut *out, &number).is_ok();
        }
        DataType::Decimal32(_, scale) => {
            write_decimal(&value::<Decimal32Type>(array, row).to_string(), *scale, out);
        }
        DataType::Decimal64(_, scale) => {
            write_decimal(&value::<Decimal64Type>(array, row).to_string(), *scale, out);
        }
        DataType::Decimal128(_, scale) => {
            write_decimal(&value::<Decimal128Type>(array, row).to_string(), *scale, out);
        }
        DataType::Decimal256(_, scale) => {
            write_decimal(&value::<Decimal256Type>(array, row).to_string(), *scale, out);
        }
        DataType::Utf8 => write_text(array.as_string::<i32>().value(row), out),
        DataType::LargeUtf8 => write_text(array.as_string::<i64>().value(row), out),
        DataType::Binary => write_bytes(array.as_binary::<i32>().value(row), out),
        DataType::LargeBinary => write_bytes(array.as_binary::<i64>().value(row), out),
        DataType::FixedSizeBinary(_) => write_bytes(array.as_fixed_size_binary().value(row), out),
        DataType::Date32
        | DataType::Date64
        | DataType::Time32(_)
        | DataType::Time64(_)
        | DataType::Timestamp(..) => {
            write_time(array, row, out);
        }
        _ => return write_nested(array, row, out),
    }
    true
}

fn write_nested(array: &dyn Array, row: usize, out: &mut Vec<u8>) -> bool {
    match array.data_type() {
        DataType::List(_) => write_list(array.as_list::<i32>().value(row).as_ref(), out),
        DataType::LargeList(_) => write_list(array.as_list::<i64>().value(row).as_ref(), out),
        DataType::FixedSizeList(..) => write_list(array.as_fixed_size_list().value(row).as_ref(), out),
        DataType::Struct(fields) => {
            let names = fields.iter().map(|field| field.name().as_str());
            write_members(
                names.zip(array.as_struct().columns().iter().map(|column| (column.as_ref(), row))),
                out,
            );
        }
        DataType::Map(..) => {
            let entries = array.as_map().value(row);
            let [keys, values] = entries.columns() else { return false };
            let keys: Vec<String> = (0..entries.len()).map(|at| key_text(keys.as_ref(), at)).collect();
            let values = (0..entries.len()).map(|at| (values.as_ref(), at));
            write_members(keys.iter().map(String::as_str).zip(values), out);
        }
        _ => return false,
    }
    true
}

fn value<T: ArrowPrimitiveType>(array: &dyn Array, row: usize) -> T::Native {
    array.as_primitive::<T>().value(row)
}

fn write_list(items: &dyn Array, out: &mut Vec<u8>) {
    out.push(b'[');
    for at in 0..items.len() {
        if at > 0 {
            out.push(b',');
        }
        let before = out.len();
        if !write_plain_or_null(items, at, out) {
            out.truncate(before);
            out.extend_from_slice(b"null");
        }
    }
    out.push(b']');
}

fn write_plain_or_null(array: &dyn Array, row: usize, out: &mut Vec<u8>) -> bool {
    !array.is_null(row) && write_plain(array, row, out)
}

/// An object of those members that have a value.
fn write_members<'a>(members: impl Iterator<Item = (&'a str, (&'a dyn Array, usize))>, out: &mut Vec<u8>) {
    out.push(b'{');
    let start = out.len();
    for (name, (array, row)) in members {
        let before = out.len();
        if before > start {
            out.push(b',');
        }
        write_text(name, out);
        out.push(b':');
        if !write_plain_or_null(array, row, out) {
            out.truncate(before);
        }
    }
    out.push(b'}');
}

/// A map's key: its text, without the quotes that JSON puts around one.
fn key_text(keys: &dyn Array, row: usize) -> String {
    let mut out = Vec::new();
    if !write_plain_or_null(keys, row, &mut out) {
        return String::new();
    }
    serde_json::from_slice::<String>(&out).unwrap_or_else(|_| String::from_utf8_lossy(&out).into_owned())
}

pub(super) fn write_text(text: &str, out: &mut Vec<u8>) {
    // Writing to memory does not fail.
    let _ = serde_json::to_writer(out, text);
}

/// Bytes are text where they can be, as older writers mean them; else hex.
fn write_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    match std::str::from_utf8(bytes) {
        Ok(text) => write_text(text, out),
        Err(_) => {
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            write_text(&hex, out);
        }
    }
}

fn write_uuid(bytes: &[u8], out: &mut Vec<u8>) {
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let parts = [hex.get(..8), hex.get(8..12), hex.get(12..16), hex.get(16..20), hex.get(20..)];
    write_text(&parts.map(Option::unwrap_or_default).join("-"), out);
}

fn write_whole(number: i128, out: &mut Vec<u8>) {
    if number.unsigned_abs() <= EXACT_MAX {
        let _ = write!(out, "{number}");
    } else {
        let _ = write!(out, "\"{number}\"");
    }
}

fn write_float32(number: f32, out: &mut Vec<u8>) -> bool {
    number.is_finite() && serde_json::to_writer(&mut *out, &number).is_ok()
}

/// A whole number of units of ten to the power of minus `scale`.
fn write_decimal(units: &str, scale: i8, out: &mut Vec<u8>) {
    let (sign, digits) = units.strip_prefix('-').map_or(("", units), |digits| ("-", digits));
    let mut text = String::new();
    match usize::try_from(scale) {
        Ok(0) => text.push_str(digits),
        Ok(scale) => {
            let padded = format!("{digits:0>width$}", width = scale + 1);
            let (whole, fraction) = padded.split_at(padded.len() - scale);
            text.push_str(whole);
            let fraction = fraction.trim_end_matches('0');
            if !fraction.is_empty() {
                text.push('.');
                text.push_str(fraction);
            }
        }
        Err(_) => {
            text.push_str(digits);
            text.extend(std::iter::repeat_n('0', usize::from(scale.unsigned_abs())));
        }
    }
    let significant = text.trim_start_matches(['0', '.']).bytes().filter(u8::is_ascii_digit).count();
    if significant <= DIGITS_MAX {
        let _ = write!(out, "{sign}{text}");
    } else {
        let _ = write!(out, "\"{sign}{text}\"");
    }
}

fn write_time(array: &dyn Array, row: usize, out: &mut Vec<u8>) {
    let (ticks, per_second) = match array.data_type() {
        DataType::Date32 => (i128::from(value::<Date32Type>(array, row)) * 86_400, 1),
        DataType::Date64 => (i128::from(value::<Date64Type>(array, row)), 1_000),
        DataType::Time32(TimeUnit::Second) => (i128::from(value::<Time32SecondType>(array, row)), 1),
        DataType::Time32(_) => (i128::from(value::<Time32MillisecondType>(array, row)), 1_000),
        DataType::Time64(TimeUnit::Microsecond) => {
            (i128::from(value::<Time64MicrosecondType>(array, row)), 1_000_000)
        }
        DataType::Time64(_) => (i128::from(value::<Time64NanosecondType>(array, row)), NANOS_PER_SECOND),
        DataType::Timestamp(TimeUnit::Second, _) => (i128::from(value::<TimestampSecondType>(array, row)), 1),
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            (i128::from(value::<TimestampMillisecondType>(array, row)), 1_000)
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            (i128::from(value::<TimestampMicrosecondType>(array, row)), 1_000_000)
        }
        _ => (i128::from(value::<TimestampNanosecondType>(array, row)), NANOS_PER_SECOND),
    };
    let nanos = ticks * (NANOS_PER_SECOND / per_second);
    let text = jiff::Timestamp::from_nanosecond(nanos).ok().map(|at| {
        let local = jiff::tz::Offset::UTC.to_datetime(at);
        match array.data_type() {
            DataType::Date32 | DataType::Date64 => local.date().to_string(),
            DataType::Time32(_) | DataType::Time64(_) => time_of(local),
            DataType::Timestamp(_, Some(_)) => at.to_string(),
            // Of no zone: whoever reads it knows which.
            _ => local.to_string(),
        }
    });
    // What no calendar has is no time for whoever reads it, and says what it is.
    write_text(&text.unwrap_or_else(|| format!("{ticks}/{per_second} s, which no calendar has")), out);
}

fn time_of(local: civil::DateTime) -> String {
    local.time().to_string()
}
