use segops_rules::Weekday;
use serde_json::{Value as Json, json};

use crate::sample::{Shop, number};

fn order(total: &str, country: &str) -> Vec<(&'static str, segops_model::Value)> {
    vec![("total", number(total)), ("country", country.into())]
}

fn shop() -> Shop {
    let mut shop = Shop::at("2026-03-10T12:00:00Z");
    shop.did(1, "Order Completed", "2026-03-01T10:00:00Z", &order("10", "DE"));
    shop.did(1, "Order Completed", "2026-03-01T11:00:00Z", &order("20", "de"));
    shop.did(2, "Order Completed", "2026-03-01T23:30:00Z", &order("30", "FR"));
    shop.did(2, "Order Completed", "2026-03-03T08:00:00Z", &order("5.5", "DE"));
    shop.did(3, "Product Viewed", "2026-03-02T08:00:00Z", &[]);
    shop.did(3, "Product Viewed", "2026-03-02T09:00:00Z", &[]);
    shop.did(1, "Product Viewed", "2026-03-01T09:00:00Z", &[]);
    shop
}

fn row<'a>(answer: &'a Json, series: &str, group: &Json) -> &'a Json {
    let rows = answer["rows"].as_array().unwrap();
    rows.iter()
        .find(|row| row["series"] == series && row["group"] == *group)
        .unwrap_or_else(|| panic!("no row {series} {group} in {rows:#?}"))
}

fn days(series: Json) -> Json {
    json!({ "trend": { "series": series, "window": { "range": { "from": "2026-03-01", "to": "2026-03-04" } } } })
}

#[test]
fn events_customers_and_numbers_are_counted_by_day() {
    let event = json!({ "text": "Order Completed" });
    let measures = ["sum", "average", "minimum", "maximum", "median"];
    let mut series = vec![json!({ "event": event }), json!({ "event": event, "measure": "customers" })];
    series.extend(measures.iter().map(|measure| json!({ "event": event, "measure": { *measure: "total" } })));
    let answer = shop().answer(days(series.into()));
    let all = json!("all");
    let check = |name: &str, values: Json, total: Json| {
        let row = row(&answer, name, &all);
        assert_eq!((&row["values"], &row["total"]), (&values, &total), "{name}");
    };
    check("A", json!([3, 0, 1]), json!(4));
    check("B", json!([2, 0, 1]), json!(2));
    check("C", json!([60, 0, 5.5]), json!(65.5));
    check("D", json!([20, null, 5.5]), json!(16.375));
    check("E", json!([10, null, 5.5]), json!(5.5));
    check("F", json!([30, null, 5.5]), json!(30));
    check("G", json!([20, null, 5.5]), json!(15));
}

#[test]
fn formulas_divide_series_and_say_nothing_where_there_is_nothing() {
    let mut asked = days(json!([
        { "event": { "text": "Order Completed" } },
        { "event": { "text": "Product Viewed" }, "measure": "customers" }
    ]));
    asked["trend"]["formulas"] = json!(["A / B * 100", "-(A - 1) + 2"]);
    let answer = shop().answer(asked);
    let check = |formula: &str, values: Json, total: Json| {
        let row = row(&answer, formula, &json!("all"));
        assert_eq!((&row["values"], &row["total"]), (&values, &total), "{formula}");
    };
    check("A / B * 100", json!([300, 0, null]), json!(200));
    check("-(A - 1) + 2", json!([0, 3, 2]), json!(-1));
}

#[test]
fn groups_fold_case_and_the_rest_is_one() {
    let mut asked = days(json!([{ "event": { "text": "Order Completed" }, "measure": { "sum": "total" } }]));
    asked["trend"]["breakdown"] = json!({ "by": { "property": "country" }, "top": 1 });
    let answer = shop().answer(asked);
    assert_eq!(row(&answer, "A", &json!({ "value": "DE" }))["values"], json!([30, 0, 5.5]));
    assert_eq!(row(&answer, "A", &json!("others"))["values"], json!([30, 0, 0]));
    assert_eq!(row(&answer, "A", &json!("all"))["total"], json!(65.5));
}

#[test]
fn lines_are_counted_where_they_are_of_a_group() {
    let line = |category: &str, price: i64, quantity: i64| {
        segops_model::Value::Object(crate::sample::object(&[
            ("category", category.into()),
            ("price", price.into()),
            ("quantity", quantity.into()),
        ]))
    };
    let mut shop = Shop::at("2026-03-10");
    let lines =
        segops_model::Value::List(vec![line("Shoes", 10, 2), line("Hats", 7, 1), line("Shoes", 1, 1)]);
    shop.did(1, "Order Completed", "2026-03-01T10:00:00Z", &[("products", lines)]);
    let mut asked = days(json!([
        { "event": { "text": "Order Completed" }, "measure": { "sum_by_quantity": "products[].price" } },
        { "event": { "text": "\"Order Completed\" where products[].category is \"Hats\"" },
          "measure": { "sum": "products[].price" } },
        { "event": { "text": "Order Completed" } }
    ]));
    asked["trend"]["breakdown"] = json!({ "by": { "property": "products[].category" } });
    let answer = shop.answer(asked);
    let total = |series: &str, group: Json| row(&answer, series, &group)["total"].clone();
    assert_eq!(total("A", json!("all")), json!(28));
    assert_eq!(total("A", json!({ "value": "Shoes" })), json!(21));
    assert_eq!(total("A", json!({ "value": "Hats" })), json!(7));
    // Of an order that passes a test of lines, the lines that pass it count.
    assert_eq!(total("B", json!("all")), json!(7));
    assert_eq!(total("B", json!({ "value": "Shoes" })), json!(0));
    // One order with both.
    assert_eq!(total("C", json!("all")), json!(1));
    assert_eq!(total("C", json!({ "value": "Shoes" })), json!(1));
}

#[test]
fn periods_follow_the_workspaces_zone_and_week() {
    let mut shop = Shop::at("2026-04-20").in_zone("Europe/Berlin", Weekday::Sunday);
    // 23:30 in London is the next day in Berlin; the clocks go forward on 29 March.
    shop.did(1, "Seen", "2026-03-28T23:30:00Z", &[]);
    shop.did(1, "Seen", "2026-03-29T21:59:59.999Z", &[]);
    shop.did(1, "Seen", "2026-03-29T22:00:00Z", &[]);
    let asked = |interval: &str| {
        json!({ "trend": { "series": [{ "event": { "text": "Seen" } }], "interval": interval,
            "window": { "range": { "from": "2026-03-28", "to": "2026-03-31" } } } })
    };
    let by_day = shop.answer(asked("day"));
    assert_eq!(row(&by_day, "A", &json!("all"))["values"], json!([0, 2, 1]));
    assert_eq!(by_day["buckets"][1]["start"], "2026-03-28T23:00:00.000Z");
    assert_eq!(by_day["buckets"][1]["end"], "2026-03-29T22:00:00.000Z");
    let by_week = shop.answer(asked("week"));
    assert_eq!(row(&by_week, "A", &json!("all"))["values"], json!([0, 3]));
    assert_eq!(by_week["buckets"][1]["start"], "2026-03-28T23:00:00.000Z");
    assert_eq!(by_week["buckets"][1]["complete"], false);
}

#[test]
fn the_period_before_and_the_year_before_are_held_beside() {
    let mut shop = Shop::at("2026-03-10");
    for (day, count) in [("2026-03-01", 3), ("2026-03-02", 1), ("2026-02-27", 2), ("2025-03-02", 4)] {
        for _ in 0..count {
            shop.did(1, "Seen", &format!("{day}T10:00:00Z"), &[]);
        }
    }
    let asked = |compare: &str| {
        json!({ "trend": { "series": [{ "event": { "text": "Seen" } }], "compare": compare,
            "window": { "range": { "from": "2026-03-01", "to": "2026-03-03" } } } })
    };
    let before = shop.answer(asked("previous_period"));
    let all = json!("all");
    assert_eq!(row(&before, "A", &all)["values"], json!([3, 1]));
    assert_eq!(row(&before, "A", &all)["previous"], json!([2, 0]));
    let year = shop.answer(asked("previous_year"));
    assert_eq!(row(&year, "A", &all)["previous"], json!([0, 4]));
    assert_eq!(row(&year, "A", &all)["previous_total"], json!(4));
}

#[test]
fn money_of_orders_is_net_and_never_added_across_currencies() {
    let mut shop = Shop::at("2026-03-10");
    let order = |id: &str, total: &str, currency: &str| {
        [("order_id", id.into()), ("total", number(total)), ("currency", currency.into())]
    };
    shop.did(1, "Order Completed", "2026-03-01T10:00:00Z", &order("a", "100", "EUR"));
    shop.did(1, "Order Completed", "2026-03-01T11:00:00Z", &order("b", "50", "USD"));
    // A refund days later takes off the day of the order.
    shop.did(
        1,
        "Order Refunded",
        "2026-03-05T10:00:00Z",
        &[("order_id", "a".into()), ("total", number("30"))],
    );
    shop.did(1, "Order Cancelled", "2026-03-06T10:00:00Z", &[("order_id", "b".into())]);
    // Money back against an order that was never seen: no order, but less net.
    shop.did(2, "Order Refunded", "2026-03-02T10:00:00Z", &order("zzz", "7", "EUR"));
    let asked = days(json!([
        { "event": { "text": "orders where value > 0" } },
        { "event": { "text": "orders where test is false" }, "measure": { "sum": "net" } }
    ]));
    let answer = shop.answer(asked);
    let rows = answer["rows"].as_array().unwrap();
    let sums: Vec<_> = rows.iter().filter(|row| row["series"] == "B").collect();
    assert_eq!(row(&answer, "A", &json!("all"))["values"], json!([2, 0, 0]));
    assert_eq!((&sums[0]["currency"], &sums[0]["values"]), (&json!("EUR"), &json!([70, -7, 0])));
    assert_eq!((&sums[1]["currency"], &sums[1]["values"]), (&json!("USD"), &json!([0, 0, 0])));
}

#[test]
fn every_problem_of_a_definition_is_said_at_once() {
    let mut shop = shop();
    shop.segment("VIP", &[1]);
    let asked = json!({ "trend": {
        "series": [{ "event": { "text": "Order Completd" } }, { "event": { "text": "did \"A\" twice" } },
                   { "event": { "text": "\"Order Completed\" where total >" } }],
        "formulas": ["A / D", "A +"],
        "breakdown": { "by": { "segments": ["VPI"] }, "top": 0 },
        "window": { "range": { "from": "2027-01-01" } }
    } });
    let Err(crate::AnalysisError::Definition(problems)) = shop.ask(asked) else { panic!("it was taken") };
    let places: Vec<_> = problems.iter().filter_map(|problem| problem.place.as_deref()).collect();
    for place in [
        "series[0].event",
        "series[2].event",
        "formulas[0]",
        "formulas[1]",
        "breakdown.top",
        "breakdown.by.segments[0]",
        "window",
    ] {
        assert!(places.contains(&place), "{place} is not among {places:?}");
    }
    let text: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert!(text.iter().any(|text| text.contains("Order Completed")), "{text:#?}");
    assert!(text.iter().any(|text| text.contains("VIP")), "{text:#?}");
}
