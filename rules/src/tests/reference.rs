//! The reference page and the parser say the same.

use crate::{from_json, parse};

const PAGE: &str = include_str!("../../../../docs/rules.md");

/// The blocks of the page fenced with `kind`.
fn blocks(kind: &str) -> Vec<String> {
    let fence = format!("```{kind}");
    let mut blocks = Vec::new();
    let mut lines = PAGE.lines();
    while let Some(line) = lines.next() {
        if line.trim() == fence {
            let block: Vec<&str> = lines.by_ref().take_while(|line| line.trim() != "```").collect();
            blocks.push(block.join("\n"));
        }
    }
    blocks
}

#[test]
fn every_rule_of_the_reference_reads_and_keeps_its_form() {
    let blocks = blocks("rule");
    let lines: Vec<&str> =
        blocks.iter().flat_map(|block| block.lines()).filter(|line| !line.trim().is_empty()).collect();
    assert!(lines.len() > 40, "the page has lost its examples");
    for line in lines {
        let rule = parse(line).unwrap_or_else(|problems| panic!("{line}\n{}", problems[0].report(line)));
        let text = rule.to_string();
        assert_eq!(parse(&text), Ok(rule.clone()), "{line}");
        assert_eq!(parse(&text).map(|rule| rule.to_string()), Ok(text), "{line}");
    }
}

/// A block shows the rule, then after `->` what its canonical text is.
#[test]
fn every_canonical_form_of_the_reference_is_so() {
    let blocks = blocks("rule canonical");
    assert!(!blocks.is_empty());
    for block in &blocks {
        for pair in block.lines().filter(|line| !line.trim().is_empty()).collect::<Vec<_>>().chunks(2) {
            let canonical = pair[1].trim().strip_prefix("-> ").expect("an arrow");
            assert_eq!(parse(pair[0]).map(|rule| rule.to_string()).as_deref(), Ok(canonical), "{}", pair[0]);
        }
    }
}

/// A block shows a rule and the message that it gets.
#[test]
fn every_bad_rule_of_the_reference_is_refused_as_it_says() {
    let blocks = blocks("rule bad");
    assert!(!blocks.is_empty());
    for block in blocks {
        let (rule, message) = block.split_once('\n').expect("a rule and a message");
        let problems = parse(rule).expect_err("a bad rule");
        let reports: Vec<String> = problems.iter().map(|problem| problem.report(rule)).collect();
        assert_eq!(reports.join("\n"), message, "{rule}");
    }
}

#[test]
fn the_json_of_the_reference_is_a_rule() {
    let blocks = blocks("json");
    assert_eq!(blocks.len(), 1);
    for block in blocks {
        let rule = from_json(&block).expect("a rule");
        assert_eq!(parse(&rule.to_string()), Ok(rule));
    }
}

/// Every row of the first table on the page of conditions has a rule in its second cell.
#[test]
fn every_rule_among_the_kinds_of_conditions_reads() {
    const KINDS: &str = include_str!("../../../../docs/conditions.md");
    let (here, _) = KINDS.split_once("## Not here yet").expect("what is not here");
    let rows = here.lines().filter(|line| line.starts_with("| ")).skip(2);
    let rules: Vec<&str> = rows.filter_map(|row| row.split('`').nth(1)).collect();
    assert!(rules.len() > 35, "the page has lost its examples");
    for rule in rules {
        if let Err(problems) = parse(rule) {
            panic!("{rule}\n{}", problems[0].report(rule));
        }
    }
}
