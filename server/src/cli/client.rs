use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::CliError;
use super::folder::Folder;
use super::network::Network;
use crate::http::{Line, Problem};

/// How a command reaches a workspace: over the network, or in this process on a folder. Either way it is
/// the same request to the same routes.
#[derive(Debug)]
pub(crate) enum Client {
    Network(Network),
    Folder(Box<Folder>),
}

/// What a request carries.
#[derive(Debug, Clone, Default)]
pub(crate) enum Payload {
    #[default]
    Nothing,
    Json(Value),
    /// A file, by its path: sent over the network, read in place on a folder.
    File(PathBuf),
}

#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) payload: Payload,
    /// What is wanted back, where it is not JSON.
    pub(crate) accept: Option<&'static str>,
    pub(crate) if_match: Option<String>,
}

/// An answer whose body is read as it comes.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Box<dyn Read>,
}

impl Request {
    pub(crate) fn new(method: &'static str, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), payload: Payload::Nothing, accept: None, if_match: None }
    }

    pub(crate) fn json(mut self, body: Value) -> Self {
        self.payload = Payload::Json(body);
        self
    }

    pub(crate) fn file(mut self, path: &Path) -> Self {
        self.payload = Payload::File(path.to_owned());
        self
    }

    pub(crate) fn accept(mut self, media_type: &'static str) -> Self {
        self.accept = Some(media_type);
        self
    }
}

impl Payload {
    pub(crate) fn open(path: &Path) -> Result<File, CliError> {
        File::open(path).map_err(CliError::io(format!("cannot open {}", path.display())))
    }
}

impl Client {
    /// Sends a request; an answer that is no success is an error.
    pub(crate) fn open(&self, request: &Request) -> Result<Reply, CliError> {
        let mut reply = match self {
            Self::Network(network) => network.send(request)?,
            Self::Folder(folder) => folder.send(request)?,
        };
        if (200..300).contains(&reply.status) {
            return Ok(reply);
        }
        let mut text = String::new();
        let read = reply.body.by_ref().take(ERROR_BYTES_MAX).read_to_string(&mut text);
        read.map_err(CliError::io("the answer broke off"))?;
        match serde_json::from_str::<Problem>(&text) {
            Ok(problem) => Err(problem.into()),
            Err(_) => {
                let why = format!("status {}: {}", reply.status, text.chars().take(200).collect::<String>());
                Err(CliError::Answer { path: request.path.clone(), why })
            }
        }
    }

    /// Sends a request and reads its JSON answer; `null` where there is none.
    pub(crate) fn send(&self, request: &Request) -> Result<Value, CliError> {
        let mut reply = self.open(request)?;
        let mut text = String::new();
        reply.body.read_to_string(&mut text).map_err(CliError::io("the answer broke off"))?;
        if text.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&text).map_err(|error| not_understood(request, &error))
    }

    pub(crate) fn get(&self, path: impl Into<String>) -> Result<Value, CliError> {
        self.send(&Request::new("GET", path))
    }

    /// Sends a request whose answer comes in lines of progress with the result at the end.
    pub(crate) fn follow(
        &self,
        request: Request,
        mut progress: impl FnMut(u64, u64, u64),
    ) -> Result<Value, CliError> {
        let request = request.accept(crate::http::LINES);
        for line in BufReader::new(self.open(&request)?.body).lines() {
            let line = line.map_err(CliError::io("the answer broke off"))?;
            match serde_json::from_str(&line).map_err(|error| not_understood(&request, &error))? {
                Line::Progress { done, total, rows } => progress(done, total, rows),
                Line::Result(result) => return Ok(result),
                Line::Problem(problem) => return Err(problem.into()),
            }
        }
        let why = "it ended before its result".to_owned();
        Err(CliError::Answer { path: request.path, why })
    }

    /// All rows of a list, page after page, up to `rows_max`.
    pub(crate) fn rows(&self, path: &str, rows_max: usize) -> Result<Vec<Value>, CliError> {
        let mut rows = Vec::new();
        let mut cursor: Option<String> = None;
        let join = if path.contains('?') { '&' } else { '?' };
        while rows.len() < rows_max {
            let limit = (rows_max - rows.len()).min(PAGE_ROWS);
            let after = cursor.as_ref().map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
            let mut page = self.get(format!("{path}{join}limit={limit}{after}"))?;
            if let Some(Value::Array(data)) = page.get_mut("data").map(Value::take) {
                rows.extend(data);
            }
            cursor = page.get("next_cursor").and_then(Value::as_str).map(str::to_owned);
            if cursor.is_none() {
                break;
            }
        }
        Ok(rows)
    }
}

const PAGE_ROWS: usize = 500;
const ERROR_BYTES_MAX: u64 = 4 * 1024 * 1024;

fn not_understood(request: &Request, error: &serde_json::Error) -> CliError {
    CliError::Answer { path: request.path.clone(), why: error.to_string() }
}

/// An answer as the type that it is.
pub(crate) fn typed<T: DeserializeOwned>(value: Value, path: &str) -> Result<T, CliError> {
    serde_json::from_value(value)
        .map_err(|error| CliError::Answer { path: path.to_owned(), why: error.to_string() })
}

/// A path under the API, its parts escaped.
pub(crate) fn path(parts: &[&str]) -> String {
    let mut path = String::from("/api/v1");
    for part in parts {
        path.push('/');
        path.push_str(&escaped(part));
    }
    path
}

/// A path with those of the parameters that are given.
pub(crate) fn with_query(mut path: String, parameters: &[(&str, Option<&str>)]) -> String {
    let mut join = if path.contains('?') { '&' } else { '?' };
    for (name, value) in parameters {
        if let Some(value) = value {
            path.push(join);
            path.push_str(&format!("{name}={}", escaped(value)));
            join = '&';
        }
    }
    path
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
