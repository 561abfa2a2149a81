use clap::Subcommand;
use serde_json::{Value, json};

use segops_engine::view;

use super::client::{path, typed, with_query};
use super::error::CliError;
use super::output::{Output, Table, counted, number, plain, shortened};
use super::people::{Delete, Lift, Merges, Split, list_splits};
use super::preview::identifiers;
use super::segment::word;
use super::target::Target;

/// Find and show profiles, and say who is who.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Examples:\n  segops profile find ann@example.com --data shop\n  segops profile show email:ann@example.com --data shop"
)]
pub(crate) enum Profile {
    /// Find profiles by the value of any identifier.
    #[command(after_help = "Examples:\n  segops profile find ann@example.com --data shop")]
    Find {
        text: String,
    },
    /// Show a profile: identifiers, traits, orders, segments.
    #[command(
        after_help = "Examples:\n  segops profile show p_17 --data shop\n  segops profile show email:ann@example.com --data shop"
    )]
    Show {
        /// The profile's id, or an identifier as kind:value.
        profile: String,
    },
    Merges(Merges),
    Split(Split),
    /// List splits, with the bars that they have left.
    #[command(after_help = "Examples:\n  segops profile splits --data shop")]
    Splits,
    Lift(Lift),
    Delete(Delete),
}

/// Orders shown, the newest first.
const ORDERS_SHOWN: usize = 20;

impl Profile {
    pub(crate) fn run(self, target: &Target, out: &mut Output) -> Result<(), CliError> {
        let client = target.client()?;
        if !out.json {
            out.use_zone_of(&client)?;
        }
        match self {
            Self::Find { text } => {
                let list = with_query(path(&["profiles"]), &[("q", Some(&text))]);
                let rows = client.get(&list)?.get_mut("data").map(Value::take).unwrap_or_default();
                if out.json {
                    return out.print_json(&json!({ "data": rows }));
                }
                found(&typed::<Vec<view::ProfileView>>(rows, &list)?, &text, out)
            }
            Self::Show { profile } => {
                let path = path(&["profiles", &profile]);
                let answer = client.get(&path)?;
                if out.json {
                    return out.print_json(&answer);
                }
                show(&typed(answer, &path)?, out)
            }
            Self::Merges(merges) => merges.run(&client, out),
            Self::Split(split) => split.run(&client, out),
            Self::Splits => list_splits(&client, out),
            Self::Lift(lift) => lift.run(&client, out),
            Self::Delete(delete) => delete.run(&client, out),
        }
    }
}

fn found(profiles: &[view::ProfileView], text: &str, out: &mut Output) -> Result<(), CliError> {
    if profiles.is_empty() {
        return out.line(format!(
            "No profile has an identifier `{}`. The whole value is needed: an email address, a user id.",
            plain(text)
        ));
    }
    let mut table = Table::new(&["PROFILE", "#EVENTS", "LAST SEEN", "IDENTIFIERS"]);
    for profile in profiles {
        table.row([
            profile.id.to_string(),
            number(profile.events),
            out.date(profile.last_seen),
            identifiers(&profile.identifiers),
        ]);
    }
    out.table(&table)
}

fn show(profile: &view::ProfileView, out: &mut Output) -> Result<(), CliError> {
    let events = counted(profile.events, "event", "events");
    out.heading(&format!("{}, {events}", profile.id))?;
    out.line(format!("First seen {}, last {}", out.date(profile.first_seen), out.date(profile.last_seen)))?;
    if !profile.merged_ids.is_empty() {
        let ids: Vec<String> = profile.merged_ids.iter().map(ToString::to_string).collect();
        out.line(format!("Also answers to {} (`segops profile merges` says why)", ids.join(", ")))?;
    }
    for identifier in &profile.identifiers {
        out.line(format!("  {}", plain(&identifier.to_string())))?;
    }
    let mut traits = Table::new(&["TRAIT", "VALUE", "SET"]);
    for (name, one) in &profile.traits {
        let value = serde_json::to_string(&one.value).unwrap_or_default();
        traits.row([name.clone(), shortened(&value, 80), out.date(one.set_at)]);
    }
    section(&traits, out)?;
    let mut orders = Table::new(&["ORDER", "STATUS", "AT", "#VALUE", "#REFUNDED", "#NET", "CURRENCY"]);
    for order in profile.orders.iter().take(ORDERS_SHOWN) {
        orders.row([
            order.id.clone(),
            order.status.clone(),
            out.date(order.at),
            order.value.clone(),
            order.refunded.clone(),
            order.net.clone(),
            order.currency.clone().unwrap_or_default(),
        ]);
    }
    section(&orders, out)?;
    for (currency, net) in &profile.net_spend {
        let orders = counted(u64::try_from(profile.orders.len()).unwrap_or_default(), "order", "orders");
        out.line(format!("Net spend {net} {}, of {orders}", plain(currency)))?;
    }
    let mut segments = Table::new(&["SEGMENT", "SINCE", "BY", "CAN CHANGE"]);
    for segment in &profile.segments {
        segments.row([
            segment.name.clone(),
            out.date(segment.since),
            word(&segment.cause),
            segment.next_change.map_or_else(|| "with an event".to_owned(), |at| out.date(at)),
        ]);
    }
    if segments.is_empty() {
        return out.line("In no segment.");
    }
    section(&segments, out)
}

fn section(table: &Table, out: &mut Output) -> Result<(), CliError> {
    if table.is_empty() {
        return Ok(());
    }
    out.line("")?;
    out.table(table)
}
