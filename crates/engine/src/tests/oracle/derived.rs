//! Derived events that every history has, and rules that count them.

use proptest::prelude::*;
use proptest::sample::select;

/// Names, and what events of these names are made of.
pub(super) const DERIVED: &[(&str, &str)] = &[
    ("Session", "sessions of any event with gap of 12 hours"),
    (
        "Day Visit",
        r#"sessions of ("Page Viewed", "Order Completed" where total >= 50) with gap of 20 hours, split at midnight, split at campaign"#,
    ),
    (
        "Visit Over",
        r#"sessions of any event from source "Shop" with gap of 6 hours, split at campaign, counted at end"#,
    ),
    ("Day Over", r#"sessions of any event with gap of 1 day, split at midnight, counted at end"#),
    ("First Touch", r#"first touch of "Page Viewed" before "Order Completed" within 20 days"#),
    (
        "Last Touch",
        r#"last touch of ("Page Viewed" where context.campaign.source exists, "Product Viewed") before "Order Completed" where total exists within 3 days"#,
    ),
    ("Dear View", r#"each "Product Viewed" where total >= 20 with total as worth, category as kind"#),
    ("Mailed", r#"each any event where context.campaign.source exists with context.campaign.source"#),
    (
        "Shoe Order",
        r#"each "Order Completed" where products[].category is "shoes" with products as lines, gift as present"#,
    ),
    ("Kiosk Visit", r#"each any event where total exists from source "Kiosk" with product_id as item"#),
];

/// What some of them can be made of later on.
pub(super) const EDITED: &[(&str, &str)] = &[
    ("Session", "sessions of any event with gap of 1 hour"),
    ("Last Touch", r#"last touch of any event before "Order Completed" within 30 days"#),
    ("Visit Over", "sessions of any event with gap of 12 hours, counted at end"),
    ("Session", r#"sessions of "Product Viewed" with gap of 12 hours"#),
    ("First Touch", r#"first touch of "Page Viewed" before "Order Completed" within 2 days"#),
    ("Dear View", r#"each "Product Viewed" with total as worth"#),
    ("Mailed", "sessions of any event with gap of 6 hours"),
    ("Shoe Order", r#"each "Order Completed" where total >= 20 with products as lines"#),
    ("Mailed", r#"each "Page Viewed" with context.campaign.source, category as kind"#),
];

const SESSIONS: &[&str] = &[
    r#"did "Session" >= 2 times"#,
    r#"did "Session" in last 3 days"#,
    r#"did "Session" where event_count >= 2 in last 1 week"#,
    r#"did "Session" < 3 times where has_order is false"#,
    r#"did "Day Visit" in last 30 days"#,
    r#"did "Day Visit" where has_order is true"#,
    r#"did "Day Visit" where campaign.source is "newsletter""#,
    r#"did "Day Visit" where page_count >= 1 and duration_seconds > 0"#,
    r#"did "Visit Over" in last 1 day"#,
    r#"did "Visit Over" where channel is "campaign""#,
    r#"did "Visit Over" >= 2 times where channel in ("direct", "organic")"#,
    r#"did not "Visit Over" where order_value >= 50 in last 3 days"#,
    r#"did "Day Over" yesterday"#,
    r#"did "Day Over" >= 2 times in last 1 week"#,
    r#"did "Day Over" where exit_page is "/b""#,
    r#"sum of event_count over "Session" in last 1 week >= 3"#,
    r#"average of duration_seconds over "Session" > 3600"#,
    r#"maximum of order_value over "Visit Over" >= 50"#,
    r#"distinct of entry_page over "Day Over" >= 2"#,
    r#"median of event_count over "Session" >= 2"#,
    r#"first "Session" has event_count >= 2"#,
    r#"last "Session" has has_order is true was in last 3 days"#,
    r#"last "Day Over" was in last 3 days"#,
    r#"did "Session" in >= 2 of the last 5 days"#,
    r#"distinct days with "Day Visit" in last 1 month >= 2"#,
    r#"stopped "Session" in last 3 days"#,
    r#"did "Session" then "Order Completed" within 1 day"#,
    r#"did "Session" then not "Order Completed" within 2 days in last 1 week"#,
    r#"did "Visit Over" then "Session" within 3 days"#,
    r#"time since last "Session" > 1.5 times median gap with at least 2 events"#,
    r#"did "Session" >= 2 times within 1 week before last "Order Completed""#,
];
const TOUCHES: &[&str] = &[
    r#"did "First Touch" where touch.channel is "direct""#,
    r#"did "First Touch" where touch.campaign.source exists"#,
    r#"did "First Touch" where touch does not exist"#,
    r#"did "First Touch" where touch.seconds_before >= 86400"#,
    r#"did "Last Touch" where touch.event is "Product Viewed" in last 1 week"#,
    r#"did "Last Touch" >= 2 times where touch.event exists"#,
    r#"did "Last Touch" where total >= 50 and touch.channel is "campaign""#,
    r#"sum of total over "Last Touch" where touch.event exists >= 50"#,
    r#"average of touch.seconds_before over "First Touch" < 90000"#,
    r#"first "First Touch" has touch.page is "/a""#,
    r#"distinct of touch.channel over "First Touch" >= 2"#,
];

const RENAMED: &[&str] = &[
    r#"did "Dear View""#,
    r#"did "Dear View" >= 2 times where worth >= 50"#,
    r#"did "Dear View" where total < 50 and kind is "shoes" in last 1 week"#,
    r#"did not "Dear View" where worth >= 50 in last 3 days"#,
    r#"did "Dear View" where worth is not 20 and kind is not "bags" >= 1 time today"#,
    r#"did "Mailed" in last 3 days"#,
    r#"did "Mailed" < 2 times where source is "newsletter""#,
    r#"did "Mailed" where context.campaign.source is "newsletter" or category is "shoes""#,
    r#"did "Shoe Order" where lines[](category is "shoes" and price >= 20)"#,
    r#"did "Shoe Order" where present is true or products[].price < 20"#,
    r#"did "Shoe Order" where not lines[].category is "bags" in last 30 days"#,
    r#"did "Shoe Order" where products[].product.collection is "summer""#,
    r#"did "Mailed" where current_product.in_stock is true in last 1 month"#,
    r#"did "Kiosk Visit" where item exists"#,
    r#"sum of worth over "Dear View" in last 1 week >= 60"#,
    r#"average of worth over "Dear View" where kind exists > 20"#,
    r#"sum of lines[].price over "Shoe Order" >= 40"#,
    r#"sum of products[].price over "Shoe Order" where lines[].price >= 20 in last 1 month >= 20"#,
    r#"maximum of lines[].price*quantity over "Shoe Order" < 60"#,
    r#"distinct of kind over "Dear View" >= 2"#,
    r#"median of worth over "Dear View" >= 40"#,
    r#"first "Dear View" has kind is "shoes""#,
    r#"last "Mailed" has source exists was in last 1 week"#,
    r#"did "Dear View" in >= 2 of the last 5 days"#,
    r#"stopped "Mailed" in last 3 days"#,
    r#"distinct days with "Mailed" in last 1 month >= 2"#,
    r#"did "Dear View" then "Order Completed" within 1 day"#,
    r#"did "Dear View" then "Product Viewed" within 3 days"#,
    r#"did "Product Viewed" then "Dear View" within 3 days"#,
    r#"did "Dear View" then not "Shoe Order" within 2 days in last 1 week"#,
    r#"did "Kiosk Visit" then "Kiosk Visit" with same item within 1 week"#,
    r#"did "Dear View" then "Dear View" with same kind at least 1 time"#,
    r#"time since last "Dear View" > 1.5 times median gap with at least 2 events"#,
    r#"did any event >= 2 times within 3 days of last "Dear View""#,
    r#"did "Mailed" within 1 month before last "Order Completed""#,
    r#"computed "dear kind" is "shoes""#,
    r#"computed "mailed" >= 0.5"#,
];

pub(super) fn renamed() -> BoxedStrategy<String> {
    select(RENAMED).prop_map(str::to_owned).boxed()
}

pub(super) fn sessions() -> BoxedStrategy<String> {
    select(SESSIONS).prop_map(str::to_owned).boxed()
}

pub(super) fn touches() -> BoxedStrategy<String> {
    select(TOUCHES).prop_map(str::to_owned).boxed()
}
