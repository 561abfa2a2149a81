use proptest::prelude::*;

use segops_model::{Cause, DAY_MS, Direction, Instant, Position, SegmentId, SegmentVersion};
use segops_rules::{
    Base, Condition, CountTest, RULE_FORMAT, Resolved, Rule, Span, TenureCondition, TenureTest,
    TransitionCondition, Unit, Window,
};

use crate::sample::Profile;
use crate::{
    Calendar, Entry, Program, RecordedTransition, RecordedTransitions, SignalRegistry, Verdict, evaluate,
};

const SEGMENT: SegmentId = SegmentId(7);

fn transition(day: i64, position: u64, direction: Direction, cause: Cause) -> RecordedTransition {
    let entry = Entry { ts: Instant::from_ms(day * DAY_MS), position: Position(position) };
    RecordedTransition { entry, direction, cause, version: SegmentVersion(1) }
}

/// `+3` is an entry on day 3, `-5` an exit on day 5; with `!` the rule's doing, not the profile's.
fn recorded(story: &str) -> RecordedTransitions {
    let steps = story.split_whitespace().zip(1..);
    steps
        .map(|(step, position)| {
            let by_rule = step.ends_with('!');
            let day: i64 = step.trim_matches(['+', '-', '!']).parse().unwrap();
            let direction = if step.starts_with('+') { Direction::Entered } else { Direction::Exited };
            transition(day, position, direction, if by_rule { Cause::Edit } else { Cause::Event })
        })
        .collect()
}

fn told(recorded: &RecordedTransitions) -> String {
    let steps: Vec<String> = recorded
        .iter()
        .map(|one| {
            let sign = if one.direction == Direction::Entered { '+' } else { '-' };
            format!("{sign}{}", one.entry.ts.as_ms() / DAY_MS)
        })
        .collect();
    steps.join(" ")
}

fn verdict(when: Condition<Resolved>, story: &str, day: i64) -> Verdict {
    let rule = Rule { version: RULE_FORMAT, base: Base::Everyone, when };
    let program = Program::compile(&rule, &mut SignalRegistry::new(), &Calendar::utc());
    let profile = Profile { recorded: vec![(SEGMENT, recorded(story))], ..Profile::default() };
    evaluate(&program, &profile, Instant::from_ms(day * DAY_MS))
}

fn days(count: u32) -> Span {
    Span { count, unit: Unit::Day }
}

fn moved(direction: Direction, count: CountTest, window: Window) -> Condition<Resolved> {
    Condition::Transition(TransitionCondition { segment: SEGMENT, direction, count, window })
}

fn tenure(test: TenureTest) -> Condition<Resolved> {
    Condition::Tenure(TenureCondition { segment: SEGMENT, test })
}

#[track_caller]
fn check(when: Condition<Resolved>, story: &str, day: i64, member: bool, next_day: Option<i64>) {
    let next_change = next_day.map(|day| Instant::from_ms(day * DAY_MS));
    assert_eq!(verdict(when, story, day), Verdict { member, next_change }, "{story} on day {day}");
}

#[test]
fn entries_are_counted_in_their_window() {
    let week = || Window::Last(days(7));
    let entered = || moved(Direction::Entered, CountTest::AtLeast(1), week());
    check(entered(), "+3", 3, true, Some(10));
    check(entered(), "+3", 10, false, None);
    check(entered(), "+3 -4", 9, true, Some(10));
    check(moved(Direction::Exited, CountTest::AtLeast(1), week()), "+3 -4", 9, true, Some(11));
    check(moved(Direction::Entered, CountTest::AtLeast(2), week()), "+3 -4 +5", 9, true, Some(10));
    check(moved(Direction::Entered, CountTest::LessThan(1), Window::AllTime), "", 9, true, None);
    let earlier = Window::Ago { near: days(2), far: days(4) };
    check(moved(Direction::Entered, CountTest::AtLeast(1), earlier), "+3", 4, false, Some(5));
}

#[test]
fn what_a_rule_did_is_not_counted_and_yet_opens() {
    let entered = moved(Direction::Entered, CountTest::AtLeast(1), Window::AllTime);
    check(entered, "+3!", 9, false, None);
    check(tenure(TenureTest::AtLeast(days(5))), "+3!", 7, false, Some(8));
}

#[test]
fn tenure_is_of_the_open_entry() {
    let month = || TenureTest::AtLeast(days(30));
    check(tenure(month()), "+3", 10, false, Some(33));
    check(tenure(month()), "+3", 33, true, None);
    check(tenure(month()), "+3 -20 +21", 33, false, Some(51));
    check(tenure(month()), "+3 -20", 60, false, None);
    check(tenure(TenureTest::LessThan(days(30))), "+3", 32, true, Some(33));
    check(tenure(TenureTest::LessThan(days(30))), "+3 -5", 6, false, None);
}

#[test]
fn of_an_instant_in_the_past_what_came_later_is_not_there() {
    let entered = moved(Direction::Entered, CountTest::AtLeast(1), Window::Last(days(7)));
    check(entered, "+3", 2, false, None);
    check(tenure(TenureTest::LessThan(days(9))), "+3", 2, false, None);
    check(tenure(TenureTest::LessThan(days(9))), "+3 -5", 4, true, Some(12));
}

#[test]
fn one_person_was_in_while_either_was() {
    let join = |left: &str, right: &str| told(&recorded(left).joined(&recorded(right)));
    assert_eq!(join("+1", "+3"), "+1");
    assert_eq!(join("+1 -4", "+3"), "+1");
    assert_eq!(join("+1 -2", "+3"), "+1 -2 +3");
    assert_eq!(join("+1 -5", "+3 -4"), "+1 -5");
    assert_eq!(join("", "+3 -4"), "+3 -4");
}

#[test]
fn what_is_taken_back_at_once_was_never_so() {
    let mut held = recorded("+1");
    held.record(transition(4, 9, Direction::Exited, Cause::Expiry));
    held.record(transition(4, 9, Direction::Entered, Cause::Event));
    assert_eq!(told(&held), "+1");
    held.record(transition(5, 10, Direction::Entered, Cause::Event));
    assert_eq!(told(&held), "+1");
}

proptest! {
    #[test]
    fn the_nth_move_is_that_of_a_plain_list(
        steps in prop::collection::vec((1_i64..4, any::<bool>()), 0..600),
        direction in prop_oneof![Just(Direction::Entered), Just(Direction::Exited)],
    ) {
        let mut held = RecordedTransitions::new();
        let (mut day, mut direction_now) = (0, Direction::Exited);
        for ((ahead, by_rule), position) in steps.into_iter().zip(1..) {
            day += ahead;
            direction_now = match direction_now {
                Direction::Entered => Direction::Exited,
                Direction::Exited => Direction::Entered,
            };
            held.record(transition(day, position, direction_now, if by_rule { Cause::Edit } else { Cause::Event }));
        }
        let plain: Vec<Entry> = held.moves(direction, Instant::MIN, Instant::MAX).iter().collect();
        for (index, entry) in plain.iter().enumerate() {
            prop_assert_eq!(held.nth_move(direction, index), Some(*entry));
            prop_assert_eq!(held.moves_until(direction, entry.ts), index + 1);
        }
        prop_assert_eq!(held.nth_move(direction, plain.len()), None);
        prop_assert_eq!(&held.joined(&RecordedTransitions::new()), &held);
        prop_assert_eq!(&held.joined(&held), &held);
    }
}
