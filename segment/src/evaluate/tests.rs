use proptest::prelude::*;

use segops_model::{Instant, SegmentId};
use segops_rules::{
    Base, Condition, CountTest, RULE_FORMAT, Resolved, Rule, SegmentCondition, Span, Unit, Window,
};

use super::{Verdict, evaluate};
use crate::sample::{Profile, did, entry, instant};
use crate::window::tests::{any_calendar, any_instant, any_window};
use crate::{Calendar, Entry, Program, SignalRegistry, Timeline, WindowBounds};

const NAMES: [&str; 3] = ["Order Completed", "Product Viewed", "Cart Viewed"];

fn rule(base: Base, when: Condition<Resolved>) -> Rule<Resolved> {
    Rule { version: RULE_FORMAT, base, when }
}

/// A profile whose events are given by name, with what the program keeps of each timeline, or all.
fn profile(program: &Program, registry: &SignalRegistry, events: &[(&str, Entry)], trimmed: bool) -> Profile {
    let mut profile = Profile::default();
    for (signal, keep) in program.signals() {
        let name = registry.filter(*signal).unwrap().name.clone().unwrap();
        let mut timeline = Timeline::new();
        for (_, entry) in events.iter().filter(|(event, _)| *event == name) {
            timeline.insert(*entry);
            if trimmed {
                timeline.keep(*keep);
            }
        }
        profile.timelines.insert(*signal, timeline);
    }
    profile
}

/// The meaning of a rule, read off its tree with no regard to cost.
fn oracle(when: &Condition<Resolved>, calendar: &Calendar, events: &[(&str, Entry)], now: Instant) -> bool {
    let holds = |condition: &Condition<Resolved>| oracle(condition, calendar, events, now);
    match when {
        Condition::All(conditions) => conditions.iter().all(holds),
        Condition::Any(conditions) => conditions.iter().any(holds),
        Condition::None(conditions) => !conditions.iter().any(holds),
        Condition::Not(condition) => !holds(condition),
        Condition::Event(condition) => {
            let (after, until) = WindowBounds::new(&condition.window, calendar).bounds(now);
            let name = condition.event.name.as_deref();
            let counted = events.iter().filter(|(event, entry)| {
                Some(*event) == name && entry.ts <= now && entry.ts > after && entry.ts <= until
            });
            let count = counted.count() as u64;
            match condition.count {
                CountTest::AtLeast(n) => count >= n,
                CountTest::MoreThan(n) => count > n,
                CountTest::Exactly(n) => count == n,
                CountTest::Not(n) => count != n,
                CountTest::AtMost(n) => count <= n,
                CountTest::LessThan(n) => count < n,
                CountTest::Between(from, to) => from <= count && count <= to,
            }
        }
        _ => false,
    }
}

/// Every later instant at which any entry crosses the edge of any of the rule's windows, and the
/// millisecond before.
fn crossings(
    when: &Condition<Resolved>,
    calendar: &Calendar,
    events: &[(&str, Entry)],
    now: Instant,
) -> Vec<Instant> {
    fn windows<'a>(when: &'a Condition<Resolved>, out: &mut Vec<&'a Window>) {
        match when {
            Condition::All(list) | Condition::Any(list) | Condition::None(list) => {
                list.iter().for_each(|condition| windows(condition, out));
            }
            Condition::Not(condition) => windows(condition, out),
            Condition::Event(condition) => out.push(&condition.window),
            _ => {}
        }
    }
    let mut all = Vec::new();
    windows(when, &mut all);
    let mut instants = Vec::new();
    for bounds in all.into_iter().map(|window| WindowBounds::new(window, calendar)) {
        for (_, entry) in events {
            let crossed = [bounds.reached_by_until(entry.ts), bounds.leaves_at(entry.ts), Some(entry.ts)];
            instants.extend(crossed.into_iter().flatten().flat_map(|at| [at.plus_ms(-1), at]));
        }
    }
    instants.retain(|at| *at > now);
    instants.sort_unstable();
    instants.dedup();
    instants
}

fn any_count() -> impl Strategy<Value = CountTest> {
    let n = || prop_oneof![4 => 0_u64..5, 1 => Just(u64::MAX)];
    prop_oneof![
        3 => n().prop_map(CountTest::AtLeast),
        1 => n().prop_map(CountTest::MoreThan),
        2 => n().prop_map(CountTest::Exactly),
        1 => n().prop_map(CountTest::Not),
        1 => n().prop_map(CountTest::AtMost),
        1 => n().prop_map(CountTest::LessThan),
        2 => (n(), n()).prop_map(|(from, to)| CountTest::Between(from, to)),
    ]
}

fn any_did() -> impl Strategy<Value = Condition<Resolved>> {
    (prop::sample::select(NAMES.to_vec()), any_count(), any_window())
        .prop_map(|(name, count, window)| did(name, count, window))
}

fn any_condition() -> impl Strategy<Value = Condition<Resolved>> {
    any_did().prop_recursive(3, 12, 3, |inner| {
        let list = || prop::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            list().prop_map(Condition::All),
            list().prop_map(Condition::Any),
            list().prop_map(Condition::None),
            inner.prop_map(|condition| Condition::Not(Box::new(condition))),
        ]
    })
}

/// Events in any order, some at the same instant, close enough to crowd one window.
fn any_events() -> impl Strategy<Value = Vec<(&'static str, Entry)>> {
    let offset = prop_oneof![
        Just(0_i64),
        0_i64..5_000,
        0_i64..400_000_000,
        (0_i64..40).prop_map(|days| days * segops_model::DAY_MS),
    ];
    let one = (prop::sample::select(NAMES.to_vec()), offset);
    (any_instant(), prop::collection::vec(one, 0..24)).prop_map(|(start, events)| {
        let placed = events.into_iter().enumerate();
        placed
            .map(|(position, (name, ms))| (name, entry(start.plus_ms(-ms).as_ms(), position as u64)))
            .collect()
    })
}

/// The oracle's verdict now, and the first later crossing at which it is another.
fn expected(
    when: &Condition<Resolved>,
    calendar: &Calendar,
    events: &[(&str, Entry)],
    now: Instant,
) -> Verdict {
    let member = oracle(when, calendar, events, now);
    let mut later = crossings(when, calendar, events, now).into_iter();
    let next_change = later.find(|at| oracle(when, calendar, events, *at) != member);
    Verdict { member, next_change }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn one_count_changes_exactly_when_said(
        when in any_did(), calendar in any_calendar(), events in any_events(), now in any_instant(),
    ) {
        let mut registry = SignalRegistry::new();
        let program = Program::compile(&rule(Base::Everyone, when.clone()), &mut registry, &calendar);
        let profile = profile(&program, &registry, &events, false);
        prop_assert_eq!(evaluate(&program, &profile, now), expected(&when, &calendar, &events, now));
    }

    #[test]
    fn a_rule_never_changes_before_it_is_said_to(
        when in any_condition(), calendar in any_calendar(), events in any_events(), now in any_instant(),
    ) {
        let mut registry = SignalRegistry::new();
        let program = Program::compile(&rule(Base::Everyone, when.clone()), &mut registry, &calendar);
        let profile = profile(&program, &registry, &events, false);
        let verdict = evaluate(&program, &profile, now);
        let expected = expected(&when, &calendar, &events, now);
        prop_assert_eq!(verdict.member, expected.member);
        prop_assert!(verdict.next_change.is_none_or(|at| at > now));
        if let Some(true_change) = expected.next_change {
            prop_assert!(verdict.next_change.is_some_and(|at| at <= true_change), "{:?}", verdict);
        }
        // Whoever follows the instants given arrives at the true change.
        let (mut at, mut steps) = (verdict, 0);
        while let Some(next) = at.next_change.filter(|_| at.member == verdict.member && steps < 500) {
            at = evaluate(&program, &profile, next);
            steps += 1;
            if at.member != verdict.member {
                prop_assert_eq!(Some(next), expected.next_change);
            }
        }
    }

    #[test]
    fn what_is_kept_is_enough(
        when in any_condition(), calendar in any_calendar(), events in any_events(), base in prop::bool::ANY,
        later in 0_i64..9_000_000_000,
    ) {
        let base = if base { Base::Customers } else { Base::Everyone };
        let mut registry = SignalRegistry::new();
        let program = Program::compile(&rule(base, when), &mut registry, &calendar);
        let newest = events.iter().map(|(_, entry)| entry.ts).max().unwrap_or_default();
        let full = profile(&program, &registry, &events, false);
        let trimmed = profile(&program, &registry, &events, true);
        for now in [newest, newest.plus_ms(later)] {
            prop_assert_eq!(evaluate(&program, &full, now), evaluate(&program, &trimmed, now));
        }
    }
}

fn days(count: u32) -> Window {
    Window::Last(Span { count, unit: Unit::Day })
}

/// A rule in UTC over orders on days of January 2026, asked at noon on the 20th.
fn check(
    base: Base,
    when: &Condition<Resolved>,
    order_days: &[u32],
    member: bool,
    next_change: Option<&str>,
) {
    let mut registry = SignalRegistry::new();
    let program = Program::compile(&rule(base, when.clone()), &mut registry, &Calendar::utc());
    let order = |day: &u32| (NAMES[0], entry(instant(&format!("2026-01-{day:02}T12:00:00Z")).as_ms(), 0));
    let events: Vec<(&str, Entry)> = order_days.iter().map(order).collect();
    let profile = profile(&program, &registry, &events, true);
    let verdict = evaluate(&program, &profile, instant("2026-01-20T12:00:00Z"));
    assert_eq!(verdict, Verdict { member, next_change: next_change.map(instant) }, "{when:?} {order_days:?}");
}

#[test]
fn windows_expire_at_the_millisecond() {
    let ordered = |count| did(NAMES[0], count, days(10));
    let at_least = |n| ordered(CountTest::AtLeast(n));
    let exactly = |n| ordered(CountTest::Exactly(n));
    let any = |when: &Condition<Resolved>, order_days: &[u32], member, next| {
        check(Base::Everyone, when, order_days, member, next);
    };
    any(&at_least(1), &[15], true, Some("2026-01-25T12:00:00Z"));
    any(&at_least(1), &[11, 15], true, Some("2026-01-25T12:00:00Z"));
    any(&at_least(2), &[11, 15], true, Some("2026-01-21T12:00:00Z"));
    // Ten days ago to the millisecond is out.
    any(&at_least(1), &[10], false, None);
    any(&ordered(CountTest::AtMost(0)), &[15], false, Some("2026-01-25T12:00:00Z"));
    any(&exactly(1), &[12, 15], false, Some("2026-01-22T12:00:00Z"));
    // Nothing in between: two leave at once, so that "exactly one" never comes.
    any(&exactly(1), &[], false, None);
    // Nobody enters who must first buy, whatever else would change.
    let and_viewed = Condition::All(vec![at_least(1), did(NAMES[1], CountTest::AtLeast(1), days(10))]);
    any(&and_viewed, &[15], false, None);
}

#[test]
fn customers_have_an_order() {
    let never_viewed = did(NAMES[1], CountTest::AtMost(0), days(10));
    check(Base::Customers, &never_viewed, &[1], true, None);
    check(Base::Customers, &never_viewed, &[], false, None);
    check(Base::Identified, &never_viewed, &[1], false, None);
    check(Base::Everyone, &never_viewed, &[], true, None);
}

#[test]
fn two_that_leave_together_skip_exactly_one() {
    let mut registry = SignalRegistry::new();
    let when = did(NAMES[0], CountTest::Exactly(1), days(10));
    let program = Program::compile(&rule(Base::Everyone, when), &mut registry, &Calendar::utc());
    let events = [(NAMES[0], entry(1_000, 1)), (NAMES[0], entry(1_000, 2))];
    let profile = profile(&program, &registry, &events, true);
    let verdict = evaluate(&program, &profile, Instant::from_ms(2_000));
    assert_eq!(verdict, Verdict { member: false, next_change: None });
}

#[test]
fn a_long_history_is_searched_within_a_limit() {
    // Six thousand views a minute apart: how many lie between two and one hours ago hovers at sixty.
    let hour = |count| Span { count, unit: Unit::Hour };
    let window = Window::Ago { near: hour(1), far: hour(2) };
    let when = did(NAMES[1], CountTest::Between(60, 60), window);
    let mut registry = SignalRegistry::new();
    let program = Program::compile(&rule(Base::Everyone, when), &mut registry, &Calendar::utc());
    let events: Vec<_> = (0..6_000).map(|minute| (NAMES[1], entry(minute * 60_000, 0))).collect();
    let profile = profile(&program, &registry, &events, false);
    let now = Instant::from_ms(10_000_000);
    let mut verdict = evaluate(&program, &profile, now);
    let mut steps = 0;
    while verdict.member && steps < 100 {
        verdict = evaluate(&program, &profile, verdict.next_change.unwrap());
        steps += 1;
    }
    // The newest view is at minute 5,999; the first minute without one is 6,000, seen an hour later.
    assert!(!verdict.member && steps > 1, "{steps}");
}

#[test]
fn a_program_says_what_it_reads() {
    let mut registry = SignalRegistry::new();
    let ago =
        Window::Ago { near: Span { count: 1, unit: Unit::Day }, far: Span { count: 2, unit: Unit::Day } };
    let when = Condition::All(vec![
        did(NAMES[1], CountTest::AtLeast(3), days(10)),
        did(NAMES[1], CountTest::Exactly(4), Window::AllTime),
        did(NAMES[2], CountTest::AtLeast(1), ago),
        Condition::Segment(SegmentCondition { segment: SegmentId(9) }),
    ]);
    let program = Program::compile(&rule(Base::Customers, when), &mut registry, &Calendar::utc());
    use crate::Keep;
    let keeps: Vec<Keep> = program.signals().iter().map(|(_, keep)| *keep).collect();
    // Fewer would decide the orders; a few more are kept to be told.
    assert_eq!(keeps, [Keep::Newest(4), Keep::Newest(5), Keep::All]);
    assert_eq!(program.segments(), [SegmentId(9)]);
    assert!(!program.may_hold_when_empty());
    assert_eq!(registry.len(), 3);
    assert_eq!(program.release(&mut registry).len(), 3);
    assert!(registry.is_empty());
}

#[test]
fn an_empty_profile_satisfies_what_it_did_not_do() {
    let mut registry = SignalRegistry::new();
    let never = did(NAMES[1], CountTest::AtMost(0), days(10));
    let outside = Condition::Not(Box::new(Condition::Segment(SegmentCondition { segment: SegmentId(9) })));
    let mut empty = |base, when: &Condition<Resolved>| {
        Program::compile(&rule(base, when.clone()), &mut registry, &Calendar::utc())
    };
    assert!(empty(Base::Everyone, &never).may_hold_when_empty());
    assert!(!empty(Base::Customers, &never).may_hold_when_empty());
    assert!(!empty(Base::Identified, &never).may_hold_when_empty());
    let program = empty(Base::Everyone, &outside);
    assert!(program.may_hold_when_empty() && !program.may_hold_when_empty_within(|_| true));
}
