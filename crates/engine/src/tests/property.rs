//! Whatever happens, in whatever order: live membership equals a rebuild, also at the instants at which
//! verdicts change by themselves, and one millisecond before.

mod rules;

use proptest::prelude::*;
use serde_json::json;

use segops_model::{ConsentChannel, ConsentState, ConsentStatement, Identifier};

use self::rules::{DERIVED, RULES};
use super::world::{AUTHOR, DAY_MS, World, rule};
use crate::definitions::DerivedEvents;
use crate::fold::PlantedBug;
use crate::scores::ScoresSent;
use crate::shell::Held;
use crate::view::ListRows;
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
    /// A score comes in from elsewhere, or is taken back.
    Score {
        user: u8,
        by_anonymous: bool,
        value: Option<u8>,
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
    Say {
        user: u8,
        state: u8,
        by_event: bool,
    },
    List {
        user: u8,
        by_id: bool,
        is_in: bool,
    },
    /// A recorded result is computed of some users, and other things happen before it is recorded.
    Name {
        users: u8,
        meanwhile: Vec<Step>,
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
    /// For those who put it in: nothing draws it.
    Checkpoint,
}

const EVENTS: [&str; 3] = ["Product Viewed", "Order Completed", "Product Added"];
const COUNTRIES: [Option<&str>; 4] = [Some("DE"), Some("AT"), Some(""), None];
const RENEWALS: [Option<&str>; 5] =
    [Some("2026-03-04"), Some("2025-03-05T06:00:00Z"), Some("2026-03-09"), Some("?"), None];
const NAMES: [&str; 8] = ["A", "B", "C", "D", "E", "F", "G", "H"];

fn rule_number() -> impl Strategy<Value = u8> {
    let number = |at: usize| u8::try_from(at).unwrap_or(u8::MAX);
    // However many other rules there are, mistakes with traits must have their chance to show.
    let of_traits: Vec<u8> =
        (0..RULES.len()).filter(|at| RULES[*at].contains("country")).map(number).collect();
    prop_oneof![4 => 0..number(RULES.len()), 1 => prop::sample::select(of_traits)]
}

fn say_or_list() -> impl Strategy<Value = Step> {
    let user = || 0_u8..4;
    prop_oneof![
        (user(), 0_u8..3, any::<bool>()).prop_map(|(user, state, by_event)| Step::Say {
            user,
            state,
            by_event
        }),
        (user(), any::<bool>(), prop::bool::weighted(0.8)).prop_map(|(user, by_id, is_in)| Step::List {
            user,
            by_id,
            is_in
        }),
    ]
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
        9 => (small(4), any::<bool>(), prop::option::weighted(0.9, small(100)), prop_oneof![3 => Just(0), 1 => small(4)])
            .prop_map(|(user, by_anonymous, value, late_days)| Step::Score { user, by_anonymous, value, late_days }),
        1 => small(4).prop_map(|user| Step::Delete { user, by_anonymous: user % 2 == 0 }),
        1 => Just(Step::Lift),
        3 => say_or_list(),
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
        3 => (any::<u8>(), meanwhile()).prop_map(|(users, meanwhile)| Step::Name { users, meanwhile }),
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

/// Makes the derived events that the rules name.
pub(super) fn make_derived_events(world: &World) {
    for (name, definition) in DERIVED {
        world.engine.create_definition::<DerivedEvents>(AUTHOR, name, definition).expect("a derived event");
    }
}

/// Plays a history and sums the differences that verify finds on the way and at the end.
pub(super) fn differences_over(steps: &[Step], planted: Option<PlantedBug>) -> u64 {
    let mut world = World::new();
    world.engine.create_list(AUTHOR, "L").expect("a list");
    make_derived_events(&world);
    world.result("R");
    world.plant(planted);
    let named = ScoresSent { kind: None, as_of: None, version: None, values: Vec::new() };
    world.engine.record_scores(AUTHOR, "propensity", named).expect("a name");
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
    let fold = world.engine.core().fold.read();
    let is_searched_otherwise = fold.state.search != fold.state.search_made_anew();
    drop(fold);
    differences + world.differences() + u64::from(is_searched_otherwise)
}

pub(super) fn play(world: &mut World, step: &Step) {
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
            let mut traits = match COUNTRIES.get(usize::from(*country)) {
                Some(named) => json!({
                    "country": named,
                    "renews": RENEWALS[usize::from(*user + *country) % RENEWALS.len()],
                }),
                None => json!({}),
            };
            if matches!(*country, 1 | 2) {
                traits["email"] = json!(format!("u{user}@shop.example"));
            }
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
        Step::Score { user, by_anonymous, value, late_days } => {
            let kind = if *by_anonymous { "anonymous_id:a" } else { "user_id:u" };
            let as_of = Some(world.now().plus_ms(-i64::from(*late_days) * DAY_MS));
            let values = vec![(format!("{kind}{user}"), json!(value))];
            let sent = ScoresSent { kind: None, as_of, version: None, values };
            world.engine.record_scores(AUTHOR, "propensity", sent).expect("a score");
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
        Step::Name { users, meanwhile } => {
            let find = |number: u8| {
                let (kind, letter) = if number < 4 { ("user_id", 'u') } else { ("anonymous_id", 'a') };
                world.engine.find_profile(&Identifier::new(kind, format!("{letter}{}", number % 4)))
            };
            let named = (0..8).filter(|number| users >> number & 1 == 1).filter_map(find);
            let computed = world.naming(named);
            meanwhile.iter().for_each(|step| play(world, step));
            world.engine.record_result("R", computed).expect("recorded");
        }
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
        Step::Say { user, state, by_event: true } => {
            let name = ["Subscribed", "Unsubscribed", "Email Bounced"][usize::from(*state)];
            world.send(json!({"type": "track", "event": name, "userId": format!("u{user}")}));
        }
        Step::Say { user, state, by_event: false } => {
            let states = [ConsentState::OptedIn, ConsentState::OptedOut, ConsentState::Suppressed];
            let said = ConsentStatement {
                channel: ConsentChannel::Email,
                address: format!("u{user}@shop.example").into(),
                topic: None,
                store: None,
                state: states[usize::from(*state)],
                ts: world.now(),
            };
            world.engine.record_consent(AUTHOR, &[said], None).expect("taken");
        }
        Step::List { user, by_id, is_in } => {
            let known = world.engine.find_profile(&Identifier::new("user_id", format!("u{user}")));
            let id = known.filter(|_| *by_id).map(|profile| profile.to_string());
            let row = vec![id.unwrap_or_else(|| format!("user_id:u{user}"))];
            let (add, remove) = if *is_in { (row, Vec::new()) } else { (Vec::new(), row) };
            world.engine.change_list(AUTHOR, "L", &ListRows { add, remove, kind: None }).expect("taken");
        }
        Step::Checkpoint => world.checkpoint(),
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
