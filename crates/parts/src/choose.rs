//! Which properties get columns of their own: those seen often on events of one name.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use segops_model::{Event, Object, Path, Value};

use crate::columns::{ColumnKind, ItemField, ScalarKind, TypedColumn};
use crate::typed::date_by_itself;

/// Typed columns of one part: a mark for each fits the bits of one number.
pub(crate) const COLUMNS_MAX: usize = 64;
/// Typed members of the objects of one list.
const ITEM_FIELDS_MAX: usize = 32;
/// Events looked at of each name.
const LOOKED_AT_MAX: usize = 2_048;
/// One in so many events of a name must have a property for it to get a column.
const SEEN_ONE_IN: usize = 20;
/// Objects within objects that are looked into.
const DEPTH_MAX: usize = 3;

/// What was seen at one path.
#[derive(Debug, Default)]
struct Seen {
    numbers: usize,
    texts: usize,
    flags: usize,
    dates: usize,
    lists: usize,
    others: usize,
    members: FxHashMap<String, Seen>,
}

/// Chooses columns for events that come name by name.
#[derive(Debug, Default)]
pub(crate) struct Chooser {
    /// How often a column was wanted, in events.
    wanted: BTreeMap<TypedColumn, u64>,
}

impl Chooser {
    /// Looks at the events of one name, of which there are `rows` in all.
    pub(crate) fn look_at<'a>(&mut self, events: impl Iterator<Item = &'a Event>, rows: usize) {
        let step = rows.div_ceil(LOOKED_AT_MAX).max(1);
        let mut seen = FxHashMap::default();
        let mut looked_at = 0;
        for event in events.step_by(step) {
            looked_at += 1;
            walk(&event.properties, "", 0, &mut seen);
            if event.properties.get("context").is_none() {
                walk(&event.context, "context.", 0, &mut seen);
            }
        }
        for (path, seen) in seen {
            let count = seen.count();
            if count * SEEN_ONE_IN < looked_at {
                continue;
            }
            if let Some(column) = seen.column(&path) {
                *self.wanted.entry(column).or_default() += (count * step) as u64;
            }
        }
    }

    /// Wants a column as some part has it.
    pub(crate) fn want(&mut self, column: &TypedColumn, rows: u64) {
        *self.wanted.entry(column.clone()).or_default() += rows;
    }

    /// The columns wanted most, one for each path, in the order of their names.
    pub(crate) fn choose(self) -> Vec<TypedColumn> {
        let mut by_path: BTreeMap<Path, (TypedColumn, u64)> = BTreeMap::new();
        for (column, rows) in self.wanted {
            match by_path.get_mut(&column.path) {
                Some((held, held_rows)) => {
                    if let (ColumnKind::Items(fields), ColumnKind::Items(more)) =
                        (&mut held.kind, &column.kind)
                    {
                        let new = more.iter().filter(|field| !fields.iter().any(|f| f.path == field.path));
                        let new: Vec<_> = new.cloned().collect();
                        fields.extend(new);
                        fields.sort();
                        fields.truncate(ITEM_FIELDS_MAX);
                    } else if rows > *held_rows {
                        *held = column;
                    }
                    *held_rows += rows;
                }
                None => {
                    by_path.insert(column.path.clone(), (column, rows));
                }
            }
        }
        let mut chosen: Vec<_> = by_path.into_values().collect();
        chosen.sort_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
        chosen.truncate(COLUMNS_MAX);
        let mut columns: Vec<_> = chosen.into_iter().map(|(column, _)| column).collect();
        columns.sort();
        columns
    }
}

fn walk(object: &Object, prefix: &str, depth: usize, seen: &mut FxHashMap<String, Seen>) {
    for (name, value) in object.iter() {
        // A path would read such a name as several.
        if name.is_empty() || name.contains(['.', '[', ']', ':']) {
            continue;
        }
        if let Value::Object(inner) = value {
            if depth < DEPTH_MAX {
                walk(inner, &format!("{prefix}{name}."), depth + 1, seen);
            }
            continue;
        }
        seen.entry(format!("{prefix}{name}")).or_default().note(value, depth);
    }
}

impl Seen {
    fn note(&mut self, value: &Value, depth: usize) {
        match value {
            Value::Null | Value::Object(_) => {}
            Value::Number(_) => self.numbers += 1,
            Value::Bool(_) => self.flags += 1,
            Value::Text(_) if date_by_itself(value).is_some() => self.dates += 1,
            Value::Text(_) => self.texts += 1,
            Value::List(items) => match items.first() {
                Some(Value::Object(_)) if depth < DEPTH_MAX => {
                    self.lists += 1;
                    for item in items.iter().filter_map(Value::as_object) {
                        walk(item, "", DEPTH_MAX - 1, &mut self.members);
                    }
                }
                _ => self.others += 1,
            },
        }
    }

    fn count(&self) -> usize {
        self.numbers + self.texts + self.flags + self.dates + self.lists + self.others
    }

    fn scalar(&self) -> Option<ScalarKind> {
        let kinds = [
            (self.numbers, ScalarKind::Number),
            (self.texts, ScalarKind::Text),
            (self.flags, ScalarKind::Flag),
            (self.dates, ScalarKind::Date),
        ];
        let (count, kind) =
            kinds.into_iter().max_by_key(|(count, kind)| (*count, std::cmp::Reverse(*kind)))?;
        (count > self.lists + self.others).then_some(kind)
    }

    /// The column that holds most of what was seen.
    fn column(&self, path: &str) -> Option<TypedColumn> {
        let path: Path = path.parse().ok()?;
        if let Some(kind) = self.scalar() {
            return Some(TypedColumn::scalar(path, kind));
        }
        let mut fields: Vec<(usize, ItemField)> = self
            .members
            .iter()
            .filter(|(_, seen)| seen.count() * SEEN_ONE_IN >= self.lists)
            .filter_map(|(name, seen)| {
                Some((seen.count(), ItemField { path: name.parse().ok()?, kind: seen.scalar()? }))
            })
            .collect();
        fields.sort_by(|left, right| right.0.cmp(&left.0).then_with(|| left.1.cmp(&right.1)));
        fields.truncate(ITEM_FIELDS_MAX);
        let mut fields: Vec<_> = fields.into_iter().map(|(_, field)| field).collect();
        fields.sort();
        (!fields.is_empty() && self.lists > self.others)
            .then_some(TypedColumn { path, kind: ColumnKind::Items(fields) })
    }
}
