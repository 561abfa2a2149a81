use std::io;
use std::path::{Path, PathBuf};

use segops_model::Position;

/// What can go wrong in storage. None of these is for a client to mend: the operator reads them.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("could not {action} {}: {source}; check the disk's space, permissions and health, then start again", path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },

    #[error(
        "an earlier write or sync failed, so nothing more is written; mend the disk and start again: \
         everything acknowledged is read back from the files"
    )]
    Poisoned,

    #[error(
        "{} is damaged at byte {offset}, in the frame at position {position}, with whole frames after it: \
         restore this file from a copy, and start again; it was left as it is",
        file.display()
    )]
    CorruptFrame { file: PathBuf, offset: u64, position: Position },

    #[error("{} has a damaged header: restore this file from a copy, and start again; it was left as it is", file.display())]
    CorruptHeader { file: PathBuf },

    #[error("{} has format {found}, and this version reads up to {known}; start a newer version", file.display())]
    UnknownFormat { file: PathBuf, found: u32, known: u32 },

    #[error(
        "the journal in {} has no file with position {position}: restore the missing file, and start again",
        dir.display()
    )]
    MissingPosition { dir: PathBuf, position: Position },

    #[error("an item of {bytes} bytes is over the limit of {bytes_max}; split it")]
    ItemTooLarge { bytes: usize, bytes_max: usize },
}

impl StoreError {
    /// Names the action and the path of a failed call of the disk.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }
}
