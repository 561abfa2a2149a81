//! Recorded results: computed outside when they are due, recorded by a command, and what depends on them follows.

use std::sync::Arc;

use parking_lot::Mutex;

use segops_model::{Cause, DAY_MS, Decimal, HOUR_MS, ProfileId};

use super::world::{AUTHOR, World};
use crate::alarms::{AlarmEdit, NewAlarm, judged};
use crate::command::Refusal;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::result_artefact::NamedProfile;
use crate::results::{ComputedResult, Computing, NewResult, NotComputed};
use crate::schedule::Schedule;
use crate::state::{AlarmFinding, AlarmState, AlarmStatus, Bounds, NumberOf, ResultDefinition, Watch};
use crate::view::{self, ResultDefinitionView, ResultStatus, WatchView};
use crate::work::Work;

/// Names whom it is told to name.
#[derive(Debug, Default)]
struct Told {
    named: Mutex<Vec<ProfileId>>,
    failure: Mutex<Option<String>>,
    /// How often it was asked.
    asked: Mutex<Vec<ResultDefinition>>,
    waits_for_cancel: Mutex<bool>,
}

impl Computing for Told {
    fn result(
        &self,
        engine: &Engine,
        definition: &ResultDefinition,
        work: &Work,
    ) -> Result<ComputedResult, NotComputed> {
        self.asked.lock().push(definition.clone());
        if *self.waits_for_cancel.lock() {
            let (sender, receiver) = std::sync::mpsc::channel();
            work.when_cancelled(move || sender.send(()).expect("someone waits"));
            receiver.recv().expect("cancelled");
            return Err(NotComputed::Cancelled);
        }
        if let Some(message) = self.failure.lock().clone() {
            return Err(NotComputed::Failed(message));
        }
        let position = engine.core().fold.read().state.position;
        let named = NamedProfile::plain_all(self.named.lock().iter().copied());
        Ok(ComputedResult { position, as_of: engine.now(), named, features: Vec::new() })
    }

    fn look(&self, engine: &Engine, alarm: &AlarmState, _: &Work) -> Result<AlarmFinding, NotComputed> {
        if let Some(message) = self.failure.lock().clone() {
            return Err(NotComputed::Failed(message));
        }
        let Watch::Number { bounds, .. } = &alarm.watch else {
            return Err(NotComputed::Failed("only numbers are watched here".to_owned()));
        };
        let (number, now) = (Decimal::from_u64(self.named.lock().len() as u64), engine.now());
        Ok(judged(&alarm.name, bounds, number, alarm.yesterday(now), now))
    }
}

fn query(sql: &str) -> ResultDefinitionView {
    ResultDefinitionView::Query { sql: sql.to_owned() }
}

fn new(name: &str, schedule: Schedule) -> NewResult {
    NewResult { name: name.to_owned(), definition: query("SELECT 1 AS profile_id"), schedule }
}

/// Waits until a result is nowhere under way.
fn settled(world: &World, name: &str) -> crate::view::RecordedResult {
    loop {
        let result = world.engine.result(name).expect("a result");
        if !matches!(result.status, ResultStatus::Waiting | ResultStatus::Running) {
            return result;
        }
        std::thread::yield_now();
    }
}

#[test]
fn a_result_is_computed_when_it_is_made_on_its_schedule_and_when_asked_for() {
    let mut world = World::new();
    world.order("u1");
    world.order("u2");
    let told = Arc::new(Told::default());
    world.engine.compute_with(Arc::clone(&told) as Arc<dyn Computing>).expect("a thread");
    let (ann, bob) = (world.profile("user_id", "u1"), world.profile("user_id", "u2"));
    *told.named.lock() = vec![ann];
    let made = world.engine.create_result(AUTHOR, new("VIPs", Schedule::DailyAt(6))).expect("made");
    assert_eq!(made.version, 1);
    let first = settled(&world, "VIPs");
    assert_eq!((first.status, first.named), (ResultStatus::Recorded, Some(1)));
    assert_eq!(first.next_at.expect("a time").to_string(), "2026-03-02T06:00:00.000Z");
    world.segment("Named", r#"everyone where in result "VIPs""#);
    assert_eq!(world.members("Named"), ["u1"]);
    *told.named.lock() = vec![bob];
    let next = first.next_at.expect("a time");
    world.pass_ms(next.ms_since(world.now()) - 1);
    assert_eq!(told.asked.lock().len(), 1, "it is not computed before its time");
    world.pass_ms(1);
    let second = settled(&world, "VIPs");
    assert_eq!((second.as_of, second.runs.len()), (Some(next), 2));
    assert_eq!(world.members("Named"), ["u2"]);
    let causes: Vec<Cause> = world.transitions().into_iter().map(|one| one.cause).collect();
    assert_eq!(causes, [Cause::Prime, Cause::Result, Cause::Result]);
    *told.named.lock() = vec![ann, bob];
    world.engine.refresh_result(AUTHOR, "vips").expect("asked");
    assert_eq!(settled(&world, "VIPs").named, Some(2));
    world.verify();
    let world = world.restarted();
    assert_eq!(world.members("Named"), ["u1", "u2"]);
    assert_eq!(world.engine.result("VIPs").expect("a result").runs.len(), 3);
    world.verify();
}

#[test]
fn a_failed_attempt_keeps_what_was_recorded_and_says_why() {
    let mut world = World::new();
    world.order("u1");
    let told = Arc::new(Told::default());
    world.engine.compute_with(Arc::clone(&told) as Arc<dyn Computing>).expect("a thread");
    *told.named.lock() = vec![world.profile("user_id", "u1")];
    world.engine.create_result(AUTHOR, new("VIPs", Schedule::ByHand)).expect("made");
    settled(&world, "VIPs");
    world.segment("Named", r#"everyone where in result "VIPs""#);
    *told.failure.lock() = Some("there is no table `evnts`".to_owned());
    world.engine.refresh_result(AUTHOR, "VIPs").expect("asked");
    let failed = settled(&world, "VIPs");
    assert_eq!((failed.status, failed.named), (ResultStatus::Failed, Some(1)));
    assert!(failed.failure.expect("a failure").message.contains("evnts"));
    assert_eq!(world.members("Named"), ["u1"]);
    assert_eq!(failed.next_at, None, "by hand it is not tried again");
    *told.waits_for_cancel.lock() = true;
    world.engine.refresh_result(AUTHOR, "VIPs").expect("asked");
    while world.engine.result("VIPs").expect("a result").status != ResultStatus::Running {
        std::thread::yield_now();
    }
    world.engine.cancel_result("VIPs").expect("cancelled");
    let cancelled = settled(&world, "VIPs").failure.expect("a failure");
    assert_eq!(cancelled.message, "it was cancelled");
}

#[test]
fn what_is_under_way_at_the_stop_is_computed_again_after_it() {
    let mut world = World::new();
    world.order("u1");
    let told = Arc::new(Told::default());
    *told.waits_for_cancel.lock() = true;
    world.engine.compute_with(Arc::clone(&told) as Arc<dyn Computing>).expect("a thread");
    world.engine.create_result(AUTHOR, new("VIPs", Schedule::ByHand)).expect("made");
    while world.engine.result("VIPs").expect("a result").status != ResultStatus::Running {
        std::thread::yield_now();
    }
    let world = world.restarted();
    let result = world.engine.result("VIPs").expect("a result");
    assert_eq!((result.status, result.failure), (ResultStatus::Waiting, None));
    world.engine.compute_with(Arc::new(Told::default())).expect("a thread");
    assert_eq!(settled(&world, "VIPs").named, Some(0));
}

#[test]
fn definitions_are_checked_and_held_by_what_names_them() {
    let world = World::new();
    world.segment("Buyers", r#"did "Order Completed""#);
    let refused = |error: Result<_, EngineError>| match error {
        Err(EngineError::Refused(refusal)) => refusal,
        other => panic!("{:?}", other.map(|_: crate::view::RecordedResult| "made")),
    };
    let engine = &world.engine;
    world.result("R");
    assert!(matches!(
        refused(engine.create_result(AUTHOR, new("r", Schedule::ByHand))),
        Refusal::ResultNameTaken(..)
    ));
    for wrong in [Schedule::EveryMinutes(1), Schedule::DailyAt(24)] {
        assert!(matches!(refused(engine.create_result(AUTHOR, new("S", wrong))), Refusal::BadResult(_)));
    }
    let alike = |count| ResultDefinitionView::Alike { segment: "Buyers".to_owned(), count };
    let like =
        |count| NewResult { name: "Like".to_owned(), definition: alike(count), schedule: Schedule::ByHand };
    assert!(matches!(refused(engine.create_result(AUTHOR, like(0))), Refusal::BadResult(_)));
    engine.create_result(AUTHOR, like(5)).expect("made");
    world.segment("Named", r#"everyone where in result "Like""#);
    let used = engine.delete_result(AUTHOR, "Like");
    assert!(matches!(used, Err(EngineError::Refused(Refusal::ResultInUse(_)))), "{used:?}");
    let made_of = engine.delete_segment(AUTHOR, "Buyers");
    assert!(matches!(made_of, Err(EngineError::Refused(Refusal::MadeIntoResult(_)))), "{made_of:?}");
    // A result is not made of what names it, on whatever way.
    let rule = super::world::rule(r#"everyone where in result "Like""#);
    let around = engine.edit_segment(AUTHOR, "Buyers", None, &rule);
    assert!(matches!(around, Err(EngineError::Rule(_))), "{around:?}");
    let of_named = ResultDefinitionView::Alike { segment: "Named".to_owned(), count: 1 };
    let around = engine.edit_result(AUTHOR, "Like", None, Some(&of_named), None);
    assert!(matches!(refused(around), Refusal::Circle(_)));
    let edited = engine.edit_result(AUTHOR, "Like", Some("Lookalikes".to_owned()), None, None);
    assert_eq!(edited.expect("renamed").version, 1);
    let edited = engine.edit_result(AUTHOR, "Lookalikes", None, Some(&alike(7)), None).expect("edited");
    assert_eq!((edited.version, edited.status), (2, ResultStatus::Waiting));
    let text = engine.segment("Named").expect("a segment").rule_text;
    assert_eq!(text, r#"everyone where in result "Lookalikes""#);
    engine.delete_segment(AUTHOR, "Named").expect("deleted");
    engine.delete_result(AUTHOR, "Lookalikes").expect("deleted");
    engine.delete_segment(AUTHOR, "Buyers").expect("deleted");
}

fn watching(name: &str, bounds: Bounds) -> NewAlarm {
    let of = NumberOf::Query { sql: "SELECT 1".to_owned() };
    let watch = WatchView::Number { of, bounds };
    NewAlarm { name: name.to_owned(), owner: "ann".to_owned(), watch, schedule: Schedule::EveryMinutes(60) }
}

/// Waits until an alarm was looked at.
fn looked_at(world: &World, name: &str) -> view::Alarm {
    loop {
        let alarm = world.engine.alarm(name).expect("an alarm");
        if !alarm.is_waiting {
            return alarm;
        }
        std::thread::yield_now();
    }
}

#[test]
fn an_alarm_is_looked_at_on_its_schedule_and_keeps_how_it_stood() {
    let world = World::new();
    let told = Arc::new(Told::default());
    world.engine.compute_with(Arc::clone(&told) as Arc<dyn Computing>).expect("a thread");
    let above = Bounds { above: Some(Decimal::from_u64(1)), ..Bounds::default() };
    let made = world.engine.create_alarm(AUTHOR, watching("Too many", above)).expect("made");
    assert_eq!(made.owner, "ann");
    let first = looked_at(&world, "Too many");
    assert_eq!(first.status, Some(AlarmStatus::Ok));
    assert_eq!(first.message.as_deref(), Some("Too many: 0; not above 1"));
    *told.named.lock() = vec![ProfileId(1), ProfileId(2)];
    let hour = first.next_at.expect("a time").ms_since(world.now());
    world.pass_ms(hour);
    let fires = looked_at(&world, "too many");
    assert_eq!((fires.status, fires.history.len()), (Some(AlarmStatus::Firing), 2));
    assert!(fires.calls());
    let until = world.now().plus_ms(3 * HOUR_MS);
    let snoozed = world.engine.snooze_alarm(AUTHOR, "Too many", Some(until)).expect("snoozed");
    assert!(!snoozed.calls());
    world.pass_ms(HOUR_MS);
    assert_eq!(looked_at(&world, "Too many").since, fires.since, "it stands as before");
    world.pass_ms(3 * HOUR_MS);
    assert!(looked_at(&world, "Too many").calls(), "the snooze is over");
    *told.failure.lock() = Some("there is no such table".to_owned());
    world.engine.check_alarm(AUTHOR, "Too many").expect("asked");
    let failed = looked_at(&world, "Too many");
    assert_eq!(failed.status, Some(AlarmStatus::NoData));
    assert!(failed.message.expect("why").contains("no such table"));
    let before = world.engine.alarm("Too many").expect("an alarm").history;
    let world = world.restarted();
    assert_eq!(world.engine.alarm("Too many").expect("an alarm").history, before);
    world.checkpoint();
    let world = world.restarted();
    assert_eq!(world.engine.alarm("Too many").expect("an alarm").history, before);
    world.engine.delete_alarm(AUTHOR, "Too many").expect("deleted");
    assert!(world.engine.alarms().is_empty());
}

#[test]
fn a_number_is_compared_with_that_of_yesterday() {
    let world = World::new();
    let told = Arc::new(Told::default());
    *told.named.lock() = (0..100).map(ProfileId).collect();
    world.engine.compute_with(Arc::clone(&told) as Arc<dyn Computing>).expect("a thread");
    let moved = Bounds { moved_percent: Some(20), ..Bounds::default() };
    world.engine.create_alarm(AUTHOR, watching("Moves", moved)).expect("made");
    assert_eq!(looked_at(&world, "Moves").status, Some(AlarmStatus::NoData), "there is no yesterday yet");
    for _ in 0..24 {
        world.pass_ms(HOUR_MS);
        looked_at(&world, "Moves");
    }
    assert_eq!(looked_at(&world, "Moves").status, Some(AlarmStatus::Ok));
    *told.named.lock() = (0..70).map(ProfileId).collect();
    world.pass_ms(HOUR_MS);
    let fires = looked_at(&world, "Moves");
    assert_eq!(fires.status, Some(AlarmStatus::Firing));
    assert!(fires.message.expect("why").contains("100 yesterday, -30.0%"));
    world.pass_ms(3 * DAY_MS);
    assert_eq!(
        looked_at(&world, "Moves").status,
        Some(AlarmStatus::NoData),
        "what is older is not yesterday"
    );
    let never = Bounds::default();
    let refused = world.engine.create_alarm(AUTHOR, watching("Never", never));
    assert!(matches!(refused, Err(EngineError::Refused(Refusal::BadAlarm(_)))), "{refused:?}");
    let edit = AlarmEdit { owner: Some("bob".to_owned()), ..AlarmEdit::default() };
    assert_eq!(world.engine.edit_alarm(AUTHOR, "Moves", edit).expect("edited").owner, "bob");
}
