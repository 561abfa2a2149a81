//! Measures parts on events as `segops simulate` makes them:
//!
//! ```text
//! segops simulate --customers 20000 --days 365 --out events.ndjson
//! cargo run --release -p segops-parts --example measure -- events.ndjson FOLDER 10000000
//! ```
//!
//! Events are taken again and again, each time of other people, until there are as many rows as asked for. The
//! script `tests/parts/sizes.py` has DuckDB write the same columns.

#![expect(clippy::disallowed_methods, reason = "it measures real time")]

use std::collections::HashMap;
use std::io::BufRead as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant as Stopwatch;

use roaring::RoaringTreemap;
use segops_model::{
    Columns as _, Event, EventKind, Identifier, Instant, Object, Position, ProfileId, SourceId, SystemClock,
    Value,
};
use segops_parts::{Effort, Objects, PartRow, Parts, PartsOptions, RowFilter, SignalRequest, Tail};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Rows of one flush.
const FLUSHED_ROWS: usize = 250_000;
/// Between the ids of one round's people and those of the next.
const ROUND: u64 = 1 << 32;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [events, folder, rows] = arguments.as_slice() else {
        return Err("name a file of events, a folder and a number of rows: measure EVENTS FOLDER ROWS".into());
    };
    let rows_max: usize = rows.parse()?;
    let base = read(Path::new(events), rows_max)?;
    println!("{} events read", base.len());
    let parts =
        Parts::open(Objects::in_folder(Path::new(folder))?, Arc::new(SystemClock), PartsOptions::default())?;
    if parts.held_until() == Position(0) {
        write(&parts, &base, rows_max)?;
    }
    sizes(&parts);
    scans(&parts)?;
    timelines(&parts)?;
    Ok(())
}

fn read(file: &Path, rows_max: usize) -> Outcome<Vec<PartRow>> {
    let mut people: HashMap<String, u64> = HashMap::new();
    let mut rows = Vec::new();
    for line in std::io::BufReader::new(std::fs::File::open(file)?).lines().take(rows_max) {
        let position = rows.len() as u64;
        let Some(event) = event_of(&line?) else { continue };
        let Some(anchor) = event.identifiers.first().cloned() else { continue };
        let profile = *people.entry(anchor.to_string()).or_insert(position);
        rows.push(PartRow { position: Position(position), profile: ProfileId(profile), anchor, event });
    }
    Ok(rows)
}

/// An event of the tracking API's JSON, with no more checking than a file of our own needs.
fn event_of(json: &str) -> Option<Event> {
    let call: Object = serde_json::from_str(json).ok()?;
    let text = |name: &str| call.get(name).and_then(Value::as_text);
    let object = |name: &str| call.get(name).and_then(Value::as_object).cloned().unwrap_or_default();
    let kind = match text("type")? {
        "track" => EventKind::Track,
        "page" => EventKind::Page,
        "identify" => EventKind::Identify,
        _ => return None,
    };
    let name = match kind {
        EventKind::Page => "Page Viewed",
        _ => text("event").unwrap_or_default(),
    };
    let ts: Instant = text("timestamp")?.parse().ok()?;
    let identifiers = [("user_id", "userId"), ("anonymous_id", "anonymousId")];
    let identifiers = identifiers.iter().filter_map(|(kind, name)| Some(Identifier::new(kind, text(name)?)));
    Some(Event {
        message_id: text("messageId")?.into(),
        source: SourceId(1),
        kind,
        name: name.into(),
        ts,
        received_at: ts.plus_ms(250),
        clamped: false,
        identifiers: identifiers.collect(),
        properties: object("properties"),
        traits: object("traits"),
        group_traits: Object::new(),
        context: object("context"),
    })
}

/// The same events of other people.
fn again(row: &PartRow, round: u64, position: Position) -> PartRow {
    let mut row = row.clone();
    row.position = position;
    row.profile = ProfileId(row.profile.0 + round * ROUND);
    row.event.message_id = format!("{round:x}{}", row.event.message_id).into();
    for identifier in row.event.identifiers.iter_mut().chain([&mut row.anchor]) {
        identifier.value = format!("{round:x}{}", identifier.value).into();
    }
    row
}

/// Wall time, and the time that this thread was at work: they differ where a machine has more to do.
#[derive(Debug, Default, Clone, Copy)]
struct Time {
    wall_s: f64,
    busy_s: f64,
}

impl Time {
    fn of<T>(work: impl FnOnce() -> T) -> (T, Self) {
        let (started, busy) = (Stopwatch::now(), busy_s());
        let done = work();
        let wall_s = started.elapsed().as_secs_f64();
        (done, Self { wall_s, busy_s: busy_s().zip(busy).map_or(wall_s, |(end, start)| end - start) })
    }

    fn add(&mut self, other: Self) {
        self.wall_s += other.wall_s;
        self.busy_s += other.busy_s;
    }
}

/// Linux alone counts it where it can be read.
fn busy_s() -> Option<f64> {
    let counted = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(counted.split(' ').next()?.parse::<f64>().ok()? / 1e9)
}

fn write(parts: &Parts, base: &[PartRow], rows_max: usize) -> Outcome<()> {
    let (mut flushing, mut compacting, mut compacted_rows) = (Time::default(), Time::default(), 0);
    let mut written = 0;
    while written < rows_max {
        let rows: Vec<PartRow> = (written..rows_max.min(written + FLUSHED_ROWS))
            .filter_map(|at| {
                let row = base.get(at % base.len().max(1))?;
                Some(again(row, (at / base.len().max(1)) as u64, Position(at as u64)))
            })
            .collect();
        written += rows.len();
        let tail = Tail::of(rows, Vec::new(), Position(written as u64));
        let (flushed, time) = Time::of(|| parts.flush(&tail));
        flushed?;
        flushing.add(time);
        compacted_rows += compact(parts, Effort::Due, &mut compacting)?;
    }
    compacted_rows += compact(parts, Effort::Full, &mut compacting)?;
    let rate = |rows: u64, time: Time| {
        format!(
            "{:.0} rows/s of one thread at work ({:.0} by the clock)",
            rows as f64 / time.busy_s,
            rows as f64 / time.wall_s
        )
    };
    println!("flush: {}", rate(written as u64, flushing));
    let times = compacted_rows as f64 / written as f64;
    println!("compaction: {}, each row {times:.1} times", rate(compacted_rows, compacting));
    flushing.add(compacting);
    println!("together: {}", rate(written as u64, flushing));
    Ok(())
}

fn compact(parts: &Parts, effort: Effort, compacting: &mut Time) -> Outcome<u64> {
    let mut rows = 0;
    loop {
        let (compacted, time) = Time::of(|| parts.compact(effort));
        compacting.add(time);
        match compacted? {
            Some(compacted) => rows += compacted.rows_after,
            None => return Ok(rows),
        }
    }
}

fn sizes(parts: &Parts) {
    let snapshot = parts.snapshot();
    let manifest = snapshot.manifest();
    let rows = manifest.rows() as f64;
    let bytes: u64 = manifest.parts.iter().map(|part| part.bytes).sum();
    let sidecars: u64 = manifest.parts.iter().map(|part| part.sidecar.bytes).sum();
    println!(
        "{} rows in {} parts: {:.1} bytes a row, sidecars {:.2}",
        manifest.rows(),
        manifest.parts.len(),
        bytes as f64 / rows,
        sidecars as f64 / rows
    );
}

fn scans(parts: &Parts) -> Outcome<()> {
    let questions = [
        ("Product Viewed", vec![]),
        ("Product Viewed", vec!["price"]),
        ("Product Viewed", vec!["category"]),
        ("Email Opened", vec![]),
        ("Order Completed", vec!["total"]),
        ("Order Completed", vec!["products[].price"]),
    ];
    for (event, paths) in questions {
        let request = SignalRequest {
            event: event.to_owned(),
            paths: paths.iter().map(|path| path.parse()).collect::<Result<_, _>>()?,
            filter: RowFilter::default(),
            positions: true,
            earlier_rows: false,
        };
        let mut best: Option<(f64, u64, u64, bool)> = None;
        for _ in 0..3 {
            let snapshot = parts.snapshot();
            let busy = busy_s();
            let started = Stopwatch::now();
            let (mut rows, mut profiles, mut typed) = (0, RoaringTreemap::new(), true);
            for mut stream in snapshot.streams(&request)? {
                while let Some(batch) = stream.next_batch()? {
                    rows += batch.len() as u64;
                    profiles.extend(batch.profiles());
                    typed &= batch.paths().iter().all(|path| batch.is_typed(path));
                }
            }
            let profiles = profiles.len();
            let wall_s = started.elapsed().as_secs_f64();
            let ms = busy_s().zip(busy).map_or(wall_s, |(end, start)| end - start) * 1e3;
            if best.is_none_or(|(best, ..)| ms < best) {
                best = Some((ms, rows, profiles, typed));
            }
        }
        let Some((ms, rows, profiles, typed)) = best else { continue };
        println!(
            "scan {event} {paths:?}: {rows} rows of {profiles} profiles in {ms:.0} ms, {:.0} ns a row{}",
            ms * 1e6 / rows.max(1) as f64,
            if typed { "" } else { ", from JSON" }
        );
    }
    Ok(())
}

fn timelines(parts: &Parts) -> Outcome<()> {
    let snapshot = parts.snapshot();
    let request = SignalRequest {
        event: "Product Viewed".to_owned(),
        paths: Vec::new(),
        filter: RowFilter::default(),
        positions: true,
        earlier_rows: false,
    };
    let mut profiles = Vec::new();
    for mut stream in snapshot.streams(&request)? {
        while let Some(batch) = stream.next_batch()? {
            profiles.extend(batch.profiles().iter().step_by(4_001).map(|profile| ProfileId(*profile)));
        }
    }
    let mut times = Vec::new();
    let mut rows = 0;
    for profile in profiles.iter().step_by((profiles.len() / 200).max(1)) {
        let (newest, time) = Time::of(|| snapshot.timeline(*profile, 100));
        rows += newest?.len();
        times.push(time.busy_s * 1e3);
    }
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times.get((times.len() as f64 * share) as usize).copied().unwrap_or_default();
    println!(
        "newest 100 of a profile, {} asked, {} rows: median {:.1} ms, p99 {:.1} ms",
        times.len(),
        rows,
        at(0.5),
        at(0.99)
    );
    Ok(())
}
