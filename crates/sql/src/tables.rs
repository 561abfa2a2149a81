//! The tables that there are, and what is in them.

mod derived;
mod events;
mod orders;
mod people;
mod segments;

use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::error::ArrowError;
use segops_model::{Object, ProfileId, Value};

use crate::column::{BatchMaker, Column, Row};
use crate::workspace::{Flow, Workspace};

pub(crate) use derived::{DerivedColumns, DerivedRow};
pub(crate) use events::{EventColumn, EventColumns, event_batch};

/// A table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    Events,
    DerivedEvents,
    Profiles,
    Identifiers,
    Traits,
    Orders,
    LineItems,
    Products,
    Segments,
    Memberships,
    Transitions,
    Scores,
}

impl Table {
    pub const ALL: [Self; 12] = [
        Self::Events,
        Self::DerivedEvents,
        Self::Profiles,
        Self::Identifiers,
        Self::Traits,
        Self::Orders,
        Self::LineItems,
        Self::Products,
        Self::Segments,
        Self::Memberships,
        Self::Transitions,
        Self::Scores,
    ];

    /// As queries name it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::DerivedEvents => "derived_events",
            Self::Profiles => "profiles",
            Self::Identifiers => "identifiers",
            Self::Traits => "traits",
            Self::Orders => "orders",
            Self::LineItems => "line_items",
            Self::Products => "products",
            Self::Segments => "segments",
            Self::Memberships => "memberships",
            Self::Transitions => "transitions",
            Self::Scores => "scores",
        }
    }

    /// What a row is.
    #[must_use]
    pub const fn about(self) -> &'static str {
        match self {
            Self::Events => "one event, under the profile that it is of now",
            Self::DerivedEvents => {
                "one event that is derived of a profile's own: a session, a touch, another name"
            }
            Self::Profiles => "one customer who has events",
            Self::Identifiers => "one identifier of a profile",
            Self::Traits => "one trait of a profile, as it is now",
            Self::Orders => "one order as it stands, after updates, refunds and cancellation",
            Self::LineItems => "one line of an order, by the newest event that lists them",
            Self::Products => "one product of the catalogue, as it is now",
            Self::Segments => "one segment",
            Self::Memberships => "one profile that is in a segment now",
            Self::Transitions => {
                "one time that a profile entered or left a segment: the newest 10,000 of each pair"
            }
            Self::Scores => "one score of a profile, as it is now",
        }
    }

    /// The columns that it always has.
    #[must_use]
    pub const fn columns(self) -> &'static [Column] {
        match self {
            Self::Events => events::COLUMNS,
            Self::DerivedEvents => derived::COLUMNS,
            Self::Profiles => people::PROFILE_COLUMNS,
            Self::Identifiers => people::IDENTIFIER_COLUMNS,
            Self::Traits => people::TRAIT_COLUMNS,
            Self::Orders => orders::ORDER_COLUMNS,
            Self::LineItems => orders::LINE_COLUMNS,
            Self::Products => segments::PRODUCT_COLUMNS,
            Self::Segments => segments::SEGMENT_COLUMNS,
            Self::Memberships => segments::MEMBERSHIP_COLUMNS,
            Self::Transitions => segments::TRANSITION_COLUMNS,
            Self::Scores => segments::SCORE_COLUMNS,
        }
    }
}

/// Shows some columns of all rows of a table other than `events` and `derived_events`, in batches, for as long as they are taken.
pub(crate) fn show(
    table: Table,
    workspace: &dyn Workspace,
    only: Option<&[ProfileId]>,
    maker: &mut BatchMaker,
    take: &mut dyn FnMut(Result<RecordBatch, ArrowError>) -> Flow,
) {
    let mut add = |row: &dyn Row| match maker.add(row) {
        Ok(None) => Flow::Continue(()),
        Ok(Some(batch)) => take(Ok(batch)),
        Err(error) => {
            let _nobody = take(Err(error));
            Flow::Break(())
        }
    };
    match table {
        Table::Events | Table::DerivedEvents => {}
        Table::Profiles => workspace.profiles(only, &mut |row| add(row)),
        Table::Identifiers => workspace.profiles(only, &mut |row| people::identifiers(row, &mut add)),
        Table::Traits => workspace.traits(only, &mut |row| add(row)),
        Table::Orders => workspace.orders(only, &mut |row| orders::order(row, &mut add)),
        Table::LineItems => workspace.orders(only, &mut |row| orders::lines(row, &mut add)),
        Table::Products => workspace.products(&mut |row| add(row)),
        Table::Segments => workspace.segments(&mut |row| add(row)),
        Table::Memberships => workspace.memberships(only, &mut |row| add(row)),
        Table::Transitions => workspace.transitions(only, &mut |row| add(row)),
        Table::Scores => workspace.scores(only, &mut |row| add(row)),
    }
    match maker.finish() {
        Ok(None) => {}
        Ok(Some(batch)) => drop(take(Ok(batch))),
        Err(error) => drop(take(Err(error))),
    }
}

pub(crate) fn json_of_object(object: &Object) -> String {
    let mut json = String::new();
    segops_parts::write_object(object, &mut json);
    json
}

/// A scalar as a person would type it, a list or an object as JSON; `None` for null.
pub(crate) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::List(_) | Value::Object(_) => {
            let mut json = String::new();
            segops_parts::write_value(value, &mut json);
            Some(json)
        }
        scalar => scalar.scalar_text().map(|text| text.as_str().to_owned()),
    }
}

/// A list of identifiers as JSON.
pub(crate) fn json_of_identifiers<'a>(identifiers: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let object = |(kind, value): (&str, &str)| {
        Value::Object([("kind", Value::text(kind)), ("value", Value::text(value))].into_iter().collect())
    };
    let mut json = String::new();
    segops_parts::write_value(&Value::List(identifiers.map(object).collect()), &mut json);
    json
}

/// Tables by their names, and what columns the table `events` has in one query.
#[derive(Debug, Clone)]
pub(crate) struct TableShape {
    pub(crate) table: Table,
    pub(crate) columns: Arc<[Column]>,
}

impl TableShape {
    pub(crate) fn of(table: Table) -> Self {
        Self { table, columns: table.columns().into() }
    }
}

/// A table with its columns, as it is in a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableDescription {
    pub table: Table,
    pub columns: Vec<Column>,
}

/// The tables of a workspace; `derived_events` with what the definitions say, `events` with the properties that were seen most often.
#[must_use]
pub fn describe(workspace: &dyn Workspace, properties_max: usize) -> Vec<TableDescription> {
    let columns = |table| match table {
        Table::Events => {
            EventColumns::new(workspace, &std::collections::BTreeSet::new(), properties_max).columns
        }
        Table::DerivedEvents => DerivedColumns::new(workspace, &std::collections::BTreeSet::new()).columns,
        known => known.columns().to_vec(),
    };
    Table::ALL.map(|table| TableDescription { table, columns: columns(table) }).into()
}
