//! The columns of tables, and cells for them.

use std::borrow::Cow;
use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayBuilder, ArrayRef, BooleanBuilder, Decimal128Builder, Int64Builder, RecordBatch, RecordBatchOptions,
    StringBuilder, TimestampMillisecondBuilder,
};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion::arrow::error::ArrowError;
use segops_model::{Decimal, Instant};

/// Digits of a number, and those of them that are fractional: every number that an event can have.
const NUMBER_DIGITS: (u8, i8) = (38, 9);
/// A batch is full at so many rows, or so many bytes of text.
const BATCH_ROWS: usize = 8_192;
const BATCH_TEXT_BYTES: usize = 4 * 1024 * 1024;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    Whole,
    Number,
    Text,
    Flag,
    Instant,
    /// JSON as text.
    Json,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: Cow<'static, str>,
    pub kind: ColumnKind,
    /// What it holds, in which unit, and when it is null.
    pub about: Cow<'static, str>,
}

/// A column that every workspace has.
pub(crate) const fn column(name: &'static str, kind: ColumnKind, about: &'static str) -> Column {
    Column { name: Cow::Borrowed(name), kind, about: Cow::Borrowed(about) }
}

/// What a row has in a column.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell<'a> {
    Null,
    Whole(i64),
    Number(Decimal),
    Text(Cow<'a, str>),
    Flag(bool),
    Instant(Instant),
}

impl ColumnKind {
    /// As it is called in lists of tables, and in SQL.
    #[must_use]
    pub const fn sql_name(self) -> &'static str {
        match self {
            Self::Whole => "bigint",
            Self::Number => "decimal(38,9)",
            Self::Text => "text",
            Self::Flag => "boolean",
            Self::Instant => "timestamp",
            Self::Json => "text (JSON)",
        }
    }

    pub(crate) fn data_type(self) -> DataType {
        match self {
            Self::Whole => DataType::Int64,
            Self::Number => DataType::Decimal128(NUMBER_DIGITS.0, NUMBER_DIGITS.1),
            Self::Text | Self::Json => DataType::Utf8,
            Self::Flag => DataType::Boolean,
            Self::Instant => DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
        }
    }
}

pub(crate) fn schema_of(columns: &[Column]) -> SchemaRef {
    let field = |column: &Column| Field::new(column.name.as_ref(), column.kind.data_type(), true);
    Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()))
}

impl<'a> Cell<'a> {
    pub(crate) fn whole(number: u64) -> Self {
        Self::Whole(i64::try_from(number).unwrap_or(i64::MAX))
    }

    pub(crate) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(text.into())
    }

    /// Null where there is nothing.
    pub(crate) fn of<T>(value: Option<T>, cell: impl FnOnce(T) -> Self) -> Self {
        value.map_or(Self::Null, cell)
    }
}

/// A row whose cells are made when they are asked for.
pub(crate) trait Row {
    /// The cell of a column, by its number in the table.
    fn cell(&self, column: usize) -> Cell<'_>;
}

/// Makes batches of some columns of rows.
pub(crate) struct BatchMaker {
    schema: SchemaRef,
    columns: Vec<(usize, Builder)>,
    rows: usize,
    text_bytes: usize,
}

enum Builder {
    Whole(Int64Builder),
    Number(Decimal128Builder),
    Text(StringBuilder),
    Flag(BooleanBuilder),
    Instant(TimestampMillisecondBuilder),
}

impl BatchMaker {
    /// Of the columns with these numbers; the schema has those alone, in the same order.
    pub(crate) fn new(schema: SchemaRef, numbers: &[usize]) -> Self {
        let builders = schema.fields().iter().map(|field| Builder::new(field.data_type()));
        let columns = numbers.iter().copied().zip(builders).collect();
        Self { schema, columns, rows: 0, text_bytes: 0 }
    }

    /// Adds a row; a batch, where that made it full.
    pub(crate) fn add(&mut self, row: &dyn Row) -> Result<Option<RecordBatch>, ArrowError> {
        for (number, builder) in &mut self.columns {
            self.text_bytes += builder.append(row.cell(*number));
        }
        self.rows += 1;
        let is_full = self.rows >= BATCH_ROWS || self.text_bytes >= BATCH_TEXT_BYTES;
        if is_full { self.finish() } else { Ok(None) }
    }

    /// What is left.
    pub(crate) fn finish(&mut self) -> Result<Option<RecordBatch>, ArrowError> {
        if self.rows == 0 {
            return Ok(None);
        }
        let columns = self.columns.iter_mut().map(|(_, builder)| builder.finish()).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows));
        (self.rows, self.text_bytes) = (0, 0);
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options).map(Some)
    }
}

impl Builder {
    fn new(kind: &DataType) -> Self {
        match kind {
            DataType::Int64 => Self::Whole(Int64Builder::new()),
            DataType::Decimal128(..) => Self::Number(Decimal128Builder::new().with_data_type(kind.clone())),
            DataType::Boolean => Self::Flag(BooleanBuilder::new()),
            DataType::Timestamp(..) => Self::Instant(TimestampMillisecondBuilder::new().with_timezone("UTC")),
            _ => Self::Text(StringBuilder::new()),
        }
    }

    /// Appends a cell, null where it is of another kind; the bytes of text that it has.
    fn append(&mut self, cell: Cell<'_>) -> usize {
        match (self, cell) {
            (Self::Whole(column), Cell::Whole(number)) => column.append_value(number),
            (Self::Number(column), Cell::Number(number)) => column.append_value(number.billionths()),
            (Self::Flag(column), Cell::Flag(flag)) => column.append_value(flag),
            (Self::Instant(column), Cell::Instant(instant)) => column.append_value(instant.as_ms()),
            (Self::Text(column), Cell::Text(text)) => {
                column.append_value(&text);
                return text.len();
            }
            (column, _) => column.append_null(),
        }
        0
    }

    fn append_null(&mut self) {
        match self {
            Self::Whole(column) => column.append_null(),
            Self::Number(column) => column.append_null(),
            Self::Text(column) => column.append_null(),
            Self::Flag(column) => column.append_null(),
            Self::Instant(column) => column.append_null(),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Whole(column) => ArrayBuilder::finish(column),
            Self::Number(column) => ArrayBuilder::finish(column),
            Self::Text(column) => ArrayBuilder::finish(column),
            Self::Flag(column) => ArrayBuilder::finish(column),
            Self::Instant(column) => ArrayBuilder::finish(column),
        }
    }
}
