use clap::Args;
use serde_json::json;

use segops_engine::view;
use segops_model::{Identifier, Instant};
use segops_rules::{Base, Moment};

use super::client::{Request, typed};
use super::error::CliError;
use super::output::{Output, Table, counted, number, percent, plain};
use super::progress::Bar;
use super::rule::{print_warnings, rule_body};
use super::segment::BaseName;
use super::target::Target;

/// Count a rule over all of history, exactly, without saving it.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  segops segment preview 'did \"Order Completed\" >= 2 times in last 90 days' --data shop\n  segops segment preview 'everyone where country is \"DE\"' --at 2026-03-01 --json --data shop"
)]
pub(crate) struct Preview {
    /// The rule, as text or as JSON.
    rule: String,
    /// The instant to evaluate at: 2026-03-01T12:00:00Z, or a date or time in the workspace's time zone.
    #[arg(long, value_name = "INSTANT")]
    at: Option<Moment>,
    /// Who is counted; it goes before what the rule says.
    #[arg(long, value_enum)]
    base: Option<BaseName>,
    /// How many members to show.
    #[arg(long, default_value_t = 10, value_name = "N")]
    sample: usize,
}

impl Preview {
    pub(crate) fn run(self, target: &Target, out: &mut Output) -> Result<(), CliError> {
        let client = target.client()?;
        out.use_zone_of(&client)?;
        let path = "/api/v1/segments/preview";
        let at: Option<Instant> = self.at.map(|moment| moment.instant(out.zone()));
        let others = json!({ "at": at, "base": self.base.map(Base::from), "sample": self.sample });
        let request = Request::new("POST", path).json(rule_body(&self.rule, others)?);
        let bar = Bar::new("reading history", false);
        let answer = client
            .follow(request, |done, total, _| bar.update(done, total))
            .map_err(|error| error.with_rule(&self.rule))?;
        bar.finish();
        if out.json {
            return out.print_json(&answer);
        }
        print_warnings(&answer, &self.rule, out)?;
        let preview: view::Preview = typed(answer, path)?;
        print(&preview, out)
    }
}

fn print(preview: &view::Preview, out: &mut Output) -> Result<(), CliError> {
    let counts = &preview.counts;
    let share = percent(counts.total, preview.base_counts.total);
    let of = base_words(preview.base);
    let all = number(preview.base_counts.total);
    let matching = counted(counts.total, "profile matches", "profiles match");
    out.heading(&format!("{matching}: {share} of {all} {of}, at {}", out.date(preview.at)))?;
    print_split(counts, out)?;
    if let Some(same) = preview.same_as {
        out.line(format!("The segment {same} has the same rule already."))?;
    }
    for threshold in &preview.thresholds {
        let value = threshold.value.as_deref().unwrap_or("nothing");
        let among = counted(threshold.population, "profile", "profiles");
        let origin = if threshold.recorded { "recorded" } else { "made for this preview" };
        let (ranking, as_of) = (plain(&threshold.ranking), out.date(threshold.as_of));
        out.line(format!("{ranking}: {value}, among {among} on {as_of} ({origin})"))?;
    }
    if preview.sample.is_empty() {
        return Ok(());
    }
    let mut table = Table::new(&["PROFILE", "CAN CHANGE", "IDENTIFIERS"]);
    for member in &preview.sample {
        let change = member.next_change.map_or_else(|| "with an event".to_owned(), |at| out.date(at));
        table.row([member.profile.to_string(), change, identifiers(&member.identifiers)]);
    }
    out.line("")?;
    out.table(&table)
}

/// How many of the profiles can be written to.
pub(crate) fn print_split(counts: &view::Counts, out: &mut Output) -> Result<(), CliError> {
    let parts = [
        ("identified", counts.identified),
        ("reachable by email", counts.reachable_email),
        ("reachable by SMS", counts.reachable_sms),
    ];
    for (name, count) in parts {
        out.line(format!("{:>12}  {name}", number(count)))?;
    }
    Ok(())
}

pub(crate) const fn base_words(base: Base) -> &'static str {
    match base {
        Base::Customers => "customers",
        Base::Identified => "identified profiles",
        Base::Everyone => "profiles",
    }
}

/// The first identifiers in one line.
pub(crate) fn identifiers(identifiers: &[Identifier]) -> String {
    let shown: Vec<String> = identifiers.iter().take(3).map(|one| plain(&one.to_string())).collect();
    let more = identifiers.len().saturating_sub(3);
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}
