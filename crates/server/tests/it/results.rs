//! Recorded results and alarms from outside: by HTTP, by the command line, in rules and in metrics.

use std::time::Duration;

use serde_json::{Value, json};

use crate::command_line::{command, run};
use crate::workspace::Workspace;

fn did(user: &str, event: &str, day: u32, properties: Value) -> Value {
    json!({ "type": "track", "event": event, "userId": user, "messageId": format!("{user}-{event}-{day}"),
        "timestamp": format!("2026-01-{day:02}T10:00:00Z"), "properties": properties })
}

/// Three who have bought: Ann most, and Bob twice.
fn orders() -> Value {
    let order = |user: &str, day: u32, total: u32| {
        did(user, "Order Completed", day, json!({ "order_id": format!("{user}{day}"), "total": total }))
    };
    json!([order("ann", 1, 900), order("bob", 2, 40), order("bob", 3, 50), order("cid", 4, 5)])
}

/// Waits until nothing of a result, or of an alarm, is under way.
async fn settled(workspace: &Workspace, path: &str) -> Value {
    loop {
        let answer = workspace.get(path).await;
        let is_waiting = answer["is_waiting"] == true
            || answer["status"].as_str().is_some_and(|status| ["waiting", "running"].contains(&status));
        if !is_waiting {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_ask_for_whom_a_query_names() {
    let workspace = Workspace::new();
    workspace.track(orders()).await;
    let sql = "SELECT profile AS profile_id FROM orders GROUP BY profile HAVING sum(net) >= 90";
    let new =
        json!({ "name": "VIPs", "definition": { "query": { "sql": sql } }, "schedule": { "daily_at": 6 } });
    let made = workspace.call("POST", "/api/v1/results", Some(new.clone())).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let result = settled(&workspace, "/api/v1/results/VIPs").await;
    assert_eq!((&result["status"], &result["named"]), (&json!("recorded"), &json!(2)), "{result}");
    assert!(result["as_of"].is_string() && result["next_at"].is_string());
    let segment = workspace.live_segment("Named", "everyone where in query \"VIPs\"").await;
    assert_eq!(segment["rule_text"], "everyone where in result \"VIPs\"");
    assert_eq!(segment["counts"]["total"], 2);
    let explained = workspace.get("/api/v1/segments/Named/explain/user_id:ann").await;
    let sentence = explained["sentence"].as_str().unwrap();
    assert!(sentence.starts_with("In, because: the query VIPs, as of "), "{sentence}");
    let members = workspace.get("/api/v1/results/VIPs/members?limit=1").await;
    assert_eq!((members["members"].as_array().unwrap().len(), &members["next"]), (1, &json!(1)));

    // A refresh moves those whom it names anew.
    let more = did("cid", "Order Completed", 5, json!({ "order_id": "cid5", "total": 200 }));
    workspace.track(json!([more])).await;
    let asked = workspace.call("POST", "/api/v1/results/VIPs/refresh", None).await;
    assert_eq!(asked.status, 202, "{}", asked.text());
    assert_eq!(settled(&workspace, "/api/v1/results/VIPs").await["named"], 3);
    let moved = workspace.get("/api/v1/transitions?segment=Named").await;
    let causes: Vec<&str> =
        moved["data"].as_array().unwrap().iter().map(|one| one["cause"].as_str().unwrap()).collect();
    assert_eq!(causes, ["prime", "prime", "result"]);

    // One that fails keeps what there is, and says where it went wrong.
    let wrong = json!({ "definition": { "query": { "sql": "SELECT profile_id\nFROM evnts" } } });
    workspace.call("PATCH", "/api/v1/results/VIPs", Some(wrong)).await;
    let failed = settled(&workspace, "/api/v1/results/VIPs").await;
    assert_eq!((&failed["status"], &failed["named"]), (&json!("failed"), &json!(3)));
    let message = failed["failure"]["message"].as_str().unwrap();
    assert!(message.contains("there is no table `evnts`; did you mean `events`?"), "{message}");
    let columns = json!({ "definition": { "query": { "sql": "SELECT event FROM events" } } });
    workspace.call("PATCH", "/api/v1/results/VIPs", Some(columns)).await;
    let failed = settled(&workspace, "/api/v1/results/VIPs").await;
    let message = failed["failure"]["message"].as_str().unwrap();
    assert!(message.contains("there is no column `profile_id`"), "{message}");
    assert_eq!(workspace.get("/api/v1/segments/Named").await["counts"]["total"], 3);
    let verified = workspace.call("POST", "/api/v1/verify", None).await;
    assert!(verified.text().contains("\"differences\":0"), "{}", verified.text());

    assert_eq!(workspace.call("DELETE", "/api/v1/results/VIPs", None).await.status, 409);
    assert_eq!(workspace.call("POST", "/api/v1/results", Some(new)).await.status, 409);
    assert_eq!(workspace.call("GET", "/api/v1/results/Nobody", None).await.status, 404);
    let hour = json!({ "name": "A", "definition": { "query": { "sql": "SELECT 1" } }, "schedule": { "daily_at": 24 } });
    assert_eq!(workspace.call("POST", "/api/v1/results", Some(hour)).await.status, 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_most_alike_are_recorded_with_their_reasons() {
    let workspace = Workspace::new();
    let mut events = Vec::new();
    for user in 0..120_u32 {
        let name = format!("u{user:03}");
        events.push(did(&name, "Product Viewed", 1, json!({})));
        // Members, and half of the last forty, read mails.
        if user < 60 || (user >= 80 && user % 2 == 0) {
            events.push(did(&name, "Email Opened", 2, json!({})));
        }
        if user < 60 {
            events.push(did(&name, "Joined Club", 3, json!({})));
        }
    }
    workspace.track(Value::Array(events)).await;
    workspace.live_segment("Club", "everyone where did \"Joined Club\"").await;
    let new =
        json!({ "name": "Like the club", "definition": { "alike": { "segment": "Club", "count": 20 } } });
    assert_eq!(workspace.call("POST", "/api/v1/results", Some(new)).await.status, 201);
    let result = settled(&workspace, "/api/v1/results/Like%20the%20club").await;
    assert_eq!((&result["status"], &result["named"]), (&json!("recorded"), &json!(20)), "{result}");
    let members = workspace.get("/api/v1/results/Like%20the%20club/members").await;
    let members = members["members"].as_array().unwrap();
    for member in members {
        let user = member["identifiers"][0].as_str().unwrap().trim_start_matches("user_id:u");
        let user: u32 = user.parse().unwrap();
        assert!(user >= 80 && user.is_multiple_of(2), "{member}");
        assert_eq!(member["reasons"][0]["feature"], "did Email Opened", "{member}");
    }
    let segment = workspace.live_segment("Lookalikes", "everyone where alike \"Like the club\"").await;
    assert_eq!(segment["counts"]["total"], 20);
    assert_eq!(workspace.call("DELETE", "/api/v1/segments/Club", None).await.status, 409);
}

#[tokio::test(flavor = "multi_thread")]
async fn alarms_fire_with_their_numbers() {
    let workspace = Workspace::new();
    workspace.track(orders()).await;
    workspace.live_segment("Buyers", "did \"Order Completed\"").await;
    let now = workspace.engine.now();
    let day = |days: i64| now.plus_ms(-days * segops_model::DAY_MS).to_string();
    let mut events = Vec::new();
    // On the same weekday of the last four weeks a hundred views each a minute ago by the clock; today none. Half of
    // them lack a price.
    for week in 1..=5_i64 {
        for number in 0..100 {
            let minute = now.plus_ms(-week * 7 * segops_model::DAY_MS - segops_model::MINUTE_MS);
            events.push(json!({ "type": "track", "event": "Seen", "userId": "ann", "messageId": format!("{week}-{number}"),
                "timestamp": minute.to_string(), "properties": {} }));
        }
    }
    for number in 0..10 {
        let price = if number % 2 == 0 { json!({ "price": 5 }) } else { json!({ "price": " " }) };
        events.push(json!({ "type": "track", "event": "Priced", "userId": "ann", "messageId": format!("priced-{number}"),
            "timestamp": now.plus_ms(-1_000).to_string(), "properties": price }));
    }
    assert!(day(0) > day(1));
    workspace.track(Value::Array(events)).await;
    let number =
        |sql: &str| json!({ "number": { "of": { "query": { "sql": sql } }, "bounds": { "below": 10 } } });
    let analysis = json!({ "trend": { "series": [{ "event": "orders" }], "interval": "month" } });
    let analysed = json!({ "number": { "of": { "analysis": { "analysis": analysis, "at": "/trend/no/such" } },
        "bounds": { "above": 1 } } });
    for (name, watch, status, message) in [
        (
            "size",
            json!({ "segment_size": { "segment": "Buyers", "bounds": { "above": 2 } } }),
            "firing",
            "members of Buyers: 3; above 2",
        ),
        (
            "small",
            json!({ "segment_size": { "segment": "Buyers", "bounds": { "below": 2, "moved_percent": 5 } } }),
            "ok",
            "members of Buyers: 3; not below 2, nothing was measured yesterday at this time",
        ),
        (
            "price",
            json!({ "missing_property": { "event": "Priced", "property": "price" } }),
            "firing",
            "Priced: 5 of 10 in the last 24 hours come without price (50.0%; at most 5% are expected)",
        ),
        (
            "none",
            json!({ "missing_property": { "event": "Nothing", "property": "price" } }),
            "no_data",
            "Nothing: there was none in the last 24 hours",
        ),
        ("heard", json!({ "silent_source": { "source": "Default", "minutes": 60 } }), "ok", "60 are allowed"),
        ("number", number("SELECT count(*) FROM profiles"), "firing", "number: 3; below 10"),
        ("wrong", number("SELECT cuont(*) FROM profiles"), "no_data", "it cannot be measured: "),
        ("text", number("SELECT 'a'"), "no_data", "expected one number"),
        ("analysis", analysed, "no_data", "it cannot be measured: "),
    ] {
        let new = json!({ "name": name, "watch": watch, "schedule": "by_hand" });
        let made = workspace.call("POST", "/api/v1/alarms", Some(new)).await;
        assert_eq!(made.status, 201, "{}", made.text());
        let alarm = settled(&workspace, &format!("/api/v1/alarms/{name}")).await;
        let found = alarm["message"].as_str().unwrap();
        assert!(alarm["status"] == status && found.contains(message), "{name}: {status} {message}: {alarm}");
        assert_eq!(alarm["owner"], "ann");
    }
    let volume = json!({ "name": "volume", "watch": { "event_volume": { "event": "Seen" } } });
    assert_eq!(workspace.call("POST", "/api/v1/alarms", Some(volume)).await.status, 201);
    let alarm = settled(&workspace, "/api/v1/alarms/volume").await;
    let found = alarm["message"].as_str().unwrap();
    // In the first minute of a day there is nothing yet on any of the days.
    if alarm["status"] == "firing" {
        assert!(
            found.starts_with("Seen: 0 today until ") && found.contains(", usually 100 on a "),
            "{found}"
        );
    } else {
        assert!(found.contains("usually 0 on a "), "{found}");
    }
    let metrics = workspace.call("GET", "/metrics", None).await.text();
    assert!(metrics.contains("name=\"size\",owner=\"ann\"} 1"), "{metrics}");
    let until = json!({ "until": now.plus_ms(segops_model::DAY_MS).to_string() });
    let snoozed = workspace.call("POST", "/api/v1/alarms/size/snooze", Some(until)).await.json();
    assert!(snoozed["snoozed_until"].is_string() && snoozed["status"] == "firing", "{snoozed}");
    let metrics = workspace.call("GET", "/metrics", None).await.text();
    assert!(metrics.contains("name=\"size\",owner=\"ann\"} 0"), "{metrics}");
    assert_eq!(workspace.call("DELETE", "/api/v1/alarms/size", None).await.status, 204);
    let never =
        json!({ "name": "never", "watch": { "segment_size": { "segment": "Buyers", "bounds": {} } } });
    assert_eq!(workspace.call("POST", "/api/v1/alarms", Some(never)).await.status, 422);
}

#[test]
fn the_command_line_makes_refreshes_and_tells() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("events.ndjson"), {
        let orders = orders();
        let lines: Vec<String> = orders.as_array().unwrap().iter().map(ToString::to_string).collect();
        lines.join("\n")
    })
    .unwrap();
    run(folder, &["import", "events.ndjson"]);
    run(folder, &["segment", "create", "Buyers", "did \"Order Completed\""]);
    let sql = "SELECT profile AS profile_id FROM orders GROUP BY 1 HAVING sum(net) > 80";
    let made = run(folder, &["result", "create", "VIPs", "--query", sql, "--daily-at", "6"]);
    assert!(made.contains("VIPs: recorded") && made.contains("Names 2 profiles"), "{made}");
    assert!(made.contains("daily at 06:00"), "{made}");
    assert!(run(folder, &["result", "list"]).contains("VIPs"));
    assert!(run(folder, &["result", "refresh", "VIPs"]).contains("recorded"));
    assert!(run(folder, &["result", "members", "VIPs"]).contains("user_id:ann"));
    let wrong = command(folder, &["result", "edit", "VIPs", "--query", "SELECT 1 AS x"]);
    assert!(wrong.status.success());
    let failed = command(folder, &["result", "refresh", "VIPs"]);
    assert_eq!(failed.status.code(), Some(1));
    let text = String::from_utf8_lossy(&failed.stdout);
    assert!(text.contains("there is no column `profile_id`") && text.contains("Names 2 profiles"), "{text}");
    assert!(run(folder, &["result", "delete", "VIPs"]).contains("deleted"));

    let made = run(
        folder,
        &["alarm", "create", "Buyers stay", "--segment", "Buyers", "--below", "10", "--owner", "bob"],
    );
    assert!(
        made.contains("Buyers stay: firing") && made.contains("members of Buyers: 3; below 10"),
        "{made}"
    );
    assert_eq!(command(folder, &["alarm", "list", "--firing"]).status.code(), Some(1));
    run(folder, &["alarm", "snooze", "Buyers stay", "--until", "2999-01-01T00:00:00Z"]);
    assert!(run(folder, &["alarm", "list", "--firing"]).contains("No alarm fires"));
    assert!(run(folder, &["alarm", "list"]).contains("firing, snoozed"));
    run(folder, &["alarm", "snooze", "Buyers stay", "--end"]);
    let edited = run(folder, &["alarm", "edit", "Buyers stay", "--segment", "Buyers", "--below", "2"]);
    assert!(edited.contains("Buyers stay: ok"), "{edited}");
    let checked = run(folder, &["alarm", "check", "Buyers stay"]);
    assert!(checked.contains("firing") && checked.contains("ok"), "{checked}");
    run(folder, &["alarm", "delete", "Buyers stay"]);
    assert!(run(folder, &["alarm", "list"]).contains("There are no alarms yet"));
}
