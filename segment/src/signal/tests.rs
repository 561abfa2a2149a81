use proptest::prelude::*;

use segops_model::{Event, EventKind, Instant, SourceId, Value};
use segops_rules::{EventFilter, ItemTest, Predicate, PropertyTest, Resolved, Subject, Test};

use super::SignalRegistry;
use crate::Matcher;
use crate::sample::{event, list, named, object, zone};

fn property(path: &str, test: Test) -> Predicate {
    Predicate::Property(PropertyTest { property: path.parse().unwrap(), match_case: false, test })
}

fn any_filter() -> impl Strategy<Value = EventFilter<Resolved>> {
    let value = || {
        prop::sample::select(vec![
            Value::from("red"),
            Value::from("RED"),
            Value::from("10"),
            Value::from(10),
            Value::Bool(true),
            Value::from("true"),
            Value::Null,
            list(&["red".into()]),
        ])
    };
    let test = prop_oneof![
        4 => value().prop_map(Test::Is),
        2 => prop::collection::vec(value(), 1..3).prop_map(Test::In),
        1 => value().prop_map(Test::IsNot),
        1 => Just(Test::Exists),
        1 => prop::collection::vec(value(), 1..3).prop_map(Test::ContainsAny),
    ];
    let paths = prop::sample::select(vec!["colour", "size", "context.page", "products[].colour", "tags"]);
    let leaf = (paths, test).prop_map(|(path, test)| property(path, test));
    let predicate = leaf.prop_recursive(2, 6, 3, |inner| {
        let several = || prop::collection::vec(inner.clone(), 1..3);
        prop_oneof![
            2 => several().prop_map(Predicate::All),
            1 => several().prop_map(Predicate::Any),
            1 => several().prop_map(Predicate::None),
            1 => inner.clone().prop_map(|inner| Predicate::Not(Box::new(inner))),
            1 => inner.prop_map(|inner| Predicate::Item(ItemTest {
                list: "products".parse().unwrap(),
                predicate: Box::new(inner),
            })),
        ]
    });
    let name = prop::sample::select(vec![None, Some("Viewed"), Some("Bought")]);
    let sources = prop::collection::vec((0_u32..3).prop_map(SourceId), 0..2);
    (name, prop::option::of(predicate), sources).prop_map(|(name, predicate, sources)| EventFilter {
        subject: Subject::Events,
        name: name.map(str::to_owned),
        predicate,
        sources,
    })
}

fn any_event() -> impl Strategy<Value = Event> {
    let value = || {
        prop::sample::select(vec![
            Value::from("Red"),
            Value::from("10"),
            Value::from("10.0"),
            Value::from(10),
            Value::Bool(true),
            Value::from("TRUE"),
            Value::Null,
            list(&["blue".into(), "red".into()]),
            Value::from("blue"),
        ])
    };
    let name = prop::sample::select(vec!["Viewed", "Bought", "Other"]);
    let kind = prop::sample::select(vec![EventKind::Track, EventKind::Page, EventKind::Identify]);
    (name, kind, prop::option::of(value()), value(), value(), 0_u32..3).prop_map(
        |(name, kind, colour, size, item, source)| {
            let line = Value::Object(object(&[("colour", item.clone())]));
            let mut properties = vec![("size", size), ("tags", item), ("products", list(&[line]))];
            properties.extend(colour.map(|colour| ("colour", colour)));
            let mut event = event(name, Instant::from_ms(0), &properties);
            event.kind = kind;
            event.source = SourceId(source);
            event.context.set("page", "red".into());
            event
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn the_index_finds_what_trying_each_would(
        filters in prop::collection::vec(any_filter(), 1..12), drop in prop::collection::vec(0_usize..12, 0..4),
        event in any_event(),
    ) {
        let zone = zone("UTC");
        let mut registry = SignalRegistry::new();
        let mut ids: Vec<_> = filters.iter().map(|filter| (registry.intern(filter, &zone), filter)).collect();
        for at in drop {
            if at < ids.len() {
                registry.release(ids.remove(at).0);
            }
        }
        let mut expected: Vec<_> = ids.iter()
            .filter(|(_, filter)| Matcher::compile(filter, &zone).matches(&event))
            .map(|(id, _)| *id)
            .collect();
        expected.sort_unstable();
        expected.dedup();
        let mut found = vec![ids.first().map_or(segops_model::SignalId(7), |(id, _)| *id)];
        registry.matching(&event, &mut found);
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn equal_filters_are_one_signal_until_all_let_go() {
    let mut registry = SignalRegistry::new();
    let viewed = registry.intern(&named("Viewed"), &zone("UTC"));
    assert_eq!(registry.intern(&named("Viewed"), &zone("UTC")), viewed);
    assert_ne!(registry.intern(&named("viewed"), &zone("UTC")), viewed);
    let sources = |sources: &[u32]| EventFilter::<Resolved> {
        sources: sources.iter().copied().map(SourceId).collect(),
        ..named("Viewed")
    };
    let from_two = registry.intern(&sources(&[2, 1]), &zone("UTC"));
    assert_eq!(registry.intern(&sources(&[1, 2, 1]), &zone("UTC")), from_two);
    assert_ne!(from_two, viewed);
    assert!(!registry.release(viewed));
    assert!(registry.release(viewed));
    assert!(!registry.release(viewed));
    assert!(registry.filter(viewed).is_none());
    // An id is never given twice, so that nothing old can be taken for something new.
    assert!(registry.intern(&named("Viewed"), &zone("UTC")) > from_two);
}

#[test]
fn a_time_zone_makes_another_signal_only_where_dates_could_be_read() {
    let mut registry = SignalRegistry::new();
    let (utc, berlin) = (zone("UTC"), zone("Europe/Berlin"));
    let plain = registry.intern(&named("Viewed"), &utc);
    assert_eq!(registry.intern(&named("Viewed"), &berlin), plain);
    let since = Test::Since("2026-03-01".parse().unwrap());
    let dated = EventFilter::<Resolved> { predicate: Some(property("due", since)), ..named("Viewed") };
    let (in_utc, in_berlin) = (registry.intern(&dated, &utc), registry.intern(&dated, &berlin));
    let due = event("Viewed", Instant::from_ms(0), &[("due", "2026-02-28T23:30:00Z".into())]);
    let mut found = Vec::new();
    registry.matching(&due, &mut found);
    assert!(found.contains(&in_berlin) && !found.contains(&in_utc));
}

#[test]
fn only_what_can_be_counted_matches() {
    let mut registry = SignalRegistry::new();
    let anything = registry.intern(
        &EventFilter { subject: Subject::Events, name: None, predicate: None, sources: Vec::new() },
        &zone("UTC"),
    );
    let mut found = Vec::new();
    for (kind, counted) in [
        (EventKind::Track, true),
        (EventKind::Page, true),
        (EventKind::Screen, true),
        (EventKind::Identify, false),
        (EventKind::Group, false),
        (EventKind::Alias, false),
    ] {
        let event = Event { kind, ..event("Viewed", Instant::from_ms(0), &[]) };
        registry.matching(&event, &mut found);
        assert_eq!(found == [anything], counted, "{kind:?}");
    }
}
