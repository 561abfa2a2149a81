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
