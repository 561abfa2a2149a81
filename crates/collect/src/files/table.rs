//! Tables that hold no events: their rows as text, by the names of their columns.

use std::io::BufRead;

use super::input::{Input, Splitter};
use super::{Delimiter, ImportError};

/// Bytes of one row.
const ROW_BYTES_MAX: usize = 64 * 1024;

/// One row, or why it is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableRow {
    /// The line of the file that it starts on, from 1.
    pub line: u64,
    pub cells: Result<Vec<String>, String>,
}

/// The rows of a CSV file; the first one names the columns.
///
/// # Errors
/// The file cannot be read, or has no header.
pub fn read_table(
    reader: impl BufRead,
    each: &mut dyn FnMut(&[String], TableRow),
) -> Result<(), ImportError> {
    let (mut input, start) = Input::open(reader)?;
    let mut splitter = Splitter::csv(Delimiter::Auto, &start);
    let mut header: Option<Vec<String>> = None;
    while let Some(raw) = splitter.next(&mut input, ROW_BYTES_MAX, 0)? {
        let line = raw.line;
        let cells = match String::from_utf8(raw.cells) {
            _ if raw.too_long => Err(format!("the row has more than {ROW_BYTES_MAX} bytes")),
            Ok(text) => split(&text, &raw.ends),
            Err(_) => Err("the row is not UTF-8; save the file as UTF-8".to_owned()),
        };
        match &header {
            None => header = Some(cells.map_err(ImportError::Header)?),
            Some(names) => {
                let cells = cells.and_then(|cells| {
                    let (held, width) = (cells.len(), names.len());
                    let is_whole = held == width;
                    is_whole
                        .then_some(cells)
                        .ok_or_else(|| format!("the row has {held} values and the table {width} columns"))
                });
                each(names, TableRow { line, cells });
            }
        }
    }
    if header.is_none() {
        return Err(ImportError::Header("the file is empty; its first row names the columns".to_owned()));
    }
    Ok(())
}

fn split(text: &str, ends: &[usize]) -> Result<Vec<String>, String> {
    let mut start = 0;
    ends.iter()
        .map(|end| {
            let cell = text.get(start..*end).map(|cell| cell.trim().to_owned());
            start = *end;
            cell.ok_or_else(|| "the row is not UTF-8; save the file as UTF-8".to_owned())
        })
        .collect()
}
