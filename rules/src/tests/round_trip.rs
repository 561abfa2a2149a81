use proptest::prelude::*;

use crate::{arbitrary, format, format_lines, from_json, from_json_value, parse, to_json};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn text_gives_the_same_rule_back(rule in arbitrary::rule()) {
        let text = format(&rule);
        let read = parse(&text);
        prop_assert_eq!(read.as_ref(), Ok(&rule), "{}", text);
        prop_assert_eq!(format(&rule), text);
    }

    #[test]
    fn lines_give_the_same_rule_back(rule in arbitrary::rule()) {
        let lines = format_lines(&rule);
        prop_assert_eq!(parse(&lines), Ok(rule), "{}", lines);
    }

    #[test]
    fn json_gives_the_same_rule_back(rule in arbitrary::rule()) {
        let json = to_json(&rule);
        prop_assert_eq!(from_json(&json.to_string()), Ok(rule.clone()));
        prop_assert_eq!(from_json_value(json), Ok(rule));
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,60}") {
        let _ = parse(&text);
        let _ = from_json(&text);
    }

    #[test]
    fn no_sequence_of_words_panics(words in prop::collection::vec(word(), 0..30)) {
        let text = words.join(" ");
        if let Err(problems) = parse(&text) {
            prop_assert!(!problems.is_empty());
            for problem in problems {
                let (start, end) = problem.span.unwrap_or_default();
                prop_assert!(text.get(start..end).is_some(), "{problem:?}");
                prop_assert!(problem.report(&text).contains('^'), "{problem:?}");
            }
        }
    }

    #[test]
    fn no_change_to_a_rule_panics(rule in arbitrary::rule(), from in any::<prop::sample::Index>(), length in 0_usize..6, put in word()) {
        let text = format(&rule);
        let characters: Vec<char> = text.chars().collect();
        let from = from.index(characters.len());
        let end = (from + length).min(characters.len());
        let changed: String = characters[..from].iter().copied().chain(put.chars()).chain(characters[end..].iter().copied()).collect();
        if let Ok(read) = parse(&changed) {
            let again = format(&read);
            prop_assert_eq!(parse(&again), Ok(read), "{}", again);
        }
    }
}

fn word() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "did",
        "not",
        "and",
        "or",
        "(",
        ")",
        ",",
        "all",
        "any",
        "none",
        "of",
        "where",
        "in",
        "segment",
        "entered",
        "left",
        "member",
        "for",
        "least",
        "at",
        "\"E\"",
        "x",
        "products[].x",
        "products[]",
        "is",
        ">=",
        "2",
        "times",
        "last",
        "days",
        "between",
        "ago",
        "from",
        "source",
        "to",
        "2026-01-01",
        "since",
        "monday",
        "contains",
        "match",
        "case",
        "exists",
        "length",
        "trait",
        "\"",
        "\\",
        "=>",
        "everyone",
        "event",
        "\u{e4}",
        "today",
        "sum",
        "over",
        "*",
        "quantity",
        "times",
        "average",
        "first",
        "second",
        "2nd",
        "to",
        "has",
        "was",
        "within",
        "calendar",
        "months",
        "distinct",
        "with",
        "stopped",
        "restarted",
        "on",
        "this",
    ])
    .prop_map(str::to_owned)
}

#[test]
fn nesting_stops_at_the_limit() {
    for text in [
        "(".repeat(30_000),
        "not ".repeat(15_000),
        format!("did E where {}", "(".repeat(30_000)),
        format!("did E where {}", "a[](".repeat(10_000)),
        "all of (".repeat(8_000),
        format!("did E where a is 1 and {}", "not ".repeat(10_000)),
    ] {
        let problems = parse(&text).expect_err("too deep");
        assert!(problems[0].message.contains("deeper than 12"), "{:?}", problems[0]);
    }
    let json = format!("{{\"when\":{}", "{\"not\":".repeat(10_000));
    assert!(from_json(&json).is_err());
    let json = format!("{{\"when\":{}\"x\"{}", "{\"all\":[".repeat(20), "]}".repeat(20));
    assert!(from_json(&json).is_err());
}
