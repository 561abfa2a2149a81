use crate::engine::Engine;
use crate::error::EngineError;
use crate::shell::checkpoint_now;
use crate::view;

impl Engine {
    /// The checkpoints there are, from the whole one to the newest, and what is not in one yet.
    #[must_use]
    pub fn checkpoints(&self) -> view::Checkpoints {
        let checkpointer = &self.core().checkpointer;
        let state = checkpointer.state();
        let files = state.chain.iter().map(view::CheckpointFile::of).collect();
        let folder = checkpointer.folder().path().display().to_string();
        view::Checkpoints { folder, summary: self.checkpoint_summary(), files }
    }

    /// The newest checkpoint in short.
    #[must_use]
    pub fn checkpoint_summary(&self) -> view::CheckpointSummary {
        let checkpointer = &self.core().checkpointer;
        view::CheckpointSummary::of(&checkpointer.state(), *checkpointer.options())
    }

    /// Makes a checkpoint, unless nothing has come in since the newest; it is durable when this returns.
    ///
    /// # Errors
    /// It cannot be written, or the engine is stopping.
    pub fn make_checkpoint(&self) -> Result<view::Checkpoints, EngineError> {
        checkpoint_now(self.core())?;
        Ok(self.checkpoints())
    }
}
