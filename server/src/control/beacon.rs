use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{ControlError, control_folder, private_file};

/// Where the running server of a folder answers. There while it serves, so that a command on the folder
/// finds it; one that is left over from a crash is told by the lock being free.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beacon {
    pub url: String,
    pub pid: u32,
}

impl Beacon {
    /// # Errors
    /// The file cannot be written.
    pub fn light(&self, data: &Path) -> Result<(), ControlError> {
        private_file::make_folder(&control_folder(data))?;
        let mut text = serde_json::to_vec(self).unwrap_or_default();
        text.push(b'\n');
        private_file::replace(&path(data), &text)
    }

    /// The beacon, if there is a readable one.
    #[must_use]
    pub fn read(data: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(path(data)).ok()?).ok()
    }

    /// Takes the beacon away; one that is gone already is fine.
    pub fn put_out(data: &Path) {
        if let Err(error) = std::fs::remove_file(path(data))
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "cannot remove the server's address file");
        }
    }
}

fn path(data: &Path) -> PathBuf {
    control_folder(data).join("server.json")
}
