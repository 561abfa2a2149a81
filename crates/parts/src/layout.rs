//! The columns of one part: the fixed ones, then its typed ones; and what its file says of them.

use std::sync::Arc;

use arrow_array::{RecordBatch, UInt64Array};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use serde::{Deserialize, Serialize};

use crate::choose::Chooser;
use crate::columns::{NARROW_PRECISION, TypedColumn};
use crate::error::PartsError;
use crate::fixed::{FIXED, encode};
use crate::precision::with_numbers_of;
use crate::row::PartRow;
use crate::typed::build;

/// The column of marks that rows carry on their way into a file: the bit of each typed column that does not
/// give the row's value back exactly. Files hold it by row group.
pub(crate) const INEXACT: &str = "inexact";

/// The key of [`PartInfo`] in a file's footer.
pub(crate) const INFO_KEY: &str = "segops.part";

/// The format of part files that this version writes.
pub(crate) const PART_FORMAT: u32 = 1;

/// What a part's file says of itself, as JSON in its footer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PartInfo {
    pub(crate) format: u32,
    pub(crate) columns: Vec<ColumnInfo>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ColumnInfo {
    pub(crate) column: TypedColumn,
    /// Rows that have a value in it.
    pub(crate) rows: u64,
    /// Row groups in which some row's value is not exactly what the column has.
    pub(crate) inexact: Vec<usize>,
}

/// The typed columns of a part.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Layout {
    pub(crate) columns: Vec<TypedColumn>,
    /// Those of them, in any order, whose numbers are known to be small enough for 64 bits in a file.
    pub(crate) narrow: Vec<TypedColumn>,
}

impl Layout {
    /// The columns for rows that are sorted by name.
    pub(crate) fn for_rows(rows: &[&PartRow]) -> Self {
        let mut chooser = Chooser::default();
        for of_name in rows.chunk_by(|left, right| left.event.name == right.event.name) {
            chooser.look_at(of_name.iter().map(|row| &row.event), of_name.len());
        }
        Self { columns: chooser.choose(), narrow: Vec::new() }
    }

    /// The schema of the file.
    pub(crate) fn file_schema(&self) -> SchemaRef {
        let fixed = FIXED.fields().iter().cloned();
        let typed = self.columns.iter().map(|column| {
            let field = column.field();
            let is_narrow = self.narrow.contains(column);
            Arc::new(if is_narrow { with_numbers_of(field, NARROW_PRECISION) } else { field })
        });
        Arc::new(Schema::new(fixed.chain(typed).collect::<Vec<_>>()))
    }

    /// The schema of rows on their way into a file: with the marks.
    pub(crate) fn row_schema(&self) -> SchemaRef {
        let fixed = FIXED.fields().iter().cloned();
        let mut fields: Vec<_> =
            fixed.chain(self.columns.iter().map(|column| Arc::new(column.field()))).collect();
        fields.push(Arc::new(Field::new(INEXACT, DataType::UInt64, false)));
        Arc::new(Schema::new(fields))
    }

    /// Rows with all columns and marks.
    pub(crate) fn encode(&self, rows: &[&PartRow]) -> Result<RecordBatch, PartsError> {
        let fixed = encode(rows.iter().copied())?;
        let mut columns = fixed.columns().to_vec();
        let numbered: Vec<_> = self.columns.iter().enumerate().collect();
        let (typed, marks) = build(&numbered, rows.iter().map(|row| &row.event))?;
        columns.extend(typed);
        columns.push(Arc::new(UInt64Array::from(marks)));
        Ok(RecordBatch::try_new(self.row_schema(), columns)?)
    }
}
