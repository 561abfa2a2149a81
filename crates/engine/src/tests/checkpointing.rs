//! A start from a checkpoint and the journal's tail comes to what the whole journal comes to: in every record, every
//! number that records are kept under, every derived index, and every transition that streams resume from.

use std::path::Path;
use std::sync::Arc;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use segops_model::{Limits, Position, Transition, TransitionId};
use segops_store::{CheckpointFolder, Disk, Journal, Keyspace};
use segops_testkit::MemoryDisk;

use super::history::compare as compare_history;
use super::property::{Step, history, make_derived_events, play};
use super::world::{AUTHOR, Keeping, World, instant, rule, small_parts};
use crate::alarms::NewAlarm;
use crate::artefact::ArtefactFolder;
use crate::checkpoint::{Kind, PlantedOmission};
use crate::engine::{JournalKeeping, JournalRetention};
use crate::error::EngineError;
use crate::fold::Fold;
use crate::schedule::Schedule;
use crate::scores::ScoresSent;
use crate::shell::{Replay, Replayed, replay};
use crate::state::SearchIndex;
use crate::transitions::TransitionLog;
use crate::verify::VerifyFrom;
use crate::view::WatchView;
use crate::work::Work;

/// Histories to play; as many as this variable says, where it is set.
const HISTORIES: &str = "SEGOPS_CHECKPOINT_HISTORIES";
const HISTORIES_BY_DEFAULT: u64 = 60;
/// Where the search starts: a failure names its own.
const SEED: &str = "SEGOPS_CHECKPOINT_SEED";
/// Where journal files go that nothing needs any more, in the data folder.
const ARCHIVE: &str = "archive";
/// Few, so that some are let go.
const TRANSITIONS_KEPT: usize = 25;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// Draws numbers from a seed.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// A history with checkpoints put in, also into what happens while others read.
fn steps_of(seed: u64, numbers: &mut Numbers) -> Vec<Step> {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut steps = history().new_tree(&mut runner).expect("a history").current();
    for step in &mut steps {
        if let Step::CreateSlowly { meanwhile, .. } | Step::Split { meanwhile, .. } = step
            && numbers.below(2) == 0
        {
            let at = usize::try_from(numbers.below(meanwhile.len() as u64 + 1)).expect("small");
            meanwhile.insert(at, Step::Checkpoint);
        }
    }
    steps
}

/// Everything that a state, and what is kept beside it, comes to.
#[derive(Debug, PartialEq)]
struct Fingerprint {
    position: Position,
    hash: String,
    seen: String,
    signals: String,
    programs: String,
    timers: String,
    members: String,
    groups: String,
    search: SearchIndex,
    next_due: String,
    recorded: String,
    lists: String,
    transitions: (Vec<Transition>, Option<TransitionId>),
}

fn fingerprint(fold: &mut Fold, transitions: &TransitionLog) -> Fingerprint {
    let next_due = format!("{:?} {:?}", fold.next_due(), fold.due_rankings());
    let parts = fold.stored_parts();
    let state = &mut fold.state;
    let mut members: Vec<_> = state.members.iter().filter(|(_, members)| !members.is_empty()).collect();
    members.sort_by_key(|(segment, _)| **segment);
    let everyone: Vec<_> = state.profiles.iter_sorted().map(|(profile, _)| *profile).collect();
    let recorded: Vec<_> =
        everyone.iter().map(|profile| (*profile, state.records.segments_of(*profile))).collect();
    let identifiers = state.identifiers.iter_sorted();
    let lists: Vec<_> = identifiers
        .map(|(identifier, profile)| {
            let mut lists = state.list_book.of_identifier(identifier).to_vec();
            lists.extend(state.list_book.of_profile(*profile));
            lists.sort_unstable();
            lists
        })
        .collect();
    Fingerprint {
        position: state.position,
        hash: state.hash(),
        seen: serde_json::to_string(&state.duplicates).expect("json"),
        signals: serde_json::to_string(&parts.1).expect("json"),
        programs: serde_json::to_string(&parts.0).expect("json"),
        timers: format!("{:?}", state.timers),
        members: format!("{members:?}"),
        groups: format!("{:?}", state.groups),
        search: state.search.clone(),
        next_due,
        recorded: format!("{recorded:?}"),
        lists: format!("{lists:?}"),
        transitions: transitions.between(Position(0), Position(u64::MAX)),
    }
}

/// A disk on which the files that were let go of are back in the journal, and there is no checkpoint.
fn with_archive(world: &World) -> MemoryDisk {
    let whole = MemoryDisk::new();
    for (from, to) in [("artefacts", "artefacts"), (ARCHIVE, "journal"), ("journal", "journal")] {
        let (from, to) = (Path::new("/data").join(from), Path::new("/data").join(to));
        whole.create_dir_all(&to).expect("made");
        for name in world.disk.list(&from).unwrap_or_default() {
            let bytes = world.disk.read(&from.join(&name)).expect("read");
            whole.open_append(&to.join(&name)).expect("made").append(&bytes).expect("written");
        }
    }
    whole
}

/// What the whole journal comes to, with no checkpoint.
fn by_the_journal(world: &World) -> Fingerprint {
    let disk = Arc::new(with_archive(world)) as Arc<dyn Disk>;
    let data = Path::new("/data");
    let end = Journal::end(disk.as_ref(), data).expect("a journal");
    let limits = *world.engine.limits();
    let transitions = TransitionLog::new(limits.transitions_kept_max);
    let source = Replay {
        disk: &disk,
        data,
        limits,
        until: end.next_position,
        artefacts: &ArtefactFolder::existing(Arc::clone(&disk), data),
        transitions: &transitions,
        listed_until: Some(end.next_position),
        historian: None,
        checkpoints: None,
    };
    let Replayed { mut fold, .. } = replay(&source, &mut |_| {}).expect("replayed");
    fingerprint(&mut fold, &transitions)
}

fn live(world: &World) -> Fingerprint {
    let core = world.engine.core();
    world.engine.wait_applied(core.durable_position());
    fingerprint(&mut core.fold.write(), &core.transitions)
}

/// What a run has gone through.
#[derive(Debug, Default)]
struct Tally {
    /// Starts that went on from a checkpoint, and how many inputs they had left to replay.
    starts: u64,
    tails: u64,
    changes: u64,
    /// Starts whose journal had lost its first files.
    cut: u64,
}

/// Plays a history with checkpoints, ends in good order and power cuts; what differs from the whole journal, if anything
/// does.
fn run(seed: u64, planted: Option<PlantedOmission>, tally: &mut Tally) -> Result<World, String> {
    let mut numbers = Numbers(seed);
    let limits = Limits { transitions_kept_max: TRANSITIONS_KEPT, ..Limits::default() };
    let retention = match seed % 2 {
        // What is planted may leave nothing else to go on from.
        0 if planted.is_none() => JournalRetention::Archive(Path::new("/data").join(ARCHIVE)),
        _ => JournalRetention::Keep,
    };
    // A few frames in each file.
    let journal = JournalKeeping { file_bytes_max: 2_000, retention };
    let keeping = Keeping { history: small_parts(), journal, limits };
    let mut world = World::keeping_all(instant("2026-03-01T12:00:00Z"), keeping);
    world.engine.create_list(AUTHOR, "L").expect("a list");
    world.result("R");
    let minutes = WatchView::SilentSource { source: "Shop".to_owned(), minutes: 5 };
    let alarm = NewAlarm {
        name: "Silent".to_owned(),
        owner: String::new(),
        watch: minutes,
        schedule: Schedule::ByHand,
    };
    world.engine.create_alarm(AUTHOR, alarm).expect("an alarm");
    make_derived_events(&world);
    let named = ScoresSent { kind: None, as_of: None, version: None, values: Vec::new() };
    world.engine.record_scores(AUTHOR, "propensity", named).expect("a name");
    let product = serde_json::json!({"id": "p9", "sku": "s9", "price": 3});
    let product = crate::product_change(product, world.engine.limits()).expect("a product");
    world.engine.change_products(AUTHOR, vec![product]).expect("taken");
    for step in steps_of(seed, &mut numbers) {
        let plant = |world: &World| *world.engine.core().checkpointer.planted.lock() = planted;
        plant(&world);
        match step {
            Step::ToNextDue => {
                let due = world.engine.status().next_timer_at;
                world.pass_ms(due.map_or(0, |due| due.ms_since(world.now()).max(0)));
            }
            Step::Restart => {}
            step => play(&mut world, &step),
        }
        world = match numbers.below(14) {
            0 | 1 => {
                world.checkpoint();
                world
            }
            2 => checked(world.crashed(), tally)?,
            3 => checked(world.restarted(), tally)?,
            _ => world,
        };
    }
    let world = checked(world.crashed(), tally)?;
    Ok(world)
}

fn checked(world: World, tally: &mut Tally) -> Result<World, String> {
    let state = world.engine.core().checkpointer.state();
    if let Some(problem) = state.failure {
        return Err(problem);
    }
    tally.starts += u64::from(!state.chain.is_empty());
    tally.tails += state.frames_since;
    tally.cut += u64::from(world.engine.core().journal_begins_at() > Position(0));
    tally.changes += (state.chain.len() as u64).saturating_sub(1);
    let (found, expected) = (live(&world), by_the_journal(&world));
    if found == expected {
        return Ok(world);
    }
    Err(format!("by checkpoint and tail {found:#?}, by the journal {expected:#?}"))
}

#[test]
fn checkpoint_and_tail_equal_the_whole_journal() {
    let first = number(SEED).unwrap_or(1);
    println!("{SEED}={first}");
    let mut tally = Tally::default();
    for seed in first..first + number(HISTORIES).unwrap_or(HISTORIES_BY_DEFAULT) {
        match run(seed, None, &mut tally) {
            Ok(world) => {
                if world.engine.core().journal_begins_at() == Position(0) {
                    compare_history(&world);
                }
                world.verify();
                assert_eq!(world.differences_from_parts(), 0, "{SEED}={seed}");
            }
            Err(difference) => panic!("{difference}\nplay it again with {SEED}={seed} {HISTORIES}=1"),
        }
    }
    println!("{tally:?}");
    assert!(tally.starts > 20 && tally.tails > 100 && tally.changes > 20 && tally.cut > 10, "{tally:?}");
}

#[test]
fn whatever_a_checkpoint_leaves_out_is_missed() {
    let removable = [
        Kind::ProductEvent,
        Kind::Identifier,
        Kind::Profile,
        Kind::Merges,
        Kind::Traits,
        Kind::Timeline,
        Kind::Derived,
        Kind::OrderKeys,
        Kind::Order,
        Kind::Scores,
        Kind::Standings,
        Kind::Recorded,
    ];
    // Ids that were merged away go with whom they were merged into, and few histories delete them.
    let never_here = [Kind::Import, Kind::ComputedTrait, Kind::ConsentFile, Kind::SplitRows];
    let kinds = Kind::ALL.into_iter().filter(|kind| !never_here.contains(kind)).map(PlantedOmission::Kind);
    let mut missed = Vec::new();
    for omission in kinds.chain(removable.map(PlantedOmission::Removals)) {
        let found = (1..400).find(|seed| run(*seed, Some(omission), &mut Tally::default()).is_err());
        println!("{omission:?}: found in history {found:?}");
        missed.extend(found.is_none().then_some(omission));
    }
    assert!(missed.is_empty(), "not found: {missed:?}");
}

#[test]
fn damaged_checkpoints_are_told_of_and_the_journal_serves() {
    let mut world = World::keeping(instant("2026-03-01T12:00:00Z"), small_parts(), Limits::default());
    world.segment("Buyers", r#"did "Order Completed""#);
    for user in 0..20 {
        world.order(&format!("u{user}"));
    }
    world.checkpoint();
    world.order("u7");
    world.order("u99");
    let mut world = world.restarted();
    let chain = world.engine.core().checkpointer.state().chain;
    assert_eq!(chain.len(), 2);
    let position = chain[1].head.position;
    let expected = live(&world);
    assert_eq!(expected.position, position, "nothing was left to replay");
    // The newest is damaged: the one before it serves. Then that is, too: the journal does.
    for (file, begins_at) in [(&chain[1], chain[0].head.position), (&chain[0], Position(0))] {
        for offset in [3, 50, usize::try_from(file.bytes).expect("small") - 3] {
            world.disk.flip_byte(&file.path, offset);
            world.engine.core().fail("the power is gone".to_owned());
            world = world.restarted();
            let state = world.engine.core().checkpointer.state();
            let from = state.chain.last().map_or(Position(0), |file| file.head.position);
            assert_eq!(from, begins_at);
            let failure = state.failure.expect("it is told of");
            assert!(failure.contains(&file.path.display().to_string()), "{failure}");
            assert_eq!(live(&world), expected);
            world.disk.flip_byte(&file.path, offset);
        }
        world.disk.flip_byte(&file.path, 70);
    }
    // The next one is whole, and nothing of the old ones is left.
    let world = world.restarted();
    world.checkpoint();
    world.engine.core().fail("the power is gone".to_owned());
    let world = world.restarted();
    let state = world.engine.core().checkpointer.state();
    assert_eq!((state.chain.len(), state.failure), (1, None));
    let disk = Arc::clone(&world.disk) as Arc<dyn Disk>;
    assert_eq!(CheckpointFolder::existing(disk, Path::new("/data")).files().expect("listed").0.len(), 1);
    assert_eq!(live(&world).hash, by_the_journal(&world).hash);
}

#[test]
fn a_journal_without_its_beginning_says_what_it_can_no_longer_answer() {
    let journal = JournalKeeping { file_bytes_max: 1_000, retention: JournalRetention::Drop };
    let keeping = Keeping { history: small_parts(), journal, limits: Limits::default() };
    let mut world = World::keeping_all(instant("2026-03-01T12:00:00Z"), keeping);
    world.segment("Buyers", r#"did "Order Completed""#);
    world.engine.create_list(AUTHOR, "L").expect("a list");
    for user in 0..20 {
        world.order(&format!("u{user}"));
    }
    world.checkpoint();
    let begins_at = world.engine.core().journal_begins_at();
    assert!(begins_at > Position(0));
    let asked = |answer: Result<_, EngineError>| match answer {
        Err(EngineError::Asked(message)) => assert!(message.contains("the journal"), "{message}"),
        other => panic!("{:?}", other.map(|()| "an answer")),
    };
    let work = Work::new();
    // By itself it is verified from what there is.
    assert_eq!(world.engine.verify(&work).expect("a report").from, "parts");
    world.verify();
    asked(world.engine.verify_from(VerifyFrom::Journal, &work).map(|_| ()));
    // Who was in a list a minute ago was only in the journal; what events say was not.
    let before = world.now();
    world.pass_ms(60_000);
    world.order("u1");
    let listed = rule(r#"everyone where in list "L""#);
    asked(world.engine.preview(&listed, Some(before), 10, &work).map(|_| ()));
    // New segments read parts, products and all.
    let product = serde_json::json!({"id": "p1", "price": 12});
    let product = crate::product_change(product, world.engine.limits()).expect("a product");
    world.engine.change_products(AUTHOR, vec![product]).expect("taken");
    world.send(
        serde_json::json!({"userId": "u5", "event": "Product Viewed", "properties": {"product_id": "p1"}}),
    );
    world.segment("Viewers", r#"everyone where did "Product Viewed" where product.price >= 10"#);
    assert_eq!(world.members("Viewers"), ["u5"]);
    let world = world.restarted();
    assert_eq!(world.members("Viewers"), ["u5"]);
    world.verify();
    // With the checkpoint gone as well, there is nothing to go on from, and the start says so.
    let disk = world.disk.crash(segops_testkit::TornWrites::Kept);
    let folder = Path::new("/data/checkpoints");
    for name in disk.list(folder).expect("listed") {
        disk.remove(&folder.join(name)).expect("removed");
    }
    let refused = world.try_restarted_on(disk).expect_err("refused").to_string();
    assert!(refused.contains("no checkpoint can be gone on from: there is none"), "{refused}");
}
