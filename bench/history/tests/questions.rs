//! A history in small: it is loaded, every question has an answer, and once more with customers merged and deleted.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

fn run(data: &Path, words: &[&str]) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_segops-history-bench"));
    let output =
        command.args(["--customers", "200", "--data"]).arg(data).args(words).output().expect("it runs");
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn every_question_has_an_answer_before_and_after_changes() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let questions = concat!(env!("CARGO_MANIFEST_DIR"), "/questions.toml");
    let ask = || run(&data, &["ask", "--times", "1", "--questions", questions]);

    let loaded = run(&data, &["load", "--events", "8000"]);
    assert_eq!(loaded["rows"], loaded["events"]);
    let asked = ask();
    let asked = asked.as_array().unwrap();
    assert!(asked.len() >= 12, "{}", asked.len());
    for of_question in asked {
        let answer = of_question["answer"].as_array().unwrap();
        assert!(!answer.is_empty() && answer[0] != serde_json::json!(["0"]), "{of_question}");
    }

    let changed = run(&data, &["change"]);
    assert!(changed["merged"].as_u64() > Some(0) && changed["tail_rows"].as_u64() > Some(0), "{changed}");
    assert_eq!(ask().as_array().unwrap().len(), asked.len());
    assert!(run(&data, &["newest", "--profiles", "20"])["profiles"].as_u64() > Some(0));
}
