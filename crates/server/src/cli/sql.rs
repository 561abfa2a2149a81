use std::fs::File;
use std::io::{IsTerminal, Read, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::client::{Client, Request, typed};
use super::error::CliError;
use super::output::{Output, Table, counted, plain};
use super::target::Target;
use crate::http::{SqlTable, SqlTables};

const PATH: &str = "/api/v1/sql";

/// Ask with SQL: events, profiles, orders, products, segments, transitions and scores, all as they are at one moment.
///
/// It is PostgreSQL's language, and only reads. Properties are columns such as "total:number", and are reached by
/// property(properties, 'path').
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  segops sql --tables --data shop\n  segops sql 'SELECT event, count(*) FROM events GROUP BY event ORDER BY 2 DESC' --data shop\n  segops sql 'SELECT name, sum(net) FROM line_items GROUP BY name ORDER BY 2 DESC LIMIT 10' --data shop\n  segops sql --file report.sql --format parquet --out report.parquet --data shop\n  segops sql --running --url http://127.0.0.1:8123 --token ..."
)]
pub(crate) struct SqlCommand {
    /// The query. Without one, and without a file, it is read from the standard input.
    #[arg(value_name = "QUERY", conflicts_with_all = ["file", "tables", "running", "cancel"])]
    query: Option<String>,
    /// Read the query from a file.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["tables", "running", "cancel"])]
    file: Option<PathBuf>,
    /// What $1, $2 and so on stand for: a number, true, false, null, or else text.
    #[arg(long = "parameter", value_name = "VALUE")]
    parameters: Vec<String>,
    /// How to print the answer.
    #[arg(long, value_enum, default_value_t = Shape::Table)]
    format: Shape,
    /// Write the answer to a file.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// End the answer after so many rows.
    #[arg(long, value_name = "N")]
    rows: Option<usize>,
    /// End the query after so many seconds.
    #[arg(long, value_name = "N")]
    seconds: Option<u64>,
    /// List the tables with their columns.
    #[arg(long)]
    tables: bool,
    /// List the queries that run.
    #[arg(long, conflicts_with = "tables")]
    running: bool,
    /// End a query that runs, by its number.
    #[arg(long, value_name = "ID", conflicts_with_all = ["tables", "running"])]
    cancel: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Shape {
    Table,
    Json,
    Csv,
    Parquet,
    Arrow,
}

impl SqlCommand {
    pub(crate) fn run(self, target: &Target, out: &mut Output) -> Result<(), CliError> {
        let client = target.client()?;
        if self.tables {
            return tables(&client, out);
        }
        if self.running {
            return running(&client, out);
        }
        if let Some(id) = self.cancel {
            client.send(&Request::new("DELETE", format!("{PATH}/queries/{id}")))?;
            return out.line(format!("Query {id} is told to end."));
        }
        let query = self.text()?;
        let shape = if out.json { Shape::Json } else { self.format };
        let format = match shape {
            Shape::Table | Shape::Json => "json",
            Shape::Csv => "csv",
            Shape::Parquet => "parquet",
            Shape::Arrow => "arrow",
        };
        let parameters: Vec<Value> = self.parameters.iter().map(|text| parameter(text)).collect();
        let body = json!({ "query": query, "parameters": parameters, "format": format,
            "limits": { "rows": self.rows, "seconds": self.seconds } });
        let request = Request::new("POST", PATH).json(body);
        if shape == Shape::Table && self.out.is_none() {
            let answer = client.send(&request).map_err(|error| error.with_query(&query))?;
            return table(&answer, out);
        }
        if shape == Shape::Table {
            return Err(CliError::Usage(
                "say in which format to write the file: --format csv, json, parquet or arrow".to_owned(),
            ));
        }
        let is_binary = matches!(shape, Shape::Parquet | Shape::Arrow);
        if is_binary && self.out.is_none() && std::io::stdout().is_terminal() {
            let message = "that is no text for a terminal; say where it goes with --out FILE";
            return Err(CliError::Usage(message.to_owned()));
        }
        let reply = client.open(&request).map_err(|error| error.with_query(&query))?;
        self.copy(reply.body)
    }

    fn text(&self) -> Result<String, CliError> {
        if let Some(query) = &self.query {
            return Ok(query.clone());
        }
        if let Some(file) = &self.file {
            let what = format!("cannot read {}", file.display());
            return std::fs::read_to_string(file).map_err(CliError::io(what));
        }
        if std::io::stdin().is_terminal() {
            return Err(CliError::Usage(
                "say what to ask: segops sql 'SELECT count(*) FROM events'".to_owned(),
            ));
        }
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(CliError::io("cannot read the standard input"))?;
        Ok(text)
    }

    /// Copies an answer to where it is wanted. A file is there when all of it is.
    fn copy(&self, mut body: Box<dyn Read>) -> Result<(), CliError> {
        let broke_off = || CliError::io("the answer broke off: the query went wrong, or was ended");
        let Some(path) = &self.out else {
            let mut stdout = std::io::stdout().lock();
            std::io::copy(&mut body, &mut stdout).map_err(broke_off())?;
            return stdout.flush().map_err(CliError::Output);
        };
        let part = path.with_added_extension("part");
        let what = format!("cannot write {}", part.display());
        let mut file = File::create(&part).map_err(CliError::io(what.clone()))?;
        if let Err(error) = std::io::copy(&mut body, &mut file) {
            // What is there is no answer.
            let _gone = std::fs::remove_file(&part);
            return Err(broke_off()(error));
        }
        file.sync_all().map_err(CliError::io(what.clone()))?;
        std::fs::rename(&part, path).map_err(CliError::io(what))
    }
}

/// JSON where it reads as a number, true, false or null; else text.
fn parameter(text: &str) -> Value {
    let value: Option<Value> = serde_json::from_str(text).ok();
    value
        .filter(|value| value.is_number() || value.is_boolean() || value.is_null())
        .unwrap_or_else(|| text.into())
}

fn table(answer: &Value, out: &mut Output) -> Result<(), CliError> {
    let list = |name: &str| answer.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let named = |column: &Value| {
        let text = |name: &str| column.get(name).and_then(Value::as_str).unwrap_or_default();
        let is_number = ["Int", "UInt", "Float", "Decimal"].iter().any(|kind| text("type").starts_with(kind));
        format!("{}{}", if is_number { "#" } else { "" }, plain(text("name")))
    };
    let mut table = Table::new(&list("columns").iter().map(named).collect::<Vec<_>>());
    for row in list("rows") {
        table.row(row.as_array().into_iter().flatten().map(cell));
    }
    out.table(&table)?;
    if answer.get("truncated").and_then(Value::as_bool) == Some(true) {
        let rows = answer.get("row_count").and_then(Value::as_u64).unwrap_or_default();
        out.warning(&format!(
            "These are the first {}; there are more. Ask for CSV, Parquet or Arrow to have all.",
            counted(rows, "row", "rows")
        ))?;
    }
    Ok(())
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn tables(client: &Client, out: &mut Output) -> Result<(), CliError> {
    let path = format!("{PATH}/tables");
    let answer = client.get(&path)?;
    if out.json {
        return out.print_json(&answer);
    }
    let SqlTables { tables, functions } = typed(answer, &path)?;
    for SqlTable { name, about, columns } in tables {
        out.heading(&format!("{name}: {about}"))?;
        let mut table = Table::new(&["COLUMN", "TYPE", "HOLDS"]);
        for column in columns {
            table.row([column.name, column.kind, column.about]);
        }
        out.table(&table)?;
        out.line("")?;
    }
    out.heading("Functions beside PostgreSQL's")?;
    for function in functions {
        out.line(format!("{}: {}", function.call, function.about))?;
    }
    Ok(())
}

fn running(client: &Client, out: &mut Output) -> Result<(), CliError> {
    let answer = client.get(format!("{PATH}/queries"))?;
    if out.json {
        return out.print_json(&answer);
    }
    let mut table = Table::new(&["#ID", "#MS", "ASKER", "QUERY"]);
    for query in answer.get("data").and_then(Value::as_array).into_iter().flatten() {
        let text = |name: &str| query.get(name).map(cell).unwrap_or_default();
        table.row([
            text("id"),
            text("running_ms"),
            text("asker"),
            super::output::shortened(&text("query"), 80),
        ]);
    }
    if table.is_empty() {
        return out.line("No query runs.");
    }
    out.table(&table)
}
