//! The product catalogue: read from files, listed, shown.

mod file;

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::{Value, json};

use segops_engine::view;

use super::client::{Client, Request, path, typed};
use super::error::CliError;
use super::output::{Output, Table, counted, plain};
use super::target::Target;
use file::ProductFile;

const PATH: &str = "/api/v1/products";
/// Products sent at once.
const BATCH_PRODUCTS: usize = 500;

/// Products with their variants, collections, prices and stock, which rules join events with.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Examples:\n  segops products import products.csv --data shop\n  segops products show p1 --data shop"
)]
pub(crate) enum Products {
    /// Read products from a CSV or NDJSON file; each takes the place of what was known of it.
    ///
    /// A CSV file needs the column `id`. Rows of one product that follow each other, with `variant_id`, are its
    /// variants: `sku`, `price`, `cost` and `stock`, and columns that start with `variant_`, are theirs.
    /// `collections` are separated by `;`, and `deleted` is true or false.
    #[command(after_help = "Examples:\n  segops products import products.csv --data shop")]
    Import {
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// List the products.
    #[command(after_help = "Examples:\n  segops products list --limit 20 --data shop")]
    List {
        #[arg(long, value_name = "NUMBER", default_value_t = 100)]
        limit: usize,
    },
    /// Show one product with its versions.
    #[command(after_help = "Examples:\n  segops products show p1 --data shop")]
    Show { id: String },
}

impl Products {
    pub(crate) fn run(self, target: &Target, out: &mut Output) -> Result<(), CliError> {
        match self {
            Self::Import { file } => import(&file, &target.client_making()?, out),
            Self::List { limit } => list(limit, &target.client()?, out),
            Self::Show { id } => show(&id, &target.client()?, out),
        }
    }
}

fn import(file: &std::path::Path, client: &Client, out: &mut Output) -> Result<(), CliError> {
    let mut products = ProductFile::open(file)?;
    let mut changed = 0_u64;
    loop {
        let mut batch: Vec<Value> = Vec::with_capacity(BATCH_PRODUCTS);
        while batch.len() < BATCH_PRODUCTS
            && let Some(product) = products.next_product()?
        {
            batch.push(product);
        }
        if batch.is_empty() {
            break;
        }
        let answer = client.send(&Request::new("POST", PATH).json(json!({ "products": batch })))?;
        changed += answer.get("changed").and_then(Value::as_u64).unwrap_or_default();
    }
    if out.json {
        return out.print_json(&json!({ "changed": changed }));
    }
    out.line(format!("{} taken in.", counted(changed, "product", "products")))
}

fn list(limit: usize, client: &Client, out: &mut Output) -> Result<(), CliError> {
    let rows = client.rows(PATH, limit)?;
    if out.json {
        return out.print_json(&json!({ "data": rows }));
    }
    out.use_zone_of(client)?;
    let products: Vec<view::Product> = typed(rows.into(), PATH)?;
    let mut table = Table::new(&["ID", "TITLE", "PRICE", "STOCK", "SINCE"]);
    for product in &products {
        let text = |name: &str| match product.product.get(name) {
            Some(Value::String(text)) => plain(text),
            Some(value) => plain(&value.to_string()),
            None => String::new(),
        };
        let since = out.date(product.updated_at);
        table.row([plain(&product.id), text("title"), text("price"), text("stock"), since]);
    }
    if table.is_empty() {
        return out.line("There are no products yet. Read some: segops products import products.csv");
    }
    out.table(&table)
}

fn show(id: &str, client: &Client, out: &mut Output) -> Result<(), CliError> {
    let path = path(&["products", id]);
    let answer = client.get(path.as_str())?;
    if out.json {
        return out.print_json(&answer);
    }
    out.use_zone_of(client)?;
    let history: view::ProductHistory = typed(answer, &path)?;
    out.line(format!("{}, {}", plain(&history.id), counted(history.versions_kept, "version", "versions")))?;
    for version in &history.versions {
        let product = version.product.as_ref().map_or_else(|| "deleted".to_owned(), ToString::to_string);
        out.line(format!("  since {}: {}", out.date(version.since), plain(&product)))?;
    }
    Ok(())
}
