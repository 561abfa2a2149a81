//! Computed traits that every history has, and rules that ask for them.

use proptest::prelude::*;
use proptest::sample::select;

/// Names, and what is made of a profile's events under them.
pub(super) const COMPUTED: &[(&str, &str)] = &[
    ("net", r#"sum of total over "Order Completed" - sum of total over "Product Viewed" in last 3 days"#),
    ("rate", r#"count of "Order Completed" / count of any event"#),
    (
        "average",
        r#"sum of total over any event in last 30 days / count of any event where total exists in last 30 days"#,
    ),
    (
        "against before",
        r#"count of any event in last 3 days / count of any event between 3 days and 2 months ago"#,
    ),
    ("mixed", r#"(count of any event this week - 1.5) * (average of total over any event + 10) / 3"#),
    (
        "dearest share",
        r#"maximum of products[].price over any event / sum of products[].price over any event"#,
    ),
    ("spent", "net spend in last 30 days / 2 - 5"),
    ("share spent", "net spend in last 3 days / (net spend + 1)"),
    ("favourite", "most frequent value of category over any event"),
    ("favourite now", "most frequent value of category over any event in last 3 days"),
    ("tags", "most frequent value of tags over any event where total exists in last 30 days"),
    ("first category", "first value of category over any event"),
    ("newest total", "last value of total over any event"),
    ("last tag", "last value of tags over any event between 1 and 30 days ago"),
    ("cheapest first", "first value of products[].price over any event this month"),
    ("dear kind", r#"most frequent value of kind over "Dear View" where total exists"#),
    ("mailed", r#"count of "Mailed" / count of any event"#),
];

/// What some of them can be made of later on.
pub(super) const EDITED: &[(&str, &str)] = &[
    ("rate", r#"count of "Product Viewed" / count of any event in last 3 days"#),
    ("net", r#"sum of total over any event in last 30 days - 20"#),
    ("favourite", "first value of category over any event in last 30 days"),
    ("newest total", "most frequent value of total over any event"),
    ("rate", r#"count of "Order Completed" / count of any event"#),
];

const TESTS: &[&str] = &[
    r#"computed "net" >= 0"#,
    r#"computed "net" < 40"#,
    r#"computed "rate" >= 0.333333333"#,
    r#"computed "rate" < 0.5"#,
    r#"computed "rate" is 0"#,
    r#"computed "average" > 20"#,
    r#"computed "average" is not 10"#,
    r#"computed "against before" >= 0.5"#,
    r#"computed "against before" exists"#,
    r#"computed "mixed" between 0 and 60"#,
    r#"computed "mixed" < 5"#,
    r#"computed "dearest share" <= 0.8"#,
    r#"computed "dearest share" does not exist"#,
    r#"computed "spent" > 0"#,
    r#"computed "spent" in (-5, 20)"#,
];
const VALUE_TESTS: &[&str] = &[
    r#"computed "favourite" is "Shoes""#,
    r#"computed "favourite" is not "shoes""#,
    r#"computed "favourite" is "Shoes" match case"#,
    r#"computed "favourite now" in ("SHOES", "bags")"#,
    r#"computed "favourite now" exists"#,
    r#"computed "favourite now" contains "h""#,
    r#"computed "tags" is "new""#,
    r#"computed "tags" does not exist"#,
    r#"computed "first category" starts with "sh""#,
    r#"computed "first category" not in ("shoes")"#,
    r#"computed "newest total" >= 20"#,
    r#"computed "newest total" < 50"#,
    r#"computed "newest total" is "50""#,
    r#"computed "last tag" is "sale""#,
    r#"computed "last tag" exists"#,
    r#"computed "cheapest first" <= 20"#,
    r#"computed "cheapest first" does not exist"#,
];

pub(super) fn numbers() -> BoxedStrategy<String> {
    select(TESTS).prop_map(str::to_owned).boxed()
}

pub(super) fn values() -> BoxedStrategy<String> {
    select(VALUE_TESTS).prop_map(str::to_owned).boxed()
}
