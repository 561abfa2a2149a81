//! Verdicts that more matches leave as they are.

use proptest::prelude::*;

use segops_model::Instant;
use segops_rules::{Resolved, Rule, read_text};

use crate::carried::tests::{Step, World, any_step};
use crate::sentence::tests::shop;
use crate::{evaluate, judge};

/// Of every family that more matches may leave as it is, and of some that they never do.
const RULES: [&str; 38] = [
    r#"did "A" >= 3 times in last 3 days"#,
    r#"did not "A" in last 2 days"#,
    r#"did "A" < 4 times in last 5 days"#,
    r#"did "A" between 2 and 5 times in last 3 days"#,
    r#"did "A" exactly 0 times in last 3 days"#,
    r#"did "A" >= 2 times between 1 and 2 days ago"#,
    r#"did "A" < 2 times between 1 and 2 days ago"#,
    r#"did "A" in last 10 days and did not "B" in last 3 hours"#,
    r#"did "A" in last 2 days or did not "B" in last 3 days"#,
    r#"none of (did "A" in last 2 days, did not "B" in last 3 days)"#,
    r#"first "A" has total >= 3"#,
    r#"first "A" has total >= 3 and did "B" in last 2 days"#,
    r#"2nd "A" was in last 9 days"#,
    r#"last "A" has total >= 5"#,
    r#"last "A" was in last 2 days"#,
    r#"did "B" within 2 days of first "A""#,
    r#"did "B" >= 3 times within 2 days of first "A""#,
    r#"did "B" < 3 times within 2 days of first "A""#,
    r#"did "B" within 2 days before first "A""#,
    r#"did "A" in at least 2 of the last 4 weeks"#,
    r#"did "A" less than 2 times in at least 2 of the last 4 weeks"#,
    r#"distinct days with "A" in last 9 days >= 3"#,
    r#"distinct days with "A" in last 9 days < 3"#,
    r#"stopped "A" in last 3 days"#,
    r#"did "A" then "B" within 5 hours in last 4 days"#,
    r#"did "A" then "B" within 5 hours less than 1 times in last 4 days"#,
    r#"did "A" then "B" within 5 hours at least 2 times in last 4 days"#,
    r#"did "A" then not "B" within 2 hours"#,
    r#"distinct of total over "A" in last 5 days >= 6"#,
    r#"distinct of total over "A" in last 5 days < 4"#,
    r#"maximum of total over "A" in last 5 days >= 20"#,
    r#"maximum of total over "A" in last 5 days < 20"#,
    r#"minimum of total over "A" in last 5 days < 3"#,
    r#"minimum of total over "A" in last 5 days >= 1"#,
    r#"sum of total over "A" in last 5 days >= 50"#,
    r#"average of total over "A" in last 5 days < 5"#,
    r#"count of "A" in last 5 days > 2 times count of "B" in last 5 days"#,
    r#""A" overdue by 1.5 times the usual gap"#,
];

fn rule(text: &str) -> Rule<Resolved> {
    let reading = read_text(&format!("everyone where {text}"), &shop(), None);
    reading.unwrap_or_else(|problems| panic!("{text}: {problems:?}")).resolved
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn an_unmoved_verdict_stands_until_its_next_change_whatever_comes_in(
        text in prop::sample::select(RULES.to_vec()),
        steps in prop::collection::vec(any_step(), 1..40),
    ) {
        let mut world = World::of_rule(&rule(text));
        let mut held: Option<(bool, Option<Instant>)> = None;
        for step in steps {
            held = held.filter(|_| match &step {
                Step::Arrive { .. } | Step::Pass { .. } | Step::Copy => true,
                // It happened long ago, and is the newest all the same.
                Step::Late { ago_ms, name, .. } => world.is_newest(*name, world.now - ago_ms),
                Step::Remove { .. } | Step::Unmake { .. } | Step::KeepNewest { .. } | Step::LookBack { .. } => false,
            });
            if matches!(step, Step::KeepNewest { .. } | Step::LookBack { .. }) {
                continue;
            }
            let now = world.step(step);
            held = held.filter(|(_, due)| due.is_none_or(|due| now < due));
            let Some((member, due)) = held else {
                let judgement = judge(&world.program, &world.profile, now);
                held = judgement.is_unmoved.then_some((judgement.verdict.member, judgement.verdict.next_change));
                continue;
            };
            prop_assert_eq!(evaluate(&world.program, &world.profile, now).member, member, "{} until {:?}", text, due);
        }
    }
}

/// Three As a minute apart, and then one B.
fn is_unmoved(text: &str) -> bool {
    let mut world = World::of_rule(&rule(text));
    world.step(Step::Arrive { count: 3, apart_ms: 60_000, names: 1, values: 30 });
    world.step(Step::Late { ago_ms: 0, name: 1, value: 7 });
    judge(&world.program, &world.profile, Instant::from_ms(world.now)).is_unmoved
}

#[test]
fn verdicts_of_most_families_are_unmoved_once_they_cannot_be_otherwise() {
    for text in [
        r#"did "A" >= 3 times in last 3 days"#,
        r#"did not "A" in last 2 days"#,
        r#"did "A" < 3 times in last 2 days"#,
        r#"did "A" in last 10 days and did "B" in last 3 hours"#,
        r#"did any event in last 10 days and did not any event in last 3 hours"#,
        r#"first "A" has total >= 3"#,
        r#"first "A" was in last 9 days"#,
        r#"did "B" within 2 days of first "A""#,
        r#"did "A" in at least 1 of the last 4 weeks"#,
        r#"distinct days with "A" in last 9 days >= 1"#,
        r#"did "A" then "B" within 5 hours in last 4 days"#,
        r#"distinct of total over "A" in last 5 days >= 3"#,
        r#"maximum of total over "A" in last 5 days >= 14"#,
        r#"minimum of total over "A" in last 5 days < 1"#,
    ] {
        assert!(is_unmoved(text), "{text}");
    }
    for text in [
        r#"did "A" >= 4 times in last 3 days"#,
        r#"did not "C" in last 2 days"#,
        r#"did "A" in last 10 days and did not "C" in last 3 hours"#,
        r#"last "A" has total >= 3"#,
        r#"average of total over "A" in last 5 days < 50"#,
        r#"did "A" then not "C" within 2 hours"#,
    ] {
        assert!(!is_unmoved(text), "{text}");
    }
}
