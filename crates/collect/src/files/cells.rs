use segops_model::{Object, Path, Value};

use super::input::RawRow;
use crate::{Reason, RejectionCode as Code};

/// One row whose cells can be asked for.
#[derive(Debug)]
pub(super) struct Row {
    /// From 1, the header and blank lines not counted.
    pub(super) number: u64,
    pub(super) line: u64,
    /// As it stands in the file, cut.
    pub(super) source: Vec<u8>,
    cells: Cells,
    /// About what the row takes in memory.
    pub(super) bytes: usize,
}

#[derive(Debug)]
enum Cells {
    Text { text: String, ends: Vec<usize> },
    Object(Object),
}

/// Where a named column is in a row.
#[derive(Debug, Clone)]
pub(super) enum Column {
    Index(usize),
    Path(Path),
    /// A member of that very name, whatever dots are in it.
    Member(String),
}

impl Row {
    pub(super) fn of_text(number: u64, raw: RawRow, width: usize) -> Result<Self, Box<(RawRow, Reason)>> {
        if raw.ends.len() != width {
            let reason = Reason::new(
                Code::WrongColumnCount,
                format!(
                    "the row has {} values and the table {width} columns; look for a missing quote, or for the \
                     delimiter within a value",
                    raw.ends.len()
                ),
            );
            return Err(Box::new((raw, reason)));
        }
        match String::from_utf8(raw.cells) {
            Ok(text) if raw.ends.iter().all(|end| text.is_char_boundary(*end)) => {
                let bytes = text.capacity() + raw.source.capacity() + raw.ends.capacity() * 8 + 128;
                let cells = Cells::Text { text, ends: raw.ends };
                Ok(Self { number, line: raw.line, source: raw.source, cells, bytes })
            }
            _ => {
                let raw = RawRow { cells: Vec::new(), ..raw };
                Err(Box::new((
                    raw,
                    Reason::new(Code::InvalidEncoding, "the row is not UTF-8; save the file as UTF-8"),
                )))
            }
        }
    }

    pub(super) fn of_json(number: u64, raw: RawRow) -> Result<Self, Box<(RawRow, Reason)>> {
        if let Err(reason) = check_utf8(&raw.cells) {
            return Err(Box::new((raw, reason)));
        }
        match serde_json::from_slice::<Value>(&raw.cells) {
            Ok(Value::Object(object)) => {
                // A value takes several times the bytes of its text.
                let bytes = raw.cells.len() * 4 + raw.source.capacity() + 128;
                Ok(Self { number, line: raw.line, source: raw.source, cells: Cells::Object(object), bytes })
            }
            Ok(_) => {
                Err(Box::new((raw, Reason::new(Code::NotAnObject, "the line is no JSON object; write {…}"))))
            }
            Err(error) => Err(Box::new((
                raw,
                Reason::new(
                    Code::InvalidJson,
                    format!("the line is no JSON ({error}); write one object a line"),
                ),
            ))),
        }
    }

    /// The cell's value, null where there is none.
    pub(super) fn value(&self, column: &Column) -> Value {
        match (&self.cells, column) {
            (Cells::Text { text, ends }, Column::Index(index)) => {
                let start = index.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or(0);
                let cell = ends.get(*index).and_then(|end| text.get(start..*end)).unwrap_or_default();
                Value::text(cell)
            }
            (Cells::Object(object), Column::Path(path)) => {
                path.in_object(object).cloned().unwrap_or_default()
            }
            (Cells::Object(object), Column::Member(name)) => object.get(name).cloned().unwrap_or_default(),
            (Cells::Text { .. }, Column::Path(_) | Column::Member(_))
            | (Cells::Object(_), Column::Index(_)) => Value::Null,
        }
    }

    /// The members of a JSON row.
    pub(super) fn members(&self) -> Option<&Object> {
        match &self.cells {
            Cells::Object(object) => Some(object),
            Cells::Text { .. } => None,
        }
    }
}

pub(super) fn check_utf8(bytes: &[u8]) -> Result<(), Reason> {
    match std::str::from_utf8(bytes) {
        Ok(_) => Ok(()),
        Err(_) => Err(Reason::new(Code::InvalidEncoding, "the line is not UTF-8; save the file as UTF-8")),
    }
}
