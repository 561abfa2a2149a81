use std::cmp::Reverse;
use std::collections::BinaryHeap;

use segops_model::{DAY_MS, Instant};

use crate::chance::{Chance, Role};
use crate::config::StoreConfig;
use crate::event::{Delivery, Draft, OrderFact, SimulatedEvent};
use crate::json::object;

/// Everything between the visitor and the server: delays, offline devices, retries, broken clients. What
/// is under way is kept here, ordered by arrival.
#[derive(Debug)]
pub(crate) struct Network {
    under_way: BinaryHeap<Reverse<UnderWay>>,
    sent: u64,
    chance: Chance,
    /// Malformed items draw from a stream of their own, so that they change nothing about the rest.
    malformed: Chance,
    malformed_sent: u64,
    late_share: f64,
    duplicate_share: f64,
    /// Malformed items for every good one.
    malformed_each: f64,
    message_prefix: String,
}

/// Ordered by arrival, then by sending.
#[derive(Debug)]
struct UnderWay {
    arrives_at: Instant,
    number: u64,
    event: SimulatedEvent,
    order: Option<OrderFact>,
}

const LATE_DAYS_MAX: f64 = 14.0;

impl Network {
    pub(crate) fn new(config: &StoreConfig, message_prefix: String) -> Self {
        Self {
            under_way: BinaryHeap::new(),
            sent: 0,
            chance: Chance::new(config.seed, Role::Network, 0),
            malformed: Chance::new(config.seed, Role::Malformed, 0),
            malformed_sent: 0,
            late_share: config.late_share,
            duplicate_share: config.duplicate_share,
            malformed_each: config.bad_share / (1.0 - config.bad_share),
            message_prefix,
        }
    }

    /// Takes the events of one occasion, in the order they happened.
    pub(crate) fn send(&mut self, drafts: Vec<Draft>) {
        let Some(last) = drafts.last().map(|draft| draft.timestamp) else { return };
        let is_offline = self.chance.happens(self.late_share);
        // From some point of the visit on nothing gets through; it all comes when the device is back.
        let offline_from = if is_offline { self.chance.below(drafts.len()) } else { drafts.len() };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            reason = "days as milliseconds"
        )]
        let delay_ms = (self.chance.lognormal(0.5, 1.2).clamp(0.05, LATE_DAYS_MAX) * DAY_MS as f64) as i64;
        let back_at = last.plus_ms(delay_ms);
        for (at, draft) in drafts.into_iter().enumerate() {
            let latency_ms = i64::from(self.chance.between(30, 1_500));
            let (arrives_at, delivery) = if at >= offline_from {
                (back_at.plus_ms(i64::try_from(at).unwrap_or(0)), Delivery::Late)
            } else {
                (draft.timestamp.plus_ms(latency_ms), Delivery::OnTime)
            };
            self.send_one(draft, arrives_at, delivery);
        }
    }

    pub(crate) fn next_arrival(&self) -> Option<Instant> {
        self.under_way.peek().map(|Reverse(item)| item.arrives_at)
    }

    pub(crate) fn receive(&mut self) -> Option<(SimulatedEvent, Option<OrderFact>)> {
        self.under_way.pop().map(|Reverse(item)| (item.event, item.order))
    }

    #[cfg(test)]
    pub(crate) fn under_way(&self) -> usize {
        self.under_way.len()
    }

    fn send_one(&mut self, draft: Draft, arrives_at: Instant, delivery: Delivery) {
        let Draft { timestamp, name, json, order } = draft;
        let event = SimulatedEvent { arrives_at, timestamp, name, delivery, json };
        if self.chance.happens(self.duplicate_share) {
            // Retries come within seconds, or within a day where a queue was kept on the device.
            let is_slow = self.chance.happens(0.3);
            let seconds = if is_slow { self.chance.between(60, 72_000) } else { self.chance.between(1, 30) };
            let again_at = arrives_at.plus_ms(i64::from(seconds) * 1_000);
            self.put(
                SimulatedEvent { arrives_at: again_at, delivery: Delivery::Duplicate, ..event.clone() },
                None,
            );
        }
        self.put(event, order);
        if self.malformed_each > 0.0 {
            let whole = self.malformed_each.trunc();
            let mut left = whole;
            while left >= 1.0 {
                self.send_malformed(arrives_at, timestamp);
                left -= 1.0;
            }
            if self.malformed.happens(self.malformed_each - whole) {
                self.send_malformed(arrives_at, timestamp);
            }
        }
    }

    fn send_malformed(&mut self, arrives_at: Instant, timestamp: Instant) {
        let kind = self.malformed.below(5);
        let number = self.malformed_sent;
        self.malformed_sent += 1;
        let json = object(|call| {
            match kind {
                0 => {}
                1 => call.text("type", "trakc"),
                _ => call.text("type", "track"),
            }
            call.plain("messageId", format_args!("{}-{number:x}", self.message_prefix));
            call.plain("timestamp", timestamp);
            match kind {
                2 => call.text("event", "Product Viewed"),
                3 => {
                    call.text("event", "");
                    call.text("anonymousId", "broken-client");
                }
                4 => call.text("anonymousId", "broken-client"),
                _ => {
                    call.text("event", "Product Viewed");
                    call.text("anonymousId", "broken-client");
                }
            }
        });
        let delivery = Delivery::Malformed;
        self.put(SimulatedEvent { arrives_at, timestamp, name: "malformed", delivery, json }, None);
    }

    fn put(&mut self, event: SimulatedEvent, order: Option<OrderFact>) {
        let number = self.sent;
        self.sent += 1;
        self.under_way.push(Reverse(UnderWay { arrives_at: event.arrives_at, number, event, order }));
    }
}

impl PartialEq for UnderWay {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for UnderWay {}

impl PartialOrd for UnderWay {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for UnderWay {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.arrives_at, self.number).cmp(&(other.arrives_at, other.number))
    }
}
