use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use serde_json::Value;

use super::super::error::CliError;

/// A file of values that were not taken in, to be imported again.
pub(super) struct UnknownFile {
    path: PathBuf,
    out: BufWriter<File>,
}

impl UnknownFile {
    pub(super) fn create(path: PathBuf) -> Result<Self, CliError> {
        let file = File::create(&path).map_err(CliError::io(format!("cannot write {}", path.display())))?;
        Ok(Self { path, out: BufWriter::new(file) })
    }

    /// Writes those of a batch's values that are of people who are not known.
    pub(super) fn write(&mut self, batch: &[Value], unknown: &[String]) -> Result<(), CliError> {
        let unknown: BTreeSet<&str> = unknown.iter().map(String::as_str).collect();
        let is_unknown = |value: &&Value| {
            value.get("profile").and_then(Value::as_str).is_some_and(|profile| unknown.contains(profile))
        };
        for value in batch.iter().filter(is_unknown) {
            let written = writeln!(self.out, "{value}");
            written.map_err(CliError::io(format!("cannot write {}", self.path.display())))?;
        }
        Ok(())
    }

    /// The file's path, once all is written.
    pub(super) fn finish(mut self) -> Result<PathBuf, CliError> {
        self.out.flush().map_err(CliError::io(format!("cannot write {}", self.path.display())))?;
        Ok(self.path)
    }
}
