//! Killed at random moments under load, twenty times: nothing acknowledged is lost, nothing counts twice,
//! and memberships equal a rebuild.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use serde_json::{Value, json};

use crate::server_process::ServerProcess;

const KILLS: u64 = 20;
const SENDERS: u64 = 2;
const BATCH_EVENTS: u64 = 25;
const CUSTOMERS: u64 = 40;

/// Where the server is now; none while it is down. Senders wait for the next life.
#[derive(Default)]
struct Address {
    url: Mutex<Option<String>>,
    moved: Condvar,
}

impl Address {
    fn set(&self, url: Option<String>) {
        *self.url.lock().unwrap() = url;
        self.moved.notify_all();
    }

    fn wait(&self) -> String {
        let mut url = self.url.lock().unwrap();
        loop {
            match url.clone() {
                Some(url) => return url,
                None => url = self.moved.wait(url).unwrap(),
            }
        }
    }
}

struct Load {
    key: String,
    address: Address,
    acknowledged: AtomicU64,
    wanted: AtomicU64,
}

/// A small generator, so that a failure can be run again from its seed.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// Sends batches as an SDK does: the same batch with the same message ids until it is acknowledged.
fn send(load: &Load, sender: u64) -> u64 {
    let mut batches = 0;
    while load.acknowledged.load(Ordering::Relaxed) < load.wanted.load(Ordering::Relaxed) {
        let events: Vec<Value> = (0..BATCH_EVENTS)
            .map(|at| {
                let number = batches * BATCH_EVENTS + at;
                let customer = (sender * 7 + number) % CUSTOMERS;
                let mut event = json!({
                    "type": "track", "event": "Order Completed", "userId": format!("u{customer}"),
                    "messageId": format!("s{sender}-{number}"), "properties": {"total": number % 90},
                });
                if number.is_multiple_of(5) {
                    event = json!({
                        "type": "identify", "userId": format!("u{customer}"), "anonymousId": format!("a{customer}"),
                        "messageId": format!("s{sender}-{number}"), "traits": {"tier": number % 3},
                    });
                }
                event
            })
            .collect();
        let body = json!({"writeKey": load.key, "batch": events}).to_string();
        loop {
            let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
            let answer = agent.post(format!("{}/v1/batch", load.address.wait())).send(&body);
            if answer.is_ok_and(|response| response.status() == 200) {
                break;
            }
        }
        batches += 1;
        load.acknowledged.fetch_add(BATCH_EVENTS, Ordering::Relaxed);
    }
    batches * BATCH_EVENTS
}

#[test]
fn killed_twenty_times_nothing_is_lost_or_counted_twice() {
    let seed =
        std::env::var("SEGOPS_KILL_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0x5e_90_b5);
    println!("SEGOPS_KILL_SEED={seed}");
    let mut random = Random(seed);
    let folder = tempfile::tempdir().unwrap();
    let mut server = ServerProcess::start(folder.path());
    let sources: Value = serde_json::from_str(&server.get("/api/v1/sources").unwrap().1).unwrap();
    for (name, rule) in [
        ("Often", r#"did "Order Completed" >= 3 times in last 30 days"#),
        ("Big", r#"did "Order Completed" >= 2 times where total >= 60"#),
        ("Gold", r#"identified where tier = 2 and in segment "Often""#),
    ] {
        let (status, answer) =
            server.post_api("/api/v1/segments", &json!({"name": name, "rule": rule})).unwrap();
        assert!((200..300).contains(&status), "{answer}");
    }
    let load = Arc::new(Load {
        key: sources["data"][0]["write_key"].as_str().unwrap().to_owned(),
        address: Address::default(),
        acknowledged: AtomicU64::new(0),
        wanted: AtomicU64::new(u64::MAX),
    });
    load.address.set(Some(server.url.clone()));
    let senders: Vec<_> = (0..SENDERS)
        .map(|sender| {
            let load = Arc::clone(&load);
            std::thread::spawn(move || send(&load, sender))
        })
        .collect();
    for kill in 0..KILLS {
        // The moment is given by how much was acknowledged, and by where the senders happen to be then.
        let until = load.acknowledged.load(Ordering::Relaxed) + random.below(40) * BATCH_EVENTS;
        while load.acknowledged.load(Ordering::Relaxed) < until {
            std::thread::yield_now();
        }
        for _ in 0..random.below(200_000) {
            std::hint::spin_loop();
        }
        load.address.set(None);
        server.kill();
        if kill + 1 == KILLS {
            load.wanted.store(0, Ordering::Relaxed);
        }
        server = ServerProcess::start(folder.path());
        load.address.set(Some(server.url.clone()));
    }
    let sent: u64 = senders.into_iter().map(|sender| sender.join().unwrap()).sum();

    let (status, report) = server.post_api("/api/v1/verify", &json!({})).unwrap();
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(
        (status, &report["differences"], &report["profiles_agree"]),
        (200, &json!(0), &json!(true)),
        "{report}"
    );
    let status: Value = serde_json::from_str(&server.get("/api/v1/status").unwrap().1).unwrap();
    println!("{sent} events acknowledged over {KILLS} kills; {status}");
    assert_eq!(status["events"], json!(sent));
    assert_eq!(status["profiles"], json!(CUSTOMERS));
    let often: Value = serde_json::from_str(&server.get("/api/v1/segments/Often").unwrap().1).unwrap();
    assert_eq!(often["counts"]["total"], json!(CUSTOMERS), "{often}");
}
