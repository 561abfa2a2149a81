use std::fmt::Write as _;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use tokio::sync::mpsc;

use super::cells::{write_json, write_quoted};
use crate::error::SqlError;
use crate::service::Answering;

/// Writes rows as JSON, up to a limit of rows and bytes.
#[derive(Debug)]
pub(super) struct JsonWriter {
    rows_max: usize,
    bytes_max: usize,
    rows: String,
    row_count: usize,
    is_truncated: bool,
}

impl JsonWriter {
    pub(super) const fn new(rows_max: usize, bytes_max: usize) -> Self {
        Self { rows_max, bytes_max, rows: String::new(), row_count: 0, is_truncated: false }
    }

    /// Adds rows; false once there is no room for more.
    fn add(&mut self, batch: &RecordBatch) -> bool {
        for row in 0..batch.num_rows() {
            if self.row_count >= self.rows_max {
                self.is_truncated = true;
                return false;
            }
            let before = self.rows.len();
            self.rows.push_str(if before == 0 { "\n[" } else { ",\n[" });
            for (at, column) in batch.columns().iter().enumerate() {
                if at > 0 {
                    self.rows.push(',');
                }
                write_json(column.as_ref(), row, 0, &mut self.rows);
            }
            self.rows.push(']');
            if self.rows.len() > self.bytes_max {
                self.rows.truncate(before);
                self.is_truncated = true;
                return false;
            }
            self.row_count += 1;
        }
        true
    }

    fn finish(self, answering: &Answering) -> String {
        let mut out = String::with_capacity(self.rows.len() + 1_024);
        out.push_str("{\"columns\":[");
        write_columns(&answering.schema, &mut out);
        out.push_str("],\"rows\":[");
        out.push_str(&self.rows);
        // Writing to a string does not fail.
        let _ = write!(
            out,
            "],\"row_count\":{},\"truncated\":{},\"position\":{},\"at\":\"{}\"}}",
            self.row_count, self.is_truncated, answering.position.0, answering.at
        );
        out
    }
}

fn write_columns(schema: &SchemaRef, out: &mut String) {
    for (at, field) in schema.fields().iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        out.push_str("{\"name\":");
        write_quoted(field.name(), out);
        out.push_str(",\"type\":");
        write_quoted(&field.data_type().to_string(), out);
        out.push('}');
    }
}

/// Writes a whole answer as one piece.
pub(super) async fn write_whole(
    mut answering: Answering,
    mut writer: JsonWriter,
    sender: &mpsc::Sender<Result<Vec<u8>, SqlError>>,
) -> Result<(), SqlError> {
    while let Some(batch) = answering.next().await? {
        if !writer.add(&batch) {
            break;
        }
    }
    let _nobody = sender.send(Ok(writer.finish(&answering).into_bytes())).await;
    Ok(())
}
