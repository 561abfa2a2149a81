//! The event history in columns: immutable Parquet parts, a manifest that says which they are, and readers that
//! give rows in the order in which rules want them.
//!
//! This crate walls off Arrow, Parquet and object stores. It knows rows as identity has resolved them, and
//! nothing of rules, journals or who resolved them; it is told what happened to profiles, and reads accordingly.
//!
//! - [`Parts`] is the history: [`Parts::flush`] takes rows in, [`Parts::compact`] tidies,
//!   [`Parts::held_until`] says from where on rows are to be handed over again after a crash.
//! - [`Snapshot`] is the history at one moment, with rows that no part holds yet ([`Tail`]): one signal
//!   ([`Snapshot::streams`]), whole rows ([`Snapshot::rows`]), one profile ([`Snapshot::timeline`]), record batches in no
//!   order ([`Snapshot::table`]).
//! - [`Snapshot::sql_view`] is the same for other tools that read Parquet.
//! - [`Objects`] is where parts are: a folder, or a bucket ([`Place`]).
//! - [`ParquetLines`] are the rows of anybody's Parquet file.
//! - [`Overlay`] is what happened to profiles since their rows were written.

mod check;
mod choose;
mod claim;
mod columns;
mod compact;
mod error;
mod exact_json;
mod fixed;
mod foreign;
mod garbage;
mod layout;
mod manifest;
mod merge;
mod objects;
mod opened;
mod options;
mod overlay;
mod part_file;
mod partition;
mod parts;
mod place;
mod precision;
mod range_cache;
mod read_ahead;
mod remote;
mod row;
mod shape;
mod side_by_side;
mod sidecar;
mod signal_batch;
mod signal_scan;
mod snapshot;
mod sql_view;
mod stream;
mod transfer;
mod typed;
mod unreachable;
mod write;

#[cfg(test)]
mod tests;

pub use check::{CheckReport, Finding};
pub use columns::{ColumnKind, ItemField, ScalarKind, TypedColumn};
pub use compact::{Compacted, CompactionWork, Effort};
pub use error::PartsError;
pub use exact_json::{read_object, write_object, write_value};
pub use foreign::{ForeignFileError, ParquetLines, is_parquet};
pub use manifest::{Manifest, NameRows, OverlayEntry, PartEntry, Retired, SidecarEntry};
pub use objects::{Cache, Objects};
pub use options::PartsOptions;
pub use overlay::{Change, ChangeKind, Overlay};
pub use partition::{Bucket, Month, Partition};
pub use parts::Parts;
pub use place::Place;
pub use remote::Fetched;
pub use row::{PartRow, RowKey};
pub use side_by_side::side_by_side;
pub use signal_batch::SignalBatch;
pub use signal_scan::{SignalRequest, SignalStream};
pub use snapshot::{
    RowScan, RowsOfProfiles, Snapshot, TablePiece, TableRequest, TableScan, Tail, TimelineRequest,
};
pub use stream::RowFilter;
pub use transfer::copy_history;
pub use typed::date_by_itself;
