//! Places among a rule's base by a number.

use proptest::prelude::*;
use proptest::sample::select;

const RANKINGS: &[&str] = &[
    "{end} by count of any event {window}",
    r#"{end} by count of "Product Viewed" {window}"#,
    "{end} by orders {window}",
    "{end} by sum of total over any event {window}",
    "{end} by average of total over any event {window}",
    "{end} by distinct of category over any event {window}",
    r#"{end} by net spend where currency is "EUR" {window}"#,
    "{end} by net spend {window}",
    "{end} by trait age",
];
const ENDS: &[&str] = &["top 10%", "top 34%", "top 50%", "bottom 20%", "bottom 60.5%", "top 75%"];
const WINDOWS: &[&str] =
    &["", "in last 36 hours", "in last 30 days", "this month", "between 1 and 30 days ago"];

pub(super) fn rankings() -> BoxedStrategy<String> {
    (select(RANKINGS), select(ENDS), select(WINDOWS))
        .prop_map(|(text, end, window)| text.replace("{end}", end).replace("{window}", window))
        .boxed()
}
