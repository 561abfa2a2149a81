//! Which checkpoint a start goes on from, and what it comes to.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use segops_model::Position;
use segops_store::{CheckpointFile, CheckpointFolder, CheckpointHead, Journal, JournalReader};

use super::replay::Replay;
use crate::checkpoint::{CheckpointSaved, FOLD_VERSION, Loader, Restored};
use crate::error::EngineError;
use crate::fold::Fold;

/// Where a start begins to replay.
#[derive(Debug)]
pub(crate) struct Start {
    pub(crate) fold: Fold,
    /// From the whole file to the newest; empty where the journal is replayed from its beginning.
    pub(crate) chain: Vec<CheckpointFile>,
    pub(crate) saved: CheckpointSaved,
    /// Why checkpoints that are there, or the newest of them, could not be used.
    pub(crate) problem: Option<String>,
}

impl Start {
    fn from_nothing(of: &Replay<'_>, problem: Option<String>) -> Self {
        let (fold, saved) = (Fold::new(of.limits), CheckpointSaved::default());
        Self { fold, chain: Vec::new(), saved, problem }
    }
}

/// Loads the checkpoint that reaches furthest of those that are whole and go with journal and parts. Where there is none
/// the journal is replayed from its beginning, if it still has that.
///
/// # Errors
/// No checkpoint can be used, and the journal does not go back to its beginning: what is wrong with each.
pub(crate) fn restore(of: &Replay<'_>) -> Result<Start, EngineError> {
    let Some(folder) = of.checkpoints else { return Ok(Start::from_nothing(of, None)) };
    let begins_at = Journal::begins_at(of.disk.as_ref(), of.data)?;
    let (files, wrong) = folder.files()?;
    let mut problems: Vec<String> = wrong.iter().map(ToString::to_string).collect();
    let mut checked = BTreeMap::new();
    for chain in CheckpointFolder::chains(&files) {
        let loaded = usable(of, begins_at, &chain).and_then(|()| {
            chain.iter().try_for_each(|file| check(folder, file, &mut checked))?;
            load(of, folder, &chain)
        });
        match loaded {
            Ok(Restored { fold, transitions, transitions_forgotten, saved }) => {
                of.transitions.restore(transitions, transitions_forgotten);
                let problem = told(&problems, chain.last().map(|file| file.head.position));
                return Ok(Start { fold, chain, saved, problem });
            }
            Err(problem) if problems.contains(&problem) => {}
            Err(problem) => problems.push(problem),
        }
    }
    if begins_at > Position(0) {
        let problems = if problems.is_empty() { "there is none".to_owned() } else { problems.join("; ") };
        return Err(EngineError::Damaged(format!(
            "the journal begins at position {begins_at}, and no checkpoint can be gone on from: {problems}. Restore \
             {} from a backup that goes with the journal, or the journal's earlier files from their archive",
            folder.path().display()
        )));
    }
    Ok(Start::from_nothing(of, told(&problems, None)))
}

fn told(problems: &[String], from: Option<Position>) -> Option<String> {
    if problems.is_empty() {
        return None;
    }
    let instead = from.map_or_else(
        || "the whole journal is replayed".to_owned(),
        |position| format!("the start goes on from position {position}"),
    );
    let told = format!("{}; {instead}", problems.join("; "));
    tracing::warn!(problem = %told, "a checkpoint could not be used");
    Some(told)
}

/// Whether a chain goes with the journal, with parts and with this version.
fn usable(of: &Replay<'_>, begins_at: Position, chain: &[CheckpointFile]) -> Result<(), String> {
    let Some(CheckpointFile { path, head, .. }) = chain.last() else {
        return Err("there is no file".to_owned());
    };
    let wrong = |what: String| Err(format!("{} {what}", path.display()));
    let CheckpointHead { position, instant, fold_version, .. } = *head;
    if chain.iter().any(|file| file.head.fold_version != FOLD_VERSION) {
        return wrong(format!(
            "is of version {fold_version} of the fold, and this is version {FOLD_VERSION}"
        ));
    }
    if position > of.until {
        let until = of.until;
        return wrong(format!(
            "is of position {position}, and the journal ends at {until}: they are not of one backup"
        ));
    }
    if position < begins_at {
        return wrong(format!("is of position {position}, and the journal begins only at {begins_at}"));
    }
    if let Some(held_until) = of.historian.map(super::Historian::held_until).filter(|held| *held < position) {
        return wrong(format!(
            "is of position {position}, and the history in parts ends at {held_until}: rows between are nowhere \
             but in the journal"
        ));
    }
    if position > begins_at {
        let before = Position(position.0 - 1);
        let reader = JournalReader::new(Arc::clone(of.disk), of.data, before, position);
        let read = reader.and_then(|mut reader| Ok(reader.next_frame()?.map(|frame| frame.instant)));
        match read.map_err(|error| error.to_string())? {
            Some(found) if found == instant => {}
            _ => {
                return wrong(
                    "is of another journal: the frame before its position is not as it has it".into(),
                );
            }
        }
    }
    Ok(())
}

/// Reads a file whole, once.
fn check(
    folder: &CheckpointFolder,
    file: &CheckpointFile,
    checked: &mut BTreeMap<PathBuf, Result<(), String>>,
) -> Result<(), String> {
    let check = || folder.check(file).map(|_| ()).map_err(|error| error.to_string());
    checked.entry(file.path.clone()).or_insert_with(check).clone()
}

fn load(of: &Replay<'_>, folder: &CheckpointFolder, chain: &[CheckpointFile]) -> Result<Restored, String> {
    let Some(newest) = chain.last() else { return Err("there is no file".to_owned()) };
    let mut loader = Loader::default();
    for file in chain {
        let at = |error: String| format!("{}: {error}", file.path.display());
        let mut reader = folder.read(file).map_err(|error| error.to_string())?;
        while let Some(record) = reader.next_record().map_err(|error| error.to_string())? {
            loader.take(record).map_err(at)?;
        }
    }
    let restored = loader.finish(&newest.head, of.limits);
    restored.map_err(|error| format!("{}: {error}", newest.path.display()))
}
