use segops_model::{SegmentId, Value};
use segops_rules::{
    Base, Condition, CountTest, RULE_FORMAT, Rule, SegmentCondition, Span, Test, TraitCondition, Unit, Window,
};

use super::{Explanation, Observed, Threshold, explain};
use crate::sample::{Profile, did, entry, instant, object};
use crate::{Calendar, Program, SignalRegistry};

fn days(count: u32) -> Window {
    Window::Last(Span { count, unit: Unit::Day })
}

/// Of an identified profile in Berlin with orders on 1, 5 and 9 January 2026, on the 10th.
fn explained(base: Base, when: &Condition<segops_rules::Resolved>) -> Explanation {
    let rule = Rule { version: RULE_FORMAT, base, when: when.clone() };
    let mut registry = SignalRegistry::new();
    let program = Program::compile(&rule, &mut registry, &Calendar::utc());
    let address = object(&[("city", "Berlin".into())]);
    let mut profile = Profile {
        identified: true,
        traits: object(&[("address", Value::Object(address))]),
        segments: vec![SegmentId(1)],
        ..Profile::default()
    };
    for (signal, keep) in program.signals() {
        let order = |day: i64| entry(instant(&format!("2026-01-{day:02}T00:00:00Z")).as_ms(), 1);
        let is_order = registry.filter(*signal).unwrap().name.as_deref() == Some("Order Completed");
        let days: &[i64] = if is_order { &[1, 5, 9] } else { &[] };
        let timeline = profile.timelines.entry(*signal).or_default();
        days.iter().for_each(|day| {
            timeline.insert(order(*day));
        });
        timeline.keep(*keep);
    }
    let now = instant("2026-01-10T00:00:00Z");
    explain(&program, &rule, &profile, now, &|condition| {
        format!("{condition:?}").split_once('(').map_or_else(String::new, |(kind, _)| kind.to_owned())
    })
}

#[test]
fn the_tree_mirrors_the_rule() {
    let city = Condition::Trait(TraitCondition {
        path: "address.city".parse().unwrap(),
        match_case: false,
        test: Test::Is("berlin".into()),
    });
    let other = Condition::Segment(SegmentCondition { segment: SegmentId(2) });
    let ordered = did("Order Completed", CountTest::AtLeast(2), days(7));
    let when = Condition::All(vec![ordered, city, Condition::Not(Box::new(other))]);
    let explanation = explained(Base::Customers, &when);
    assert!(explanation.member && explanation.base.holds && explanation.condition.holds);
    assert_eq!(explanation.leaves_at, Some(instant("2026-01-12T00:00:00Z")));
    assert_eq!((explanation.enters_at, explanation.searched_until), (None, None));
    assert_eq!(explanation.next_change, explanation.leaves_at);

    let [orders, city, outside] = &explanation.condition.conditions[..] else { panic!("{explanation:?}") };
    assert_eq!(orders.observed, Some(Observed::Count { count: 2, or_more: false }));
    assert_eq!(orders.evidence_expires_at, Some(instant("2026-01-12T00:00:00Z")));
    assert_eq!(orders.threshold, Some(Threshold::Count(CountTest::AtLeast(2))));
    let evidence: Vec<_> = orders.evidence.iter().map(|entry| entry.ts).collect();
    assert_eq!(evidence, [instant("2026-01-09T00:00:00Z"), instant("2026-01-05T00:00:00Z")]);
    assert_eq!(orders.window.unwrap().after, Some(instant("2026-01-03T00:00:00Z")));
    assert_eq!(city.observed, Some(Observed::Trait(Some("Berlin".into()))));
    assert_eq!((outside.text.as_str(), outside.holds), ("Not", true));
    assert_eq!(outside.conditions[0].observed, Some(Observed::Member(false)));
}

#[test]
fn who_is_out_is_told_when_they_come_in() {
    // Not before both have changed: the last order is 7 days old on the 16th, and 5 days old on the 14th.
    let none_lately = |count| did("Order Completed", CountTest::AtMost(0), days(count));
    let both = Condition::All(vec![none_lately(5), none_lately(7)]);
    let explanation = explained(Base::Everyone, &both);
    assert!(!explanation.member);
    assert_eq!(explanation.enters_at, Some(instant("2026-01-16T00:00:00Z")));
    assert_eq!(explanation.leaves_at, None);
}

#[test]
fn the_true_change_is_found_past_possible_ones() {
    // Each half flips on its own days, but one of them always holds.
    let ordered = did("Order Completed", CountTest::AtLeast(1), days(7));
    let always = Condition::Any(vec![ordered.clone(), Condition::Not(Box::new(ordered))]);
    let explanation = explained(Base::Everyone, &always);
    assert!(explanation.member);
    assert_eq!((explanation.leaves_at, explanation.searched_until), (None, None));
}

#[test]
fn a_base_that_does_not_hold_is_shown() {
    let never = did("Product Viewed", CountTest::AtMost(0), Window::AllTime);
    let explanation = explained(Base::Identified, &never);
    assert!(explanation.member && explanation.base.holds);
    let bought = did("Product Viewed", CountTest::AtLeast(1), Window::AllTime);
    let explanation = explained(Base::Customers, &bought);
    assert!(explanation.base.holds && !explanation.member);
    assert_eq!(explanation.condition.observed, Some(Observed::Count { count: 0, or_more: false }));
}

#[test]
fn an_explanation_reads_back() {
    let explanation = explained(Base::Everyone, &did("Order Completed", CountTest::AtLeast(1), days(3)));
    let bytes = postcard::to_allocvec(&explanation).unwrap();
    assert_eq!(postcard::from_bytes::<Explanation>(&bytes).unwrap(), explanation);
}
