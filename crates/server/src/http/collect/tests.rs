use axum::body::Body;
use axum::extract::Request;
use axum::response::IntoResponse;

use segops_engine::Busy;

use super::{PeerAddress, Refused, client_ip, fallback_id};

#[test]
fn a_busy_server_asks_clients_to_come_back_and_never_refuses_for_good() {
    for (busy, status) in [
        (Busy::QueueFull, 429),
        (Busy::Stopping, 503),
        (Busy::Failed("disk full".to_owned()), 503),
        (Busy::History("the bucket is away".to_owned()), 503),
    ] {
        let response = Refused::from(busy).into_response();
        assert_eq!(response.status().as_u16(), status);
        assert_eq!(response.headers()["retry-after"], "1");
    }
}

#[test]
fn only_a_browser_call_has_a_customers_address() {
    let ip = |peer: &str, headers: &[(&str, &str)]| {
        let mut request = Request::post("/v1/t").extension(PeerAddress(peer.parse().unwrap()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        client_ip(&request.body(Body::empty()).unwrap())
    };
    let origin = ("origin", "https://shop.example");
    let forwarded = ("x-forwarded-for", "10.0.0.1, 203.0.113.9");
    assert_eq!(ip("203.0.113.5:1", &[]), None);
    assert_eq!(ip("203.0.113.5:1", &[origin]).as_deref(), Some("203.0.113.5"));
    // Anyone can send the header: only a proxy on this machine is believed.
    assert_eq!(ip("203.0.113.5:1", &[origin, forwarded]).as_deref(), Some("203.0.113.5"));
    assert_eq!(ip("127.0.0.1:1", &[origin, forwarded]).as_deref(), Some("203.0.113.9"));
}

#[test]
fn ids_made_here_differ() {
    assert_ne!(fallback_id(), fallback_id());
}
