use proptest::prelude::*;

use segops_model::{DAY_MS, Instant, SignalId};
use segops_rules::{
    Base, Condition, CountTest, Occurrence, OccurrenceCondition, Predicate, PropertyTest, RULE_FORMAT, Rank,
    Resolved, Rule, Side, Span, Test, Unit, Window, WithinCondition,
};

use crate::sample::{Profile, entry, instant, named};
use crate::window::tests::{any_calendar, any_instant, any_window};
use crate::{Calendar, Entry, Program, SignalRegistry, Timeline, Verdict, WindowBounds, evaluate};

/// An event, and whether it passes what is asked of the chosen one.
type Tested = (Entry, bool);

fn compile(when: Condition<Resolved>, calendar: &Calendar) -> (Program, SignalRegistry) {
    let mut registry = SignalRegistry::new();
    let rule = Rule { version: RULE_FORMAT, base: Base::Everyone, when };
    let program = Program::compile(&rule, &mut registry, calendar);
    (program, registry)
}

fn passes() -> Predicate {
    let property = "good".parse().unwrap();
    Predicate::Property(PropertyTest { property, match_case: false, test: Test::Is(true.into()) })
}

fn first_or_last(rank: Rank, has: bool, window: Window) -> Condition<Resolved> {
    let occurrence = Occurrence { rank, event: named("E") };
    let has = has.then(passes);
    Condition::Occurrence(Box::new(OccurrenceCondition { occurrence, has, window }))
}

/// A profile with what the program keeps of each timeline, entries coming in their order.
fn profile(program: &Program, entries: &dyn Fn(SignalId) -> Vec<Entry>) -> Profile {
    let mut profile = Profile::default();
    for (signal, keep) in program.signals() {
        let mut timeline = Timeline::new();
        for entry in entries(*signal) {
            timeline.insert(entry);
            timeline.keep(*keep);
        }
        profile.timelines.insert(*signal, timeline);
    }
    profile
}

fn of_events(program: &Program, registry: &SignalRegistry, events: &[Tested]) -> Profile {
    profile(program, &|signal| {
        let tested = registry.filter(signal).unwrap().predicate.is_some();
        events.iter().filter(|(_, good)| *good || !tested).map(|(entry, _)| *entry).collect()
    })
}

fn chosen(events: &[Tested], rank: Rank) -> Option<Tested> {
    let mut sorted = events.to_vec();
    sorted.sort_unstable();
    match rank {
        Rank::First(number) => sorted.get(number as usize - 1).copied(),
        Rank::Last(number) => sorted.len().checked_sub(number as usize).map(|at| sorted[at]),
    }
}

fn any_rank() -> impl Strategy<Value = Rank> {
    prop_oneof![(1_u32..6).prop_map(Rank::First), (1_u32..6).prop_map(Rank::Last)]
}

fn any_events(before: Instant) -> impl Strategy<Value = Vec<Tested>> {
    let offset =
        prop_oneof![Just(0_i64), 0_i64..5_000, 0_i64..400_000_000, (0_i64..40).prop_map(|d| d * DAY_MS)];
    prop::collection::vec((offset, any::<bool>()), 0..12).prop_map(move |events| {
        let placed = events.into_iter().enumerate();
        placed.map(|(at, (ms, good))| (entry(before.plus_ms(-ms).as_ms(), at as u64), good)).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_chosen_event_is_asked_and_changes_exactly_when_said(
        rank in any_rank(), has in any::<bool>(), window in any_window(), calendar in any_calendar(),
        (now, events) in any_instant().prop_flat_map(|now| (Just(now), any_events(now))), later in 0_i64..9_000_000_000,
    ) {
        let (program, registry) = compile(first_or_last(rank, has, window.clone()), &calendar);
        let profile = of_events(&program, &registry, &events);
        let bounds = WindowBounds::new(&window, &calendar);
        let plain = |now: Instant| chosen(&events, rank).is_some_and(|(entry, good)| {
            let (after, until) = bounds.bounds(now);
            (good || !has) && after < entry.ts && entry.ts <= until
        });
        let now = now.plus_ms(later);
        let crossed = chosen(&events, rank).map(|(entry, _)| {
            [bounds.enters_at(entry.ts), bounds.leaves_at(entry.ts)].into_iter().flatten().collect::<Vec<_>>()
        });
        let next_change = crossed
            .into_iter().flatten().filter(|at| *at > now && plain(*at) != plain(at.plus_ms(-1))).min();
        let expected = Verdict { member: plain(now), next_change };
        prop_assert_eq!(evaluate(&program, &profile, now), expected);
    }

    #[test]
    fn events_around_the_chosen_one_are_counted(
        rank in any_rank(), days in 1_u32..20, after in any::<bool>(), least in 0_u64..4, calendar in any_calendar(),
        (now, of) in any_instant().prop_flat_map(|now| (Just(now), any_events(now))),
        counted_before_now in prop::collection::vec((0_i64..40 * 24, any::<bool>()), 0..12), unit in prop::sample::select(vec![Unit::Day, Unit::Hour, Unit::Month]),
    ) {
        let span = Span { count: days, unit };
        let side = if after { Side::After } else { Side::Before };
        let counted: Vec<Entry> = counted_before_now
            .into_iter()
            .enumerate()
            // Some are an hour's multiple away from a chosen one, or are the very same event.
            .map(|(at, (hours, same))| match of.get(at) {
                Some((chosen, _)) if same => *chosen,
                _ => entry(now.plus_ms(-hours * 3_600_000).as_ms(), 100 + at as u64),
            })
            .collect();
        let when = Condition::Within(Box::new(WithinCondition {
            event: named("Counted"),
            count: CountTest::AtMost(least),
            span,
            side,
            of: Occurrence { rank, event: named("E") },
        }));
        let (program, registry) = compile(when, &calendar);
        let profile = profile(&program, &|signal| {
            if registry.filter(signal).unwrap().name.as_deref() == Some("Counted") {
                counted.clone()
            } else {
                of.iter().map(|(entry, _)| *entry).collect()
            }
        });
        let last = WindowBounds::new(&Window::Last(span), &calendar);
        let distinct: std::collections::BTreeSet<Entry> = counted.iter().copied().collect();
        let member = chosen(&of, rank).is_some_and(|(chosen, _)| {
            let around = distinct.iter().filter(|entry| {
                let (earlier, later) = if after { (&chosen, *entry) } else { (*entry, &chosen) };
                // Less than the span apart: the earlier one is still in the last span at the later one.
                earlier < later && last.bounds(later.ts).0 < earlier.ts
            });
            around.count() as u64 <= least
        });
        prop_assert_eq!(evaluate(&program, &profile, now), Verdict { member, next_change: None });
    }
}

#[test]
fn the_first_of_two_at_one_instant_came_first() {
    let (program, registry) = compile(first_or_last(Rank::First(1), true, Window::AllTime), &Calendar::utc());
    let now = instant("2026-01-02T00:00:00Z");
    for (good_position, member) in [(1, true), (2, false)] {
        let events = [(entry(1_000, 1), good_position == 1), (entry(1_000, 2), good_position == 2)];
        let verdict = evaluate(&program, &of_events(&program, &registry, &events), now);
        assert_eq!(verdict, Verdict { member, next_change: None });
    }
}

#[test]
fn no_more_is_kept_than_the_rank_asks_for() {
    let (program, registry) = compile(first_or_last(Rank::First(3), true, Window::AllTime), &Calendar::utc());
    let events: Vec<Tested> = (0..10_000).map(|at| (entry(at, 0), at % 2 == 0)).collect();
    let profile = of_events(&program, &registry, &events);
    assert!(profile.timelines.values().all(|timeline| timeline.len() == 3));
}
