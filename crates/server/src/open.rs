//! Opening the engine on a data folder, and what every workspace has from its first moment on.

use std::path::Path;
use std::sync::Arc;

use segops_engine::{
    CheckpointOptions, Engine, EngineError, EngineOptions, JournalKeeping, JournalRetention, OpenProgress,
    Settings, Timers,
};
use segops_model::{Clock, Limits};
use segops_store::RealDisk;

use crate::control::{ControlError, new_secret};
use crate::history_place::{HistoryPlaceError, HistorySetting, open_history};

/// The source that a workspace starts with.
pub(crate) const FIRST_SOURCE: &str = "Default";

/// Why a workspace cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the data folder cannot be opened: {0}")]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Control(#[from] ControlError),
    #[error("the history cannot be opened: {0}")]
    History(#[from] HistoryPlaceError),
    #[error(
        "the workspace's time zone is {0}; it is set when the folder is made. Change it with `segops settings \
         set time_zone ZONE`"
    )]
    OtherTimeZone(String),
    #[error("{0}")]
    NoTimeZone(String),
}

/// How a workspace is opened.
#[derive(Debug)]
pub(crate) struct OpenOptions<'a> {
    pub(crate) data: &'a Path,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) limits: Limits,
    pub(crate) timers: Timers,
    pub(crate) checkpoints: CheckpointOptions,
    pub(crate) retention: JournalRetention,
    /// Who changes what a new folder starts with.
    pub(crate) author: &'a str,
    /// Of a new folder; of another one it must be the same.
    pub(crate) time_zone: Option<&'a str>,
    pub(crate) history: &'a HistorySetting,
}

/// Opens the engine and, in a new folder, sets the time zone and makes the first source.
pub(crate) fn open_workspace(
    options: OpenOptions<'_>,
    progress: &mut dyn FnMut(OpenProgress),
) -> Result<Engine, OpenError> {
    let OpenOptions { data, clock, limits, timers, checkpoints, retention, author, time_zone, history } =
        options;
    let wanted = time_zone.map(|zone| Settings { time_zone: zone.to_owned(), ..Settings::default() });
    if let Some(settings) = &wanted {
        settings.calendar().map_err(OpenError::NoTimeZone)?;
    }
    let history = open_history(data, history)?;
    let disk = Arc::new(RealDisk);
    let journal = JournalKeeping { retention, ..JournalKeeping::default() };
    let data = data.to_owned();
    let options = EngineOptions { data, clock, disk, limits, timers, history, checkpoints, journal };
    let engine = Engine::open(options, progress)?;
    let is_new = engine.status().durable_position.0 == 0;
    if let Some(settings) = wanted {
        let current = engine.settings().time_zone;
        if is_new {
            engine.change_settings(author, settings)?;
        } else if current != settings.time_zone {
            engine.close();
            return Err(OpenError::OtherTimeZone(current));
        }
    }
    if engine.sources().is_empty() {
        engine.create_source(author, FIRST_SOURCE, Some(new_write_key()?))?;
    }
    Ok(engine)
}

/// A write key that cannot be guessed.
pub(crate) fn new_write_key() -> Result<String, ControlError> {
    new_secret("wk_")
}
