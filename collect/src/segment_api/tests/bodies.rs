use std::io::Write;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use segops_model::Limits;

use crate::segment_api::{parse_basic, read_body, settings_document};

const BODY: &[u8] = br#"{"batch":[]}"#;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn bodies_are_decompressed_whatever_the_header_says() {
    let check = |encoding: Option<&str>, bytes: &[u8], expected: Result<&[u8], u16>| {
        let read = read_body(encoding, bytes, &Limits::default());
        assert_eq!(read.as_deref().map_err(|error| error.status), expected, "{encoding:?}");
    };
    let gzipped = gzip(BODY);
    check(None, BODY, Ok(BODY));
    check(Some("identity"), BODY, Ok(BODY));
    check(Some("gzip"), &gzipped, Ok(BODY));
    check(Some(" GZIP "), &gzipped, Ok(BODY));
    check(None, &gzipped, Ok(BODY));
    check(Some("gzip"), BODY, Ok(BODY));
    check(Some("deflate"), &zlib(BODY), Ok(BODY));
    check(Some("deflate"), &deflate(BODY), Ok(BODY));
    check(Some("deflate"), BODY, Ok(BODY));
    check(Some("br"), BODY, Err(415));
    check(Some("gzip"), &gzipped[..gzipped.len() - 9], Err(400));
    check(Some("deflate"), b"\xff\xff\xff", Err(400));
}

#[test]
fn a_gzip_bomb_stops_at_the_limit() {
    let bomb = gzip(&vec![b' '; 64 << 20]);
    assert!(bomb.len() < 100 << 10);
    let limits = Limits { body_bytes_max: 1 << 20, ..Limits::default() };
    let error = read_body(Some("gzip"), &bomb, &limits).unwrap_err();
    assert_eq!((error.status, error.code), (413, "body_too_large"));
    let full = gzip(&vec![b' '; 1 << 20]);
    assert_eq!(read_body(None, &full, &limits).map(|body| body.len()), Ok(1 << 20));
    assert_eq!(read_body(None, &vec![b' '; (1 << 20) + 1], &limits).unwrap_err().status, 413);
}

#[test]
fn the_write_key_is_the_basic_user_name() {
    let check = |header: &str, expected: Option<&str>| {
        assert_eq!(parse_basic(header).as_deref(), expected, "{header}");
    };
    check("Basic V0tfVEVTVDo=", Some("WK_TEST"));
    check("basic V0tfVEVTVDo", Some("WK_TEST"));
    check("Basic V0tfVEVTVA==", Some("WK_TEST"));
    check("Basic V0s6cGFzc3dvcmQ=", Some("WK"));
    check("Basic Og==", None);
    check("Basic ???", None);
    check("Bearer V0tfVEVTVDo=", None);
    check("", None);
}

#[test]
fn the_settings_name_one_integration_and_the_key_asked_for() {
    let document = settings_document("WK", "cdp.example.com", "https");
    assert_eq!(
        document,
        serde_json::json!({
            "integrations": {
                "Segment.io": {"apiKey": "WK", "apiHost": "cdp.example.com/v1", "protocol": "https"}
            },
            "metrics": {"sampleRate": 0}
        })
    );
}
