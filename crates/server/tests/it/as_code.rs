//! Segments as files: pulled, changed, planned, applied.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::cli::{Shop, stderr};

fn file(shop: &Shop, place: &str) -> PathBuf {
    shop.0.path().join("segments").join(place)
}

fn read(shop: &Shop, place: &str) -> String {
    std::fs::read_to_string(file(shop, place)).unwrap()
}

fn write(shop: &Shop, place: &str, text: &str) {
    let path = file(shop, place);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// The plan as JSON, and its exit code.
fn plan(shop: &Shop, more: &[&str]) -> (Value, Option<i32>) {
    let output = shop.run(&[&["segment", "plan", "segments", "--json"], more].concat());
    let json = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", stderr(&output)));
    (json, output.status.code())
}

#[test]
fn segments_live_in_files() {
    let shop = Shop::new();
    shop.import();
    shop.json(&[
        "segment",
        "create",
        "Buyers",
        "did \"Order Completed\"",
        "--folder",
        "Sales/All",
        "--tag",
        "mail",
    ]);
    shop.json(&[
        "segment",
        "create",
        "Named",
        "in segment \"Buyers\"",
        "--description",
        "Those of \"Buyers\"",
    ]);
    assert!(shop.text(&["segment", "pull", "segments"]).contains("2 files written"));
    let buyers = read(&shop, "sales/all/buyers.segment");
    assert_eq!(
        buyers,
        "---\nname: Buyers\nowner: local\nfolder: Sales/All\ntags: mail\nstate: live\n---\ndid \"Order Completed\"\n"
    );
    assert_eq!(plan(&shop, &[]).1, Some(0));

    // A changed rule, a new segment that a new name is used in, and one whose file is gone.
    let changed =
        buyers.replace("name: Buyers", "name: All buyers").replace("Completed\"", "Completed\" >= 2 times");
    write(&shop, "sales/all/buyers.segment", &changed);
    write(
        &shop,
        "named.segment",
        "---\nname: Named\ndescription: Those of \"Buyers\"\n---\nin segment \"All buyers\"\n",
    );
    write(
        &shop,
        "new.segment",
        "---\nname: New\n---\nin segment \"All buyers\" and did \"Order Completed\"\n",
    );
    write(&shop, "draft.segment", "---\nname: Draft\nstate: draft\n---\ncountry is \"DE\"\n");
    let (planned, code) = plan(&shop, &[]);
    assert_eq!(code, Some(2), "{planned}");
    let actions: Vec<_> = planned["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| (change["action"].as_str().unwrap(), change["name"].as_str().unwrap()))
        .collect();
    assert_eq!(actions, [("create", "Draft"), ("change", "Buyers"), ("change", "Named"), ("create", "New")]);
    let rule = &planned["changes"][1]["rule"];
    assert_eq!(rule["lines"], json!(["- did \"Order Completed\"", "+ did \"Order Completed\" >= 2 times"]));
    assert_eq!((&rule["members"]["moves"]["leaving"]["total"]), &json!(1), "{rule}");
    assert!(shop.json(&["segment", "show", "Buyers"])["name"] == "Buyers", "a plan changes nothing");

    let applied = shop.json(&["segment", "apply", "segments"]);
    assert_eq!(applied["applied"].as_array().unwrap().len(), 4, "{applied}");
    let (planned, code) = plan(&shop, &[]);
    assert_eq!((code, &planned["unchanged"]), (Some(0), &json!(4)), "{planned}");
    assert_eq!(shop.json(&["segment", "show", "New"])["counts"]["total"], 1);
    assert_eq!(shop.json(&["segment", "show", "Draft"])["state"], "draft");
    assert!(shop.text(&["segment", "apply", "segments"]).contains("Nothing to change"));

    std::fs::remove_file(file(&shop, "new.segment")).unwrap();
    let (planned, code) = plan(&shop, &[]);
    assert_eq!((code, &planned["without_file"]), (Some(0), &json!(["New"])));
    let (planned, code) = plan(&shop, &["--prune"]);
    assert_eq!((code, &planned["changes"][0]["action"]), (Some(2), &json!("archive")));
    let text = shop.text(&["segment", "apply", "segments", "--prune"]);
    assert!(text.contains("- archive New") && text.contains("1 to archive"), "{text}");
    assert_eq!(shop.json(&["segment", "show", "New"])["state"], "archived");
    assert_eq!(plan(&shop, &["--prune"]).1, Some(0));
}

#[test]
fn what_someone_else_has_changed_is_not_overwritten() {
    let shop = Shop::new();
    shop.import();
    shop.json(&["segment", "create", "Buyers", "did \"Order Completed\""]);
    shop.text(&["segment", "pull", "segments"]);
    shop.json(&["segment", "set", "Buyers", "--description", "Changed elsewhere"]);
    let mine = read(&shop, "buyers.segment").replace("Completed\"", "Completed\" >= 2 times");
    write(&shop, "buyers.segment", &mine);
    let (planned, code) = plan(&shop, &[]);
    assert_eq!(code, Some(1), "{planned}");
    assert_eq!(planned["changes"][0]["conflict"], "someone else has changed it since the pull");
    let refused = shop.run(&["segment", "apply", "segments"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("nothing was applied"), "{}", stderr(&refused));
    assert_eq!(shop.json(&["segment", "show", "Buyers"])["versions"].as_array().unwrap().len(), 1);

    assert!(shop.text(&["segment", "pull", "segments"]).contains("kept buyers.segment"));
    assert_eq!(read(&shop, "buyers.segment"), mine);
    shop.text(&["segment", "pull", "segments", "--force"]);
    assert!(read(&shop, "buyers.segment").contains("Changed elsewhere"));
    let (planned, code) = plan(&shop, &[]);
    assert_eq!(code, Some(0), "{planned}");

    shop.json(&["segment", "create", "Other", "did \"X\""]);
    write(&shop, "other.segment", "---\nname: Other\n---\ndid \"Y\"\n");
    assert!(plan(&shop, &[]).0["changes"][0]["conflict"].as_str().unwrap().contains("was not pulled"));
    write(&shop, "broken.segment", "name: x");
    let broken = shop.run(&["segment", "plan", "segments"]);
    assert!(stderr(&broken).contains("broken.segment: it does not start"), "{}", stderr(&broken));
}

fn actions(planned: &Value) -> Vec<(&str, &str)> {
    let changes = planned["computed_traits"]["changes"].as_array().unwrap();
    let of = |change| -> (&str, &str) {
        let change: &Value = change;
        (change["action"].as_str().unwrap(), change["name"].as_str().unwrap())
    };
    changes.iter().map(of).collect()
}

const AVERAGE: &str = "sum of total over \"Order Completed\" / count of \"Order Completed\"";

#[test]
fn computed_traits_live_in_files_too() {
    let shop = Shop::new();
    shop.import();
    shop.json(&["computed-trait", "create", "Average order", AVERAGE]);
    shop.json(&["segment", "create", "Big", "computed \"Average order\" >= 10"]);
    assert!(shop.text(&["segment", "pull", "segments"]).contains("2 files written"));
    let place = "computed-traits/average-order.computed-trait";
    assert_eq!(read(&shop, place), format!("---\nname: Average order\n---\n{AVERAGE}\n"));
    let (planned, code) = plan(&shop, &[]);
    assert_eq!((code, &planned["computed_traits"]["unchanged"]), (Some(0), &json!(1)), "{planned}");
    assert!(shop.text(&["segment", "pull", "segments"]).contains("0 files written, 2 as they were"));

    // A definition and a name change; a new one and a segment that needs it, whose file comes first.
    let changed = read(&shop, place).replace("Average", "Mean").replace("total over", "value over");
    write(&shop, place, &changed);
    write(&shop, "big.segment", &read(&shop, "big.segment").replace("Average", "Mean"));
    let orders = "---\nname: Orders\n---\ncount of 'Order Completed'\n";
    write(&shop, "z.computed-trait", orders);
    write(&shop, "a.segment", "---\nname: A\n---\ntop 50% by computed Orders\n");
    let (planned, code) = plan(&shop, &[]);
    assert_eq!(code, Some(2), "{planned}");
    assert_eq!(actions(&planned), [("change", "Average order"), ("create", "Orders")]);
    let change = &planned["computed_traits"]["changes"][0];
    assert_eq!(change["new_name"], "Mean order");
    let moved = &change["definition"]["segments"][0];
    assert_eq!(
        (&moved["segment"]["name"], &moved["difference"]["after"]["total"]),
        (&json!("Big"), &json!(0))
    );
    let text = shop.run(&["segment", "plan", "segments"]);
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(
        text.contains("~ change the computed trait Average order  (computed-traits/average-order"),
        "{text}"
    );
    assert!(text.contains("Plan for computed traits: 1 to create, 1 to change, 0 to delete"), "{text}");
    assert_eq!(
        shop.json(&["computed-trait", "show", "Average order"])["version"],
        1,
        "a plan changes nothing"
    );

    let applied = shop.json(&["segment", "apply", "segments"]);
    let names: Vec<_> =
        applied["applied"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert_eq!(names, ["Mean order", "Orders", "A", "Big"]);
    assert_eq!(shop.json(&["segment", "show", "A"])["counts"]["total"].as_u64(), Some(1));
    assert_eq!(shop.json(&["computed-trait", "show", "Mean order"])["version"], 2);
    let (planned, code) = plan(&shop, &[]);
    assert_eq!(code, Some(0), "{planned}");
    assert!(
        shop.text(&["segment", "apply", "segments"])
            .contains("2 segments and 2 computed traits as the files say")
    );

    // What a segment uses stays; what none uses any more goes, after the segment.
    std::fs::remove_file(file(&shop, "z.computed-trait")).unwrap();
    let (planned, code) = plan(&shop, &[]);
    assert_eq!(
        (code, &planned["computed_traits"]["without_file"][0]["why"]),
        (Some(0), &json!("--prune deletes it"))
    );
    let (planned, _) = plan(&shop, &["--prune"]);
    assert_eq!(planned["computed_traits"]["without_file"][0]["why"], "it is used by A");
    write(&shop, "a.segment", "---\nname: A\n---\ntop 50% by orders\n");
    let (planned, code) = plan(&shop, &["--prune"]);
    assert_eq!((code, actions(&planned)), (Some(2), vec![("delete", "Orders")]), "{planned}");
    let text = shop.text(&["segment", "apply", "segments", "--prune"]);
    assert!(text.contains("- delete the computed trait Orders"), "{text}");
    assert_eq!(shop.json(&["computed-trait", "list"])["data"].as_array().unwrap().len(), 1);
    assert_eq!(plan(&shop, &["--prune"]).1, Some(0));
}

#[test]
fn derived_events_live_in_files_too() {
    let shop = Shop::new();
    shop.import();
    let half_hour = "sessions of any event with gap of 30 minutes";
    shop.json(&["derived-event", "create", "Session", half_hour]);
    shop.json(&["segment", "create", "Visitors", "everyone where did \"Session\" where event_count >= 1"]);
    shop.text(&["segment", "pull", "segments"]);
    let place = "derived-events/session.derived-event";
    assert_eq!(read(&shop, place), format!("---\nname: Session\n---\n{half_hour}\n"));
    assert_eq!(plan(&shop, &[]).1, Some(0));

    write(&shop, place, &read(&shop, place).replace("30 minutes", "1 hour"));
    let over = "---\nname: Over\n---\nsessions of any event counted at end\n";
    write(&shop, "z.derived-event", over);
    write(&shop, "a.computed-trait", "---\nname: Visits\n---\ncount of 'Over'\n");
    write(&shop, "a.segment", "---\nname: A\n---\ncomputed Visits >= 1 and did Over\n");
    let (planned, code) = plan(&shop, &[]);
    let changes = planned["derived_events"]["changes"].as_array().unwrap();
    let told: Vec<_> =
        changes.iter().map(|change| (change["action"].as_str(), change["name"].as_str())).collect();
    assert_eq!(told, [(Some("change"), Some("Session")), (Some("create"), Some("Over"))], "{planned}");
    assert_eq!(
        (code, &changes[0]["definition"]["segments"][0]["segment"]["name"]),
        (Some(2), &json!("Visitors"))
    );
    let text = shop.text(&["segment", "apply", "segments"]);
    assert!(text.contains("Plan for derived events: 1 to create, 1 to change, 0 to delete"), "{text}");
    assert_eq!(shop.json(&["derived-event", "show", "Session"])["version"], 2);
    let (planned, code) = plan(&shop, &[]);
    assert_eq!(code, Some(0), "{planned}");

    for gone in ["z.derived-event", "a.computed-trait", "a.segment"] {
        std::fs::remove_file(file(&shop, gone)).unwrap();
    }
    let (planned, _) = plan(&shop, &["--prune"]);
    assert_eq!(planned["derived_events"]["without_file"][0]["why"], "it is used by A", "{planned}");

    shop.json(&["derived-event", "edit", "Session", half_hour]);
    write(&shop, place, &read(&shop, place).replace("1 hour", "2 hours"));
    let refused = shop.run(&["segment", "apply", "segments"]);
    assert!(!refused.status.success());
    assert_eq!(shop.json(&["derived-event", "show", "Session"])["definition"], half_hour);
}

#[test]
fn a_computed_trait_that_someone_else_has_changed_is_not_overwritten() {
    let shop = Shop::new();
    shop.import();
    shop.json(&["computed-trait", "create", "average", AVERAGE]);
    shop.json(&["segment", "create", "Big", "computed average >= 10"]);
    shop.text(&["segment", "pull", "segments"]);
    let place = "computed-traits/average.computed-trait";
    let mine = read(&shop, place).replace("total", "value");
    write(&shop, place, &mine);
    shop.json(&["computed-trait", "edit", "average", "count of \"Order Completed\""]);
    let (planned, code) = plan(&shop, &[]);
    assert_eq!(code, Some(1), "{planned}");
    assert_eq!(
        planned["computed_traits"]["changes"][0]["conflict"],
        "someone else has changed it since the pull"
    );
    let refused = shop.run(&["segment", "apply", "segments"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("`average`: someone else has changed it"), "{}", stderr(&refused));
    assert_eq!(shop.json(&["computed-trait", "show", "average"])["version"], 2);
    assert!(
        shop.text(&["segment", "pull", "segments"]).contains("kept computed-traits/average.computed-trait")
    );
    assert_eq!(read(&shop, place), mine);
    shop.text(&["segment", "pull", "segments", "--force"]);
    assert_eq!(plan(&shop, &[]).1, Some(0));

    // One that was never pulled is not taken over, nor deleted.
    shop.json(&["computed-trait", "create", "other", "count of A"]);
    write(&shop, "other.computed-trait", "---\nname: other\n---\ncount of B\n");
    let (planned, _) = plan(&shop, &[]);
    let conflict = planned["computed_traits"]["changes"][0]["conflict"].as_str().unwrap();
    assert!(conflict.contains("was not pulled"), "{conflict}");
    std::fs::remove_file(file(&shop, "other.computed-trait")).unwrap();
    let (planned, code) = plan(&shop, &["--prune"]);
    assert_eq!(
        (code, &planned["computed_traits"]["without_file"][0]["why"]),
        (Some(0), &json!("it was never pulled"))
    );

    // Mistakes come all at once, each with its file and place.
    write(&shop, "bad.computed-trait", "---\nnaem: x\n---\ncount of A /\n");
    write(&shop, "twin.computed-trait", "---\nname: Average\n---\ncount of A\n");
    let broken = stderr(&shop.run(&["segment", "plan", "segments"]));
    for said in [
        "bad.computed-trait: there is no `naem`",
        "bad.computed-trait: it has no `name: ...`",
        "bad.computed-trait: error: the formula ends",
        "has the name `Average` too",
    ] {
        assert!(broken.contains(said), "{said}: {broken}");
    }
}
