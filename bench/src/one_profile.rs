//! What an event costs where one profile has a very long history, against events of many profiles.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use serde::Serialize;

use crate::load::{self, Load, LoadOptions};
use crate::segments::{self, Kinds};
use crate::segops::Server;

#[derive(Debug, Serialize)]
pub(crate) struct Comparison {
    segments: usize,
    /// Events of the one profile before its own were measured.
    history_events: u64,
    many_profiles_ns_per_event: u64,
    one_profile_ns_per_event: u64,
    /// How many times as much an event of the one profile costs.
    ratio: f64,
}

/// Measures evaluated events of many profiles, then those of one profile with so many events already; each on a
/// server of its own with the same segments.
pub(crate) fn measure(
    binary: &Path,
    folder: &Path,
    (segments, kinds): (usize, Kinds),
    history_events: u64,
    options: impl Fn(&Server, u64) -> Result<LoadOptions>,
    customers: u64,
) -> Result<Comparison> {
    let many = {
        let server = Server::start(binary, &folder.join("many"))?;
        segments::create(&server, segments, kinds)?;
        run(&server, &options(&server, customers)?)?
    };
    let server = Server::start(binary, &folder.join("one"))?;
    segments::create(&server, segments, kinds)?;
    let mut sent = 0;
    while sent < history_events {
        let load = load::run(&LoadOptions { warm_up: Duration::ZERO, ..options(&server, 1)? })?;
        ensure!(load.accepted_in_all > 0, "nothing was accepted");
        server.wait_until_evaluated(&load)?;
        sent += load.accepted_in_all;
    }
    let one = run(&server, &options(&server, 1)?)?;
    #[expect(clippy::cast_precision_loss, reason = "a ratio for the eye")]
    let ratio = one as f64 / many.max(1) as f64;
    Ok(Comparison {
        segments,
        history_events: sent,
        many_profiles_ns_per_event: many,
        one_profile_ns_per_event: one,
        ratio,
    })
}

/// Nanoseconds of processor time that the thread that applies events takes for one.
fn run(server: &Server, options: &LoadOptions) -> Result<u64> {
    server.wait_until_applied()?;
    let before = server.fold_time()?;
    let load: Load = load::run(options)?;
    server.wait_until_evaluated(&load)?;
    let nanoseconds = server.fold_time()?.saturating_sub(before).as_nanos();
    Ok(u64::try_from(nanoseconds).unwrap_or(u64::MAX) / load.accepted_in_all.max(1))
}

pub(crate) fn table(comparison: &Comparison) -> String {
    format!(
        "{} segments, processor time of the thread that applies events\nmany profiles: {} ns an event\none profile with {} events before: {} ns an event\nratio: {:.2}\n",
        comparison.segments,
        comparison.many_profiles_ns_per_event,
        comparison.history_events,
        comparison.one_profile_ns_per_event,
        comparison.ratio
    )
}
