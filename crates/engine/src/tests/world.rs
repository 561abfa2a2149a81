//! A small workspace to tell stories about.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::channel;

use serde_json::{Value as Json, json};

use segops_collect::{Accepted, FORMAT_SEGMENT_V1, decode};
use segops_model::{
    Channel, Envelope, Event, Identifier, Instant, Limits, ProfileId, SegmentId, SegmentVersion, SourceId,
    SplitId,
};
use segops_parts::{Effort, PartsOptions};
use segops_rules::{Named, Rule, parse};
use segops_segment::{Backfill as _, History, HistoryRequest};
use segops_store::Disk;
use segops_testkit::{MemoryDisk, SimulatedClock, TornWrites};

use crate::engine::{Engine, EngineOptions, JournalKeeping, Timers};
use crate::error::EngineError;
use crate::fold::PlantedBug;
use crate::history::HistoryOptions;
use crate::questions::live_questions;
use crate::rebuild::Plan;
use crate::result_artefact::NamedProfile;
use crate::results::{ComputedResult, NewResult};
use crate::schedule::Schedule;
use crate::shell::{
    Attempt, CheckpointOptions, Held, Priming, begin_priming, begin_split, finish_priming, finish_split,
    read_priming, read_split,
};
use crate::verify::VerifyFrom;
use crate::view::ResultDefinitionView;
use crate::view::TransitionView;
use crate::work::Work;

pub(super) const AUTHOR: &str = "ann";
pub(super) const MINUTE_MS: i64 = segops_model::MINUTE_MS;
pub(super) const DAY_MS: i64 = segops_model::DAY_MS;

/// An engine in simulated time. Nothing fires unless the world says that time has passed.
#[derive(Debug)]
pub(super) struct World {
    pub(super) engine: Engine,
    pub(super) clock: Arc<SimulatedClock>,
    pub(super) disk: Arc<MemoryDisk>,
    keeping: Keeping,
    source: SourceId,
    messages: u64,
}

/// How a workspace keeps what it has.
#[derive(Debug, Clone)]
pub(super) struct Keeping {
    pub(super) history: HistoryOptions,
    pub(super) journal: JournalKeeping,
    pub(super) limits: Limits,
}

pub(super) fn instant(text: &str) -> Instant {
    text.parse().expect("an instant")
}

pub(super) fn rule(text: &str) -> Rule<Named> {
    parse(text).unwrap_or_else(|problems| panic!("{text}: {problems:#?}"))
}

pub(super) fn identifier(text: &str) -> Identifier {
    let (kind, value) = text.split_once(':').expect("kind:value");
    Identifier::new(kind, value)
}

/// A history in memory with bounds so small that a few dozen rows meet them all. Rows stay in the tail until someone
/// has them taken in.
pub(super) fn small_parts() -> HistoryOptions {
    let parts = PartsOptions {
        row_group_rows: 8,
        part_rows_max: 40,
        buckets: 3,
        bucketed_from_rows: 30,
        level0_parts_max: 2,
        level0_rows_max: 60,
        merged_parts: 2,
        moved_one_in: 4,
        grace_ms: 0,
        ..PartsOptions::default()
    };
    HistoryOptions { parts, flush_rows: 1_000, ..HistoryOptions::in_memory() }
}

fn try_open(
    disk: &Arc<MemoryDisk>,
    clock: &Arc<SimulatedClock>,
    keeping: &Keeping,
) -> Result<Engine, EngineError> {
    let Keeping { history, journal, limits } = keeping.clone();
    let options = EngineOptions {
        data: PathBuf::from("/data"),
        clock: Arc::clone(clock) as _,
        disk: Arc::clone(disk) as Arc<dyn Disk>,
        limits,
        timers: Timers::Manual,
        history,
        checkpoints: CheckpointOptions::default(),
        journal,
    };
    Engine::open(options, &mut |_| {})
}

fn open(disk: &Arc<MemoryDisk>, clock: &Arc<SimulatedClock>, keeping: &Keeping) -> Engine {
    try_open(disk, clock, keeping).expect("the folder opens")
}

impl World {
    /// A new workspace at noon on 1 March 2026.
    pub(super) fn new() -> Self {
        Self::starting(instant("2026-03-01T12:00:00Z"))
    }

    /// A new workspace at an instant.
    pub(super) fn starting(at: Instant) -> Self {
        Self::keeping(at, HistoryOptions::in_memory(), Limits::default())
    }

    /// A new workspace that keeps its history in this way.
    pub(super) fn keeping(at: Instant, history: HistoryOptions, limits: Limits) -> Self {
        Self::keeping_all(at, Keeping { history, journal: JournalKeeping::default(), limits })
    }

    pub(super) fn keeping_all(at: Instant, keeping: Keeping) -> Self {
        let clock = Arc::new(SimulatedClock::at(at));
        let disk = Arc::new(MemoryDisk::new());
        let engine = open(&disk, &clock, &keeping);
        let source = engine.create_source(AUTHOR, "Shop", Some("key".to_owned())).expect("a source").id;
        Self { engine, clock, disk, keeping, source, messages: 0 }
    }

    /// A new workspace beside a history that is there.
    pub(super) fn try_keeping(at: Instant, history: HistoryOptions) -> Result<Engine, EngineError> {
        let clock = Arc::new(SimulatedClock::at(at));
        let keeping = Keeping { history, journal: JournalKeeping::default(), limits: Limits::default() };
        try_open(&Arc::new(MemoryDisk::new()), &clock, &keeping)
    }

    /// What comes of starting again on another disk, after the process has ended without order.
    pub(super) fn try_restarted_on(self, disk: MemoryDisk) -> Result<Engine, EngineError> {
        self.engine.core().fail("the power is gone".to_owned());
        self.engine.close();
        try_open(&Arc::new(disk), &self.clock, &self.keeping)
    }

    /// The world after the process has ended in good order and started again.
    pub(super) fn restarted(self) -> Self {
        self.engine.close();
        let Self { clock, disk, keeping, source, messages, engine } = self;
        drop(engine);
        let engine = open(&disk, &clock, &keeping);
        Self { engine, clock, disk, keeping, source, messages }
    }

    /// The world after the machine has lost its power, and with it what was not synced, and started again.
    pub(super) fn crashed(self) -> Self {
        let Self { clock, disk, keeping, source, messages, engine } = self;
        let disk = Arc::new(disk.crash(TornWrites::Lost));
        // What the process would do as it ends in good order is not done.
        engine.core().fail("the power is gone".to_owned());
        engine.close();
        let engine = open(&disk, &clock, &keeping);
        Self { engine, clock, disk, keeping, source, messages }
    }

    /// Makes a checkpoint.
    pub(super) fn checkpoint(&self) {
        self.engine.make_checkpoint().expect("a checkpoint");
    }

    /// Sends one event of the tracking API; fields that every event has are filled in. Blocks until it is
    /// applied.
    pub(super) fn send(&mut self, item: Json) {
        self.send_from(self.source, item);
    }

    /// As [`World::send`], from another source; the event as it was understood.
    pub(super) fn send_from(&mut self, source: SourceId, mut item: Json) -> Event {
        self.messages += 1;
        let fields = item.as_object_mut().expect("an object");
        fields.entry("type").or_insert_with(|| json!("track"));
        fields.entry("messageId").or_insert_with(|| json!(format!("m{}", self.messages)));
        fields.entry("timestamp").or_insert_with(|| json!(self.now().to_string()));
        let received_at = self.now();
        let envelope = Envelope {
            source,
            channel: Channel::Api,
            received_at,
            sent_at: None,
            client_ip: None,
            fallback_message_id: format!("fallback{}", self.messages).into(),
        };
        let raw = serde_json::to_vec(&item).expect("json");
        let event = decode(FORMAT_SEGMENT_V1, &raw, &envelope, self.engine.limits()).expect("an event");
        let accepted = Accepted { envelope, raw: raw.into_boxed_slice(), event: event.clone() };
        let (sender, receiver) = channel();
        let done = Box::new(move |result| sender.send(result).expect("a receiver"));
        self.engine.submit(vec![accepted], done).expect("room");
        let position = receiver.recv().expect("an answer").expect("durable");
        self.engine.wait_applied(position);
        self.engine.wait_ranked().expect("ranked");
        event
    }

    /// An order of a user now.
    pub(super) fn order(&mut self, user: &str) {
        self.send(json!({"userId": user, "event": "Order Completed", "properties": {"total": 10}}));
    }

    pub(super) fn now(&self) -> Instant {
        self.engine.now()
    }

    /// Moves the clock and lets what is due fire.
    pub(super) fn pass_ms(&self, ms: i64) {
        self.clock.advance_ms(ms);
        self.engine.tick().expect("a tick");
        self.engine.wait_ranked().expect("ranked");
    }

    /// Saves a segment and waits until it is live.
    pub(super) fn segment(&self, name: &str, text: &str) {
        let (segment, _) = self.engine.create_segment(AUTHOR, name, &rule(text)).expect("a segment");
        self.engine.wait_primed(segment.id, &Work::new()).expect("primed");
    }

    pub(super) fn edit(&self, name: &str, text: &str) {
        let (segment, _) = self.engine.edit_segment(AUTHOR, name, None, &rule(text)).expect("an edit");
        self.engine.wait_primed(segment.id, &Work::new()).expect("primed");
    }

    pub(super) fn profile(&self, kind: &str, value: &str) -> ProfileId {
        self.engine.find_profile(&Identifier::new(kind, value)).expect("a profile")
    }

    /// The user ids (or else first identifiers) of a segment's members.
    pub(super) fn members(&self, segment: &str) -> Vec<String> {
        let members = self.engine.members(segment, None, 1_000).expect("members");
        let name = |identifiers: &[Identifier]| {
            let user = identifiers.iter().find(|identifier| identifier.kind.as_str() == "user_id");
            user.or_else(|| identifiers.first())
                .map(|identifier| identifier.value.to_string())
                .unwrap_or_default()
        };
        members.iter().map(|member| name(&member.identifiers)).collect::<BTreeSet<_>>().into_iter().collect()
    }

    pub(super) fn transitions(&self) -> Vec<TransitionView> {
        self.engine.transitions(None, None, 10_000).expect("transitions")
    }

    /// Transitions as short texts: `+VIP u1 event`.
    pub(super) fn story(&self) -> Vec<String> {
        let transitions = self.transitions();
        transitions.iter().map(|transition| self.told(transition)).collect()
    }

    fn told(&self, transition: &TransitionView) -> String {
        let sign = match transition.direction {
            segops_model::Direction::Entered => '+',
            segops_model::Direction::Exited => '-',
        };
        let segment = self.engine.segment(&transition.segment.to_string()).map(|segment| segment.name);
        let cause = serde_json::to_value(transition.cause).expect("json");
        let profile = self.engine.profile(transition.profile).map(|profile| {
            let user = profile.identifiers.iter().find(|identifier| identifier.kind.as_str() == "user_id");
            user.map_or_else(|| profile.id.to_string(), |user| user.value.to_string())
        });
        format!(
            "{sign}{} {} {}",
            segment.unwrap_or_else(|_| "gone".to_owned()),
            profile.unwrap_or_else(|_| transition.profile.to_string()),
            cause.as_str().unwrap_or_default()
        )
    }

    /// Splits a profile and waits until that is in effect.
    pub(super) fn split(&self, profile: ProfileId, identifiers: &[&str]) -> crate::view::Split {
        let identifiers: Vec<_> = identifiers.iter().map(|text| identifier(text)).collect();
        let split = self.engine.split_profile(AUTHOR, profile, &identifiers).expect("a split");
        self.engine.wait_split(split.id, &Work::new()).expect("in effect")
    }

    /// Leaves background work of a kind to the test.
    pub(super) fn hold(&self, work: Held) {
        self.engine.core().held.lock().push(work);
    }

    /// Lets background work of a kind run again.
    pub(super) fn release(&self, work: Held) {
        let core = self.engine.core();
        core.held.lock().retain(|held| *held != work);
        core.want_priming();
    }

    /// Begins an attempt at a split and reads history for it; `None` where nobody waits for it any more.
    pub(super) fn attempt(&self, split: SplitId) -> Option<(Attempt, String)> {
        let core = self.engine.core();
        let attempt = begin_split(core, split).ok()?;
        let artefact = read_split(core, &attempt, &Work::new()).expect("history is read");
        Some((attempt, artefact))
    }

    /// Ends an attempt, and makes others until one is current; false where the split no longer makes sense.
    pub(super) fn carry_out(&self, split: SplitId, mut attempt: Option<(Attempt, String)>) -> bool {
        while let Some((begun, artefact)) = attempt {
            if finish_split(self.engine.core(), &begun, artefact).is_ok() {
                return true;
            }
            attempt = self.attempt(split);
        }
        false
    }

    /// Begins a priming and reads history for it.
    pub(super) fn begin_priming(&self, segment: SegmentId) -> (Priming, String) {
        let core = self.engine.core();
        let priming = begin_priming(core, segment, SegmentVersion(1)).expect("wanted").expect("begun");
        let artefact = read_priming(core, &priming, &Work::new()).expect("history is read");
        (priming, artefact)
    }

    /// Makes the version serve.
    pub(super) fn finish_priming(&self, (priming, artefact): (Priming, String)) {
        finish_priming(self.engine.core(), &priming, artefact).expect("current");
    }

    /// Plants a mistake in the incremental apply.
    pub(super) fn plant(&self, bug: Option<PlantedBug>) {
        self.engine.core().fold.write().planted = bug;
    }

    /// Has rows taken in by parts, and parts compacted, as a number draws it.
    pub(super) fn stir_history(&self, number: u64) {
        if number.is_multiple_of(3) {
            self.engine.flush_history().expect("flushed");
        }
        if number.is_multiple_of(7) {
            let effort = if number.is_multiple_of(2) { Effort::Full } else { Effort::Due };
            self.engine.compact_parts(effort, &Work::new()).expect("compacted");
        }
    }

    /// Makes a recorded result that nobody computes.
    pub(super) fn result(&self, name: &str) {
        let definition = ResultDefinitionView::Query { sql: "SELECT profile_id".to_owned() };
        let new = NewResult { name: name.to_owned(), definition, schedule: Schedule::ByHand };
        self.engine.create_result(AUTHOR, new).expect("a result");
    }

    /// What names some profiles, as of now.
    pub(super) fn naming(&self, profiles: impl IntoIterator<Item = ProfileId>) -> ComputedResult {
        let position = self.engine.core().fold.read().state.position;
        let named = NamedProfile::plain_all(profiles);
        ComputedResult { position, as_of: self.now(), named, features: Vec::new() }
    }

    /// What there is to be known of everyone, for all that live rules read: by parts, and by the journal.
    pub(super) fn histories(&self) -> [Vec<History>; 2] {
        let core = self.engine.core();
        let (plan, frozen, at) = {
            let mut fold = core.fold.write();
            let plan = Plan::new(&live_questions(fold.state.segments.values()));
            (plan, self.engine.freeze_history(&mut fold), fold.state.instant)
        };
        let (trait_roots, scores, results) = (plan.trait_roots(), plan.scores(), plan.results());
        let (until, signals) = (frozen.position(), plan.signals());
        let request = HistoryRequest {
            until,
            at,
            signals,
            trait_roots: &trait_roots,
            scores: &scores,
            results: &results,
        };
        let work = Work::new();
        let journal = core.journal_backfill(&work);
        let (mut by_parts, mut by_journal) = (Vec::new(), Vec::new());
        let parts = frozen.backfill(core, &work);
        parts.histories(&request, &mut |history| by_parts.push(history.clone())).expect("read");
        journal.histories(&request, &mut |history| by_journal.push(history.clone())).expect("read");
        [by_parts, by_journal]
    }

    /// How many memberships differ between live and a rebuild.
    pub(super) fn differences(&self) -> u64 {
        let report = self.engine.verify(&Work::new()).expect("a report");
        report.differences + u64::from(!report.profiles_agree)
    }

    /// As [`World::differences`], from parts.
    pub(super) fn differences_from_parts(&self) -> u64 {
        let report = self.engine.verify_from(VerifyFrom::Parts, &Work::new()).expect("a report");
        assert_eq!(report.from, "parts");
        report.differences + u64::from(!report.profiles_agree)
    }

    /// Live membership equals a rebuild from the journal, segment by segment.
    #[track_caller]
    pub(super) fn verify(&self) {
        let report = self.engine.verify(&Work::new()).expect("a report");
        assert_eq!(report.differences, 0, "{report:#?}");
        assert!(report.profiles_agree, "{report:#?}");
    }
}
