use proptest::prelude::*;

use segops_model::{DAY_MS, Instant, Object, Position, Value};
use segops_rules::{
    Base, Condition, HeldFor, HistoryTest, Moment, PastTime, RULE_FORMAT, Resolved, Rule, Span, StateTest,
    Test, TraitHistoryCondition, Unit, Window,
};

use super::TRAIT_SETS_MAX;
use crate::sample::{Profile, event};
use crate::window::tests::{any_calendar, any_instant, any_window};
use crate::{Calendar, Program, SignalRegistry, Timeline, Verdict, WindowBounds, evaluate};

/// What a trait is set to: `None` unsets it.
type Set = (Instant, Option<&'static str>);

fn is(value: &str) -> StateTest {
    StateTest { match_case: false, test: Test::Is(value.into()) }
}

fn rule(test: HistoryTest) -> Rule<Resolved> {
    let leaf = TraitHistoryCondition { path: "plan".parse().unwrap(), test };
    let when = Condition::TraitHistory(Box::new(leaf));
    Rule { version: RULE_FORMAT, base: Base::Everyone, when }
}

fn days(count: u32) -> Span {
    Span { count, unit: Unit::Day }
}

/// The profile that the sets make, in the order of arrival.
fn profile(program: &Program, registry: &SignalRegistry, sets: &[Set]) -> Profile {
    let mut profile = Profile::default();
    let (mut matched, mut captured) = (Vec::new(), Vec::new());
    for (position, (ts, value)) in sets.iter().enumerate() {
        let mut event = event("", *ts, &[]);
        event.kind = segops_model::EventKind::Identify;
        let value = value.map_or(Value::Null, Value::from);
        event.traits = Object::from_iter([("plan", value)]);
        registry.matching(&event, &mut matched);
        for signal in &matched {
            assert!(registry.capture(*signal, &event, Position(position as u64), &mut captured));
            let timeline = profile.timelines.entry(*signal).or_default();
            captured.iter().for_each(|set| {
                timeline.insert_value(*set);
            });
        }
    }
    for (signal, keep) in program.signals() {
        if let Some(timeline) = profile.timelines.get_mut(signal) {
            timeline.keep(*keep);
        }
    }
    profile
}

/// The value in force at an instant: the last to arrive of those with the greatest time.
fn value_at(sets: &[Set], at: Instant) -> Option<&'static str> {
    let newest = sets.iter().enumerate().filter(|(_, (ts, _))| *ts <= at);
    newest.max_by_key(|(position, (ts, _))| (*ts, *position)).and_then(|(_, (_, value))| *value)
}

fn plain(rule: &Rule<Resolved>, calendar: &Calendar, sets: &[Set], now: Instant) -> bool {
    let Condition::TraitHistory(leaf) = &rule.when else { panic!("a history") };
    let passes = |state: &StateTest, value: Option<&str>| match &state.test {
        Test::Is(wanted) => value.is_some_and(|value| Some(value) == wanted.as_text()),
        Test::IsNot(wanted) => value.is_none_or(|value| Some(value) != wanted.as_text()),
        Test::Exists => value.is_some(),
        _ => value.is_none(),
    };
    let mut instants: Vec<Instant> = sets.iter().map(|(ts, _)| *ts).filter(|ts| *ts <= now).collect();
    instants.sort_unstable();
    instants.dedup();
    match &leaf.test {
        HistoryTest::Held { state, time } => {
            if !passes(state, value_at(sets, now)) {
                return false;
            }
            let broken = instants.iter().rposition(|at| !passes(state, value_at(sets, *at)));
            let missing = passes(state, None);
            let since = match broken {
                Some(broken) => instants.get(broken + 1).copied(),
                None if missing => None,
                None => instants.first().copied(),
            };
            let (after, _) = WindowBounds::new(&Window::Last(time.span()), calendar).bounds(now);
            since.is_none_or(|since| since <= after) == matches!(time, HeldFor::AtLeast(_))
        }
        HistoryTest::Was { state, when } => {
            let window = WindowBounds::new(&past_window(when, calendar), calendar);
            let (after, until) = window.bounds(now);
            let at = if matches!(when, PastTime::Ago(_)) { after } else { until };
            passes(state, value_at(sets, at))
        }
        HistoryTest::Changed { from, to, window } => {
            let (after, until) = WindowBounds::new(window, calendar).bounds(now);
            instants.iter().any(|at| {
                let (old, new) = (value_at(sets, at.plus_ms(-1)), value_at(sets, *at));
                let is_one = match (from, to) {
                    (None, None) => old != new,
                    (Some(from), None) => passes(from, old) && !passes(from, new),
                    (None, Some(to)) => !passes(to, old) && passes(to, new),
                    (Some(from), Some(to)) => old != new && passes(from, old) && passes(to, new),
                };
                is_one && *at > after && *at <= until
            })
        }
    }
}

/// The window before which, or at whose end, the value is asked for.
fn past_window(when: &PastTime, calendar: &Calendar) -> Window {
    match when {
        PastTime::Ago(span) => Window::Last(*span),
        PastTime::On(date) => Window::On(*date),
        PastTime::At(moment) => {
            let after = moment.instant(&calendar.zone).plus_ms(1);
            Window::Range { from: None, to: Some(Moment::Instant(after)) }
        }
    }
}

fn any_past_time() -> impl Strategy<Value = PastTime> {
    let unit = prop::sample::select(vec![Unit::Hour, Unit::Day, Unit::Month]);
    let date = |at: Instant| jiff::tz::TimeZone::UTC.to_datetime(at.to_jiff()).date();
    prop_oneof![
        4 => (1_u32..6, unit).prop_map(|(count, unit)| PastTime::Ago(Span { count, unit })),
        1 => any_instant().prop_map(move |at| PastTime::On(date(at))),
        1 => any_instant().prop_map(|at| PastTime::At(Moment::Instant(at))),
    ]
}

fn any_state() -> impl Strategy<Value = StateTest> {
    prop::sample::select(vec![
        is("a"),
        is("b"),
        StateTest { match_case: false, test: Test::IsNot("a".into()) },
        StateTest { match_case: false, test: Test::Exists },
        StateTest { match_case: false, test: Test::NotExists },
    ])
}

fn any_rule() -> impl Strategy<Value = Rule<Resolved>> {
    let unit = prop::sample::select(vec![Unit::Hour, Unit::Day, Unit::Month]);
    let time = (any::<bool>(), 1_u32..6, unit).prop_map(|(is_least, count, unit)| {
        let span = Span { count, unit };
        if is_least { HeldFor::AtLeast(span) } else { HeldFor::LessThan(span) }
    });
    prop_oneof![
        (any_state(), time).prop_map(|(state, time)| HistoryTest::Held { state, time }),
        (any_state(), any_past_time()).prop_map(|(state, when)| HistoryTest::Was { state, when }),
        (prop::option::of(any_state()), prop::option::of(any_state()), any_window())
            .prop_map(|(from, to, window)| HistoryTest::Changed { from, to, window }),
    ]
    .prop_map(rule)
}

fn any_sets() -> impl Strategy<Value = Vec<Set>> {
    let offset = prop_oneof![
        2 => Just(0_i64),
        1 => 0_i64..5_000,
        2 => (0_i64..6).prop_map(|days| days * DAY_MS),
        1 => 0_i64..9_000_000_000,
    ];
    let value = prop::sample::select(vec![Some("a"), Some("a"), Some("b"), Some("c"), None]);
    (any_instant(), prop::collection::vec((offset, value), 0..14))
        .prop_map(|(start, sets)| sets.into_iter().map(|(ms, value)| (start.plus_ms(-ms), value)).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn it_is_what_the_values_were_and_changes_exactly_when_said(
        rule in any_rule(), calendar in any_calendar(), sets in any_sets(), now in any_instant(), later in 0_i64..10_000_000_000,
    ) {
        let mut registry = SignalRegistry::new();
        let program = Program::compile(&rule, &mut registry, &calendar);
        let newest = sets.iter().map(|(ts, _)| *ts).max().unwrap_or(now);
        let now = newest.plus_ms(later % 1_000_000 * (later % 3)).max(newest);
        let profile = profile(&program, &registry, &sets);
        let Verdict { member, next_change } = evaluate(&program, &profile, now);
        prop_assert_eq!(member, plain(&rule, &calendar, &sets, now));
        let window = match &rule.when {
            Condition::TraitHistory(leaf) => match &leaf.test {
                HistoryTest::Held { time, .. } => Window::Last(time.span()),
                HistoryTest::Was { when, .. } => past_window(when, &calendar),
                HistoryTest::Changed { window, .. } => window.clone(),
            },
            _ => panic!("a history"),
        };
        let bounds = WindowBounds::new(&window, &calendar);
        let crossings = sets.iter().flat_map(|(ts, _)| [bounds.reached_by_until(*ts), bounds.leaves_at(*ts)]);
        let mut crossings: Vec<Instant> = crossings.flatten().filter(|at| *at > now).collect();
        crossings.sort_unstable();
        let change = crossings.into_iter().find(|at| plain(&rule, &calendar, &sets, *at) != member);
        prop_assert_eq!(next_change, change);
        let empty = plain(&rule, &calendar, &[], now);
        prop_assert_eq!(program.may_hold_when_empty(), empty);
    }
}

/// As many sets as exist, and more before them: the same answer, whether the older ones are there or not.
#[test]
fn older_sets_than_exist_say_nothing() {
    let kept = i64::from(TRAIT_SETS_MAX);
    let calendar = Calendar::utc();
    let held = rule(HistoryTest::Held { state: is("a"), time: HeldFor::AtLeast(days(1)) });
    let from_b = rule(HistoryTest::Changed { from: Some(is("b")), to: None, window: Window::AllTime });
    let changed = rule(HistoryTest::Changed { from: None, to: None, window: Window::AllTime });
    // One change, from the last of the old ones to the first that exists; then the same value again and again.
    let set = |at: i64| (Instant::from_ms(at), Some(if at < 5 { "b" } else { "a" }));
    let all: Vec<Set> = (0..kept + 5).map(set).collect();
    let now = Instant::from_ms(kept + 4);
    for (rule, expected, at) in [
        (&held, false, now),
        (&held, true, Instant::from_ms(5 + DAY_MS)),
        (&from_b, false, now),
        (&changed, false, now),
    ] {
        let mut registry = SignalRegistry::new();
        let program = Program::compile(rule, &mut registry, &calendar);
        let trimmed = profile(&program, &registry, &all);
        let mut untrimmed = Profile::default();
        let signal = program.signals()[0].0;
        let mut whole = trimmed.timelines[&signal].clone();
        assert_eq!(whole.len(), TRAIT_SETS_MAX as usize);
        let older: Timeline = all[..5]
            .iter()
            .zip(0..)
            .map(|((ts, _), position)| crate::ValueEntry {
                entry: crate::Entry { ts: *ts, position: Position(position) },
                line: 0,
                value: 0,
            })
            .collect();
        whole.merge(&older);
        untrimmed.timelines.insert(signal, whole);
        for profile in [trimmed, untrimmed] {
            assert_eq!(evaluate(&program, &profile, at).member, expected, "{rule:?} at {at}");
        }
    }
}
