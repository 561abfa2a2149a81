//! How long a preview of a rule of each family takes, on a simulated shop.

use std::path::Path;

use anyhow::Result;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::state::{FAMILIES, serve_shop, shop_of};
use crate::stopwatch::Stopwatch;

/// Previews of each rule, of which the median is told.
const RUNS: usize = 5;

#[derive(Debug, Deserialize)]
struct Preview {
    counts: Counts,
}

#[derive(Debug, Deserialize)]
struct Counts {
    total: u64,
}

/// One family's line.
#[derive(Debug, Serialize)]
pub(crate) struct Line {
    family: &'static str,
    rule: &'static str,
    profiles: u64,
    first_ms: f64,
    median_ms: f64,
}

/// Simulates a shop in a folder, serves it, and asks each rule a few times, one after the other.
pub(crate) fn measure(
    binary: &Path,
    folder: &Path,
    customers: u64,
    days: u64,
) -> Result<(String, Vec<Line>)> {
    let server = serve_shop(binary, folder, customers, days)?;
    let mut lines = Vec::with_capacity(FAMILIES.len());
    for (family, rule) in FAMILIES {
        let body = json!({ "rule": format!("everyone where {rule}"), "sample": 0 });
        let (mut took_ms, mut profiles) = (Vec::with_capacity(RUNS), 0);
        for _ in 0..RUNS {
            let watch = Stopwatch::start();
            let preview: Preview = server.post("/api/v1/segments/preview", &body)?;
            took_ms.push(watch.elapsed().as_secs_f64() * 1_000.0);
            profiles = preview.counts.total;
        }
        let first_ms = took_ms.first().copied().unwrap_or_default();
        took_ms.sort_by(f64::total_cmp);
        let median_ms = took_ms.get(RUNS / 2).copied().unwrap_or_default();
        lines.push(Line { family, rule, profiles, first_ms, median_ms });
    }
    Ok((shop_of(&server, customers, days)?, lines))
}

pub(crate) fn table(shop: &str, lines: &[Line]) -> String {
    let mut text = format!("{shop}\n\n| family | profiles | first | median of {RUNS} |\n");
    text.push_str("| --- | ---: | ---: | ---: |\n");
    for line in lines {
        text.push_str(&format!(
            "| {} | {} | {:.0} ms | {:.0} ms |\n",
            line.family, line.profiles, line.first_ms, line.median_ms
        ));
    }
    text
}
