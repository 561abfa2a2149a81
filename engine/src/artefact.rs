//! What a priming has read from history, as an immutable file that a journalled command names by its hash.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use segops_model::{Event, Instant, Position, ProfileId, SegmentId, SegmentVersion, SignalId, SplitId};
use segops_segment::Timeline;
use segops_store::{Disk, StoreError};

/// A segment version's history up to a position: the timelines of its signals, and everyone's verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Artefact {
    pub segment: SegmentId,
    pub version: SegmentVersion,
    pub position: Position,
    pub instant: Instant,
    /// Complete for each signal, in ascending order of profile.
    pub timelines: Vec<(ProfileId, SignalId, Timeline)>,
    /// Members, and others whose verdict can change with no new input.
    pub verdicts: Vec<ProfileVerdict>,
    /// Events whose matches can change with the product catalogue.
    pub product_events: Vec<(ProfileId, Position, Event)>,
}

impl Artefact {
    /// One in which there is nothing yet.
    #[must_use]
    pub const fn empty(
        segment: SegmentId,
        version: SegmentVersion,
        position: Position,
        instant: Instant,
    ) -> Self {
        Self {
            segment,
            version,
            position,
            instant,
            timelines: Vec::new(),
            verdicts: Vec::new(),
            product_events: Vec::new(),
        }
    }

    /// Reads a file's bytes; of a file from before there were product events, which ends where those begin.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, postcard::Error> {
        #[derive(Deserialize)]
        struct WithoutProducts {
            segment: SegmentId,
            version: SegmentVersion,
            position: Position,
            instant: Instant,
            timelines: Vec<(ProfileId, SignalId, Timeline)>,
            verdicts: Vec<ProfileVerdict>,
        }
        let (old, rest): (WithoutProducts, &[u8]) = postcard::take_from_bytes(bytes)?;
        let product_events = if rest.is_empty() { Vec::new() } else { postcard::from_bytes(rest)? };
        let WithoutProducts { segment, version, position, instant, timelines, verdicts } = old;
        Ok(Self { segment, version, position, instant, timelines, verdicts, product_events })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileVerdict {
    pub profile: ProfileId,
    pub member: bool,
    pub next_change: Option<Instant>,
}

/// The rows of a profile that is split, up to a position, in the order in which they came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitRows {
    pub split: SplitId,
    pub position: Position,
    pub rows: Vec<SplitRow>,
}

/// One row as its frame has it, and whether it goes with what is taken out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitRow {
    pub position: Position,
    pub format: u8,
    pub taken: bool,
    pub item: Vec<u8>,
}

/// Artefacts that commands name by their hash.
pub trait Artefacts: std::fmt::Debug {
    /// # Errors
    /// One that is missing, or whose content does not have the hash; as text for the log.
    fn load(&self, hash: &str) -> Result<Artefact, String>;

    /// As [`Artefacts::load`], for the rows of a split.
    ///
    /// # Errors
    /// As there.
    fn load_rows(&self, hash: &str) -> Result<SplitRows, String>;
}

/// The folder that artefacts are kept in, for as long as the journal may be replayed.
#[derive(Debug, Clone)]
pub struct ArtefactFolder {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
}

impl ArtefactFolder {
    /// # Errors
    /// The folder cannot be made.
    pub fn open(disk: Arc<dyn Disk>, data: &Path) -> Result<Self, StoreError> {
        let folder = data.join("artefacts");
        let failed = |source| StoreError::Io { action: "make the folder", path: folder.clone(), source };
        disk.create_dir_all(&folder).map_err(failed)?;
        Ok(Self { disk, folder })
    }

    /// The folder of a workspace that is only read.
    pub(crate) fn existing(disk: Arc<dyn Disk>, data: &Path) -> Self {
        Self { disk, folder: data.join("artefacts") }
    }

    /// Writes an artefact durably and gives the hash of its content.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save(&self, artefact: &impl Serialize) -> Result<String, StoreError> {
        let bytes = postcard::to_allocvec(artefact).map_err(|error| not_encoded("artefact", error))?;
        let hash = hex(&Sha256::digest(&bytes));
        let path = self.folder.join(&hash);
        let written = self.disk.write_atomic(&path, &bytes);
        written.map_err(|source| StoreError::Io { action: "write", path, source })?;
        Ok(hash)
    }
}

impl Artefacts for ArtefactFolder {
    fn load(&self, hash: &str) -> Result<Artefact, String> {
        self.read(hash, Artefact::decode)
    }

    fn load_rows(&self, hash: &str) -> Result<SplitRows, String> {
        self.read(hash, |bytes| postcard::from_bytes(bytes))
    }
}

impl ArtefactFolder {
    fn read<T>(
        &self,
        hash: &str,
        decode: impl FnOnce(&[u8]) -> Result<T, postcard::Error>,
    ) -> Result<T, String> {
        let path = self.folder.join(hash);
        let bytes = self.disk.read(&path).map_err(|error| error.to_string())?;
        if hex(&Sha256::digest(&bytes)) != hash {
            return Err(format!(
                "{} does not hold what its name says; restore it from a backup",
                path.display()
            ));
        }
        decode(&bytes).map_err(|error| format!("{}: {error}", path.display()))
    }
}

/// Something that cannot be encoded to be stored.
pub(crate) fn not_encoded(what: &str, error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Io { action: "encode", path: PathBuf::from(what), source: std::io::Error::other(error) }
}

/// Bytes as lower-case hex.
#[must_use]
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
