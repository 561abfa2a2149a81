//! Brings an analysis to the workspace's history: whom it is of, who is in which segment, and who waits for it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use segops_engine::{Engine, EngineError, Ground, Work};
use segops_model::{Instant, Limits, Position};
use segops_query::{
    Alike, AlikeAnswer, Analysis, AnalysisError, Answer, Customers, Part, Population, ProfileSet, Segments,
    Setting, Watcher,
};
use segops_rules::{Base, Condition, Named, Problem, RULE_FORMAT, Rule, SegmentCondition};

/// Whom an analysis is of, and at which instant.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    pub(crate) segment: Option<String>,
    pub(crate) rule: Option<String>,
    pub(crate) at: Option<Instant>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AnalysisFailure {
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error("the rule cannot be used")]
    Rule(Vec<Problem>),
    #[error(transparent)]
    Analysis(#[from] AnalysisError),
}

/// Computes an analysis. Says the instant and the position that it is of.
pub(crate) fn run(
    engine: &Engine,
    analysis: &Analysis,
    asked: &Asked,
    limits: &Limits,
    work: &Work,
) -> Result<(Instant, Position, Answer), AnalysisFailure> {
    let ground = engine.ground()?;
    let at = asked.at.unwrap_or(ground.now);
    let answer = in_setting(engine, &ground, at, asked, limits, work, |setting| {
        segops_query::analyse(analysis, setting)
    })?;
    Ok((at, ground.snapshot.until(), answer))
}

/// Whom likeness names, of however many profiles. Says the instant and the position that it is of.
pub(crate) fn find_alike(
    engine: &Engine,
    alike: &Alike,
    limits: &Limits,
    work: &Work,
) -> Result<(Instant, Position, AlikeAnswer), AnalysisFailure> {
    let ground = engine.ground()?;
    let asked = Asked::default();
    let answer = in_setting(engine, &ground, ground.now, &asked, limits, work, |setting| {
        segops_query::find_alike(alike, setting)
    })?;
    Ok((ground.now, ground.snapshot.until(), answer))
}

/// Names those whom a part of an answer is about.
pub(crate) fn customers_of(
    engine: &Engine,
    part: &Part,
    asked: &Asked,
    limits: &Limits,
    work: &Work,
) -> Result<(Instant, Customers), AnalysisFailure> {
    let ground = engine.ground()?;
    let at = asked.at.unwrap_or(ground.now);
    let found = in_setting(engine, &ground, at, asked, limits, work, |setting| {
        segops_query::customers(part, setting)
    })?;
    Ok((at, found))
}

fn in_setting<T>(
    engine: &Engine,
    ground: &Ground,
    at: Instant,
    asked: &Asked,
    limits: &Limits,
    work: &Work,
    ask: impl FnOnce(&Setting<'_>) -> Result<T, AnalysisError>,
) -> Result<T, AnalysisFailure> {
    let population = population(engine, asked, at, work)?;
    let segments = SegmentsAt { engine, at, work, found: RefCell::default(), failure: RefCell::default() };
    let setting = Setting {
        snapshot: &ground.snapshot,
        names: &ground.names,
        segments: &segments,
        calendar: &ground.calendar,
        now: at,
        population: &population,
        watcher: &WorkWatcher(work),
        limits,
    };
    let answer = ask(&setting);
    if let Some(failure) = segments.failure.take() {
        return Err(failure.into());
    }
    Ok(answer?)
}

fn population(
    engine: &Engine,
    asked: &Asked,
    at: Instant,
    work: &Work,
) -> Result<Population, AnalysisFailure> {
    let mut conditions: Vec<Condition<Named>> = Vec::new();
    let mut members: Option<ProfileSet> = None;
    let mut has_rule = true;
    let mut narrow = |rule: &Rule<Named>| -> Result<(), AnalysisFailure> {
        let selected = selected(engine, rule, at, work)?;
        members = Some(match members.take() {
            None => selected,
            Some(before) => Arc::new(&*before & &*selected),
        });
        Ok(())
    };
    if let Some(segment) = &asked.segment {
        engine.segment(segment)?;
        let rule = in_segment(segment);
        narrow(&rule)?;
        conditions.push(rule.when);
    }
    if let Some(text) = &asked.rule {
        let rule = segops_rules::parse(text).map_err(AnalysisFailure::Rule)?;
        narrow(&rule)?;
        // The rules that answers come with are of everyone: a narrower base has no form within them.
        has_rule = rule.base == Base::Everyone;
        conditions.push(rule.when);
    }
    let condition = match conditions.len() {
        _ if !has_rule => None,
        0 | 1 => conditions.pop(),
        _ => Some(Condition::All(conditions)),
    };
    Ok(Population { members, condition })
}

fn in_segment(segment: &str) -> Rule<Named> {
    let when = Condition::Segment(SegmentCondition { segment: segment.to_owned() });
    Rule { version: RULE_FORMAT, base: Base::Everyone, when }
}

/// Everyone whom a rule holds for at an instant.
fn selected(
    engine: &Engine,
    rule: &Rule<Named>,
    at: Instant,
    work: &Work,
) -> Result<ProfileSet, EngineError> {
    let preview = engine.preview(rule, Some(at), usize::MAX, work)?;
    Ok(Arc::new(preview.sample.iter().map(|member| member.profile.0).collect()))
}

/// Who is in which segment at an instant; each is found once, when it is first asked for.
struct SegmentsAt<'a> {
    engine: &'a Engine,
    at: Instant,
    work: &'a Work,
    found: RefCell<BTreeMap<String, ProfileSet>>,
    failure: RefCell<Option<EngineError>>,
}

impl Segments for SegmentsAt<'_> {
    fn members(&self, name: &str) -> Option<ProfileSet> {
        if let Some(known) = self.found.borrow().get(name) {
            return Some(Arc::clone(known));
        }
        match selected(self.engine, &in_segment(name), self.at, self.work) {
            Ok(members) => {
                self.found.borrow_mut().insert(name.to_owned(), Arc::clone(&members));
                Some(members)
            }
            Err(error) => {
                *self.failure.borrow_mut() = Some(error);
                None
            }
        }
    }
}

/// Tells whoever waits for the work how far it is.
struct WorkWatcher<'a>(&'a Work);

impl Watcher for WorkWatcher<'_> {
    fn reached(&self, done: u64, total: u64) {
        self.0.set_total(total);
        // Whether it was called off is asked for by itself.
        let _ = self.0.reach(done);
    }

    fn is_cancelled(&self) -> bool {
        self.0.rest().is_err()
    }
}
