//! SQL over everything that is known: events, profiles, orders, products, segments and scores, all as they are at one
//! position of the journal.
//!
//! This crate walls off the query engine (DataFusion) and the PostgreSQL protocol. It knows nothing of HTTP, tokens,
//! journals or the engine: it is given a [`Workspace`], which shows its rows.
//!
//! - [`Sql`] runs queries: each on threads of its own that stand back, within limits of time, memory and number, to be
//!   listed and cancelled.
//! - A query only reads, by what its statement is (`statement`), by what its plan may do (`service`), and by what there is:
//!   no session has a way to a file, an address or a setting (`session`).
//! - [`write`] makes bytes of an answer, piece by piece.

mod column;
mod derived;
mod error;
mod functions;
mod guard;
mod narrow;
mod output;
pub mod postgres;
mod provider;
mod service;
mod session;
mod statement;
mod suggest;
mod tables;
mod taken;
mod workspace;

#[cfg(test)]
mod tests;

pub use column::{Column, ColumnKind};
pub use error::{Place, SqlError};
pub use functions::FUNCTIONS;
pub use output::{Format, Pieces, write};
pub use service::{Answering, Needs, Opener, Parameter, Query, RunningQuery, Sql};
pub use tables::{Table, TableDescription, describe};
pub use taken::NamedByQuery;
pub use workspace::{
    DerivedEventKnown, Flow, MembershipRow, Only, OrderRow, ProductRow, ProfileRow, PropertySeen, ScoreRow,
    SegmentRow, TraitRow, TransitionRow, Workspace,
};
