//! What a data folder keeps beside the journal for the process that serves it: the lock, the tokens, and
//! where the running server can be reached. None of it is part of the workspace's state.

mod beacon;
mod lock;
mod private_file;
mod secret;
mod tokens;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

pub use beacon::Beacon;
pub use lock::FolderLock;
pub use tokens::{Caller, LOCAL_TOKEN, OWNER_TOKEN, Role, TokenView, Tokens};

pub(crate) use private_file::{make_folder, replace};
pub(crate) use secret::{hex, new_secret};

/// Why the control folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    #[error("{action} {path}: {error}; check that the folder exists and that you may write there")]
    Io { action: &'static str, path: PathBuf, error: std::io::Error },
    #[error("{0} is damaged ({1}); move it away, and the next start makes new tokens")]
    Damaged(PathBuf, String),
    #[error("the system gives no random numbers ({0}); no token can be made")]
    Random(String),
    #[error("there is a token named `{0}` already; choose another name, or revoke that one first")]
    NameTaken(String),
    #[error("a token's name needs 1 to {NAME_CHARS_MAX} characters, none of them a control character")]
    BadName,
    #[error("there is no token named `{0}`; list the tokens to see which there are")]
    NoToken(String),
    #[error("`{0}` is the last admin token; make another one before you revoke it")]
    LastAdmin(String),
    #[error("there are {TOKENS_MAX} tokens, which is the limit; revoke one first")]
    TooMany,
}

/// The longest name of a token.
pub const NAME_CHARS_MAX: usize = 100;
/// Tokens in one workspace.
pub const TOKENS_MAX: usize = 1_000;

impl ControlError {
    fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self::Io { action, path, error }
    }
}

/// The control folder of a data folder.
#[must_use]
pub fn control_folder(data: &Path) -> PathBuf {
    data.join("control")
}

/// The token of the command line on the same machine, if the folder has one.
///
/// # Errors
/// The file is there and cannot be read.
pub fn read_local_token(data: &Path) -> Result<Option<String>, ControlError> {
    let path = local_token_path(data);
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text.trim().to_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(ControlError::io("cannot read", &path)(error)),
    }
}

fn local_token_path(data: &Path) -> PathBuf {
    control_folder(data).join("local.token")
}
