use std::path::{Path, PathBuf};

use parking_lot::RwLock;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use segops_model::Instant;

use super::secret::{hash, new_secret};
use super::{ControlError, NAME_CHARS_MAX, TOKENS_MAX, control_folder, local_token_path, private_file};

/// The token that the command line on the same machine uses.
pub const LOCAL_TOKEN: &str = "local";
/// The token that the first start of a server makes and shows once.
pub const OWNER_TOKEN: &str = "owner";

/// What a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads everything but secrets.
    Viewer,
    /// Also writes segments.
    Marketer,
    /// Also writes segments.
    Analyst,
    /// Everything.
    Admin,
}

/// Who sent a request: its token's name is the author of what it changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub name: String,
    pub role: Role,
}

/// A token as lists show it: never its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenView {
    pub name: String,
    pub role: Role,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Instant,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredToken {
    name: String,
    role: Role,
    created_at: Instant,
    sha256: String,
}

/// The workspace's bearer tokens. Only their hashes are kept, in a file that only its owner can read.
#[derive(Debug)]
pub struct Tokens {
    path: PathBuf,
    stored: RwLock<Vec<StoredToken>>,
}

impl Role {
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Marketer, Self::Analyst, Self::Admin];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Marketer => "marketer",
            Self::Analyst => "analyst",
            Self::Admin => "admin",
        }
    }
}

impl Tokens {
    /// Reads a folder's tokens, and makes the local one where there is none yet.
    ///
    /// # Errors
    /// The files cannot be read or written, or are damaged.
    pub fn open(data: &Path, now: Instant) -> Result<Self, ControlError> {
        let folder = control_folder(data);
        private_file::make_folder(&folder)?;
        let path = folder.join("tokens.json");
        let stored = match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map_err(|error| ControlError::Damaged(path.clone(), error.to_string()))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(ControlError::io("cannot read", &path)(error)),
        };
        let tokens = Self { path, stored: RwLock::new(stored) };
        tokens.ensure_local(data, now)?;
        Ok(tokens)
    }

    fn ensure_local(&self, data: &Path, now: Instant) -> Result<(), ControlError> {
        if let Some(secret) = super::read_local_token(data)?
            && self.find(&secret).is_some()
        {
            return Ok(());
        }
        let secret = {
            let mut stored = self.stored.write();
            stored.retain(|token| token.name != LOCAL_TOKEN);
            add(&mut stored, LOCAL_TOKEN, Role::Admin, now)?
        };
        self.save()?;
        private_file::replace(&local_token_path(data), format!("{secret}\n").as_bytes())
    }

    /// Makes a token and returns its secret, which is not kept and cannot be shown again.
    ///
    /// # Errors
    /// The name is taken or unusable, or the file cannot be written: then nothing has changed.
    pub fn create(&self, name: &str, role: Role, now: Instant) -> Result<String, ControlError> {
        let mut stored = self.stored.write();
        let before = stored.clone();
        let secret = add(&mut stored, name.trim(), role, now)?;
        if let Err(error) = write(&self.path, &stored) {
            *stored = before;
            return Err(error);
        }
        Ok(secret)
    }

    /// # Errors
    /// There is no such token, it is the last admin beside the local one, or the file cannot be written.
    pub fn revoke(&self, name: &str) -> Result<(), ControlError> {
        let mut stored = self.stored.write();
        let Some(at) = stored.iter().position(|token| token.name == name) else {
            return Err(ControlError::NoToken(name.to_owned()));
        };
        let admins = stored.iter().filter(|token| token.role == Role::Admin).count();
        if admins == 1 && stored.get(at).is_some_and(|token| token.role == Role::Admin) {
            return Err(ControlError::LastAdmin(name.to_owned()));
        }
        let removed = stored.remove(at);
        if let Err(error) = write(&self.path, &stored) {
            stored.insert(at, removed);
            return Err(error);
        }
        Ok(())
    }

    #[must_use]
    pub fn list(&self) -> Vec<TokenView> {
        let view = |token: &StoredToken| TokenView {
            name: token.name.clone(),
            role: token.role,
            created_at: token.created_at,
        };
        self.stored.read().iter().map(view).collect()
    }

    /// Who a secret belongs to. What is compared are hashes, so how long it takes tells nothing of a secret.
    #[must_use]
    pub fn find(&self, secret: &str) -> Option<Caller> {
        let sha256 = hash(secret);
        let stored = self.stored.read();
        let token = stored.iter().find(|token| token.sha256 == sha256)?;
        Some(Caller { name: token.name.clone(), role: token.role })
    }

    /// Whether a person has a token, or only the command line of this machine.
    #[must_use]
    pub fn has_owner(&self) -> bool {
        self.stored.read().iter().any(|token| token.name != LOCAL_TOKEN)
    }

    fn save(&self) -> Result<(), ControlError> {
        write(&self.path, &self.stored.read())
    }
}

fn add(
    stored: &mut Vec<StoredToken>,
    name: &str,
    role: Role,
    created_at: Instant,
) -> Result<String, ControlError> {
    let length = name.chars().count();
    if length == 0 || length > NAME_CHARS_MAX || name.chars().any(char::is_control) {
        return Err(ControlError::BadName);
    }
    if stored.iter().any(|token| token.name == name) {
        return Err(ControlError::NameTaken(name.to_owned()));
    }
    if stored.len() >= TOKENS_MAX {
        return Err(ControlError::TooMany);
    }
    let secret = new_secret("segops_")?;
    stored.push(StoredToken { name: name.to_owned(), role, created_at, sha256: hash(&secret) });
    Ok(secret)
}

fn write(path: &Path, stored: &[StoredToken]) -> Result<(), ControlError> {
    let mut text = serde_json::to_vec_pretty(stored)
        .map_err(|error| ControlError::Damaged(path.to_owned(), error.to_string()))?;
    text.push(b'\n');
    private_file::replace(path, &text)
}
