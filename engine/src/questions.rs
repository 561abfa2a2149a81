//! Which rules a rebuild must answer, and in what order, to answer for one.

use segops_model::{SegmentId, SegmentVersion};
use segops_rules::{Resolved, Rule, references};

use crate::rebuild::Question;
use crate::settings::calendar_of;
use crate::state::{State, VersionState};

/// The version's own rule last, and before it the live rules that it depends on, each after those it names.
#[must_use]
pub(crate) fn questions_for(state: &State, segment: SegmentId, version: SegmentVersion) -> Vec<Question> {
    let asked = state.segments.get(&segment).and_then(|segment| segment.version(version));
    let Some(asked) = asked else { return Vec::new() };
    let mut questions = dependencies(state, &asked.rule);
    questions.extend(question(segment, asked));
    questions
}

/// The live rules that a rule depends on, each after those it names.
#[must_use]
pub(crate) fn dependencies(state: &State, rule: &Rule<Resolved>) -> Vec<Question> {
    dependencies_of(state, &[rule])
}

/// The live rules that some rules depend on, each once and after those it names.
#[must_use]
pub(crate) fn dependencies_of(state: &State, rules: &[&Rule<Resolved>]) -> Vec<Question> {
    let mut questions: Vec<Question> = Vec::new();
    for rule in rules {
        add_dependencies(state, rule, &mut questions);
    }
    questions
}

/// Every live rule, each after those it names.
#[must_use]
pub(crate) fn live_questions<'a>(
    segments: impl Iterator<Item = &'a crate::state::SegmentState>,
) -> Vec<Question> {
    let mut waiting: Vec<Question> =
        segments.filter_map(|segment| question(segment.id, segment.live_version()?)).collect();
    let mut ordered: Vec<Question> = Vec::new();
    while !waiting.is_empty() {
        let (ready, blocked): (Vec<_>, Vec<_>) = waiting.iter().cloned().partition(|candidate| {
            let needs = references(&candidate.rule).segments;
            !needs.iter().any(|need| waiting.iter().any(|other| other.segment == *need))
        });
        if ready.is_empty() {
            break;
        }
        ordered.extend(ready);
        waiting = blocked;
    }
    ordered
}

fn add_dependencies(state: &State, rule: &Rule<Resolved>, questions: &mut Vec<Question>) {
    for needed in references(rule).segments {
        if questions.iter().any(|question| question.segment == needed) {
            continue;
        }
        let Some(version) = state.segments.get(&needed).and_then(|segment| segment.live_version()) else {
            continue;
        };
        add_dependencies(state, &version.rule, questions);
        questions.extend(question(needed, version));
    }
}

fn question(segment: SegmentId, version: &VersionState) -> Option<Question> {
    let calendar = calendar_of(&version.time_zone, version.week_start).ok()?;
    Some(Question { segment, rule: version.rule.clone(), calendar })
}
