use std::net::SocketAddr;
use std::time::Duration;

use clap::{Args, ValueEnum};

use segops_engine::{CheckpointOptions, JournalRetention};

use super::error::CliError;
use super::output::Output;
use super::target::Target;
use crate::serve::{LogFormat, ServeOptions, serve};

/// Serve a data folder over HTTP: tracking calls, the REST API, streams.
///
/// The first start makes the folder, a token for its owner and a first source, and prints them once.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  segops serve --data shop\n  segops serve --data shop --listen 0.0.0.0:8123 --time-zone Europe/Berlin --log-format json\n  segops serve --data shop --postgres-listen 127.0.0.1:5433"
)]
pub(crate) struct Serve {
    /// The address to listen at; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8123", value_name = "ADDR")]
    listen: SocketAddr,
    /// Also let clients of PostgreSQL connect at this address, such as 127.0.0.1:5433, with a token as the password.
    #[arg(long, value_name = "ADDR")]
    postgres_listen: Option<SocketAddr>,
    /// Let clients of PostgreSQL connect from other machines, although nothing that they send is encrypted: not the
    /// token either. Better is a tunnel.
    #[arg(long, requires = "postgres_listen")]
    postgres_unencrypted: bool,
    /// The workspace's time zone, where the folder is new: an IANA name.
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
    /// How often one segment is held against a rebuild from raw history, in the background: 90s, 15m, 1h; 0 for
    /// never.
    #[arg(long, default_value = "15m", value_name = "TIME", value_parser = read_period)]
    verify_every: Duration,
    /// Inputs after which the state is written to a checkpoint again, so that a start replays no more than these. One is
    /// also made as the server stops.
    #[arg(long, default_value_t = CheckpointOptions::default().after_frames, value_name = "INPUTS",
        value_parser = clap::value_parser!(u64).range(100..))]
    checkpoint_inputs: u64,
    /// Bytes of the journal after which it is, where that comes first.
    #[arg(long, default_value_t = CheckpointOptions::default().after_bytes, value_name = "BYTES",
        value_parser = clap::value_parser!(u64).range(1_000_000..))]
    checkpoint_bytes: u64,
    /// What becomes of journal files that a whole checkpoint and the parts have both passed: `keep`, `drop`, or
    /// `archive:DIR` to move them to a folder. Without them nothing can be verified from raw events any more.
    #[arg(long, default_value = "keep", value_name = "WHAT", value_parser = read_retention)]
    journal_retention: JournalRetention,
    /// How to write the log: text unless told, to the standard error.
    #[arg(long, value_enum, default_value_t = LogFormatName::Text)]
    log_format: LogFormatName,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LogFormatName {
    Text,
    Json,
}

impl Serve {
    pub(crate) fn run(self, target: &Target, out: &mut Output) -> Result<(), CliError> {
        let data = target.data.clone().ok_or_else(|| {
            CliError::Usage(
                "say which folder to serve: --data DIR (it is made where it is not there)".to_owned(),
            )
        })?;
        if let Some(address) = self.postgres_listen.filter(|address| !address.ip().is_loopback())
            && !self.postgres_unencrypted
        {
            return Err(CliError::Usage(format!(
                "{address} can be reached from other machines, and PostgreSQL clients would send their tokens there without encryption; listen at 127.0.0.1 and use a tunnel, or say --postgres-unencrypted"
            )));
        }
        let log_format = match self.log_format {
            LogFormatName::Text => LogFormat::Text,
            LogFormatName::Json => LogFormat::Json,
        };
        let options = ServeOptions {
            data,
            listen: self.listen,
            postgres_listen: self.postgres_listen,
            time_zone: self.time_zone,
            verify_every: Some(self.verify_every).filter(|every| !every.is_zero()),
            checkpoints: CheckpointOptions {
                after_frames: self.checkpoint_inputs,
                after_bytes: self.checkpoint_bytes,
                ..CheckpointOptions::default()
            },
            retention: self.journal_retention,
            history: target.history(),
            log_format,
        };
        // Somebody who closes the terminal's other end does not stop the server.
        let mut say = |line: &str| {
            let _closed = out.line(line).and_then(|()| out.flush());
        };
        Ok(serve(options, &mut say)?)
    }
}

/// What becomes of journal files.
fn read_retention(text: &str) -> Result<JournalRetention, String> {
    match (text, text.strip_prefix("archive:")) {
        ("keep", _) => Ok(JournalRetention::Keep),
        ("drop", _) => Ok(JournalRetention::Drop),
        (_, Some(folder)) if !folder.is_empty() => Ok(JournalRetention::Archive(folder.into())),
        _ => Err(format!("`{text}` is none of them; write keep, drop or archive:DIR")),
    }
}

/// A number of seconds, minutes or hours.
fn read_period(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let digits = text.trim_end_matches(|last: char| last.is_ascii_alphabetic());
    let seconds_each = match &text[digits.len()..] {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3_600,
        unit => return Err(format!("`{unit}` is no unit; write 90s, 15m or 1h, or 0 for never")),
    };
    let seconds = digits.parse::<u32>().map_err(|_| format!("`{text}` is no time; write 90s, 15m or 1h"))?;
    Ok(Duration::from_secs(u64::from(seconds) * seconds_each))
}
