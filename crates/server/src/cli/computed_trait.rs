use clap::Subcommand;
use serde_json::{Value, json};

use segops_engine::view;

use super::client::{Client, Request, path, typed};
use super::error::CliError;
use super::output::{Output, Table, plain, shortened};
use super::progress::Bar;
use super::rule::print_warnings;
use super::segment_diff::print_difference;
use super::target::Target;

/// Give names to what is made of every profile's events, for rules to use.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Examples:\n  segops computed-trait create 'return rate' 'count of \"Order Refunded\" / count of \"Order Completed\"' --data shop\n  segops segment create Returners 'computed \"return rate\" >= 0.3' --data shop"
)]
pub(crate) enum ComputedTrait {
    /// Make a computed trait.
    #[command(
        after_help = "Examples:\n  segops computed-trait create 'net spend' 'sum of total over \"Order Completed\" - sum of total over \"Order Refunded\"' --data shop\n  segops computed-trait create favourite 'most frequent value of category over \"Product Viewed\" in last 90 days' --data shop"
    )]
    Create { name: String, definition: String },
    /// List the computed traits.
    #[command(after_help = "Examples:\n  segops computed-trait list --data shop")]
    List,
    /// Show a computed trait and its versions.
    #[command(after_help = "Examples:\n  segops computed-trait show 'net spend' --data shop")]
    Show { name: String },
    /// Say who would enter and who would leave the segments that use a computed trait, were it made of something
    /// else. Saves nothing.
    #[command(
        after_help = "Examples:\n  segops computed-trait diff 'net spend' 'sum of total over \"Order Completed\"' --data shop"
    )]
    Diff {
        name: String,
        definition: String,
        /// How many of those who enter, and of those who leave, to show of each segment.
        #[arg(long, default_value_t = 5, value_name = "N")]
        sample: usize,
    },
    /// Make a computed trait of something else. Segments that use it read history again.
    #[command(
        after_help = "Examples:\n  segops computed-trait edit 'net spend' 'sum of total over \"Order Completed\"' --data shop"
    )]
    Edit {
        name: String,
        definition: String,
        /// Edit only if this is still the newest version.
        #[arg(long, value_name = "VERSION")]
        expected_version: Option<u32>,
    },
    /// Give a computed trait another name. Rules that use it follow.
    #[command(after_help = "Examples:\n  segops computed-trait rename 'net spend' 'net revenue' --data shop")]
    Rename { name: String, new_name: String },
    /// Delete a computed trait that no segment uses.
    #[command(after_help = "Examples:\n  segops computed-trait delete 'net spend' --data shop")]
    Delete { name: String },
}

pub(crate) const PATH: &str = "/api/v1/computed-traits";

impl ComputedTrait {
    pub(crate) fn run(self, target: &Target, out: &mut Output) -> Result<(), CliError> {
        let client =
            if matches!(self, Self::Create { .. }) { target.client_making()? } else { target.client()? };
        if !out.json {
            out.use_zone_of(&client)?;
        }
        let one = |name: &str| path(&["computed-traits", name]);
        match self {
            Self::Create { name, definition } => {
                let body = json!({ "name": name, "definition": definition });
                saved_one(&client, &Request::new("POST", PATH).json(body), &definition, out)
            }
            Self::List => {
                let rows = client.rows(PATH, usize::MAX)?;
                if out.json {
                    return out.print_json(&json!({ "data": rows }));
                }
                list(&typed::<Vec<view::ComputedTrait>>(rows.into(), PATH)?, out)
            }
            Self::Show { name } => show(client.get(one(&name))?, out),
            Self::Diff { name, definition, sample } => {
                let body = json!({ "definition": definition, "sample": sample });
                let place = path(&["computed-traits", &name, "diff"]);
                diff(&client, Request::new("POST", place).json(body), &definition, out)
            }
            Self::Edit { name, definition, expected_version } => {
                let body = json!({ "definition": definition, "expected_version": expected_version });
                saved_one(&client, &Request::new("PUT", one(&name)).json(body), &definition, out)
            }
            Self::Rename { name, new_name } => {
                let request = Request::new("PATCH", one(&name)).json(json!({ "name": new_name }));
                show(client.send(&request)?, out)
            }
            Self::Delete { name } => {
                client.send(&Request::new("DELETE", one(&name)))?;
                if out.json {
                    return out.print_json(&json!({ "deleted": name }));
                }
                out.line(format!("The computed trait `{name}` is deleted."))
            }
        }
    }
}

fn saved_one(client: &Client, request: &Request, definition: &str, out: &mut Output) -> Result<(), CliError> {
    let saved = client.send(request).map_err(|error| error.with_rule(definition))?;
    if out.json {
        return out.print_json(&saved);
    }
    print_warnings(&saved, definition, out)?;
    show(saved.get("computed_trait").cloned().unwrap_or_default(), out)
}

fn diff(client: &Client, request: Request, definition: &str, out: &mut Output) -> Result<(), CliError> {
    let bar = Bar::new("reading history", false);
    let answer = client
        .follow(request, |done, total, _| bar.update(done, total))
        .map_err(|error| error.with_rule(definition))?;
    bar.finish();
    if out.json {
        return out.print_json(&answer);
    }
    print_warnings(&answer, definition, out)?;
    let found: view::ComputedTraitDifference = typed(answer, PATH)?;
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

fn list(computed: &[view::ComputedTrait], out: &mut Output) -> Result<(), CliError> {
    let mut table = Table::new(&["NAME", "#USED BY", "MADE OF", "ID"]);
    for one in computed {
        table.row([
            one.name.clone(),
            one.used_by.len().to_string(),
            shortened(&one.definition, 80),
            one.id.to_string(),
        ]);
    }
    if table.is_empty() {
        return out.line(
            "There are no computed traits yet. Make one: segops computed-trait create 'net spend' 'sum of total over \"Order Completed\" - sum of total over \"Order Refunded\"'",
        );
    }
    out.table(&table)
}

fn show(answer: Value, out: &mut Output) -> Result<(), CliError> {
    if out.json {
        return out.print_json(&answer);
    }
    let computed: view::ComputedTrait = typed(answer, PATH)?;
    out.heading(&format!("{} ({})", plain(&computed.name), computed.id))?;
    out.line(&computed.definition)?;
    if !computed.used_by.is_empty() {
        let users: Vec<String> = computed.used_by.iter().map(|user| plain(&user.name)).collect();
        out.line(format!("Used by {}.", users.join(", ")))?;
    }
    let mut table = Table::new(&["#VERSION", "AUTHOR", "SAVED", "MADE OF"]);
    for version in computed.versions {
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
