use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::json;

use crate::segops::Server;
use crate::stopwatch::Stopwatch;
use crate::traffic::CATEGORIES;

const PRIMING_MAX: Duration = Duration::from_secs(120);

#[derive(Debug, Deserialize)]
struct Segment {
    id: String,
    status: String,
}

#[derive(Debug, Deserialize)]
struct Saved {
    segment: Segment,
}

/// Which rules are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kinds {
    /// The six kinds that a shop uses most, all of them counts and traits.
    Usual,
    /// Every family.
    Mixed,
}

/// Creates one live segment, waits until it is, and returns its id.
pub(crate) fn create_one(server: &Server, name: &str, rule: &str) -> Result<String> {
    let body = json!({ "name": name, "rule": rule });
    let saved: Saved =
        server.post("/api/v1/segments", &body).with_context(|| format!("cannot create `{rule}`"))?;
    wait_until_live(server, &saved.segment.id, &Stopwatch::start())?;
    Ok(saved.segment.id)
}

/// Creates live segments and waits until each is.
pub(crate) fn create(server: &Server, count: usize, kinds: Kinds) -> Result<()> {
    let mut ids = Vec::with_capacity(count);
    for index in 0..count {
        let rule = match kinds {
            Kinds::Usual => rule(index),
            Kinds::Mixed => mixed_rule(index),
        };
        let body = json!({ "name": format!("bench {index}"), "rule": rule });
        let saved: Saved =
            server.post("/api/v1/segments", &body).with_context(|| format!("cannot create `{rule}`"))?;
        ids.push(saved.segment.id);
    }
    let watch = Stopwatch::start();
    for id in ids {
        wait_until_live(server, &id, &watch)?;
    }
    Ok(())
}

fn wait_until_live(server: &Server, id: &str, watch: &Stopwatch) -> Result<()> {
    loop {
        let segment: Segment = server.get(&format!("/api/v1/segments/{id}"))?;
        if segment.status == "live" {
            return Ok(());
        }
        if watch.elapsed() > PRIMING_MAX {
            bail!("segment {id} is {} after {} s", segment.status, PRIMING_MAX.as_secs());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Rules of the kinds that a shop uses, all different: looking, adding to the cart and not buying, buying
/// often, buying big, not seen for a while, and traits.
pub(crate) fn rule(index: usize) -> String {
    let category = CATEGORIES[index % CATEGORIES.len()];
    let days = 1 + index;
    let times = 2 + index / 10 % 5;
    let condition = match index % 6 {
        0 => format!(
            r#"did "Product Viewed" where category is "{category}" at least {times} times in last {days} days"#
        ),
        1 => format!(
            r#"did "Product Added" where price >= {} in last {days} days and did not "Order Completed" in last {days} days"#,
            5 + index % 50
        ),
        2 => format!(r#"did "Order Completed" at least {times} times in last {} days"#, days + 30),
        3 => format!(
            r#"did "Order Completed" where products[] (category is "{category}" and price >= {}) in last {days} days"#,
            10 + index % 40
        ),
        4 => format!(r#"did any event in last {} days and did not any event in last {days} hours"#, days + 5),
        _ => format!(
            r#"country is "{}" and did "Product Viewed" where category is "{category}" at least {times} times in last {days} days"#,
            ["DE", "FR", "US", "GB"][index / 6 % 4]
        ),
    };
    format!("everyone where {condition}")
}

/// Rules of every family, all different: three in eight are counts and traits.
pub(crate) fn mixed_rule(index: usize) -> String {
    let category = CATEGORIES[index % CATEGORIES.len()];
    let days = 1 + index / 16;
    let condition = match index % 16 {
        0..=5 => return rule(index / 16 * 6 + index % 16),
        6 => format!(
            r#"first "Order Completed" has total >= {} and did "Product Viewed" in last {days} days"#,
            index % 90
        ),
        7 => format!(r#"did "Order Completed" within {days} days of first "Product Viewed""#),
        8 => format!(
            r#"did "Product Viewed" where category is "{category}" in at least 2 of the last {} weeks"#,
            3 + index / 16
        ),
        9 => format!(r#"did "Product Added" then not "Order Completed" within {days} hours"#),
        10 => format!(
            r#"did "Product Viewed" where category is "{category}" then "Product Added" within {days} hours"#
        ),
        11 => format!(r#""Order Completed" overdue by 1.{index:03} times the usual gap"#),
        12 => format!("spent >= {} in last {days} days", 20 + index),
        13 => format!(
            r#"sum of price over "Product Added" where category is "{category}" in last {days} days >= 100"#
        ),
        14 => {
            format!(r#"average of price over "Product Viewed" in last {days} days < {}.5"#, 20 + index % 60)
        }
        _ => format!(r#"distinct of category over "Product Viewed" in last {days} days >= 3"#),
    };
    format!("everyone where {condition}")
}
