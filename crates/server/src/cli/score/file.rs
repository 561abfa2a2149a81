//! Values of scores in files: NDJSON with one profile a line, or CSV with one a row.

use std::fs::File;
use std::io::{BufRead, BufReader, Lines};
use std::path::Path;

use serde_json::{Map, Value, json};

use super::super::error::CliError;

/// Columns that name a profile otherwise than by the kind of an identifier.
const WHOLE_NAMES: [&str; 2] = ["profile", "profile_id"];
/// Kinds of identifiers that every workspace has, the strongest first.
const KINDS: [&str; 4] = ["user_id", "email", "phone", "anonymous_id"];
/// Columns that never name a profile.
const OTHERS: [&str; 3] = ["value", "as_of", "version"];

/// A row by its columns, and where it stands.
type PlacedRow = (Map<String, Value>, String);

pub(super) struct ScoreFile {
    rows: Rows,
    /// The column of the values may be called by the score's own name.
    score: String,
}

enum Rows {
    Lines { lines: Lines<BufReader<File>>, number: u64 },
    Csv { reader: Box<csv::Reader<BufReader<File>>>, columns: csv::StringRecord },
}

impl ScoreFile {
    pub(super) fn open(path: &Path, score: &str) -> Result<Self, CliError> {
        let failed = || CliError::io(format!("cannot read {}", path.display()));
        let mut file = BufReader::new(File::open(path).map_err(failed())?);
        let is_json = file.fill_buf().map_err(failed())?.trim_ascii_start().starts_with(b"{");
        let score = score.to_owned();
        if is_json {
            return Ok(Self { rows: Rows::Lines { lines: file.lines(), number: 0 }, score });
        }
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(file);
        let columns: csv::StringRecord = reader
            .headers()
            .map_err(bad_row)?
            .iter()
            .map(|name| name.trim().trim_start_matches('\u{feff}'))
            .collect();
        if !columns.iter().any(|name| name == "value" || name == score) {
            let why = format!("it has no column `value` or `{score}`; name the column of the values so");
            return Err(CliError::Usage(format!("{}: {why}", path.display())));
        }
        Ok(Self { rows: Rows::Csv { reader: Box::new(reader), columns }, score })
    }

    /// The next value as the API takes it.
    pub(super) fn next_value(&mut self) -> Result<Option<Value>, CliError> {
        let Some((row, place)) = self.next_row()? else { return Ok(None) };
        let value = row.get("value").or_else(|| row.get(&self.score)).cloned().unwrap_or_default();
        let value =
            if value.as_str().is_some_and(|text| text.trim().is_empty()) { Value::Null } else { value };
        let Some(profile) = self.profile(&row) else {
            let why =
                "it names no profile; give `profile`, or a kind of identifier such as `user_id` or `email`";
            return Err(CliError::Usage(format!("{place}: {why}")));
        };
        Ok(Some(json!({ "profile": profile, "value": value })))
    }

    fn profile(&self, row: &Map<String, Value>) -> Option<String> {
        let text = |value: &Value| match value {
            Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        let whole = WHOLE_NAMES.iter().find_map(|name| row.get(*name).and_then(text));
        let by_kind = |kind: &str| Some(format!("{kind}:{}", row.get(kind).and_then(text)?));
        whole.or_else(|| KINDS.iter().find_map(|kind| by_kind(kind))).or_else(|| {
            // A workspace's own kind, where there is no other column that it could be.
            let is_kind = |name: &&String| **name != self.score && !OTHERS.contains(&name.as_str());
            let mut kinds = row.keys().filter(is_kind);
            kinds.next().filter(|_| kinds.next().is_none()).and_then(|kind| by_kind(kind))
        })
    }

    /// A row by its columns, and where it is.
    fn next_row(&mut self) -> Result<Option<PlacedRow>, CliError> {
        match &mut self.rows {
            Rows::Csv { reader, columns } => {
                let mut record = csv::StringRecord::new();
                if !reader.read_record(&mut record).map_err(bad_row)? {
                    return Ok(None);
                }
                let line = record.position().map_or(0, csv::Position::line);
                let cells = columns.iter().zip(&record);
                let cells = cells.map(|(name, cell)| (name.to_owned(), Value::from(cell.trim())));
                Ok(Some((cells.collect(), format!("line {line}"))))
            }
            Rows::Lines { lines, number } => {
                for line in lines {
                    *number += 1;
                    let line = line.map_err(CliError::io(format!("cannot read line {number}")))?;
                    if line.trim().is_empty() {
                        continue;
                    }
                    let read: Map<String, Value> = serde_json::from_str(&line).map_err(|error| {
                        CliError::Usage(format!("line {number} is no JSON object: {error}"))
                    })?;
                    return Ok(Some((read, format!("line {number}"))));
                }
                Ok(None)
            }
        }
    }
}

fn bad_row(error: csv::Error) -> CliError {
    CliError::Usage(format!("the file cannot be read as CSV: {error}"))
}
