use clap::Args;

use segops_engine::view;
use segops_model::{Decimal, Value};
use segops_rules::Scalar;
use segops_segment::{ComputedPart, ConditionExplanation, Observed, ObservedAddress, ScoreValue};

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
        Observed::Sequence { count, newest_only, begun, next_before } => {
            let begun = begun.last().map(|newest| format!(", begun up to {}", out.date(newest.ts)));
            let before = next_before.map(|at| format!(", to be gone on from before {}", out.date(at)));
            let times = counted(*count, "time", "times");
            format!(
                "{times}{}{}{}",
                among(*newest_only),
                begun.unwrap_or_default(),
                before.unwrap_or_default()
            )
        }
        Observed::Cadence { median_gap_ms: None, .. } => "too few to have a usual gap".to_owned(),
        Observed::Cadence { median_gap_ms: Some(gap), newest_only, .. } => {
            format!("a usual gap of {}{}", length(*gap), among(*newest_only))
        }
        Observed::Ranked { value, threshold, as_of, population, .. } => {
            let value = value.map_or_else(|| "nothing to rank".to_owned(), |value| value.to_string());
            match (threshold, as_of, population) {
                (Some(threshold), Some(as_of), Some(population)) => {
                    let among = counted(*population, "profile", "profiles");
                    format!("{value}, against {threshold} among {among} on {}", out.date(*as_of))
                }
                _ => format!("{value}, and no threshold to hold it against"),
            }
        }
        Observed::Computed { value, parts } => computed(*value, parts),
        Observed::Chosen { event: None, .. } => "no value".to_owned(),
        Observed::Chosen { value, event: Some(event), count, .. } => {
            let value = value.as_ref().map(|value| serde_json::to_string(value).unwrap_or_default());
            let times = count.map(|count| format!("{count} times, ")).unwrap_or_default();
            format!("{} ({times}last {})", plain(&value.unwrap_or_default()), out.date(event.ts))
        }
        Observed::Trait(value) => value_or_none(value.as_ref()),
        Observed::Date { value, occurrence, .. } => {
            let next = occurrence.map(|at| format!(", which is or comes on {}", out.date(at)));
            format!("{}{}", value_or_none(value.as_ref()), next.unwrap_or_default())
        }
        Observed::Score { value: None, .. } => "no such score".to_owned(),
        Observed::Score { value: Some(value), as_of } => {
            let value = match value {
                ScoreValue::Number(number) => number.to_string(),
                ScoreValue::Date(date) => out.date(*date),
            };
            let as_of = as_of.map(|as_of| format!(", as of {}", out.date(as_of)));
            format!("{value}{}", as_of.unwrap_or_default())
        }
        Observed::Member(true) => "is in it".to_owned(),
        Observed::Distance(None) => "no known point".to_owned(),
        Observed::Distance(Some(distance)) => format!("{distance} away"),
        Observed::Held { value, passes: false, .. } => value_or_none(value.as_ref()),
        Observed::Held { value, passes: true, since } => {
            let since =
                since.map_or_else(|| "always".to_owned(), |since| format!("since {}", out.date(since)));
            format!("{}, {since}", value_or_none(value.as_ref()))
        }
        Observed::Was { at, passed: None } => format!("is not known of {}", out.date(*at)),
        Observed::Was { at, passed: Some(true) } => format!("was so on {}", out.date(*at)),
        Observed::Was { at, passed: Some(false) } => format!("was not so on {}", out.date(*at)),
        Observed::Share(percent) => format!("lies at {percent}%"),
        Observed::Member(false) | Observed::MemberSince(None) => "is not in it".to_owned(),
        Observed::Addresses(addresses) if addresses.is_empty() => "no address".to_owned(),
        Observed::Addresses(addresses) => {
            let each: Vec<String> = addresses.iter().map(|address| address_text(address, out)).collect();
            plain(&each.join("; "))
        }
        Observed::Listed(true) => "is listed".to_owned(),
        Observed::Listed(false) => "is not listed".to_owned(),
        Observed::Named(naming) => {
            let named = if naming.is_named { "named" } else { "not named" };
            let as_of = naming.as_of.map(|as_of| format!(", as of {}", out.date(as_of)));
            format!("{named}{}", as_of.unwrap_or_else(|| ", not computed yet".to_owned()))
        }
        Observed::MemberSince(Some(since)) => format!("is in it since {}", out.date(*since)),
    }
}

fn address_text(address: &ObservedAddress, out: &Output) -> String {
    let mut text = format!("{}:{}", address.channel.name(), address.address);
    if !address.valid {
        text.push_str(", not valid");
    }
    if let Some((state, at)) = address.consent.zip(address.consent_at) {
        text.push_str(&format!(", {} on {}", state.name().replace('_', " "), out.date(at)));
    }
    if let Some(since) = address.suppressed_since {
        text.push_str(&format!(", suppressed since {}", out.date(since)));
    }
    text
}

fn value_or_none(value: Option<&Value>) -> String {
    let text = value.map(|value| plain(&serde_json::to_string(value).unwrap_or_default()));
    text.unwrap_or_else(|| "not set".to_owned())
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

/// A number, and what it is made of.
fn computed(value: Option<Decimal>, parts: &[ComputedPart]) -> String {
    let shown = |value: Option<Decimal>| value.map(|value| value.to_string());
    let parts: Vec<String> = parts
        .iter()
        .map(|part| {
            let value = shown(part.value).unwrap_or_else(|| "nothing".to_owned());
            format!("{} = {value}", plain(&part.text))
        })
        .collect();
    format!("{}: {}", shown(value).unwrap_or_else(|| "no number".to_owned()), parts.join(", "))
}
