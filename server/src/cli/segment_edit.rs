use clap::Args;
use serde_json::{Value, json};

use segops_rules::Base;

use super::client::{Client, Request, path};
use super::error::CliError;
use super::output::Output;
use super::rule::{print_warnings, rule_body};
use super::segment::{BaseName, PATH, wait_until_primed};
use super::segment_diff::print_difference_of;
use super::segment_show::show;

/// Make a segment, and wait until it has read history and is live.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  segops segment create Repeat 'did \"Order Completed\" >= 2 times in last 90 days' --data shop\n  segops segment create Lapsed 'did not \"Order Completed\" in last 180 days' --draft --folder Retention --tag email --data shop\n  segops segment create Carts --template cart-abandoners --with days=2 --data shop"
)]
pub(crate) struct Create {
    name: String,
    /// The rule, as text or as JSON.
    #[arg(required_unless_present = "template", conflicts_with = "template")]
    rule: Option<String>,
    /// Start from this template; `segops segment templates` lists them.
    #[arg(long, value_name = "TEMPLATE")]
    template: Option<String>,
    /// A value of the template's: `days=14`.
    #[arg(long = "with", value_name = "NAME=VALUE", requires = "template")]
    parameters: Vec<String>,
    /// Who is counted; it goes before what the rule says.
    #[arg(long, value_enum)]
    base: Option<BaseName>,
    #[command(flatten)]
    details: Details,
    /// Save it without members, until it is published.
    #[arg(long)]
    draft: bool,
    /// Return at once, while it still reads history.
    #[arg(long)]
    no_wait: bool,
}

/// What people say of a segment.
#[derive(Debug, Args)]
struct Details {
    /// What it is for.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Who answers for it; whoever makes it, unless told.
    #[arg(long, value_name = "NAME")]
    owner: Option<String>,
    /// Where it is kept, such as `Retention/Win-back`; empty for nowhere.
    #[arg(long, value_name = "PATH")]
    folder: Option<String>,
    /// A tag; may be given several times. Together they are all of its tags.
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
}

/// Give a segment another rule. The old one serves until the new one has read history.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  segops segment edit Repeat 'did \"Order Completed\" >= 3 times' --dry-run --data shop\n  segops segment edit Repeat 'did \"Order Completed\" >= 3 times' --data shop"
)]
pub(crate) struct Edit {
    /// The segment's name or id.
    segment: String,
    /// The rule, as text or as JSON.
    rule: String,
    /// Who is counted; it goes before what the rule says.
    #[arg(long, value_enum)]
    base: Option<BaseName>,
    /// Only say who would enter and who would leave.
    #[arg(long, conflicts_with_all = ["expected_version", "no_wait"])]
    dry_run: bool,
    /// Edit only if this is still the newest version.
    #[arg(long, value_name = "VERSION")]
    expected_version: Option<u32>,
    /// Return at once, while the new version still reads history.
    #[arg(long)]
    no_wait: bool,
}

/// Change a segment's description, owner, folder or tags. What is not given stays as it is.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  segops segment set Repeat --folder Retention --tag email --tag weekly --data shop\n  segops segment set Repeat --description 'Bought twice; gets the loyalty mail' --data shop"
)]
pub(crate) struct Set {
    /// The segment's name or id.
    segment: String,
    #[command(flatten)]
    details: Details,
    /// Take all of its tags away.
    #[arg(long, conflicts_with = "tags")]
    no_tags: bool,
}

impl Details {
    fn json(&self) -> Value {
        let tags = (!self.tags.is_empty()).then_some(&self.tags);
        json!({ "description": self.description, "owner": self.owner, "folder": self.folder, "tags": tags })
    }
}

impl Create {
    pub(super) fn run(self, client: &Client, out: &mut Output) -> Result<(), CliError> {
        let mut others = self.details.json();
        others["name"] = self.name.into();
        others["base"] = json!(self.base.map(Base::from));
        others["draft"] = self.draft.into();
        let body = match (&self.rule, &self.template) {
            (Some(rule), _) => rule_body(rule, others)?,
            (None, template) => {
                others["template"] = json!(template);
                others["parameters"] = parameters(&self.parameters)?;
                if let Some(members) = others.as_object_mut() {
                    members.retain(|_, value| !value.is_null());
                }
                others
            }
        };
        let rule = self.rule.unwrap_or_default();
        let saved = client.send(&Request::new("POST", PATH).json(body));
        let saved = saved.map_err(|error| error.with_rule(&rule))?;
        saved_and_primed(client, saved, &rule, self.no_wait, out)
    }
}

/// `name=value` pairs as an object.
fn parameters(pairs: &[String]) -> Result<Value, CliError> {
    let mut values = serde_json::Map::new();
    for pair in pairs {
        let Some((name, value)) = pair.split_once('=') else {
            return Err(CliError::Usage(format!("`{pair}` is no pair; write `days=14`")));
        };
        values.insert(name.trim().to_owned(), value.trim().into());
    }
    Ok(values.into())
}

impl Edit {
    pub(super) fn run(self, client: &Client, out: &mut Output) -> Result<(), CliError> {
        let base = self.base.map(Base::from);
        if self.dry_run {
            let body = rule_body(&self.rule, json!({ "base": base }))?;
            return print_difference_of(&self.segment, body, &self.rule, client, out);
        }
        let others = json!({ "base": base, "expected_version": self.expected_version });
        let request =
            Request::new("PUT", path(&["segments", &self.segment])).json(rule_body(&self.rule, others)?);
        let saved = client.send(&request).map_err(|error| error.with_rule(&self.rule))?;
        saved_and_primed(client, saved, &self.rule, self.no_wait, out)
    }
}

impl Set {
    pub(super) fn run(self, client: &Client, out: &mut Output) -> Result<(), CliError> {
        let mut body = self.details.json();
        if self.no_tags {
            body["tags"] = json!([]);
        }
        if let Some(members) = body.as_object_mut() {
            members.retain(|_, value| !value.is_null());
            if members.is_empty() {
                return Err(CliError::Usage(
                    "say what to change: --description, --owner, --folder, --tag or --no-tags".to_owned(),
                ));
            }
        }
        let request = Request::new("PATCH", path(&["segments", &self.segment])).json(body);
        show(client.send(&request)?, out)
    }
}

/// Prints what was saved, once it is live unless nobody wants to wait.
pub(super) fn saved_and_primed(
    client: &Client,
    mut saved: Value,
    rule: &str,
    no_wait: bool,
    out: &mut Output,
) -> Result<(), CliError> {
    let id = saved.pointer("/segment/id").and_then(Value::as_str).unwrap_or_default().to_owned();
    if !no_wait && let Some(segment) = saved.get_mut("segment") {
        *segment = wait_until_primed(client, &id)?;
    }
    if out.json {
        return out.print_json(&saved);
    }
    print_warnings(&saved, rule, out)?;
    show(saved.get("segment").cloned().unwrap_or_default(), out)
}
