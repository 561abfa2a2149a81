//! Typed columns made from events, with a mark for each row that a column does not give back exactly.

use std::sync::Arc;

use arrow_array::builder::{
    ArrayBuilder, BooleanBuilder, Decimal128Builder, StringBuilder, TimestampMillisecondBuilder,
};
use arrow_array::{ArrayRef, ListArray, StructArray};
use arrow_buffer::{NullBufferBuilder, OffsetBufferBuilder};
use arrow_schema::{DataType, Field, Fields};
use rustc_hash::FxHashMap;
use segops_model::{Event, Instant, Object, Path, Value};

use crate::columns::{
    ColumnKind, DECIMAL_PRECISION, DECIMAL_SCALE, ItemField, ScalarKind, TypedColumn, item_fields,
};
use crate::error::PartsError;

/// Some typed columns of events, and the marks of the rows: the bit of a column is its number.
pub(crate) fn build<'a>(
    columns: &[(usize, &TypedColumn)],
    events: impl Iterator<Item = &'a Event>,
) -> Result<(Vec<ArrayRef>, Vec<u64>), PartsError> {
    let names = Names::of(columns.iter().map(|(_, column)| &column.path));
    let mut builders: Vec<_> = columns.iter().map(|(_, column)| ColumnBuilder::new(column)).collect();
    // A property may have several columns: its value is found at the place of the last.
    let place_of =
        |path: &Path| columns.iter().rposition(|(_, column)| column.path == *path).unwrap_or_default();
    let places: Vec<usize> = columns.iter().map(|(_, column)| place_of(&column.path)).collect();
    let mut marks = Vec::new();
    let mut values = vec![None; columns.len()];
    for event in events {
        values.fill(None);
        names.find_in_event(event, &mut values);
        let mut mark = 0;
        for (((number, _), builder), place) in columns.iter().zip(&mut builders).zip(&places) {
            mark |= u64::from(builder.append(values.get(*place).copied().flatten())) << number;
        }
        marks.push(mark);
    }
    Ok((builders.into_iter().map(ColumnBuilder::finish).collect::<Result<_, _>>()?, marks))
}

/// The names that paths go through, so that all values of an object are found in one walk.
#[derive(Debug, Default)]
struct Names(FxHashMap<String, Node>);

#[derive(Debug, Default)]
struct Node {
    /// The number of the path that ends here.
    ends: Option<usize>,
    inner: Names,
}

impl Names {
    /// Of paths without lists.
    fn of<'a>(paths: impl Iterator<Item = &'a Path>) -> Self {
        let mut names = Self::default();
        for (number, path) in paths.enumerate() {
            names.put(&path.to_string(), number);
        }
        names
    }

    fn put(&mut self, path: &str, number: usize) {
        let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
        let node = self.0.entry(name.to_owned()).or_default();
        match rest {
            Some(rest) => node.inner.put(rest, number),
            None => node.ends = Some(number),
        }
    }

    /// As [`Path::in_event`]: a property called `context` comes before the context.
    fn find_in_event<'a>(&self, event: &'a Event, values: &mut [Option<&'a Value>]) {
        self.find(&event.properties, values);
        if let Some(context) = self.0.get("context")
            && event.properties.get("context").is_none()
        {
            context.inner.find(&event.context, values);
        }
    }

    fn find<'a>(&self, object: &'a Object, values: &mut [Option<&'a Value>]) {
        if self.0.is_empty() {
            return;
        }
        for (name, value) in object.iter() {
            let Some(node) = self.0.get(name) else { continue };
            if let Some(place) = node.ends.and_then(|number| values.get_mut(number)) {
                *place = (*value != Value::Null).then_some(value);
            }
            if let Value::Object(inner) = value {
                node.inner.find(inner, values);
            }
        }
    }
}

/// Makes one column of the values of one event after the other.
enum ColumnBuilder {
    Scalar(ScalarBuilder),
    Items(ItemsBuilder),
}

impl ColumnBuilder {
    fn new(column: &TypedColumn) -> Self {
        match &column.kind {
            ColumnKind::Scalar(kind) => Self::Scalar(ScalarBuilder::new(*kind)),
            ColumnKind::Items(fields) => Self::Items(ItemsBuilder::new(fields)),
        }
    }

    /// Appends a value; true if the column does not give it back exactly.
    fn append(&mut self, value: Option<&Value>) -> bool {
        match self {
            Self::Scalar(builder) => builder.append(value),
            Self::Items(builder) => builder.append(value),
        }
    }

    fn finish(self) -> Result<ArrayRef, PartsError> {
        match self {
            Self::Scalar(builder) => Ok(builder.finish()),
            Self::Items(builder) => builder.finish(),
        }
    }
}

struct ItemsBuilder {
    fields: Fields,
    names: Names,
    members: Vec<ScalarBuilder>,
    items_present: NullBufferBuilder,
    offsets: OffsetBufferBuilder<i32>,
    present: NullBufferBuilder,
}

impl ItemsBuilder {
    fn new(fields: &[ItemField]) -> Self {
        Self {
            fields: item_fields(fields),
            names: Names::of(fields.iter().map(|field| &field.path)),
            members: fields.iter().map(|field| ScalarBuilder::new(field.kind)).collect(),
            items_present: NullBufferBuilder::new(0),
            offsets: OffsetBufferBuilder::new(0),
            present: NullBufferBuilder::new(0),
        }
    }

    /// A member without a column of its own does not make a row odd: who asks for it reads the JSON.
    fn append(&mut self, value: Option<&Value>) -> bool {
        let list = value.and_then(Value::as_list);
        let mut odd = value.is_some() && list.is_none();
        let mut values = vec![None; self.members.len()];
        for item in list.unwrap_or_default() {
            values.fill(None);
            let object = item.as_object();
            if let Some(object) = object {
                self.names.find(object, &mut values);
            }
            self.items_present.append(object.is_some());
            odd |= object.is_none();
            for (member, value) in self.members.iter_mut().zip(&values) {
                odd |= member.append(*value);
            }
        }
        self.offsets.push_length(list.map_or(0, <[Value]>::len));
        self.present.append(list.is_some());
        odd
    }

    fn finish(mut self) -> Result<ArrayRef, PartsError> {
        let members: Vec<ArrayRef> = self.members.into_iter().map(ScalarBuilder::finish).collect();
        let structs = StructArray::try_new(self.fields.clone(), members, self.items_present.finish())?;
        let item = Arc::new(Field::new("item", DataType::Struct(self.fields), true));
        let lists =
            ListArray::try_new(item, self.offsets.finish(), Arc::new(structs), self.present.finish())?;
        Ok(Arc::new(lists))
    }
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
#[must_use]
pub fn date_by_itself(value: &Value) -> Option<Instant> {
    let text = value.as_text()?.trim();
    // The shortest is `2026-01-01T00:00Z`; most texts are told apart by this.
    if text.len() < 17 || text.as_bytes().get(4) != Some(&b'-') {
        return None;
    }
    text.parse::<jiff::Timestamp>().ok().map(Instant::from_jiff)
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
