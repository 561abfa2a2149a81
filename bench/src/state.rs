//! What live state costs: bytes for each profile and family, on a simulated shop.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::segments;
use crate::segops::Server;

/// A rule of each family, as the shops that we know write them.
pub(crate) const FAMILIES: &[(&str, &str)] = &[
    ("count, needs 2", r#"did "Order Completed" at least 2 times in last 90 days"#),
    ("count, needs 20", r#"did "Product Viewed" at least 20 times in last 30 days"#),
    ("count of any event, none", "did not any event in last 30 days"),
    ("count between two times ago", r#"did "Product Viewed" between 30 and 60 days ago"#),
    ("count with a filter", r#"did "Order Completed" where total >= 50 in last 90 days"#),
    ("sum", r#"sum of total over "Order Completed" in last 90 days >= 100"#),
    ("average", r#"average of total over "Order Completed" >= 50"#),
    ("distinct values", r#"distinct of product_id over "Product Viewed" in last 30 days >= 5"#),
    ("median", r#"median of price over "Product Viewed" >= 40"#),
    (
        "number of events against another",
        r#"did "Product Viewed" more often than "Product Added" in last 30 days"#,
    ),
    ("first", r#"first "Order Completed" has total >= 50"#),
    ("third", r#"3rd "Order Completed" was in last 90 days"#),
    ("within a time of the first", r#"did "Order Completed" within 30 days of first "Product Viewed""#),
    ("active periods", r#"did "Product Viewed" in at least 3 of the last 6 weeks"#),
    ("distinct days", r#"distinct days with "Product Viewed" in last 30 days >= 5"#),
    ("stopped", r#"stopped "Order Completed" in last 90 days"#),
    (
        "sequence",
        r#"did "Product Viewed" then "Product Added" within 1 day then "Order Completed" within 2 days"#,
    ),
    (
        "sequence, same product",
        r#"did "Product Viewed" then "Product Added" within 1 day with same product_id"#,
    ),
    ("sequence, then not", r#"did "Product Added" then not "Order Completed" within 2 hours"#),
    ("usual gap", r#""Order Completed" overdue by 1.5 times the usual gap"#),
    ("orders as they stand", "spent >= 200 in last 12 months"),
    ("rank", "top 10% by net spend in last 12 months"),
    ("score computed here", "score days_since_last_order >= 30"),
    ("trait history", r#"country has been "DE" for at least 30 days"#),
    ("consent", "reachable by email"),
    ("place", r#"place country is "DE""#),
    ("trait", r#"country is "DE""#),
    ("sample", r#"in 10% sample "bench""#),
];

#[derive(Debug, Deserialize)]
struct Timelines {
    timelines: u64,
    entries: u64,
    longest: u64,
    bytes: u64,
}

#[derive(Debug, Deserialize)]
struct SegmentCost {
    standings: u64,
    standing_bytes: u64,
    timelines: Vec<Timelines>,
    bytes: u64,
}

#[derive(Debug, Deserialize)]
struct Status {
    events: u64,
    profiles: u64,
}

/// One family's line.
#[derive(Debug, Serialize)]
pub(crate) struct Line {
    family: &'static str,
    rule: &'static str,
    timelines: u64,
    entries: u64,
    longest: u64,
    standings: u64,
    timeline_bytes: u64,
    standing_bytes: u64,
    bytes_per_profile: u64,
}

/// Simulates a shop in a folder, serves it, and asks what a segment of each family keeps.
pub(crate) fn measure(
    binary: &Path,
    folder: &Path,
    customers: u64,
    days: u64,
) -> Result<(String, Vec<Line>)> {
    let server = serve_shop(binary, folder, customers, days)?;
    let status: Status = server.get("/api/v1/status")?;
    let mut lines = Vec::with_capacity(FAMILIES.len());
    for (family, rule) in FAMILIES {
        // One at a time, so that no family's timelines are shared with another's. Everyone is counted: the
        // base of customers keeps a timeline of its own.
        let id = segments::create_one(&server, family, &format!("everyone where {rule}"))?;
        let cost: SegmentCost = server.get(&format!("/api/v1/segments/{id}/cost"))?;
        server.delete(&format!("/api/v1/segments/{id}"))?;
        lines.push(Line {
            family,
            rule,
            timelines: cost.timelines.iter().map(|sum| sum.timelines).sum(),
            entries: cost.timelines.iter().map(|sum| sum.entries).sum(),
            longest: cost.timelines.iter().map(|sum| sum.longest).max().unwrap_or_default(),
            standings: cost.standings,
            timeline_bytes: cost.timelines.iter().map(|sum| sum.bytes).sum(),
            standing_bytes: cost.standing_bytes,
            bytes_per_profile: cost.bytes / status.profiles.max(1),
        });
    }
    Ok((shop_of(&server, customers, days)?, lines))
}

/// Simulates a shop in a folder, and serves it.
pub(crate) fn serve_shop(binary: &Path, folder: &Path, customers: u64, days: u64) -> Result<Server> {
    let simulated = Command::new(binary)
        .args(["simulate", "--customers", &customers.to_string(), "--days", &days.to_string(), "--data"])
        .arg(folder)
        .output()
        .with_context(|| format!("cannot start {}", binary.display()))?;
    ensure!(
        simulated.status.success(),
        "the shop could not be simulated: {}",
        String::from_utf8_lossy(&simulated.stderr)
    );
    Server::start(binary, folder)
}

/// How large the shop is.
pub(crate) fn shop_of(server: &Server, customers: u64, days: u64) -> Result<String> {
    let status: Status = server.get("/api/v1/status")?;
    Ok(format!(
        "{} events of {} profiles: {customers} customers over {days} days",
        status.events, status.profiles
    ))
}

pub(crate) fn table(shop: &str, lines: &[Line]) -> String {
    let mut text = format!("{shop}\n\n");
    text.push_str("| family | timelines | entries | longest | standings | bytes | bytes a profile |\n");
    text.push_str("| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n");
    for line in lines {
        text.push_str(&format!(
            "| {} | {} | {} | {} | {} | {} | {} |\n",
            line.family,
            line.timelines,
            line.entries,
            line.longest,
            line.standings,
            line.timeline_bytes + line.standing_bytes,
            line.bytes_per_profile,
        ));
    }
    text
}
