use std::fmt::Write as _;
use std::time::Duration;

use serde::Serialize;

use crate::load::Load;

/// The numbers of one server.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Outcome {
    pub(crate) what: String,
    pub(crate) segments: usize,
    pub(crate) events: u64,
    pub(crate) accepted_per_second: f64,
    /// Accepted, durable, applied and evaluated against every segment, the backlog at the end included.
    pub(crate) evaluated_per_second: f64,
    pub(crate) ack_p50_ms: f64,
    pub(crate) ack_p99_ms: f64,
    pub(crate) ack_max_ms: f64,
    /// Requests answered "busy", and sent again.
    pub(crate) refused_requests: u64,
}

impl Outcome {
    /// `evaluated_after` is how long after the warm-up the last event was evaluated.
    pub(crate) fn new(what: &str, segments: usize, load: &Load, evaluated_after: Duration) -> Self {
        Self {
            what: what.to_owned(),
            segments,
            events: load.accepted,
            accepted_per_second: per_second(load.accepted, load.sent_for),
            evaluated_per_second: per_second(load.accepted, evaluated_after),
            ack_p50_ms: percentile_ms(&load.latencies, 50.0),
            ack_p99_ms: percentile_ms(&load.latencies, 99.0),
            ack_max_ms: percentile_ms(&load.latencies, 100.0),
            refused_requests: load.refused,
        }
    }
}

fn per_second(events: u64, duration: Duration) -> f64 {
    if duration.is_zero() { 0.0 } else { events as f64 / duration.as_secs_f64() }
}

/// The smallest latency that this share of all latencies does not exceed. `sorted` ascends.
pub(crate) fn percentile_ms(sorted: &[Duration], percent: f64) -> f64 {
    let rank = (sorted.len() as f64 * percent / 100.0).ceil() as usize;
    let index = rank.clamp(1, sorted.len().max(1)) - 1;
    sorted.get(index).map_or(0.0, |latency| latency.as_secs_f64() * 1000.0)
}

/// The outcomes as a table, and how they compare when both were measured.
pub(crate) fn table(outcomes: &[Outcome], conditions: &str) -> String {
    let mut text = format!("{conditions}\n\n");
    let _ = writeln!(
        text,
        "{:<10} {:>8} {:>12} {:>14} {:>14} {:>10} {:>10} {:>10} {:>8}",
        "", "segments", "events", "accepted/s", "evaluated/s", "ack p50", "ack p99", "ack max", "refused"
    );
    for outcome in outcomes {
        let _ = writeln!(
            text,
            "{:<10} {:>8} {:>12} {:>14.0} {:>14.0} {:>7.2} ms {:>7.2} ms {:>7.2} ms {:>8}",
            outcome.what,
            outcome.segments,
            outcome.events,
            outcome.accepted_per_second,
            outcome.evaluated_per_second,
            outcome.ack_p50_ms,
            outcome.ack_p99_ms,
            outcome.ack_max_ms,
            outcome.refused_requests
        );
    }
    if let [bare, segops] = outcomes
        && segops.evaluated_per_second > 0.0
    {
        let _ = writeln!(
            text,
            "\nthe bare loop does {:.1} times as many events a second as segops evaluates",
            bare.evaluated_per_second / segops.evaluated_per_second
        );
    }
    text
}
