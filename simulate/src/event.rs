use segops_model::Instant;

use crate::json::{ObjectWriter, object};

/// One event on its way in: a call of the tracking API as JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimulatedEvent {
    /// When it reaches the server. Events come in this order.
    pub arrives_at: Instant,
    /// When it happened: its `timestamp`.
    pub timestamp: Instant,
    /// A track call's event, `Page Viewed` for a page call, `identify`; `malformed` for a malformed item.
    pub name: &'static str,
    pub delivery: Delivery,
    /// The whole call as one JSON object, without a line break: a line of NDJSON or an item of a batch.
    pub json: String,
}

/// How an event travelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Delivery {
    OnTime,
    /// Hours to days after it happened.
    Late,
    /// A second sending of an earlier event, under the same message id.
    Duplicate,
    /// Not an acceptable event: whoever takes it must reject it.
    Malformed,
}

/// What an event is before the network has it.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) timestamp: Instant,
    pub(crate) name: &'static str,
    pub(crate) json: String,
    pub(crate) order: Option<OrderFact>,
}

/// What the statistics take from an order event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OrderFact {
    Completed { total_cents: u64 },
    Refunded { total_cents: u64 },
    Cancelled { total_cents: u64 },
}

/// The ids and the surroundings that every call of one visit shares.
#[derive(Debug, Default)]
pub(crate) struct Sender {
    pub(crate) anonymous_id: Option<String>,
    pub(crate) user_id: Option<String>,
    /// Sent as `context.traits.email`.
    pub(crate) email: Option<String>,
    pub(crate) user_agent: &'static str,
    pub(crate) locale: &'static str,
    /// Starts every message id of this sender's.
    pub(crate) message_prefix: String,
    pub(crate) messages_sent: u32,
}

pub(crate) const USER_AGENTS: [&str; 4] = [
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile Safari/604.1",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/140.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 15_5) AppleWebKit/605.1.15 Version/18.5 Safari/605.1.15",
];
pub(crate) const BOT_USER_AGENT: &str =
    "Mozilla/5.0 (compatible; ExampleBot/2.1; +https://bot.example/about)";

impl Sender {
    pub(crate) fn track(
        &mut self,
        timestamp: Instant,
        name: &'static str,
        properties: impl FnOnce(&mut ObjectWriter<'_>),
    ) -> Draft {
        let json = self.call("track", timestamp, |call| {
            call.text("event", name);
            call.object("properties", properties);
        });
        Draft { timestamp, name, json, order: None }
    }

    pub(crate) fn identify(
        &mut self,
        timestamp: Instant,
        traits: impl FnOnce(&mut ObjectWriter<'_>),
    ) -> Draft {
        let json = self.call("identify", timestamp, |call| call.object("traits", traits));
        Draft { timestamp, name: "identify", json, order: None }
    }

    pub(crate) fn page(&mut self, timestamp: Instant, title: &str, path: &str) -> Draft {
        let json = self.call("page", timestamp, |call| {
            call.text("name", title);
            call.object("properties", |properties| {
                properties.text("path", path);
                properties.text("title", title);
                properties.plain("url", format_args!("https://shop.example{path}"));
            });
        });
        Draft { timestamp, name: "Page Viewed", json, order: None }
    }

    fn call(&mut self, kind: &str, timestamp: Instant, write: impl FnOnce(&mut ObjectWriter<'_>)) -> String {
        let number = self.messages_sent;
        self.messages_sent += 1;
        object(|call| {
            call.text("type", kind);
            call.plain("messageId", format_args!("{}-{number:x}", self.message_prefix));
            call.plain("timestamp", timestamp);
            if let Some(user_id) = &self.user_id {
                call.text("userId", user_id);
            }
            if let Some(anonymous_id) = &self.anonymous_id {
                call.text("anonymousId", anonymous_id);
            }
            write(call);
            call.object("context", |context| {
                context.object("library", |library| {
                    library.text("name", "segops-simulate");
                    library.text("version", env!("CARGO_PKG_VERSION"));
                });
                if let Some(email) = &self.email {
                    context.object("traits", |traits| traits.text("email", email));
                }
                if !self.user_agent.is_empty() {
                    context.text("userAgent", self.user_agent);
                }
                if !self.locale.is_empty() {
                    context.text("locale", self.locale);
                }
            });
        })
    }
}
