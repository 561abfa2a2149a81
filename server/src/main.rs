//! The `segops` binary.

use std::process::ExitCode;

use clap::Parser;
use segops_server::cli::Cli;

/// Events are many small values made on one thread and dropped on another.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let Err(error) = Cli::parse().run() else { return ExitCode::SUCCESS };
    let code = error.exit_code();
    let text = error.to_string();
    // A reader of the output that has gone is no fault, and what is said already is not said again.
    if code != 0 && !text.is_empty() {
        eprintln!("{text}");
    }
    ExitCode::from(code)
}
