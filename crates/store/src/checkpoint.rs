//! Checkpoints: keyed records of one journal position, in files that build on each other.
//!
//! `DIR/checkpoints/` holds files named by position: `00000000000000001234.whole` has every record there was before
//! position 1234, `00000000000000005678.changes` what has changed from there up to 5678. A chain is one whole file and
//! the changes that follow it, each naming the one before. A file is written beside, synced, and only then given its
//! name, so that whatever has a name is finished; every byte of it is under a checksum. What a record's kind and version
//! mean is the caller's.

mod file;
mod folder;
mod reader;
mod writer;

pub use file::CheckpointHead;
pub use folder::{CheckpointFile, CheckpointFolder};
pub use reader::{CheckpointContents, CheckpointReader, RecordRef};
pub use writer::CheckpointWriter;

/// Bytes of one record's value, at most.
pub const RECORD_BYTES_MAX: usize = 512 * 1024 * 1024;

/// Bytes of records from which on a block is closed.
const BLOCK_BYTES: usize = 256 * 1024;

/// Bytes of a block, at most: one full block, and one record as long as can be.
const BLOCK_BYTES_MAX: usize = RECORD_BYTES_MAX + 2 * BLOCK_BYTES;
