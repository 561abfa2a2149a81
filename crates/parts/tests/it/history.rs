//! Made-up events: a few people in a few months, with properties of every kind and some that do not fit.

use segops_model::{
    DAY_MS, Decimal, Event, EventKind, Identifier, Instant, Object, Position, ProfileId, SourceId, Value,
};
use segops_parts::PartRow;

pub(crate) const NAMES: [&str; 5] = ["Order Completed", "Product Viewed", "Page Viewed", "", "Ünïcode ☃"];

/// Numbers without end from a seed, the same each time.
#[derive(Debug)]
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below a bound.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound.max(1) as u64) as usize
    }

    pub(crate) fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }
}

/// An event of someone.
pub(crate) fn row(numbers: &mut Numbers, position: Position, profile: ProfileId) -> PartRow {
    let name = NAMES[numbers.below(NAMES.len())];
    let ts = Instant::from_ms(1_767_225_600_000 + (numbers.below(120) as i64) * DAY_MS / 3 * 2);
    let anchor = Identifier::new("email", format!("person{}@shop.example", numbers.below(9)));
    let kind = match name {
        "" => EventKind::Identify,
        "Page Viewed" => EventKind::Page,
        _ => EventKind::Track,
    };
    let mut identifiers = vec![anchor.clone()];
    if numbers.one_in(2) {
        identifiers.push(Identifier::new("anonymous_id", format!("a-{}", numbers.below(99))));
    }
    let mut context = Object::new();
    if !numbers.one_in(4) {
        context.set("locale", Value::text(["de-DE", "en-GB"][numbers.below(2)]));
    }
    let traits = if name.is_empty() { properties(numbers) } else { Object::new() };
    PartRow {
        position,
        profile,
        anchor,
        event: Event {
            message_id: format!("m-{position}").into(),
            source: SourceId(numbers.below(3) as u32),
            kind,
            name: name.into(),
            ts,
            received_at: ts.plus_ms(numbers.below(9_000) as i64),
            clamped: numbers.one_in(9),
            identifiers,
            properties: if name.is_empty() { Object::new() } else { properties(numbers) },
            traits,
            group_traits: Object::new(),
            context,
        },
    }
}

fn properties(numbers: &mut Numbers) -> Object {
    let mut properties = Object::new();
    if !numbers.one_in(5) {
        properties.set("total", amount(numbers));
    }
    if numbers.one_in(2) {
        let odd = numbers.one_in(30);
        properties.set("coupon", if odd { Value::from(12) } else { Value::text("SPRING") });
    }
    if numbers.one_in(2) {
        properties.set("gift", Value::Bool(numbers.one_in(2)));
    }
    if numbers.one_in(3) {
        let city: Object = [("city", Value::text(["Köln", "Bath"][numbers.below(2)]))].into_iter().collect();
        properties.set("address", Value::Object(city));
    }
    if numbers.one_in(3) {
        properties
            .set("at", Value::text(["2026-01-01T10:00:00+01:00", "2026-02-01", "soon"][numbers.below(3)]));
    }
    if numbers.one_in(2) {
        let count = numbers.below(4);
        let items = (0..count).map(|_| item(numbers)).collect();
        properties.set("products", Value::List(items));
    }
    if numbers.one_in(20) {
        properties.set("context", Value::Object([("locale", Value::text("mine"))].into_iter().collect()));
    }
    if numbers.one_in(10) {
        properties.set("a.b[]", Value::Null);
    }
    properties
}

fn amount(numbers: &mut Numbers) -> Value {
    match numbers.below(40) {
        0 => Value::text("12.50"),
        1 => Value::text("n/a"),
        2 => Value::Null,
        3 => Value::Number(Decimal::from_billionths(99_999_999_999_999_999_999_123_456_789)),
        4 => Value::Number(Decimal::from_billionths(-1)),
        _ => Value::Number(Decimal::from_billionths(numbers.below(50_000) as i128 * 10_000_000)),
    }
}

fn item(numbers: &mut Numbers) -> Value {
    if numbers.one_in(60) {
        return Value::text("not an object");
    }
    let mut item = Object::new();
    item.set("sku", Value::text(format!("S-{}", numbers.below(20))));
    if !numbers.one_in(6) {
        item.set("price", amount(numbers));
    }
    if numbers.one_in(9) {
        item.set("engraving", Value::text("for you"));
    }
    Value::Object(item)
}
