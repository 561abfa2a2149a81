//! Our own conformance cases hold.

use std::path::PathBuf;

use crate::conformance::{Case, run_case};

/// So many there must be at least: a file that is not found tests nothing.
const CASES_MIN: usize = 120;

#[test]
fn every_case_of_ours_holds_every_way() {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/conformance"));
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    let (mut cases, mut wrong) = (0, Vec::new());
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "jsonl")) {
        let text = std::fs::read_to_string(file).expect("a file");
        for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
            cases += 1;
            let outcome = Case::read(line).and_then(|case| run_case(&case));
            if outcome.as_ref().ok().is_none_or(|disagreements| !disagreements.is_empty()) {
                wrong.push(format!("{}:{number}: {outcome:#?}\n{line}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(cases >= CASES_MIN, "only {cases} cases");
}

#[test]
fn a_wrong_expectation_is_a_disagreement_every_way() {
    let line = r#"{"rule": "everyone where did \"Order Completed\"", "events": [
        {"userId": "ann", "event": "Order Completed", "timestamp": "2026-03-01T12:00:00Z"}],
        "checks": [{"at": "2026-03-01T12:00:00Z", "non_members": ["ann"]}]}"#;
    let disagreements = run_case(&Case::read(line).expect("a case")).expect("it runs");
    let ways: Vec<&str> = disagreements.iter().map(|disagreement| disagreement.way).collect();
    assert_eq!(ways, ["live", "preview", "primed"]);
    assert!(
        disagreements.iter().all(|disagreement| disagreement.who == "ann" && !disagreement.expected_member)
    );
}

#[test]
fn a_name_that_no_event_has_is_refused() {
    let line = r#"{"rule": "did \"A\"", "events": [],
        "checks": [{"at": "2026-03-01T12:00:00Z", "non_members": ["nobody"]}]}"#;
    let refused = run_case(&Case::read(line).expect("a case")).expect_err("nobody");
    assert_eq!(refused, "no event is of nobody; checks name user ids, or kind:value");
}
