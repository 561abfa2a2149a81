//! Conditions on consent and on uploaded lists: how they are written, and mistakes in them.

use expect_test::{Expect, expect};

use crate::{format, from_json, parse};

#[track_caller]
fn check(text: &str, expected: Expect) {
    let problems = parse(text).expect_err("a mistake");
    let reports: Vec<String> = problems.iter().map(|problem| problem.report(text) + "\n").collect();
    expected.assert_eq(&reports.concat());
}

#[track_caller]
fn same(text: &str, canonical: &str) {
    let rule = parse(text).unwrap_or_else(|problems| panic!("{text}: {problems:#?}"));
    assert_eq!(format(&rule), canonical);
}

#[test]
fn as_people_write_it() {
    same("is reachable by mail", "reachable by email");
    same("can receive email marketing", "reachable by email");
    same("cannot be reached via sms", "not reachable by sms");
    same("can not receive push", "not reachable by push");
    same("has consented to text topic offers", "consented to sms topic \"offers\"");
    same("has not opted in to email for store DE", "not consented to email for store \"DE\"");
    same("unsubscribed from email about topic \"offers\"", "opted out of email topic \"offers\"");
    same("has valid phone number and is suppressed", "has a valid phone and suppressed");
    same("is not suppressed on email", "not suppressed on email");
    same("did A where x is 1 and suppressed", "did \"A\" where x is 1 and suppressed");
    same("is in the list Staff or not on list VIP", "in list \"Staff\" or not in list \"VIP\"");
}

#[test]
fn traits_of_these_names_are_traits() {
    same("suppressed is true", "suppressed is true");
    same("suppressed changed from 1 to 2", "suppressed changed from 1 to 2");
    same("reachable exists", "reachable exists");
    same("can = 1", "can is 1");
}

#[test]
fn a_channel_that_is_none() {
    check(
        "reachable by emial and consented to",
        expect![[r#"
        error: `emial` is no channel; expected `email`, `sms`, `whatsapp`, `phone` or `push`; did you mean `email`?
          | reachable by emial and consented to
          |              ^^^^^
        error: the end of the rule is no channel; expected `email`, `sms`, `whatsapp`, `phone` or `push`
          | reachable by emial and consented to
          |                                    ^
    "#]],
    );
}

#[test]
fn a_scope_without_a_name_or_twice() {
    check(
        "reachable by email topic \"\" and opted out of sms topic a topic b",
        expect![[r#"
            error: `topic` cannot follow here; expected `and`, `or` or the end of the condition
              | reachable by email topic "" and opted out of sms topic a topic b
              |                                                          ^^^^^
        "#]],
    );
}

#[test]
fn what_json_can_say_wrong() {
    let problems = |json: &str| {
        let problems = from_json(json).expect_err("a mistake");
        problems.iter().map(|problem| problem.to_string() + "\n").collect::<String>()
    };
    expect![[r#"
        error: nothing says by which channel; expected `email`, `sms`, `whatsapp`, `phone` or `push` (at when.reach.channel)
    "#]]
    .assert_eq(&problems(r#"{"when": {"reach": {"test": "reachable"}}}"#));
    expect![[r#"
        error: an address is valid, or suppressed, whatever the topic; leave the topic out (at when.reach.topic)
    "#]]
    .assert_eq(&problems(
        r#"{"when": {"reach": {"test": "suppressed", "channel": "email", "topic": "offers"}}}"#,
    ));
}
