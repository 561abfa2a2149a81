//! Waiting for what the server does in the background.

use std::time::Duration;

use clap::Args;
use serde_json::Value;

use super::client::Client;
use super::error::CliError;
use super::progress::Bar;

/// Between two looks.
const WAIT_MS: u64 = 50;

/// How long to wait; forever unless told.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct Patience {
    /// Give up waiting after so many seconds; what is waited for goes on.
    #[arg(long = "timeout", value_name = "SECONDS")]
    seconds: Option<u64>,
}

/// How something stands that is waited for.
pub(crate) enum Standing {
    Over,
    /// With how much of how much is done, where that is known.
    GoesOn(Option<(u64, u64)>),
}

/// What is waited for.
pub(crate) struct Awaited<'a> {
    /// What the server does, as a bar says it.
    pub(crate) what: &'static str,
    /// Where the API shows how it stands.
    pub(crate) place: String,
    /// What ends or shows it later on, for whoever does not wait any longer.
    pub(crate) otherwise: &'a str,
}

/// Looks, from an answer on that is there already, until it is over, and gives the answer that says so.
pub(crate) fn wait(
    client: &Client,
    awaited: &Awaited<'_>,
    patience: Patience,
    mut answer: Value,
    standing: impl Fn(&Value) -> Result<Standing, CliError>,
) -> Result<Value, CliError> {
    let bar = Bar::new(awaited.what, false);
    let mut waited_ms = 0;
    loop {
        match standing(&answer)? {
            Standing::Over => return Ok(answer),
            Standing::GoesOn(Some((done, total))) => bar.update(done, total),
            Standing::GoesOn(None) => bar.tick(),
        }
        if let Some(seconds) = patience.seconds.filter(|seconds| waited_ms >= seconds * 1_000) {
            return Err(CliError::StillGoing {
                what: awaited.what,
                seconds,
                otherwise: awaited.otherwise.to_owned(),
            });
        }
        std::thread::sleep(Duration::from_millis(WAIT_MS));
        waited_ms += WAIT_MS;
        answer = client.get(awaited.place.as_str())?;
    }
}
