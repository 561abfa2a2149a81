//! Fills a workspace with a shop's events through the engine, as a server does with what clients send.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use anyhow::{Context, Result};
use segops_collect::{Accepted, FORMAT_SEGMENT_V1, decode};
use segops_engine::{Busy, Effort, Engine, Work};
use segops_model::{Channel, Envelope, Instant, Limits, SourceId};
use serde::Serialize;

use crate::shop::{DAYS, Deed, Shop};
use crate::stopwatch::Stopwatch;
use crate::wire;
use crate::workspace::{SetClock, WRITE_KEY, open};

/// Events that are handed in together.
const BATCH: usize = 2_000;
/// How long to wait where the engine has no room.
const PATIENCE: Duration = Duration::from_millis(2);

/// What was loaded, and how long that took: all stages together, then what was left to compact.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Loaded {
    pub(crate) events: u64,
    pub(crate) customers: u64,
    pub(crate) orders: u64,
    /// Of all orders, in cents: what the history is held against.
    pub(crate) order_cents: u64,
    pub(crate) views: u64,
    pub(crate) load_seconds: f64,
    pub(crate) compact_seconds: f64,
    pub(crate) files: u64,
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
}

/// Hands decoded events in, and waits where there is no room.
pub(crate) struct Sender<'a> {
    engine: &'a Engine,
    source: SourceId,
    batch: Vec<Accepted>,
    limits: Limits,
}

impl<'a> Sender<'a> {
    pub(crate) fn new(engine: &'a Engine) -> Result<Self> {
        let source = engine.source_of_key(WRITE_KEY).context("the workspace is of another program")?;
        Ok(Self { engine, source, batch: Vec::with_capacity(BATCH), limits: Limits::default() })
    }

    pub(crate) fn send(&mut self, json: String, received_at: Instant) -> Result<()> {
        let envelope = Envelope {
            source: self.source,
            channel: Channel::Api,
            received_at,
            sent_at: None,
            client_ip: None,
            fallback_message_id: "".into(),
        };
        let event = decode(FORMAT_SEGMENT_V1, json.as_bytes(), &envelope, &self.limits);
        let event = event.map_err(|reason| anyhow::anyhow!("{json}: {reason:?}"))?;
        self.batch.push(Accepted { envelope, raw: json.into_bytes().into(), event });
        if self.batch.len() >= BATCH { self.hand_in() } else { Ok(()) }
    }

    fn hand_in(&mut self) -> Result<()> {
        loop {
            match self.engine.room() {
                Ok(()) => break,
                Err(Busy::QueueFull) => std::thread::sleep(PATIENCE),
                Err(busy) => return Err(busy.into()),
            }
        }
        let items = std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH));
        Ok(self.engine.submit(items, Box::new(|_| {}))?)
    }

    /// Hands in the rest, and waits until all is applied.
    pub(crate) fn finish(mut self) -> Result<()> {
        let (sender, done) = channel();
        let items = std::mem::take(&mut self.batch);
        let answer = Box::new(move |result| {
            // Whoever waits is there.
            let _sent = sender.send(result);
        });
        self.engine.submit(items, answer)?;
        self.engine.wait_applied(done.recv()??);
        Ok(())
    }
}

/// Makes the shop's workspace in a folder.
pub(crate) fn load(data: &Path, seed: u64, customers: u64, events: u64, end: Instant) -> Result<Loaded> {
    let clock = SetClock::at(end.plus_ms(-DAYS * segops_model::DAY_MS));
    let engine = open(data, Arc::clone(&clock))?;
    let mut loaded = Loaded { customers, ..Loaded::default() };
    let watch = Stopwatch::start();
    let mut sender = Sender::new(&engine)?;
    for happening in Shop::new(seed, customers, events, end) {
        loaded.events += 1;
        match &happening.deed {
            Deed::Ordered { cents, .. } => {
                loaded.orders += 1;
                loaded.order_cents += cents;
            }
            Deed::Viewed(_) => loaded.views += 1,
            _ => {}
        }
        clock.set(happening.ts);
        sender.send(wire::json(&happening), happening.ts)?;
        if loaded.events.is_multiple_of(1_000_000) {
            eprintln!("{} million events after {:.0} s", loaded.events / 1_000_000, watch.ms() / 1e3);
        }
    }
    clock.set(end);
    sender.finish()?;
    engine.flush_history()?;
    loaded.load_seconds = watch.ms() / 1e3;
    let watch = Stopwatch::start();
    engine.compact_parts(Effort::Full, &Work::new())?;
    loaded.compact_seconds = watch.ms() / 1e3;
    let summary = engine.parts_summary();
    (loaded.files, loaded.rows, loaded.bytes) = (summary.files, summary.rows, summary.bytes);
    engine.tick()?;
    engine.close();
    Ok(loaded)
}
