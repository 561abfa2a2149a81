//! What holds of every analysis: the customers of a part are those whom the part's own rule selects, by the oracle.

mod planted;

use segops_model::{DAY_MS, HOUR_MS, Value};
use serde_json::{Value as Json, json};

use crate::Part;
use crate::sample::{Shop, instant, number, object};

/// Numbers without end from a seed.
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    pub(crate) fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    /// At least 0 and less than 1.
    pub(crate) fn share(&mut self) -> f64 {
        crate::statistics::count_f64(self.below(1 << 52)) / crate::statistics::count_f64(1 << 52)
    }
}

/// A shop with a few people, many ties in time, refunds, cancellations, test orders and line items.
fn shop(seed: u64) -> Shop {
    let mut numbers = Numbers(seed);
    let mut shop = Shop::at("2026-03-31T00:00:00Z");
    let start = instant("2026-01-01T00:00:00Z");
    for _ in 0..400 {
        let profile = 1 + numbers.below(25);
        let ts = start
            .plus_ms(numbers.below(95).cast_signed() * DAY_MS + numbers.below(3).cast_signed() * HOUR_MS);
        let id = Value::text(format!("o{profile}-{}", numbers.below(6)));
        let sku = || ["A", "b", "C"];
        let line = object(&[("sku", sku()[numbers.below(3) as usize].into())]);
        let channel = Value::text(["Ads", "ads", "mail"][numbers.below(3) as usize]);
        let (name, mut properties) = match numbers.below(10) {
            0..=2 => ("Product Viewed", object(&[("sku", sku()[numbers.below(3) as usize].into())])),
            3..=4 => ("Product Added", object(&[("sku", sku()[numbers.below(3) as usize].into())])),
            5 => ("Order Refunded", object(&[("order_id", id), ("total", number("5"))])),
            6 if numbers.one_in(2) => ("Order Cancelled", object(&[("order_id", id)])),
            7 if numbers.one_in(6) => ("Order Completed", object(&[("test", true.into())])),
            _ => {
                let total = Value::from(numbers.below(40).cast_signed());
                let lines = Value::List(vec![Value::Object(line)]);
                ("Order Completed", object(&[("order_id", id), ("total", total), ("products", lines)]))
            }
        };
        if numbers.one_in(2) {
            properties.set("channel", channel);
        }
        shop.add(profile, name, ts, properties, segops_model::Object::new());
    }
    for profile in 1..=20 {
        let country = [Value::text("DE"), Value::text("fr"), Value::Null][numbers.below(3) as usize].clone();
        shop.is(profile, "2026-02-01T00:00:00Z", &[("country", country)]);
    }
    shop
}

fn part(name: &str, definition: &Json, cell: &Json) -> Part {
    serde_json::from_value(json!({ name: [definition, cell] })).unwrap()
}

/// Holds every part against its rule. Says how many had one.
fn check(shop: &Shop, name: &str, definition: &Json, cells: impl IntoIterator<Item = Json>) -> usize {
    cells.into_iter().filter(|cell| shop.check_part(&part(name, definition, cell))).count()
}

fn window() -> Json {
    json!({ "range": { "from": "2026-01-10", "to": "2026-03-20" } })
}

#[test]
fn customers_of_trends_are_those_of_their_rules() {
    for seed in 0..6 {
        let shop = shop(seed);
        let series = json!([{ "event": { "text": "Product Viewed" } }, { "event": { "text": "orders where net >= 10" } }]);
        let mut ruled = 0;
        for by in [json!({ "trait": "country" }), json!({ "property": "channel" })] {
            let trend = json!({ "series": series, "interval": "month", "window": window(), "breakdown": { "by": by } });
            let groups = shop.answer(json!({ "trend": trend }))["rows"].clone();
            let cells = groups.as_array().unwrap().iter().map(|row| row["group"].clone()).flat_map(|group| {
                (0..3).map(move |bucket| json!({ "series": bucket % 2, "group": group, "bucket": bucket }))
            });
            ruled += check(&shop, "trend", &trend, cells.collect::<Vec<_>>());
        }
        assert!(ruled > 20, "{ruled}");
    }
}

#[test]
fn customers_of_funnels_are_those_of_their_rules() {
    for seed in 0..6 {
        let shop = shop(seed);
        let names = ["Product Viewed", "Product Added", "Order Completed"];
        let steps = |within: Option<u32>| -> Json {
            let step = |(at, name): (usize, &&str)| match within.filter(|_| at > 0) {
                None => json!({ "event": { "text": *name } }),
                Some(days) => {
                    json!({ "event": { "text": *name }, "within": { "count": days, "unit": "day" } })
                }
            };
            names.iter().enumerate().map(step).collect::<Vec<_>>().into()
        };
        let cells = || -> Vec<Json> {
            let outcomes = ["reached", "dropped"];
            let cell = |step: u64| outcomes.map(|outcome| json!({ "step": step, "outcome": outcome }));
            (1..=3).flat_map(cell).filter(|cell| cell["step"] != 3 || cell["outcome"] != "dropped").collect()
        };
        let refund = json!([{ "event": { "text": "Order Refunded" } }]);
        let month = json!({ "count": 1, "unit": "month" });
        for (funnel, rules) in [
            (json!({ "steps": steps(None), "window": window() }), 5),
            (json!({ "steps": steps(Some(9)), "window": window() }), 5),
            (json!({ "steps": steps(Some(20)), "window": window(), "exclude": refund }), 5),
            (json!({ "steps": steps(Some(40)), "window": window(), "same": "sku" }), 3),
            // Three steps within one window are no rule.
            (json!({ "steps": steps(None), "window": window(), "conversion_window": month }), 3),
            (json!({ "steps": steps(None), "window": window(), "order": "any_order" }), 2),
        ] {
            assert_eq!(check(&shop, "funnel", &funnel, cells()), rules, "{funnel}");
        }
    }
}

#[test]
fn customers_of_retention_are_those_of_their_rules() {
    for seed in 0..6 {
        let shop = shop(seed);
        for first_ever in [true, false] {
            for count in ["in_period", "in_period_or_later"] {
                let retention = json!({ "first": { "text": "Product Viewed" }, "return": { "text": "orders where value >= 0" },
                    "periods": 3, "interval": "week", "window": window(), "first_ever": first_ever, "count": count });
                let answer = shop.answer(json!({ "retention": retention }));
                let cells: Vec<Json> = answer["cohorts"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .enumerate()
                    .flat_map(|(cohort, row)| {
                        let periods = row["periods"].as_array().unwrap().len();
                        let kept =
                            (1..periods).map(move |period| json!({ "cohort": cohort, "period": period }));
                        kept.chain([
                            json!({ "cohort": cohort, "period": 1, "lost": true }),
                            json!({ "cohort": cohort }),
                        ])
                    })
                    .collect();
                let count = cells.len();
                assert_eq!(check(&shop, "retention", &retention, cells), count);
                // Sequences are of events, so that coming back with an order in the cohort's own period is no rule.
                let own = [json!({ "cohort": 0, "period": 0 })];
                assert_eq!(check(&shop, "retention", &retention, own.clone()), 0);
                let mut same = retention;
                same["return"] = same["first"].clone();
                assert_eq!(check(&shop, "retention", &same, own), 1);
            }
        }
    }
}

#[test]
fn customers_of_cohorts_rfm_and_lifecycle_are_those_of_their_rules() {
    for seed in 0..8 {
        let shop = shop(seed);
        let cohorts = json!({ "interval": "month" });
        let cells = (0..3).flat_map(|cohort| {
            [
                json!({ "cohort": cohort }),
                json!({ "cohort": cohort, "repeat_within_days": 20 }),
                json!({ "cohort": cohort, "repeat_within_days": 20, "lost": true }),
            ]
        });
        // But for orders within days of the first.
        assert_eq!(check(&shop, "cohorts", &cohorts, cells), 3);
        let rfm = json!({ "window": window() });
        let answer = shop.answer(json!({ "rfm": rfm }));
        let cells = answer["cells"].as_array().unwrap().iter().map(|cell| {
            json!({ "recency": cell["recency"], "frequency": cell["frequency"], "monetary": cell["monetary"] })
        });
        let cells: Vec<Json> = cells.chain([json!({ "segment": "champions" })]).collect();
        let count = cells.len();
        assert!(check(&shop, "rfm", &rfm, cells) >= count - 1 && count > 5);
        let lifecycle = json!({ "from": "2026-02-20", "active_days": 12, "lapsed_days": 25 });
        let flows = shop.answer(json!({ "lifecycle": lifecycle }))["flows"].clone();
        let cells: Vec<Json> = flows
            .as_array()
            .unwrap()
            .iter()
            .map(|flow| json!({ "from": flow["from"], "to": flow["to"] }))
            .collect();
        let count = cells.len();
        assert_eq!(check(&shop, "lifecycle", &lifecycle, cells), count);
        assert!(count > 6, "{count}");
    }
}

#[test]
fn counts_are_the_sizes_of_the_lists() {
    let shop = shop(3);
    let funnel = json!({ "steps": [{ "event": { "text": "Product Viewed" } }, { "event": { "text": "orders where value > 3" } }],
        "window": window(), "conversion_window": { "count": 30, "unit": "day" },
        "breakdown": { "by": { "property": "channel" }, "top": 1 } });
    let answer = shop.answer(json!({ "funnel": funnel }));
    for row in answer["rows"].as_array().unwrap() {
        for step in row["steps"].as_array().unwrap() {
            let cell = json!({ "step": step["step"], "group": row["group"] });
            let found = shop.customers(&part("funnel", &funnel, &cell)).profiles.len();
            assert_eq!(step["customers"], found, "{cell}");
        }
    }
}
