//! The recorded requests of the real SDKs, one line per event that they become.

use expect_test::{Expect, expect};
use segops_model::{Instant, Limits, SourceId};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::segment_api::{Call, Credentials, Request, parse_basic, read, read_body};
use crate::{FORMAT_SEGMENT_V1, replay};

#[derive(Deserialize)]
struct Line<'a> {
    method: String,
    url: String,
    headers: std::collections::BTreeMap<String, String>,
    #[serde(borrow)]
    body: &'a RawValue,
}

/// What is no event in the recording: requests that the API answers otherwise.
fn is_call(line: &Line<'_>) -> bool {
    line.method == "POST"
}

fn check(recording: &str, expected: Expect) {
    let limits = Limits::default();
    let mut text = String::new();
    for line in recording.lines() {
        let line: Line<'_> = serde_json::from_str(line).unwrap();
        if !is_call(&line) {
            continue;
        }
        let auth = Credentials {
            basic: line.headers.get("authorization").and_then(|h| parse_basic(h)),
            query: None,
        };
        // The recorder has decompressed the bodies already, as some proxies do.
        let encoding = line.headers.get("content-encoding").map(String::as_str);
        let body = read_body(encoding, line.body.get().as_bytes(), &limits).unwrap();
        let request = Request {
            call: Call::from_path(&line.url).unwrap(),
            path: &line.url,
            auth: &auth,
            received_at: Instant::from_ms(1_795_500_000_000),
            client_ip: None,
            limits: &limits,
        };
        let known = |key: &str| ["WK_TEST", "WK"].contains(&key).then_some(SourceId(3));
        let received = read(&request, &body, &mut || panic!("every SDK sends message ids"), &known).unwrap();
        assert_eq!(received.rejected, []);
        for accepted in received.accepted {
            let event = &accepted.event;
            assert_eq!(replay(FORMAT_SEGMENT_V1, &accepted.raw, &accepted.envelope).as_ref(), Ok(event));
            let ids: Vec<String> = event.identifiers.iter().map(ToString::to_string).collect();
            text += &format!(
                "{} {:?} {:?} [{}] {} {} {} {}\n",
                line.url,
                event.kind,
                event.name,
                ids.join(" "),
                event.ts,
                serde_json::to_string(&event.properties).unwrap(),
                serde_json::to_string(&event.traits).unwrap(),
                serde_json::to_string(&event.group_traits).unwrap(),
            );
        }
    }
    expected.assert_eq(&text);
}

macro_rules! recording {
    ($name:literal) => {
        include_str!(concat!("../../../../../tests/captures/", $name, ".ndjson"))
    };
}

#[test]
fn segment_node() {
    check(
        recording!("segment-node"),
        expect![[r#"
        /v1/batch Identify "" [user_id:u1 email:ann@example.com] 2026-11-24T05:59:59.989Z {} {"email":"ann@example.com","firstName":"Ann"} {}
        /v1/batch Track "Order Completed" [user_id:u1] 2026-01-02T18:45:34.273Z {"order_id":"1001","total":59.9,"currency":"USD","products":[{"product_id":"p1","sku":"S1","price":29.95,"quantity":2}]} {} {}
        /v1/batch Page "Page Viewed" [anonymous_id:anon-1] 2026-11-24T05:59:59.991Z {"name":"Home"} {} {}
        /v1/batch Screen "Screen Viewed" [anonymous_id:anon-1] 2026-11-24T05:59:59.991Z {"name":"Home"} {} {}
        /v1/batch Group "" [user_id:u1] 2026-11-24T05:59:59.991Z {"group_id":"g1"} {} {"name":"Acme"}
        /v1/batch Alias "" [user_id:u1 previous_id:anon-1] 2026-11-24T05:59:59.992Z {} {} {}
    "#]],
    );
}

#[test]
fn segment_python() {
    check(
        recording!("segment-python"),
        expect![[r#"
        /v1/batch Identify "" [user_id:u1 email:ann@example.com] 2026-11-24T05:59:59.499Z {} {"email":"ann@example.com"} {}
        /v1/batch Track "Order Completed" [user_id:u1] 2026-01-02T18:45:27.420Z {"order_id":"1001","total":59.9,"when":"2026-01-02T00:00:00+00:00"} {} {}
        /v1/batch Page "Page Viewed" [user_id:u1] 2026-11-24T05:59:59.500Z {"path":"/","name":"Home","category":"cat"} {} {}
        /v1/batch Alias "" [user_id:u1 previous_id:anon-1] 2026-11-24T05:59:59.500Z {} {} {}
        /v1/batch Group "" [user_id:u1] 2026-11-24T05:59:59.500Z {"group_id":"g1"} {} {"name":"Acme"}
    "#]],
    );
}

#[test]
fn segment_python_gzip() {
    check(
        recording!("segment-python-gzip"),
        expect![[r#"
        /v1/batch Identify "" [user_id:u1 email:ann@example.com] 2026-11-24T05:59:59.495Z {} {"email":"ann@example.com"} {}
        /v1/batch Track "Order Completed" [user_id:u1] 2026-01-02T18:45:25.356Z {"order_id":"1001","total":59.9,"when":"2026-01-02T00:00:00+00:00"} {} {}
        /v1/batch Page "Page Viewed" [user_id:u1] 2026-11-24T05:59:59.495Z {"path":"/","name":"Home","category":"cat"} {} {}
        /v1/batch Alias "" [user_id:u1 previous_id:anon-1] 2026-11-24T05:59:59.495Z {} {} {}
        /v1/batch Group "" [user_id:u1] 2026-11-24T05:59:59.495Z {"group_id":"g1"} {} {"name":"Acme"}
    "#]],
    );
}

#[test]
fn rudder_node() {
    check(
        recording!("rudder-node"),
        expect![[r#"
        /v1/batch Identify "" [user_id:u1 email:ann@example.com] 2026-11-24T05:59:59.999Z {} {"email":"ann@example.com"} {}
        /v1/batch Track "Order Completed" [user_id:u1] 2026-01-02T03:04:05.678Z {"order_id":"1001","total":59.9} {} {}
        /v1/batch Page "Page Viewed" [anonymous_id:anon-1] 2026-11-24T05:59:59.699Z {"name":"Home"} {} {}
        /v1/batch Alias "" [user_id:u1 previous_id:anon-1] 2026-11-24T05:59:59.699Z {} {} {}
        /v1/batch Group "" [user_id:u1] 2026-11-24T05:59:59.699Z {"group_id":"g1"} {} {}
    "#]],
    );
}

#[test]
fn rudder_python() {
    check(
        recording!("rudder-python"),
        expect![[r#"
        /v1/batch Identify "" [user_id:u1 email:ann@example.com] 2026-11-24T05:59:59.499Z {} {"email":"ann@example.com"} {}
        /v1/batch Track "Order Completed" [user_id:u1] 2026-01-02T18:45:23.354Z {"order_id":"1001","total":59.9,"when":"2026-01-02T00:00:00+00:00"} {} {}
        /v1/batch Page "Page Viewed" [user_id:u1] 2026-11-24T05:59:59.500Z {"path":"/","name":"Home","category":"cat"} {} {}
        /v1/batch Alias "" [user_id:u1 previous_id:anon-1] 2026-11-24T05:59:59.500Z {} {} {}
        /v1/batch Group "" [user_id:u1] 2026-11-24T05:59:59.500Z {"group_id":"g1"} {} {"name":"Acme"}
    "#]],
    );
}

#[test]
fn analytics_next_batching() {
    check(
        recording!("analytics-next-batch"),
        expect![[r#"
        /v1/b Page "Page Viewed" [anonymous_id:a016b930-6844-480a-b6b3-03d8708d6e34] 2026-11-24T05:59:59.929Z {"path":"/products/p1","referrer":"https://google.com/","search":"?utm_source=news&utm_medium=email&utm_campaign=spring","title":"Shop","url":"https://shop.example.com/products/p1?utm_source=news&utm_medium=email&utm_campaign=spring","name":"Home"} {} {}
        /v1/b Track "Product Viewed" [anonymous_id:a016b930-6844-480a-b6b3-03d8708d6e34] 2026-11-24T05:59:59.980Z {"product_id":"p1","price":9.5} {} {}
        /v1/b Identify "" [user_id:u1 email:ann@example.com anonymous_id:a016b930-6844-480a-b6b3-03d8708d6e34] 2026-11-24T05:59:59.990Z {} {"email":"ann@example.com"} {}
        /v1/b Group "" [user_id:u1 anonymous_id:a016b930-6844-480a-b6b3-03d8708d6e34] 2026-11-24T05:59:59.973Z {"group_id":"g1"} {} {"name":"Acme"}
        /v1/b Alias "" [user_id:u1 anonymous_id:a016b930-6844-480a-b6b3-03d8708d6e34 previous_id:u1] 2026-11-24T05:59:59.984Z {} {} {}
        /v1/b Screen "Screen Viewed" [user_id:u1 anonymous_id:a016b930-6844-480a-b6b3-03d8708d6e34] 2026-11-24T05:59:59.989Z {"name":"X"} {} {}
    "#]],
    );
}

#[test]
fn analytics_next_one_by_one() {
    check(
        recording!("analytics-next-cdn"),
        expect![[r#"
        /v1/p Page "Page Viewed" [anonymous_id:aafbec5d-2f8f-4c91-a95c-605b6c69a7f5] 2026-11-24T05:59:59.879Z {"path":"/products/p1","referrer":"https://google.com/","search":"?utm_source=news&utm_medium=email&utm_campaign=spring","title":"Shop","url":"https://shop.example.com/products/p1?utm_source=news&utm_medium=email&utm_campaign=spring","name":"Home"} {} {}
        /v1/t Track "Product Viewed" [anonymous_id:aafbec5d-2f8f-4c91-a95c-605b6c69a7f5] 2026-11-24T05:59:59.986Z {"product_id":"p1","price":9.5} {} {}
        /v1/i Identify "" [user_id:u1 email:ann@example.com anonymous_id:aafbec5d-2f8f-4c91-a95c-605b6c69a7f5] 2026-11-24T05:59:59.986Z {} {"email":"ann@example.com"} {}
        /v1/g Group "" [user_id:u1 anonymous_id:aafbec5d-2f8f-4c91-a95c-605b6c69a7f5] 2026-11-24T05:59:59.993Z {"group_id":"g1"} {} {"name":"Acme"}
        /v1/a Alias "" [user_id:u1 anonymous_id:aafbec5d-2f8f-4c91-a95c-605b6c69a7f5 previous_id:u1] 2026-11-24T05:59:59.996Z {} {} {}
        /v1/s Screen "Screen Viewed" [user_id:u1 anonymous_id:aafbec5d-2f8f-4c91-a95c-605b6c69a7f5] 2026-11-24T05:59:59.997Z {"name":"X"} {} {}
    "#]],
    );
}
