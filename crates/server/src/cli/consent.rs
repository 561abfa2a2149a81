use std::cell::Cell;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use segops_collect::files::read_table;
use segops_engine::view;
use segops_model::{ConsentChannel, ConsentState, Instant, date_of};

use super::client::{Client, Request, typed, with_query};
use super::error::CliError;
use super::output::{Output, Table, counted, number, plain, shortened};
use super::progress::Bar;
use super::target::Target;

/// Record who may be written to, and look it up.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Examples:\n  segops consent import consent.csv --data shop\n  segops segment preview 'reachable by email' --data shop"
)]
pub(crate) enum Consent {
    Set(Set),
    Import(Import),
    Show(Show),
}

/// Record one statement on consent.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  segops consent set email ann@shop.example opted_out --data shop\n  segops consent set sms +4915112345678 opted_in --topic offers --data shop"
)]
pub(crate) struct Set {
    /// email, sms, whatsapp, phone or push.
    channel: String,
    address: String,
    /// opted_in, opted_out, suppressed or unsuppressed.
    state: String,
    #[arg(long)]
    topic: Option<String>,
    #[arg(long)]
    store: Option<String>,
    /// When it was said; now where it is left out.
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
}

/// Read consent from a CSV or NDJSON file. Columns are found by their names, or by those given here.
///
/// A file may be read again: what it says without a time was said when it came in first.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  segops consent import consent.csv --data shop\n  segops consent import unsubscribed.csv --channel email --state opted_out --address-column Email --data shop"
)]
pub(crate) struct Import {
    file: PathBuf,
    /// The channel of rows that do not say one.
    #[arg(long)]
    channel: Option<String>,
    /// The state of rows that do not say one.
    #[arg(long)]
    state: Option<String>,
    #[arg(long, default_value = "address", value_name = "NAME")]
    address_column: String,
    #[arg(long, default_value = "channel", value_name = "NAME")]
    channel_column: String,
    #[arg(long, default_value = "state", value_name = "NAME")]
    state_column: String,
    #[arg(long, default_value = "topic", value_name = "NAME")]
    topic_column: String,
    #[arg(long, default_value = "store", value_name = "NAME")]
    store_column: String,
    #[arg(long, default_value = "at", value_name = "NAME")]
    at_column: String,
}

/// Show what was said of an address.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  segops consent show email ann@shop.example --data shop")]
pub(crate) struct Show {
    /// email, sms, whatsapp, phone or push.
    channel: String,
    address: String,
}

const PATH: &str = "/api/v1/consent";
/// Statements of one request.
const BATCH: usize = 1_000;
const REJECTS_SHOWN: usize = 20;

/// What files write for the states.
const STATES: &[(&str, ConsentState)] = &[
    ("opted_in", ConsentState::OptedIn),
    ("opted in", ConsentState::OptedIn),
    ("subscribed", ConsentState::OptedIn),
    ("yes", ConsentState::OptedIn),
    ("true", ConsentState::OptedIn),
    ("1", ConsentState::OptedIn),
    ("opted_out", ConsentState::OptedOut),
    ("opted out", ConsentState::OptedOut),
    ("unsubscribed", ConsentState::OptedOut),
    ("no", ConsentState::OptedOut),
    ("false", ConsentState::OptedOut),
    ("0", ConsentState::OptedOut),
    ("suppressed", ConsentState::Suppressed),
    ("bounced", ConsentState::Suppressed),
    ("cleaned", ConsentState::Suppressed),
    ("unsuppressed", ConsentState::Unsuppressed),
];

impl Consent {
    pub(crate) fn run(self, target: &Target, out: &mut Output) -> Result<(), CliError> {
        match self {
            Self::Set(set) => set.run(target, out),
            Self::Import(import) => import.run(target, out),
            Self::Show(show) => show.run(target, out),
        }
    }
}

impl Set {
    fn run(self, target: &Target, out: &mut Output) -> Result<(), CliError> {
        let cells = Cells {
            address: Some(self.address.clone()),
            channel: Some(self.channel),
            state: Some(self.state),
            topic: self.topic,
            store: self.store,
            at: self.at,
        };
        let statement = cells.statement().map_err(CliError::Usage)?;
        let client = target.client_making()?;
        let taken = send(&client, vec![statement], None)?;
        if out.json {
            return out.print_json(&serde_json::to_value(&taken).unwrap_or_default());
        }
        match taken.rejected.first() {
            Some(rejected) => Err(CliError::Usage(format!("{}: {}", rejected.text, rejected.reason))),
            None => out.line(format!("It is recorded for {}.", plain(&self.address))),
        }
    }
}

impl Show {
    fn run(self, target: &Target, out: &mut Output) -> Result<(), CliError> {
        let client = target.client()?;
        let query = [("channel", Some(self.channel.as_str())), ("address", Some(self.address.as_str()))];
        let answer = client.get(with_query(PATH.to_owned(), &query))?;
        if out.json {
            return out.print_json(&answer);
        }
        out.use_zone_of(&client)?;
        let mut table = Table::new(&["AT", "STATE", "TOPIC", "STORE"]);
        for row in answer.get("data").and_then(Value::as_array).into_iter().flatten() {
            let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            let at = text("ts").parse().map(|at: Instant| out.date(at)).unwrap_or_default();
            table.row([at, text("state"), plain(&text("topic")), plain(&text("store"))]);
        }
        if table.is_empty() {
            return out.line("Nothing was said of this address.");
        }
        out.table(&table)
    }
}

impl Import {
    fn run(self, target: &Target, out: &mut Output) -> Result<(), CliError> {
        let hash = hash_of(&self.file)?;
        let client = target.client_making()?;
        let mut sender = Sender::new(&client, hash);
        let bar = Bar::new("reading", true);
        let (read, total) = self.read(&mut |line, cells, read, total| {
            let sent = sender.take(line, cells)?;
            if sent {
                bar.update(read, total);
                bar.say_rows(&self.file.display().to_string(), sender.rows);
            }
            Ok(())
        })?;
        bar.update(read, total);
        sender.flush()?;
        bar.finish();
        let Sender { rows, accepted, known, mut rejected, .. } = sender;
        rejected.sort();
        if out.json {
            let listed: Vec<Value> =
                rejected.iter().map(|(line, reason)| json!({ "line": line, "reason": reason })).collect();
            return out.print_json(
                &json!({ "rows": rows, "accepted": accepted, "known": known, "rejected": listed }),
            );
        }
        let of = counted(rows, "row", "rows");
        out.line(format!("{} of {of} recorded{}.", number(accepted), known_text(known)))?;
        print_rejects(&rejected, out)
    }

    /// Hands out each row with its line, how many bytes are read, and how many there are.
    fn read(
        &self,
        each: &mut dyn FnMut(u64, Result<Cells, String>, u64, u64) -> Result<(), CliError>,
    ) -> Result<(u64, u64), CliError> {
        let unreadable = || CliError::io(format!("cannot read {}", self.file.display()));
        let file = File::open(&self.file).map_err(unreadable())?;
        let total = file.metadata().map_err(unreadable())?.len();
        let read = Rc::new(Cell::new(0));
        let reader = BufReader::new(Counted { inner: file, read: Rc::clone(&read) });
        if is_json_lines(&self.file) {
            for (line, text) in (1..).zip(reader.lines()) {
                let text = text.map_err(unreadable())?;
                if text.trim().is_empty() {
                    continue;
                }
                let object = serde_json::from_str::<Map<String, Value>>(&text)
                    .map_err(|error| format!("the line is no JSON object: {error}"));
                let cells = object.map(|object| self.cells(|name| text_of(object.get(name))));
                each(line, cells, read.get(), total)?;
            }
            return Ok((read.get(), total));
        }
        let mut failed = Ok(());
        let table = read_table(reader, &mut |header, row| {
            if failed.is_err() {
                return;
            }
            let cells = row.cells.map(|cells| {
                self.cells(|name| {
                    let at = header.iter().position(|column| column.eq_ignore_ascii_case(name))?;
                    cells.get(at).filter(|cell| !cell.is_empty()).cloned()
                })
            });
            failed = each(row.line, cells, read.get(), total);
        });
        failed?;
        table.map_err(|error| CliError::Usage(format!("{}: {error}", self.file.display())))?;
        Ok((read.get(), total))
    }

    fn cells(&self, cell: impl Fn(&str) -> Option<String>) -> Cells {
        let channel = cell(&self.channel_column).or_else(|| self.channel.clone());
        let of_channel = channel.as_deref().and_then(ConsentChannel::of_name);
        let own_column = of_channel.map(segops_model::ConsentChannel::identifier_kind);
        let address = cell(&self.address_column).or_else(|| cell(own_column.unwrap_or("email")));
        // A column of that name says which channel is meant.
        let is_email = channel.is_none() && cell(&self.address_column).is_none() && address.is_some();
        Cells {
            address,
            channel: channel.or_else(|| is_email.then(|| ConsentChannel::Email.name().to_owned())),
            state: cell(&self.state_column).or_else(|| self.state.clone()),
            topic: cell(&self.topic_column),
            store: cell(&self.store_column),
            at: cell(&self.at_column),
        }
    }
}

pub(super) fn is_json_lines(file: &Path) -> bool {
    file.extension().is_some_and(|extension| {
        ["ndjson", "jsonl", "json"].iter().any(|known| extension.eq_ignore_ascii_case(known))
    })
}

fn text_of(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text.clone()).filter(|text| !text.trim().is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(bool) => Some(bool.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// One row's cells, as text.
#[derive(Debug, Default)]
struct Cells {
    address: Option<String>,
    channel: Option<String>,
    state: Option<String>,
    topic: Option<String>,
    store: Option<String>,
    at: Option<String>,
}

impl Cells {
    /// The row as the API takes it.
    fn statement(self) -> Result<Value, String> {
        let address = self.address.ok_or("there is no address; name its column with --address-column")?;
        let channel = self.channel.ok_or("there is no channel; give one with --channel")?;
        let channel = ConsentChannel::of_name(&channel).ok_or_else(|| {
            format!("`{channel}` is no channel; expected email, sms, whatsapp, phone or push")
        })?;
        let state = self.state.ok_or("there is no state; give one with --state")?;
        let known = STATES.iter().find(|(name, _)| name.eq_ignore_ascii_case(state.trim()));
        let (_, state) = known.ok_or_else(|| {
            format!("`{state}` is no state; expected opted_in, opted_out, suppressed or unsuppressed")
        })?;
        let at = match self.at {
            None => None,
            Some(text) => {
                let value = segops_model::Value::text(text.as_str());
                let at = date_of(&value, &jiff::tz::TimeZone::UTC);
                Some(at.ok_or_else(|| format!("`{text}` is no time that can be read"))?)
            }
        };
        Ok(json!({
            "channel": channel, "address": address, "state": state,
            "topic": self.topic, "store": self.store, "at": at,
        }))
    }
}

/// A reader that says how many bytes were read.
struct Counted<R> {
    inner: R,
    read: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.read.set(self.read.get() + count as u64);
        Ok(count)
    }
}

fn hash_of(file: &Path) -> Result<String, CliError> {
    let unreadable = || CliError::io(format!("cannot read {}", file.display()));
    let mut reader = File::open(file).map_err(unreadable())?;
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let count = reader.read(&mut buffer).map_err(unreadable())?;
        let Some(bytes) = buffer.get(..count).filter(|bytes| !bytes.is_empty()) else { break };
        digest.update(bytes);
    }
    Ok(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

struct Sender<'a> {
    client: &'a Client,
    hash: String,
    /// Each with its line.
    batch: Vec<(u64, Value)>,
    rows: u64,
    accepted: u64,
    known: u64,
    rejected: Vec<(u64, String)>,
}

impl<'a> Sender<'a> {
    const fn new(client: &'a Client, hash: String) -> Self {
        Self { client, hash, batch: Vec::new(), rows: 0, accepted: 0, known: 0, rejected: Vec::new() }
    }

    /// True if a batch was sent.
    fn take(&mut self, line: u64, cells: Result<Cells, String>) -> Result<bool, CliError> {
        self.rows += 1;
        match cells.and_then(Cells::statement) {
            Ok(statement) => self.batch.push((line, statement)),
            Err(reason) => self.rejected.push((line, reason)),
        }
        let is_full = self.batch.len() >= BATCH;
        if is_full {
            self.flush()?;
        }
        Ok(is_full)
    }

    fn flush(&mut self) -> Result<(), CliError> {
        if self.batch.is_empty() {
            return Ok(());
        }
        let (lines, statements): (Vec<u64>, Vec<Value>) = std::mem::take(&mut self.batch).into_iter().unzip();
        let taken = send(self.client, statements, Some(&self.hash))?;
        self.accepted += taken.accepted;
        self.known += taken.known;
        for row in taken.rejected {
            let line = lines.get(row.row).copied().unwrap_or_default();
            self.rejected.push((line, format!("{}: {}", row.text, row.reason)));
        }
        Ok(())
    }
}

fn send(client: &Client, statements: Vec<Value>, hash: Option<&str>) -> Result<view::Taken, CliError> {
    let body = json!({ "statements": statements, "file_hash": hash });
    typed(client.send(&Request::new("POST", PATH).json(body))?, PATH)
}

/// How many rows changed nothing.
pub(super) fn known_text(known: u64) -> String {
    match known {
        0 => String::new(),
        known => format!(", {} of them known already", number(known)),
    }
}

/// Rows that were not taken, each with its line.
pub(super) fn print_rejects(rejected: &[(u64, String)], out: &mut Output) -> Result<(), CliError> {
    if rejected.is_empty() {
        return Ok(());
    }
    out.line(format!("{}:", counted(rejected.len() as u64, "row was rejected", "rows were rejected")))?;
    for (line, reason) in rejected.iter().take(REJECTS_SHOWN) {
        out.line(format!("  line {line}: {}", shortened(&plain(reason), 160)))?;
    }
    if rejected.len() > REJECTS_SHOWN {
        out.line(format!("  and {} more; --json lists them all", rejected.len() - REJECTS_SHOWN))?;
    }
    Ok(())
}
