use expect_test::{Expect, expect};
use proptest::prelude::*;
use segops_model::{Channel, Envelope, EventKind, Instant, Limits, SourceId};

use crate::{FORMAT_SEGMENT_V1, RejectionCode as Code, decode, replay};

const RECEIVED: &str = "2026-03-01T12:00:00.000Z";

fn envelope(channel: Channel) -> Envelope {
    Envelope {
        source: SourceId(1),
        channel,
        received_at: RECEIVED.parse().unwrap(),
        sent_at: None,
        client_ip: None,
        fallback_message_id: "fallback".into(),
    }
}

fn decoded(raw: &str) -> Result<segops_model::Event, crate::Reason> {
    decode(FORMAT_SEGMENT_V1, raw.as_bytes(), &envelope(Channel::Api), &Limits::default())
}

/// One line for each part of an event, as JSON.
fn check(raw: &str, expected: Expect) {
    let text = match decoded(raw) {
        Err(reason) => format!("{:?}: {}", reason.code, reason.message),
        Ok(event) => {
            let ids: Vec<String> = event.identifiers.iter().map(ToString::to_string).collect();
            let mut text =
                format!("{:?} {:?} {} [{}]", event.kind, event.name, event.message_id, ids.join(" "));
            for (name, object) in [
                ("properties", &event.properties),
                ("traits", &event.traits),
                ("group", &event.group_traits),
                ("context", &event.context),
            ] {
                if !object.is_empty() {
                    text += &format!("\n{name} {}", serde_json::to_string(object).unwrap());
                }
            }
            text
        }
    };
    expected.assert_eq(&text);
}

#[test]
fn each_call_becomes_its_kind_of_event() {
    check(
        r#"{"type":"track","userId":"u1","anonymousId":null,"event":"Completed Order","messageId":"m","properties":{"total":59.90}}"#,
        expect![[r#"
            Track "Order Completed" m [user_id:u1]
            properties {"total":59.9}"#]],
    );
    check(
        r#"{"type":"page","anonymousId":"a","name":"Home","category":"Shop","properties":{"name":"Start"}}"#,
        expect![[r#"
            Page "Page Viewed" fallback [anonymous_id:a]
            properties {"name":"Start","category":"Shop"}"#]],
    );
    check(
        r#"{"type":"screen","userId":12345,"name":"Home","properties":[]}"#,
        expect![[r#"
            Screen "Screen Viewed" fallback [user_id:12345]
            properties {"name":"Home"}"#]],
    );
    check(
        r#"{"type":"identify","userId":"u","traits":{"email":"a@b.c","plan":null},"context":{"traits":{"email":"old@b.c","phone":"+1"}}}"#,
        expect![[r#"
            Identify "" fallback [user_id:u email:a@b.c phone:+1]
            traits {"email":"a@b.c","phone":"+1","plan":null}
            context {"traits":{"email":"old@b.c","phone":"+1"}}"#]],
    );
    check(
        r#"{"type":"group","userId":"u","groupId":7,"traits":{"name":"Acme","phone":"+2"}}"#,
        expect![[r#"
            Group "" fallback [user_id:u]
            properties {"group_id":"7"}
            group {"name":"Acme","phone":"+2"}"#]],
    );
    check(
        r#"{"type":"alias","userId":"u","previousId":"anon"}"#,
        expect![[r#"Alias "" fallback [user_id:u previous_id:anon]"#]],
    );
    check(
        r#"{"type":"merge","mergeProperties":[{"type":"email","value":"a@b.c"},{"type":"shopify_id","value":5}]}"#,
        expect![[r#"Alias "" fallback [email:a@b.c shopify_id:5]"#]],
    );
    check(
        r#"{"type":"track","event":"Email Opened","context":{"traits":{"email":"a@b.c"},"externalIds":[{"type":"klaviyo","id":"k"},{"type":"previous_id","id":"x"},7]}}"#,
        expect![[r#"
            Track "Email Opened" fallback [email:a@b.c klaviyo:k]
            context {"traits":{"email":"a@b.c"},"externalIds":[{"type":"klaviyo","id":"k"},{"type":"previous_id","id":"x"},7]}"#]],
    );
}

#[test]
fn a_text_that_javascript_cut_within_an_emoji_is_kept() {
    check(
        r#"{"type":"track","userId":"u","event":"Typed","properties":{"text":"ok \ud83d","whole":"\ud83d\ude00","slash":"\\ud83d"}}"#,
        expect![[r#"
            Track "Typed" fallback [user_id:u]
            properties {"text":"ok �","whole":"😀","slash":"\\ud83d"}"#]],
    );
}

#[test]
fn what_is_no_event_says_why() {
    let check = |raw: &str, expected: Code| {
        let found = decoded(raw).map_err(|reason| reason.code).map(|event| event.name);
        assert_eq!(found, Err(expected), "{raw}");
    };
    let track = |more: &str| format!(r#"{{"type":"track","event":"E","userId":"u",{more}}}"#);
    check("", Code::InvalidJson);
    check("{", Code::InvalidJson);
    check("[]", Code::NotAnObject);
    check("null", Code::NotAnObject);
    check(&track(r#""properties":1e999"#), Code::InvalidJson);
    check(&track(&format!(r#""properties":{}"#, "[".repeat(200_000))), Code::InvalidJson);
    check(
        &track(&format!(r#""properties":{{"deep":{}{}}}"#, "[".repeat(200), "]".repeat(200))),
        Code::InvalidJson,
    );
    check(r#"{"event":"E","userId":"u"}"#, Code::MissingType);
    check(r#"{"type":"purchase","userId":"u"}"#, Code::UnknownType);
    check(r#"{"type":"track","userId":"u"}"#, Code::MissingEventName);
    check(r#"{"type":"track","event":"  ","userId":"u"}"#, Code::MissingEventName);
    check(r#"{"type":"track","event":{"a":1},"userId":"u"}"#, Code::MissingEventName);
    check(
        &format!(r#"{{"type":"track","event":"{}","userId":"u"}}"#, "E".repeat(257)),
        Code::EventNameTooLong,
    );
    check(r#"{"type":"track","event":"E"}"#, Code::MissingIdentifier);
    check(r#"{"type":"track","event":"E","userId":"","anonymousId":" "}"#, Code::MissingIdentifier);
    check(r#"{"type":"track","event":"E","userId":false}"#, Code::MissingIdentifier);
    check(r#"{"type":"track","event":"E","userId":{"id":1}}"#, Code::InvalidIdentifier);
    check(r#"{"type":"track","event":"E","userId":1e17}"#, Code::InvalidIdentifier);
    check(
        &format!(r#"{{"type":"track","event":"E","userId":"{}"}}"#, "u".repeat(513)),
        Code::IdentifierTooLong,
    );
    let many: Vec<String> = (0..40).map(|n| format!(r#"{{"type":"k","id":"{n}"}}"#)).collect();
    check(&track(&format!(r#""context":{{"externalIds":[{}]}}"#, many.join(","))), Code::TooManyIdentifiers);
    check(r#"{"type":"alias","userId":"u"}"#, Code::MissingPreviousId);
    check(r#"{"type":"alias","previousId":"u"}"#, Code::MissingPreviousId);
    check(r#"{"type":"group","userId":"u"}"#, Code::MissingGroupId);
    check(&track(r#""timestamp":"yesterday""#), Code::InvalidTimestamp);
    check(&track(r#""timestamp":{}"#), Code::InvalidTimestamp);
    check(&track(r#""timestamp":true"#), Code::InvalidTimestamp);
    check(&track(r#""timestamp":12"#), Code::InvalidTimestamp);
    check(&track(r#""timestamp":"-002000-01-01T00:00:00Z""#), Code::InvalidTimestamp);
    check(&track(r#""timestamp":"2026-01-01T00:00:00Z","originalTimestamp":"x""#), Code::InvalidTimestamp);
    check(&track(&format!(r#""messageId":"{}""#, "m".repeat(257))), Code::MessageIdTooLong);
    check(&track(r#""messageId":[1]"#), Code::InvalidMessageId);
    check(&track(r#""properties":"total=5""#), Code::InvalidProperties);
    check(&track(r#""context":5"#), Code::InvalidProperties);
    check(&track(&format!(r#""properties":{{"x":"{}"}}"#, "x".repeat(5 << 20))), Code::EventTooLarge);
}

#[test]
fn a_format_of_the_future_is_named() {
    let reason = decode(9, b"{}", &envelope(Channel::Api), &Limits::default()).unwrap_err();
    assert_eq!(reason.code, Code::UnknownFormat);
}

/// `item` are the time fields of the raw item, `sent_at` the batch's.
fn check_time(channel: Channel, sent_at: Option<&str>, item: &str, expected: Result<(&str, bool), Code>) {
    let envelope = Envelope { sent_at: sent_at.map(|text| text.parse().unwrap()), ..envelope(channel) };
    let raw = format!(r#"{{"type":"track","event":"E","userId":"u"{item}}}"#);
    let found = decode(FORMAT_SEGMENT_V1, raw.as_bytes(), &envelope, &Limits::default());
    let found = found.map(|event| (event.ts, event.clamped)).map_err(|reason| reason.code);
    let expected = expected.map(|(ts, clamped)| (ts.parse::<Instant>().unwrap(), clamped));
    assert_eq!(found, expected, "{channel:?} {sent_at:?} {item}");
}

#[test]
fn the_clients_clock_is_corrected_by_its_sending_time() {
    let api = |sent_at, item, expected| check_time(Channel::Api, sent_at, item, Ok((expected, false)));
    // Nothing to go by.
    api(None, "", RECEIVED);
    api(None, r#","timestamp":null"#, RECEIVED);
    api(Some("2026-03-01T11:00:00Z"), "", RECEIVED);
    // No sending time: the time stays.
    api(None, r#","timestamp":"2026-03-01T11:00:00Z""#, "2026-03-01T11:00:00Z");
    api(None, r#","originalTimestamp":"2026-03-01T11:00:00Z""#, "2026-03-01T11:00:00Z");
    // The client's clock is an hour behind; the event came ten seconds before it was sent.
    api(Some("2026-03-01T11:00:00Z"), r#","timestamp":"2026-03-01T10:59:50Z""#, "2026-03-01T11:59:50Z");
    api(
        Some("2026-03-01T11:00:00Z"),
        r#","originalTimestamp":"2026-03-01T10:59:50Z""#,
        "2026-03-01T11:59:50Z",
    );
    // An hour ahead.
    api(Some("2026-03-01T13:00:00Z"), r#","timestamp":"2026-03-01T12:59:50Z""#, "2026-03-01T11:59:50Z");
    // The item's own sending time is the nearer one.
    api(
        Some("2026-03-01T10:00:00Z"),
        r#","timestamp":"2026-03-01T10:59:50Z","sentAt":"2026-03-01T11:00:00Z""#,
        "2026-03-01T11:59:50Z",
    );
    api(
        Some("2026-03-01T11:00:00Z"),
        r#","timestamp":"2026-03-01T10:59:50Z","sentAt":"soon""#,
        "2026-03-01T11:59:50Z",
    );
    // Both times present: the first is what the caller means.
    api(
        Some("2026-03-01T11:00:00Z"),
        r#","timestamp":"2025-01-01T00:00:00Z","originalTimestamp":"2026-03-01T10:59:50Z""#,
        "2025-01-01T00:00:00Z",
    );
    // History keeps its distance.
    api(Some("2026-03-01T11:59:59Z"), r#","timestamp":"2020-01-01T00:00:00Z""#, "2020-01-01T00:00:01Z");
}

#[test]
fn times_are_read_in_every_shape_that_sdks_send() {
    let check = |time: &str, expected: &str| {
        check_time(Channel::Api, None, &format!(r#","timestamp":{time}"#), Ok((expected, false)));
    };
    check(r#""2026-02-01T10:00:00Z""#, "2026-02-01T10:00:00Z");
    check(r#""2026-02-01T10:00:00.1Z""#, "2026-02-01T10:00:00.100Z");
    check(r#""2026-02-01T10:00:00.123456+00:00""#, "2026-02-01T10:00:00.123Z");
    check(r#""2026-02-01T10:00:00.123456789Z""#, "2026-02-01T10:00:00.123Z");
    check(r#""2026-02-01T10:00:00-05:30""#, "2026-02-01T15:30:00Z");
    check(r#""2026-02-01 10:00:00+02:00""#, "2026-02-01T08:00:00Z");
    check(r#""2026-02-01T10:00:00""#, "2026-02-01T10:00:00Z");
    check("1769940000000", "2026-02-01T10:00:00Z");
    check("1769940000", "2026-02-01T10:00:00Z");
    check(r#""1769940000000""#, "2026-02-01T10:00:00Z");
}

#[test]
fn a_time_ahead_of_receipt_is_clamped_or_for_a_far_row_of_a_file_refused() {
    let timestamp = |time: &str| format!(r#","timestamp":"{time}""#);
    let far = timestamp("2026-03-02T12:00:00.001Z");
    let near = timestamp("2026-03-02T12:00:00.000Z");
    check_time(Channel::Api, None, &far, Ok((RECEIVED, true)));
    check_time(Channel::Api, None, &near, Ok((RECEIVED, true)));
    check_time(Channel::Api, None, &timestamp("2026-03-01T12:00:00.001Z"), Ok((RECEIVED, true)));
    check_time(Channel::Api, None, &timestamp(RECEIVED), Ok((RECEIVED, false)));
    check_time(Channel::File, None, &far, Err(Code::TimestampInFuture));
    check_time(Channel::File, None, &near, Ok((RECEIVED, true)));
    // A file's times are history: a sending time in it moves nothing.
    let item = r#","timestamp":"2020-01-01T00:00:00Z","sentAt":"2020-01-01T00:00:05Z""#;
    check_time(Channel::File, None, item, Ok(("2020-01-01T00:00:00Z", false)));
    check_time(
        Channel::File,
        None,
        r#","receivedAt":"2020-01-01T00:00:00Z""#,
        Ok(("2020-01-01T00:00:00Z", false)),
    );
}

#[test]
fn the_callers_address_fills_the_context_where_it_is_missing() {
    let envelope = Envelope { client_ip: Some("203.0.113.9".into()), ..envelope(Channel::Api) };
    let check = |context: &str, expected: &str| {
        let raw = format!(r#"{{"type":"track","event":"E","userId":"u","context":{context}}}"#);
        let event = replay(FORMAT_SEGMENT_V1, raw.as_bytes(), &envelope).unwrap();
        assert_eq!(event.context.get("ip").and_then(|ip| ip.as_text()), Some(expected));
    };
    check("null", "203.0.113.9");
    check(r#"{"ip":null}"#, "203.0.113.9");
    check(r#"{"ip":"198.51.100.1"}"#, "198.51.100.1");
}

#[test]
fn limits_lowered_since_do_not_change_what_was_accepted() {
    let raw = format!(r#"{{"type":"track","event":"{}","userId":"u"}}"#, "E".repeat(300));
    assert!(decoded(&raw).is_err());
    assert_eq!(
        replay(FORMAT_SEGMENT_V1, raw.as_bytes(), &envelope(Channel::Api)).unwrap().kind,
        EventKind::Track
    );
}

#[test]
fn a_hundred_thousand_properties_are_read_in_linear_time() {
    let members: Vec<String> = (0..200_000).map(|n| format!(r#""p{n}":{n}"#)).collect();
    let raw =
        format!(r#"{{"type":"track","event":"E","userId":"u","properties":{{{}}}}}"#, members.join(","));
    assert_eq!(decoded(&raw).unwrap().properties.len(), 200_000);
}

const SEED: &str = r#"{"type":"identify","userId":"u1","messageId":"m","timestamp":"2026-03-01T11:00:00.000+01:00","sentAt":"2026-03-01T11:00:01Z","traits":{"email":"ann@example.com","n":[1,2.5e3,{"a":"\ud83d\ude00"}]},"context":{"ip":"1.2.3.4","externalIds":[{"id":"x","type":"y"}]}}"#;

proptest! {
    #[test]
    fn mutated_json_never_panics(cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..3), 1..12)) {
        let mut raw = SEED.as_bytes().to_vec();
        for (at, byte, how) in cuts {
            if raw.is_empty() { break; }
            let at = at.index(raw.len());
            match how {
                0 => raw[at] = byte,
                1 => { raw.remove(at); }
                _ => raw.insert(at, byte),
            }
        }
        for channel in [Channel::Api, Channel::File] {
            let first = decode(FORMAT_SEGMENT_V1, &raw, &envelope(channel), &Limits::default());
            let again = decode(FORMAT_SEGMENT_V1, &raw, &envelope(channel), &Limits::default());
            prop_assert_eq!(first, again);
        }
    }
}
