use proptest::prelude::*;
use segops_model::{Instant, Limits, SourceId, Value};

use crate::segment_api::{Call, Credentials, Received, Request, RequestError, read};
use crate::{FORMAT_SEGMENT_V1, Origin, RejectionCode as Code, replay};

fn send_with(path: &str, auth: &Credentials, body: &[u8], limits: &Limits) -> Result<Received, RequestError> {
    let request = Request {
        call: Call::from_path(path).unwrap(),
        path,
        auth,
        received_at: Instant::from_ms(1_795_500_000_000),
        client_ip: None,
        limits,
    };
    let mut made = 0;
    let mut fallback = || {
        made += 1;
        format!("made-{made}").into()
    };
    read(&request, body, &mut fallback, &|key| match key {
        "one" => Some(SourceId(1)),
        "two" => Some(SourceId(2)),
        _ => None,
    })
}

fn send(path: &str, body: &str) -> Received {
    let auth = Credentials { basic: Some("one".into()), query: None };
    send_with(path, &auth, body.as_bytes(), &Limits::default()).unwrap()
}

#[test]
fn paths_name_calls() {
    let check = |path: &str, expected: Option<Call>| assert_eq!(Call::from_path(path), expected, "{path}");
    for (long, short, call) in [
        ("track", "t", Call::Track),
        ("identify", "i", Call::Identify),
        ("page", "p", Call::Page),
        ("screen", "s", Call::Screen),
        ("group", "g", Call::Group),
        ("alias", "a", Call::Alias),
        ("batch", "b", Call::Batch),
        ("import", "m", Call::Metrics),
    ] {
        check(&format!("/v1/{short}"), Some(call));
        check(&format!("/v1/{short}/"), Some(call));
        check(&format!("/v1/{long}"), Some(if long == "import" { Call::Batch } else { call }));
    }
    check("/v1/merge", Some(Call::Merge));
    check("/beacon/v1/batch", Some(Call::Batch));
    check("/v1/", None);
    check("/v1/nothing", None);
    check("/track", None);
}

#[test]
fn a_single_call_takes_its_type_from_the_path() {
    let check = |path: &str, body: &str, raw: &str| {
        let received = send(path, body);
        assert_eq!(received.rejected, []);
        let accepted = &received.accepted[0];
        assert_eq!(std::str::from_utf8(&accepted.raw).unwrap(), raw);
        let again = replay(FORMAT_SEGMENT_V1, &accepted.raw, &accepted.envelope);
        assert_eq!(again.as_ref(), Ok(&accepted.event));
    };
    check(
        "/v1/track",
        " {\"userId\":\"u\",\"event\":\"E\" }\n",
        r#"{"userId":"u","event":"E","type":"track"}"#,
    );
    check("/v1/identify", r#"{"userId":"u","type":null}"#, r#"{"userId":"u","type":null,"type":"identify"}"#);
    check("/v1/t", r#"{"type":"page","userId":"u"}"#, r#"{"type":"page","userId":"u"}"#);
    let received = send("/v1/track", "{}");
    assert_eq!(
        (received.rejected[0].code, received.rejected[0].place.as_str()),
        (Code::MissingIdentifier, "body")
    );
}

#[test]
fn one_bad_event_does_not_fail_its_batch() {
    let received = send(
        "/v1/batch",
        r#"{"batch":[
            {"type":"track","event":"A","userId":"u"},
            7,
            {"type":"track","event":"B"},
            {"type":"track","event":"C","anonymousId":"a","messageId":"m"},
            {"type":"track","event":"D","userId":"u","properties":{"n":1e999}}
        ]}"#,
    );
    let names: Vec<_> =
        received.accepted.iter().map(|a| (a.event.name.as_str(), a.event.message_id.as_str())).collect();
    assert_eq!(names, [("A", "made-1"), ("C", "m")]);
    let rejected: Vec<_> = received.rejected.iter().map(|r| (r.place.as_str(), r.code)).collect();
    assert_eq!(
        rejected,
        [
            ("batch[1]", Code::NotAnObject),
            ("batch[2]", Code::MissingIdentifier),
            ("batch[4]", Code::InvalidJson)
        ]
    );
    let first = &received.rejected[0];
    assert_eq!((first.raw.as_str(), first.source), ("7", Some(SourceId(1))));
    assert_eq!(first.origin, Origin::Api { path: "/v1/batch".into() });
}

#[test]
fn the_first_known_write_key_says_the_source() {
    let check = |basic: Option<&str>, query: Option<&str>, body: &str, expected: Result<Vec<u32>, u16>| {
        let auth = Credentials { basic: basic.map(Into::into), query: query.map(Into::into) };
        let found = send_with("/v1/batch", &auth, body.as_bytes(), &Limits::default())
            .map(|received| received.accepted.iter().map(|a| a.envelope.source.0).collect())
            .map_err(|error| error.status);
        assert_eq!(found, expected, "{basic:?} {query:?} {body}");
    };
    let body = |outer: &str, first: &str, second: &str| {
        let item = |key: &str| format!(r#"{{"type":"page","userId":"u"{key}}}"#);
        format!(r#"{{"batch":[{},{}]{outer}}}"#, item(first), item(second))
    };
    let (one, two, bad) = (r#","writeKey":"one""#, r#","writeKey":"two""#, r#","writeKey":"bad""#);
    check(Some("one"), None, &body("", "", ""), Ok(vec![1, 1]));
    check(Some("one"), None, &body(two, two, two), Ok(vec![1, 1]));
    check(Some("bad"), None, &body(two, one, one), Ok(vec![2, 2]));
    check(None, Some("two"), &body(bad, one, one), Ok(vec![2, 2]));
    check(None, None, &body("", one, two), Ok(vec![1, 2]));
    check(None, None, &body("", bad, two), Ok(vec![2]));
    check(None, None, &body("", bad, bad), Err(401));
    check(None, None, r#"{"batch":[]}"#, Err(401));
    check(Some("one"), None, r#"{"batch":[]}"#, Ok(vec![]));
}

#[test]
fn an_unknown_write_key_can_be_kept_as_a_rejection() {
    let body = br#"{"batch":[]}"#;
    let limits = Limits::default();
    let error = send_with("/v1/batch", &Credentials::default(), body, &limits).unwrap_err();
    assert_eq!(
        serde_json::to_value(&error).unwrap(),
        serde_json::json!({"code": "invalid_write_key", "message": error.message})
    );
    let rejection = error.into_rejection("/v1/batch", body, Instant::from_ms(5), &limits);
    assert_eq!((rejection.code, rejection.source), (Code::InvalidWriteKey, None));
    assert_eq!(rejection.raw.as_bytes(), body);
    let back: crate::Rejection = serde_json::from_str(&serde_json::to_string(&rejection).unwrap()).unwrap();
    assert_eq!(back, rejection);
}

#[test]
fn what_no_part_of_can_be_taken_is_refused_whole() {
    let auth = Credentials { basic: Some("one".into()), query: None };
    let check = |path: &str, body: &str, expected: Result<usize, (u16, &'static str)>| {
        let limits = Limits { body_bytes_max: 1_000, ..Limits::default() };
        let found = send_with(path, &auth, body.as_bytes(), &limits)
            .map(|received| received.accepted.len() + received.rejected.len())
            .map_err(|error| (error.status, error.code));
        assert_eq!(found, expected, "{path} {body}");
    };
    check("/v1/batch", "", Err((400, "invalid_json")));
    check("/v1/batch", "{\"batch\":[", Err((400, "invalid_json")));
    check("/v1/batch", "{}", Err((400, "invalid_body")));
    check("/v1/batch", "[]", Err((400, "invalid_body")));
    check("/v1/batch", "{\"batch\":{}}", Err((400, "invalid_body")));
    check("/v1/track", "event=E", Err((400, "invalid_json")));
    check("/v1/track", "[]", Ok(1));
    check("/v1/batch", &" ".repeat(1_001), Err((413, "body_too_large")));
    check("/v1/m", "whatever", Ok(0));
}

#[test]
fn a_batch_past_the_limit_is_taken_up_to_it() {
    let limits = Limits { batch_events_max: 2, ..Limits::default() };
    let auth = Credentials { basic: Some("one".into()), query: None };
    let items = [r#"{"type":"page","userId":"u"}"#; 7].join(",");
    let body = format!(r#"{{"batch":[{items}]}}"#);
    let received = send_with("/v1/batch", &auth, body.as_bytes(), &limits).unwrap();
    assert_eq!(received.accepted.len(), 2);
    let places: Vec<_> = received.rejected.iter().map(|r| (r.place.as_str(), r.code)).collect();
    assert_eq!(
        places,
        [
            ("batch[2]", Code::BatchTooLong),
            ("batch[3]", Code::BatchTooLong),
            ("batch[4..7]", Code::BatchTooLong)
        ]
    );
}

#[test]
fn a_batchs_context_fills_what_its_events_lack() {
    let received = send(
        "/v1/batch",
        r#"{"context":{"ip":"1.1.1.1","locale":"de"},"integrations":{"All":true},"sentAt":"2026-11-24T00:00:00Z","batch":[
            {"type":"page","userId":"u","n":1.50,"context":{"ip":"2.2.2.2"}},
            {"type":"page","userId":"u","context":null,"integrations":{"All":false}},
            {"type":"page","userId":"u","context":7}
        ]}"#,
    );
    let raws: Vec<_> = received.accepted.iter().map(|a| std::str::from_utf8(&a.raw).unwrap()).collect();
    assert_eq!(
        raws,
        [
            r#"{"type":"page","userId":"u","n":1.50,"context":{"locale":"de","ip":"2.2.2.2"},"integrations":{"All":true}}"#,
            r#"{"type":"page","userId":"u","context":{"ip":"1.1.1.1","locale":"de"},"integrations":{"All":false}}"#,
        ]
    );
    assert_eq!(received.rejected[0].code, Code::InvalidProperties);
    let event = &received.accepted[0].event;
    assert_eq!(event.context.get("locale"), Some(&Value::text("de")));
    assert!(received.accepted[0].envelope.sent_at.is_some());
}

#[test]
fn a_shared_context_cannot_multiply_a_body_without_bound() {
    let limits = Limits { body_bytes_max: 10_000, ..Limits::default() };
    let auth = Credentials { basic: Some("one".into()), query: None };
    let items = vec![r#"{"type":"page","userId":"u"}"#; 150].join(",");
    let body = format!(r#"{{"context":{{"x":"{}"}},"batch":[{items}]}}"#, "x".repeat(5_000));
    let received = send_with("/v1/batch", &auth, body.as_bytes(), &limits).unwrap();
    let bytes: usize = received.accepted.iter().map(|a| a.raw.len()).sum();
    assert!(bytes <= 160_000 && received.accepted.len() > 20, "{bytes} bytes");
    assert_eq!(received.accepted.len() + received.rejected.len(), 150);
}

proptest! {
    #[test]
    fn any_body_is_answered(body in prop::collection::vec(any::<u8>(), 0..200), path in 0_usize..4) {
        let auth = Credentials { basic: Some("one".into()), query: None };
        let path = ["/v1/batch", "/v1/track", "/v1/merge", "/v1/m"][path];
        let _ = send_with(path, &auth, &body, &Limits::default());
    }

    #[test]
    fn a_mutated_batch_is_answered(at in any::<prop::sample::Index>(), byte in any::<u8>(), keep in any::<prop::sample::Index>()) {
        let mut body = br#"{"writeKey":"one","context":{"a":1},"sentAt":"2026-01-01T00:00:00Z","batch":[{"type":"track","event":"E","userId":"u"},{"type":"alias","userId":"u","previousId":"p"}]}"#.to_vec();
        let at = at.index(body.len());
        body[at] = byte;
        let auth = Credentials { basic: Some("one".into()), query: None };
        if let Ok(received) = send_with("/v1/batch", &auth, &body, &Limits::default()) {
            for accepted in &received.accepted {
                let again = replay(FORMAT_SEGMENT_V1, &accepted.raw, &accepted.envelope);
                prop_assert_eq!(again.as_ref(), Ok(&accepted.event));
            }
        }
        body.truncate(keep.index(body.len()));
        let _ = send_with("/v1/batch", &auth, &body, &Limits::default());
    }
}

#[test]
fn what_clients_write_that_is_no_json_is_mended() {
    let auth = Credentials { basic: Some("one".into()), query: None };
    let check = |path: &str, body: &[u8], expected: &[&str]| {
        let received = send_with(path, &auth, body, &Limits::default()).unwrap();
        let raws: Vec<_> = received.accepted.iter().map(|one| String::from_utf8_lossy(&one.raw)).collect();
        assert_eq!((raws, received.rejected.len()), (expected.iter().map(|raw| (*raw).into()).collect(), 0));
    };
    // Python's encoder; the second event shows that texts are left alone.
    check(
        "/v1/batch",
        br#"{"batch":[{"type":"track","event":"A","userId":"u","properties":{"x":NaN,"y":[-Infinity,Infinity]}},{"type":"track","event":"NaN \"NaN","userId":"u"}]}"#,
        &[
            r#"{"type":"track","event":"A","userId":"u","properties":{"x":null,"y":[null,null]}}"#,
            r#"{"type":"track","event":"NaN \"NaN","userId":"u"}"#,
        ],
    );
    check(
        "/v1/batch",
        b"{\"batch\":[{\"type\":\"track\",\"event\":\"caf\xe9\",\"userId\":\"u\"}]}",
        &["{\"type\":\"track\",\"event\":\"caf\u{fffd}\",\"userId\":\"u\"}"],
    );
    check(
        "/v1/identify",
        b"\xef\xbb\xbf{\"type\":\"identify\",\"userId\":\"u\"}",
        &["{\"type\":\"identify\",\"userId\":\"u\"}"],
    );
    // What is broken beyond that stays refused, and mending ends at a text that does not.
    for body in [r#"{"batch":[NaN"#, r#"{"batch":["\"#, r#"{"batch":[Nan]}"#] {
        let error = send_with("/v1/batch", &auth, body.as_bytes(), &Limits::default()).unwrap_err();
        assert_eq!((error.status, error.code), (400, "invalid_json"), "{body}");
    }
}
