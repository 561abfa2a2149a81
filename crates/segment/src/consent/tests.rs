use segops_model::{ConsentChannel, ConsentState, ConsentStatement, Identifier, Instant};
use segops_rules::{ReachCondition, ReachTest};

use super::{CONSENT_STATEMENTS_MAX, ConsentFact, ConsentHistory, given, standings, suppressed_since};
use crate::sample::event;

/// `in 3`, `out 5 offers`, `suppressed 7`, `unsuppressed 9`, by commas: a state, a time, a topic.
fn history(said: &str) -> ConsentHistory {
    let mut history = ConsentHistory::default();
    for one in said.split(',').map(str::trim).filter(|one| !one.is_empty()) {
        let mut words = one.split(' ');
        let state = match words.next().unwrap() {
            "in" => ConsentState::OptedIn,
            "out" => ConsentState::OptedOut,
            "suppressed" => ConsentState::Suppressed,
            _ => ConsentState::Unsuppressed,
        };
        let ts = Instant::from_ms(words.next().unwrap().parse().unwrap());
        history.add(&ConsentStatement {
            channel: ConsentChannel::Email,
            address: "a@b.example".into(),
            topic: words.next().map(Into::into),
            store: None,
            state,
            ts,
        });
    }
    history
}

#[track_caller]
fn check(said: &str, topic: Option<&str>, expected: Option<ConsentState>) {
    let found = given(&[&history(said)], (topic, None), Instant::MAX);
    assert_eq!(found.map(|(_, state)| state), expected, "{said}, topic {topic:?}");
}

#[test]
fn the_newest_word_wins_and_on_ties_the_opt_out() {
    use ConsentState::{OptedIn, OptedOut};
    check("", None, None);
    check("in 1", None, Some(OptedIn));
    check("in 1, out 2", None, Some(OptedOut));
    check("out 2, in 3, in 1", None, Some(OptedIn));
    check("in 2, out 2", None, Some(OptedOut));
}

#[test]
fn topics_stand_beside_the_whole() {
    use ConsentState::{OptedIn, OptedOut};
    check("in 1 offers", None, None);
    check("in 1 offers", Some("Offers"), Some(OptedIn));
    check("in 1", Some("offers"), Some(OptedIn));
    check("out 1 offers, in 2", Some("offers"), Some(OptedOut));
    check("in 1 offers, out 2", Some("offers"), Some(OptedOut));
    check("out 1, in 2 offers", Some("offers"), Some(OptedIn));
    check("out 2, in 2 offers", Some("offers"), Some(OptedOut));
    check("out 1 news", Some("offers"), None);
}

#[test]
fn what_was_said_later_is_not_known_yet() {
    let history = history("in 1, out 5, suppressed 7, unsuppressed 9");
    let at = Instant::from_ms;
    assert_eq!(given(&[&history], (None, None), at(4)), Some((at(1), ConsentState::OptedIn)));
    assert_eq!(suppressed_since(&[&history], at(6)), None);
    assert_eq!(suppressed_since(&[&history], at(7)), Some(at(7)));
    assert_eq!(suppressed_since(&[&history], at(9)), None);
}

#[test]
fn what_is_said_again_goes_first() {
    let mut said: Vec<String> = vec!["out 1 news".to_owned()];
    said.extend((2..=1_100).map(|ts| format!("in {ts}")));
    let history = history(&said.join(","));
    assert_eq!(history.iter().count(), CONSENT_STATEMENTS_MAX);
    let found = given(&[&history], (Some("news"), None), Instant::MAX);
    assert_eq!(found, Some((Instant::from_ms(1), ConsentState::OptedOut)));
}

#[test]
fn any_address_will_do() {
    let identifiers = [
        Identifier::new("email", "out@b.example"),
        Identifier::new("email", "in@b.example"),
        Identifier::new("phone", "1234567"),
    ];
    let (left, joined) = (history("out 1"), history("in 1"));
    let consent = |channel, address: &Identifier| match (channel, address.value.as_str()) {
        (ConsentChannel::Email, "out@b.example") => Some(&left),
        (ConsentChannel::Email, "in@b.example") => Some(&joined),
        _ => None,
    };
    let count = |test, channel| {
        let asked = ReachCondition { test, channel: Some(channel), topic: None, store: None };
        standings(&asked, &identifiers, consent, Instant::MAX)
            .filter(|standing| standing.passes(test))
            .count()
    };
    assert_eq!(count(ReachTest::Reachable, ConsentChannel::Email), 1);
    assert_eq!(count(ReachTest::Consented, ConsentChannel::Email), 1);
    assert_eq!(count(ReachTest::OptedOut, ConsentChannel::Email), 1);
    assert_eq!(count(ReachTest::HasAddress, ConsentChannel::Email), 2);
    // A number without its country cannot be sent to.
    assert_eq!(count(ReachTest::HasAddress, ConsentChannel::Sms), 0);
}

#[test]
fn what_was_said_of_someone_without_an_address_waits_for_one() {
    let identifiers = [Identifier::new("user_id", "ann"), Identifier::new("email", "ann@b.example")];
    let (of_ann, of_address) = (history("out 3"), history("in 2"));
    let asked = ReachCondition {
        test: ReachTest::OptedOut,
        channel: Some(ConsentChannel::Email),
        topic: None,
        store: None,
    };
    let consent = |_, identifier: &Identifier| match identifier.value.as_str() {
        "ann" => Some(&of_ann),
        _ => Some(&of_address),
    };
    let holds =
        |identifiers| standings(&asked, identifiers, consent, Instant::MAX).any(|one| one.passes(asked.test));
    assert!(holds(&identifiers));
    // Without an address there is nothing to be opted out.
    assert!(!holds(&identifiers[..1]));
}

#[test]
fn known_events_say_something() {
    use ConsentChannel::{Email, Sms};
    use ConsentState::{OptedIn, OptedOut, Suppressed};
    let states = |name: &str, properties: &[(&str, segops_model::Value)]| {
        let facts = ConsentFact::of_event(&event(name, Instant::from_ms(1), properties));
        facts.into_iter().map(|fact| (fact.channel, fact.state)).collect::<Vec<_>>()
    };
    assert_eq!(states("Unsubscribed", &[]), [(Email, OptedOut)]);
    assert_eq!(states("Subscribed", &[("channel", "SMS".into())]), [(Sms, OptedIn)]);
    assert_eq!(states("Unsubscribed", &[("channel", "pigeon".into())]), []);
    assert_eq!(states("Email Marked as Spam", &[]), [(Email, OptedOut), (Email, Suppressed)]);
    assert_eq!(states("Bounced Email", &[("Bounce Type", "Hard".into())]), [(Email, Suppressed)]);
    assert_eq!(states("Email Bounced", &[("type", "soft".into())]), []);
    assert_eq!(states("Order Completed", &[]), []);
}
