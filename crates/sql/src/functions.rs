//! Functions that reach into the JSON of properties, traits, lines and products.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Decimal128Builder, ListBuilder, StringBuilder, TimestampMillisecondBuilder,
};
use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::common::{DataFusionError, Result, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use jiff::tz::TimeZone;
use segops_model::{Object, Path, Value, date_of};

use crate::column::ColumnKind;
use crate::tables::text_of;

/// What a function makes of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Made {
    Text,
    Number,
    Instant,
    List,
}

/// `property(json, 'path')` and its like.
#[derive(Debug, PartialEq, Eq)]
struct Property {
    made: Made,
    zone: TimeZone,
    signature: Signature,
}

impl std::hash::Hash for Property {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.made.hash(state);
    }
}

/// The functions, as they are called and explained.
pub const FUNCTIONS: [(&str, &str); 4] = [
    (
        "property(json, 'path')",
        "the value at a path, as text; lists and objects as JSON; null where there is none",
    ),
    ("property_number(json, 'path')", "the value as a number, also of text that reads as one"),
    (
        "property_instant(json, 'path')",
        "the value as an instant: dates without an offset are of the workspace's zone",
    ),
    (
        "property_list(json, 'path')",
        "the values at a path through a list, such as 'products[].sku', as an array of texts",
    ),
];

/// All of them, with dates read in a time zone.
pub(crate) fn functions(zone: &TimeZone) -> Vec<ScalarUDF> {
    let all = [Made::Text, Made::Number, Made::Instant, Made::List];
    let function = |made| {
        let signature = Signature::exact(vec![DataType::Utf8, DataType::Utf8], Volatility::Immutable);
        ScalarUDF::new_from_impl(Property { made, zone: zone.clone(), signature })
    };
    all.map(function).into()
}

fn text_list() -> DataType {
    DataType::List(Arc::new(Field::new_list_field(DataType::Utf8, true)))
}

impl ScalarUDFImpl for Property {
    fn name(&self) -> &str {
        match self.made {
            Made::Text => "property",
            Made::Number => "property_number",
            Made::Instant => "property_instant",
            Made::List => "property_list",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(match self.made {
            Made::Text => DataType::Utf8,
            Made::Number => ColumnKind::Number.data_type(),
            Made::Instant => ColumnKind::Instant.data_type(),
            Made::List => text_list(),
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let are_scalars = args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let rows = if are_scalars { 1 } else { args.number_rows };
        let [json, path] = args.args.as_slice() else {
            return exec_err!("{} takes two arguments", self.name());
        };
        let (json, path) = (json.to_array(rows)?, path.to_array(rows)?);
        let made = self.make(&json, &path)?;
        if are_scalars {
            return Ok(ColumnarValue::Scalar(datafusion::common::ScalarValue::try_from_array(&made, 0)?));
        }
        Ok(ColumnarValue::Array(made))
    }

    fn documentation(&self) -> Option<&Documentation> {
        None
    }
}

impl Property {
    fn make(&self, json: &ArrayRef, paths: &ArrayRef) -> Result<ArrayRef> {
        let (json, texts) = (json.as_string::<i32>(), paths.as_string::<i32>());
        let mut read = PathReader::default();
        // An object is often looked into by several functions; by this one, once for each row.
        let mut value_at = |row: usize| -> Result<Vec<Value>> {
            if json.is_null(row) || texts.is_null(row) {
                return Ok(Vec::new());
            }
            let path = read.path(texts.value(row))?;
            let object = segops_parts::read_object(json.value(row));
            Ok(object.map(|object| values_at(&object, path)).unwrap_or_default())
        };
        let rows = 0..json.len();
        Ok(match self.made {
            Made::Text => {
                let mut column = StringBuilder::new();
                for row in rows {
                    column.append_option(value_at(row)?.first().and_then(text_of));
                }
                Arc::new(column.finish())
            }
            Made::Number => {
                let mut column = Decimal128Builder::new().with_data_type(ColumnKind::Number.data_type());
                for row in rows {
                    let number = value_at(row)?.first().and_then(Value::as_number);
                    column.append_option(number.map(segops_model::Decimal::billionths));
                }
                Arc::new(column.finish())
            }
            Made::Instant => {
                let mut column = TimestampMillisecondBuilder::new().with_timezone("UTC");
                for row in rows {
                    let instant = value_at(row)?.first().and_then(|value| date_of(value, &self.zone));
                    column.append_option(instant.map(segops_model::Instant::as_ms));
                }
                Arc::new(column.finish())
            }
            Made::List => {
                let mut column = ListBuilder::new(StringBuilder::new());
                for row in rows {
                    let values = value_at(row)?;
                    for value in &values {
                        column.values().append_option(text_of(value));
                    }
                    column.append(!values.is_empty());
                }
                Arc::new(column.finish())
            }
        })
    }
}

/// Reads a path once where all rows have the same.
#[derive(Default)]
struct PathReader {
    held: Option<(String, Path)>,
}

impl PathReader {
    fn path(&mut self, text: &str) -> Result<&Path> {
        if self.held.as_ref().is_none_or(|(held, _)| held != text) {
            let path = text.parse::<Path>().map_err(|error| DataFusionError::Execution(error.to_string()))?;
            self.held = Some((text.to_owned(), path));
        }
        match &self.held {
            Some((_, path)) => Ok(path),
            None => exec_err!("`{text}` is no path"),
        }
    }
}

/// The values at a path: one at most, unless it goes through a list. A list at its end is one value, and for a path
/// that ends in `[]` its items.
fn values_at(object: &Object, path: &Path) -> Vec<Value> {
    let Some((list, rest)) = path.split_list() else {
        let value = path.in_object(object).filter(|value| **value != Value::Null);
        return value.cloned().into_iter().collect();
    };
    let items = list.in_object(object).and_then(Value::as_list).unwrap_or_default();
    match rest {
        None => items.to_vec(),
        Some(rest) => {
            items.iter().filter_map(Value::as_object).flat_map(|item| values_at(item, &rest)).collect()
        }
    }
}
