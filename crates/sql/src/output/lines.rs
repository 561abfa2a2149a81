use std::io::Write as _;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;

use super::cells::text;
use super::{Written, unwritable};
use crate::error::SqlError;

/// Writes rows as CSV (RFC 4180): a head of names, then a line each; null is empty, and empty text is `""`.
#[derive(Debug)]
pub(super) struct CsvWriter(Written);

impl CsvWriter {
    pub(super) fn new(schema: &SchemaRef, mut out: Written) -> Result<Self, SqlError> {
        let names = schema.fields().iter().map(|field| cell(field.name()));
        let head = names.collect::<Vec<_>>().join(",") + "\r\n";
        out.write_all(head.as_bytes()).map_err(|error| unwritable(&error))?;
        Ok(Self(out))
    }

    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<(), SqlError> {
        let mut lines = String::new();
        for row in 0..batch.num_rows() {
            for (at, column) in batch.columns().iter().enumerate() {
                if at > 0 {
                    lines.push(',');
                }
                if let Some(text) = text(column.as_ref(), row) {
                    lines.push_str(&cell(&text));
                }
            }
            lines.push_str("\r\n");
        }
        self.0.write_all(lines.as_bytes()).map_err(|error| unwritable(&error))
    }
}

/// In quotes where it has to be.
fn cell(text: &str) -> String {
    if !text.is_empty() && !text.contains(['"', ',', '\r', '\n']) {
        return text.to_owned();
    }
    format!("\"{}\"", text.replace('"', "\"\""))
}
