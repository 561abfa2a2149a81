use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use segops_model::{Instant, SegmentId};

use crate::cli::error::CliError;

const FILE: &str = "segops.lock";
const FORMAT: u32 = 1;

/// Which file is which segment, and as of when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lock {
    format: u32,
    pub(super) segments: BTreeMap<SegmentId, Locked>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Locked {
    /// The file's path inside the folder, with `/`.
    pub(super) file: String,
    /// When the workspace's segment was last changed, as of the pull or apply.
    pub(super) changed_at: Instant,
    /// The file's content then, as SHA-256.
    pub(super) sha256: String,
}

impl Lock {
    pub(super) fn read(folder: &Path) -> Result<Self, CliError> {
        let path = folder.join(FILE);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self { format: FORMAT, segments: BTreeMap::new() });
            }
            Err(error) => return Err(CliError::io(format!("cannot read {}", path.display()))(error)),
        };
        let lock: Self = serde_json::from_str(&text).map_err(|error| {
            CliError::Usage(format!(
                "{} is not understood ({error}); pull again into a new folder",
                path.display()
            ))
        })?;
        if lock.format != FORMAT {
            return Err(CliError::Usage(format!(
                "{} is of format {}, and this version knows {FORMAT}; use a newer segops",
                path.display(),
                lock.format
            )));
        }
        Ok(lock)
    }

    pub(super) fn write(&self, folder: &Path) -> Result<(), CliError> {
        let path = folder.join(FILE);
        let text = serde_json::to_string_pretty(self).unwrap_or_default() + "\n";
        std::fs::write(&path, text).map_err(CliError::io(format!("cannot write {}", path.display())))
    }

    /// The segment that a file is.
    pub(super) fn segment_of(&self, file: &str) -> Option<SegmentId> {
        self.segments.iter().find(|(_, locked)| locked.file == file).map(|(id, _)| *id)
    }
}

pub(super) fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
