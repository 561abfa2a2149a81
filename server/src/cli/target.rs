use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser};

use super::client::Client;
use super::error::CliError;
use super::folder::Folder;
use super::network::Network;
use super::progress::Bar;
use crate::control::{Beacon, FolderLock, read_local_token};

/// Where the workspace is, and how to print.
#[derive(Debug, Clone, Args)]
pub(crate) struct Target {
    /// The data folder. While a server serves it, the command asks that server.
    #[arg(
        long,
        global = true,
        env = "SEGOPS_DATA",
        value_parser = OsStringValueParser::new().map(PathBuf::from),
        value_name = "DIR",
        help_heading = "Workspace"
    )]
    pub(crate) data: Option<PathBuf>,
    /// A running server, such as http://127.0.0.1:8123.
    #[arg(long, global = true, env = "SEGOPS_URL", value_name = "URL", help_heading = "Workspace")]
    pub(crate) url: Option<String>,
    /// The token to show to the server.
    #[arg(
        long,
        global = true,
        env = "SEGOPS_TOKEN",
        hide_env_values = true,
        value_name = "TOKEN",
        help_heading = "Workspace"
    )]
    pub(crate) token: Option<String>,
    /// Print JSON, for programs.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

impl Target {
    /// The same without what is set to nothing: scripts and containers pass variables on that are empty.
    pub(crate) fn without_blanks(self) -> Self {
        Self {
            data: self.data.filter(|data| !data.as_os_str().is_empty()),
            url: self.url.filter(|url| !url.trim().is_empty()),
            token: self.token.filter(|token| !token.trim().is_empty()),
            json: self.json,
        }
    }

    /// Opens the way to a workspace that is there.
    pub(crate) fn client(&self) -> Result<Client, CliError> {
        if let (None, Some(data)) = (&self.url, &self.data)
            && !FolderLock::is_at(data)
        {
            return Err(CliError::NoWorkspace(data.clone()));
        }
        self.client_making()
    }

    /// Opens the way to a workspace, and makes one in a folder that has none: for commands that put
    /// something in.
    pub(crate) fn client_making(&self) -> Result<Client, CliError> {
        match (&self.url, &self.data) {
            (Some(url), _) => {
                let token = match (&self.token, &self.data) {
                    (Some(token), _) => token.clone(),
                    (None, Some(data)) => read_local_token(data)?.ok_or_else(no_token)?,
                    (None, None) => return Err(no_token()),
                };
                Ok(Client::Network(Network::new(url, token)?))
            }
            (None, Some(data)) => self.of_folder(data),
            (None, None) => Err(CliError::Usage(
                "say where the workspace is: --data DIR for a folder, or --url URL for a running server \
                 (or set SEGOPS_DATA or SEGOPS_URL)"
                    .to_owned(),
            )),
        }
    }

    /// The folder itself, or the server that has it.
    fn of_folder(&self, data: &Path) -> Result<Client, CliError> {
        if let Some(lock) = FolderLock::take(data)? {
            let bar = Bar::new("reading the journal", false);
            let folder = Folder::open(data, lock, &mut |progress| {
                bar.update(progress.position.0, progress.durable_position.0);
            })?;
            bar.finish();
            return Ok(Client::Folder(Box::new(folder)));
        }
        let token = match &self.token {
            Some(token) => Some(token.clone()),
            None => read_local_token(data)?,
        };
        match (Beacon::read(data), token) {
            (Some(beacon), Some(token)) => {
                eprintln!("asking the server of this folder, at {}", beacon.url);
                Ok(Client::Network(Network::new(&beacon.url, token)?))
            }
            _ => Err(CliError::FolderBusy),
        }
    }
}

fn no_token() -> CliError {
    CliError::Usage("the server needs a token: give --token TOKEN, or set SEGOPS_TOKEN".to_owned())
}
