use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use segops_collect::files::read_table;
use segops_engine::view;

use super::client::{Client, Request, path, typed};
use super::consent::{known_text, print_rejects};
use super::error::CliError;
use super::output::{Output, Table, counted, number};
use super::progress::Bar;
use super::target::Target;

/// Upload lists of people, for rules to ask who is in them.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Examples:\n  segops list create Influencers influencers.txt --data shop\n  segops segment preview 'in list \"Influencers\"' --data shop"
)]
pub(crate) enum List {
    /// Make a list, of the rows of a file or empty.
    #[command(
        after_help = "Examples:\n  segops list create Influencers influencers.csv --column Email --data shop"
    )]
    Create {
        name: String,
        #[command(flatten)]
        rows: Rows,
    },
    /// Show the lists, or one of them.
    #[command(
        after_help = "Examples:\n  segops list show --data shop\n  segops list show Influencers --data shop"
    )]
    Show { list: Option<String> },
    /// Make a list hold the rows of a file and nothing else.
    #[command(after_help = "Examples:\n  segops list replace Influencers influencers.txt --data shop")]
    Replace {
        list: String,
        #[command(flatten)]
        rows: Rows,
    },
    /// Put the rows of a file, or single ones, into a list.
    #[command(visible_alias = "upload")]
    #[command(after_help = "Examples:\n  segops list add Influencers --row ann@shop.example --data shop")]
    Add {
        list: String,
        #[command(flatten)]
        rows: Rows,
    },
    /// Take the rows of a file, or single ones, out of a list.
    #[command(after_help = "Examples:\n  segops list remove Influencers --row ann@shop.example --data shop")]
    Remove {
        list: String,
        #[command(flatten)]
        rows: Rows,
    },
    /// Print a list's entries, one a line.
    #[command(after_help = "Examples:\n  segops list export Influencers --data shop > influencers.txt")]
    Export { list: String },
    /// Delete a list that no segment refers to.
    #[command(after_help = "Examples:\n  segops list delete Influencers --data shop")]
    Delete { list: String },
}

/// Where rows come from.
#[derive(Debug, Args)]
pub(crate) struct Rows {
    /// A file with one identifier a line, or with --column a CSV file.
    file: Option<PathBuf>,
    /// The CSV file's column that has the identifiers.
    #[arg(long, value_name = "NAME", requires = "file")]
    column: Option<String>,
    /// The identifiers' kind (email, phone, user_id, profile_id, ...) where it is not to be guessed.
    #[arg(long)]
    kind: Option<String>,
    /// One identifier; may be given many times.
    #[arg(long = "row", value_name = "IDENTIFIER")]
    single: Vec<String>,
}

const PATH: &str = "/api/v1/lists";
/// Rows of one request.
const BATCH: usize = 5_000;

impl List {
    pub(crate) fn run(self, target: &Target, out: &mut Output) -> Result<(), CliError> {
        let client =
            if matches!(self, Self::Create { .. }) { target.client_making()? } else { target.client()? };
        match self {
            Self::Create { name, rows } => {
                let read = rows.read()?;
                client.send(&Request::new("POST", PATH).json(json!({ "name": name })))?;
                report(&name, &change(&client, &name, &read, rows.kind.as_deref(), "add")?, &read, out)
            }
            Self::Add { list, rows } => {
                let read = rows.read()?;
                report(&list, &change(&client, &list, &read, rows.kind.as_deref(), "add")?, &read, out)
            }
            Self::Remove { list, rows } => {
                let read = rows.read()?;
                report(&list, &change(&client, &list, &read, rows.kind.as_deref(), "remove")?, &read, out)
            }
            Self::Replace { list, rows } => {
                let read = rows.read()?;
                let taken = replace(&client, &list, &read, rows.kind.as_deref())?;
                report(&list, &taken, &read, out)
            }
            Self::Show { list } => show(&client, list.as_deref(), out),
            Self::Export { list } => export(&client, &list, out),
            Self::Delete { list } => {
                client.send(&Request::new("DELETE", path(&["lists", &list])))?;
                if out.json {
                    return out.print_json(&json!({ "deleted": list }));
                }
                out.line(format!("The list `{list}` is deleted."))
            }
        }
    }
}

impl Rows {
    /// Each row with its line in the file; single ones have none.
    fn read(&self) -> Result<Vec<(u64, String)>, CliError> {
        let mut rows: Vec<(u64, String)> = self.single.iter().map(|row| (0, row.clone())).collect();
        let Some(file) = &self.file else { return Ok(rows) };
        let unreadable = || CliError::io(format!("cannot read {}", file.display()));
        let reader = BufReader::new(File::open(file).map_err(unreadable())?);
        let Some(column) = &self.column else {
            for (line, text) in (1..).zip(reader.lines()) {
                let text = text.map_err(unreadable())?;
                if let Some(name) = (line == 1).then(|| heading(&text)).flatten() {
                    return Err(CliError::Usage(format!(
                        "{}: line 1 looks like the headings of columns and not like someone; read it as CSV, with `--column {name}`",
                        file.display()
                    )));
                }
                if !text.trim().is_empty() {
                    rows.push((line, text.trim().to_owned()));
                }
            }
            return Ok(rows);
        };
        let mut has_column = true;
        let read = read_table(reader, &mut |header, row| {
            let Some(at) = header.iter().position(|name| name.eq_ignore_ascii_case(column)) else {
                has_column = false;
                return;
            };
            // A row that is broken has no identifier, and is given back as what it is.
            let cell = row.cells.map(|cells| cells.get(at).cloned().unwrap_or_default());
            rows.push((row.line, cell.unwrap_or_default()));
        });
        read.map_err(|error| CliError::Usage(format!("{}: {error}", file.display())))?;
        if !has_column {
            return Err(CliError::Usage(format!("{} has no column `{column}`", file.display())));
        }
        Ok(rows)
    }
}

/// The cell of a line that names a kind of identifier and identifies nobody.
fn heading(line: &str) -> Option<&str> {
    const NAMES: [&str; 9] = [
        "email",
        "e-mail",
        "email address",
        "phone",
        "user_id",
        "user id",
        "customer_id",
        "profile_id",
        "id",
    ];
    let mut cells = line.split([',', ';', '\t']).map(|cell| cell.trim().trim_matches('"'));
    cells.find(|cell| NAMES.iter().any(|name| cell.eq_ignore_ascii_case(name)))
}

fn change(
    client: &Client,
    list: &str,
    rows: &[(u64, String)],
    kind: Option<&str>,
    what: &str,
) -> Result<view::Taken, CliError> {
    let mut whole = view::Taken::default();
    let bar = Bar::new("uploading", false);
    for (number, batch) in rows.chunks(BATCH).enumerate() {
        let texts: Vec<&str> = batch.iter().map(|(_, text)| text.as_str()).collect();
        let body = json!({ (what): texts, "kind": kind });
        let answer = client.send(&Request::new("PATCH", path(&["lists", list])).json(body))?;
        let taken: view::Taken = typed(answer, PATH)?;
        whole.accepted += taken.accepted;
        whole.known += taken.known;
        let moved =
            taken.rejected.into_iter().map(|row| view::RejectedRow { row: row.row + number * BATCH, ..row });
        whole.rejected.extend(moved);
        bar.update((number * BATCH + batch.len()) as u64, rows.len() as u64);
    }
    bar.finish();
    Ok(whole)
}

/// Makes a list hold these rows. What one request does not hold goes into a list of its own first, which is
/// gone afterwards.
fn replace(
    client: &Client,
    list: &str,
    rows: &[(u64, String)],
    kind: Option<&str>,
) -> Result<view::Taken, CliError> {
    let put = |body: Value| -> Result<view::Taken, CliError> {
        typed(client.send(&Request::new("PUT", path(&["lists", list])).json(body))?, PATH)
    };
    if rows.len() <= BATCH {
        let texts: Vec<&str> = rows.iter().map(|(_, text)| text.as_str()).collect();
        return put(json!({ "rows": texts, "kind": kind }));
    }
    let id = client.get(path(&["lists", list]))?.get("id").and_then(Value::as_str).unwrap_or(list).to_owned();
    let name = format!("{id} (upload)");
    client.send(&Request::new("POST", PATH).json(json!({ "name": name })))?;
    let uploaded = change(client, &name, rows, kind, "add");
    let taken = uploaded.and_then(|uploaded| {
        let taken = put(json!({ "from": name }))?;
        Ok(view::Taken { rejected: uploaded.rejected, ..taken })
    });
    client.send(&Request::new("DELETE", path(&["lists", &name])))?;
    taken
}

fn report(list: &str, taken: &view::Taken, rows: &[(u64, String)], out: &mut Output) -> Result<(), CliError> {
    if out.json {
        return out.print_json(&serde_json::to_value(taken).unwrap_or_default());
    }
    let accepted = counted(taken.accepted, "row is taken in", "rows are taken in");
    out.line(format!("{list}: {accepted}{}.", known_text(taken.known)))?;
    let rejected: Vec<(u64, String)> = taken
        .rejected
        .iter()
        .map(|row| {
            let line = rows.get(row.row).map(|(line, _)| *line).unwrap_or_default();
            (line, format!("{}: {}", row.text, row.reason))
        })
        .collect();
    print_rejects(&rejected, out)
}

fn show(client: &Client, list: Option<&str>, out: &mut Output) -> Result<(), CliError> {
    let rows: Vec<Value> = match list {
        Some(list) => vec![client.get(path(&["lists", list]))?],
        None => client.rows(PATH, usize::MAX)?,
    };
    if out.json {
        return out.print_json(&json!({ "data": rows }));
    }
    out.use_zone_of(client)?;
    let lists: Vec<view::UploadedList> = typed(rows.into(), PATH)?;
    let mut table = Table::new(&["ID", "NAME", "#ENTRIES", "CHANGED"]);
    for list in lists {
        table.row([list.id.to_string(), list.name, number(list.entries), out.date(list.changed_at)]);
    }
    if table.is_empty() {
        return out.line("There are no lists yet. Make one: segops list create Influencers influencers.txt");
    }
    out.table(&table)
}

fn export(client: &Client, list: &str, out: &mut Output) -> Result<(), CliError> {
    let rows = client.rows(&path(&["lists", list, "entries"]), usize::MAX)?;
    if out.json {
        return out.print_json(&json!({ "data": rows }));
    }
    rows.iter().filter_map(Value::as_str).try_for_each(|row| out.line(row))
}
