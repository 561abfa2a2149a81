//! The command line. Every command but `serve` and `completions` is a request to the API, over the network
//! or in this process on a folder.

mod as_code;
mod client;
mod error;
mod explain;
mod folder;
mod import;
mod members;
mod network;
mod output;
mod people;
mod preview;
mod products;
mod profile;
mod progress;
mod rejections;
mod rule;
mod rule_test;
mod segment;
mod segment_diff;
mod segment_edit;
mod segment_import;
mod segment_show;
mod segment_templates;
mod serve;
mod settings;
mod simulate;
mod sources;
mod status;
mod target;
mod tokens;
mod tracking;
mod transitions;
mod verify;

#[cfg(test)]
mod tests;

use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

pub use error::CliError;
use output::Output;
use target::Target;

/// A customer intelligence platform for ecommerce: events in, live segments out.
#[derive(Debug, Parser)]
#[command(name = "segops", version, propagate_version = true, max_term_width = 100, after_help = EXAMPLES)]
pub struct Cli {
    #[command(flatten)]
    target: Target,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  segops simulate --data shop --customers 1000 --days 90
  segops segment preview 'did \"Order Completed\" >= 2 times in last 90 days' --data shop
  segops serve --data shop
  SEGOPS_URL=http://127.0.0.1:8123 SEGOPS_TOKEN=... segops segment list";

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Serve),
    Import(import::Import),
    Simulate(Box<simulate::Simulate>),
    #[command(subcommand)]
    Segment(segment::Segment),
    #[command(subcommand)]
    Rule(rule::Rule),
    #[command(subcommand)]
    Profile(profile::Profile),
    #[command(subcommand)]
    Products(products::Products),
    Sources(sources::Sources),
    Rejections(rejections::Rejections),
    Transitions(transitions::Transitions),
    Verify(verify::Verify),
    Status(status::Status),
    #[command(subcommand)]
    Token(tokens::Token),
    #[command(subcommand)]
    Settings(settings::Settings),
    /// Print the completions of a shell.
    #[command(after_help = "Examples:\n  segops completions bash > /etc/bash_completion.d/segops")]
    Completions {
        shell: Shell,
    },
}

impl Cli {
    /// Does what was asked, and says what went wrong.
    ///
    /// # Errors
    /// The command's own; its exit code is [`CliError::exit_code`].
    pub fn run(self) -> Result<(), CliError> {
        let mut output = Output::new(self.target.json);
        let target = self.target.without_blanks();
        let (target, out) = (&target, &mut output);
        let done = match self.command {
            Command::Serve(serve) => serve.run(target, out),
            Command::Import(import) => import.run(target, out),
            Command::Simulate(simulate) => simulate.run(target, out),
            Command::Segment(segment) => segment.run(target, out),
            Command::Rule(rule) => rule.run(target, out),
            Command::Profile(profile) => profile.run(target, out),
            Command::Products(products) => products.run(target, out),
            Command::Sources(sources) => sources.run(target, out),
            Command::Rejections(rejections) => rejections.run(target, out),
            Command::Transitions(transitions) => transitions.run(target, out),
            Command::Verify(verify) => verify.run(target, out),
            Command::Status(status) => status.run(target, out),
            Command::Token(token) => token.run(target, out),
            Command::Settings(settings) => settings.run(target, out),
            Command::Completions { shell } => completions(shell, out),
        };
        done.and(output.flush())
    }
}

fn completions(shell: Shell, out: &mut Output) -> Result<(), CliError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "segops", &mut script);
    out.line(String::from_utf8_lossy(&script).trim_end())
}
