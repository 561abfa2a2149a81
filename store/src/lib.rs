//! What is kept, and how it survives: an injected file system, the journal, keyed state, bounded records.
//!
//! This crate knows nothing of events, profiles, identities or rules. It stores bytes under a kind, a
//! position and an instant, and values under keys; what they mean is for the crates above.

mod disk;
mod error;
mod frame;
pub mod journal;
pub mod keyspace;
mod real_disk;
mod record_log;

pub use disk::{AppendFile, Disk, ReadFile};
pub use error::StoreError;
pub use journal::{Frame, FrameRef, Journal, JournalOptions, JournalReader, JournalWriter, Recovered};
pub use keyspace::{FrozenKeyspace, Keyspace, MemoryKeyspace};
pub use real_disk::RealDisk;
pub use record_log::{Record, RecordLog, RecordLogOptions};
