//! Request bodies, made before the clock runs: while it runs, only the digits of the ids are written anew.

use crate::stopwatch;

/// Decimal digits of the number that makes ids unique.
const DIGITS: usize = 12;
const PLACEHOLDER: &str = "000000000000";

pub(crate) const CATEGORIES: [&str; 10] =
    ["Shoes", "Dresses", "Shirts", "Jackets", "Bags", "Watches", "Jewellery", "Sports", "Beauty", "Home"];

/// A batch of events as JSON, whose ids can be made unique in place.
#[derive(Debug, Clone)]
pub(crate) struct Body {
    pub(crate) bytes: Vec<u8>,
    /// Where each event's digits are; an event may carry its number more than once.
    slots: Vec<Vec<usize>>,
}

impl Body {
    /// Gives every event a number of its own, from `first` on.
    pub(crate) fn number_from(&mut self, first: u64) {
        for (offset, places) in self.slots.iter().enumerate() {
            let mut rest = first + offset as u64;
            let mut digits = [b'0'; DIGITS];
            for digit in digits.iter_mut().rev() {
                *digit = b'0' + (rest % 10) as u8;
                rest /= 10;
            }
            for place in places {
                self.bytes[*place..*place + DIGITS].copy_from_slice(&digits);
            }
        }
    }
}

/// Makes bodies of shop traffic: mostly looking, some adding to carts, few orders. The same seed makes the
/// same traffic.
#[derive(Debug)]
pub(crate) struct Traffic {
    random: u64,
    customers: u64,
    /// Tells this run's and this connection's ids from all others.
    prefix: String,
}

impl Traffic {
    pub(crate) fn new(seed: u64, customers: u64, prefix: String) -> Self {
        Self { random: seed, customers: customers.max(1), prefix }
    }

    pub(crate) fn body(&mut self, events: usize) -> Body {
        self.body_of(events, stopwatch::now())
    }

    /// Events that happened one after the other, the last at an instant.
    pub(crate) fn body_of(&mut self, events: usize, at: jiff::Timestamp) -> Body {
        let mut text = format!(r#"{{"sentAt":"{}","batch":["#, stopwatch::now());
        let mut slots = Vec::with_capacity(events);
        for index in 0..events {
            if index > 0 {
                text.push(',');
            }
            let start = text.len();
            let before = i64::try_from(events - 1 - index).unwrap_or(0);
            let happened_at = at - jiff::SignedDuration::from_millis(before);
            let event = self.event(&happened_at.to_string());
            slots.push(event.match_indices(PLACEHOLDER).map(|(place, _)| start + place).collect());
            text.push_str(&event);
        }
        text.push_str("]}");
        Body { bytes: text.into_bytes(), slots }
    }

    fn event(&mut self, timestamp: &str) -> String {
        let customer = self.below(self.customers);
        let product = self.below(500);
        let category = CATEGORIES[(product % 10) as usize];
        let price = 5 + product % 95;
        let (kind, content) = match self.below(100) {
            0..=54 => (
                "track",
                format!(
                    r#""event":"Product Viewed","properties":{{"product_id":"p-{product}","category":"{category}","price":{price}.95}}"#
                ),
            ),
            55..=69 => (
                "track",
                format!(
                    r#""event":"Product Added","properties":{{"product_id":"p-{product}","category":"{category}","price":{price}.95,"quantity":1}}"#
                ),
            ),
            70..=73 => (
                "track",
                format!(
                    r#""event":"Order Completed","properties":{{"order_id":"{}-{PLACEHOLDER}","currency":"EUR","total":{price}.95,"products":[{{"product_id":"p-{product}","category":"{category}","price":{price}.95,"quantity":1}}]}}"#,
                    self.prefix
                ),
            ),
            74..=78 => (
                "identify",
                format!(
                    r#""traits":{{"email":"customer-{customer}@example.com","country":"{}"}}"#,
                    ["DE", "FR", "US", "GB"][(customer % 4) as usize]
                ),
            ),
            _ => (
                "page",
                format!(
                    r#""name":"{category}","properties":{{"path":"/{category}","url":"https://shop.example/{category}"}}"#
                ),
            ),
        };
        format!(
            r#"{{"type":"{kind}","messageId":"{}-{PLACEHOLDER}","userId":"customer-{customer}","timestamp":"{timestamp}","context":{{"library":{{"name":"segops-bench","version":"1"}}}},{content}}}"#,
            self.prefix
        )
    }

    /// SplitMix64: repeatable, and good enough to choose customers and products.
    fn below(&mut self, limit: u64) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % limit
    }
}
