//! Products in files: NDJSON with one product a line as the API takes it, or CSV with a row for each product or
//! variant.

use std::fs::File;
use std::io::{BufRead, BufReader, Lines};
use std::path::Path;

use serde_json::{Map, Value};

use super::super::error::CliError;

/// Columns of a row with a variant that are the variant's, not the product's.
const OF_VARIANT: [&str; 4] = ["sku", "price", "cost", "stock"];

pub(super) enum ProductFile {
    Lines { lines: Lines<BufReader<File>>, number: u64 },
    Rows(Box<Rows>),
}

pub(super) struct Rows {
    reader: csv::Reader<BufReader<File>>,
    columns: csv::StringRecord,
    /// A row read already that belongs to the next product.
    ahead: Option<(String, csv::StringRecord)>,
}

type Product = Map<String, Value>;

impl ProductFile {
    pub(super) fn open(path: &Path) -> Result<Self, CliError> {
        let failed = || CliError::io(format!("cannot read {}", path.display()));
        let mut file = BufReader::new(File::open(path).map_err(failed())?);
        let is_json = file.fill_buf().map_err(failed())?.trim_ascii_start().starts_with(b"{");
        if is_json {
            return Ok(Self::Lines { lines: file.lines(), number: 0 });
        }
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(file);
        let columns: csv::StringRecord = reader
            .headers()
            .map_err(bad_row)?
            .iter()
            .map(|name| name.trim().trim_start_matches('\u{feff}'))
            .collect();
        if !columns.iter().any(|name| name == "id") {
            let why =
                "it has no column `id`; name the column of the product's id so, or give the file as NDJSON";
            return Err(CliError::Usage(format!("{}: {why}", path.display())));
        }
        Ok(Self::Rows(Box::new(Rows { reader, columns, ahead: None })))
    }

    pub(super) fn next_product(&mut self) -> Result<Option<Value>, CliError> {
        match self {
            Self::Rows(rows) => rows.next_product(),
            Self::Lines { lines, number } => {
                for line in lines {
                    *number += 1;
                    let line = line.map_err(CliError::io(format!("cannot read line {number}")))?;
                    if line.trim().is_empty() {
                        continue;
                    }
                    let read = serde_json::from_str(&line);
                    return read
                        .map(Some)
                        .map_err(|error| CliError::Usage(format!("line {number} is not JSON: {error}")));
                }
                Ok(None)
            }
        }
    }
}

impl Rows {
    fn next_product(&mut self) -> Result<Option<Value>, CliError> {
        let Some((id, row)) = self.next_row()? else { return Ok(None) };
        let mut product = Product::new();
        let mut variants = Vec::new();
        self.add(&row, &mut product, &mut variants);
        while let Some((next, row)) = self.next_row()? {
            if next != id {
                self.ahead = Some((next, row));
                break;
            }
            self.add(&row, &mut product, &mut variants);
        }
        if !variants.is_empty() {
            product.insert("variants".to_owned(), Value::Array(variants));
        }
        Ok(Some(Value::Object(product)))
    }

    fn next_row(&mut self) -> Result<Option<(String, csv::StringRecord)>, CliError> {
        if let Some(ahead) = self.ahead.take() {
            return Ok(Some(ahead));
        }
        let mut row = csv::StringRecord::new();
        if !self.reader.read_record(&mut row).map_err(bad_row)? {
            return Ok(None);
        }
        let cells = self.columns.iter().zip(&row);
        let id = cells.filter(|(name, _)| *name == "id").map(|(_, cell)| cell.trim().to_owned()).next();
        Ok(Some((id.unwrap_or_default(), row)))
    }

    /// Adds what a row says; of what several rows say of a product, the first is taken.
    fn add(&self, row: &csv::StringRecord, product: &mut Product, variants: &mut Vec<Value>) {
        let cells = || self.columns.iter().zip(row).map(|(name, cell)| (name, cell.trim()));
        let has_variant = cells().any(|(name, cell)| name == "variant_id" && !cell.is_empty());
        let mut variant = Product::new();
        for (name, cell) in cells().filter(|(name, cell)| !name.is_empty() && !cell.is_empty()) {
            let own = name.strip_prefix("variant_");
            if let (true, Some(own)) = (has_variant, own) {
                variant.insert(own.to_owned(), value_of(own, cell));
            } else if has_variant && OF_VARIANT.contains(&name) {
                variant.insert(name.to_owned(), value_of(name, cell));
            } else {
                product.entry(name).or_insert_with(|| value_of(name, cell));
            }
        }
        if has_variant {
            variants.push(Value::Object(variant));
        }
    }
}

/// Lists are split, what says yes or no is a boolean; all else stays text, which compares as a number where it
/// reads as one.
fn value_of(name: &str, cell: &str) -> Value {
    match (name, cell.to_ascii_lowercase().as_str()) {
        ("collections" | "tags", _) => {
            cell.split(';').map(str::trim).filter(|part| !part.is_empty()).map(Value::from).collect()
        }
        (_, "true") => Value::Bool(true),
        (_, "false") => Value::Bool(false),
        _ => Value::from(cell),
    }
}

fn bad_row(error: csv::Error) -> CliError {
    CliError::Usage(format!("the file cannot be read as CSV: {error}"))
}
