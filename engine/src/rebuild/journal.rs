//! History from the journal itself: every frame decoded again, duplicates and identity redone.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use segops_identity::{Duplicates, IdentitySettings, MemoryIdentity, Resolution, resolve};
use segops_model::{Event, Identifier, Instant, Position, ProfileId, SplitId};
use segops_segment::{Backfill, History, HistoryRequest, Products, RankingKey, RankingThreshold};
use segops_store::{Disk, FrameRef, JournalReader, StoreError};

use super::gather::Gathered;
use crate::artefact::SplitRow;
use crate::command::Change;
use crate::journal_item::{Input, KIND_COMMAND, UnreadableFrame, decode};
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
        let products = self.products(request)?;
        let mut gathered = Gathered::default();
        let identity = self.pass(request.until, &mut |passed| match passed {
            Passed::Row { frame, event, resolution } if event.ts <= request.at => {
                gathered.add(request, &products, resolution.anchor.clone(), event, frame.position);
            }
            Passed::Row { .. } => {}
            Passed::Deleted(identifiers) => gathered.forget(identifiers),
        })?;
        gathered.finish(request, &identity, each);
        Ok(())
    }

    fn thresholds(
        &self,
        until: Position,
        at: Instant,
    ) -> Result<BTreeMap<RankingKey, RankingThreshold>, RebuildError> {
        let mut reader = JournalReader::new(Arc::clone(&self.disk), &self.data, Position(0), until)?;
        let mut held = BTreeMap::new();
        while let Some(frame) = reader.next_frame()? {
            if frame.position.0.is_multiple_of(STEP_FRAMES) {
                self.work.reach(frame.position.0)?;
            }
            // Events say nothing of thresholds, and need no decoding.
            if frame.kind != KIND_COMMAND || frame.instant > at {
                continue;
            }
            let Input::Command(command) = decode(&frame)? else { continue };
            if let Change::RecordThresholds { thresholds, .. } = command.change {
                held.extend(thresholds.into_iter().map(|recorded| (recorded.ranking, recorded.threshold)));
            }
        }
        Ok(held)
    }
}

impl JournalBackfill<'_> {
    /// The rows before a position whose anchors are among a profile's identifiers, in the order in which they
    /// came in; each says whether its anchor is among those that are taken out.
    ///
    /// # Errors
    /// The journal cannot be read, or the work was cancelled.
    pub fn rows_of(
        &self,
        until: Position,
        identifiers: &[Identifier],
        taken: &[Identifier],
    ) -> Result<Vec<SplitRow>, RebuildError> {
        let mut rows: Vec<(Identifier, SplitRow)> = Vec::new();
        self.pass(until, &mut |passed| match passed {
            Passed::Row { frame, resolution: Resolution { anchor, .. }, .. } => {
                if identifiers.contains(anchor) {
                    let (position, format, item) = (frame.position, frame.format, frame.item.to_vec());
                    let row = SplitRow { position, format, taken: taken.contains(anchor), item };
                    rows.push((anchor.clone(), row));
                }
            }
            Passed::Deleted(gone) => rows.retain(|(anchor, _)| !gone.contains(anchor)),
        })?;
        Ok(rows.into_iter().map(|(_, row)| row).collect())
    }

    /// Goes through the journal up to a position; the identity in force there.
    fn pass(
        &self,
        until: Position,
        each: &mut dyn FnMut(Passed<'_>),
    ) -> Result<MemoryIdentity, RebuildError> {
        let mut reader = JournalReader::new(Arc::clone(&self.disk), &self.data, Position(0), until)?;
        let mut pass = Pass::default();
        self.work.set_total(until.0);
        while let Some(frame) = reader.next_frame()? {
            match decode(&frame)? {
                Input::Event { event, .. } => pass.event(&frame, &event, each),
                Input::Command(command) => {
                    let gone = pass.command(&frame, &command.change);
                    if !gone.is_empty() {
                        each(Passed::Deleted(&gone));
                    }
                }
                Input::Unreadable { .. } | Input::Tick => {}
            }
            if frame.position.0.is_multiple_of(STEP_FRAMES) {
                self.work.reach(frame.position.0)?;
            }
        }
        self.work.reach(until.0)?;
        Ok(pass.identity)
    }
}

/// What a pass comes by.
enum Passed<'a> {
    /// An event that belongs to someone.
    Row { frame: &'a FrameRef<'a>, event: &'a Event, resolution: &'a Resolution },
    /// Someone was deleted: everything under these identifiers up to here.
    Deleted(&'a [Identifier]),
}

impl JournalBackfill<'_> {
    /// The product catalogue, where any of the signals depends on it. A late change of a product changes what
    /// earlier events match, so that the whole of it must be known before the first event is looked at.
    fn products(&self, request: &HistoryRequest<'_>) -> Result<Products, RebuildError> {
        let mut products = Products::default();
        if !request.signals.any_reads_products() {
            return Ok(products);
        }
        let mut reader = JournalReader::new(Arc::clone(&self.disk), &self.data, Position(0), request.until)?;
        while let Some(frame) = reader.next_frame()? {
            if frame.kind == KIND_COMMAND
                && let Input::Command(command) = decode(&frame)?
                && let Change::ChangeProducts { products: changes } = &command.change
            {
                // The fold refuses what would be too much, as the catalogue itself says; then nothing changes.
                let _ = products.apply(changes, frame.position, frame.instant);
            }
            if frame.position.0.is_multiple_of(STEP_FRAMES) {
                self.work.reach(0)?;
            }
        }
        Ok(products)
    }
}

/// One pass over the journal, redoing duplicates and identity by the settings in force at each frame.
#[derive(Debug)]
struct Pass {
    settings: IdentitySettings,
    duplicates: Duplicates,
    identity: MemoryIdentity,
}

impl Default for Pass {
    fn default() -> Self {
        let settings = IdentitySettings::default();
        Self {
            duplicates: Duplicates::new(settings.duplicate_window_ms),
            settings,
            identity: MemoryIdentity::default(),
        }
    }
}

impl Pass {
    fn event(&mut self, frame: &FrameRef<'_>, event: &Event, each: &mut dyn FnMut(Passed<'_>)) {
        if !self.duplicates.check_and_insert(&event.message_id, frame.instant) {
            return;
        }
        let (settings, identity) = (&self.settings, &self.identity);
        let resolved = resolve(settings, identity, event.kind, &event.identifiers, event.ts, frame.position);
        let Ok(resolution) = resolved else { return };
        self.identity.apply(&resolution);
        each(Passed::Row { frame, event, resolution: &resolution });
    }

    /// Does what a command means for who is who, by the same checks as the fold: one that is refused there
    /// changes nothing here. Returns the identifiers of whoever is deleted by it.
    fn command(&mut self, frame: &FrameRef<'_>, change: &Change) -> Vec<Identifier> {
        let (position, instant) = (frame.position, frame.instant);
        match change {
            Change::ChangeSettings { settings }
                if settings.calendar().is_ok() && settings.identity.validate().is_ok() =>
            {
                self.settings = settings.identity.clone();
                self.duplicates.set_window_ms(self.settings.duplicate_window_ms);
            }
            Change::SplitProfile { profile, identifiers } => {
                self.identity.ask_split(SplitId(position.0), *profile, identifiers, instant);
            }
            Change::StartSplit { split } => self.identity.start_split(*split, position),
            Change::FinishSplit { split, position: started, .. } => {
                self.identity.finish_split(*split, *started, ProfileId(position.0), instant);
            }
            Change::LiftBar { split } => self.identity.lift(*split, instant),
            Change::DeleteProfile { profile, identifiers } => {
                return self.identity.delete(*profile, identifiers, instant);
            }
            _ => {}
        }
        Vec::new()
    }
}
