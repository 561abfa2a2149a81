use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::channel;

use serde::Serialize;
use serde_json::{Map, Value as Json};

use segops_collect::{Accepted, FORMAT_SEGMENT_V1, decode};
use segops_model::{Channel, Envelope, Identifier, Instant, Limits, ProfileId, SourceId, Value, date_of};
use segops_rules::{Named, Rule};

use super::case::{Case, Check, read_rule};
use super::scratch::{ScratchClock, ScratchDisk};
use crate::engine::{Engine, EngineOptions, Timers};
use crate::work::Work;

const AUTHOR: &str = "conformance";
/// The source of events that name none.
const SOURCE: &str = "Conformance";
const ASKED: &str = "the rule of the case";

/// An item of the tracking API.
type Item = Map<String, Json>;

/// An answer that is not the expected one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Disagreement {
    pub at: Instant,
    /// `live`, `preview` or `primed`: how the answer was found.
    pub way: &'static str,
    /// As the check names it.
    pub who: String,
    /// Whether the check says that it is a member; the engine says otherwise.
    pub expected_member: bool,
}

/// Runs a case every way, and gives what differs from what it expects.
///
/// # Errors
/// The case cannot be run: its rule has problems, an event is no event, or a check names someone who never
/// did anything.
pub fn run_case(case: &Case) -> Result<Vec<Disagreement>, String> {
    let rule = case.rule()?;
    let arrivals = arrivals(case)?;
    let mut checks: Vec<&Check> = case.checks.iter().collect();
    checks.sort_by_key(|check| check.at);
    let first = arrivals.iter().map(|(at, _)| *at).chain(checks.iter().map(|check| check.at)).min();
    let start = first.unwrap_or_default();
    let mut live = Scene::open(case, start)?;
    live.create_segments(case, &rule)?;
    let mut late = Scene::open(case, start)?;
    let mut disagreements = Vec::new();
    let mut arriving = arrivals.iter().peekable();
    for check in checks {
        while let Some((at, item)) = arriving.next_if(|(at, _)| *at <= check.at) {
            live.send(*at, item)?;
            late.send(*at, item)?;
        }
        live.pass_to(check.at)?;
        late.pass_to(check.at)?;
        let mut hold = |scene: &Scene, way, members: &BTreeSet<ProfileId>| {
            disagreements.extend(scene.disagreements(check, way, members));
        };
        hold(&live, "live", &live.members()?);
        hold(&live, "preview", &live.previewed(&rule, check.at)?);
        let made = late.create_segments(case, &rule)?;
        hold(&late, "primed", &late.members()?);
        for name in made.iter().rev() {
            late.engine.delete_segment(AUTHOR, name).map_err(|error| error.to_string())?;
        }
    }
    for (at, item) in arriving {
        live.send(*at, item)?;
    }
    live.all_are_known(case)?;
    Ok(disagreements)
}

/// When each event comes in: at its `arrives_at` or `receivedAt`, else at its own time, and never before the
/// one before it.
fn arrivals(case: &Case) -> Result<Vec<(Instant, Item)>, String> {
    let mut newest: Option<Instant> = None;
    let mut arrivals = Vec::new();
    for (number, item) in (1..).zip(&case.events) {
        let mut item = item.clone();
        let given = item.remove("arrives_at").or_else(|| item.get("receivedAt").cloned());
        let stated = given.or_else(|| item.get("timestamp").cloned());
        let at = match stated {
            None => newest,
            Some(stated) => {
                let value: Value = serde_json::from_value(stated).map_err(|error| error.to_string())?;
                let at = date_of(&value, &jiff::tz::TimeZone::UTC);
                let at = at.ok_or_else(|| format!("event {number} has a time that cannot be read"))?;
                Some(newest.map_or(at, |newest| newest.max(at)))
            }
        };
        let at = at.ok_or_else(|| {
            format!("event {number} does not say when it happens; give it a `timestamp` or `arrives_at`")
        })?;
        newest = Some(at);
        arrivals.push((at, item));
    }
    Ok(arrivals)
}

/// One engine in simulated time.
struct Scene {
    engine: Engine,
    clock: ScratchClock,
    sources: BTreeMap<String, SourceId>,
    sent: u64,
}

impl Scene {
    fn open(case: &Case, start: Instant) -> Result<Self, String> {
        let clock = ScratchClock::at(start);
        let options = EngineOptions {
            data: PathBuf::from("/conformance"),
            clock: Arc::new(clock.clone()),
            disk: Arc::new(ScratchDisk::default()),
            limits: Limits::default(),
            timers: Timers::Manual,
        };
        let engine = Engine::open(options, &mut |_| {}).map_err(|error| error.to_string())?;
        engine.change_settings(AUTHOR, case.settings.clone()).map_err(|error| error.to_string())?;
        let named = case.events.iter().filter_map(|event| event.get("source")?.as_str());
        let names: BTreeSet<&str> = named.chain([SOURCE]).collect();
        let mut sources = BTreeMap::new();
        for name in names {
            let source = engine.create_source(AUTHOR, name, None).map_err(|error| error.to_string())?;
            sources.insert(name.to_owned(), source.id);
        }
        Ok(Self { engine, clock, sources, sent: 0 })
    }

    /// Makes the case's segments and waits until they are live; their names, the asked one last.
    fn create_segments(&self, case: &Case, rule: &Rule<Named>) -> Result<Vec<String>, String> {
        let mut all = Vec::new();
        for nested in &case.segments {
            all.push((nested.name.clone(), read_rule(&nested.rule)?));
        }
        all.push((ASKED.to_owned(), rule.clone()));
        for (name, rule) in &all {
            let (segment, _) =
                self.engine.create_segment(AUTHOR, name, rule).map_err(|error| error.to_string())?;
            self.engine.wait_primed(segment.id, &Work::new()).map_err(|error| error.to_string())?;
        }
        Ok(all.into_iter().map(|(name, _)| name).collect())
    }

    fn send(&mut self, at: Instant, item: &Item) -> Result<(), String> {
        self.sent += 1;
        self.clock.set(at);
        let mut item = item.clone();
        item.entry("type").or_insert_with(|| "track".into());
        let name = item.get("source").and_then(Json::as_str).unwrap_or(SOURCE);
        let source = self.sources.get(name).copied().ok_or_else(|| format!("there is no source {name}"))?;
        let envelope = Envelope {
            source,
            channel: Channel::Api,
            received_at: at,
            sent_at: None,
            client_ip: None,
            fallback_message_id: format!("event {}", self.sent).into(),
        };
        let raw = serde_json::to_vec(&item).map_err(|error| error.to_string())?;
        let event = decode(FORMAT_SEGMENT_V1, &raw, &envelope, self.engine.limits())
            .map_err(|reason| format!("event {} is refused: {reason}", self.sent))?;
        let (sender, receiver) = channel();
        let done = Box::new(move |result| {
            // Whoever has stopped waiting needs no answer.
            let _ = sender.send(result);
        });
        let accepted = Accepted { envelope, raw: raw.into_boxed_slice(), event };
        self.engine.submit(vec![accepted], done).map_err(|busy| busy.to_string())?;
        let answer = receiver.recv().map_err(|error| error.to_string())?;
        self.engine.wait_applied(answer.map_err(|busy| busy.to_string())?);
        Ok(())
    }

    fn pass_to(&self, at: Instant) -> Result<(), String> {
        self.clock.set(at);
        self.engine.tick().map_err(|busy| busy.to_string())
    }

    fn members(&self) -> Result<BTreeSet<ProfileId>, String> {
        let (mut members, mut after) = (BTreeSet::new(), None);
        loop {
            let page = self.engine.members(ASKED, after, usize::MAX).map_err(|error| error.to_string())?;
            after = page.last().map(|member| member.profile);
            if after.is_none() {
                return Ok(members);
            }
            members.extend(page.into_iter().map(|member| member.profile));
        }
    }

    fn previewed(&self, rule: &Rule<Named>, at: Instant) -> Result<BTreeSet<ProfileId>, String> {
        let preview = self.engine.preview(rule, Some(at), usize::MAX, &Work::new());
        let preview = preview.map_err(|error| error.to_string())?;
        Ok(preview.sample.into_iter().map(|member| member.profile).collect())
    }

    fn disagreements(
        &self,
        check: &Check,
        way: &'static str,
        members: &BTreeSet<ProfileId>,
    ) -> Vec<Disagreement> {
        let expected = check.members.iter().map(|who| (who, true));
        let all = expected.chain(check.non_members.iter().map(|who| (who, false)));
        let is_member = |who: &str| self.find(who).is_some_and(|profile| members.contains(&profile));
        let wrong = all.filter(|(who, expected_member)| is_member(who) != *expected_member);
        wrong
            .map(|(who, expected_member)| Disagreement {
                at: check.at,
                way,
                who: who.clone(),
                expected_member,
            })
            .collect()
    }

    fn find(&self, who: &str) -> Option<ProfileId> {
        let identifier = match who.split_once(':') {
            Some((kind, value)) => Identifier::new(kind, value),
            None => Identifier::new("user_id", who),
        };
        self.engine.find_profile(&identifier)
    }

    /// A misspelt name would be no member of anything.
    fn all_are_known(&self, case: &Case) -> Result<(), String> {
        let named = case.checks.iter().flat_map(|check| check.members.iter().chain(&check.non_members));
        let unknown: BTreeSet<&str> =
            named.map(String::as_str).filter(|who| self.find(who).is_none()).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let listed: Vec<&str> = unknown.into_iter().collect();
        Err(format!("no event is of {}; checks name user ids, or kind:value", listed.join(", ")))
    }
}
