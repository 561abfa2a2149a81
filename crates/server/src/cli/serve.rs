use std::net::SocketAddr;

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
        let options = ServeOptions { data, listen: self.listen, time_zone: self.time_zone, log_format };
        // Somebody who closes the terminal's other end does not stop the server.
        let mut say = |line: &str| {
            let _closed = out.line(line).and_then(|()| out.flush());
        };
        Ok(serve(options, &mut say)?)
    }
}
