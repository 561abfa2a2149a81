//! Typed columns made from events, with a mark for each row that a column does not give back exactly.

use std::sync::Arc;

use arrow_array::builder::{
    ArrayBuilder, BooleanBuilder, Decimal128Builder, StringBuilder, TimestampMillisecondBuilder,
};
use arrow_array::{ArrayRef, ListArray, StructArray};
use arrow_buffer::{NullBufferBuilder, OffsetBufferBuilder};
use arrow_schema::{DataType, Field};
use segops_model::{Event, Instant, Object, Value};

use crate::columns::{
    ColumnKind, DECIMAL_PRECISION, DECIMAL_SCALE, ItemField, ScalarKind, TypedColumn, item_fields,
};
use crate::error::PartsError;

/// The column of events, and which of them it does not give back exactly.
pub(crate) fn build<'a>(
    column: &TypedColumn,
    events: impl Iterator<Item = &'a Event>,
) -> Result<(ArrayRef, Vec<bool>), PartsError> {
    match &column.kind {
        ColumnKind::Scalar(kind) => {
            let mut builder = ScalarBuilder::new(*kind);
            let inexact = events.map(|event| builder.append(column.value(event))).collect();
            Ok((builder.finish(), inexact))
        }
        ColumnKind::Items(fields) => build_items(column, fields, events),
    }
}

fn build_items<'a>(
    column: &TypedColumn,
    fields: &[ItemField],
    events: impl Iterator<Item = &'a Event>,
) -> Result<(ArrayRef, Vec<bool>), PartsError> {
    let mut builders: Vec<_> = fields.iter().map(|field| ScalarBuilder::new(field.kind)).collect();
    let mut offsets = OffsetBufferBuilder::<i32>::new(0);
    let mut present = NullBufferBuilder::new(0);
    let mut inexact = Vec::new();
    let mut items_present = NullBufferBuilder::new(0);
    for event in events {
        let value = column.value(event);
        let list = value.and_then(Value::as_list);
        let mut odd = value.is_some() && list.is_none();
        for item in list.unwrap_or_default() {
            let object = item.as_object();
            items_present.append(object.is_some());
            odd |= object.is_none();
            for (field, builder) in fields.iter().zip(&mut builders) {
                let value = object.and_then(|object| field.path.in_object(object));
                odd |= builder.append(value.filter(|value| !matches!(value, Value::Null)));
            }
        }
        offsets.push_length(list.map_or(0, <[Value]>::len));
        present.append(list.is_some());
        inexact.push(odd);
    }
    let children: Vec<ArrayRef> = builders.into_iter().map(ScalarBuilder::finish).collect();
    let members = item_fields(fields);
    let structs = StructArray::try_new(members.clone(), children, items_present.finish())?;
    let item = Arc::new(Field::new("item", DataType::Struct(members), true));
    let lists = ListArray::try_new(item, offsets.finish(), Arc::new(structs), present.finish())?;
    Ok((Arc::new(lists), inexact))
}

/// Coerces one value after the other.
enum ScalarBuilder {
    Number(Decimal128Builder),
    Text(StringBuilder),
    Flag(BooleanBuilder),
    Date(TimestampMillisecondBuilder),
}

impl ScalarBuilder {
    fn new(kind: ScalarKind) -> Self {
        match kind {
            ScalarKind::Number => {
                let kind = DataType::Decimal128(DECIMAL_PRECISION, DECIMAL_SCALE);
                Self::Number(Decimal128Builder::new().with_data_type(kind))
            }
            ScalarKind::Text => Self::Text(StringBuilder::new()),
            ScalarKind::Flag => Self::Flag(BooleanBuilder::new()),
            ScalarKind::Date => Self::Date(TimestampMillisecondBuilder::new().with_timezone("UTC")),
        }
    }

    /// Appends a value; true if the column does not give it back exactly.
    fn append(&mut self, value: Option<&Value>) -> bool {
        match self {
            Self::Number(column) => {
                column.append_option(value.and_then(Value::as_number).map(segops_model::Decimal::billionths));
                !matches!(value, None | Some(Value::Number(_)))
            }
            Self::Text(column) => {
                column.append_option(value.and_then(Value::scalar_text));
                !matches!(value, None | Some(Value::Text(_)))
            }
            Self::Flag(column) => {
                let flag = match value {
                    Some(Value::Bool(flag)) => Some(*flag),
                    _ => None,
                };
                column.append_option(flag);
                value.is_some() && flag.is_none()
            }
            Self::Date(column) => {
                column.append_option(value.and_then(date_by_itself).map(Instant::as_ms));
                value.is_some()
            }
        }
    }

    fn finish(self) -> ArrayRef {
        match self {
            Self::Number(mut column) => ArrayBuilder::finish(&mut column),
            Self::Text(mut column) => ArrayBuilder::finish(&mut column),
            Self::Flag(mut column) => ArrayBuilder::finish(&mut column),
            Self::Date(mut column) => ArrayBuilder::finish(&mut column),
        }
    }
}

/// The instant that a text names with its own offset: the same in every time zone.
pub(crate) fn date_by_itself(value: &Value) -> Option<Instant> {
    let text = value.as_text()?.trim();
    // The shortest is `2026-01-01T00:00Z`; most texts are told apart by this.
    if text.len() < 17 || text.as_bytes().get(4) != Some(&b'-') {
        return None;
    }
    text.parse::<jiff::Timestamp>().ok().map(Instant::from_jiff)
}

/// Marks of several columns for each row: the bit of a column is its number.
pub(crate) fn combine(marks: &[(usize, Vec<bool>)], rows: usize) -> Vec<u64> {
    let mut combined = vec![0; rows];
    for (column, inexact) in marks {
        for (mask, inexact) in combined.iter_mut().zip(inexact) {
            *mask |= u64::from(*inexact) << column;
        }
    }
    combined
}

/// The events of which only properties and context matter, for columns made from JSON that was read.
pub(crate) fn bare_event(properties: Object, context: Object) -> Event {
    Event {
        message_id: compact_str::CompactString::default(),
        source: segops_model::SourceId(0),
        kind: segops_model::EventKind::Track,
        name: compact_str::CompactString::default(),
        ts: Instant::from_ms(0),
        received_at: Instant::from_ms(0),
        clamped: false,
        identifiers: Vec::new(),
        properties,
        traits: Object::new(),
        group_traits: Object::new(),
        context,
    }
}
