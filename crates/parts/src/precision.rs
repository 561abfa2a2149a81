//! Number columns in files and in memory: in files those with small numbers are 64-bit integers, which are read and
//! unpacked several times as fast; in memory all are alike.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Decimal128Type;
use arrow_array::{Array, ArrayRef, ListArray, RecordBatch, StructArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef};

use crate::columns::{DECIMAL_PRECISION, DECIMAL_SCALE};
use crate::error::PartsError;

/// A field with its numbers, or those within its list's objects, of so many digits.
pub(crate) fn with_numbers_of(field: Field, precision: u8) -> Field {
    let data_type = type_with(field.data_type(), precision);
    field.with_data_type(data_type)
}

fn type_with(data_type: &DataType, precision: u8) -> DataType {
    let of = |field: &Field| Arc::new(with_numbers_of(field.clone(), precision));
    match data_type {
        DataType::Decimal128(_, scale) => DataType::Decimal128(precision, *scale),
        DataType::List(item) => DataType::List(of(item)),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(|field| of(field)).collect()),
        other => other.clone(),
    }
}

/// Columns as a schema has them, which differs in the digits of numbers alone. The numbers themselves stay: whoever asks
/// for fewer digits knows that they fit.
pub(crate) fn as_in(columns: &[ArrayRef], schema: &SchemaRef) -> Result<Vec<ArrayRef>, PartsError> {
    let columns =
        columns.iter().zip(schema.fields()).map(|(column, field)| retyped(column, field.data_type()));
    columns.collect()
}

/// A batch of a file with numbers as they are in memory.
pub(crate) fn widened(batch: RecordBatch) -> Result<RecordBatch, PartsError> {
    let is_narrow =
        |field: &Arc<Field>| type_with(field.data_type(), DECIMAL_PRECISION) != *field.data_type();
    if !batch.schema_ref().fields().iter().any(is_narrow) {
        return Ok(batch);
    }
    let fields = batch.schema_ref().fields().iter();
    let fields: Vec<_> =
        fields.map(|field| with_numbers_of(field.as_ref().clone(), DECIMAL_PRECISION)).collect();
    let schema = Arc::new(Schema::new(fields));
    let columns = as_in(batch.columns(), &schema)?;
    Ok(RecordBatch::try_new(schema, columns)?)
}

fn retyped(column: &ArrayRef, wanted: &DataType) -> Result<ArrayRef, PartsError> {
    if column.data_type() == wanted {
        return Ok(Arc::clone(column));
    }
    let other = || PartsError::Encode(format!("a column is of type {}, not {wanted}", column.data_type()));
    match wanted {
        DataType::Decimal128(precision, DECIMAL_SCALE) => {
            let numbers = column.as_primitive_opt::<Decimal128Type>().ok_or_else(other)?;
            Ok(Arc::new(numbers.clone().with_precision_and_scale(*precision, DECIMAL_SCALE)?))
        }
        DataType::List(item) => {
            let lists = column.as_list_opt::<i32>().ok_or_else(other)?;
            let (_, offsets, values, nulls) = lists.clone().into_parts();
            let values = retyped(&values, item.data_type())?;
            Ok(Arc::new(ListArray::try_new(Arc::clone(item), offsets, values, nulls)?))
        }
        DataType::Struct(fields) => {
            let structs = column.as_struct_opt().ok_or_else(other)?;
            let (_, members, nulls) = structs.clone().into_parts();
            let members =
                members.iter().zip(fields).map(|(member, field)| retyped(member, field.data_type()));
            Ok(Arc::new(StructArray::try_new(fields.clone(), members.collect::<Result<_, _>>()?, nulls)?))
        }
        _ => Err(other()),
    }
}
