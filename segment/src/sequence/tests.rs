use proptest::prelude::*;

use segops_model::{Instant, Value};
use segops_rules::{
    Base, Condition, CountTest, RULE_FORMAT, Resolved, Rule, SequenceCondition, SequenceStep, Span, Unit,
    Window,
};

use super::SEQUENCE_MATCHES_MAX;
use crate::sample::{Profile, event, named};
use crate::{Calendar, Entry, Program, SignalRegistry, Timeline, evaluate};

const NAMES: [&str; 3] = ["A", "B", "C"];
const HALF_SECOND: i64 = 500;

/// An event by the half second, with the products that it is about.
#[derive(Debug, Clone)]
struct Happened {
    name: usize,
    at: i64,
    products: Vec<u8>,
}

fn seconds(count: u32) -> Span {
    Span { count, unit: Unit::Second }
}

fn step(absent: bool, name: usize, within: Option<u32>) -> SequenceStep<Resolved> {
    SequenceStep { absent, event: named(NAMES[name]), within: within.map(seconds) }
}

fn rule_of(leaf: &SequenceCondition<Resolved>) -> Rule<Resolved> {
    let when = Condition::Sequence(Box::new(leaf.clone()));
    Rule { version: RULE_FORMAT, base: Base::Everyone, when }
}

fn compiled(leaf: &SequenceCondition<Resolved>) -> (Program, SignalRegistry) {
    let mut registry = SignalRegistry::new();
    let program = Program::compile(&rule_of(leaf), &mut registry, &Calendar::utc());
    (program, registry)
}

/// A profile to which the events came in this order.
fn profile(program: &Program, registry: &SignalRegistry, events: &[Happened]) -> Profile {
    let mut profile = Profile::default();
    let (mut matched, mut values) = (Vec::new(), Vec::new());
    for (position, happened) in events.iter().enumerate() {
        let line = |product: &u8| {
            Value::Object([("product_id", Value::text(product.to_string()))].into_iter().collect())
        };
        let lines = Value::List(happened.products.iter().map(line).collect());
        let ts = Instant::from_ms(happened.at * HALF_SECOND);
        let event = event(NAMES[happened.name], ts, &[("products", lines)]);
        let position = segops_model::Position(position as u64);
        registry.matching(&event, &mut matched);
        for signal in &matched {
            let timeline = profile.timelines.entry(*signal).or_insert_with(Timeline::new);
            if registry.capture(*signal, &event, position, &mut values) {
                values.iter().for_each(|value| assert!(timeline.insert_value(*value)));
            } else {
                timeline.insert(Entry { ts, position });
            }
        }
    }
    assert!(program.signals().len() <= 3);
    profile
}

/// The number of completions, by trying every choice of events.
fn naive(leaf: &SequenceCondition<Resolved>, events: &[Happened], now: i64) -> u64 {
    let mut places: Vec<usize> = (0..events.len()).collect();
    places.sort_by_key(|place| events[*place].at);
    let ordered: Vec<&Happened> = places.iter().map(|place| &events[*place]).collect();
    let mut used = vec![false; ordered.len()];
    let mut count = 0;
    loop {
        let mut ways = Vec::new();
        ways_from(leaf, &ordered, now, &mut Vec::new(), &mut ways);
        ways.retain(|way: &Vec<(usize, Option<u8>, usize)>| way.iter().all(|(place, ..)| !used[*place]));
        // The latest events win; between values of one event that listed first.
        let key = |way: &Vec<(usize, Option<u8>, usize)>| {
            way.iter().map(|(place, _, line)| (*place, usize::MAX - line)).collect::<Vec<_>>()
        };
        let Some(way) = ways.into_iter().max_by_key(key) else { return count };
        way.iter().for_each(|(place, ..)| used[*place] = true);
        count += 1;
    }
}

fn ways_from(
    leaf: &SequenceCondition<Resolved>,
    events: &[&Happened],
    now: i64,
    chosen: &mut Vec<(usize, Option<u8>, usize)>,
    ways: &mut Vec<Vec<(usize, Option<u8>, usize)>>,
) {
    let positive: Vec<&SequenceStep<Resolved>> = leaf.steps.iter().filter(|step| !step.absent).collect();
    let Some(asked) = positive.get(chosen.len()) else {
        if is_completion(leaf, events, now, chosen) {
            ways.push(chosen.clone());
        }
        return;
    };
    for (place, happened) in events.iter().enumerate() {
        let is_later = chosen.last().is_none_or(|(last, ..)| *last < place);
        if !is_later || Some(NAMES[happened.name]) != asked.event.name.as_deref() {
            continue;
        }
        let values: Vec<Option<u8>> = match leaf.same {
            None => vec![None],
            Some(_) => happened.products.iter().map(|product| Some(*product)).collect(),
        };
        for (line, value) in values.into_iter().enumerate() {
            chosen.push((place, value, line));
            ways_from(leaf, events, now, chosen, ways);
            chosen.pop();
        }
    }
}

fn is_completion(
    leaf: &SequenceCondition<Resolved>,
    events: &[&Happened],
    now: i64,
    chosen: &[(usize, Option<u8>, usize)],
) -> bool {
    let at = |place: usize| events[place].at * HALF_SECOND;
    let ms = |span: Span| i64::from(span.count) * 1_000;
    let in_window = |place: usize| match &leaf.window {
        Window::AllTime => at(place) <= now,
        Window::Last(span) => at(place) <= now && at(place) > now - ms(*span),
        Window::Ago { near, far } => at(place) <= now - ms(*near) && at(place) > now - ms(*far),
        other => panic!("no such window here: {other:?}"),
    };
    let mut next: usize = 0;
    for step in &leaf.steps {
        let before = next.checked_sub(1).map(|last| &chosen[last]);
        if !step.absent {
            let (place, value, _) = chosen[next];
            let follows = before.is_none_or(|(last, shared, _)| {
                *last < place
                    && *shared == value
                    && step.within.is_none_or(|span| at(place) < at(*last) + ms(span))
            });
            if !in_window(place) || !follows {
                return false;
            }
            next += 1;
            continue;
        }
        let Some((last, shared, _)) = before else { return false };
        let until = chosen.get(next).map_or(events.len(), |(place, ..)| *place);
        let is_meant = |place: &usize| {
            Some(NAMES[events[*place].name]) == step.event.name.as_deref()
                && shared.is_none_or(|value| events[*place].products.contains(&value))
                && at(*place) <= now
        };
        let happened = match step.within {
            None => (*last + 1..until).any(|place| is_meant(&place)),
            Some(span) => {
                let end = at(*last) + ms(span);
                let certain = chosen.get(next).map_or(now, |(place, ..)| at(*place));
                certain < end || (*last + 1..events.len()).any(|place| is_meant(&place) && at(place) < end)
            }
        };
        if happened {
            return false;
        }
    }
    true
}

fn counted(test: CountTest, count: u64) -> bool {
    crate::count_range::CountRange::new(test).holds(count)
}

fn sequences() -> impl Strategy<Value = SequenceCondition<Resolved>> {
    let later = (any::<bool>(), 0_usize..3, prop::option::of(1_u32..6))
        .prop_map(|(absent, name, within)| step(absent, name, within));
    let count = prop_oneof![
        4 => Just(CountTest::AtLeast(1)),
        2 => Just(CountTest::AtLeast(2)),
        1 => Just(CountTest::AtLeast(3)),
        1 => Just(CountTest::Exactly(1)),
        1 => Just(CountTest::AtMost(1)),
        1 => Just(CountTest::Exactly(0)),
        1 => Just(CountTest::Not(2)),
        1 => Just(CountTest::Between(1, 2)),
    ];
    let window = prop_oneof![
        Just(Window::AllTime),
        (2_u32..12).prop_map(|count| Window::Last(seconds(count))),
        (1_u32..4, 4_u32..12).prop_map(|(near, far)| Window::Ago { near: seconds(near), far: seconds(far) }),
    ];
    (0_usize..3, prop::collection::vec(later, 1..4), any::<bool>(), count, window).prop_map(
        |(first, mut steps, same, count, window)| {
            steps.insert(0, step(false, first, None));
            let same = same.then(|| "product_id".parse().expect("a path"));
            SequenceCondition { steps, same, count, window }
        },
    )
}

fn histories() -> impl Strategy<Value = Vec<Happened>> {
    let one = (0_usize..3, 0_i64..24, prop::collection::vec(0_u8..3, 1..3))
        .prop_map(|(name, at, products)| Happened { name, at, products });
    prop::collection::vec(one, 0..9)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// At every instant the verdict is that of trying everything, and so is the instant of its next change.
    #[test]
    fn a_sequence_is_what_trying_everything_finds(leaf in sequences(), events in histories()) {
        let (program, registry) = compiled(&leaf);
        let profile = profile(&program, &registry, &events);
        let first = events.iter().map(|event| event.at).max().unwrap_or(0);
        let instants: Vec<i64> = (first..first + 40).map(|half| half * HALF_SECOND).collect();
        let expected: Vec<bool> =
            instants.iter().map(|now| counted(leaf.count, naive(&leaf, &events, *now))).collect();
        for (at, now) in instants.iter().enumerate() {
            let verdict = evaluate(&program, &profile, Instant::from_ms(*now));
            prop_assert_eq!(verdict.member, expected[at], "at {}", now);
            let changes = expected.iter().skip(at).position(|holds| *holds != expected[at]);
            let change = changes.map(|steps| Instant::from_ms(instants[at + steps]));
            prop_assert_eq!(verdict.next_change, change, "at {}", now);
        }
    }

    /// Where no event can be two steps, no other choice has more completions.
    #[test]
    fn no_other_choice_completes_more(within in prop::option::of(1_u32..6), events in histories()) {
        let steps = vec![step(false, 0, None), step(false, 1, within), step(false, 2, within)];
        let leaf = SequenceCondition { steps, same: None, count: CountTest::default(), window: Window::AllTime };
        let mut ordered: Vec<&Happened> = events.iter().collect();
        ordered.sort_by_key(|event| event.at);
        let now = 1_000_000;
        let mut ways = Vec::new();
        ways_from(&leaf, &ordered, now, &mut Vec::new(), &mut ways);
        prop_assert_eq!(naive(&leaf, &events, now), most_apart(&ways, &mut vec![false; ordered.len()]));
    }
}

/// The greatest number of ways that share no event.
fn most_apart(ways: &[Vec<(usize, Option<u8>, usize)>], used: &mut Vec<bool>) -> u64 {
    let Some((way, rest)) = ways.split_first() else { return 0 };
    let without = most_apart(rest, used);
    if way.iter().any(|(place, ..)| used[*place]) {
        return without;
    }
    way.iter().for_each(|(place, ..)| used[*place] = true);
    let with = 1 + most_apart(rest, used);
    way.iter().for_each(|(place, ..)| used[*place] = false);
    with.max(without)
}

fn plain(steps: Vec<SequenceStep<Resolved>>, count: CountTest) -> SequenceCondition<Resolved> {
    SequenceCondition { steps, same: None, count, window: Window::AllTime }
}

#[test]
fn of_more_matches_the_newest_exist() {
    let leaf = plain(vec![step(false, 0, None), step(false, 1, Some(1))], CountTest::default());
    let (program, registry) = compiled(&leaf);
    let most = i64::from(SEQUENCE_MATCHES_MAX);
    let happened = |name, at| Happened { name, at, products: Vec::new() };
    // One completion, and after it as many more starts as exist, one less or just as many.
    for (later, holds) in [(most - 1, true), (most, false)] {
        let mut events = vec![happened(0, 0), happened(1, 1)];
        events.extend((0..later).map(|at| happened(0, 10 + at)));
        let profile = profile(&program, &registry, &events);
        let verdict = evaluate(&program, &profile, Instant::from_ms(i64::MAX / 2));
        assert_eq!(verdict.member, holds, "{later} starts after the completion");
    }
}

/// The worst that one answer can cost: ten thousand matches of every step, and nothing completes.
#[test]
fn nothing_is_tried_twice() {
    let mut steps: Vec<_> = (0..10).map(|at| step(false, at % 2, None)).collect();
    steps.push(step(false, 2, None));
    let (program, registry) = compiled(&plain(steps, CountTest::AtLeast(3)));
    let happened = |name, at| Happened { name, at, products: Vec::new() };
    let mut events = vec![happened(2, 0)];
    events.extend((0..20_000).map(|at| happened(usize::try_from(at % 2).unwrap(), 1 + at)));
    let profile = profile(&program, &registry, &events);
    assert!(!evaluate(&program, &profile, Instant::from_ms(i64::MAX / 2)).member);
}
