//! Rules of every family, made so that either verdict is common.

use proptest::prelude::*;
use proptest::sample::select;

/// A rule and the family whose verdicts it counts for. `{+3}` in its text stands for a date, three days after
/// the history's first.
#[derive(Debug, Clone)]
pub(super) struct Sample {
    pub(super) family: &'static str,
    pub(super) text: String,
}

const EVENTS: &[&str] = &[r#""Order Completed""#, r#""Product Viewed""#, r#""Page Viewed""#];
const COUNTS: &[&str] = &[
    "",
    ">= 1 times",
    ">= 2 times",
    "> 1 times",
    "= 1 times",
    "!= 1 times",
    "<= 1 times",
    "< 2 times",
    "between 1 and 2 times",
    "= 0 times",
    "between 2 and 3 times",
];
const ROLLING: &[&str] = &[
    "in last 30 minutes",
    "in last 6 hours",
    "in last 1 day",
    "in last 36 hours",
    "in last 3 days",
    "in last 1 week",
    "in last 30 days",
];
const MONTHS: &[&str] = &["in last 1 month", "in last 2 months", "in last 1 quarter", "in last 1 year"];
const AGO: &[&str] = &[
    "between 1 and 2 days ago",
    "between 6 and 48 hours ago",
    "between 1 day and 1 week ago",
    "between 1 hour and 1 month ago",
    "between 2 weeks and 2 months ago",
    "between 1 and 2 months ago",
    "between 1 and 12 months ago",
];
const CALENDAR: &[&str] = &[
    "today",
    "yesterday",
    "this week",
    "last week",
    "this month",
    "last month",
    "this quarter",
    "last quarter",
    "this year",
    "last year",
    "since monday",
    "since saturday",
    "since sunday",
];
const ABSOLUTE: &[&str] = &[
    "since {+0}",
    "since {+1}",
    "since {+2}T02:30",
    "since {+2}T00:15",
    "before {+0}",
    "before {+1}T02:30",
    "before {+3}",
    "from {-40} to {+1}",
    "from {-2} to {+2}T01:59:59.999",
    "from {+1} to {+8}",
    "on {+0}",
    "on {+1}",
    "on {+2}",
    "on {-1}",
];
const PROPERTY: &[&str] = &[
    "total >= 50",
    "total < 50",
    "total between 10 and 50",
    "total is 50",
    "total is not 50",
    r#"total is "50""#,
    "total in (10, 50, 99.5)",
    "total exists",
    "total does not exist",
    r#"total starts with "5""#,
    r#"category is "shoes""#,
    r#"category is not "Shoes""#,
    r#"category is "Shoes" match case"#,
    r#"category in ("SHOES", "Bags")"#,
    r#"category not in ("shoes")"#,
    r#"category contains "o""#,
    r#"category does not contain "ho""#,
    r#"category starts with "sh""#,
    r#"category ends with "GS""#,
    r#"category matches "^s.*s$""#,
    r#"category matches "^S" match case"#,
    "ship_at >= {+0}",
    "ship_at before {+1}",
    "ship_at since {-1}T12:00",
    "ship_at < {+2}T02:30",
    "ship_at between {-3} and {+3}",
    r#"tags contains any of ("new", "sale")"#,
    r#"tags contains all of ("new", "sale")"#,
    r#"tags contains none of ("NEW")"#,
    r#"tags is "sale""#,
    r#"tags contains "sale""#,
    "tags length >= 2",
    "tags length != 2",
    "tags exists",
    r#"context.campaign.source is "newsletter""#,
    "gift is true",
    r#"gift is "TRUE""#,
    r#"(total >= 50 and category is "shoes")"#,
    r#"(total >= 50 or category is "shoes")"#,
    r#"not (total >= 50 or gift is true)"#,
    r#"none of (total < 50, gift is true)"#,
];
const ITEMS: &[&str] = &[
    r#"products[].category is "Shoes""#,
    r#"products[].category is not "Shoes""#,
    r#"products[](category is "Shoes" and price > 20)"#,
    r#"(products[](category is "Shoes") and products[](price > 20))"#,
    r#"products[](category is not "Shoes")"#,
    r#"not products[](category is "Shoes" or price < 20)"#,
    "products[].price < 20",
    "products length >= 2",
    "products exists",
    r#"products[].sizes is "M""#,
    r#"products[](sizes contains all of ("M", "L"))"#,
];
const TRAITS: &[&str] = &[
    r#"country is "de""#,
    r#"country is not "DE""#,
    r#"country in ("AT", "de")"#,
    "country exists",
    "country does not exist",
    r#"country starts with "d""#,
    r#"country contains "e" match case"#,
    "age >= 18",
    "age < 18",
    "age between 17 and 40",
    "age is 18",
    "age exists",
    "birthday before 2000-01-01",
    "birthday since 1990-06-15",
    "birthday >= 2000-02-29",
    r#"interests contains any of ("tea")"#,
    r#"interests contains none of ("tea", "wine")"#,
    "interests length >= 2",
    r#"address.city is "berlin""#,
    r#"address.city is not "berlin""#,
    "vip is true",
    r#"email ends with "@shop.example""#,
];

const PLACES: &[&str] = &[
    r#"place country is "Germany""#,
    r#"place country is not "DEU""#,
    r#"place country in ("AT", "Deutschland")"#,
    "place country exists",
    r#"place city is "berlin""#,
    r#"place city is not "Berlin""#,
    r#"place region exists"#,
    r#"place region starts with "b""#,
    "within 25 km of (52.52, 13.405)",
    "within 320 miles of (48.137154, 11.576124)",
    "not within 5000 km of (52.52, 13.405)",
];

const TRAIT_DATES: &[&str] = &[
    "renewal in next 2 days",
    "renewal in last 36 hours",
    "renewal in next 1 month",
    "renewal between 1 and 3 days from now",
    "renewal between 1 and 30 days ago",
    "renewal between 1 hour and 1 month from now",
    "renewal at least 2 days ago",
    "renewal at least 1 month from now",
    "renewal in the past",
    "renewal in the future",
    "renewal from {-2} to {+2}T02:30",
    "renewal on {+1}",
    "renewal today",
    "renewal tomorrow",
    "renewal this week",
    "renewal next week",
    "renewal last week",
    "renewal this month",
    "renewal next month",
    "renewal this quarter",
    "renewal next year",
    "renewal since saturday",
    "renewal anniversary in next 1 week",
    "renewal anniversary in last 1 month",
    "renewal anniversary today",
    "renewal anniversary this month",
    "birthday anniversary in next 3 months",
    "birthday anniversary in last 9 months",
    "birthday anniversary between 1 and 8 months from now",
    "birthday anniversary this year",
    "birthday anniversary next quarter",
    "birthday month is June",
    "birthday month in (2, 12)",
    "birthday day in (29, 31, 15)",
    r#"birthday month and day in ("02-29", "12-31", "06-15")"#,
];

const TRAIT_HISTORY: &[&str] = &[
    r#"country has been "de" for at least 2 days"#,
    r#"country has been "DE" for less than 36 hours"#,
    r#"country has been not "DE" for at least 1 day"#,
    r#"country has been "DE" match case for at least 6 hours"#,
    "country has been set for at least 1 month",
    "country has been missing for at least 3 days",
    "country has been missing for less than 1 week",
    "age has been >= 18 for at least 2 days",
    "age has been between 17 and 40 for less than 1 month",
    r#"address.city has been "berlin" for at least 1 day"#,
    r#"interests has been contains any of ("tea") for at least 36 hours"#,
    "birthday has been before 2000-01-01 for at least 1 day",
    r#"country was "de" 2 days ago"#,
    r#"country was "DE" 1 month ago"#,
    r#"country was not "DE" 36 hours ago"#,
    r#"country was "DE" on {+1}"#,
    "country was set on {+0}",
    r#"country was missing at {+2}T02:30"#,
    "age was >= 18 1 week ago",
    r#"address.city was "berlin" at {+3}"#,
    "country changed in last 3 days",
    "country changed",
    r#"country changed to "de" in last 1 month"#,
    r#"country changed from "DE" in last 30 days"#,
    r#"country changed from "DE" to "AT""#,
    "country changed from set to set in last 1 month",
    "country changed from missing to set between 1 and 30 days ago",
    "age changed from < 18 to >= 18",
    "age changed to exists this month",
    "interests changed in last 36 hours",
    "address.city changed this week",
    "vip changed from true to false in last 1 quarter",
];

const SAMPLES: &[&str] = &[
    r#"in 50% sample "a""#,
    r#"in 33.3% sample "b""#,
    r#"not in 62.5% sample "a" and did any event >= 2 times in last 3 days"#,
    r#"in 75% sample "c" or did "Order Completed" in last 36 hours"#,
];

const AGGREGATES: &[&str] = &[
    r#"sum of total over {event} {window} >= 50"#,
    r#"sum of total over {event} {window} < 60"#,
    r#"average of total over {event} {window} < 50"#,
    r#"average of total over {event} {window} != 20"#,
    r#"minimum of total over {event} {window} <= 20"#,
    r#"maximum of total over {event} {window} between 10 and 75"#,
    r#"maximum of ship_at over any event {window} >= {+3}"#,
    r#"minimum of ship_at over any event {window} < {+20}"#,
    r#"distinct of category over any event {window} >= 2"#,
    r#"distinct of tags over any event {window} < 3"#,
    r#"median of total over any event {window} >= 20"#,
    r#"median of products[].price over any event {window} > 10"#,
    r#"sum of products[].price over any event where products[].category is "Shoes" {window} > 5"#,
    r#"sum of products[].price*quantity over any event where products[](category is "Shoes" and price > 5) {window} >= 20"#,
    r#"sum of products[].price over any event where (products[](category is "Shoes") and products[](price > 20)) {window} >= 20"#,
    r#"average of total over any event {window} < 1.5 times average of total over any event"#,
    r#"sum of total over any event {window} > sum of total over "Order Completed""#,
    r#"distinct of category over any event {window} >= 0.5 times distinct of category over any event"#,
];
const AGGREGATE_WINDOWS: &[&str] = &[
    "",
    "in last 36 hours",
    "in last 3 days",
    "in last 30 days",
    "in last 2 months",
    "between 1 hour and 1 month ago",
    "between 1 and 2 days ago",
    "this month",
    "this week",
];

const RECORDED: &[&str] = &[
    r#"entered segment "S0""#,
    r#"entered segment "S1" in last 3 days"#,
    r#"entered segment "S0" at least twice"#,
    r#"entered segment "S0" < 2 times in last 30 days"#,
    r#"not entered segment "S0" in last 36 hours"#,
    r#"entered segment "S1" today"#,
    r#"entered segment "S0" between 1 and 3 days ago"#,
    r#"entered segment "S2" since {+1}"#,
    r#"left segment "S0""#,
    r#"not left segment "S1" in last 1 week"#,
    r#"left segment "S0" in last 1 month or entered segment "S1" in last 1 month"#,
    r#"in segment "S0" for at least 36 hours"#,
    r#"in segment "S1" for at least 1 week"#,
    r#"in segment "S0" for less than 3 days"#,
    r#"not in segment "S1" for less than 1 month"#,
    r#"in segment "S0" since before {+1}"#,
    r#"in segment "S1" since after {+1}"#,
];

fn aggregate() -> BoxedStrategy<String> {
    (select(AGGREGATES), select(EVENTS), select(AGGREGATE_WINDOWS))
        .prop_map(|(text, event, window)| text.replace("{event}", event).replace("{window}", window))
        .boxed()
}

const CHOSEN: &[&str] = &[
    r#"first {event} was in last 3 days"#,
    r#"last {event} was in last 1 month"#,
    r#"first any event was between 6 and 48 hours ago"#,
    r#"first {event} was since {+1}"#,
    r#"last {event} was before {+2}T02:30"#,
    r#"2nd any event was in last 1 week"#,
    r#"second to last any event was this month"#,
    r#"last {event} has total >= 20"#,
    r#"first {event} has not total >= 50"#,
    r#"first {event} where total exists has (total < 60 or category is "shoes")"#,
    r#"last {event} where not gift exists has category is not "bags" was in last 30 days"#,
    r#"2nd {event} has total does not exist"#,
    r#"first any event where products exists has products[].price < 20"#,
    r#"last {event} from source "Shop" was in last 36 hours"#,
];
const AROUND: &[&str] = &[
    r#"did any event within 36 hours of first {event}"#,
    r#"did {event} within 7 days of first any event"#,
    r#"did any event >= 2 times within 3 days of last {event}"#,
    r#"did {event} < 2 times within 1 month of first any event where total >= 20"#,
    r#"did any event within 1 month before last {event}"#,
    r#"did any event within 2 days before 2nd any event"#,
    r#"did not {event} within 1 day of first any event"#,
];
const ACTIVE: &[&str] = &[
    r#"did {event} in >= 1 of the last 3 days"#,
    r#"did any event in >= 2 of the last 3 days"#,
    r#"did any event in all of the last 2 months"#,
    r#"did any event >= 2 times in >= 1 of the last 4 weeks"#,
    r#"did {event} in < 2 of the last 5 calendar days"#,
    r#"did any event in >= 2 of this and the last 2 calendar days"#,
    r#"did any event in 1 of this and the last 1 calendar months"#,
    r#"did {event} where total >= 20 in >= 1 of the last 2 calendar weeks"#,
    r#"did any event < 2 times in >= 2 of the last 2 weeks"#,
];
const DAYS: &[&str] = &[
    r#"distinct days with {event} >= 1"#,
    r#"distinct days with any event in last 1 week >= 2"#,
    r#"distinct days with any event this month >= 2"#,
    r#"distinct days with any event between 1 and 10 days ago = 1"#,
    r#"distinct weeks with any event in last 2 months between 1 and 2"#,
    r#"distinct months with {event} < 2"#,
    r#"distinct days with {event} where total exists in last 30 days < 2"#,
];
const CHANGES: &[&str] = &[
    r#"stopped any event in last 2 days"#,
    r#"stopped any event in last 1 month"#,
    r#"stopped {event} in last 1 week"#,
    r#"stopped any event today"#,
    r#"stopped any event this week"#,
    r#"restarted any event in last 1 day"#,
    r#"restarted any event in last 3 days"#,
    r#"restarted any event today"#,
    r#"not stopped {event} in last 3 days"#,
    r#"stopped any event yesterday"#,
];

const PRODUCTS: &[&str] = &[
    r#"did any event where products[].product.collection is "summer""#,
    r#"did any event where products[](product.collection is "Summer" and price >= 20)"#,
    r#"did any event where product.price <= 20"#,
    r#"did any event where not current_product.price > 20 in last 1 week"#,
    r#"did any event where current_product.in_stock is true"#,
    r#"did any event where products[].current_product.in_stock is false"#,
    r#"did any event >= 2 times where product exists"#,
    r#"did any event < 2 times where (current_product.stock >= 1 or products[].current_product.stock >= 1)"#,
    r#"last any event has current_product.collection is "Sale""#,
    r#"first any event where product exists has product.price >= 20"#,
    r#"sum of products[].product.price over any event in last 1 month >= 20"#,
    r#"maximum of current_product.price over any event < 60"#,
    r#"distinct of products[].product.id over any event >= 1"#,
    r#"distinct days with any event where product.collection is "winter" < 1"#,
    r#"did any event where products[].product.variant_id is 2"#,
];

fn of_event(texts: &'static [&'static str]) -> BoxedStrategy<String> {
    (select(texts), select(EVENTS)).prop_map(|(text, event)| text.replace("{event}", event)).boxed()
}
const SEQUENCES: &[&str] = &[
    "did any event then any event {window}",
    "did any event then {event} within 3 days {window}",
    "did any event then any event within 1 day then any event {window}",
    "did any event then any event within 1 month {window}",
    "did {event} then not {other} within 6 hours {window}",
    "did any event then not {event} within 2 days {window}",
    "did any event then not any event within 1 day {window}",
    "did any event then not {event} then any event {window}",
    "did any event then not {event} within 6 hours then any event within 1 week {window}",
    "did any event then not {event} within 1 day then not {other} within 2 days {window}",
    "did any event then not {event} {window}",
    "did any event where total exists then any event within 1 week {window}",
    "did any event then any event within 30 days with same category {window}",
    "did any event then any event with same category {window}",
    "did any event then not any event within 1 day with same category {window}",
    "did any event then not {event} then any event with same category {window}",
    "did any event then any event with same products[].price {window}",
    "did any event where products[].price < 30 then any event with same category {window}",
    "did any event then any event < 2 times {window}",
    "did any event then any event = 1 times {window}",
    "did any event then any event >= 2 times {window}",
    "did any event then not {event} within 2 days >= 2 times {window}",
    "did any event then not any event within 1 day = 1 times with same category {window}",
    r#"did {event} then any event within 2 days from source "Shop" {window}"#,
];
/// Longer than what must not happen lasts: a shorter one is refused.
const SEQUENCE_WINDOWS: &[&str] = &[
    "",
    "in last 3 days",
    "in last 5 days",
    "in last 30 days",
    "in last 2 months",
    "between 1 hour and 1 month ago",
    "between 1 and 4 days ago",
    "this month",
    "this week",
];
const CADENCES: &[&str] = &[
    "time since last any event > 1 times median gap with at least 2 events",
    "time since last any event < 2 times median gap with at least 2 events",
    "time since last any event >= 0.5 times median gap with at least 2 events",
    "time since last any event <= 3.3 times median gap with at least 2 events",
    "time since last any event > 0.75 times median gap",
    "time since last any event < 1.5 times median gap",
    "time since last {event} > 0.1 times median gap with at least 2 events",
    "time since last {event} <= 4 times median gap with at least 2 events",
];

fn sequence() -> BoxedStrategy<String> {
    (select(SEQUENCES), select(EVENTS), select(EVENTS), select(SEQUENCE_WINDOWS))
        .prop_map(|(text, event, other, window)| {
            text.replace("{event}", event).replace("{other}", other).replace("{window}", window)
        })
        .boxed()
}

fn cadence() -> BoxedStrategy<String> {
    (select(CADENCES), select(EVENTS)).prop_map(|(text, event)| text.replace("{event}", event)).boxed()
}

fn leaf() -> BoxedStrategy<Sample> {
    let made =
        |family, text: BoxedStrategy<String>| text.prop_map(move |text| Sample { family, text }).boxed();
    let windowed = |windows: &'static [&'static str]| {
        (select(EVENTS), select(COUNTS), select(windows))
            .prop_map(|(event, count, window)| format!("did {event} {count} {window}"))
            .boxed()
    };
    let filtered = |filters: &'static [&'static str]| {
        (
            select(EVENTS),
            select(filters),
            select(&["", ">= 2 times", "< 2 times", "in last 3 days", "this month"][..]),
        )
            .prop_map(|(event, filter, rest)| format!("did {event} where {filter} {rest}"))
            .boxed()
    };
    let segment = select(
        &[
            r#"in segment "S0""#,
            r#"not in segment "S0""#,
            r#"in segment "S1""#,
            r#"in segment "S0" and did "Order Completed""#,
        ][..],
    );
    let others = select(
        &[
            "did any event in last 1 day",
            "did any event >= 3 times",
            r#"did any event where total >= 50 in last 1 week"#,
            r#"did "Order Completed" from source "Kiosk""#,
            r#"did "Product Viewed" < 2 times from source "Shop", "Kiosk" in last 3 days"#,
            r#"did not "Page Viewed" today from source "Shop""#,
        ][..],
    );
    prop_oneof![
        2 => made("count ever", (select(EVENTS), select(COUNTS)).prop_map(|(event, count)| format!("did {event} {count}")).boxed()),
        3 => made("rolling window", windowed(ROLLING)),
        3 => made("rolling months", windowed(MONTHS)),
        3 => made("ago window", windowed(AGO)),
        3 => made("calendar window", windowed(CALENDAR)),
        3 => made("absolute window", windowed(ABSOLUTE)),
        4 => made("property", filtered(PROPERTY)),
        2 => made("line items", filtered(ITEMS)),
        5 => made("event aggregate", aggregate()),
        3 => made("products", of_event(PRODUCTS)),
        3 => made("chosen event", of_event(CHOSEN)),
        3 => made("around a chosen event", of_event(AROUND)),
        3 => made("active periods", of_event(ACTIVE)),
        3 => made("distinct days", of_event(DAYS)),
        3 => made("stopped or restarted", of_event(CHANGES)),
        5 => made("sequence", sequence()),
        3 => made("cadence", cadence()),
        4 => made("orders", super::orders::orders()),
        5 => made("spend", super::orders::spend()),
        4 => made("ranking", super::rankings::rankings()),
        3 => made("trait", select(TRAITS).prop_map(str::to_owned).boxed()),
        3 => made("place", select(PLACES).prop_map(str::to_owned).boxed()),
        4 => made("trait date", select(TRAIT_DATES).prop_map(str::to_owned).boxed()),
        4 => made("trait history", select(TRAIT_HISTORY).prop_map(str::to_owned).boxed()),
        2 => made("sample", select(SAMPLES).prop_map(str::to_owned).boxed()),
        2 => made("segment", segment.prop_map(str::to_owned).boxed()),
        3 => made("recorded membership", select(RECORDED).prop_map(str::to_owned).boxed()),
        2 => made("any event and sources", others.prop_map(str::to_owned).boxed()),
    ]
    .boxed()
}

fn groups() -> BoxedStrategy<Sample> {
    let parts = prop::collection::vec(leaf(), 2..4);
    let form = select(&["all of", "any of", "none of", "not any", "nested"][..]);
    (form, parts)
        .prop_map(|(form, parts)| {
            let texts: Vec<String> = parts.iter().map(|part| format!("({})", part.text)).collect();
            let text = match form {
                "not any" => format!("not ({})", texts.join(" or ")),
                "nested" => format!("any of (not {}, {})", texts[0], texts[1..].join(" and not ")),
                form => format!("{form} ({})", texts.join(", ")),
            };
            Sample { family: "groups", text }
        })
        .boxed()
}

/// A rule of any family.
pub(super) fn sample() -> impl Strategy<Value = Sample> {
    let base = prop_oneof![6 => Just("everyone where "), 1 => Just("identified where "), 1 => Just("")];
    (base, prop_oneof![5 => leaf(), 1 => groups()], prop::bool::weighted(0.15)).prop_map(
        |(base, Sample { family, text }, negated)| {
            let text = if negated { format!("{base}not ({text})") } else { format!("{base}{text}") };
            Sample { family, text }
        },
    )
}
