//! A history large enough to measure questions on, and the questions: what `run.py` beside this asks of SegOps, and
//! then of other engines over the same rows.
//!
//! It opens the data folder with the engine's own crate: what is measured is the answer itself, without HTTP.

mod ask;
mod chance;
mod change;
mod load;
mod shop;
mod stopwatch;
mod wire;
mod workspace;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, Subcommand};
use segops_model::Instant;
use serde::Serialize;

use workspace::{SetClock, open};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Makes a history in a data folder and asks questions of it.
#[derive(Debug, Parser)]
#[command(name = "segops-history-bench")]
struct Arguments {
    /// The data folder.
    #[arg(long)]
    data: PathBuf,
    /// The instant at which everything is asked, and at which the history ends.
    #[arg(long, default_value = "2026-06-01T00:00:00Z")]
    at: Instant,
    /// How many customers the shop has.
    #[arg(long, default_value_t = 100_000)]
    customers: u64,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Fill the folder, which must be new.
    Load {
        #[arg(long, default_value_t = 5_000_000)]
        events: u64,
        #[arg(long, default_value_t = 20_261_126)]
        seed: u64,
    },
    /// Merge and delete some customers, and add events that stay in memory.
    Change,
    /// Ask the questions, and print answers and times as JSON.
    Ask {
        #[arg(long)]
        questions: PathBuf,
        /// Only questions with this in their names.
        #[arg(long, default_value = "")]
        only: String,
        #[arg(long, default_value_t = 5)]
        times: usize,
    },
    /// Time the newest 100 events of profiles.
    Newest {
        #[arg(long, default_value_t = 500)]
        profiles: u64,
    },
    /// SQL for DuckDB that makes a view of the rows, those in memory written to a part before.
    View,
}

fn main() -> Result<()> {
    let Arguments { data, at, customers, command } = Arguments::parse();
    if let Command::Load { events, seed } = command {
        return print(&load::load(&data, seed, customers, events, at)?);
    }
    let engine = open(&data, SetClock::at(at))?;
    match command {
        Command::Load { .. } => {}
        Command::Change => print(&change::change(&engine, customers, at)?)?,
        Command::Ask { questions, only, times } => {
            print(&ask::ask(&engine, &ask::read(&questions)?, &only, times)?)?;
        }
        Command::Newest { profiles } => print(&ask::newest(&engine, profiles, customers)?)?,
        Command::View => println!("{}", engine.sql_view()?),
    }
    engine.close();
    Ok(())
}

fn print(value: &impl Serialize) -> Result<()> {
    println!("{}", serde_json::to_string(value)?);
    Ok(())
}
