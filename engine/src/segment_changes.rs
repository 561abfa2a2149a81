//! Changing segments: each change a journalled command, checked against the newest version as its author
//! knew it.

use segops_model::{SegmentId, SegmentVersion};
use segops_rules::{Named, Problem, Rule, unresolve};

use crate::command::{Change, Outcome};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::names::WorkspaceNames;
use crate::reading::find_segment;
use crate::showing::version_view;
use crate::state::{DetailsChange, SegmentState, VersionState};
use crate::view;

/// A segment to be made.
#[derive(Debug, Clone)]
pub struct NewSegment {
    pub name: String,
    pub rule: Rule<Named>,
    pub details: DetailsChange,
    /// Saved without members, until it is published.
    pub draft: bool,
}

impl Engine {
    /// Saves a new segment, live. See [`Engine::create_segment_as`].
    ///
    /// # Errors
    /// The rule has problems, or the name is taken.
    pub fn create_segment(
        &self,
        author: &str,
        name: &str,
        rule: &Rule<Named>,
    ) -> Result<(view::Segment, Vec<Problem>), EngineError> {
        let (name, rule) = (name.to_owned(), rule.clone());
        let new = NewSegment { name, rule, details: DetailsChange::default(), draft: false };
        self.create_segment_as(author, new)
    }

    /// Saves a new segment. Unless it is a draft, it goes live once its history is read; see
    /// [`Engine::wait_primed`].
    ///
    /// # Errors
    /// The rule has problems, the name is taken, or a detail is too long.
    pub fn create_segment_as(
        &self,
        author: &str,
        new: NewSegment,
    ) -> Result<(view::Segment, Vec<Problem>), EngineError> {
        let (rule, warnings) = self.resolve_rule(&new.rule, None)?;
        let change = Change::CreateSegment { name: new.name, rule, details: new.details, draft: new.draft };
        let Outcome::SegmentCreated(id) = self.change(author, change)? else {
            return Err(EngineError::NotFound("the segment".to_owned()));
        };
        Ok((self.segment(&id.to_string())?, warnings))
    }

    /// Saves a new version of a segment's rule, if the newest is still the expected one. The old version
    /// serves until the new one is primed.
    ///
    /// # Errors
    /// The rule has problems, or someone else has edited the segment.
    pub fn edit_segment(
        &self,
        author: &str,
        segment: &str,
        expected_version: Option<SegmentVersion>,
        rule: &Rule<Named>,
    ) -> Result<(view::Segment, Vec<Problem>), EngineError> {
        self.save_version(author, segment, expected_version, rule, None)
    }

    /// Saves an older version's rule as a new version.
    ///
    /// # Errors
    /// There is no such version, what it names is gone, or someone else has edited the segment.
    pub fn restore_version(
        &self,
        author: &str,
        segment: &str,
        version: SegmentVersion,
        expected_version: Option<SegmentVersion>,
    ) -> Result<(view::Segment, Vec<Problem>), EngineError> {
        let rule = self.rule_of_version(segment, version)?;
        self.save_version(author, segment, expected_version, &rule, Some(version))
    }

    fn save_version(
        &self,
        author: &str,
        segment: &str,
        expected_version: Option<SegmentVersion>,
        rule: &Rule<Named>,
        restored_from: Option<SegmentVersion>,
    ) -> Result<(view::Segment, Vec<Problem>), EngineError> {
        let (id, newest) = self.with_segment(segment, |segment| (segment.id, segment.newest()))?;
        let (rule, warnings) = self.resolve_rule(rule, Some(id))?;
        let expected_version = expected_version.unwrap_or(newest);
        self.change(author, Change::EditSegment { segment: id, expected_version, rule, restored_from })?;
        Ok((self.segment(&id.to_string())?, warnings))
    }

    /// Another name, description, owner, folder or tags: all that is given, or nothing.
    ///
    /// # Errors
    /// There is no such segment, the name is taken, or a detail is too long.
    pub fn describe_segment(
        &self,
        author: &str,
        segment: &str,
        details: DetailsChange,
    ) -> Result<view::Segment, EngineError> {
        self.change_segment(author, segment, |segment| Change::DescribeSegment { segment, details })
    }

    /// Holds the members as they are.
    ///
    /// # Errors
    /// There is no such segment, or another segment's rule names it.
    pub fn pause_segment(&self, author: &str, segment: &str) -> Result<view::Segment, EngineError> {
        self.change_segment(author, segment, |segment| Change::PauseSegment { segment })
    }

    /// Evaluates again, once history is read.
    ///
    /// # Errors
    /// There is no such segment, or it is not paused.
    pub fn resume_segment(&self, author: &str, segment: &str) -> Result<view::Segment, EngineError> {
        self.change_segment(author, segment, |segment| Change::ResumeSegment { segment })
    }

    /// Has a draft evaluated, once history is read.
    ///
    /// # Errors
    /// There is no such segment, it is no draft, or its rule names what is not live.
    pub fn publish_segment(&self, author: &str, segment: &str) -> Result<view::Segment, EngineError> {
        self.change_segment(author, segment, |segment| Change::PublishSegment { segment })
    }

    /// Puts a segment away: everyone leaves it, and its versions are kept.
    ///
    /// # Errors
    /// There is no such segment, or a live segment's rule names it.
    pub fn archive_segment(&self, author: &str, segment: &str) -> Result<view::Segment, EngineError> {
        self.change_segment(author, segment, |segment| Change::ArchiveSegment { segment })
    }

    /// Has an archived segment evaluated again, once history is read.
    ///
    /// # Errors
    /// There is no such segment, it is not archived, or its rule names what is not live.
    pub fn restore_segment(&self, author: &str, segment: &str) -> Result<view::Segment, EngineError> {
        self.change_segment(author, segment, |segment| Change::RestoreSegment { segment })
    }

    /// # Errors
    /// There is no such segment, or another segment's rule names it.
    pub fn delete_segment(&self, author: &str, segment: &str) -> Result<(), EngineError> {
        let id = self.with_segment(segment, |segment| segment.id)?;
        self.change(author, Change::DeleteSegment { segment: id })?;
        Ok(())
    }

    /// One version of a segment's rule, whole.
    ///
    /// # Errors
    /// There is no such segment or version.
    pub fn segment_version(
        &self,
        segment: &str,
        version: SegmentVersion,
    ) -> Result<view::SegmentVersionDetail, EngineError> {
        let fold = self.core().fold.read();
        let held = find_segment(&fold.state, segment)?;
        Ok(version_view(&fold.state, held, version_of(held, version)?))
    }

    /// What was changed about a segment, by whom and when, newest first.
    ///
    /// # Errors
    /// There is no such segment.
    pub fn segment_changes(&self, segment: &str) -> Result<Vec<view::SegmentChange>, EngineError> {
        self.with_segment(segment, |segment| segment.changes.iter().rev().cloned().collect())
    }

    /// A version's rule with what things are called now.
    pub(crate) fn rule_of_version(
        &self,
        segment: &str,
        version: SegmentVersion,
    ) -> Result<Rule<Named>, EngineError> {
        let fold = self.core().fold.read();
        let held = find_segment(&fold.state, segment)?;
        Ok(unresolve(&version_of(held, version)?.rule, &WorkspaceNames::new(&fold.state)))
    }

    fn change_segment(
        &self,
        author: &str,
        segment: &str,
        change: impl FnOnce(SegmentId) -> Change,
    ) -> Result<view::Segment, EngineError> {
        let id = self.with_segment(segment, |segment| segment.id)?;
        self.change(author, change(id))?;
        self.segment(&id.to_string())
    }
}

fn version_of(segment: &SegmentState, number: SegmentVersion) -> Result<&VersionState, EngineError> {
    segment.version(number).ok_or_else(|| {
        EngineError::NotFound(format!(
            "`{}` has no version {}; its newest is {}",
            segment.name,
            number.0,
            segment.newest().0
        ))
    })
}
