//! Which properties have columns of their own, of which type.
//!
//! A typed column holds a property by the one coercion of `segops_model`. Where the coerced value is not the
//! very value that the event has (text in a column of numbers, a date, a list with something odd in it), the row
//! is *inexact*: the row groups with such rows are listed in the file, and whoever needs the value itself reads
//! the JSON there.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Fields, TimeUnit};
use segops_model::Path;
use serde::{Deserialize, Serialize};

/// Digits of a number column: every number that an event can have.
pub(crate) const DECIMAL_PRECISION: u8 = 38;
/// Digits of a number column whose values are all below 10^9: it is stored as 64-bit integers.
pub(crate) const NARROW_PRECISION: u8 = 18;
/// How the names of number columns end.
pub(crate) const NUMBER_SUFFIX: &str = ":number";
/// Fractional digits of a number column.
pub(crate) const DECIMAL_SCALE: i8 = 9;

/// A property with a column of its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TypedColumn {
    /// Where the value is in an event: `total`, `context.campaign.source`; of items the list, without `[]`.
    pub path: Path,
    pub kind: ColumnKind,
}

/// What a typed column holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnKind {
    Scalar(ScalarKind),
    /// A list of objects, such as line items, with those of their members that are typed.
    Items(Vec<ItemField>),
}

/// The type of one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScalarKind {
    /// A decimal with nine fractional digits.
    Number,
    Text,
    Flag,
    /// An instant that the text names by itself, whatever the workspace's time zone.
    Date,
}

/// A member of each object of a list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ItemField {
    /// Within the object.
    pub path: Path,
    pub kind: ScalarKind,
}

impl ScalarKind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Text => "text",
            Self::Flag => "flag",
            Self::Date => "date",
        }
    }

    pub(crate) fn data_type(self) -> DataType {
        match self {
            Self::Number => DataType::Decimal128(DECIMAL_PRECISION, DECIMAL_SCALE),
            Self::Text => DataType::Utf8,
            Self::Flag => DataType::Boolean,
            Self::Date => timestamp_type(),
        }
    }
}

impl ItemField {
    pub(crate) fn column_name(&self) -> String {
        format!("{}:{}", self.path, self.kind.name())
    }
}

impl TypedColumn {
    #[must_use]
    pub const fn scalar(path: Path, kind: ScalarKind) -> Self {
        Self { path, kind: ColumnKind::Scalar(kind) }
    }

    /// The column's name in a part file: `total:number`, `products[]:items`.
    #[must_use]
    pub fn column_name(&self) -> String {
        match &self.kind {
            ColumnKind::Scalar(kind) => format!("{}:{}", self.path, kind.name()),
            ColumnKind::Items(_) => format!("{}[]:items", self.path),
        }
    }

    /// The typed members of a list's objects; none of a scalar.
    pub(crate) fn members(&self) -> &[ItemField] {
        match &self.kind {
            ColumnKind::Scalar(_) => &[],
            ColumnKind::Items(fields) => fields,
        }
    }

    /// Takes in the members that another column of the list has.
    pub(crate) fn add_members(&mut self, other: &Self) {
        if let ColumnKind::Items(fields) = &mut self.kind {
            let more = other.members().iter().filter(|field| !fields.contains(field));
            let more: Vec<ItemField> = more.cloned().collect();
            fields.extend(more);
        }
    }

    /// Whether it has numbers, or its members have.
    pub(crate) fn has_numbers(&self) -> bool {
        match &self.kind {
            ColumnKind::Scalar(kind) => *kind == ScalarKind::Number,
            ColumnKind::Items(fields) => fields.iter().any(|field| field.kind == ScalarKind::Number),
        }
    }

    pub(crate) fn field(&self) -> Field {
        let data_type = match &self.kind {
            ColumnKind::Scalar(kind) => kind.data_type(),
            ColumnKind::Items(fields) => items_type(fields),
        };
        Field::new(self.column_name(), data_type, true)
    }
}

pub(crate) fn timestamp_type() -> DataType {
    DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()))
}

fn items_type(fields: &[ItemField]) -> DataType {
    DataType::List(Arc::new(Field::new("item", DataType::Struct(item_fields(fields)), true)))
}

pub(crate) fn item_fields(fields: &[ItemField]) -> Fields {
    fields.iter().map(|field| Field::new(field.column_name(), field.kind.data_type(), true)).collect()
}
