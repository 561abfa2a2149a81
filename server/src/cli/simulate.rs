use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use segops_model::{Clock, DAY_MS, Instant, SystemClock};
use segops_simulate::{Statistics, Store, StoreConfig, batches, to_ndjson};

use super::client::Client;
use super::error::CliError;
use super::import::{FileImport, print};
use super::output::{Output, counted};
use super::progress::Bar;
use super::target::Target;
use super::tracking::Tracking;

/// Make a store: browsing, carts, repeat buyers, bots, visitors who identify later.
///
/// The same seed and start give the same events. They go to a file, a data folder, or a running server.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  segops simulate --customers 1000 --days 90 --out events.ndjson\n  segops simulate --customers 1000 --days 90 --data shop\n  segops simulate --url http://127.0.0.1:8123 --write-key wk_... --rate 500\n  segops simulate --url http://127.0.0.1:8123 --write-key wk_... --live --rate 5"
)]
pub(crate) struct Simulate {
    /// People who can become customers.
    #[arg(long, default_value_t = 1_000, value_name = "N")]
    customers: u32,
    /// Days of traffic.
    #[arg(long, default_value_t = 90, value_name = "N")]
    days: u32,
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// When the traffic starts; so that it ends now, where it is left out.
    #[arg(long, value_name = "INSTANT")]
    start: Option<Instant>,
    /// Where the store's customers live: it sets their hours.
    #[arg(long, default_value = "UTC", value_name = "ZONE")]
    store_time_zone: String,
    #[arg(long, default_value = "EUR", value_name = "CODE")]
    currency: String,
    /// The share of events that are malformed, on top of the good ones.
    #[arg(long, default_value_t = 0.0, value_name = "SHARE")]
    bad_share: f64,
    /// Write the events to a file, one a line; `-` is the standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The write key to send with; the first source's where it is left out and the token may see it.
    #[arg(long, env = "SEGOPS_WRITE_KEY", hide_env_values = true, value_name = "KEY")]
    write_key: Option<String>,
    /// Events a second to send, to a server; as fast as it takes them where it is left out.
    #[arg(long, value_name = "N")]
    rate: Option<f64>,
    /// Send traffic of the present, without an end, at about --rate events a second (5 unless told).
    #[arg(long)]
    live: bool,
}

const BATCH_EVENTS: usize = 200;
const LIVE_RATE: f64 = 5.0;
/// The longest sleep between two looks at the clock.
const LIVE_SLEEP_MS: i64 = 1_000;

impl Simulate {
    pub(crate) fn run(self, target: &Target, out: &mut Output) -> Result<(), CliError> {
        if self.rate.is_some_and(|rate| !(rate > 0.0 && rate.is_finite())) {
            return Err(CliError::Usage("--rate takes a number above 0".to_owned()));
        }
        let now = SystemClock.now();
        let mut store = Store::new(self.config(now)?)?;
        if let Some(path) = &self.out {
            if self.live {
                return Err(CliError::Usage("--live needs a server: give --url".to_owned()));
            }
            return self.to_file(path, &mut store, out);
        }
        match target.client_making()? {
            client @ Client::Folder(_) if !self.live => self.to_folder(&client, &mut store, out),
            Client::Folder(_) => Err(CliError::Usage("--live needs a running server".to_owned())),
            client @ Client::Network(_) => self.to_server(&client, &mut store, out),
        }
    }

    fn config(&self, now: Instant) -> Result<StoreConfig, CliError> {
        let start = self.start.unwrap_or(now.plus_ms(-i64::from(self.days) * DAY_MS));
        let time_zone = TimeZone::get(&self.store_time_zone).map_err(|_| {
            CliError::Usage(format!(
                "there is no time zone `{}`; use one such as Europe/Berlin",
                self.store_time_zone
            ))
        })?;
        let shape = if self.live {
            StoreConfig::live(self.seed, self.customers, now, self.rate.unwrap_or(LIVE_RATE))
        } else {
            StoreConfig::new(self.seed, self.customers, self.days, start)
        };
        Ok(StoreConfig { time_zone, currency: self.currency.clone(), bad_share: self.bad_share, ..shape })
    }

    fn to_file(&self, path: &Path, store: &mut Store, out: &mut Output) -> Result<(), CliError> {
        if path == Path::new("-") {
            let mut stdout = BufWriter::new(std::io::stdout().lock());
            to_ndjson(&mut *store, &mut stdout).map_err(CliError::Output)?;
            return Ok(());
        }
        write_file(path, store)?;
        if out.json {
            return out.print_json(&as_json(store.statistics()));
        }
        out.line(format!("Written to {}:", path.display()))?;
        out.line(store.statistics().to_string().trim_end())
    }

    fn to_folder(&self, client: &Client, store: &mut Store, out: &mut Output) -> Result<(), CliError> {
        let name = format!("segops-simulated-{}-{}.ndjson", self.seed, std::process::id());
        let scratch = Scratch(std::env::temp_dir().join(name));
        write_file(&scratch.0, store)?;
        let import =
            FileImport { file: &scratch.0, mapping: None, source: "Default", again: false, dry_run: false };
        let report = import.send(client)?;
        if out.json {
            return out.print_json(&json!({ "import": report, "made": as_json(store.statistics()) }));
        }
        print(&report, out)?;
        out.line(store.statistics().to_string().trim_end())?;
        out.line("Try: segops segment preview 'did \"Order Completed\" >= 2 times in last 90 days'")
    }

    fn to_server(&self, client: &Client, store: &mut Store, out: &mut Output) -> Result<(), CliError> {
        let Client::Network(network) = client else { return Ok(()) };
        let key = match self.write_key.as_deref().filter(|key| !key.trim().is_empty()) {
            Some(key) => key.to_owned(),
            None => first_write_key(client)?,
        };
        let tracking = Tracking::new(network.url(), &key);
        if self.live {
            return live(store, &tracking, out);
        }
        let bar = Bar::new("sending", false);
        let mut sent = 0_u64;
        for batch in batches(&mut *store, BATCH_EVENTS) {
            tracking.send(&batch.json)?;
            sent += u64::try_from(batch.events).unwrap_or_default();
            bar.update(sent, sent);
            if let Some(rate) = self.rate {
                let events = u32::try_from(batch.events).unwrap_or(u32::MAX);
                std::thread::sleep(Duration::from_secs_f64((f64::from(events) / rate).min(3_600.0)));
            }
        }
        bar.finish();
        if out.json {
            return out.print_json(&as_json(store.statistics()));
        }
        out.line(format!("{} sent:", counted(sent, "event", "events")))?;
        out.line(store.statistics().to_string().trim_end())
    }
}

/// Sends what arrives, when it arrives, until interrupted.
fn live(store: &mut Store, tracking: &Tracking, out: &mut Output) -> Result<(), CliError> {
    if !out.json {
        out.line("Sending live traffic; interrupt to stop.")?;
        out.flush()?;
    }
    while let Some(due) = store.next_arrival() {
        let wait_ms = due.ms_since(SystemClock.now());
        if wait_ms > 0 {
            let pause = u64::try_from(wait_ms.min(LIVE_SLEEP_MS)).unwrap_or_default();
            std::thread::sleep(Duration::from_millis(pause));
            continue;
        }
        if let Some(batch) = batches(&mut *store, 1).next() {
            tracking.send(&batch.json)?;
        }
    }
    Ok(())
}

fn first_write_key(client: &Client) -> Result<String, CliError> {
    let sources = client.rows("/api/v1/sources", 1)?;
    let key = sources.first().and_then(|source| source.get("write_key")?.as_str());
    key.filter(|key| !key.is_empty()).map(str::to_owned).ok_or_else(|| {
        CliError::Usage(
            "give the write key of a source: --write-key KEY; `segops sources` lists them".to_owned(),
        )
    })
}

fn write_file(path: &Path, store: &mut Store) -> Result<(), CliError> {
    let failed = |error| CliError::io(format!("cannot write {}", path.display()))(error);
    let file = std::fs::File::create(path).map_err(failed)?;
    let mut writer = BufWriter::new(file);
    to_ndjson(&mut *store, &mut writer).map_err(failed)?;
    writer.flush().map_err(failed)
}

fn as_json(statistics: &Statistics) -> Value {
    serde_json::to_value(statistics).unwrap_or_default()
}

/// A file that goes when it is no longer needed.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        // A file in the temporary folder that cannot be removed is the system's to clean.
        let _left = std::fs::remove_file(&self.0);
    }
}
