use std::collections::{BTreeMap, BTreeSet};

use segops_engine::view::Lifecycle;
use segops_rules::parse;

use super::file::SegmentFile;
use super::lock::Lock;
use super::order::in_dependency_order;
use super::plan::{Action, compare, line_difference};
use super::remote::Local;

fn local(name: &str, rule: &str) -> Local {
    let text = format!("---\nname: {name}\n---\n{rule}\n");
    let file = SegmentFile::read(&text).unwrap_or_else(|problems| panic!("{problems:?}"));
    Local { place: file.usual_place(), text, file }
}

#[test]
fn a_file_reads_as_it_was_written() {
    let file = SegmentFile {
        name: "Win back: 2026".to_owned(),
        description: "Bought twice,\nthen nothing.".to_owned(),
        owner: Some("ann".to_owned()),
        folder: "Retention/Win-back".to_owned(),
        tags: BTreeSet::from(["email".to_owned(), "weekly".to_owned()]),
        state: Lifecycle::Draft,
        rule: parse(
            r#"identified where did "Order Completed" >= 2 times and did not "Order Completed" in last 180 days and country is "DE""#,
        )
        .expect("a rule"),
    };
    let text = file.write();
    assert_eq!(
        text,
        "---\nname: Win back: 2026\ndescription: Bought twice,\n  then nothing.\nowner: ann\nfolder: Retention/Win-back\ntags: email, weekly\nstate: draft\n---\nidentified where\ndid \"Order Completed\" >= 2 times\nand did not \"Order Completed\" in last 180 days\nand country is \"DE\"\n"
    );
    assert_eq!(SegmentFile::read(&text).as_ref(), Ok(&file));
    assert_eq!(file.usual_place(), "retention/win-back/win-back-2026.segment");
    let windows = text.replace('\n', "\r\n");
    assert_eq!(SegmentFile::read(&windows).map(|read| read.rule), Ok(file.rule));
}

#[test]
fn everything_wrong_with_a_file_is_said_at_once() {
    let problems =
        SegmentFile::read("---\nnaem: x\nstate: on\ntags: a\ntags: b\n---\ndid A att least 2 times")
            .expect_err("problems");
    let all = problems.join("\n");
    for said in ["`tags` is said twice", "there is no `naem`", "the state `on`", "no `name: ...`", "^"] {
        assert!(all.contains(said), "{said}: {all}");
    }
    assert!(SegmentFile::read("did A").is_err());
    assert!(SegmentFile::read("---\nname: A\ndid A").is_err());
}

#[test]
fn files_come_after_those_they_name_and_circles_are_spelled_out() {
    let files = vec![
        local("A", r#"in segment "B" and in segment "c""#),
        local("B", r#"in segment "C""#),
        local("C", "did X"),
    ];
    let ordered = in_dependency_order(files).expect("an order");
    let names: Vec<_> = ordered.iter().map(|local| local.file.name.as_str()).collect();
    assert_eq!(names, ["C", "B", "A"]);
    let files = vec![
        local("A", r#"in segment "B""#),
        local("B", r#"in segment "C""#),
        local("C", r#"in segment "B""#),
    ];
    let circle = in_dependency_order(files).expect_err("a circle").to_string();
    assert!(circle.contains("B -> C -> B"), "{circle}");
}

#[test]
fn what_no_segment_has_is_created() {
    let folder = tempfile::tempdir().expect("a folder");
    let lock = Lock::read(folder.path()).expect("no lock yet");
    let plan = compare(&lock, vec![local("A", "did X")], &BTreeMap::new(), true);
    let change = &plan.changes[0];
    assert_eq!(
        (change.action, change.name.as_str(), change.file.as_deref()),
        (Action::Create, "A", Some("a.segment"))
    );
    assert_eq!(change.rule.as_ref().map(|rule| rule.lines.clone()), Some(vec!["+ did \"X\"".to_owned()]));
}

#[test]
fn lines_that_stay_are_not_shown_as_changed() {
    assert_eq!(line_difference("a\nb\nc", "a\nx\nc\nd"), ["  a", "- b", "+ x", "  c", "+ d"]);
    assert_eq!(line_difference("", "a"), ["+ a"]);
    assert!(line_difference("", "").is_empty());
}
