use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::Path;

use super::ControlError;

/// The right to write to a data folder: one process has it at a time, and the system gives it back when
/// that process ends, however it ends.
#[derive(Debug)]
pub struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// Whether a process has ever had the folder: whether there is a workspace.
    #[must_use]
    pub fn is_at(data: &Path) -> bool {
        data.join("LOCK").is_file()
    }

    /// Takes the lock, making the folder if it is not there; `None` while another process has it.
    ///
    /// # Errors
    /// The folder or the lock file cannot be made.
    pub fn take(data: &Path) -> Result<Option<Self>, ControlError> {
        fs::create_dir_all(data).map_err(ControlError::io("cannot make the folder", data))?;
        let path = data.join("LOCK");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(ControlError::io("cannot open", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(ControlError::io("cannot lock", &path)(error)),
        }
    }
}
