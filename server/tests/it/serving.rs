use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use segops_server::control::Beacon;
use serde_json::{Value, json};

use crate::server_process::{BINARY, ServerProcess};
use crate::workspace::order;

fn write_key(server: &ServerProcess) -> String {
    let (_, sources) = server.get("/api/v1/sources").unwrap();
    let sources: Value = serde_json::from_str(&sources).unwrap();
    assert_eq!(sources["data"][0]["name"], "Default");
    sources["data"][0]["write_key"].as_str().unwrap().to_owned()
}

#[test]
fn the_first_start_shows_the_owner_what_it_needs_and_no_later_one_does() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("shop");
    let server = ServerProcess::start_with(&data, &["--time-zone", "Europe/Berlin"]);
    let key = write_key(&server);
    let (_, settings) = server.get("/api/v1/settings").unwrap();
    assert!(settings.contains("Europe/Berlin"));
    let (code, printed) = server.terminate();
    assert_eq!(code, 0);
    let token = printed.lines().map(str::trim).find(|line| line.starts_with("segops_")).unwrap().to_owned();
    assert!(printed.contains(&key), "{printed}");
    assert_eq!(Beacon::read(&data), None);
    assert!(!std::fs::read_to_string(data.join("control/tokens.json")).unwrap().contains(&token));

    let server = ServerProcess::start(&data);
    let (_, printed) = server.terminate();
    assert!(!printed.contains("segops_") && !printed.contains(&key), "{printed}");

    let other = Command::new(BINARY)
        .args(["serve", "--listen", "127.0.0.1:0", "--time-zone", "Asia/Tokyo", "--data"])
        .arg(&data)
        .output()
        .unwrap();
    assert_eq!(other.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&other.stderr).contains("Europe/Berlin"));
}

#[test]
fn what_was_acknowledged_is_there_after_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = ServerProcess::start(folder.path());
    let key = write_key(&server);
    let body = json!({ "writeKey": key, "batch": [order("ann", "1", "2026-01-02T03:04:05Z", 10)] });
    assert_eq!(server.post("/v1/batch", &body.to_string()).unwrap().0, 200);
    server.kill();

    let server = ServerProcess::start(folder.path());
    assert_eq!(server.post("/v1/batch", &body.to_string()).unwrap().0, 200);
    let (status, profile) = server.get("/api/v1/profiles/user_id:ann").unwrap();
    let profile: Value = serde_json::from_str(&profile).unwrap();
    assert_eq!((status, &profile["events"]), (200, &json!(1)));
}

#[test]
fn a_command_on_a_served_folder_asks_its_server() {
    let folder = tempfile::tempdir().unwrap();
    let server = ServerProcess::start(folder.path());
    let asked =
        Command::new(BINARY).args(["status", "--json", "--data"]).arg(folder.path()).output().unwrap();
    assert!(asked.status.success());
    let said = String::from_utf8_lossy(&asked.stderr).into_owned();
    assert!(said.contains(&server.url), "{said}");
    let second = Command::new(BINARY).args(["serve", "--data"]).arg(folder.path()).output().unwrap();
    assert_eq!(second.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&second.stderr).contains("another process"));
}

#[test]
fn a_remote_import_is_the_same_as_a_local_one() {
    let folder = tempfile::tempdir().unwrap();
    let server = ServerProcess::start(&folder.path().join("shop"));
    let file = folder.path().join("events.ndjson");
    let lines: Vec<String> = (0..300)
        .map(|number| order("ann", &number.to_string(), "2026-01-02T03:04:05Z", 1).to_string())
        .chain([json!({ "type": "track", "event": "Lost" }).to_string()])
        .collect();
    std::fs::write(&file, lines.join("\n")).unwrap();
    let import = || {
        let done = Command::new(BINARY)
            .args(["import", "--json", "--url", &server.url, "--token", &server.token])
            .arg(&file)
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        serde_json::from_slice::<Value>(&done.stdout).unwrap()
    };
    let first = import();
    assert_eq!(
        (&first["rows"], &first["accepted_rows"], &first["rejected_rows"]),
        (&json!(301), &json!(300), &json!(1))
    );
    assert_eq!(first["rejected_by_code"], json!({ "missing_identifier": 1 }));
    assert_eq!(import()["already_imported"], true);
    let (_, imports) = server.get("/api/v1/imports").unwrap();
    assert!(imports.contains("events.ndjson"));
    assert_eq!(std::fs::read_dir(folder.path().join("shop/control/uploads")).unwrap().count(), 0);
}

#[test]
fn a_broken_request_ends_only_its_connection() {
    let folder = tempfile::tempdir().unwrap();
    let server = ServerProcess::start(folder.path());
    let address = server.url.strip_prefix("http://").unwrap();
    for garbage in ["\r\n\r\nGET", "POST /v1/batch HTTP/1.1\r\ncontent-length: 99999999999\r\n\r\n{"] {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(garbage.as_bytes()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        // What it says, if anything, is of no interest.
        let _said = stream.read_to_end(&mut answer);
    }
    assert_eq!(server.get("/healthz").unwrap().0, 200);
}
