use segops_model::Identifier;

use crate::DropReason::{self, Blank, Blocked, Invalid, TooLong};
use crate::{IdentitySettings, normalise};

fn check(kind: &str, value: &str, expected: Result<&str, DropReason>) {
    let normal = normalise(&IdentitySettings::default(), &Identifier::new(kind, value));
    assert_eq!(
        normal.as_ref().map(|identifier| identifier.value.as_str()),
        expected.as_ref().copied(),
        "{kind} {value:?}"
    );
    if let Ok(normal) = normal {
        assert_eq!(normal.kind.as_str(), kind);
        assert_eq!(normalise(&IdentitySettings::default(), &normal), Ok(normal), "normal forms stay");
    }
}

#[test]
fn emails() {
    check("email", "  Ada@Example.COM ", Ok("ada@example.com"));
    check("email", "a+b@sub.example.co.uk", Ok("a+b@sub.example.co.uk"));
    check("email", "JÜRGEN@Example.com", Ok("jürgen@example.com"));
    for wrong in ["ada", "@example.com", "ada@", "ada@example", "ada@.com", "ada@example.", "a b@example.com"]
    {
        check("email", wrong, Err(Invalid));
    }
    check("email", "a@b@example.com", Err(Invalid));
    check("email", "Ada <ada@example.com>", Err(Invalid));
    check("email", "N/A", Err(Blocked));
}

#[test]
fn phones() {
    check("phone", "+1 (415) 555-0100", Ok("+14155550100"));
    check("phone", "0049 30.123.4567", Ok("+49301234567"));
    check("phone", "'030 1234567", Ok("0301234567"));
    check("phone", "+\u{a0}49 30 1234567", Ok("+49301234567"));
    for wrong in
        ["123456", "+1234567890123456", "call me", "+1+4155550100", "415-555-0100 x3", "++14155550100"]
    {
        check("phone", wrong, Err(Invalid));
    }
    check("phone", "000-000-0000", Err(Blocked));
    check("phone", "+0000000", Err(Blocked));
    check("phone", "(000) 000 0000", Err(Blocked));
}

#[test]
fn other_kinds_are_trimmed_and_keep_their_case() {
    check("user_id", " aB12 ", Ok("aB12"));
    check("loyalty_card", "X y", Ok("X y"));
    check("anonymous_id", "a\0b", Err(Invalid));
    check("", "x", Err(Invalid));
}

#[test]
fn values_that_identify_nobody() {
    check("user_id", "", Err(Blank));
    check("user_id", " \t ", Err(Blank));
    for value in [
        "0",
        "-1",
        "NULL",
        "Undefined",
        "none",
        "nil",
        "N/A",
        "na",
        "unknown",
        "Anonymous",
        "guest",
        "TEST",
        "true",
        "false",
        "NaN",
        "[object Object]",
        "(not set)",
        "00000000-0000-0000-0000-000000000000",
        "-",
        "0000",
    ] {
        check("user_id", value, Err(Blocked));
        check("anonymous_id", value, Err(Blocked));
    }
    check("user_id", "10", Ok("10"));
    check("user_id", "nullable", Ok("nullable"));
}

#[test]
fn long_values() {
    check("user_id", &"x".repeat(512), Ok(&"x".repeat(512)));
    check("user_id", &"x".repeat(513), Err(TooLong));
}
