//! History from the journal itself: every frame decoded again, duplicates and identity redone.

use std::path::PathBuf;
use std::sync::Arc;

use segops_identity::{Duplicates, IdentitySettings, MemoryIdentity, resolve};
use segops_model::{Event, Instant, Position};
use segops_segment::{Backfill, History, HistoryRequest};
use segops_store::{Disk, JournalReader, StoreError};

use super::gather::Gathered;
use crate::command::Change;
use crate::journal_item::{Input, UnreadableFrame, decode};
use crate::work::{Cancelled, Work};

/// Frames between two looks at whether the work was cancelled.
const STEP_FRAMES: u64 = 4_096;

/// Reads histories out of a data folder's journal.
#[derive(Debug)]
pub struct JournalBackfill<'a> {
    pub disk: Arc<dyn Disk>,
    pub data: PathBuf,
    pub work: &'a Work,
}

/// Why history could not be read.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Unreadable(#[from] UnreadableFrame),
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl Backfill for JournalBackfill<'_> {
    type Error = RebuildError;

    fn histories(
        &self,
        request: &HistoryRequest<'_>,
        each: &mut dyn FnMut(&History),
    ) -> Result<(), RebuildError> {
        let mut reader = JournalReader::new(Arc::clone(&self.disk), &self.data, Position(0), request.until)?;
        let mut pass = Pass::default();
        self.work.set_total(request.until.0);
        while let Some(frame) = reader.next_frame()? {
            match decode(&frame)? {
                Input::Event { event, .. } => pass.event(request, &event, frame.position, frame.instant),
                Input::Command(command) => pass.command(&command.change),
                Input::Unreadable { .. } | Input::Tick => {}
            }
            if frame.position.0.is_multiple_of(STEP_FRAMES) {
                self.work.reach(frame.position.0)?;
            }
        }
        self.work.reach(request.until.0)?;
        pass.gathered.finish(&pass.identity, each);
        Ok(())
    }
}

/// One pass over the journal, redoing duplicates and identity by the settings in force at each frame.
#[derive(Debug)]
struct Pass {
    settings: IdentitySettings,
    duplicates: Duplicates,
    identity: MemoryIdentity,
    gathered: Gathered,
}

impl Default for Pass {
    fn default() -> Self {
        let settings = IdentitySettings::default();
        Self {
            duplicates: Duplicates::new(settings.duplicate_window_ms),
            settings,
            identity: MemoryIdentity::default(),
            gathered: Gathered::default(),
        }
    }
}

impl Pass {
    fn event(&mut self, request: &HistoryRequest<'_>, event: &Event, position: Position, instant: Instant) {
        if !self.duplicates.check_and_insert(&event.message_id, instant) {
            return;
        }
        let resolved = resolve(&self.settings, &self.identity, event.kind, &event.identifiers, position);
        let Ok(resolution) = resolved else { return };
        self.identity.apply(&resolution);
        if event.ts <= request.at {
            self.gathered.add(request, resolution.profile, event, position);
        }
    }

    fn command(&mut self, change: &Change) {
        if let Change::ChangeSettings { settings } = change {
            // The fold refuses settings that do not hold together; a refused change changes nothing here.
            if settings.calendar().is_ok() && settings.identity.validate().is_ok() {
                self.settings = settings.identity.clone();
                self.duplicates.set_window_ms(self.settings.duplicate_window_ms);
            }
        }
    }
}
