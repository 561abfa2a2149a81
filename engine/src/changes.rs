//! Changing the workspace: each a journalled command, answered with what the fold made of it.

use std::time::Duration;

use segops_model::{SegmentId, SourceId};
use segops_rules::{Named, Problem, Resolved, Rule, resolve_within};

use crate::command::{Change, Outcome, Refusal};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::names::WorkspaceNames;
use crate::preview::same_rule;
use crate::settings::Settings;
use crate::shell::command;
use crate::view;
use crate::work::Work;

impl Engine {
    /// # Errors
    /// The name or the key is taken, or the engine is stopping.
    pub fn create_source(
        &self,
        author: &str,
        name: &str,
        write_key: Option<String>,
    ) -> Result<view::Source, EngineError> {
        let write_key = write_key.unwrap_or_else(|| self.new_write_key(name));
        let change = Change::CreateSource { name: name.to_owned(), write_key };
        let Outcome::SourceCreated(id) = self.change(author, change)? else {
            return Err(EngineError::NotFound("the source".to_owned()));
        };
        let source = self.find_source(&id.to_string())?;
        self.core().write_keys.write().insert(source.write_key.clone(), id);
        Ok(source)
    }

    /// Blocks until no version of the segment waits for its history.
    ///
    /// # Errors
    /// The segment was deleted, the engine ended, or the work was cancelled.
    pub fn wait_primed(&self, segment: SegmentId, work: &Work) -> Result<view::Segment, EngineError> {
        loop {
            let waits = self.with_segment(&segment.to_string(), |state| {
                state.pending.is_some() && state.is_evaluated()
            })?;
            if !waits {
                return self.segment(&segment.to_string());
            }
            let core = self.core();
            if let Some(failed) = core.failed() {
                return Err(failed.into());
            }
            if core.is_stopping() {
                return Err(crate::error::Busy::Stopping.into());
            }
            work.reach(0)?;
            let mut applied = core.applied.lock();
            core.applied_moved.wait_for(&mut applied, Duration::from_millis(100));
        }
    }

    /// Waits until every ranking that is due has been taken.
    ///
    /// # Errors
    /// The engine has failed or is stopping.
    pub fn wait_ranked(&self) -> Result<(), EngineError> {
        let core = self.core();
        while !core.fold.read().due_rankings().is_empty() {
            if let Some(failed) = core.failed() {
                return Err(failed.into());
            }
            if core.is_stopping() {
                return Err(crate::error::Busy::Stopping.into());
            }
            let mut applied = core.applied.lock();
            core.applied_moved.wait_for(&mut applied, Duration::from_millis(20));
        }
        Ok(())
    }

    /// # Errors
    /// The settings do not hold together.
    pub fn change_settings(&self, author: &str, settings: Settings) -> Result<(), EngineError> {
        self.change(author, Change::ChangeSettings { settings: Box::new(settings) })?;
        Ok(())
    }

    /// Enters a file into the ledger of imports.
    ///
    /// # Errors
    /// There is no such source.
    pub fn start_import(
        &self,
        author: &str,
        file_hash: &str,
        file_name: &str,
        source: SourceId,
    ) -> Result<(), EngineError> {
        let (file_hash, file_name) = (file_hash.to_owned(), file_name.to_owned());
        self.change(author, Change::StartImport { file_hash, file_name, source })?;
        Ok(())
    }

    /// Notes in the ledger that a file is in, whole.
    ///
    /// # Errors
    /// The engine is stopping.
    pub fn finish_import(&self, author: &str, import: &view::Import) -> Result<(), EngineError> {
        let change = Change::FinishImport {
            file_hash: import.file_hash.clone(),
            rows: import.rows,
            accepted_rows: import.accepted_rows,
            rejected_rows: import.rejected_rows,
            events: import.events,
        };
        self.change(author, change)?;
        Ok(())
    }

    /// Resolves a rule against what the workspace has, with warnings for what it has never seen.
    pub(crate) fn resolve_rule(
        &self,
        rule: &Rule<Named>,
        editing: Option<SegmentId>,
    ) -> Result<(Rule<Resolved>, Vec<Problem>), EngineError> {
        let fold = self.core().fold.read();
        let resolved = resolve_within(rule, &WorkspaceNames::new(&fold.state), editing, &self.core().limits);
        let (rule, mut warnings) = resolved.map_err(EngineError::Rule)?;
        fold.state.check_all_live(&rule)?;
        let same = same_rule(&fold.state, &rule, editing);
        warnings.extend(same.map(|segment| Problem::same_rule(&segment.name)));
        Ok((rule, warnings))
    }

    pub(crate) fn change(&self, author: &str, change: Change) -> Result<Outcome, EngineError> {
        Ok(command(self.core(), author, change)?.outcome?)
    }

    /// A key that cannot be guessed is the server's to make; this one only has to be new.
    fn new_write_key(&self, name: &str) -> String {
        let seed = format!("{name}\0{}\0{}", self.now(), self.core().durable_position());
        let hash = <sha2::Sha256 as sha2::Digest>::digest(seed.as_bytes());
        format!("wk_{}", crate::artefact::hex(hash.get(..12).unwrap_or_default()))
    }

    /// Refusals that mean "there is no such thing".
    #[must_use]
    pub fn is_not_found(refusal: &Refusal) -> bool {
        matches!(refusal, Refusal::NoSegment(_) | Refusal::NoSource(_) | Refusal::NoProfile(_))
    }
}
