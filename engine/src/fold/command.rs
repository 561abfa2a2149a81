//! Commands, decided where they apply.

use segops_model::{Cause, SourceId};

use super::segment_command::{Edit, NewSegment};
use super::{Effects, Fold, Stamp};
use crate::artefact::Artefacts;
use crate::command::{Change, Command, Outcome, Refusal};
use crate::settings::Settings;
use crate::state::{DetailsChange, NewVersion, SegmentChangeKind};
use crate::view::{Import, Source};

const NAME_CHARACTERS_MAX: usize = 200;

impl Fold {
    pub(super) fn apply_command(
        &mut self,
        stamp: Stamp,
        command: &Command,
        artefacts: &dyn Artefacts,
        effects: &mut Effects,
    ) -> Result<Outcome, Refusal> {
        let author = command.author.as_str();
        match &command.change {
            Change::CreateSource { name, write_key } => self.create_source(stamp, author, name, write_key),
            Change::CreateSegment { name, rule, details, draft } => {
                self.create_segment(stamp, author, NewSegment { name, rule, details, draft: *draft }, effects)
            }
            Change::EditSegment { segment, expected_version, rule, restored_from } => {
                let edit = Edit { expected: *expected_version, rule, restored_from: *restored_from };
                self.edit_segment(stamp, author, *segment, edit, effects)
            }
            Change::RenameSegment { segment, name } => {
                let details = DetailsChange { name: Some(name.clone()), ..DetailsChange::default() };
                self.describe_segment(stamp, author, *segment, &details)
            }
            Change::DescribeSegment { segment, details } => {
                self.describe_segment(stamp, author, *segment, details)
            }
            Change::PublishSegment { segment } => self.publish_segment(stamp, author, *segment, effects),
            Change::ArchiveSegment { segment } => self.archive_segment(stamp, author, *segment, effects),
            Change::RestoreSegment { segment } => self.restore_segment(stamp, author, *segment, effects),
            Change::StartPriming { segment, version } => self.start_priming(stamp, *segment, *version),
            Change::FinishPriming { segment, version, position, artefact } => {
                self.finish_priming(stamp, *segment, *version, *position, artefact, artefacts, effects)
            }
            Change::PauseSegment { segment } => self.pause_segment(stamp, author, *segment),
            Change::ResumeSegment { segment } => self.resume_segment(stamp, author, *segment, effects),
            Change::DeleteSegment { segment } => self.delete_segment(stamp, *segment),
            Change::ChangeSettings { settings } => self.change_settings(stamp, author, settings, effects),
            Change::StartImport { file_hash, file_name, source } => {
                self.start_import(stamp, file_hash, file_name, *source)
            }
            Change::FinishImport { file_hash, rows, accepted_rows, rejected_rows, events } => {
                self.finish_import(stamp, file_hash, [*rows, *accepted_rows, *rejected_rows, *events])
            }
            Change::SplitProfile { profile, identifiers } => {
                self.ask_split(stamp, author, *profile, identifiers, effects)
            }
            Change::StartSplit { split } => self.start_split(stamp, *split),
            Change::FinishSplit { split, position, artefact } => {
                self.finish_split(stamp, *split, *position, artefact, artefacts, effects)
            }
            Change::LiftBar { split } => self.lift_bar(stamp, *split),
            Change::DeleteProfile { profile, identifiers } => {
                self.delete_profile(stamp, *profile, identifiers, effects)
            }
            Change::RecordThresholds { thresholds, .. } => self.record_thresholds(stamp, thresholds, effects),
            Change::ChangeProducts { products } => self.change_products(stamp, products, effects),
            Change::Mark => Ok(done(stamp)),
        }
    }

    fn create_source(
        &mut self,
        stamp: Stamp,
        author: &str,
        name: &str,
        write_key: &str,
    ) -> Result<Outcome, Refusal> {
        check_name(name)?;
        if self.state.find_source(name).is_some() {
            return Err(Refusal::SourceNameTaken(name.to_owned()));
        }
        if self.state.sources.values().any(|source| source.write_key == write_key) {
            return Err(Refusal::WriteKeyTaken);
        }
        let id = SourceId(self.state.sources.keys().next_back().map_or(1, |last| last.0 + 1));
        let source = Source {
            id,
            name: name.to_owned(),
            write_key: write_key.to_owned(),
            created_at: stamp.instant,
            author: author.to_owned(),
            events: 0,
            last_event_at: None,
        };
        self.state.sources.insert(id, source);
        Ok(Outcome::SourceCreated(id))
    }

    /// New settings hold from here on. A change of the calendar is an edit of every rule: each gets a new
    /// version, and is served by the old one until the new one is primed.
    fn change_settings(
        &mut self,
        stamp: Stamp,
        author: &str,
        settings: &Settings,
        effects: &mut Effects,
    ) -> Result<Outcome, Refusal> {
        settings.calendar().map_err(Refusal::BadSettings)?;
        settings.identity.validate().map_err(|problems| {
            let texts: Vec<_> = problems.iter().map(ToString::to_string).collect();
            Refusal::BadSettings(texts.join("; "))
        })?;
        let old = std::mem::replace(&mut self.state.settings, settings.clone());
        if old.identity.duplicate_window_ms != settings.identity.duplicate_window_ms {
            self.state.duplicates.set_window_ms(settings.identity.duplicate_window_ms);
        }
        if (&old.time_zone, old.week_start) != (&settings.time_zone, settings.week_start) {
            for segment in self.state.segments.values_mut() {
                let Some(newest) = segment.versions.last().map(|version| version.rule.clone()) else {
                    continue;
                };
                let new = NewVersion {
                    rule: newest,
                    author,
                    at: stamp.instant,
                    cause: Cause::Settings,
                    restored_from: None,
                };
                segment.add_version(new, settings, self.limits.segment_versions_kept_max);
                let what = SegmentChangeKind::CalendarChanged { version: segment.newest() };
                segment.note(author, stamp.instant, what, self.limits.segment_changes_kept_max);
                effects.priming_wanted |= segment.is_evaluated();
            }
        }
        Ok(done(stamp))
    }

    fn start_import(
        &mut self,
        stamp: Stamp,
        file_hash: &str,
        file_name: &str,
        source: SourceId,
    ) -> Result<Outcome, Refusal> {
        if !self.state.sources.contains_key(&source) {
            return Err(Refusal::NoSource(source.to_string()));
        }
        let import = Import {
            file_hash: file_hash.to_owned(),
            file_name: file_name.to_owned(),
            source,
            started_at: stamp.instant,
            finished_at: None,
            rows: 0,
            accepted_rows: 0,
            rejected_rows: 0,
            events: 0,
            duplicates: 0,
        };
        self.state.imports.insert(file_hash.to_owned(), import);
        Ok(done(stamp))
    }

    fn finish_import(
        &mut self,
        stamp: Stamp,
        file_hash: &str,
        numbers: [u64; 4],
    ) -> Result<Outcome, Refusal> {
        if let Some(import) = self.state.imports.get_mut(file_hash) {
            import.finished_at = Some(stamp.instant);
            [import.rows, import.accepted_rows, import.rejected_rows, import.events] = numbers;
        }
        Ok(done(stamp))
    }
}

pub(super) fn done(stamp: Stamp) -> Outcome {
    Outcome::Done { at: stamp.position, instant: stamp.instant }
}

pub(super) fn check_name(name: &str) -> Result<(), Refusal> {
    let characters = name.trim().chars().count();
    (1..=NAME_CHARACTERS_MAX).contains(&characters).then_some(()).ok_or(Refusal::BadName)
}
