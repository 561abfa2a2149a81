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
use segops_rules::{Named, Rule, parse};
use segops_store::Disk;
use segops_testkit::{MemoryDisk, SimulatedClock, TornWrites};

use crate::engine::{Engine, EngineOptions, Timers};
use crate::fold::PlantedBug;
use crate::shell::{
    Attempt, Held, Priming, begin_priming, begin_split, finish_priming, finish_split, read_priming,
    read_split,
};
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
    source: SourceId,
    messages: u64,
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

fn open(disk: &Arc<MemoryDisk>, clock: &Arc<SimulatedClock>) -> Engine {
    let options = EngineOptions {
        data: PathBuf::from("/data"),
        clock: Arc::clone(clock) as _,
        disk: Arc::clone(disk) as Arc<dyn Disk>,
        limits: Limits::default(),
        timers: Timers::Manual,
    };
    Engine::open(options, &mut |_| {}).expect("the folder opens")
}

impl World {
    /// A new workspace at noon on 1 March 2026.
    pub(super) fn new() -> Self {
        Self::starting(instant("2026-03-01T12:00:00Z"))
    }

    /// A new workspace at an instant.
    pub(super) fn starting(at: Instant) -> Self {
        let clock = Arc::new(SimulatedClock::at(at));
        let disk = Arc::new(MemoryDisk::new());
        let engine = open(&disk, &clock);
        let source = engine.create_source(AUTHOR, "Shop", Some("key".to_owned())).expect("a source").id;
        Self { engine, clock, disk, source, messages: 0 }
    }

    /// The world after the process has ended in good order and started again.
    pub(super) fn restarted(self) -> Self {
        self.engine.close();
        let Self { clock, disk, source, messages, engine } = self;
        drop(engine);
        let engine = open(&disk, &clock);
        Self { engine, clock, disk, source, messages }
    }

    /// The world after the machine has lost its power, and with it what was not synced, and started again.
    pub(super) fn crashed(self) -> Self {
        let Self { clock, disk, source, messages, engine } = self;
        let disk = Arc::new(disk.crash(TornWrites::Lost));
        engine.close();
        let engine = open(&disk, &clock);
        Self { engine, clock, disk, source, messages }
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

    /// How many memberships differ between live and a rebuild.
    pub(super) fn differences(&self) -> u64 {
        let report = self.engine.verify(&Work::new()).expect("a report");
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
