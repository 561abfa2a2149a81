use clap::Args;

use segops_engine::view;
use segops_rules::Scalar;
use segops_segment::{ConditionExplanation, Observed};

use super::client::{Client, path, typed};
use super::error::CliError;
use super::output::{Output, counted, number, plain};
use super::preview::base_words;

/// Say why a profile is in a segment, or not.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  segops segment explain Repeat p_17 --data shop\n  segops segment explain Repeat email:ann@example.com --data shop"
)]
pub(crate) struct Explain {
    /// The segment's name or id.
    segment: String,
    /// The profile's id, or an identifier as kind:value.
    profile: String,
}

/// Events shown for one condition.
const EVIDENCE_SHOWN: usize = 3;

pub(crate) fn print_explanation(
    explain: &Explain,
    client: &Client,
    out: &mut Output,
) -> Result<(), CliError> {
    let path = path(&["segments", &explain.segment, "explain", &explain.profile]);
    let answer = client.get(&path)?;
    if out.json {
        return out.print_json(&answer);
    }
    let view: view::ExplainView = typed(answer, &path)?;
    let explanation = &view.explanation;
    let verdict = if explanation.member { "is in" } else { "is not in" };
    out.heading(&plain(&view.sentence))?;
    out.line("")?;
    out.line(format!("{} {verdict} {}, at {}:", view.profile, explain.segment, out.date(view.at)))?;
    let base = base_words(explanation.base.base);
    out.line(format!("{} among the {base}", mark(explanation.base.holds)))?;
    print_condition(&explanation.condition, 0, out)?;
    Ok(())
}

fn print_condition(condition: &ConditionExplanation, depth: usize, out: &mut Output) -> Result<(), CliError> {
    let indent = "  ".repeat(depth);
    let seen =
        condition.observed.as_ref().map(|seen| format!(": {}", observed(seen, out))).unwrap_or_default();
    out.line(format!("{indent}{} {}{seen}", mark(condition.holds), plain(&condition.text)))?;
    for entry in condition.evidence.iter().take(EVIDENCE_SHOWN) {
        out.line(format!("{indent}      at {}", out.date(entry.ts)))?;
    }
    let more = condition.evidence.len().saturating_sub(EVIDENCE_SHOWN);
    if more > 0 {
        out.line(format!("{indent}      and {more} more"))?;
    }
    for inner in &condition.conditions {
        print_condition(inner, depth + 1, out)?;
    }
    Ok(())
}

fn observed(observed: &Observed, out: &Output) -> String {
    match observed {
        Observed::Count { count, or_more: false } => counted(*count, "time", "times"),
        Observed::Count { count, or_more: true } => format!("{} times or more", number(*count)),
        Observed::Aggregate { several_currencies: true, .. } => {
            "money in several currencies, which is not added up".to_owned()
        }
        Observed::Aggregate { value, compared_with, .. } => {
            let compared = compared_with.as_ref().map(|other| format!(" (against {})", scalar(other)));
            let value = value.as_ref().map_or_else(|| "nothing to make it of".to_owned(), scalar);
            format!("{value}{}", compared.unwrap_or_default())
        }
        Observed::Event { event: None, .. } | Observed::Around { event: None, .. } => {
            "no such event".to_owned()
        }
        Observed::Event { event: Some(event), passes: true } => format!("at {}", out.date(event.ts)),
        Observed::Event { event: Some(event), passes: false } => {
            format!("at {}, which does not pass", out.date(event.ts))
        }
        Observed::Around { event: Some(event), count } => {
            format!("{} around {}", counted(*count, "time", "times"), out.date(event.ts))
        }
        Observed::Periods { active, counts } if counts.is_empty() => number(*active),
        Observed::Periods { active, counts } => {
            let each: Vec<String> = counts.iter().map(|count| number(*count)).collect();
            format!("{} active ({})", counted(*active, "period", "periods"), each.join(", "))
        }
        Observed::Sequence { count, newest_only } => {
            format!("{}{}", counted(*count, "time", "times"), among(*newest_only))
        }
        Observed::Cadence { median_gap_ms: None, .. } => "too few to have a usual gap".to_owned(),
        Observed::Cadence { median_gap_ms: Some(gap), newest_only, .. } => {
            format!("a usual gap of {}{}", length(*gap), among(*newest_only))
        }
        Observed::Ranked { value, threshold, as_of, population } => {
            let value = value.map_or_else(|| "nothing to rank".to_owned(), |value| value.to_string());
            match (threshold, as_of, population) {
                (Some(threshold), Some(as_of), Some(population)) => {
                    let among = counted(*population, "profile", "profiles");
                    format!("{value}, against {threshold} among {among} on {}", out.date(*as_of))
                }
                _ => format!("{value}, and no threshold to hold it against"),
            }
        }
        Observed::Trait(None) => "not set".to_owned(),
        Observed::Trait(Some(value)) => plain(&serde_json::to_string(value).unwrap_or_default()),
        Observed::Member(true) => "is in it".to_owned(),
        Observed::Distance(None) => "no known point".to_owned(),
        Observed::Distance(Some(distance)) => format!("{distance} away"),
        Observed::Held { passes: false, .. } => "is not so".to_owned(),
        Observed::Held { passes: true, since: None } => "has never been otherwise".to_owned(),
        Observed::Held { passes: true, since: Some(since) } => format!("is so since {since}"),
        Observed::Was { at, passed: None } => format!("is not known of {}", out.date(*at)),
        Observed::Was { at, passed: Some(true) } => format!("was so on {}", out.date(*at)),
        Observed::Was { at, passed: Some(false) } => format!("was not so on {}", out.date(*at)),
        Observed::Share(percent) => format!("lies at {percent}%"),
        Observed::Member(false) | Observed::MemberSince(None) => "is not in it".to_owned(),
        Observed::MemberSince(Some(_)) => "is in it since".to_owned(),
    }
}

/// That older events are not looked at.
fn among(newest_only: Option<u32>) -> String {
    newest_only.map_or_else(String::new, |most| format!(" among the newest {}", number(u64::from(most))))
}

/// A length of time in days, hours or smaller, with what is left of it.
fn length(ms: i64) -> String {
    let units = [(86_400_000, "day"), (3_600_000, "hour"), (60_000, "minute"), (1_000, "second")];
    let mut parts = Vec::new();
    let mut rest = ms.unsigned_abs();
    for (unit, name) in units {
        if rest >= unit && parts.len() < 2 {
            parts.push(counted(rest / unit, name, &format!("{name}s")));
            rest %= unit;
        }
    }
    if parts.is_empty() { format!("{rest} ms") } else { parts.join(" and ") }
}

fn scalar(scalar: &Scalar) -> String {
    match scalar {
        Scalar::Number(number) => number.to_string(),
        Scalar::Date(moment) => moment.to_string(),
    }
}

const fn mark(holds: bool) -> &'static str {
    if holds { "yes" } else { "no " }
}
