use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::server_process::BINARY;

const ORDERS: &str =
    "customer,date,order,total\n1,2026-01-05,a,10\n1,2026-02-05,b,20\n2,2026-02-06,c,30\n,2026-02-07,d,40\n";
const MAPPING: &str = r#"{ "name": "orders", "id_columns": ["order"], "event": { "name": "Order Completed" },
    "time": { "columns": ["date"] }, "identifiers": [{ "column": "customer", "kind": "user_id" }],
    "properties": [{ "column": "order", "property": "order_id" }, { "column": "total" }] }"#;
const RULE: &str = "did \"Order Completed\" at least 2 times";

pub(crate) struct Shop(pub(crate) tempfile::TempDir);

impl Shop {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("orders.csv"), ORDERS).unwrap();
        std::fs::write(folder.path().join("orders.json"), MAPPING).unwrap();
        Self(folder)
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        command(self.0.path()).args(arguments).output().unwrap()
    }

    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[arguments, &["--json"]].concat());
        assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    pub(crate) fn text(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    pub(crate) fn import(&self) -> Value {
        self.json(&["import", "--mapping", "orders.json", "orders.csv"])
    }
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new(BINARY);
    command
        .current_dir(folder)
        .env("SEGOPS_DATA", "shop")
        .env_remove("SEGOPS_URL")
        .env_remove("SEGOPS_TOKEN");
    command
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn from_a_file_to_a_live_segment() {
    let shop = Shop::new();
    let dry = shop.json(&["import", "--dry-run", "--mapping", "orders.json", "orders.csv"]);
    assert_eq!((&dry["rows"], &dry["dry_run"]), (&json!(4), &json!(true)));
    assert_eq!(shop.json(&["status"])["events"], 0);

    let report = shop.import();
    assert_eq!(
        [&report["rows"], &report["accepted_rows"], &report["rejected_rows"], &report["events"]],
        [4, 3, 1, 3]
    );
    assert_eq!(shop.import()["already_imported"], true);
    assert!(shop.text(&["import", "--mapping", "orders.json", "orders.csv"]).contains("already imported"));
    let again = shop.json(&["import", "--again", "--mapping", "orders.json", "orders.csv"]);
    assert_eq!((&again["events"], &again["duplicates"]), (&json!(3), &json!(3)));
    assert_eq!(shop.json(&["status"])["events"], 3);

    let count = |at: &str| shop.json(&["segment", "preview", RULE, "--at", at])["counts"]["total"].clone();
    assert_eq!((count("2026-02-01T00:00:00Z"), count("2026-03-01")), (json!(0), json!(1)));

    let made = shop.json(&["segment", "create", "Repeat", RULE]);
    assert_eq!(
        (&made["segment"]["status"], &made["segment"]["counts"]["total"]),
        (&json!("live"), &json!(1))
    );
    assert!(shop.text(&["segment", "list"]).contains("Repeat"));
    assert!(shop.text(&["segment", "show", "Repeat"]).contains("1 member"));
    assert!(shop.text(&["segment", "members", "Repeat"]).contains("user_id:1"));
    let why = shop.text(&["segment", "explain", "Repeat", "user_id:2"]);
    assert!(why.starts_with("Out: ") && why.contains("is not in Repeat"), "{why}");
    assert!(shop.text(&["profile", "find", "1"]).contains("user_id:1"));
    assert!(shop.text(&["profile", "show", "user_id:1"]).contains("Repeat"));
    assert!(shop.text(&["rejections"]).contains("missing_identifier"));
    let transitions = shop.text(&["transitions"]);
    assert!(transitions.contains("entered") && transitions.contains("Repeat"), "{transitions}");
    assert!(shop.text(&["sources"]).contains("Default"));
    let verified = shop.json(&["verify"]);
    assert_eq!((&verified["differences"], &verified["profiles_agree"]), (&json!(0), &json!(true)));
    assert!(shop.text(&["verify"]).contains("0 differences"));

    let edited = shop.json(&["segment", "edit", "Repeat", "did \"Order Completed\""]);
    assert_eq!(edited["segment"]["counts"]["total"], 2);
    shop.text(&["segment", "rename", "Repeat", "Buyers"]);
    assert!(shop.text(&["segment", "pause", "Buyers"]).contains("paused"));
    assert!(shop.text(&["segment", "resume", "Buyers"]).contains("live"));
    assert!(
        shop.text(&["segment", "edit", "Buyers", RULE, "--dry-run"]).contains("0 would enter, 1 would leave")
    );
    assert!(shop.text(&["segment", "diff", "Buyers", "--version", "1"]).contains("2 members -> 1"));
    let back = shop.json(&["segment", "restore", "Buyers", "--version", "1"]);
    assert_eq!(
        (&back["segment"]["counts"]["total"], &back["segment"]["serving_version"]),
        (&json!(1), &json!(3))
    );
    assert!(shop.text(&["segment", "show", "Buyers", "--version", "3"]).contains("brings version 1 back"));
    shop.text(&["segment", "set", "Buyers", "--folder", "Retention", "--tag", "mail"]);
    assert!(shop.text(&["segment", "list", "--folder", "retention", "--tag", "Mail"]).contains("Buyers"));
    assert!(shop.text(&["segment", "list", "--state", "archived"]).contains("No segment is like that"));
    assert_eq!(shop.run(&["segment", "set", "Buyers"]).status.code(), Some(2));
    assert!(shop.text(&["segment", "archive", "Buyers"]).contains("archived"));
    assert!(shop.text(&["segment", "restore", "Buyers"]).contains("1 member"));
    let log = shop.text(&["segment", "log", "Buyers"]);
    for said in ["restored it", "renamed it from Repeat to Buyers", "brings version 1 back", "made it"] {
        assert!(log.contains(said), "{said}: {log}");
    }
    shop.text(&["segment", "delete", "Buyers"]);
    assert!(shop.text(&["segment", "list"]).contains("There are no segments yet"));
}

#[test]
fn profiles_are_told_split_and_deleted() {
    let shop = Shop::new();
    shop.import();
    assert!(shop.text(&["profile", "merges", "user_id:1"]).contains("No other profile"));
    let refused = shop.run(&["profile", "split", "user_id:1", "user_id:1"]);
    assert!(stderr(&refused).contains("leave it at least one"), "{}", stderr(&refused));
    assert!(shop.text(&["profile", "splits"]).contains("No profile has been split"));
    assert!(!shop.run(&["profile", "lift", "split_1"]).status.success());
    let shown = shop.text(&["profile", "delete", "user_id:1"]);
    assert!(shown.contains("2 events") && shown.contains("say --yes"), "{shown}");
    assert_eq!(shop.json(&["profile", "delete", "user_id:1"])["deleted"], false);
    assert_eq!(shop.json(&["status"])["profiles"], 2);
    assert!(shop.text(&["profile", "delete", "user_id:1", "--yes"]).contains("are dropped from now on"));
    assert_eq!(shop.json(&["status"])["profiles"], 1);
    // The same file again brings nobody back.
    shop.json(&["import", "--again", "--mapping", "orders.json", "orders.csv"]);
    assert_eq!(shop.json(&["status"])["profiles"], 1);
    assert_eq!(shop.json(&["verify"])["differences"], 0);
}

#[test]
fn a_bad_rule_is_shown_with_its_place() {
    let shop = Shop::new();
    shop.import();
    for arguments in [["rule", "format"], ["rule", "check"], ["segment", "preview"]] {
        let refused = shop.run(&[&arguments[..], &["did \"A\" att least 2 times"]].concat());
        assert_eq!(refused.status.code(), Some(1));
        assert!(stderr(&refused).contains("| did \"A\" att least 2 times\n"), "{}", stderr(&refused));
        assert!(stderr(&refused).contains('^'));
    }
    assert_eq!(shop.text(&["rule", "format", "did   \"A\""]).trim_end(), "did \"A\"");
    assert_eq!(shop.json(&["rule", "schema"])["$ref"], "#/$defs/Rule");
    let long =
        "did \"Order Completed\" >= 2 times in last 90 days and did not \"Product Viewed\" in last 30 days";
    let lines = shop.text(&["rule", "format", "--lines", long]);
    assert_eq!(lines.lines().count(), 2);
    assert_eq!(shop.text(&["rule", "format", &lines]).trim_end(), long);
    let json = shop.json(&["rule", "format", "did \"A\""]).to_string();
    assert_eq!(shop.text(&["rule", "format", &json]).trim_end(), "did \"A\"");
}

#[test]
fn exit_codes_tell_usage_from_failure() {
    let shop = Shop::new();
    let code = |arguments: &[&str]| shop.run(arguments).status.code();
    assert_eq!(code(&["--help"]), Some(0));
    assert_eq!(code(&["nonsense"]), Some(2));
    assert_eq!(code(&["segment", "show", "Nobody"]), Some(1));
    assert!(!shop.0.path().join("shop").exists(), "looking at nothing makes nothing");
    shop.import();
    assert_eq!(code(&["segment", "show", "Nobody"]), Some(1));
    assert_eq!(code(&["status", "--url", "ftp://x", "--token", "t"]), Some(2));
    assert_eq!(code(&["status", "--url", "http://127.0.0.1:9", "--token", "t"]), Some(1));
    let mut lost = command(shop.0.path());
    let lost = lost.env_remove("SEGOPS_DATA").arg("status").output().unwrap();
    assert_eq!(lost.status.code(), Some(2));
    assert!(stderr(&lost).contains("--data"));
}

#[test]
fn tokens_and_settings() {
    let shop = Shop::new();
    let token = shop.text(&["token", "create", "ann", "--role", "marketer"]);
    assert!(token.starts_with("segops_"));
    assert!(shop.text(&["token", "list"]).contains("marketer"));
    shop.text(&["token", "revoke", "ann"]);
    assert!(!shop.text(&["token", "list"]).contains("ann"));
    let set = shop.json(&["settings", "set", "time_zone", "Europe/Berlin"]);
    assert_eq!(set["time_zone"], "Europe/Berlin");
    assert_eq!(shop.run(&["settings", "set", "colour", "red"]).status.code(), Some(2));
    assert!(shop.text(&["status"]).contains("Europe/Berlin"));
}

#[test]
fn a_simulated_store_is_whole() {
    let shop = Shop::new();
    let arguments = ["simulate", "--customers", "20", "--days", "20", "--start", "2026-01-01T00:00:00Z"];
    let made = shop.json(&[&arguments[..], &["--bad-share", "0.01"]].concat());
    let (import, store) = (&made["import"], &made["made"]);
    assert_eq!(import["rows"], store["events"]);
    assert_eq!(import["rejected_rows"], store["malformed"]);
    let status = shop.json(&["status"]);
    assert_eq!(status["duplicates"], store["duplicates"]);
    shop.text(&[&arguments[..], &["--out", "events.ndjson"]].concat());
    let lines = std::fs::read_to_string(shop.0.path().join("events.ndjson")).unwrap().lines().count();
    assert!(lines > 100);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let shop = Shop::new();
    let mut child = command(shop.0.path())
        .args(["completions", "bash"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
}

#[test]
fn variables_that_are_empty_are_as_if_not_set() {
    let shop = Shop::new();
    shop.import();
    let mut status = command(shop.0.path());
    for name in ["SEGOPS_DATA", "SEGOPS_URL", "SEGOPS_TOKEN", "SEGOPS_WRITE_KEY"] {
        status.env(name, "");
    }
    let output = status.args(["status", "--data", "shop"]).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let output = status.args(["--data", ""]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_file_that_a_wrong_mapping_rejected_whole_can_be_imported_by_the_right_one() {
    let shop = Shop::new();
    let wrong = MAPPING.replace(r#"["date"]"#, r#"["date"], "formats": ["%d.%m.%Y"]"#);
    std::fs::write(shop.0.path().join("wrong.json"), wrong).unwrap();
    let report = shop.json(&["import", "--mapping", "wrong.json", "orders.csv"]);
    assert_eq!((&report["accepted_rows"], &report["rejected_rows"]), (&json!(0), &json!(4)));
    let report = shop.import();
    assert_eq!((&report["already_imported"], &report["accepted_rows"]), (&json!(false), &json!(3)));
    // From here on it is taken in; what does not fit it is said all the same, and a dry run still looks.
    assert_eq!(shop.import()["already_imported"], true);
    let checked = shop.json(&["import", "--dry-run", "--mapping", "orders.json", "orders.csv"]);
    assert_eq!((&checked["already_imported"], &checked["accepted_rows"]), (&json!(false), &json!(3)));
    let unknown = MAPPING.replace(r#"["date"]"#, r#"["day"]"#);
    std::fs::write(shop.0.path().join("unknown.json"), unknown).unwrap();
    let output = shop.run(&["import", "--mapping", "unknown.json", "orders.csv"]);
    assert!(stderr(&output).contains("there is no column `day`"), "{}", stderr(&output));
}

#[test]
fn a_folder_is_no_file_to_import() {
    let shop = Shop::new();
    let output = shop.run(&["import", "."]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("is a directory"), "{}", stderr(&output));
}

#[test]
fn a_segment_starts_from_a_template_or_from_another_products_definition() {
    let shop = Shop::new();
    shop.import();
    assert!(shop.text(&["segment", "templates"]).contains("cart-abandoners"));
    assert!(
        shop.text(&["segment", "templates", "repeat-customers"])
            .contains("orders that make a repeat customer")
    );
    assert_eq!(shop.run(&["segment", "templates", "nothing"]).status.code(), Some(2));
    let made =
        shop.json(&["segment", "create", "Once", "--template", "repeat-customers", "--with", "orders=1"]);
    assert_eq!(made["segment"]["counts"]["total"], 2);

    let definition = json!({ "data": [
        { "id": "S1", "attributes": { "name": "Buyers", "definition": { "condition_groups": [{ "conditions": [{
            "type": "profile-metric", "metric_id": "M1", "measurement": "count",
            "measurement_filter": { "type": "numeric", "operator": "greater-than", "value": 1 },
            "timeframe_filter": { "type": "date", "operator": "alltime" },
        }] }] } } },
        { "id": "S2", "attributes": { "name": "Near", "definition": { "condition_groups": [{ "conditions": [{
            "type": "profile-postal-code-distance",
        }] }] } } },
    ] });
    std::fs::write(shop.0.path().join("klaviyo.json"), definition.to_string()).unwrap();
    let metrics = json!({ "data": [{ "id": "M1", "attributes": { "name": "Placed Order" } }] });
    std::fs::write(shop.0.path().join("metrics.json"), metrics.to_string()).unwrap();
    let arguments = ["segment", "import", "klaviyo", "klaviyo.json", "--names", "metrics.json", "--event"];
    let arguments =
        [&arguments[..], &["Placed Order=Order Completed", "--draft", "--folder", "Klaviyo"]].concat();
    let text = shop.text(&arguments);
    assert!(text.contains("2 definitions: 1 can be said, 1 saved as drafts."), "{text}");
    assert!(text.contains("cannot be said: the distance from a postal code"), "{text}");
    let draft = shop.json(&["segment", "show", "Buyers"]);
    assert_eq!((&draft["state"], &draft["folder"]), (&json!("draft"), &json!("Klaviyo")));
    assert_eq!(draft["rule_text"], "everyone where did \"Order Completed\" > 1 time");
}
