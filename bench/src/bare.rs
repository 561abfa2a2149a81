//! The bare loop: what any server that keeps its word has to do for an event, and nothing else. HTTP, JSON,
//! append, one fsync for all who wait, a duplicate check and one lookup.
//!
//! It reads each event's ids and checks the rest of the JSON without building it, and it writes a request's
//! body as it came. It is a floor to compare with, not a server to use.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;

use anyhow::{Context, Result, bail};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

const BODY_BYTES_MAX: usize = 5 * 1024 * 1024;
const REQUESTS_WAITING_MAX: usize = 1024;
const ACCEPTED: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n{\"success\":true}";

/// The bare loop in a process of its own, as the server that it is compared with.
#[derive(Debug)]
pub(crate) struct BareServer {
    process: Child,
    pub(crate) address: String,
}

impl BareServer {
    pub(crate) fn start(folder: &Path) -> Result<Self> {
        let own = std::env::current_exe().context("cannot find this program")?;
        let mut process = Command::new(own)
            .arg("--bare-server")
            .arg(folder)
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the bare loop")?;
        let output = process.stdout.take().context("the bare loop has no output")?;
        let mut address = String::new();
        BufReader::new(output).read_line(&mut address).context("cannot read the bare loop's address")?;
        Ok(Self { process, address: address.trim().to_owned() })
    }
}

impl Drop for BareServer {
    fn drop(&mut self) {
        // The process may have ended by itself; then there is nothing to stop.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Serves until the process is stopped. Prints its address first.
pub(crate) fn serve(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let journal = File::create(folder.join("journal")).context("cannot make the journal")?;
    let (sender, receiver) = mpsc::sync_channel(REQUESTS_WAITING_MAX);
    std::thread::spawn(move || commit(journal, &receiver));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the server's threads")?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("cannot listen")?;
        println!("{}", listener.local_addr().context("no address")?);
        loop {
            let (stream, _) = listener.accept().await.context("cannot accept")?;
            let sender = sender.clone();
            tokio::spawn(async move {
                if let Err(error) = converse(stream, &sender).await {
                    eprintln!("bare loop: {error:#}");
                }
            });
        }
    })
}

/// A request on its way to the disk.
struct Waiting {
    body: Vec<u8>,
    /// (message id, customer), hashed, for each event.
    events: Vec<(u128, u64)>,
    done: oneshot::Sender<u64>,
}

#[derive(Deserialize)]
struct Batch<'body> {
    #[serde(borrow)]
    batch: Vec<Item<'body>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item<'body> {
    #[serde(borrow)]
    message_id: Cow<'body, str>,
    #[serde(borrow, default)]
    user_id: Option<Cow<'body, str>>,
    #[serde(borrow, default, rename = "properties")]
    _properties: Option<&'body RawValue>,
}

async fn converse(mut stream: TcpStream, sender: &mpsc::SyncSender<Waiting>) -> Result<()> {
    stream.set_nodelay(true).context("cannot turn off Nagle's algorithm")?;
    let mut received = Vec::with_capacity(64 * 1024);
    loop {
        let Some((start, length)) = read_request(&mut stream, &mut received).await? else { return Ok(()) };
        let body = received[start..start + length].to_vec();
        received.drain(..start + length);
        let parsed: Batch<'_> = serde_json::from_slice(&body).context("the body is not a batch")?;
        let events = parsed
            .batch
            .iter()
            .map(|item| {
                let customer = item.user_id.as_deref().unwrap_or_default();
                (xxh3_128(item.message_id.as_bytes()), xxh3_64(customer.as_bytes()))
            })
            .collect();
        let (done, answer) = oneshot::channel();
        let mut waiting = Some(Waiting { body, events, done });
        while let Some(request) = waiting.take() {
            match sender.try_send(request) {
                Ok(()) => {}
                Err(mpsc::TrySendError::Full(request)) => {
                    waiting = Some(request);
                    tokio::task::yield_now().await;
                }
                Err(mpsc::TrySendError::Disconnected(_)) => bail!("the journal's thread is gone"),
            }
        }
        answer.await.context("the journal's thread is gone")?;
        stream.write_all(ACCEPTED).await.context("cannot answer")?;
    }
}

/// Reads until a request is there whole; where its body starts, and its length. `None` at the end.
async fn read_request(stream: &mut TcpStream, received: &mut Vec<u8>) -> Result<Option<(usize, usize)>> {
    loop {
        if let Some(head_length) = received.windows(4).position(|window| window == b"\r\n\r\n") {
            let length = content_length(&received[..head_length])?;
            let start = head_length + 4;
            while received.len() < start + length {
                if stream.read_buf(received).await.context("cannot receive")? == 0 {
                    bail!("the client closed the connection in the middle of a request");
                }
            }
            return Ok(Some((start, length)));
        }
        if stream.read_buf(received).await.context("cannot receive")? == 0 {
            return Ok(None);
        }
    }
}

fn content_length(head: &[u8]) -> Result<usize> {
    let head = std::str::from_utf8(head).context("the head is not text")?;
    let length = head
        .split("\r\n")
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse().ok())
        .context("the request has no Content-Length")?;
    if length > BODY_BYTES_MAX {
        bail!("the body is over {BODY_BYTES_MAX} bytes");
    }
    Ok(length)
}

/// Writes what waits, syncs once, checks and counts each event, and answers everyone.
fn commit(mut journal: File, receiver: &mpsc::Receiver<Waiting>) {
    let mut seen: FxHashSet<u128> = FxHashSet::default();
    let mut profiles: FxHashMap<u64, u64> = FxHashMap::default();
    while let Ok(first) = receiver.recv() {
        let mut group = vec![first];
        group.extend(receiver.try_iter());
        let mut bytes = Vec::with_capacity(group.iter().map(|waiting| waiting.body.len() + 4).sum());
        for waiting in &group {
            bytes.extend_from_slice(&(waiting.body.len() as u32).to_le_bytes());
            bytes.extend_from_slice(&waiting.body);
        }
        if let Err(error) = journal.write_all(&bytes).and_then(|()| journal.sync_data()) {
            eprintln!("bare loop: cannot write the journal: {error}");
            return;
        }
        for waiting in group {
            let mut new = 0;
            for (message, customer) in waiting.events {
                if seen.insert(message) {
                    *profiles.entry(customer).or_default() += 1;
                    new += 1;
                }
            }
            // A client that has gone away needs no answer.
            let _gone = waiting.done.send(new);
        }
    }
}
