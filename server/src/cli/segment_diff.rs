use clap::Args;
use serde_json::{Value, json};

use segops_engine::view;

use super::client::{Client, Request, path, typed};
use super::error::CliError;
use super::output::{Output, Table, counted, number, plain};
use super::preview::identifiers;
use super::progress::Bar;
use super::rule::{print_warnings, rule_body};
use super::segment::wait_until_primed;
use super::segment_edit::saved_and_primed;
use super::segment_show::show;

/// Say who would enter a segment and who would leave it, were its rule another. Saves nothing.
#[derive(Debug, Args)]
#[command(
    disable_version_flag = true,
    after_help = "Examples:\n  segops segment diff Repeat 'did \"Order Completed\" >= 3 times' --data shop\n  segops segment diff Repeat --version 1 --data shop"
)]
pub(crate) struct Diff {
    /// The segment's name or id.
    segment: String,
    /// The rule that it would have, as text or as JSON.
    #[arg(required_unless_present = "version", conflicts_with = "version")]
    rule: Option<String>,
    /// The older version that would be brought back.
    #[arg(long, value_name = "N")]
    version: Option<u32>,
    /// How many of those who enter, and of those who leave, to show.
    #[arg(long, default_value_t = 10, value_name = "N")]
    sample: usize,
}

/// Bring an archived segment back, or an older version of its rule as a new one.
#[derive(Debug, Args)]
#[command(
    disable_version_flag = true,
    after_help = "Examples:\n  segops segment restore Repeat --data shop\n  segops segment restore Repeat --version 1 --dry-run --data shop\n  segops segment restore Repeat --version 1 --data shop"
)]
pub(crate) struct Restore {
    /// The segment's name or id.
    segment: String,
    /// The version to bring back.
    #[arg(long, value_name = "N")]
    version: Option<u32>,
    /// Only say who would enter and who would leave.
    #[arg(long, requires = "version")]
    dry_run: bool,
    /// Return at once, while it still reads history.
    #[arg(long, requires = "version")]
    no_wait: bool,
}

impl Diff {
    pub(super) fn run(self, client: &Client, out: &mut Output) -> Result<(), CliError> {
        let others = json!({ "sample": self.sample, "version": self.version });
        let rule = self.rule.unwrap_or_default();
        let body = if self.version.is_some() { others } else { rule_body(&rule, others)? };
        print_difference_of(&self.segment, body, &rule, client, out)
    }
}

impl Restore {
    pub(super) fn run(self, client: &Client, out: &mut Output) -> Result<(), CliError> {
        let Some(version) = self.version else {
            client.send(&Request::new("POST", path(&["segments", &self.segment, "restore"])))?;
            return show(wait_until_primed(client, &self.segment)?, out);
        };
        if self.dry_run {
            return print_difference_of(&self.segment, json!({ "version": version }), "", client, out);
        }
        let version = version.to_string();
        let request =
            Request::new("POST", path(&["segments", &self.segment, "versions", &version, "restore"]));
        let saved = client.send(&request)?;
        saved_and_primed(client, saved, "", self.no_wait, out)
    }
}

/// Asks for the difference that a rule or a version would make, and prints it.
pub(super) fn print_difference_of(
    segment: &str,
    body: Value,
    rule: &str,
    client: &Client,
    out: &mut Output,
) -> Result<(), CliError> {
    let place = path(&["segments", segment, "diff"]);
    let bar = Bar::new("reading history", false);
    let answer = client
        .follow(Request::new("POST", place.as_str()).json(body), |done, total, _| bar.update(done, total))
        .map_err(|error| error.with_rule(rule))?;
    bar.finish();
    if out.json {
        return out.print_json(&answer);
    }
    print_warnings(&answer, rule, out)?;
    let found: view::RuleDifference = typed(answer, &place)?;
    print_difference(&found, out)
}

fn print_difference(found: &view::RuleDifference, out: &mut Output) -> Result<(), CliError> {
    out.line(format!("- {}", found.rule_text))?;
    out.line(format!("+ {}", found.new_rule_text))?;
    out.line("")?;
    let members = counted(found.before.total, "member", "members");
    out.heading(&format!(
        "{members} -> {}: {} would enter, {} would leave, at {}",
        number(found.after.total),
        number(found.entering.total),
        number(found.leaving.total),
        out.date(found.at)
    ))?;
    let mut table = Table::new(&["", "#TOTAL", "#IDENTIFIED", "#EMAIL", "#SMS"]);
    let rows = [
        ("before", &found.before),
        ("after", &found.after),
        ("enter", &found.entering),
        ("leave", &found.leaving),
    ];
    for (name, counts) in rows {
        table.row([
            name.to_owned(),
            number(counts.total),
            number(counts.identified),
            number(counts.reachable_email),
            number(counts.reachable_sms),
        ]);
    }
    out.table(&table)?;
    for (sign, sample) in [('+', &found.entering_sample), ('-', &found.leaving_sample)] {
        for member in sample {
            out.line(format!("{sign} {}  {}", member.profile, identifiers(&member.identifiers)))?;
        }
    }
    if !found.used_by.is_empty() {
        let users: Vec<String> = found.used_by.iter().map(|user| plain(&user.name)).collect();
        out.line(format!("Named by {}, whose members may move with it.", users.join(", ")))?;
    }
    if !found.takes_effect {
        out.line("The segment is not evaluated now: nobody moves until it is live.")?;
    }
    Ok(())
}
