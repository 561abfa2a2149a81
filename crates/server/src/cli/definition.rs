//! Named, versioned definitions, which rules refer to: what their commands do is the same for every kind of them. A
//! kind says what it is called, how its definitions are read, and its help.

use std::fmt::{Debug, Display};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use segops_engine::view::{SegmentDifference, SegmentName};
use segops_model::{Instant, Limits};
use segops_rules::Problem;

use super::client::{Client, Request, path, typed};
use super::error::CliError;
use super::output::{Output, Table, plain, shortened};
use super::progress::Bar;
use super::rule::print_warnings;
use super::segment_diff::print_difference;

/// A kind of definitions.
pub(crate) trait Kind: Debug + Clone + 'static {
    type Id: Debug + Copy + Ord + Display + Serialize + DeserializeOwned;
    /// What one is made of, with names.
    type Definition: Debug + Clone + Display;
    /// One of them, in words, in the API's answers, and as the last part of a file's name.
    const WHAT: &str;
    const FIELD: &str;
    const EXTENSION: &str;
    /// All of them, in the API's paths and as a folder.
    const PLURAL: &str;
    /// The command that makes one, for whoever has none yet.
    const EXAMPLE: &str;
    /// Whether one can get another name.
    const CAN_BE_RENAMED: bool;

    /// Reads what one is made of; all that is wrong comes at once.
    fn parse(text: &str, limits: &Limits) -> Result<Self::Definition, Vec<Problem>>;
    /// Whether two names are of the same one.
    fn is_same_name(one: &str, other: &str) -> bool;
}

/// A definition as the API shows it, whatever its kind.
#[derive(Debug, Clone, Deserialize)]
#[serde(bound = "")]
pub(crate) struct Defined<K: Kind> {
    pub(crate) id: K::Id,
    pub(crate) name: String,
    /// What the newest version is made of.
    pub(crate) definition: String,
    pub(crate) version: u32,
    pub(crate) used_by: Vec<SegmentName>,
    /// Oldest first.
    pub(crate) versions: Vec<DefinedVersion>,
    /// What rules can ask of what is defined, where it has several properties.
    #[serde(default)]
    properties: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct DefinedVersion {
    pub(crate) version: u32,
    pub(crate) definition: String,
    pub(crate) author: String,
    pub(crate) at: Instant,
}

/// What another definition would change.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Difference {
    definition: String,
    new_definition: String,
    pub(crate) segments: Vec<SegmentDifference>,
}

/// Where all of a kind are.
pub(crate) fn all<K: Kind>() -> String {
    path(&[K::PLURAL])
}

/// Where one is, by its name or id.
pub(crate) fn one<K: Kind>(name: &str) -> String {
    path(&[K::PLURAL, name])
}

/// The one that a change has answered with.
pub(crate) fn saved<K: Kind>(answer: &Value) -> Result<Defined<K>, CliError> {
    typed(answer.get(K::FIELD).cloned().unwrap_or_default(), &all::<K>())
}

pub(crate) fn create<K: Kind>(
    client: &Client,
    name: &str,
    definition: &str,
    out: &mut Output,
) -> Result<(), CliError> {
    let body = json!({ "name": name, "definition": definition });
    save::<K>(client, &Request::new("POST", all::<K>()).json(body), definition, out)
}

/// Gives one another definition, if its newest version is the expected one.
pub(crate) fn edit<K: Kind>(
    client: &Client,
    name: &str,
    definition: &str,
    expected_version: Option<u32>,
    out: &mut Output,
) -> Result<(), CliError> {
    let body = json!({ "definition": definition, "expected_version": expected_version });
    save::<K>(client, &Request::new("PUT", one::<K>(name)).json(body), definition, out)
}

fn save<K: Kind>(
    client: &Client,
    request: &Request,
    definition: &str,
    out: &mut Output,
) -> Result<(), CliError> {
    let saved = client.send(request).map_err(|error| error.with_rule(definition))?;
    if out.json {
        return out.print_json(&saved);
    }
    print_warnings(&saved, definition, out)?;
    show_answer::<K>(saved.get(K::FIELD).cloned().unwrap_or_default(), out)
}

pub(crate) fn rename<K: Kind>(
    client: &Client,
    name: &str,
    new_name: &str,
    out: &mut Output,
) -> Result<(), CliError> {
    let request = Request::new("PATCH", one::<K>(name)).json(json!({ "name": new_name }));
    show_answer::<K>(client.send(&request)?, out)
}

pub(crate) fn delete<K: Kind>(client: &Client, name: &str, out: &mut Output) -> Result<(), CliError> {
    client.send(&Request::new("DELETE", one::<K>(name)))?;
    if out.json {
        return out.print_json(&json!({ "deleted": name }));
    }
    out.line(format!("The {} `{name}` is deleted.", K::WHAT))
}

/// Says who would enter and who would leave the segments that use one, were it made of something else.
pub(crate) fn diff<K: Kind>(
    client: &Client,
    name: &str,
    definition: &str,
    sample: usize,
    out: &mut Output,
) -> Result<(), CliError> {
    let place = path(&[K::PLURAL, name, "diff"]);
    let request = Request::new("POST", place.as_str());
    let bar = Bar::new("reading history", false);
    let answer = client
        .follow(request.json(json!({ "definition": definition, "sample": sample })), |done, total, _| {
            bar.update(done, total);
        })
        .map_err(|error| error.with_rule(definition))?;
    bar.finish();
    if out.json {
        return out.print_json(&answer);
    }
    print_warnings(&answer, definition, out)?;
    let found: Difference = typed(answer, &place)?;
    out.line(format!("- {}", found.definition))?;
    out.line(format!("+ {}", found.new_definition))?;
    if found.segments.is_empty() {
        return out.line("No segment uses it: nobody would move.");
    }
    for one in &found.segments {
        out.line("")?;
        out.heading(&plain(&one.segment.name))?;
        print_difference(&one.difference, out)?;
    }
    Ok(())
}

pub(crate) fn list<K: Kind>(client: &Client, out: &mut Output) -> Result<(), CliError> {
    let place = all::<K>();
    let rows = client.rows(&place, usize::MAX)?;
    if out.json {
        return out.print_json(&json!({ "data": rows }));
    }
    let mut table = Table::new(&["NAME", "#USED BY", "MADE OF", "ID"]);
    for one in typed::<Vec<Defined<K>>>(rows.into(), &place)? {
        let (users, definition) = (one.used_by.len().to_string(), shortened(&one.definition, 80));
        table.row([one.name, users, definition, one.id.to_string()]);
    }
    if table.is_empty() {
        return out.line(format!("There are no {}s yet. Make one: {}", K::WHAT, K::EXAMPLE));
    }
    out.table(&table)
}

pub(crate) fn show<K: Kind>(client: &Client, name: &str, out: &mut Output) -> Result<(), CliError> {
    show_answer::<K>(client.get(one::<K>(name))?, out)
}

fn show_answer<K: Kind>(answer: Value, out: &mut Output) -> Result<(), CliError> {
    if out.json {
        return out.print_json(&answer);
    }
    let shown: Defined<K> = typed(answer, &all::<K>())?;
    out.heading(&format!("{} ({})", plain(&shown.name), shown.id))?;
    out.line(&shown.definition)?;
    if !shown.properties.is_empty() {
        out.line(format!("Rules can ask for its {}.", shown.properties.join(", ")))?;
    }
    if !shown.used_by.is_empty() {
        let users: Vec<String> = shown.used_by.iter().map(|user| plain(&user.name)).collect();
        out.line(format!("Used by {}.", users.join(", ")))?;
    }
    let mut table = Table::new(&["#VERSION", "AUTHOR", "SAVED", "MADE OF"]);
    for version in shown.versions {
        table.row([
            version.version.to_string(),
            version.author,
            out.date(version.at),
            shortened(&version.definition, 80),
        ]);
    }
    out.line("")?;
    out.table(&table)
}
