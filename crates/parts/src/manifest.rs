//! The manifest: which files are the history, as one small file per version.
//!
//! `manifest/00000000000000000007.json` is version 7. A version is committed by putting its file on condition
//! that no such file is there, so that of two writers one is told; nothing is ever renamed or changed. A reader
//! takes the newest version, and has what it names until the grace is over.

use segops_model::{Instant, Position};
use serde::{Deserialize, Serialize};

use crate::error::PartsError;
use crate::objects::Objects;
use crate::partition::Partition;

const FOLDER: &str = "manifest";
const FORMAT: u32 = 1;

/// One version of the history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    pub format: u32,
    pub version: u64,
    /// Who has written it, as [`crate::PartsOptions::writer`] has it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub writer: String,
    /// Parts hold every row before this position.
    pub held_until: Position,
    /// What happened to profiles and is not in every part's rows yet.
    pub overlay: Option<OverlayEntry>,
    pub parts: Vec<PartEntry>,
    /// Files that an earlier version named.
    pub retired: Vec<Retired>,
}

/// The file of the overlay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverlayEntry {
    pub path: String,
    pub bytes: u64,
    pub checksum: String,
    pub changes: u64,
}

/// One part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PartEntry {
    pub path: String,
    pub bytes: u64,
    /// XXH3, 128 bits, of the whole file, as hex.
    pub checksum: String,
    pub sidecar: SidecarEntry,
    pub level: u8,
    /// Where it belongs; none for level 0.
    pub partition: Option<Partition>,
    pub rows: u64,
    pub positions: (Position, Position),
    pub ts: (Instant, Instant),
    pub profiles: (u64, u64),
    /// What happened to profiles before this position is in the rows. Rows of level 0 are as they came in.
    pub resolved_until: Position,
    /// The event names, in the order of the rows.
    pub names: Vec<NameRows>,
}

/// The file from profiles to row runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SidecarEntry {
    pub path: String,
    pub bytes: u64,
    pub index_offset: u64,
    pub checksum: String,
}

/// The rows of one event name in a part: they follow each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameRows {
    pub name: String,
    pub start: u64,
    pub rows: u64,
    pub ts: (Instant, Instant),
}

/// A file that is no longer of the history, and since when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retired {
    pub path: String,
    pub at: Instant,
}

impl NameRows {
    pub(crate) const fn range(&self) -> std::ops::Range<u64> {
        self.start..self.start + self.rows
    }
}

impl Manifest {
    pub(crate) const fn empty() -> Self {
        Self {
            format: FORMAT,
            version: 0,
            writer: String::new(),
            held_until: Position(0),
            overlay: None,
            parts: Vec::new(),
            retired: Vec::new(),
        }
    }

    #[must_use]
    pub fn rows(&self) -> u64 {
        self.parts.iter().map(|part| part.rows).sum()
    }

    /// Every file that it names.
    pub(crate) fn files(&self) -> impl Iterator<Item = &str> {
        let parts = self.parts.iter().flat_map(|part| [part.path.as_str(), part.sidecar.path.as_str()]);
        parts.chain(self.overlay.iter().map(|overlay| overlay.path.as_str()))
    }

    /// The newest version, or an empty one.
    pub(crate) fn newest(objects: &Objects) -> Result<Self, PartsError> {
        match versions(objects)?.last() {
            None => Ok(Self::empty()),
            Some((_, path)) => Self::read(objects, path),
        }
    }

    fn read(objects: &Objects, path: &str) -> Result<Self, PartsError> {
        #[derive(Deserialize)]
        struct OfFormat {
            format: u32,
        }
        let bytes = objects.get(path)?;
        let damaged = |error: serde_json::Error| PartsError::damaged(path, error);
        let (body, checksum) = bytes
            .split_last_chunk::<33>()
            .and_then(|(body, checksum)| Some((body, std::str::from_utf8(checksum).ok()?)))
            .ok_or_else(|| PartsError::damaged(path, "it is too short"))?;
        if checksum.trim_end() != checksum_of(body) {
            return Err(PartsError::damaged(path, "its checksum is wrong"));
        }
        let OfFormat { format } = serde_json::from_slice(body).map_err(damaged)?;
        if format != FORMAT {
            return Err(PartsError::UnknownFormat { path: path.to_owned(), format });
        }
        serde_json::from_slice(body).map_err(damaged)
    }

    /// Makes this the newest version.
    pub(crate) fn commit(&self, objects: &Objects) -> Result<(), PartsError> {
        let mut bytes = serde_json::to_vec(self).map_err(|error| PartsError::Encode(error.to_string()))?;
        bytes.push(b'\n');
        let checksum = checksum_of(&bytes);
        bytes.extend(checksum.as_bytes());
        bytes.push(b'\n');
        if objects.put_new(&path_of(self.version), bytes.into())? {
            Ok(())
        } else {
            Err(PartsError::Conflict(self.version))
        }
    }
}

/// Every version that is there, the newest last, with its file.
pub(crate) fn versions(objects: &Objects) -> Result<Vec<(u64, String)>, PartsError> {
    let listed = objects.list(FOLDER)?;
    let number = |path: &str| path.rsplit('/').next()?.strip_suffix(".json")?.parse().ok();
    let mut versions: Vec<_> =
        listed.into_iter().filter_map(|listed| Some((number(&listed.path)?, listed.path))).collect();
    versions.sort();
    Ok(versions)
}

fn path_of(version: u64) -> String {
    format!("{FOLDER}/{version:020}.json")
}

/// XXH3, 128 bits, as 32 hex digits.
pub(crate) fn checksum_of(bytes: &[u8]) -> String {
    format!("{:032x}", xxhash_rust::xxh3::xxh3_128(bytes))
}
