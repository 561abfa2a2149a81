use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::client::{Client, Request, typed};
use super::error::CliError;
use super::output::{Output, counted, plain};
use super::segment::PATH;
use crate::definitions::{NoteKind, ReadDefinition};

/// Read another product's segment definitions as rules, and say what differs and what cannot be said.
///
/// Saves nothing unless told to: `--draft` saves what can be said as drafts.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  segops segment import klaviyo segments.json --names metrics.json --names lists.json --data shop\n  segops segment import klaviyo segments.json --event 'Placed Order=Order Completed' --draft --folder Klaviyo --data shop\n  segops segment import segment audiences.json --data shop"
)]
pub(crate) struct Import {
    /// Whose definitions they are.
    #[arg(value_enum)]
    dialect: DialectName,
    /// What their API answered: one definition or a list of them; `-` reads the standard input.
    file: PathBuf,
    /// A list of metrics, lists or segments as their API answers with it, or an object of ids and names.
    #[arg(long, value_name = "FILE")]
    names: Vec<PathBuf>,
    /// An event's name there, and here: `Placed Order=Order Completed`.
    #[arg(long = "event", value_name = "THERE=HERE")]
    events: Vec<String>,
    /// The property that holds what an event was worth.
    #[arg(long, default_value = "total", value_name = "PROPERTY")]
    value_property: String,
    /// Save what can be said as drafts.
    #[arg(long)]
    draft: bool,
    /// The folder of the drafts.
    #[arg(long, requires = "draft", value_name = "PATH")]
    folder: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum DialectName {
    Klaviyo,
    Segment,
}

impl Import {
    pub(super) fn run(self, client: &Client, out: &mut Output) -> Result<(), CliError> {
        let place = "/api/v1/rules/read";
        let mut names = BTreeMap::new();
        for file in &self.names {
            read_names(file, &mut names)?;
        }
        let events: BTreeMap<&str, &str> = self
            .events
            .iter()
            .map(|pair| {
                pair.split_once('=').ok_or_else(|| {
                    CliError::Usage(format!("`{pair}` is no pair; write `Placed Order=Order Completed`"))
                })
            })
            .collect::<Result<_, _>>()?;
        let dialect = match self.dialect {
            DialectName::Klaviyo => "klaviyo",
            DialectName::Segment => "segment",
        };
        let dictionary = json!({ "names": names, "events": events, "value_property": self.value_property });
        let body = json!({ "dialect": dialect, "definitions": read(&self.file)?, "dictionary": dictionary });
        let mut answer = client.send(&Request::new("POST", place).json(body))?;
        let data = answer.get_mut("data").map(Value::take).unwrap_or_default();
        let found: Vec<ReadDefinition> = typed(data, place)?;
        let mut saved = Vec::new();
        if self.draft {
            for definition in found.iter().filter(|definition| definition.rule_text.is_some()) {
                let body = json!({
                    "name": definition.name, "rule": definition.rule_text, "draft": true,
                    "folder": self.folder.clone().unwrap_or_default(),
                });
                client.send(&Request::new("POST", PATH).json(body))?;
                saved.push(definition.name.clone());
            }
        }
        if out.json {
            return out.print_json(&json!({ "data": found, "saved": saved }));
        }
        for definition in &found {
            print(definition, out)?;
        }
        let said = found.iter().filter(|definition| definition.rule_text.is_some()).count();
        let all = counted(found.len() as u64, "definition", "definitions");
        out.heading(&format!("{all}: {said} can be said, {} saved as drafts.", saved.len()))
    }
}

fn print(definition: &ReadDefinition, out: &mut Output) -> Result<(), CliError> {
    out.heading(&plain(&definition.name))?;
    match &definition.rule_text {
        Some(rule) => out.line(format!("  {rule}"))?,
        None => out.line("  no rule: not all of it can be said")?,
    }
    for note in &definition.notes {
        let kind = match note.kind {
            NoteKind::CannotBeSaid => "cannot be said",
            NoteKind::Differs => "differs",
            NoteKind::Assumed => "assumed",
        };
        let place = if note.place.is_empty() { String::new() } else { format!(" (at {})", note.place) };
        out.warning(&format!("  {kind}: {}{place}", plain(&note.message)))?;
    }
    out.line("")
}

fn read(file: &Path) -> Result<String, CliError> {
    let text = if file == Path::new("-") {
        std::io::read_to_string(std::io::stdin())
    } else {
        std::fs::read_to_string(file)
    };
    text.map_err(CliError::io(format!("cannot read {}", file.display())))
}

/// Ids with their names, from a list of an API or from a plain object.
fn read_names(file: &Path, names: &mut BTreeMap<String, String>) -> Result<(), CliError> {
    let wrong = |why: &str| CliError::Usage(format!("{}: {why}", file.display()));
    let json: Value = serde_json::from_str(&read(file)?).map_err(|error| wrong(&error.to_string()))?;
    if let Some(rows) = json.get("data").and_then(Value::as_array) {
        for row in rows {
            let id = row.get("id").and_then(Value::as_str);
            let name = row.pointer("/attributes/name").or_else(|| row.get("name")).and_then(Value::as_str);
            if let (Some(id), Some(name)) = (id, name) {
                names.insert(id.to_owned(), name.to_owned());
            }
        }
        return Ok(());
    }
    let pairs: BTreeMap<String, String> = serde_json::from_value(json)
        .map_err(|_| wrong("it is neither a list of an API nor ids with names"))?;
    names.extend(pairs);
    Ok(())
}
