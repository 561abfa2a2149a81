//! Checkpoints: how much there is, and where.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use segops_model::{Instant, Position};

use crate::shell::{CheckpointOptions, CheckpointState};

/// The checkpoints that a start would go on from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Checkpoints {
    /// The folder that they are in.
    pub folder: String,
    pub summary: CheckpointSummary,
    /// From the whole one to the newest: each has what has changed since the one before it.
    pub files: Vec<CheckpointFile>,
}

/// The newest checkpoint in short, and what has come in since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CheckpointSummary {
    /// Everything before this journal position is in it; none while there is no checkpoint.
    #[schema(value_type = Option<u64>)]
    pub position: Option<Position>,
    /// The instant of the newest input in it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub at: Option<Instant>,
    pub files: u64,
    /// Bytes of its files.
    pub bytes: u64,
    /// Inputs since, which a start would replay, and their bytes in the journal.
    pub frames_since: u64,
    pub bytes_since: u64,
    /// After so many inputs, or so many bytes of them, the next is made.
    pub after_frames: u64,
    pub after_bytes: u64,
    /// Of the newest one that this process has made: its bytes, how long inputs waited for it, and how long it took.
    pub last_bytes: u64,
    pub last_pause_ms: u64,
    pub last_took_ms: u64,
    /// Set where none could be made, or where one that is there could not be gone on from: why.
    pub failure: Option<String>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CheckpointFile {
    /// Its name in the folder.
    pub file: String,
    #[schema(value_type = u64)]
    pub position: Position,
    #[schema(value_type = String, format = DateTime)]
    pub at: Instant,
    /// Whether it holds everything, and not changes alone.
    pub whole: bool,
    pub bytes: u64,
}

impl CheckpointSummary {
    pub(crate) fn of(state: &CheckpointState, options: CheckpointOptions) -> Self {
        let newest = state.chain.last().map(|file| file.head);
        Self {
            position: newest.map(|head| head.position),
            at: newest.map(|head| head.instant),
            files: state.chain.len() as u64,
            bytes: state.chain.iter().map(|file| file.bytes).sum(),
            frames_since: state.frames_since,
            bytes_since: state.bytes_since,
            after_frames: options.after_frames,
            after_bytes: options.after_bytes,
            last_bytes: state.last.bytes,
            last_pause_ms: state.last.pause_ms,
            last_took_ms: state.last.took_ms,
            failure: state.failure.clone(),
        }
    }
}

impl CheckpointFile {
    pub(crate) fn of(file: &segops_store::CheckpointFile) -> Self {
        let name = file.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let head = &file.head;
        Self {
            file: name,
            position: head.position,
            at: head.instant,
            whole: head.is_whole(),
            bytes: file.bytes,
        }
    }
}
