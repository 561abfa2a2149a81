use clap::Args;
use jiff::civil::Date;
use serde_json::{Value, json};

use segops_engine::view;
use segops_rules::Moment;

use super::client::{Client, path, typed, with_query};
use super::error::CliError;
use super::output::{Output, Table, number};
use super::preview::identifiers;
use super::segment::word;

/// List who is in a segment, and since when: now, or at an earlier instant.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  segops segment members Repeat --limit 20 --data shop\n  segops segment members Repeat --recorded-at 2026-03-01 --data shop\n  segops segment members Repeat --as-of 2026-03-01T12:00:00Z --data shop"
)]
pub(crate) struct Members {
    /// The segment's name or id.
    segment: String,
    /// Who was in it at this instant by what was recorded then.
    #[arg(long, value_name = "INSTANT", conflicts_with = "as_of")]
    recorded_at: Option<Moment>,
    /// Whom its rule selects at this instant, over the events that had happened by then.
    #[arg(long, value_name = "INSTANT")]
    as_of: Option<Moment>,
    /// How many to show.
    #[arg(long, default_value_t = 50, value_name = "N")]
    limit: usize,
}

/// Say who came into a segment and who left it, day by day, and how many were in it at each day's end.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  segops segment history Repeat --data shop\n  segops segment history Repeat --from 2026-01-01 --to 2026-03-31 --json --data shop"
)]
pub(crate) struct History {
    /// The segment's name or id.
    segment: String,
    /// The first day; 30 days before the last, unless told.
    #[arg(long, value_name = "DATE")]
    from: Option<Date>,
    /// The last day; today, unless told.
    #[arg(long, value_name = "DATE")]
    to: Option<Date>,
}

impl Members {
    pub(super) fn run(self, client: &Client, out: &mut Output) -> Result<(), CliError> {
        let then = self.recorded_at.is_some() || self.as_of.is_some();
        if then && out.json {
            // A date is local midnight, in JSON too.
            out.use_zone_of(client)?;
        }
        let instant = |moment: Option<Moment>| moment.map(|moment| moment.instant(out.zone()).to_string());
        let (recorded_at, as_of) = (instant(self.recorded_at), instant(self.as_of));
        let filters = [("recorded_at", recorded_at.as_deref()), ("as_of", as_of.as_deref())];
        let list = with_query(path(&["segments", &self.segment, "members"]), &filters);
        let rows = client.rows(&list, self.limit)?;
        if out.json {
            return out.print_json(&json!({ "data": rows }));
        }
        let members: Vec<view::Member> = typed(rows.into(), &list)?;
        let mut table = Table::new(&["PROFILE", "SINCE", "BY", "CAN CHANGE", "IDENTIFIERS"]);
        for member in members {
            let change = match member.next_change {
                Some(at) => out.date(at),
                None if self.recorded_at.is_some() => String::new(),
                None => "with an event".to_owned(),
            };
            let since = if self.as_of.is_some() { String::new() } else { out.date(member.since) };
            let cause = if self.as_of.is_some() { String::new() } else { word(&member.cause) };
            table.row([member.profile.to_string(), since, cause, change, identifiers(&member.identifiers)]);
        }
        if table.is_empty() {
            return out.line(match then {
                true => "Nobody was in this segment then. `segops segment show` has its rule.",
                false => "Nobody is in this segment now. `segops segment show` has its rule.",
            });
        }
        out.table(&table)
    }
}

impl History {
    pub(super) fn run(self, client: &Client, out: &mut Output) -> Result<(), CliError> {
        let date = |date: Option<Date>| date.map(|date| date.to_string());
        let (from, to) = (date(self.from), date(self.to));
        let days = [("from", from.as_deref()), ("to", to.as_deref())];
        let place = with_query(path(&["segments", &self.segment, "history"]), &days);
        let answer: Value = client.get(place.as_str())?;
        if out.json {
            return out.print_json(&answer);
        }
        let history: view::SegmentHistory = typed(answer, &place)?;
        let mut table = Table::new(&["DAY", "#ENTERED", "#LEFT", "#SIZE", "BY"]);
        for day in history.days {
            let entered =
                day.entered_by_cause.iter().map(|(cause, count)| format!("+{} {cause}", number(*count)));
            let exited =
                day.exited_by_cause.iter().map(|(cause, count)| format!("-{} {cause}", number(*count)));
            let causes: Vec<String> = entered.chain(exited).collect();
            let [entered, exited, size] = [day.entered, day.exited, day.size].map(number);
            table.row([day.date, entered, exited, size, causes.join(", ")]);
        }
        out.table(&table)?;
        out.line(format!("Days of {}, as recorded.", history.time_zone))
    }
}
