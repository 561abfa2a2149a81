//! Makes stores and traffic: a seeded online shop whose events look like what a tracking script and a
//! shop's back end send, for demonstrations, load and tests.
//!
//! It knows the tracking API's JSON and nothing else of SegOps: what comes out has to be taken in as any
//! client's would. It reads no clock, file or network; the caller writes, sends and paces.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use segops_simulate::{Store, StoreConfig, to_ndjson};
//!
//! let mut store = Store::new(StoreConfig::new(7, 100, 30, "2026-01-01T00:00:00Z".parse()?))?;
//! let mut file = Vec::new();
//! let lines = to_ndjson(&mut store, &mut file)?;
//! assert_eq!(lines, store.statistics().events);
//! # Ok(())
//! # }
//! ```
//!
//! # For the command line
//! `segops simulate --customers 1000 --days 90 --seed 7` with one of
//! - `--out FILE`: [`to_ndjson`] with `&mut store`;
//! - `--url URL --write-key KEY [--rate N/s]`: [`batches`] with `&mut store`, one POST each; wait
//!   `batch.events / N` seconds between them;
//! - `--data DIR`: the same events handed to the importer as an NDJSON file.
//!
//! `--bad-share` is [`StoreConfig::bad_share`]. Afterwards print [`Store::statistics`]; accepted plus
//! rejected must be its `events`, and rejected its `malformed`. For traffic in the present use
//! [`StoreConfig::live`]: sleep until [`Store::next_arrival`], then take what has arrived; the timestamps
//! are the caller's present. A file made to end now has `start` = now minus `days`.
//!
//! # How customers buy
//! The process is deliberately none of those that SegOps fits (BG/NBD, MBG/NBD, Pareto/NBD, Gamma-Gamma):
//! - customers fall into four habits, each with log-normal, not gamma, spread;
//! - the time between two orders follows a Weibull law, in a time that runs with the season: more in
//!   November, less in August, by weekday too; so purchases are no Poisson process;
//! - every order stretches the following gaps by up to eight percent;
//! - the hazard of being lost grows with the time since the last order (a Weibull clock of shape 1.6), so
//!   it is neither tied to orders nor memoryless; one in eight of the lost comes back, months later, and
//!   visits and opened mails fade out over months, not at once;
//! - frequent buyers fill smaller baskets, so that value depends on frequency;
//! - browsing rises before an order, so that behaviour says more than orders alone.
//!
//! # What makes it hard to take in
//! Anonymous visitors, some of whom identify later, on up to three devices whose cookies are cleared now
//! and then; guests who never get a user id; mails that know only an address; a kiosk that many share;
//! `"null"` for a user id; crawlers; late events, duplicates and, on request, malformed ones.
//!
//! # The same bytes
//! Every draw comes from a fixed generator by (seed, role, index, occasion) and every function that shapes
//! it is pure Rust, so the same configuration gives the same bytes on every machine.

mod catalogue;
mod chance;
mod config;
mod crowd;
mod customer;
mod event;
mod json;
mod network;
mod output;
mod person;
mod season;
mod shop;
mod statistics;
mod store;
mod truth;
mod visit;

#[cfg(test)]
mod tests;

pub use config::{SimulateError, StoreConfig};
pub use event::{Delivery, SimulatedEvent};
pub use output::{Batch, Batches, batches, to_ndjson};
pub use person::Habit;
pub use statistics::Statistics;
pub use store::Store;
pub use truth::CustomerTruth;
