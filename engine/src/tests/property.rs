//! Whatever happens, in whatever order: live membership equals a rebuild, also at the instants at which
//! verdicts change by themselves, and one millisecond before.

use proptest::prelude::*;
use serde_json::json;

use segops_model::Identifier;

use super::world::{AUTHOR, DAY_MS, World, rule};
use crate::fold::PlantedBug;
use crate::shell::Held;
use crate::work::Work;

/// One thing that happens.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Event {
        user: u8,
        by_anonymous: bool,
        name: u8,
        total: u8,
        late_days: u8,
        repeat: bool,
    },
    /// Money goes back against an order.
    Reverse {
        user: u8,
        order: u8,
        amount: Option<u8>,
        cancels: bool,
        late_days: u8,
    },
    Identify {
        user: u8,
        anonymous: Option<u8>,
        country: u8,
        late_days: u8,
    },
    ChangeProduct {
        id: u8,
        price: Option<u8>,
        late_days: u8,
    },
    Pass {
        hours: u16,
    },
    /// To one millisecond before the next due instant, and then to it.
    ToNextDue,
    Create {
        name: u8,
        rule: u8,
    },
    Edit {
        name: u8,
        rule: u8,
    },
    PauseOrResume {
        name: u8,
    },
    /// As `Create`, and other things happen while history is read.
    CreateSlowly {
        name: u8,
        rule: u8,
        meanwhile: Vec<Step>,
    },
    /// Takes some of the identifiers of a user's profile out, and other things happen while history is read.
    Split {
        user: u8,
        taken: u8,
        meanwhile: Vec<Step>,
    },
    /// Lifts the newest bar.
    Lift,
    Delete {
        user: u8,
        by_anonymous: bool,
    },
    Restart,
}

const EVENTS: [&str; 3] = ["Product Viewed", "Order Completed", "Product Added"];
const COUNTRIES: [Option<&str>; 4] = [Some("DE"), Some("AT"), Some(""), None];
const RENEWALS: [Option<&str>; 5] =
    [Some("2026-03-04"), Some("2025-03-05T06:00:00Z"), Some("2026-03-09"), Some("?"), None];
const NAMES: [&str; 8] = ["A", "B", "C", "D", "E", "F", "G", "H"];
const RULES: [&str; 70] = [
    r#"everyone where not in segment "B""#,
    r#"everyone where in segment "B" or country is "AT""#,
    r#"everyone where in segment "C" and not in segment "A""#,
    r#"did "Order Completed" >= 2 times in last 3 days"#,
    r#"everyone where did not "Product Viewed" in last 2 days"#,
    r#"everyone where did "Product Viewed" exactly 2 times"#,
    r#"everyone where did "Product Added" between 1 and 2 days ago"#,
    r#"did "Order Completed" where total >= 50 and did "Product Viewed" < 3 times in last 1 week"#,
    r#"everyone where country is "DE""#,
    r#"everyone where country is not "DE""#,
    r#"identified where did any event in last 1 day"#,
    r#"everyone where did "Product Viewed" today or did "Order Completed" yesterday"#,
    r#"everyone where did "Order Completed" this week and not did "Product Added" last week"#,
    r#"everyone where none of (did "Product Viewed" in last 1 month, country exists)"#,
    r#"identified where did "Product Viewed" < 1000 times"#,
    r#"everyone where in segment "A""#,
    r#"everyone where not in segment "A" and did "Product Viewed""#,
    r#"everyone where sum of total over "Order Completed" in last 3 days >= 100"#,
    r#"everyone where sum of total over "Product Viewed" < 60"#,
    r#"everyone where average of total over "Order Completed" in last 4 days < 50"#,
    r#"everyone where minimum of total over "Product Viewed" where total > 9 in last 2 days <= 30"#,
    r#"everyone where maximum of total over any event between 1 and 3 days ago between 20 and 80"#,
    r#"everyone where distinct of total over "Product Viewed" in last 3 days >= 2"#,
    r#"everyone where median of total over "Product Viewed" in last 1 week != 50"#,
    r#"everyone where average of total over any event in last 2 days < 0.9 times average of total over any event between 2 and 5 days ago"#,
    r#"everyone where entered segment "B" in last 2 days"#,
    r#"everyone where left segment "A" >= 2 times"#,
    r#"everyone where not entered segment "A" in last 3 days"#,
    r#"everyone where in segment "B" for at least 30 hours"#,
    r#"everyone where in segment "C" for less than 2 days"#,
    r#"everyone where in segment "A" since after 2026-03-03 or left segment "A" yesterday"#,
    r#"everyone where left segment "C" in last 1 day and not in segment "C""#,
    r#"everyone where sum of total over "Product Viewed" > sum of total over "Order Completed""#,
    r#"everyone where country has been "DE" for at least 2 days"#,
    r#"everyone where country has been not "DE" for less than 3 days"#,
    r#"everyone where country changed from "DE" to "AT" in last 3 days"#,
    r#"everyone where country changed to missing between 1 and 4 days ago"#,
    r#"everyone where renews in next 2 days"#,
    r#"everyone where renews anniversary in last 3 days"#,
    r#"everyone where in 50% sample "a""#,
    r#"everyone where not in 50% sample "a" and did not "Order Completed" in last 2 days"#,
    r#"everyone where first "Product Viewed" was in last 3 days"#,
    r#"everyone where first "Product Viewed" has total >= 50"#,
    r#"everyone where last "Order Completed" where total > 9 has total < 60 was in last 4 days"#,
    r#"everyone where 2nd "Product Viewed" has total >= 40 and 2nd to last any event was between 1 and 3 days ago"#,
    r#"everyone where did "Product Viewed" within 2 days of first any event"#,
    r#"everyone where did any event >= 2 times within 1 day before last "Order Completed""#,
    r#"everyone where did any event in >= 2 of the last 3 days"#,
    r#"everyone where distinct days with any event in last 1 week >= 2"#,
    r#"everyone where stopped "Product Viewed" in last 2 days"#,
    r#"everyone where restarted any event in last 2 days"#,
    r#"everyone where net spend in last 4 days >= 60"#,
    r#"everyone where has orders >= 2 where status is "completed""#,
    r#"everyone where has no orders where status in ("refunded", "partially_refunded") in last 1 week"#,
    r#"everyone where average order value < 50"#,
    r#"everyone where maximum of net over orders in last 3 days >= 40"#,
    r#"everyone where net spend < 0.9 times gross spend"#,
    r#"everyone where has orders where refunded > 0"#,
    r#"everyone where top 50% by sum of total over any event in last 3 days"#,
    r#"everyone where bottom 40% by count of "Product Viewed""#,
    r#"everyone where did "Product Viewed" where product.price >= 50"#,
    r#"everyone where did any event < 2 times where lines[].current_product.price >= 50"#,
    r#"everyone where sum of product.price over "Product Viewed" in last 3 days >= 60"#,
    r#"everyone where sum of lines[].price*quantity over "Order Completed" where lines[].kind is "a" in last 3 days >= 100"#,
    r#"everyone where did "Product Viewed" then "Product Added" within 2 days in last 1 week"#,
    r#"everyone where did "Product Viewed" then not "Order Completed" within 1 day in last 3 days"#,
    r#"everyone where did any event then any event within 2 days with same total in last 4 days"#,
    r#"everyone where did "Product Viewed" then not "Product Added" then "Order Completed" < 2 times"#,
    r#"everyone where did any event then any event with same lines[].price >= 2 times in last 1 week"#,
    r#"everyone where time since last any event > 1.5 times median gap with at least 2 events"#,
];

fn rule_number() -> impl Strategy<Value = u8> {
    let number = |at: usize| u8::try_from(at).unwrap_or(u8::MAX);
    // However many other rules there are, mistakes with traits must have their chance to show.
    let of_traits: Vec<u8> =
        (0..RULES.len()).filter(|at| RULES[*at].contains("country")).map(number).collect();
    prop_oneof![4 => 0..number(RULES.len()), 1 => prop::sample::select(of_traits)]
}

/// What can happen at any time, also while history is read.
fn brief() -> impl Strategy<Value = Step> {
    let small = |below: u8| 0..below;
    prop_oneof![
        9 => (small(3), prop::option::weighted(0.9, small(100)), prop_oneof![2 => Just(0), 1 => small(6)])
            .prop_map(|(id, price, late_days)| Step::ChangeProduct { id, price, late_days }),
        24 => (small(4), any::<bool>(), small(3), small(100), prop_oneof![3 => Just(0), 1 => small(6)], prop::bool::weighted(0.1))
            .prop_map(|(user, by_anonymous, name, total, late_days, repeat)| Step::Event { user, by_anonymous, name, total, late_days, repeat }),
        3 => (small(4), small(8), prop::option::of(small(40)), prop::bool::weighted(0.2), prop_oneof![3 => Just(0), 1 => small(4)])
            .prop_map(|(user, order, amount, cancels, late_days)| Step::Reverse { user, order, amount, cancels, late_days }),
        12 => (small(4), prop::option::of(small(4)), small(5), prop_oneof![2 => Just(0), 1 => small(4)])
            .prop_map(|(user, anonymous, country, late_days)| Step::Identify { user, anonymous, country, late_days }),
        1 => small(4).prop_map(|user| Step::Delete { user, by_anonymous: user % 2 == 0 }),
        1 => Just(Step::Lift),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let small = |below: u8| 0..below;
    let meanwhile = || prop::collection::vec(brief(), 0..4);
    let split = || {
        (small(4), any::<u8>(), meanwhile()).prop_map(|(user, taken, meanwhile)| Step::Split {
            user,
            taken,
            meanwhile,
        })
    };
    let in_priming = prop_oneof![2 => brief().boxed(), 1 => split().boxed()];
    prop_oneof![
        24 => brief(),
        2 => split(),
        2 => (4_u8..8, rule_number(), prop::collection::vec(in_priming, 1..5))
            .prop_map(|(name, rule, meanwhile)| Step::CreateSlowly { name, rule, meanwhile }),
        6 => (0u16..60).prop_map(|hours| Step::Pass { hours }),
        4 => Just(Step::ToNextDue),
        4 => (small(4), rule_number()).prop_map(|(name, rule)| Step::Create { name, rule }),
        2 => (small(4), rule_number()).prop_map(|(name, rule)| Step::Edit { name, rule }),
        2 => small(8).prop_map(|name| Step::PauseOrResume { name }),
        2 => Just(Step::Restart),
    ]
}

fn trait_rule() -> Option<u8> {
    let at = RULES.iter().position(|rule| rule.contains(r#"country is "DE""#))?;
    u8::try_from(at).ok()
}

/// A workspace with some segments from the start, and what happens in it.
pub(super) fn history() -> impl Strategy<Value = Vec<Step>> {
    let first = prop::collection::vec((0u8..4, rule_number()), 4..9).prop_map(|made| {
        made.into_iter().map(|(name, rule)| Step::Create { name, rule }).collect::<Vec<_>>()
    });
    (first, prop::collection::vec(step(), 10..60)).prop_map(|(mut first, rest)| {
        // There are few rules of traits, which some mistakes need.
        first.extend(trait_rule().map(|rule| Step::Create { name: 4, rule }));
        first.extend(rest);
        first
    })
}

/// Plays a history and sums the differences that verify finds on the way and at the end.
pub(super) fn differences_over(steps: &[Step], planted: Option<PlantedBug>) -> u64 {
    let mut world = World::new();
    world.plant(planted);
    let mut differences = 0;
    for step in steps {
        match step {
            Step::ToNextDue => {
                let Some(due) = world.engine.status().next_timer_at else { continue };
                let ahead = due.ms_since(world.now());
                if ahead > 1 {
                    world.pass_ms(ahead - 1);
                    differences += world.differences();
                    world.pass_ms(1);
                } else {
                    world.pass_ms(ahead.max(0));
                }
                differences += world.differences();
            }
            Step::Restart => {
                world = world.restarted();
                world.plant(planted);
            }
            _ => play(&mut world, step),
        }
    }
    differences + world.differences()
}

fn play(world: &mut World, step: &Step) {
    match step {
        Step::Event { user, by_anonymous, name, total, late_days, repeat } => {
            let ts = world.now().plus_ms(-i64::from(*late_days) * DAY_MS);
            let id = if *by_anonymous { "anonymousId" } else { "userId" };
            let mut event = json!({
                id: format!("{}{user}", if *by_anonymous { 'a' } else { 'u' }),
                "event": EVENTS[usize::from(*name)],
                "properties": {
                    "total": total,
                    "order_id": format!("o{}", total % 8),
                    "product_id": format!("p{}", total % 3),
                    "lines": [
                        {"kind": "a", "price": total, "quantity": 2},
                        {"kind": "b", "price": 60, "product_id": format!("p{}", total % 2)},
                        {"kind": "A", "price": "1.5"},
                    ],
                },
                "timestamp": ts.to_string(),
            });
            if *repeat {
                event["messageId"] = json!(format!("repeated{user}"));
            }
            world.send(event);
        }
        Step::Reverse { user, order, amount, cancels, late_days } => {
            let ts = world.now().plus_ms(-i64::from(*late_days) * DAY_MS);
            world.send(json!({
                "userId": format!("u{user}"),
                "event": if *cancels { "Order Cancelled" } else { "Order Refunded" },
                "properties": {"order_id": format!("o{order}"), "total": amount},
                "timestamp": ts.to_string(),
            }));
        }
        Step::Identify { user, anonymous, country, late_days } => {
            let ts = world.now().plus_ms(-i64::from(*late_days) * DAY_MS);
            // Past the countries, nothing is said of one.
            let traits = match COUNTRIES.get(usize::from(*country)) {
                Some(named) => json!({
                    "country": named,
                    "renews": RENEWALS[usize::from(*user + *country) % RENEWALS.len()],
                }),
                None => json!({}),
            };
            let mut identify = json!({
                "type": "identify",
                "userId": format!("u{user}"),
                "traits": traits,
                "timestamp": ts.to_string(),
            });
            if let Some(anonymous) = anonymous {
                identify["anonymousId"] = json!(format!("a{anonymous}"));
                // Browsers have traits of their own, which a merge must bring along.
                if user % 2 == 1 {
                    identify.as_object_mut().expect("an object").remove("userId");
                }
            }
            world.send(identify);
        }
        Step::ChangeProduct { id, price, late_days } => {
            let at = world.now().plus_ms(-i64::from(*late_days) * DAY_MS);
            let product = json!({
                "id": format!("p{id}"),
                "price": price,
                "deleted": price.is_none(),
                "updated_at": at.to_string(),
            });
            let change = crate::product_change(product, world.engine.limits()).expect("a product");
            world.engine.change_products(AUTHOR, vec![change]).expect("a change");
        }
        Step::Pass { hours } => world.pass_ms(i64::from(*hours) * segops_model::HOUR_MS),
        Step::Create { name, rule: text } => {
            let created = world.engine.create_segment(
                AUTHOR,
                NAMES[usize::from(*name)],
                &rule(RULES[usize::from(*text)]),
            );
            if let Ok((segment, _)) = created {
                world.engine.wait_primed(segment.id, &Work::new()).expect("primed");
            }
        }
        Step::Edit { name, rule: text } => {
            let edited = world.engine.edit_segment(
                AUTHOR,
                NAMES[usize::from(*name)],
                None,
                &rule(RULES[usize::from(*text)]),
            );
            if let Ok((segment, _)) = edited {
                world.engine.wait_primed(segment.id, &Work::new()).expect("primed");
            }
        }
        Step::PauseOrResume { name } => {
            let name = NAMES[usize::from(*name)];
            if world.engine.pause_segment(AUTHOR, name).is_err()
                && let Ok(segment) = world.engine.resume_segment(AUTHOR, name)
            {
                world.engine.wait_primed(segment.id, &Work::new()).expect("primed");
            }
        }
        Step::CreateSlowly { name, rule: text, meanwhile } => {
            let text = RULES[usize::from(*text)];
            create_slowly(world, NAMES[usize::from(*name)], text, meanwhile);
        }
        Step::Split { user, taken, meanwhile } => split(world, *user, *taken, meanwhile),
        Step::Lift => {
            if let Some(split) = world.engine.splits().last() {
                let _ = world.engine.lift_bar(AUTHOR, split.id);
            }
        }
        Step::Delete { user, by_anonymous } => {
            let found = if *by_anonymous {
                world.engine.find_profile(&Identifier::new("anonymous_id", format!("a{user}")))
            } else {
                world.engine.find_profile(&Identifier::new("user_id", format!("u{user}")))
            };
            if let Some(profile) = found {
                world.engine.delete_profile(AUTHOR, profile).expect("deleted");
            }
        }
        Step::ToNextDue | Step::Restart => {}
    }
}

fn create_slowly(world: &mut World, name: &str, text: &str, meanwhile: &[Step]) {
    world.hold(Held::Primings);
    if let Ok((segment, _)) = world.engine.create_segment(AUTHOR, name, &rule(text)) {
        let priming = world.begin_priming(segment.id);
        meanwhile.iter().for_each(|step| play(world, step));
        world.finish_priming(priming);
    }
    world.release(Held::Primings);
}

fn split(world: &mut World, user: u8, taken: u8, meanwhile: &[Step]) {
    let found = ["user_id", "anonymous_id"]
        .iter()
        .find_map(|kind| world.engine.find_profile(&Identifier::new(kind, format!("{}{user}", &kind[..1]))));
    let Some(profile) = found else { return };
    let held = world.engine.profile(profile).expect("a profile").identifiers;
    let taken: Vec<_> =
        (0..).zip(held).filter(|(bit, _)| taken >> (bit % 8) & 1 == 1).map(|(_, held)| held).collect();
    world.hold(Held::Splits);
    if let Ok(split) = world.engine.split_profile(AUTHOR, profile, &taken) {
        let attempt = world.attempt(split.id);
        meanwhile.iter().for_each(|step| play(world, step));
        world.carry_out(split.id, attempt);
    }
    world.release(Held::Splits);
}

/// Histories to play; as many as proptest's own variable says, where it is set.
fn cases() -> u32 {
    let by_default = ProptestConfig::default().cases;
    if std::env::var_os("PROPTEST_CASES").is_some() { by_default } else { 128 }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn live_equals_rebuild(steps in history()) {
        prop_assert_eq!(differences_over(&steps, None), 0);
    }
}
