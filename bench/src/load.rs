//! The load: connections that each send a request, wait for the answer, and send the next. So a slow answer
//! slows the load down, and latencies are those of a server that is as busy as these connections can make it.

use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::connection::Connection;
use crate::stopwatch::{self, Stopwatch};
use crate::traffic::{Body, Traffic};

/// Different bodies that a connection sends in turn.
const BODIES: usize = 32;

/// The longest that a refused request waits before it is sent again.
const WAIT_MAX: Duration = Duration::from_secs(2);

#[derive(Debug, Clone)]
pub(crate) struct LoadOptions {
    /// Host and port.
    pub(crate) address: String,
    pub(crate) write_key: String,
    pub(crate) connections: usize,
    pub(crate) batch: usize,
    pub(crate) customers: u64,
    pub(crate) warm_up: Duration,
    pub(crate) duration: Duration,
}

/// What the clients saw.
#[derive(Debug)]
pub(crate) struct Load {
    /// Events acknowledged, the warm-up's among them.
    pub(crate) accepted_in_all: u64,
    /// Events acknowledged after the warm-up.
    pub(crate) accepted: u64,
    /// From the end of the warm-up to the last acknowledgement.
    pub(crate) sent_for: Duration,
    /// Requests that were answered 429 or 503, and sent again.
    pub(crate) refused: u64,
    /// From sending to acknowledgement, after the warm-up, sorted.
    pub(crate) latencies: Vec<Duration>,
    /// Started with the first request.
    pub(crate) watch: Stopwatch,
    pub(crate) warm_up: Duration,
}

#[derive(Debug, Default)]
struct Tally {
    accepted_in_all: u64,
    accepted: u64,
    refused: u64,
    latencies: Vec<Duration>,
}

pub(crate) fn run(options: &LoadOptions) -> Result<Load> {
    let run = stopwatch::now().as_millisecond();
    let mut senders = Vec::new();
    for index in 0..options.connections {
        senders.push(Sender::new(options, run, index));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start the load's threads")?;
    runtime.block_on(send_all(options, senders))
}

/// Sends so many events for each customer, spread evenly over so many days before now, the oldest first: without it
/// every event that is measured is someone's first, and moves them into half of all segments. How many were sent.
pub(crate) fn send_history(options: &LoadOptions, events_per_customer: u64, days: u64) -> Result<u64> {
    let events = options.customers * events_per_customer;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the load's thread")?;
    runtime.block_on(async {
        let mut connection = Connection::open(&options.address).await?;
        let head = request_head(options);
        let now = stopwatch::now();
        let prefix = format!("history-{}", now.as_millisecond());
        let mut traffic = Traffic::new(0, options.customers, prefix);
        let mut sent = 0;
        while sent < events {
            let batch = (events - sent).min(options.batch as u64);
            let share_left = 1.0 - sent as f64 / events as f64;
            let back = Duration::from_secs(days * 86_400).mul_f64(share_left);
            let mut body = traffic.body_of(batch as usize, now - back);
            body.number_from(sent);
            let mut tally = Tally::default();
            send_one(&mut connection, &head, &body, &mut tally).await?;
            sent += batch;
        }
        Ok(sent)
    })
}

async fn send_all(options: &LoadOptions, senders: Vec<Sender>) -> Result<Load> {
    let mut connections = Vec::new();
    for _ in &senders {
        connections.push(Connection::open(&options.address).await?);
    }
    let watch = Stopwatch::start();
    let tasks: Vec<_> = senders
        .into_iter()
        .zip(connections)
        .map(|(sender, connection)| tokio::spawn(sender.run(connection, watch)))
        .collect();
    let mut tally = Tally::default();
    for task in tasks {
        let part = task.await.context("a connection's task failed")??;
        tally.accepted_in_all += part.accepted_in_all;
        tally.accepted += part.accepted;
        tally.refused += part.refused;
        tally.latencies.extend(part.latencies);
    }
    tally.latencies.sort_unstable();
    Ok(Load {
        accepted_in_all: tally.accepted_in_all,
        accepted: tally.accepted,
        sent_for: watch.elapsed().saturating_sub(options.warm_up),
        refused: tally.refused,
        latencies: tally.latencies,
        watch,
        warm_up: options.warm_up,
    })
}

/// One connection's traffic.
#[derive(Debug)]
struct Sender {
    head: Vec<u8>,
    bodies: Vec<Body>,
    batch: u64,
    warm_up: Duration,
    end: Duration,
}

impl Sender {
    fn new(options: &LoadOptions, run: i64, index: usize) -> Self {
        let prefix = format!("bench-{run}-{index}");
        let mut traffic = Traffic::new(index as u64 + 1, options.customers, prefix);
        let bodies: Vec<Body> = (0..BODIES).map(|_| traffic.body(options.batch)).collect();
        Self {
            head: request_head(options),
            bodies,
            batch: options.batch as u64,
            warm_up: options.warm_up,
            end: options.warm_up + options.duration,
        }
    }

    async fn run(mut self, mut connection: Connection, watch: Stopwatch) -> Result<Tally> {
        let mut tally = Tally::default();
        let mut number = 0;
        let mut next_body = 0;
        while watch.elapsed() < self.end {
            let body = &mut self.bodies[next_body];
            next_body = (next_body + 1) % BODIES;
            body.number_from(number);
            number += self.batch;
            let sent = Stopwatch::start();
            send_one(&mut connection, &self.head, body, &mut tally).await?;
            tally.accepted_in_all += self.batch;
            if watch.elapsed() > self.warm_up {
                tally.accepted += self.batch;
                tally.latencies.push(sent.elapsed());
            }
        }
        Ok(tally)
    }
}

/// Sends a body until it is accepted.
async fn send_one(connection: &mut Connection, head: &[u8], body: &Body, tally: &mut Tally) -> Result<()> {
    let length = format!("Content-Length: {}\r\n\r\n", body.bytes.len());
    let head = [head, length.as_bytes()].concat();
    loop {
        let answer = connection.send(&head, &body.bytes).await?;
        match answer.status {
            200 => return Ok(()),
            429 | 503 => {
                tally.refused += 1;
                let wait = answer.retry_after.map_or(WAIT_MAX, Duration::from_secs).min(WAIT_MAX);
                tokio::time::sleep(wait).await;
            }
            status => bail!("the server answered {status}: {}", String::from_utf8_lossy(&answer.body)),
        }
    }
}

/// The request's head without its length. The key goes into the query, where it needs no encoding: write keys
/// are letters and digits.
fn request_head(options: &LoadOptions) -> Vec<u8> {
    format!(
        "POST /v1/batch?writeKey={} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n",
        options.write_key, options.address
    )
    .into_bytes()
}
