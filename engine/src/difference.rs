//! What an edit would change, before it is saved: one pass over raw history answers for both rules.

use std::sync::Arc;

use segops_model::{Cause, Instant, SegmentId, SegmentVersion};
use segops_rules::{Named, Resolved, Rule, format, to_json, unresolve};
use segops_segment::{Calendar, History, Verdict};

use crate::engine::Engine;
use crate::error::EngineError;
use crate::names::WorkspaceNames;
use crate::preview::count;
use crate::questions::dependencies_of;
use crate::reading::{find_segment, reading_instant};
use crate::rebuild::{JournalBackfill, Plan, Question, rebuild};
use crate::settings::calendar_of;
use crate::shell::frozen_environment;
use crate::showing::users_of;
use crate::state::SegmentState;
use crate::view::{Member, RuleDifference};
use crate::work::Work;

/// The ids under which the two rules are asked for: neither is a segment's own.
const BEFORE: SegmentId = SegmentId(u64::MAX);
const AFTER: SegmentId = SegmentId(u64::MAX - 1);

/// The rule that a segment would have.
#[derive(Debug, Clone)]
pub enum OtherRule {
    Given(Box<Rule<Named>>),
    /// An older version of its own.
    Version(SegmentVersion),
}

impl Engine {
    /// Who would enter a segment and who would leave it under another rule, at an instant (now, if none is
    /// named).
    ///
    /// # Errors
    /// There is no such segment or version, the rule has problems, history cannot be read, or the work was
    /// cancelled.
    pub fn difference(
        &self,
        segment: &str,
        other: &OtherRule,
        at: Option<Instant>,
        sample: usize,
        work: &Work,
    ) -> Result<RuleDifference, EngineError> {
        let id = self.with_segment(segment, |segment| segment.id)?;
        let rule = match other {
            OtherRule::Given(rule) => (**rule).clone(),
            OtherRule::Version(version) => self.rule_of_version(segment, *version)?,
        };
        let (resolved, warnings) = self.resolve_rule(&rule, Some(id))?;
        let at = at.unwrap_or_else(|| reading_instant(self));
        let core = self.core();
        let (mut answer, plan, environment) = {
            let mut fold = core.fold.write();
            let state = &fold.state;
            let held = find_segment(state, &id.to_string())?;
            let names = WorkspaceNames::new(state);
            let (shown, calendar) = shown_rule(held)?;
            let mut questions = dependencies_of(state, &[shown, &resolved]);
            questions.push(Question { segment: BEFORE, rule: shown.clone(), calendar });
            let calendar = state.settings.calendar().map_err(EngineError::Damaged)?;
            questions.push(Question { segment: AFTER, rule: resolved.clone(), calendar });
            let new_rule = unresolve(&resolved, &names);
            let answer = RuleDifference {
                rule_text: format(&unresolve(shown, &names)),
                new_rule_text: format(&new_rule),
                new_rule: to_json(&new_rule),
                at,
                position: state.position,
                before: Default::default(),
                after: Default::default(),
                entering: Default::default(),
                entering_sample: Vec::new(),
                leaving: Default::default(),
                leaving_sample: Vec::new(),
                used_by: users_of(&fold, id),
                takes_effect: held.is_evaluated(),
                warnings,
            };
            let plan = Plan::new(&questions);
            let environment = frozen_environment(&mut fold.state, plan.reads_recorded());
            (answer, plan, environment)
        };
        let backfill = JournalBackfill { disk: Arc::clone(&core.disk), data: core.data.clone(), work };
        let position = answer.position;
        rebuild(&backfill, &plan, &environment, position, at, |rebuilt| {
            let [.., before, after] = rebuilt.verdicts else { return };
            answer.add(rebuilt.history, *before, *after, sample);
        })?;
        Ok(answer)
    }
}

impl RuleDifference {
    fn add(&mut self, history: &History, before: Verdict, after: Verdict, sample: usize) {
        if before.member {
            count(&mut self.before, history);
        }
        if after.member {
            count(&mut self.after, history);
        }
        let (counts, shown) = match (before.member, after.member) {
            (false, true) => (&mut self.entering, &mut self.entering_sample),
            (true, false) => (&mut self.leaving, &mut self.leaving_sample),
            _ => return,
        };
        count(counts, history);
        if shown.len() < sample {
            shown.push(Member {
                profile: history.profile,
                identifiers: history.identifiers.clone(),
                since: self.at,
                cause: Cause::Edit,
                next_change: after.next_change,
            });
        }
    }
}

/// The rule that a segment has, and the calendar that it is evaluated by.
fn shown_rule(segment: &SegmentState) -> Result<(&Rule<Resolved>, Calendar), EngineError> {
    let version = segment
        .shown_version()
        .ok_or_else(|| EngineError::Damaged(format!("the segment {} has no version", segment.id)))?;
    let calendar = calendar_of(&version.time_zone, version.week_start).map_err(EngineError::Damaged)?;
    Ok((&version.rule, calendar))
}
