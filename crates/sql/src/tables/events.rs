//! The table `events`: what parts and memory hold, as record batches.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Int64Array, RecordBatch, RecordBatchOptions, StringArray,
};
use datafusion::arrow::datatypes::{SchemaRef, UInt32Type, UInt64Type};
use datafusion::arrow::error::ArrowError;
use segops_model::SourceId;
use segops_parts::{ScalarKind, TypedColumn};

use super::json_of_identifiers;
use crate::column::ColumnKind::{Flag, Instant, Json, Text, Whole};
use crate::column::{Column, ColumnKind, column};
use crate::workspace::{PropertySeen, Workspace};

pub(super) const COLUMNS: &[Column] = &[
    column("event", Text, "the name; empty for identify, group and alias"),
    column("kind", Text, "track, identify, page, screen, group or alias"),
    column("profile", Whole, "the number of the profile that it is of now: profile 17 is p_17 elsewhere"),
    column("ts", Instant, "when it happened, by a corrected clock"),
    column("received_at", Instant, "when it came in"),
    column("position", Whole, "its place in the journal; each once"),
    column("clamped", Flag, "the client's time was ahead, and ts is the receipt"),
    column("source", Text, "the name of the source that it came from"),
    column("message_id", Text, "what tells duplicates"),
    column("anchor_kind", Text, "the kind of the identifier that it goes by"),
    column("anchor_value", Text, "the value of the identifier that it goes by"),
    column("identifiers", Json, "all that it carried: a list of objects with kind and value"),
    column("properties", Json, "as they were sent; null where there are none"),
    column("traits", Json, "what it set; null where there are none"),
    column("group_traits", Json, "what it set of a group; null where there are none"),
    column("context", Json, "page, campaign, library, ...; null where there is none"),
];

/// A column of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EventColumn {
    /// By the name that parts have for it.
    Fixed(&'static str),
    Property(TypedColumn),
}

/// The columns of the table in one query: those that it always has, the properties seen most often, and whatever
/// properties the query names as `path:number`, `path:text`, `path:flag` or `path:date`.
#[derive(Debug, Clone)]
pub(crate) struct EventColumns {
    pub(crate) columns: Vec<Column>,
    pub(crate) read: Vec<EventColumn>,
}

impl EventColumns {
    /// `named` are the names in the query.
    pub(crate) fn new(workspace: &dyn Workspace, named: &BTreeSet<String>, properties_max: usize) -> Self {
        let mut all = Self {
            columns: COLUMNS.to_vec(),
            read: COLUMNS.iter().map(|column| EventColumn::Fixed(fixed_name(column))).collect(),
        };
        let seen = workspace.properties();
        let mut scalars: Vec<_> = seen
            .iter()
            .filter_map(|seen| {
                let (count, kind) = kind_seen(seen)?;
                Some((count, seen.path.as_str(), kind))
            })
            .collect();
        scalars.sort_by(|left, right| right.0.cmp(&left.0).then_with(|| left.1.cmp(right.1)));
        for (_, path, kind) in scalars.into_iter().take(properties_max) {
            all.add(path, kind);
        }
        let is_known = |path: &str| path.starts_with("context.") || seen.iter().any(|seen| seen.path == path);
        for (path, kind) in named.iter().filter_map(|name| path_and_kind(name)) {
            if is_known(path) {
                all.add(path, kind);
            }
        }
        all
    }

    fn add(&mut self, path: &str, kind: ScalarKind) {
        let Ok(parsed) = path.parse() else { return };
        let typed = TypedColumn::scalar(parsed, kind);
        let name = typed.column_name();
        if self.columns.iter().any(|column| column.name == name) {
            return;
        }
        let about = format!("the property `{path}`, by the one coercion; null where it gives nothing");
        self.columns.push(Column { name: name.into(), kind: column_kind(kind), about: about.into() });
        self.read.push(EventColumn::Property(typed));
    }
}

fn fixed_name(column: &Column) -> &'static str {
    match &column.name {
        std::borrow::Cow::Borrowed(name) => name,
        std::borrow::Cow::Owned(_) => "",
    }
}

/// As what a property was seen most often, and how often; none of what is in lists.
pub(super) fn kind_seen(seen: &PropertySeen) -> Option<(u64, ScalarKind)> {
    let kinds =
        [(seen.numbers, ScalarKind::Number), (seen.texts, ScalarKind::Text), (seen.flags, ScalarKind::Flag)];
    let (count, kind) = kinds.into_iter().max_by_key(|(count, _)| *count)?;
    (!seen.path.contains("[]") && count > 0).then_some((count, kind))
}

/// The path and the type in the name of a column.
pub(super) fn path_and_kind(name: &str) -> Option<(&str, ScalarKind)> {
    let (path, word) = name.rsplit_once(':')?;
    Some((path, kind_of(word)?))
}

fn kind_of(word: &str) -> Option<ScalarKind> {
    match word {
        "number" => Some(ScalarKind::Number),
        "text" => Some(ScalarKind::Text),
        "flag" => Some(ScalarKind::Flag),
        "date" => Some(ScalarKind::Date),
        _ => None,
    }
}

pub(super) const fn column_kind(kind: ScalarKind) -> ColumnKind {
    match kind {
        ScalarKind::Number => ColumnKind::Number,
        ScalarKind::Text => ColumnKind::Text,
        ScalarKind::Flag => ColumnKind::Flag,
        ScalarKind::Date => ColumnKind::Instant,
    }
}

/// Rows of parts, in the columns that are asked for.
pub(crate) fn event_batch(
    batch: &RecordBatch,
    columns: &[EventColumn],
    schema: &SchemaRef,
    sources: &[(SourceId, String)],
) -> Result<RecordBatch, ArrowError> {
    let arrays = columns.iter().map(|column| array_of(batch, column, sources));
    let arrays = arrays.collect::<Result<Vec<_>, _>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), arrays, &options)
}

fn array_of(
    batch: &RecordBatch,
    column: &EventColumn,
    sources: &[(SourceId, String)],
) -> Result<ArrayRef, ArrowError> {
    let name = match column {
        EventColumn::Fixed(name) => (*name).to_owned(),
        EventColumn::Property(typed) => typed.column_name(),
    };
    let missing = || ArrowError::SchemaError(format!("rows have no column `{name}`"));
    let array = batch.column_by_name(&name).ok_or_else(missing)?;
    match name.as_str() {
        "profile" | "position" => {
            let numbers = array.as_primitive_opt::<UInt64Type>().ok_or_else(missing)?.values().iter();
            let whole = |number: &u64| i64::try_from(*number).unwrap_or(i64::MAX);
            Ok(Arc::new(Int64Array::from_iter_values(numbers.map(whole))))
        }
        "source" => {
            let ids = array.as_primitive_opt::<UInt32Type>().ok_or_else(missing)?.values().iter();
            let name_of =
                |id: &u32| sources.iter().find(|(known, _)| known.0 == *id).map(|(_, name)| name.as_str());
            Ok(Arc::new(ids.map(name_of).collect::<StringArray>()))
        }
        "identifiers" => {
            let lists = array.as_list_opt::<i32>().ok_or_else(missing)?;
            let json = |at: usize| {
                let list = lists.value(at);
                let structs = list.as_struct_opt()?;
                let kinds = structs.column_by_name("kind")?.as_string_opt::<i32>()?;
                let values = structs.column_by_name("value")?.as_string_opt::<i32>()?;
                Some(json_of_identifiers((0..structs.len()).map(|at| (kinds.value(at), values.value(at)))))
            };
            Ok(Arc::new((0..lists.len()).map(json).collect::<StringArray>()))
        }
        _ => Ok(Arc::clone(array)),
    }
}
