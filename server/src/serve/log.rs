use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// How the log is written, always to the standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    /// One object a line.
    Json,
}

/// Starts logging; `SEGOPS_LOG` sets what is logged, as `info` or `segops_server=debug`.
pub(super) fn start(format: LogFormat) {
    let filter = EnvFilter::try_from_env("SEGOPS_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match format {
        LogFormat::Text => log.with_ansi(std::io::stderr().is_terminal()).with_target(false).try_init(),
        LogFormat::Json => log.json().flatten_event(true).try_init(),
    };
    if let Err(error) = started {
        eprintln!("the log cannot be started: {error}");
    }
}
