//! The table `derived_events`: which columns it has, and its rows.

use std::collections::BTreeSet;

use segops_model::{DerivedEventId, Path, ProfileId, Value};
use segops_parts::{ScalarKind, TypedColumn, date_by_itself};
use segops_rules::{DerivedDefinition, RenamedValue, SESSION_FIELDS, TOUCH_FIELDS};
use segops_segment::DerivedOccurrence;

use super::events::{column_kind, kind_seen, path_and_kind};
use super::json_of_object;
use crate::column::ColumnKind::{Instant, Json, Text, Whole};
use crate::column::{Cell, Column, Row, column};
use crate::workspace::Workspace;

pub(super) const COLUMNS: &[Column] = &[
    column("event", Text, "the derived event's name"),
    column("derived_event", Text, "its id, such as de_12"),
    column("version", Whole, "of the definition, which is always the newest"),
    column("profile", Whole, "the number of the profile that it is of now"),
    column("ts", Instant, "where it stands in time"),
    column("position", Whole, "of the received event that it stands with, in `events`"),
    column("properties", Json, "all that it has"),
];

/// The columns of the table in one query: those that it always has, what sessions, touches and the values of events under
/// another name are, and whatever properties the query names as it names those of `events`.
#[derive(Debug, Clone)]
pub(crate) struct DerivedColumns {
    pub(crate) columns: Vec<Column>,
    typed: Vec<(Path, ScalarKind)>,
}

impl DerivedColumns {
    /// `named` are the names in the query.
    pub(crate) fn new(workspace: &dyn Workspace, named: &BTreeSet<String>) -> Self {
        let mut all = Self { columns: COLUMNS.to_vec(), typed: Vec::new() };
        let seen = workspace.properties();
        let definitions = workspace.derived_events();
        for known in &definitions {
            match known.derivation.definition() {
                DerivedDefinition::Session(_) => {
                    SESSION_FIELDS.iter().for_each(|field| all.add(field, kind_of_field(field)));
                }
                DerivedDefinition::Touch(_) => {
                    TOUCH_FIELDS.iter().for_each(|field| all.add(field, kind_of_field(field)));
                }
                DerivedDefinition::Renamed(renamed) => {
                    for RenamedValue { name, property } in &renamed.values {
                        let property = property.to_string();
                        let source = seen.iter().find(|seen| seen.path == property);
                        all.add(name, source.and_then(kind_seen).map_or(ScalarKind::Text, |(_, kind)| kind));
                    }
                }
            }
        }
        let has = |path: &str| {
            let is_field = definitions.iter().any(|known| known.derivation.definition().has_field(path));
            is_field || path.starts_with("context.") || seen.iter().any(|seen| seen.path == path)
        };
        for (path, kind) in named.iter().filter_map(|name| path_and_kind(name)) {
            if has(path) {
                all.add(path, kind);
            }
        }
        all
    }

    fn add(&mut self, path: &str, kind: ScalarKind) {
        let Ok(parsed) = path.parse::<Path>() else { return };
        let name = TypedColumn::scalar(parsed.clone(), kind).column_name();
        if parsed.split_list().is_none() && !self.columns.iter().any(|column| column.name == name) {
            let about = format!("the property `{path}`; null where it has none");
            self.columns.push(Column { name: name.into(), kind: column_kind(kind), about: about.into() });
            self.typed.push((parsed, kind));
        }
    }
}

fn kind_of_field(field: &str) -> ScalarKind {
    match field {
        "started_at" | "ended_at" | "touch.at" => ScalarKind::Date,
        "duration_seconds"
        | "event_count"
        | "page_count"
        | "order_count"
        | "order_value"
        | "touch.seconds_before" => ScalarKind::Number,
        "has_order" => ScalarKind::Flag,
        _ => ScalarKind::Text,
    }
}

/// A derived event of a profile.
pub(crate) struct DerivedRow<'a> {
    pub(crate) columns: &'a DerivedColumns,
    pub(crate) profile: ProfileId,
    pub(crate) id: DerivedEventId,
    pub(crate) name: &'a str,
    pub(crate) version: u32,
    pub(crate) occurrence: &'a DerivedOccurrence,
}

impl Row for DerivedRow<'_> {
    fn cell(&self, column: usize) -> Cell<'_> {
        let (event, entry) = (self.occurrence.event(), self.occurrence.entry());
        match column {
            0 => Cell::text(self.name),
            1 => Cell::text(self.id.to_string()),
            2 => Cell::Whole(self.version.into()),
            3 => Cell::whole(self.profile.0),
            4 => Cell::Instant(entry.ts),
            5 => Cell::whole(entry.position.0),
            6 => Cell::text(json_of_object(&event.properties)),
            typed => {
                let Some((path, kind)) = self.columns.typed.get(typed - COLUMNS.len()) else {
                    return Cell::Null;
                };
                path.in_event(event).map_or(Cell::Null, |value| typed_cell(value, *kind))
            }
        }
    }
}

/// By the coercion that columns of `events` have.
fn typed_cell(value: &Value, kind: ScalarKind) -> Cell<'_> {
    match kind {
        ScalarKind::Number => Cell::of(value.as_number(), Cell::Number),
        ScalarKind::Text => Cell::of(value.scalar_text(), |text| Cell::text(text.as_str().to_owned())),
        ScalarKind::Flag => match value {
            Value::Bool(flag) => Cell::Flag(*flag),
            _ => Cell::Null,
        },
        ScalarKind::Date => Cell::of(date_by_itself(value), Cell::Instant),
    }
}
