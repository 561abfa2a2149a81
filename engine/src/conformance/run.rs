use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::channel;

use serde::Serialize;
use serde_json::Value as Json;

use segops_collect::{Accepted, FORMAT_SEGMENT_V1, decode};
use segops_model::{Channel, Envelope, Identifier, Instant, Limits, ProfileId, SourceId, SplitId};
use segops_rules::{Named, Rule};

use super::case::{Case, Check, read_rule};
use super::happening::{Happening, Item, happenings};
use super::scratch::{ScratchClock, ScratchDisk};
use crate::engine::{Engine, EngineOptions, Timers};
use crate::products::product_change;
use crate::work::Work;

const AUTHOR: &str = "conformance";
/// The source of events that name none.
const SOURCE: &str = "Conformance";
const ASKED: &str = "the rule of the case";

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
    let happenings = happenings(case)?;
    let mut checks: Vec<&Check> = case.checks.iter().collect();
    checks.sort_by_key(|check| check.at);
    let first = happenings.iter().map(|(at, _)| *at).chain(checks.iter().map(|check| check.at)).min();
    let start = first.unwrap_or_default();
    let mut live = Scene::open(case, start)?;
    live.create_referred(case)?;
    live.create(ASKED, &rule)?;
    let mut late = Scene::open(case, start)?;
    late.create_referred(case)?;
    let mut disagreements = Vec::new();
    let mut coming = happenings.iter().peekable();
    for check in checks {
        while let Some((at, happening)) = coming.next_if(|(at, _)| *at <= check.at) {
            live.play(*at, happening, case)?;
            late.play(*at, happening, case)?;
        }
        live.pass_to(check.at)?;
        late.pass_to(check.at)?;
        let mut hold = |scene: &Scene, way, members: &BTreeSet<ProfileId>| {
            disagreements.extend(scene.disagreements(check, way, members));
        };
        hold(&live, "live", &live.members()?);
        hold(&live, "preview", &live.previewed(&rule, check.at)?);
        late.create(ASKED, &rule)?;
        hold(&late, "primed", &late.members()?);
        late.engine.delete_segment(AUTHOR, ASKED).map_err(|error| error.to_string())?;
    }
    for (at, happening) in coming {
        live.play(*at, happening, case)?;
    }
    live.all_are_known(case)?;
    Ok(disagreements)
}

/// One engine in simulated time.
struct Scene {
    engine: Engine,
    clock: ScratchClock,
    sources: BTreeMap<String, SourceId>,
    sent: u64,
    /// The splits so far, by their numbers in the case.
    splits: BTreeMap<usize, SplitId>,
    /// Whom checks name and who was deleted: they have been someone.
    deleted: BTreeSet<String>,
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
        Ok(Self { engine, clock, sources, sent: 0, splits: BTreeMap::new(), deleted: BTreeSet::new() })
    }

    /// Makes the segments that the case's rule refers to. They are there before the first event, also where
    /// the rule itself comes late: what was recorded of them is part of the case.
    fn create_referred(&self, case: &Case) -> Result<(), String> {
        case.segments.iter().try_for_each(|nested| self.create(&nested.name, &read_rule(&nested.rule)?))
    }

    /// Makes a segment and waits until it is live.
    fn create(&self, name: &str, rule: &Rule<Named>) -> Result<(), String> {
        let (segment, _) =
            self.engine.create_segment(AUTHOR, name, rule).map_err(|error| error.to_string())?;
        self.engine.wait_primed(segment.id, &Work::new()).map(drop).map_err(|error| error.to_string())
    }

    fn play(&mut self, at: Instant, happening: &Happening, case: &Case) -> Result<(), String> {
        self.clock.set(at);
        match happening {
            Happening::Arrives(item) => self.send(at, item),
            Happening::Product(product) => {
                let change = product_change(Json::Object(product.clone()), self.engine.limits())?;
                self.engine.change_products(AUTHOR, vec![change]).map_err(|error| error.to_string())
            }
            Happening::Split(number) => self.split(*number, case),
            Happening::Lifted(number) => {
                let split = self.splits.get(number).ok_or("a split is lifted before it is made")?;
                self.engine.lift_bar(AUTHOR, *split).map(drop).map_err(|error| error.to_string())
            }
            Happening::Deleted(who) => {
                let named = named(case).filter(|named| self.find(named).is_some());
                let known: Vec<String> = named.map(str::to_owned).collect();
                self.deleted.extend(known);
                let profile = self.someone(who)?;
                self.engine.delete_profile(AUTHOR, profile).map(drop).map_err(|error| error.to_string())
            }
        }
    }

    fn split(&mut self, number: usize, case: &Case) -> Result<(), String> {
        let Some(split) = case.splits.get(number) else { return Ok(()) };
        let profile = self.someone(&split.profile)?;
        let taken: Vec<_> = split.identifiers.iter().map(|text| identifier(text)).collect();
        let asked = self.engine.split_profile(AUTHOR, profile, &taken).map_err(|error| error.to_string())?;
        self.engine.wait_split(asked.id, &Work::new()).map_err(|error| error.to_string())?;
        self.splits.insert(number, asked.id);
        Ok(())
    }

    fn someone(&self, who: &str) -> Result<ProfileId, String> {
        self.find(who).ok_or_else(|| format!("nobody is {who} then; name user ids, or kind:value"))
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
        self.engine.wait_ranked().map_err(|error| error.to_string())
    }

    fn pass_to(&self, at: Instant) -> Result<(), String> {
        self.clock.set(at);
        self.engine.tick().map_err(|busy| busy.to_string())?;
        self.engine.wait_ranked().map_err(|error| error.to_string())
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
        self.engine.find_profile(&identifier(who))
    }

    /// A misspelt name would be no member of anything.
    fn all_are_known(&self, case: &Case) -> Result<(), String> {
        let unknown: BTreeSet<&str> =
            named(case).filter(|who| self.find(who).is_none() && !self.deleted.contains(*who)).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let listed: Vec<&str> = unknown.into_iter().collect();
        Err(format!("no event is of {}; checks name user ids, or kind:value", listed.join(", ")))
    }
}

/// Everyone whom checks name.
fn named(case: &Case) -> impl Iterator<Item = &str> {
    let checks = case.checks.iter();
    checks.flat_map(|check| check.members.iter().chain(&check.non_members)).map(String::as_str)
}

/// `kind:value`, or a user id alone.
fn identifier(who: &str) -> Identifier {
    match who.split_once(':') {
        Some((kind, value)) => Identifier::new(kind, value),
        None => Identifier::new("user_id", who),
    }
}
