use std::net::SocketAddr;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::error::CliError;
use super::output::Output;
use super::target::Target;
use crate::serve::{LogFormat, ServeOptions, serve};

/// Serve a data folder over HTTP: tracking calls, the REST API, streams.
///
/// The first start makes the folder, a token for its owner and a first source, and prints them once.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  segops serve --data shop\n  segops serve --data shop --listen 0.0.0.0:8123 --time-zone Europe/Berlin --log-format json"
)]
pub(crate) struct Serve {
    /// The address to listen at; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8123", value_name = "ADDR")]
    listen: SocketAddr,
    /// The workspace's time zone, where the folder is new: an IANA name.
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
    /// How often one segment is held against a rebuild from raw history, in the background: 90s, 15m, 1h; 0 for
    /// never.
    #[arg(long, default_value = "15m", value_name = "TIME", value_parser = read_period)]
    verify_every: Duration,
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
        let log_format = match self.log_format {
            LogFormatName::Text => LogFormat::Text,
            LogFormatName::Json => LogFormat::Json,
        };
        let options = ServeOptions {
            data,
            listen: self.listen,
            time_zone: self.time_zone,
            verify_every: Some(self.verify_every).filter(|every| !every.is_zero()),
            log_format,
        };
        // Somebody who closes the terminal's other end does not stop the server.
        let mut say = |line: &str| {
            let _closed = out.line(line).and_then(|()| out.flush());
        };
        Ok(serve(options, &mut say)?)
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
