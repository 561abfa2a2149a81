use proptest::prelude::*;

use segops_model::{ComputedTraitId, Decimal, Instant, Position, Value};
use segops_rules::{
    Base, ChosenValue, ComputedCondition, ComputedDefinition, ComputedReference, Condition, RULE_FORMAT,
    Resolved, Rule, Scalar, Test, ValueChoice, Window,
};

use super::{ComputedReading, ComputedValue};
use crate::sample::{Profile, event, named};
use crate::window::tests::{any_calendar, any_instant, any_window};
use crate::{Calendar, Program, SignalRegistry, Verdict, WindowBounds, evaluate};

fn rule(definition: ComputedDefinition<Resolved>, test: Test) -> Rule<Resolved> {
    let computed = ComputedReference { id: ComputedTraitId(1), definition };
    let when = Condition::Computed(Box::new(ComputedCondition { computed, match_case: false, test }));
    Rule { version: RULE_FORMAT, base: Base::Everyone, when }
}

/// One event of a name with a value of `kind`.
type Told = (&'static str, Instant, &'static str);

/// The profile as it stands after events have come in one after another, with no more kept than is asked for.
fn profile(program: &Program, registry: &SignalRegistry, events: &[Told]) -> Profile {
    let mut profile = Profile::default();
    let (mut matched, mut values) = (Vec::new(), Vec::new());
    for ((name, ts, kind), position) in events.iter().zip(0..) {
        let event = event(name, *ts, &[("kind", Value::from(*kind))]);
        registry.matching(&event, &mut matched);
        for signal in &matched {
            let needed = program.signals().iter().find(|(id, _)| id == signal).map(|(_, keep)| *keep);
            let Some(needed) = needed else { continue };
            let timeline = profile.timelines.entry(*signal).or_default();
            if registry.capture(*signal, &event, Position(position), &mut values) {
                values.iter().for_each(|value| {
                    timeline.insert_value(*value);
                });
            } else {
                timeline.insert(crate::Entry { ts: *ts, position: Position(position) });
            }
            timeline.keep(needed);
        }
    }
    profile
}

/// The chosen value by sorting all that are in the window.
fn plainly_chosen(
    choice: ValueChoice,
    window: &Window,
    calendar: &Calendar,
    events: &[Told],
    now: Instant,
) -> Option<&'static str> {
    let (after, until) = WindowBounds::new(window, calendar).bounds(now);
    let mut inside: Vec<(Instant, usize, &'static str)> = Vec::new();
    for (at, (name, ts, kind)) in events.iter().enumerate() {
        if *name == "A" && *ts > after && *ts <= until && !kind.is_empty() {
            inside.push((*ts, at, kind));
        }
    }
    inside.sort_unstable();
    let chosen = match choice {
        ValueChoice::First => inside.first(),
        ValueChoice::Last => inside.last(),
        ValueChoice::MostFrequent => {
            let times = |kind: &str| inside.iter().filter(|one| one.2.eq_ignore_ascii_case(kind)).count();
            inside.iter().enumerate().max_by_key(|(at, one)| (times(one.2), *at)).map(|(_, one)| one)
        }
    };
    chosen.map(|one| one.2)
}

fn any_events() -> impl Strategy<Value = Vec<Told>> {
    let offset = prop_oneof![
        Just(0_i64),
        0_i64..5_000,
        0_i64..400_000_000,
        (0_i64..40).prop_map(|days| days * segops_model::DAY_MS),
    ];
    let kind = prop::sample::select(vec!["shoes", "Shoes", "hats", "bags", ""]);
    let one = (prop::sample::select(vec!["A", "A", "A", "B"]), offset, kind);
    (any_instant(), prop::collection::vec(one, 0..12)).prop_map(|(start, events)| {
        events.into_iter().map(|(name, ms, kind)| (name, start.plus_ms(-ms), kind)).collect()
    })
}

fn edges(windows: &[&Window], calendar: &Calendar, events: &[Told], now: Instant) -> Vec<Instant> {
    let mut edges: Vec<Instant> = windows
        .iter()
        .map(|window| WindowBounds::new(window, calendar))
        .flat_map(|bounds| {
            let each =
                events.iter().flat_map(|(_, ts, _)| [bounds.reached_by_until(*ts), bounds.leaves_at(*ts)]);
            each.flatten().collect::<Vec<Instant>>()
        })
        .filter(|at| *at > now)
        .collect();
    edges.sort_unstable();
    edges
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_chosen_value_is_as_by_sorting_and_changes_exactly_when_said(
        choice in prop::sample::select(vec![ValueChoice::MostFrequent, ValueChoice::First, ValueChoice::Last]),
        window in any_window(), calendar in any_calendar(), events in any_events(), now in any_instant(),
        negated in any::<bool>(),
    ) {
        let property = "kind".parse().unwrap();
        let chosen = ChosenValue { choice, property, event: named("A"), window: window.clone() };
        let test = if negated { Test::IsNot("shoes".into()) } else { Test::Is("shoes".into()) };
        let rule = rule(ComputedDefinition::Value(chosen), test);
        let mut registry = SignalRegistry::new();
        let program = Program::compile(&rule, &mut registry, &calendar);
        // Nothing happens after the instant at which it is known.
        let events: Vec<Told> = events.into_iter().filter(|(_, ts, _)| *ts <= now).collect();
        let profile = profile(&program, &registry, &events);
        let plainly = |at| {
            let chosen = plainly_chosen(choice, &window, &calendar, &events, at);
            chosen.is_some_and(|kind| kind.eq_ignore_ascii_case("shoes")) != negated
        };
        let Verdict { member, next_change } = evaluate(&program, &profile, now);
        prop_assert_eq!(member, plainly(now));
        let change = edges(&[&window], &calendar, &events, now).into_iter().find(|at| plainly(*at) != member);
        prop_assert_eq!(next_change, change);
    }

    #[test]
    fn a_rate_is_as_by_hand_and_changes_exactly_when_said(
        above in any_window(), below in any_window(), calendar in any_calendar(), events in any_events(),
        now in any_instant(), halves in 0_i64..6, at_least in any::<bool>(),
    ) {
        let definition = rate(above.clone(), below.clone());
        let limit = Decimal::from_billionths(i128::from(halves) * 500_000_000);
        let scalar = Scalar::Number(limit);
        let test = if at_least { Test::AtLeast(scalar) } else { Test::LessThan(scalar) };
        let rule = rule(definition, test);
        let mut registry = SignalRegistry::new();
        let program = Program::compile(&rule, &mut registry, &calendar);
        let profile = profile(&program, &registry, &events);
        let count = |name: &str, window: &Window, at: Instant| {
            let (after, until) = WindowBounds::new(window, &calendar).bounds(at);
            events.iter().filter(|(event, ts, _)| *event == name && *ts > after && *ts <= until).count() as i64
        };
        let plainly = |at| {
            let (above, below) = (count("A", &above, at), count("B", &below, at));
            below > 0 && ((2 * above >= halves * below) == at_least)
        };
        let Verdict { member, next_change } = evaluate(&program, &profile, now);
        prop_assert_eq!(member, plainly(now));
        let crossed = edges(&[&above, &below], &calendar, &events, now);
        prop_assert_eq!(next_change, crossed.into_iter().find(|at| plainly(*at) != member));
    }
}

fn rate(above: Window, below: Window) -> ComputedDefinition<Resolved> {
    use segops_rules::{Aggregate, AggregateFunction, Formula, Operands};
    let count = |name: &str, window: Window| {
        Formula::Aggregate(Box::new(Aggregate {
            function: AggregateFunction::Count,
            property: None,
            by_quantity: false,
            event: named(name),
            window,
        }))
    };
    ComputedDefinition::Number(Formula::Divide(Box::new(Operands(count("A", above), count("B", below)))))
}

#[test]
fn what_live_rules_keep_says_what_a_computed_trait_comes_to() {
    let calendar = Calendar::utc();
    let at = |ms: i64| Instant::from_ms(ms);
    let events = [
        ("A", at(1), "hats"),
        ("A", at(2), "Shoes"),
        ("B", at(3), "hats"),
        ("A", at(4), "shoes"),
        ("B", at(5), ""),
    ];
    let mut registry = SignalRegistry::new();
    let definition = rate(Window::AllTime, Window::AllTime);
    assert!(ComputedReading::all_within(&definition, &registry, &calendar).is_empty());
    let program = Program::compile(&rule(definition.clone(), Test::Exists), &mut registry, &calendar);
    let found = ComputedReading::all_within(&definition, &registry, &calendar);
    let told = profile(&program, &registry, &events);
    assert_eq!(found[0].value(&told, at(10)), ComputedValue::Number(Decimal::parse("1.5")));

    let property = "kind".parse().unwrap();
    let choice = ValueChoice::MostFrequent;
    let chosen = ChosenValue { choice, property, event: named("A"), window: Window::AllTime };
    let definition = ComputedDefinition::Value(chosen.clone());
    let program = Program::compile(&rule(definition.clone(), Test::Exists), &mut registry, &calendar);
    let told = profile(&program, &registry, &events);
    let found = ComputedReading::all_within(&definition, &registry, &calendar);
    let ComputedValue::Value(Some(value)) = found[0].value(&told, at(10)) else { panic!("a value") };
    assert_eq!((value.entry.ts, value.count), (at(4), Some(2)));
    let newest = event("A", at(4), &[("kind", "shoes".into())]);
    assert_eq!(value.value_of(&chosen, &newest, &calendar), Some("shoes".into()));
}
