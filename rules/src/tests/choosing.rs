//! Chosen events, periods and days: what can be written, and what it is read as.

use expect_test::{Expect, expect};

use crate::parse;

#[track_caller]
fn check(text: &str, canonical: &str) {
    let rule = match parse(text) {
        Ok(rule) => rule,
        Err(problems) => panic!("{}", problems[0].report(text)),
    };
    assert_eq!(rule.to_string(), canonical);
    assert_eq!(parse(canonical).as_ref(), Ok(&rule), "the canonical text is another rule");
}

#[track_caller]
fn check_refused(text: &str, expected: Expect) {
    let problems = parse(text).expect_err("a mistake");
    let reports: Vec<String> = problems.iter().map(|problem| problem.report(text) + "\n").collect();
    expected.assert_eq(&reports.concat());
}

#[test]
fn ranks() {
    for (written, canonical) in [
        ("first", "first"),
        ("the first", "first"),
        ("EARLIEST", "first"),
        ("1st", "first"),
        ("2nd", "2nd"),
        ("second", "2nd"),
        ("third", "3rd"),
        ("tenth", "10th"),
        ("11th", "11th"),
        ("112th", "112th"),
        ("23rd", "23rd"),
        ("last", "last"),
        ("latest", "last"),
        ("most recent", "last"),
        ("second to last", "2nd to last"),
        ("second-to-last", "2nd to last"),
        ("2nd-to-last", "2nd to last"),
        ("2nd last", "2nd to last"),
        ("3rd to last", "3rd to last"),
    ] {
        check(&format!("{written} \"E\" was today"), &format!("{canonical} \"E\" was today"));
        check(&format!("{written} any event today"), &format!("{canonical} any event was today"));
    }
    check("first purchase in last 3 days", "first \"purchase\" was in last 3 days");
    check("last purchase where x is 1 has y is 2", "last \"purchase\" where x is 1 has y is 2");
}

#[test]
fn traits_of_such_names_stay_traits() {
    check("first is \"Ann\"", "first is \"Ann\"");
    check("last in (\"a\")", "last in (\"a\")");
    check("second >= 2", "second >= 2");
    check("stopped is true", "stopped is true");
    check("days >= 5", "days >= 5");
    check("last has 3 items", "last length = 3");
}

#[test]
fn a_chosen_event_with_everything() {
    check(
        "first E has a is 1 and b is 2 from source \"S\" where c is 3 is in the last 3 days",
        "first \"E\" where c is 3 was in last 3 days has (a is 1 and b is 2) from source \"S\"",
    );
    check("did A where x is 1 and first \"B\" was today", "did \"A\" where x is 1 and first \"B\" was today");
    check("did A where x is 1 and 2nd \"B\" was today", "did \"A\" where x is 1 and 2nd \"B\" was today");
    check("first \"A\" has x is 1 and country is \"DE\"", "first \"A\" has (x is 1 and country is \"DE\")");
    check("first \"A\" has (x is 1) and country is \"DE\"", "first \"A\" has (x is 1) and country is \"DE\"");
    check(
        "none of (first E has x is 1 from source \"a\", \"b\", last E was today)",
        "none of (first \"E\" has x is 1 from source \"a\", \"b\", last \"E\" was today)",
    );
}

#[test]
fn around_a_chosen_event() {
    for (written, canonical) in [
        ("within 7 days of first F", "within 7 days of first \"F\""),
        ("in the 7 days after the first F", "within 7 days of first \"F\""),
        ("within week of first F", "within 1 week of first \"F\""),
        ("within 1 month before last F where x is 1", "within 1 month before last \"F\" where x is 1"),
    ] {
        check(&format!("did E {written}"), &format!("did \"E\" {canonical}"));
        check(&format!("did not E {written}"), &format!("did not \"E\" {canonical}"));
        check(&format!("did E >= 2 times {written}"), &format!("did \"E\" >= 2 times {canonical}"));
        check(&format!("not did E >= 2 {written}"), &format!("not did \"E\" >= 2 times {canonical}"));
    }
    check(
        "none of (did E from source \"a\", \"b\" within 2 d of 2nd F from source \"c\", \"d\", did G)",
        "none of (did \"E\" from source \"a\", \"b\" within 2 days of 2nd \"F\" from source \"c\", \"d\", did \"G\")",
    );
}

#[test]
fn periods_and_days() {
    for (written, canonical) in [
        ("in at least 3 of the last 6 months", "in >= 3 of the last 6 months"),
        ("in 3 of the last 6 months", "in = 3 of the last 6 months"),
        ("in all of the last 6 months", "in >= 6 of the last 6 months"),
        ("in each of the past 2 weeks", "in >= 2 of the last 2 weeks"),
        ("in every one of the last 2 weeks", "in >= 2 of the last 2 weeks"),
        ("in any of the last 2 weeks", "in >= 1 of the last 2 weeks"),
        ("in between 2 and 3 of the last 6 days", "in between 2 and 3 of the last 6 days"),
        ("during at least 2 of last 6 calendar months", "in >= 2 of the last 6 calendar months"),
        ("in > 1 of this and the last 5 calendar months", "in > 1 of this and the last 5 calendar months"),
    ] {
        check(&format!("did E {written}"), &format!("did \"E\" {canonical}"));
        check(&format!("did not E {written}"), &format!("did not \"E\" {canonical}"));
        check(&format!("did E at least twice {written}"), &format!("did \"E\" >= 2 times {canonical}"));
    }
    check(
        "did E in >= 2 of the last 3 days where x is 1 from source \"S\"",
        "did \"E\" where x is 1 in >= 2 of the last 3 days from source \"S\"",
    );
    for written in [
        "distinct days with E in last 30 days >= 5",
        "different days with E in last 30 days at least 5 days",
        "days with E in last 30 days >= 5",
        "did E on at least 5 days in last 30 days",
        "did E in last 30 days on >= 5 different days",
    ] {
        check(written, "distinct days with \"E\" in last 30 days >= 5");
    }
    check("did E on 2026-03-01", "did \"E\" on 2026-03-01");
    check("distinct weeks with any event = 2", "distinct weeks with any event = 2");
    check("stopped doing E in last 3 days", "stopped \"E\" in last 3 days");
    check("not resumed E where x is 1 this month", "not restarted \"E\" where x is 1 this month");
    check(
        "none of (distinct days with E from source \"a\", \"b\" >= 2, did F)",
        "none of (distinct days with \"E\" from source \"a\", \"b\" >= 2, did \"F\")",
    );
}

#[test]
fn what_is_refused() {
    check_refused(
        "0th \"E\" was today and did E within 3 days of \"F\" and first \"E\" where x is 1",
        expect![[r#"
            error: which event is meant is not said: `"F"` follows; expected `first`, `last`, `2nd` or the like, and an event's name in quotes
              | 0th "E" was today and did E within 3 days of "F" and first "E" where x is 1
              |                                           ^^
        "#]],
    );
    check_refused(
        "2000th \"E\" was today",
        expect![[r#"
        error: the 2000th event is meant; a rule looks at the first or the last 1000 at most
          | 2000th "E" was today
          | ^^^^^^^^^^^^^^^^^^^^
    "#]],
    );
    check_refused(
        "did E in last 3 days within 3 days of first \"F\"",
        expect![[r#"
        error: this event has two times to be in; say when the other event was in a condition of its own: `first "Signed Up" was in last 30 days and did ... within 7 days of first "Signed Up"`
          | did E in last 3 days within 3 days of first "F"
          | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    "#]],
    );
    check_refused(
        "first \"E\" was today was yesterday",
        expect![[r#"
        error: this event says the same kind of thing twice; expected at most one `where`, one time, one `has` and one `from source`; join several tests with `and`, in parentheses
          | first "E" was today was yesterday
          |                     ^^^^^^^^^^^^^
    "#]],
    );

    check_refused(
        "did E in >= 7 of the last 6 months and did F in >= 0 of the last 2 days",
        expect![[r#"
        error: of 6 periods so many cannot be; expected a number that some of 6 periods can be
          | did E in >= 7 of the last 6 months and did F in >= 0 of the last 2 days
          | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        error: every count is at least 0; for at least once write `>= 1`
          | did E in >= 7 of the last 6 months and did F in >= 0 of the last 2 days
          |                                        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    "#]],
    );
    check_refused(
        "did E in >= 2 of the last 6 hours",
        expect![[r#"
        error: these periods are too short to be counted; expected days, weeks, months, quarters or years
          | did E in >= 2 of the last 6 hours
          | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    "#]],
    );
    check_refused(
        "did E in >= 2 of the last 500 days",
        expect![[r#"
        error: the rule looks at 500 periods; the limit is 400; take longer periods
          | did E in >= 2 of the last 500 days
          | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    "#]],
    );
    check_refused(
        "did E in >= 2 of 6 days",
        expect![[r#"
        error: `6` is no run of periods; expected `the last 6 months`, `the last 6 calendar months` or `this and the last 5 calendar months`
          | did E in >= 2 of 6 days
          |                  ^
    "#]],
    );
    check_refused(
        "did E in last 3 days in >= 2 of the last 6 days",
        expect![[r#"
        error: this event has two times to be in; the periods say when; leave the other time out
          | did E in last 3 days in >= 2 of the last 6 days
          | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    "#]],
    );
    check_refused(
        "did E >= 2 times on at least 3 days",
        expect![[r#"
        error: this event is counted by times and by days; for so often on each of several days write `>= 2 times in at least 5 of the last 30 days`
          | did E >= 2 times on at least 3 days
          | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    "#]],
    );
    check_refused(
        "stopped \"E\" and did F",
        expect![[r#"
        error: since when it has stopped is not said: `and` follows; expected the period, such as `in last 30 days` or `this month`
          | stopped "E" and did F
          |             ^^^
    "#]],
    );
    check_refused(
        "stopped \"E\" since 2026-01-01",
        expect![[r#"
        error: no period of the same length comes before this time; expected a span up to now or a period of the calendar: `in last 30 days`, `this month`
          | stopped "E" since 2026-01-01
          | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    "#]],
    );
    check_refused(
        "distinct days with E in last 3 days",
        expect![[r#"
        error: how many there are is compared with nothing: the end of the rule follows; expected a comparison, such as `>= 5`
          | distinct days with E in last 3 days
          |                                    ^
    "#]],
    );
}
