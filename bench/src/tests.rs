use std::collections::BTreeSet;
use std::time::Duration;

use crate::connection::{Answer, read_answer};
use crate::load::{self, LoadOptions};
use crate::measure::percentile_ms;
use crate::segments;
use crate::traffic::Traffic;

#[test]
fn numbered_bodies_stay_json_and_their_ids_unique() {
    let mut body = Traffic::new(1, 100, "bench-1-1".to_owned()).body(100);
    let mut ids = BTreeSet::new();
    for first in [0, 100, 999_999_999_900] {
        body.number_from(first);
        let parsed: serde_json::Value = serde_json::from_slice(&body.bytes).unwrap();
        for (index, event) in parsed["batch"].as_array().unwrap().iter().enumerate() {
            let id = event["messageId"].as_str().unwrap();
            assert_eq!(id, format!("bench-1-1-{:012}", first + index as u64));
            assert!(ids.insert(id.to_owned()));
            if event["event"] == "Order Completed" {
                assert_eq!(event["properties"]["order_id"], id);
            }
        }
    }
    assert_eq!(ids.len(), 300);
}

#[test]
fn an_answer_is_read_once_it_is_whole() {
    let whole = b"HTTP/1.1 503 Busy\r\nretry-after: 2\r\nContent-Length: 4\r\n\r\nbusy";
    for end in 0..whole.len() {
        assert_eq!(read_answer(&whole[..end]).unwrap(), None, "after {end} bytes");
    }
    let answer = Answer { status: 503, retry_after: Some(2), body: b"busy".to_vec() };
    assert_eq!(read_answer(whole).unwrap(), Some(answer));
    assert!(read_answer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").is_err());
}

#[test]
fn percentiles_are_by_nearest_rank() {
    let latencies: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
    for (percent, expected_ms) in [(50.0, 100.0), (99.0, 198.0), (100.0, 200.0), (0.0, 1.0)] {
        assert!((percentile_ms(&latencies, percent) - expected_ms).abs() < 1e-9, "{percent}");
    }
    assert!(percentile_ms(&[], 99.0).abs() < f64::EPSILON);
}

#[test]
fn a_refused_load_fails_rather_than_reporting_numbers() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let options = LoadOptions {
        address: closed.to_string(),
        write_key: String::new(),
        connections: 1,
        batch: 1,
        customers: 1,
        warm_up: Duration::ZERO,
        duration: Duration::from_millis(10),
    };
    assert!(load::run(&options).is_err());
}

#[test]
fn every_segment_has_a_rule_of_its_own() {
    let rules: BTreeSet<String> = (0..100).map(segments::rule).collect();
    assert_eq!(rules.len(), 100);
    let rules: BTreeSet<String> = (0..1_000).map(segments::mixed_rule).collect();
    assert_eq!(rules.len(), 1_000);
}
