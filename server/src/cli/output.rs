use std::io::{self, IsTerminal, Write};

use jiff::tz::TimeZone;
use serde_json::Value;

use segops_model::Instant;

use super::client::Client;
use super::error::CliError;

/// Where a command's results go: sentences and tables for people, JSON for programs.
#[derive(Debug)]
pub(crate) struct Output {
    out: io::BufWriter<io::Stdout>,
    pub(crate) json: bool,
    colour: bool,
    zone: TimeZone,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        let stdout = io::stdout();
        let colour = stdout.is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Self { out: io::BufWriter::new(stdout), json, colour, zone: TimeZone::UTC }
    }

    /// Shows dates in the workspace's time zone from here on.
    pub(crate) fn use_zone_of(&mut self, client: &Client) -> Result<(), CliError> {
        self.zone = zone_of(client)?;
        Ok(())
    }

    /// Shows dates in a zone, by its IANA name.
    pub(crate) fn use_zone(&mut self, name: &str) {
        self.zone = TimeZone::get(name).unwrap_or(TimeZone::UTC);
    }

    pub(crate) fn line(&mut self, text: impl AsRef<str>) -> Result<(), CliError> {
        writeln!(self.out, "{}", text.as_ref()).map_err(CliError::Output)
    }

    /// A line that stands out.
    pub(crate) fn heading(&mut self, text: &str) -> Result<(), CliError> {
        let text = if self.colour { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() };
        self.line(text)
    }

    /// A warning, which is no error: the command goes on.
    pub(crate) fn warning(&mut self, text: &str) -> Result<(), CliError> {
        let text = if self.colour { format!("\x1b[33m{text}\x1b[0m") } else { text.to_owned() };
        self.line(text)
    }

    pub(crate) fn print_json(&mut self, value: &Value) -> Result<(), CliError> {
        let text = serde_json::to_string_pretty(value).unwrap_or_default();
        self.line(text)
    }

    /// One value a line, at once: for what never ends.
    pub(crate) fn json_line(&mut self, value: &Value) -> Result<(), CliError> {
        self.line(value.to_string())?;
        self.flush()
    }

    pub(crate) fn flush(&mut self) -> Result<(), CliError> {
        self.out.flush().map_err(CliError::Output)
    }

    pub(crate) fn table(&mut self, table: &Table) -> Result<(), CliError> {
        let mut widths: Vec<usize> = table.columns.iter().map(|column| column.name.chars().count()).collect();
        for row in &table.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let names: Vec<String> = table.columns.iter().map(|column| column.name.to_owned()).collect();
        let head = table.aligned(&names, &widths);
        self.heading(&head)?;
        for row in &table.rows {
            self.line(table.aligned(row, &widths))?;
        }
        Ok(())
    }

    pub(crate) fn date(&self, instant: Instant) -> String {
        instant.to_jiff().to_zoned_datetime(self.zone.clone()).strftime("%Y-%m-%d %H:%M:%S %Z").to_string()
    }

    pub(crate) fn zone(&self) -> &TimeZone {
        &self.zone
    }
}

fn zone_of(client: &Client) -> Result<TimeZone, CliError> {
    let settings = client.get("/api/v1/settings")?;
    let name = settings.get("time_zone").and_then(Value::as_str).unwrap_or("UTC");
    Ok(TimeZone::get(name).unwrap_or(TimeZone::UTC))
}

/// Rows under names.
#[derive(Debug, Default)]
pub(crate) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

#[derive(Debug)]
struct Column {
    name: &'static str,
    number: bool,
}

impl Table {
    /// Columns whose name starts with `#` hold numbers, and are aligned as such.
    pub(crate) fn new(columns: &[&'static str]) -> Self {
        let columns = columns
            .iter()
            .map(|name| Column { name: name.trim_start_matches('#'), number: name.starts_with('#') })
            .collect();
        Self { columns, rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|cell| plain(&cell)).collect());
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn aligned(&self, cells: &[String], widths: &[usize]) -> String {
        let mut line = String::new();
        for ((cell, width), column) in cells.iter().zip(widths).zip(&self.columns) {
            let padding = " ".repeat(width.saturating_sub(cell.chars().count()));
            let (before, after) =
                if column.number { (padding, String::new()) } else { (String::new(), padding) };
            line.push_str(&format!("{before}{cell}{after}  "));
        }
        line.trim_end().to_owned()
    }
}

/// What clients have sent, without the control characters that could move a terminal's cursor.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

/// At most `chars_max` characters.
pub(crate) fn shortened(text: &str, chars_max: usize) -> String {
    if text.chars().count() <= chars_max {
        return text.to_owned();
    }
    let kept: String = text.chars().take(chars_max.saturating_sub(1)).collect();
    format!("{kept}…")
}

/// A number with separators: 1,234,567.
pub(crate) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 profile`, `2 profiles`.
pub(crate) fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", number(count), if count == 1 { one } else { many })
}

/// A share in percent with one digit.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "0%".to_owned();
    }
    let tenths = (u128::from(part) * 1_000 + u128::from(whole) / 2) / u128::from(whole);
    format!("{}.{}%", tenths / 10, tenths % 10)
}
