use serde_json::{Value, json};

/// What the browser SDK reads at `/v1/projects/<writeKey>/settings` before it starts.
///
/// The key is the one asked for, because the SDK replaces the page's by it. There is exactly one
/// integration: for any other name the SDK would load code from Segment's CDN.
#[must_use]
pub fn settings_document(write_key: &str, host: &str, protocol: &str) -> Value {
    json!({
        "integrations": {
            "Segment.io": {
                "apiKey": write_key,
                "apiHost": format!("{}/v1", host.trim_end_matches('/')),
                "protocol": protocol,
            }
        },
        "metrics": { "sampleRate": 0 }
    })
}
