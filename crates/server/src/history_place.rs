//! Where a data folder's history is: in the folder itself, or at a place that a URL names. The folder records which, so
//! that nobody opens it without its history by mistake.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use segops_engine::HistoryOptions;
use segops_parts::{Cache, Objects, PartsError, Place, copy_history};

use crate::control::{ControlError, new_secret, replace};

/// The folder of the parts, within the data folder.
const FOLDER: &str = "history";
/// The folder of what was read of a bucket.
const CACHE: &str = "history-cache";
/// The file that says where the history is, where that is not the data folder.
const RECORD: &str = "history-place.json";
const FORMAT: u32 = 1;

/// What is told of the history when a data folder is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistorySetting {
    /// Where it is; in the data folder where there is none.
    pub url: Option<String>,
    /// Bytes of a bucket that are kept in the data folder.
    pub cache_bytes: u64,
}

/// Why a history is not opened where it was told to be.
#[derive(Debug, thiserror::Error)]
pub enum HistoryPlaceError {
    #[error(
        "the history of this folder is at {0}; give `--history-url {0}`, or set SEGOPS_HISTORY_URL to it (`segops parts \
         move folder` brings it into the folder)"
    )]
    NotTold(Place),
    #[error(
        "the history of this folder is at {recorded}, and not at {told}; give `--history-url {recorded}`, or take it \
         there first with `segops parts move {told}`"
    )]
    Elsewhere { recorded: Place, told: Place },
    #[error(
        "the history of this folder is in the folder itself, and not at {0}; leave `--history-url` and SEGOPS_HISTORY_URL \
         out, or take it there first with `segops parts move {0}`"
    )]
    InFolder(Place),
    #[error("the history is at {0} already")]
    There(String),
    #[error("there is a history at {0} already, and it is not this one; choose another place, or remove it")]
    Taken(String),
    #[error("{path} cannot be read: {why}; restore it from a backup")]
    Record { path: PathBuf, why: String },
    #[error(transparent)]
    Control(#[from] ControlError),
    #[error("{0}")]
    Parts(#[from] PartsError),
}

/// What the folder knows of its place.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    format: u32,
    /// What the place knows the workspace by: made once.
    workspace: String,
    /// None until a place was claimed.
    url: Option<String>,
}

impl Record {
    fn read(data: &Path) -> Result<Option<Self>, HistoryPlaceError> {
        let path = data.join(RECORD);
        let failed = |why: String| HistoryPlaceError::Record { path: path.clone(), why };
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error.to_string())),
        };
        let record: Self = serde_json::from_slice(&bytes).map_err(|error| failed(error.to_string()))?;
        if record.format == FORMAT {
            return Ok(Some(record));
        }
        Err(failed(format!("its format is {}, which this version does not know", record.format)))
    }

    fn new() -> Result<Self, HistoryPlaceError> {
        Ok(Self { format: FORMAT, workspace: new_secret("ws_")?, url: None })
    }

    fn write(&self, data: &Path) -> Result<(), HistoryPlaceError> {
        let mut bytes = serde_json::to_vec(self).unwrap_or_default();
        bytes.push(b'\n');
        Ok(replace(&data.join(RECORD), &bytes)?)
    }

    fn place(&self) -> Result<Option<Place>, HistoryPlaceError> {
        Ok(self.url.as_deref().map(Place::parse).transpose()?)
    }
}

/// Opens the history of a data folder. A place that is new to the folder is taken for it, and recorded.
pub(crate) fn open_history(
    data: &Path,
    setting: &HistorySetting,
) -> Result<HistoryOptions, HistoryPlaceError> {
    let record = Record::read(data)?;
    let recorded = record.as_ref().map(Record::place).transpose()?.flatten();
    let told = setting.url.as_deref().map(Place::parse).transpose()?;
    let objects = match (recorded, told) {
        (None, None) => return Ok(HistoryOptions::at(Objects::in_folder(&data.join(FOLDER))?)),
        (Some(recorded), None) => return Err(HistoryPlaceError::NotTold(recorded)),
        (Some(recorded), Some(told)) if recorded != told => {
            return Err(HistoryPlaceError::Elsewhere { recorded, told });
        }
        (None, Some(told)) if has_own_history(data) => return Err(HistoryPlaceError::InFolder(told)),
        (recorded, Some(told)) => claim(data, record, recorded.as_ref(), &told, setting)?,
    };
    let mut history = HistoryOptions::at(objects);
    // The folder's lock holds on one machine. A copy of the folder on another has the same history.
    history.parts.writer = new_secret("")?;
    Ok(history)
}

/// Takes a place for the workspace, and then records it, so that a wrong one is not remembered.
fn claim(
    data: &Path,
    record: Option<Record>,
    recorded: Option<&Place>,
    told: &Place,
    setting: &HistorySetting,
) -> Result<Objects, HistoryPlaceError> {
    let record = match record {
        Some(record) => record,
        None => {
            let record = Record::new()?;
            record.write(data)?;
            record
        }
    };
    let objects = Objects::at(told, Some(&cache(data, setting)))?;
    objects.claim(&record.workspace)?;
    if recorded.is_none() {
        Record { url: Some(told.to_string()), ..record }.write(data)?;
    }
    Ok(objects)
}

fn cache(data: &Path, setting: &HistorySetting) -> Cache {
    Cache { folder: data.join(CACHE), bytes_max: setting.cache_bytes }
}

fn has_own_history(data: &Path) -> bool {
    let manifests = std::fs::read_dir(data.join(FOLDER).join("manifest"));
    manifests.is_ok_and(|mut manifests| manifests.next().is_some())
}

/// Takes the history of a data folder, which nobody has open, to another place: a URL, or the folder itself. The files at
/// the old place stay. Gives both places as people call them, and how many files there are.
pub(crate) fn move_history(
    data: &Path,
    to: Option<&str>,
    each: &mut dyn FnMut(usize, usize),
) -> Result<(String, String, usize), HistoryPlaceError> {
    let record = Record::read(data)?;
    let recorded = record.as_ref().map(Record::place).transpose()?.flatten();
    let target = to.map(Place::parse).transpose()?;
    if recorded == target {
        let at = target.map_or_else(|| data.join(FOLDER).display().to_string(), |place| place.to_string());
        return Err(HistoryPlaceError::There(at));
    }
    let record = match record {
        Some(record) => record,
        None => {
            let record = Record::new()?;
            record.write(data)?;
            record
        }
    };
    let open = |place: Option<&Place>| match place {
        Some(place) => {
            let objects = Objects::at(place, None)?;
            objects.claim(&record.workspace)?;
            Ok::<_, PartsError>(objects)
        }
        None => Objects::in_folder(&data.join(FOLDER)),
    };
    let (from, into) = (open(recorded.as_ref())?, open(target.as_ref())?);
    let files = copy_history(&from, &into, each).map_err(|error| match error {
        PartsError::Claimed { place } => HistoryPlaceError::Taken(place),
        other => other.into(),
    })?;
    Record { url: target.map(|place| place.to_string()), ..record.clone() }.write(data)?;
    Ok((from.to_string(), into.to_string(), files))
}
