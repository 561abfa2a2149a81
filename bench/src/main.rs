//! How many events a second SegOps accepts, makes durable and evaluates, and how long an acknowledgement
//! takes, measured from outside: a server process, its public HTTP interface, and a load that knows nothing
//! of what is inside.
//!
//! The same load drives a bare loop in the same run, so that a result can be read as a ratio: what a machine
//! can do depends on the machine, the ratio much less.

mod bare;
mod connection;
mod load;
mod measure;
mod one_profile;
mod previews;
mod segments;
mod segops;
mod state;
mod stopwatch;
mod traffic;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::{Parser, ValueEnum};

use load::LoadOptions;
use measure::Outcome;

/// Measures a SegOps server with live segments, beside a bare loop under the same load.
#[derive(Debug, Parser)]
#[command(name = "segops-bench")]
struct Arguments {
    /// The server's binary; it is started on an empty folder of its own.
    #[arg(long, default_value = "target/release/segops")]
    binary: PathBuf,
    /// Measure a server that runs already, instead of starting one. Needs --token and --write-key.
    #[arg(long, requires_all = ["token", "write_key"])]
    url: Option<String>,
    /// A bearer token of that server.
    #[arg(long)]
    token: Option<String>,
    /// A write key of that server.
    #[arg(long)]
    write_key: Option<String>,
    /// What to measure.
    #[arg(long, value_enum, default_value_t = What::Both)]
    what: What,
    /// Live segments to create first.
    #[arg(long, default_value_t = 100)]
    segments: usize,
    /// Have rules of every family among them, not only the kinds that shops use most.
    #[arg(long)]
    mixed: bool,
    /// Connections, each with one request under way at a time.
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// Events in a request.
    #[arg(long, default_value_t = 100)]
    batch: usize,
    /// Different customers in the traffic.
    #[arg(long, default_value_t = 50_000)]
    customers: u64,
    /// Events of each customer to send first, spread over the last 90 days.
    #[arg(long, default_value_t = 0)]
    history_per_customer: u64,
    /// How long to send, after the warm-up.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// How long to send before measuring begins.
    #[arg(long, default_value_t = 2)]
    warm_up_seconds: u64,
    /// Days of the shop that `--what state` and `--what previews` simulate.
    #[arg(long, default_value_t = 180)]
    days: u64,
    /// Events that the one profile of `--what one-profile` has before its own are measured.
    #[arg(long, default_value_t = 1_000_000)]
    history_events: u64,
    /// Where the measured servers keep their data; the disk matters. A temporary folder by default.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
    /// Be the bare loop, on this folder: what this program starts for itself.
    #[arg(long, hide = true)]
    bare_server: Option<PathBuf>,
}

/// Days over which `--history-per-customer` spreads its events.
const HISTORY_DAYS: u64 = 90;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    Segops,
    Bare,
    Both,
    /// Bytes of live state for each profile and family, on a simulated shop.
    State,
    /// How long previews take, of a rule of each family, on a simulated shop.
    Previews,
    /// What an event costs of a profile with a very long history, against others'.
    OneProfile,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if let Some(folder) = &arguments.bare_server {
        return bare::serve(folder);
    }
    ensure!(arguments.connections > 0 && arguments.batch > 0, "--connections and --batch are at least 1");

    let workspace = match &arguments.folder {
        Some(folder) => {
            std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
            tempfile::tempdir_in(folder)
        }
        None => tempfile::tempdir(),
    }
    .context("cannot make a temporary folder")?;

    match arguments.what {
        What::State => return measure_state(&arguments, workspace.path()),
        What::Previews => return measure_previews(&arguments, workspace.path()),
        What::OneProfile => return measure_one_profile(&arguments, workspace.path()),
        What::Segops | What::Bare | What::Both => {}
    }
    let mut outcomes = Vec::new();
    if arguments.what != What::Segops {
        outcomes.push(measure_bare(&arguments, &workspace.path().join("bare"))?);
    }
    if arguments.what != What::Bare {
        outcomes.push(measure_segops(&arguments, &workspace.path().join("segops"))?);
    }
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&outcomes)?);
    } else {
        print!("{}", measure::table(&outcomes, &describe(&arguments)));
    }
    Ok(())
}

const fn kinds(arguments: &Arguments) -> segments::Kinds {
    if arguments.mixed { segments::Kinds::Mixed } else { segments::Kinds::Usual }
}

fn measure_state(arguments: &Arguments, folder: &std::path::Path) -> Result<()> {
    let (shop, lines) =
        state::measure(&arguments.binary, &folder.join("shop"), arguments.customers, arguments.days)?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&lines)?);
    } else {
        print!("{}", state::table(&shop, &lines));
    }
    Ok(())
}

fn measure_previews(arguments: &Arguments, folder: &std::path::Path) -> Result<()> {
    let (shop, lines) =
        previews::measure(&arguments.binary, &folder.join("shop"), arguments.customers, arguments.days)?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&lines)?);
    } else {
        print!("{}", previews::table(&shop, &lines));
    }
    Ok(())
}

fn measure_one_profile(arguments: &Arguments, folder: &std::path::Path) -> Result<()> {
    let of_customers = |server: &segops::Server, customers| {
        let load = options(arguments, server.address()?, server.write_key.clone());
        Ok(LoadOptions { customers, ..load })
    };
    let comparison = one_profile::measure(
        &arguments.binary,
        folder,
        (arguments.segments, kinds(arguments)),
        arguments.history_events,
        of_customers,
        arguments.customers,
    )?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&comparison)?);
    } else {
        print!("{}", one_profile::table(&comparison));
    }
    Ok(())
}

fn describe(arguments: &Arguments) -> String {
    format!(
        "{} connections, {} events a request, {} customers with {} events before, {} s, load included, on {} cores",
        arguments.connections,
        arguments.batch,
        arguments.customers,
        arguments.history_per_customer,
        arguments.seconds,
        std::thread::available_parallelism().map_or(1, usize::from),
    )
}

fn measure_bare(arguments: &Arguments, folder: &std::path::Path) -> Result<Outcome> {
    let server = bare::BareServer::start(folder)?;
    let load = load::run(&options(arguments, server.address.clone(), String::new()))?;
    // The bare loop answers once an event is durable and looked up: it has nothing left to do.
    Ok(Outcome::new("bare loop", 0, &load, load.sent_for))
}

fn measure_segops(arguments: &Arguments, folder: &std::path::Path) -> Result<Outcome> {
    let server = match (&arguments.url, &arguments.token, &arguments.write_key) {
        (Some(url), Some(token), Some(write_key)) => segops::Server::running(url, token, write_key),
        _ => segops::Server::start(&arguments.binary, folder)?,
    };
    segments::create(&server, arguments.segments, kinds(arguments))?;
    let load_options = options(arguments, server.address()?, server.write_key.clone());
    if arguments.history_per_customer > 0 {
        load::send_history(&load_options, arguments.history_per_customer, HISTORY_DAYS)?;
        server.wait_until_applied()?;
    }
    let before = server.status()?;
    let load = load::run(&load_options)?;
    let evaluated_after = server.wait_until_evaluated(&load)?;
    let after = server.status()?;
    let arrived = after.events - before.events;
    ensure!(
        arrived == load.accepted_in_all,
        "{} events were acknowledged and the server counts {arrived}; it has lost or repeated some",
        load.accepted_in_all
    );
    Ok(Outcome::new("segops", arguments.segments, &load, evaluated_after))
}

fn options(arguments: &Arguments, address: String, write_key: String) -> LoadOptions {
    LoadOptions {
        address,
        write_key,
        connections: arguments.connections,
        batch: arguments.batch,
        customers: arguments.customers,
        warm_up: std::time::Duration::from_secs(arguments.warm_up_seconds),
        duration: std::time::Duration::from_secs(arguments.seconds),
    }
}
