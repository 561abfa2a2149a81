//! The columns that every part has: rows to arrays, and arrays to the same rows.

use std::sync::{Arc, LazyLock};

use arrow_array::builder::{
    BooleanBuilder, ListBuilder, StringBuilder, StructBuilder, TimestampMillisecondBuilder, UInt32Builder,
    UInt64Builder,
};
use arrow_array::cast::AsArray;
use arrow_array::types::{TimestampMillisecondType, UInt32Type, UInt64Type};
use arrow_array::{Array, ArrayRef, RecordBatch, StringArray, StructArray};
use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef};
use compact_str::CompactString;
use segops_model::{
    Event, EventKind, Identifier, IdentifierKind, Instant, Object, Position, ProfileId, SourceId,
};

use crate::columns::timestamp_type;
use crate::error::PartsError;
use crate::exact_json::{read_object, write_object};
use crate::row::PartRow;

pub(crate) const EVENT: &str = "event";
pub(crate) const PROFILE: &str = "profile";
pub(crate) const TS: &str = "ts";
pub(crate) const POSITION: &str = "position";
pub(crate) const ANCHOR_KIND: &str = "anchor_kind";
pub(crate) const ANCHOR_VALUE: &str = "anchor_value";
pub(crate) const PROPERTIES: &str = "properties";
pub(crate) const CONTEXT: &str = "context";

/// What a row cannot be made of.
const NO_COLUMN: &str = "a column is missing or of another type";

fn identifier_fields() -> Fields {
    Fields::from(vec![Field::new("kind", DataType::Utf8, false), Field::new("value", DataType::Utf8, false)])
}

fn identifier_item() -> Field {
    Field::new("item", DataType::Struct(identifier_fields()), false)
}

/// The fixed columns, in their order in every file.
pub(crate) static FIXED: LazyLock<SchemaRef> = LazyLock::new(|| {
    let text = |name: &str| Field::new(name, DataType::Utf8, false);
    let json = |name: &str| Field::new(name, DataType::Utf8, true);
    Arc::new(Schema::new(vec![
        text(EVENT),
        Field::new(PROFILE, DataType::UInt64, false),
        Field::new(TS, timestamp_type(), false),
        Field::new(POSITION, DataType::UInt64, false),
        Field::new("received_at", timestamp_type(), false),
        Field::new("clamped", DataType::Boolean, false),
        text("kind"),
        Field::new("source", DataType::UInt32, false),
        text("message_id"),
        text(ANCHOR_KIND),
        text(ANCHOR_VALUE),
        Field::new("identifiers", DataType::List(Arc::new(identifier_item())), false),
        json(PROPERTIES),
        json("traits"),
        json("group_traits"),
        json(CONTEXT),
    ]))
});

const KINDS: [(EventKind, &str); 6] = [
    (EventKind::Track, "track"),
    (EventKind::Identify, "identify"),
    (EventKind::Page, "page"),
    (EventKind::Screen, "screen"),
    (EventKind::Group, "group"),
    (EventKind::Alias, "alias"),
];

/// The fixed columns of rows.
pub(crate) fn encode<'a>(rows: impl Iterator<Item = &'a PartRow> + Clone) -> Result<RecordBatch, PartsError> {
    let texts = |text: &dyn Fn(&'a PartRow) -> &'a str| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(rows.clone().map(text)))
    };
    let instants = |instant: &dyn Fn(&PartRow) -> Instant| -> ArrayRef {
        let mut column = TimestampMillisecondBuilder::new().with_timezone("UTC");
        rows.clone().for_each(|row| column.append_value(instant(row).as_ms()));
        Arc::new(column.finish())
    };
    let numbers = |number: &dyn Fn(&PartRow) -> u64| -> ArrayRef {
        let mut column = UInt64Builder::new();
        rows.clone().for_each(|row| column.append_value(number(row)));
        Arc::new(column.finish())
    };
    let objects = |object: &dyn Fn(&'a PartRow) -> &'a Object| -> ArrayRef {
        let (mut column, mut json) = (StringBuilder::new(), String::new());
        for row in rows.clone() {
            let object = object(row);
            json.clear();
            write_object(object, &mut json);
            column.append_option((!object.is_empty()).then_some(&json));
        }
        Arc::new(column.finish())
    };
    let mut clamped = BooleanBuilder::new();
    rows.clone().for_each(|row| clamped.append_value(row.event.clamped));
    let mut source = UInt32Builder::new();
    rows.clone().for_each(|row| source.append_value(row.event.source.0));
    let columns = vec![
        texts(&|row| row.event.name.as_str()),
        numbers(&|row| row.profile.0),
        instants(&|row| row.event.ts),
        numbers(&|row| row.position.0),
        instants(&|row| row.event.received_at),
        Arc::new(clamped.finish()),
        texts(&|row| kind_name(row.event.kind)),
        Arc::new(source.finish()),
        texts(&|row| row.event.message_id.as_str()),
        texts(&|row| row.anchor.kind.as_str()),
        texts(&|row| row.anchor.value.as_str()),
        identifiers(rows.clone()),
        objects(&|row| &row.event.properties),
        objects(&|row| &row.event.traits),
        objects(&|row| &row.event.group_traits),
        objects(&|row| &row.event.context),
    ];
    Ok(RecordBatch::try_new(Arc::clone(&FIXED), columns)?)
}

fn identifiers<'a>(rows: impl Iterator<Item = &'a PartRow>) -> ArrayRef {
    let structs = StructBuilder::new(
        identifier_fields(),
        vec![Box::new(StringBuilder::new()), Box::new(StringBuilder::new())],
    );
    let mut lists = ListBuilder::new(structs).with_field(identifier_item());
    for row in rows {
        let structs = lists.values();
        for identifier in &row.event.identifiers {
            for (at, text) in [identifier.kind.as_str(), &identifier.value].into_iter().enumerate() {
                if let Some(column) = structs.field_builder::<StringBuilder>(at) {
                    column.append_value(text);
                }
            }
            structs.append(true);
        }
        lists.append(true);
    }
    Arc::new(lists.finish())
}

fn kind_name(kind: EventKind) -> &'static str {
    KINDS.iter().find(|(known, _)| *known == kind).map_or("track", |(_, name)| name)
}

/// The rows of a batch that has all fixed columns.
pub(crate) fn decode(batch: &RecordBatch) -> Result<Vec<PartRow>, PartsError> {
    let columns = FixedColumns::of(batch).ok_or_else(|| PartsError::Encode(NO_COLUMN.to_owned()))?;
    (0..batch.num_rows())
        .map(|row| columns.row(row).ok_or_else(|| PartsError::Encode(format!("row {row} holds no event"))))
        .collect()
}

struct FixedColumns<'a> {
    event: &'a StringArray,
    profile: &'a [u64],
    ts: &'a [i64],
    position: &'a [u64],
    received_at: &'a [i64],
    clamped: &'a arrow_array::BooleanArray,
    kind: &'a StringArray,
    source: &'a [u32],
    message_id: &'a StringArray,
    anchor_kind: &'a StringArray,
    anchor_value: &'a StringArray,
    identifiers: &'a arrow_array::ListArray,
    objects: [&'a StringArray; 4],
}

impl<'a> FixedColumns<'a> {
    fn of(batch: &'a RecordBatch) -> Option<Self> {
        let text = |name: &str| batch.column_by_name(name)?.as_string_opt::<i32>();
        let instants = |name: &str| {
            let column = batch.column_by_name(name)?.as_primitive_opt::<TimestampMillisecondType>()?;
            Some(column.values().as_ref())
        };
        let numbers = |name: &str| {
            Some(batch.column_by_name(name)?.as_primitive_opt::<UInt64Type>()?.values().as_ref())
        };
        Some(Self {
            event: text(EVENT)?,
            profile: numbers(PROFILE)?,
            ts: instants(TS)?,
            position: numbers(POSITION)?,
            received_at: instants("received_at")?,
            clamped: batch.column_by_name("clamped")?.as_boolean_opt()?,
            kind: text("kind")?,
            source: batch.column_by_name("source")?.as_primitive_opt::<UInt32Type>()?.values(),
            message_id: text("message_id")?,
            anchor_kind: text(ANCHOR_KIND)?,
            anchor_value: text(ANCHOR_VALUE)?,
            identifiers: batch.column_by_name("identifiers")?.as_list_opt::<i32>()?,
            objects: [text(PROPERTIES)?, text("traits")?, text("group_traits")?, text(CONTEXT)?],
        })
    }

    fn row(&self, row: usize) -> Option<PartRow> {
        let [properties, traits, group_traits, context] = self.objects;
        let object = |column: &StringArray| {
            if column.is_null(row) { Some(Object::new()) } else { read_object(column.value(row)) }
        };
        let kind = self.kind.value(row);
        Some(PartRow {
            position: Position(*self.position.get(row)?),
            profile: ProfileId(*self.profile.get(row)?),
            anchor: identifier(self.anchor_kind.value(row), self.anchor_value.value(row)),
            event: Event {
                message_id: self.message_id.value(row).into(),
                source: SourceId(*self.source.get(row)?),
                kind: KINDS.iter().find(|(_, name)| *name == kind)?.0,
                name: self.event.value(row).into(),
                ts: Instant::from_ms(*self.ts.get(row)?),
                received_at: Instant::from_ms(*self.received_at.get(row)?),
                clamped: self.clamped.value(row),
                identifiers: identifiers_of(self.identifiers.value(row).as_struct_opt()?)?,
                properties: object(properties)?,
                traits: object(traits)?,
                group_traits: object(group_traits)?,
                context: object(context)?,
            },
        })
    }
}

fn identifier(kind: &str, value: &str) -> Identifier {
    Identifier { kind: IdentifierKind(CompactString::new(kind)), value: value.into() }
}

fn identifiers_of(structs: &StructArray) -> Option<Vec<Identifier>> {
    let kinds = structs.column_by_name("kind")?.as_string_opt::<i32>()?;
    let values = structs.column_by_name("value")?.as_string_opt::<i32>()?;
    Some((0..structs.len()).map(|at| identifier(kinds.value(at), values.value(at))).collect())
}

/// The identifier that a row goes by, of a batch that has the two columns.
pub(crate) fn anchor_of(batch: &RecordBatch, row: usize) -> Option<Identifier> {
    let text = |name: &str| batch.column_by_name(name)?.as_string_opt::<i32>();
    Some(identifier(text(ANCHOR_KIND)?.value(row), text(ANCHOR_VALUE)?.value(row)))
}
