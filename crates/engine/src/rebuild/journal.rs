//! History from the journal itself: every frame decoded again, duplicates and identity redone.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use segops_identity::{
    Deletions, Duplicates, IdentitySettings, IdentityView, MemoryIdentity, Resolution, resolve,
};
use segops_model::{
    ConsentStatement, Event, Identifier, Instant, ListId, Position, ProfileId, ResultId, SplitId,
};
use segops_parts::PartsError;
use segops_segment::{
    Backfill, History, HistoryRequest, Products, RankingKey, RankingThreshold, ScoreRecord,
};
use segops_store::{Disk, FrameRef, JournalReader, StoreError};

use super::gather::{Gathered, ListChange};
#[cfg(test)]
use crate::artefact::SplitRow;
use crate::artefact::{ArtefactFolder, Artefacts};
use crate::command::{Change, Command};
use crate::consent::{ConsentKey, heard, settled};
use crate::journal_item::{Input, KIND_COMMAND, UnreadableFrame, decode};
use crate::score_batch::KnownScores;
use crate::work::{Cancelled, Work};

/// Frames between two looks at whether the work was cancelled.
const STEP_FRAMES: u64 = 4_096;

/// Reads histories out of a data folder's journal.
#[derive(Debug)]
pub struct JournalBackfill<'a> {
    pub disk: Arc<dyn Disk>,
    pub data: PathBuf,
    /// The position of the first frame that is still there.
    pub begins_at: Position,
    pub work: &'a Work,
}

/// Why history could not be read.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Unreadable(#[from] UnreadableFrame),
    #[error("the history in parts: {0}")]
    Parts(#[from] PartsError),
    #[error(
        "this is answered from the journal, which begins at position {0}: its earlier files were archived or dropped. \
         Put them back from the archive to have it answered"
    )]
    JournalCut(Position),
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
        let mut recorded: BTreeMap<ResultId, Vec<String>> = BTreeMap::new();
        let identity = self.pass(request.until, &mut |passed| match passed {
            Passed::Row { frame, event, resolution } if event.ts <= request.at => {
                gathered.add(request, &products, resolution.anchor.clone(), event, frame.position);
            }
            Passed::Row { .. } => {}
            Passed::Said(word) => gathered.hear(word),
            Passed::Listed(change, at) => gathered.list(change, at, request.at),
            Passed::Deleted(identifiers, deletions) => {
                gathered.forget(identifiers, |id| deletions.of_profile(id).is_some());
            }
            // Of scores holds what was recorded by the instant asked for.
            Passed::Score { recorded_at, score, of, record } => {
                if recorded_at <= request.at && request.scores.contains(score) {
                    gathered.add_score(of, score, record);
                }
            }
            Passed::ScoreForgotten { at, score } => {
                if at <= request.at {
                    gathered.forget_score(score);
                }
            }
            // Of a recorded result holds what was recorded last by the instant asked for.
            Passed::Result { recorded_at, result, artefact } => {
                if recorded_at <= request.at && request.results.contains(&result) {
                    recorded.entry(result).or_default().push(artefact.to_owned());
                }
            }
        })?;
        for (result, artefacts) in &recorded {
            gathered.name(*result, self.named_by(artefacts).into_iter());
        }
        gathered.finish(request, &identity, each);
        Ok(())
    }

    fn thresholds(
        &self,
        until: Position,
        at: Instant,
    ) -> Result<BTreeMap<RankingKey, RankingThreshold>, RebuildError> {
        let mut reader = self.whole_journal(until)?;
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
    #[cfg(test)]
    pub(crate) fn rows_of(
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
            Passed::Deleted(gone, _) => rows.retain(|(anchor, _)| !gone.contains(anchor)),
            Passed::Said(_)
            | Passed::Listed(..)
            | Passed::Score { .. }
            | Passed::ScoreForgotten { .. }
            | Passed::Result { .. } => {}
        })?;
        Ok(rows.into_iter().map(|(_, row)| row).collect())
    }

    /// Whom the newest of some artefacts of one result names. One that cannot be read was refused when it came in.
    fn named_by(&self, artefacts: &[String]) -> Vec<ProfileId> {
        let folder = ArtefactFolder::existing(Arc::clone(&self.disk), &self.data);
        let newest = artefacts.iter().rev().find_map(|hash| folder.load_result(hash).ok());
        newest.map_or_else(Vec::new, |read| read.named.into_iter().map(|named| named.profile).collect())
    }

    fn whole_journal(&self, until: Position) -> Result<JournalReader, RebuildError> {
        if self.begins_at > Position(0) {
            return Err(RebuildError::JournalCut(self.begins_at));
        }
        Ok(JournalReader::new(Arc::clone(&self.disk), &self.data, Position(0), until)?)
    }

    /// Goes through the journal up to a position; the identity in force there.
    fn pass(
        &self,
        until: Position,
        each: &mut dyn FnMut(Passed<'_>),
    ) -> Result<MemoryIdentity, RebuildError> {
        let mut reader = self.whole_journal(until)?;
        let mut pass = Pass::default();
        self.work.set_total(until.0);
        while let Some(frame) = reader.next_frame()? {
            match decode(&frame)? {
                Input::Event { event, .. } => pass.event(&frame, &event, each),
                Input::Command(command) => {
                    let gone = pass.command(&frame, &command.change, each);
                    if !gone.is_empty() {
                        each(Passed::Deleted(&gone, &pass.identity.separations().deletions));
                    }
                    pass.scores(&frame, &command, each);
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
    Row {
        frame: &'a FrameRef<'a>,
        event: &'a Event,
        resolution: &'a Resolution,
    },
    /// A word on consent.
    Said(&'a (ConsentKey, ConsentStatement)),
    /// A list was made or changed at an instant.
    Listed(ListChange<'a>, Instant),
    /// Someone was deleted: everything under these identifiers up to here. With all that were deleted so far.
    Deleted(&'a [Identifier], &'a Deletions),
    /// What was recorded of a score under an identifier.
    Score {
        recorded_at: Instant,
        score: &'a str,
        of: &'a Identifier,
        record: ScoreRecord,
    },
    ScoreForgotten {
        at: Instant,
        score: &'a str,
    },
    /// A result was recorded; whom it names is in the artefact.
    Result {
        recorded_at: Instant,
        result: ResultId,
        artefact: &'a str,
    },
}

impl JournalBackfill<'_> {
    /// The product catalogue, where any of the signals depends on it. A late change of a product changes what
    /// earlier events match, so that the whole of it must be known before the first event is looked at.
    fn products(&self, request: &HistoryRequest<'_>) -> Result<Products, RebuildError> {
        let mut products = Products::default();
        if !request.signals.any_reads_products() {
            return Ok(products);
        }
        let mut reader = self.whole_journal(request.until)?;
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
    scores: KnownScores,
}

impl Default for Pass {
    fn default() -> Self {
        let settings = IdentitySettings::default();
        Self {
            duplicates: Duplicates::new(settings.duplicate_window_ms),
            settings,
            identity: MemoryIdentity::default(),
            scores: KnownScores::default(),
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
        let held = self.identity.identifiers_of(resolution.profile);
        let deletions = &self.identity.separations().deletions;
        for word in heard(event, &resolution.anchor, held, &self.settings, deletions) {
            each(Passed::Said(&word));
        }
    }

    /// Hands out what a command records of scores, by the same checks as the fold.
    fn scores(&mut self, frame: &FrameRef<'_>, command: &Command, each: &mut dyn FnMut(Passed<'_>)) {
        match &command.change {
            Change::RecordScores { batch }
                if self.scores.admit(batch, &command.author, frame.instant).is_ok() =>
            {
                let (recorded_at, score) = (frame.instant, batch.score.as_str());
                for (_, of, record) in batch.records(&self.identity, frame.position, frame.instant) {
                    each(Passed::Score { recorded_at, score, of, record });
                }
            }
            Change::ForgetScore { score } if self.scores.forget(score) => {
                each(Passed::ScoreForgotten { at: frame.instant, score });
            }
            _ => {}
        }
    }

    /// Does what a command means for who is who, by the same checks as the fold: one that is refused there
    /// changes nothing here. Returns the identifiers of whoever is deleted by it.
    fn command(
        &mut self,
        frame: &FrameRef<'_>,
        change: &Change,
        each: &mut dyn FnMut(Passed<'_>),
    ) -> Vec<Identifier> {
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
            Change::RecordConsent { statements, .. } => {
                let deletions = &self.identity.separations().deletions;
                for statement in statements {
                    if let Ok(word) = settled(statement, &self.settings, deletions, instant) {
                        each(Passed::Said(&word));
                    }
                }
            }
            // One that was deleted by then is named by no rule.
            Change::RecordResult { result, artefact, .. } => {
                each(Passed::Result { recorded_at: instant, result: *result, artefact });
            }
            // One whose name is taken gets an id that nothing names.
            Change::CreateList { .. } => each(Passed::Listed(ListChange::Made(ListId(position.0)), instant)),
            // One that is deleted stays: no rule can name it.
            Change::ChangeList { list, remove, add } => {
                each(Passed::Listed(ListChange::Entries { list: *list, remove, add }, instant));
            }
            Change::DeleteProfile { profile, identifiers } => {
                return self.identity.delete(*profile, identifiers, instant);
            }
            _ => {}
        }
        Vec::new()
    }
}
