//! What a rule selects at an instant, from raw history: without saving anything, and beside live traffic.

use std::sync::Arc;

use segops_model::{Cause, Instant, Position, SegmentId};
use segops_rules::{Condition, Named, Resolved, Rule, format, normal_form, to_json, unresolve};

use segops_segment::{Backfill, Ranking, RankingThreshold};

use crate::engine::Engine;
use crate::error::EngineError;
use crate::names::WorkspaceNames;
use crate::questions::dependencies;
use crate::reach;
use crate::reading::reading_instant;
use crate::rebuild::{JournalBackfill, Plan, Question, rank, rebuild};
use crate::shell::frozen_environment;
use crate::state::{SegmentState, State};
use crate::view::{Counts, Member, Preview, PreviewThreshold};
use crate::work::Work;

/// The id under which a rule that is not saved is asked for.
const UNSAVED: SegmentId = SegmentId(u64::MAX);
/// The id under which the base alone is asked for.
const BASE: SegmentId = SegmentId(u64::MAX - 1);

impl Engine {
    /// Counts what a rule selects at an instant (now, if none is named), over the events that happened up to
    /// then and with the identity of today, and shows some of the profiles.
    ///
    /// # Errors
    /// The rule has problems, history cannot be read, or the work was cancelled.
    pub fn preview(
        &self,
        rule: &Rule<Named>,
        at: Option<Instant>,
        sample: usize,
        work: &Work,
    ) -> Result<Preview, EngineError> {
        let (resolved, warnings) = self.resolve_rule(rule, None)?;
        let core = self.core();
        let at = at.unwrap_or_else(|| reading_instant(self));
        let (mut plan, environment, position, rule_text, rule_json, same_as) = {
            let mut fold = core.fold.write();
            let named = unresolve(&resolved, &WorkspaceNames::new(&fold.state));
            let same_as = same_rule(&fold.state, &resolved, None).map(|segment| segment.id);
            let plan = Plan::new(&questions(&fold.state, &resolved)?);
            let environment = frozen_environment(&mut fold.state, plan.reads_recorded());
            (plan, environment, fold.state.position, format(&named), to_json(&named), same_as)
        };
        let backfill = JournalBackfill { disk: Arc::clone(&core.disk), data: core.data.clone(), work };
        let thresholds = self.thresholds_at(&mut plan, &backfill, position, at)?;
        let (mut counts, mut base_counts, mut shown) = (Counts::default(), Counts::default(), Vec::new());
        rebuild(&backfill, &plan, &environment, position, at, |answer| {
            let [.., base, verdict] = answer.verdicts else { return };
            let history = answer.history;
            if base.member {
                count(&mut base_counts, history);
            }
            if verdict.member {
                count(&mut counts, history);
                if shown.len() < sample {
                    shown.push(Member {
                        profile: history.profile,
                        identifiers: history.identifiers.clone(),
                        since: at,
                        cause: Cause::Prime,
                        next_change: verdict.next_change,
                    });
                }
            }
        })?;
        Ok(Preview {
            rule_text,
            rule: rule_json,
            base: resolved.base,
            at,
            position,
            counts,
            base_counts,
            sample: shown,
            warnings,
            same_as,
            thresholds,
        })
    }

    /// What the rankings of a plan are held against at an instant: the threshold recorded then; where there was
    /// none, one that is made now, as of that instant.
    pub(crate) fn thresholds_at(
        &self,
        plan: &mut Plan,
        backfill: &JournalBackfill<'_>,
        position: Position,
        at: Instant,
    ) -> Result<Vec<PreviewThreshold>, EngineError> {
        let rankings: Vec<Ranking> = plan.rankings().cloned().collect();
        if rankings.is_empty() {
            return Ok(Vec::new());
        }
        let recorded = backfill.thresholds(position, at)?;
        let (known, missing): (Vec<_>, Vec<_>) =
            rankings.into_iter().partition(|ranking| recorded.contains_key(&ranking.key));
        let found = if missing.is_empty() { Vec::new() } else { rank(backfill, &missing, position, at)? };
        let mut shown = Vec::new();
        for ranking in &known {
            let threshold = recorded.get(&ranking.key);
            shown.extend(threshold.map(|threshold| self.shown_threshold(ranking, threshold, true)));
        }
        for (ranking, threshold) in missing.iter().zip(found) {
            shown.push(self.shown_threshold(ranking, &threshold, false));
            plan.assume(ranking.key.clone(), threshold);
        }
        Ok(shown)
    }

    fn shown_threshold(
        &self,
        ranking: &Ranking,
        threshold: &RankingThreshold,
        recorded: bool,
    ) -> PreviewThreshold {
        let fold = self.core().fold.read();
        let when = Condition::Ranking(Box::new(ranking.condition.clone()));
        let rule = Rule { version: segops_rules::RULE_FORMAT, base: ranking.base, when };
        PreviewThreshold {
            ranking: format(&unresolve(&rule, &WorkspaceNames::new(&fold.state))),
            value: threshold.cut.map(|cut| cut.rounded().to_string()),
            as_of: threshold.as_of,
            population: threshold.population,
            recorded,
        }
    }
}

/// The rule, last, after its base alone and what it depends on.
fn questions(state: &State, rule: &Rule<Resolved>) -> Result<Vec<Question>, EngineError> {
    let calendar = state.settings.calendar().map_err(EngineError::Damaged)?;
    let mut questions = dependencies(state, rule);
    let everyone_in_base = Rule { when: segops_rules::Condition::All(Vec::new()), ..rule.clone() };
    questions.push(Question { segment: BASE, rule: everyone_in_base, calendar: calendar.clone() });
    questions.push(Question { segment: UNSAVED, rule: rule.clone(), calendar });
    Ok(questions)
}

pub(crate) fn count(counts: &mut Counts, history: &segops_segment::History) {
    let reach = reach::of(&history.identifiers, history.email_opted_out);
    counts.total += 1;
    counts.identified += u64::from(history.is_identified());
    counts.reachable_email += u64::from(reach.email);
    counts.reachable_sms += u64::from(reach.sms);
}

/// A segment other than the one edited whose rule has the same normal form.
pub(crate) fn same_rule<'a>(
    state: &'a State,
    rule: &Rule<Resolved>,
    editing: Option<SegmentId>,
) -> Option<&'a SegmentState> {
    let key = normal_form(rule);
    let mut others = state.segments.values().filter(|segment| Some(segment.id) != editing);
    others.find(|segment| segment.shown_version().is_some_and(|version| normal_form(&version.rule) == key))
}
