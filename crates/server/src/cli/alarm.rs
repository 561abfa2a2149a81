use clap::{Args, Subcommand};
use serde_json::{Value, json};

use segops_engine::state::{Bounds, NumberOf};
use segops_engine::view::{self, WatchView};
use segops_model::{Decimal, Instant};

use super::client::{Client, Request, path, typed};
use super::error::CliError;
use super::output::{Output, Table, plain};
use super::schedule::{Times, schedule_text};
use super::segment::word;
use super::target::Target;
use super::waiting::{Awaited, Patience, Standing, wait};

/// Be told when a segment, an event, a property, a source or any number is not as it should be.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Examples:\n  segops alarm create 'Orders come in' --event 'Order Completed' --owner ann --hourly --data shop\n  segops alarm list --data shop"
)]
pub(crate) enum Alarm {
    /// Make an alarm, and look for the first time.
    #[command(
        after_help = "Examples:\n  segops alarm create 'VIPs stay' --segment VIP --below 100 --moved 20 --data shop\n  segops alarm create 'Orders come in' --event 'Order Completed' --hourly --data shop\n  segops alarm create 'Orders have totals' --event 'Order Completed' --property total --share 2 --data shop\n  segops alarm create 'The shop is heard' --silent-source Default --minutes 60 --data shop\n  segops alarm create 'Average order' --query 'SELECT avg(net) FROM orders WHERE placed' --below 40 --daily-at 7 --data shop\n  segops alarm create 'Orders this month' --analysis trend.json --at /trend/series/0/total --below 500 --data shop"
    )]
    Create {
        name: String,
        #[command(flatten)]
        watch: Watched,
        /// Who sees to it; whoever makes it where nothing is said.
        #[arg(long)]
        owner: Option<String>,
        #[command(flatten)]
        times: Times,
        #[command(flatten)]
        patience: Patience,
    },
    /// Show the alarms, those that fire first.
    #[command(after_help = "Examples:\n  segops alarm list --firing --data shop")]
    List {
        /// Only those that fire and are not snoozed; the exit code is 1 if there are any.
        #[arg(long)]
        firing: bool,
    },
    /// Show one alarm, with how it stood since when.
    #[command(after_help = "Examples:\n  segops alarm show 'Orders come in' --data shop")]
    Show { alarm: String },
    /// Give an alarm another name, owner or schedule, or something else to watch.
    #[command(after_help = "Examples:\n  segops alarm edit 'VIPs stay' --owner bob --data shop")]
    Edit {
        alarm: String,
        #[arg(long)]
        name: Option<String>,
        #[arg(long)]
        owner: Option<String>,
        #[command(flatten)]
        watch: Watched,
        #[command(flatten)]
        times: Times,
        #[command(flatten)]
        patience: Patience,
    },
    /// Look at once.
    #[command(after_help = "Examples:\n  segops alarm check 'Orders come in' --data shop")]
    Check {
        alarm: String,
        #[command(flatten)]
        patience: Patience,
    },
    /// Have an alarm be quiet until an instant; it is looked at all the same.
    #[command(
        after_help = "Examples:\n  segops alarm snooze 'Orders come in' --until 2026-12-01T08:00:00Z --data shop\n  segops alarm snooze 'Orders come in' --end --data shop"
    )]
    Snooze {
        alarm: String,
        #[arg(long, required_unless_present = "end")]
        until: Option<Instant>,
        /// End it.
        #[arg(long, conflicts_with = "until")]
        end: bool,
    },
    /// Delete an alarm.
    #[command(after_help = "Examples:\n  segops alarm delete 'Orders come in' --data shop")]
    Delete { alarm: String },
}

/// What is watched, and when it fires.
#[derive(Debug, Args)]
pub(crate) struct Watched {
    /// How many members this segment has.
    #[arg(long, value_name = "SEGMENT", group = "watched")]
    segment: Option<String>,
    /// How many events of this name there are today so far, against the same weekday of the weeks before; with
    /// --property, how many of them lack it.
    #[arg(long, value_name = "EVENT", group = "watched")]
    event: Option<String>,
    /// No event of this source.
    #[arg(long, value_name = "SOURCE", group = "watched", requires = "minutes")]
    silent_source: Option<String>,
    /// The number that a query in SQL answers.
    #[arg(long, value_name = "SQL", group = "watched")]
    query: Option<String>,
    /// A number in the answer of the analysis in this file.
    #[arg(long, value_name = "FILE", group = "watched", requires = "at")]
    analysis: Option<std::path::PathBuf>,
    /// Where in the answer: /trend/series/0/total.
    #[arg(long, value_name = "POINTER", requires = "analysis")]
    at: Option<String>,
    /// The property that events are to have.
    #[arg(long, value_name = "PROPERTY", requires = "event")]
    property: Option<String>,
    /// It fires if more than so many percent lack the property.
    #[arg(long, value_name = "PERCENT", default_value_t = 5, requires = "property")]
    share: u32,
    /// In so many last hours.
    #[arg(long, default_value_t = 24, requires = "property")]
    hours: u32,
    /// Weeks that are compared with.
    #[arg(long, default_value_t = 4, requires = "event")]
    weeks: u8,
    /// It fires outside what is usual by more than so many percent.
    #[arg(long, value_name = "PERCENT", default_value_t = 20, requires = "event")]
    tolerance: u32,
    /// Minutes without an event.
    #[arg(long, requires = "silent_source")]
    minutes: Option<u32>,
    /// It fires above this number.
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true, value_parser = read_number)]
    above: Option<Decimal>,
    /// It fires below this number.
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true, value_parser = read_number)]
    below: Option<Decimal>,
    /// It fires when the number has moved by more than so many percent since yesterday.
    #[arg(long, value_name = "PERCENT")]
    moved: Option<u32>,
}

const PATH: &str = "/api/v1/alarms";

fn read_number(text: &str) -> Result<Decimal, String> {
    Decimal::parse(text).ok_or_else(|| "expected a number, such as 12.5".to_owned())
}

impl Watched {
    fn read(&self) -> Result<Option<WatchView>, CliError> {
        let bounds = || Bounds { above: self.above, below: self.below, moved_percent: self.moved };
        Ok(match self {
            Self { segment: Some(segment), .. } => {
                Some(WatchView::SegmentSize { segment: segment.clone(), bounds: bounds() })
            }
            Self { event: Some(event), property: Some(property), .. } => Some(WatchView::MissingProperty {
                event: event.clone(),
                property: property.clone(),
                hours: self.hours,
                above_percent: self.share,
            }),
            Self { event: Some(event), .. } => Some(WatchView::EventVolume {
                event: event.clone(),
                weeks: self.weeks,
                tolerance_percent: self.tolerance,
            }),
            Self { silent_source: Some(source), .. } => Some(WatchView::SilentSource {
                source: source.clone(),
                minutes: self.minutes.unwrap_or_default(),
            }),
            Self { query: Some(sql), .. } => {
                Some(WatchView::Number { of: NumberOf::Query { sql: sql.clone() }, bounds: bounds() })
            }
            Self { analysis: Some(file), at, .. } => {
                let unreadable = CliError::io(format!("cannot read {}", file.display()));
                let text = std::fs::read_to_string(file).map_err(unreadable)?;
                let analysis = serde_json::from_str(&text)
                    .map_err(|error| CliError::Usage(format!("{}: {error}", file.display())))?;
                let of = NumberOf::Analysis { analysis, at: at.clone().unwrap_or_default() };
                Some(WatchView::Number { of, bounds: bounds() })
            }
            _ => None,
        })
    }
}

impl Alarm {
    pub(crate) fn run(self, target: &Target, out: &mut Output) -> Result<(), CliError> {
        let client = target.client()?;
        match self {
            Self::Create { name, watch, owner, times, patience } => {
                let watch = watch.read()?.ok_or_else(|| {
                    CliError::Usage(
                        "say what it watches: --segment, --event, --silent-source, --query or --analysis"
                            .to_owned(),
                    )
                })?;
                let mut new = json!({ "name": name, "owner": owner, "watch": watch });
                if let (Some(schedule), Some(fields)) = (times.schedule(), new.as_object_mut()) {
                    fields.insert("schedule".to_owned(), json!(schedule));
                }
                let made = client.send(&Request::new("POST", PATH).json(new))?;
                looked_at(&client, made, patience, out)
            }
            Self::List { firing } => list(&client, firing, out),
            Self::Show { alarm } => show(&client, client.get(path(&["alarms", &alarm]))?, out),
            Self::Edit { alarm, name, owner, watch, times, patience } => {
                let edit = json!({
                    "name": name, "owner": owner, "watch": watch.read()?, "schedule": times.schedule() });
                let request = Request::new("PATCH", path(&["alarms", &alarm])).json(edit);
                looked_at(&client, client.send(&request)?, patience, out)
            }
            Self::Check { alarm, patience } => {
                let asked = client.send(&Request::new("POST", path(&["alarms", &alarm, "check"])))?;
                looked_at(&client, asked, patience, out)
            }
            Self::Snooze { alarm, until, end: _ } => {
                let request = Request::new("POST", path(&["alarms", &alarm, "snooze"]));
                show(&client, client.send(&request.json(json!({ "until": until })))?, out)
            }
            Self::Delete { alarm } => {
                client.send(&Request::new("DELETE", path(&["alarms", &alarm])))?;
                if out.json {
                    return out.print_json(&json!({ "deleted": alarm }));
                }
                out.line(format!("The alarm `{alarm}` is deleted."))
            }
        }
    }
}

/// Waits until an alarm that waits for it was looked at, and shows it.
fn looked_at(client: &Client, asked: Value, patience: Patience, out: &mut Output) -> Result<(), CliError> {
    let alarm: view::Alarm = typed(asked.clone(), PATH)?;
    let place = path(&["alarms", &alarm.id.to_string()]);
    let awaited = Awaited { what: "looking", place, otherwise: "`segops alarm show` says what it found" };
    let answer = wait(client, &awaited, patience, asked, |alarm| {
        let alarm: view::Alarm = typed(alarm.clone(), PATH)?;
        Ok(if alarm.is_waiting { Standing::GoesOn(None) } else { Standing::Over })
    })?;
    show(client, answer, out)
}

fn list(client: &Client, firing: bool, out: &mut Output) -> Result<(), CliError> {
    let rows = client.rows(PATH, usize::MAX)?;
    let mut alarms: Vec<view::Alarm> = typed(rows.into(), PATH)?;
    if firing {
        alarms.retain(view::Alarm::calls);
    }
    alarms.sort_by_key(|alarm| (!alarm.calls(), alarm.id));
    let calls = alarms.iter().any(view::Alarm::calls);
    let done = |shown: Result<(), CliError>| match shown {
        Ok(()) if firing && calls => Err(CliError::Reported),
        shown => shown,
    };
    if out.json {
        return done(out.print_json(&json!({ "data": alarms })));
    }
    out.use_zone_of(client)?;
    let mut table = Table::new(&["ID", "NAME", "OWNER", "STATUS", "SINCE", "FOUND"]);
    for alarm in alarms {
        table.row([
            alarm.id.to_string(),
            plain(&alarm.name),
            plain(&alarm.owner),
            status(&alarm),
            alarm.since.map(|since| out.date(since)).unwrap_or_default(),
            plain(&alarm.message.unwrap_or_default()),
        ]);
    }
    if table.is_empty() {
        let nothing =
            if firing { "No alarm fires." } else { "There are no alarms yet. Make one: segops alarm create" };
        return out.line(nothing);
    }
    done(out.table(&table))
}

fn status(alarm: &view::Alarm) -> String {
    let status = alarm.status.map_or_else(|| "not looked at yet".to_owned(), |status| word(&status));
    let snoozed = if alarm.snoozed_until.is_some() { ", snoozed" } else { "" };
    format!("{}{snoozed}", status.replace('_', " "))
}

fn show(client: &Client, answer: Value, out: &mut Output) -> Result<(), CliError> {
    if out.json {
        return out.print_json(&answer);
    }
    out.use_zone_of(client)?;
    let alarm: view::Alarm = typed(answer, PATH)?;
    let since = alarm.since.map(|since| format!(" since {}", out.date(since))).unwrap_or_default();
    out.line(format!("{} {}: {}{since}", alarm.id, plain(&alarm.name), status(&alarm)))?;
    if let Some(message) = &alarm.message {
        out.line(plain(message))?;
    }
    if let Some(until) = alarm.snoozed_until {
        out.line(format!("Quiet until {}", out.date(until)))?;
    }
    let next = alarm.next_at.map(|next| format!(", next on {}", out.date(next))).unwrap_or_default();
    out.line(format!("Owner {}; looked at {}{next}", plain(&alarm.owner), schedule_text(alarm.schedule)))?;
    if alarm.history.len() > 1 {
        let mut table = Table::new(&["SINCE", "STATUS", "FOUND"]);
        for standing in alarm.history.iter().rev() {
            let status = word(&standing.status).replace('_', " ");
            table.row([out.date(standing.since), status, plain(&standing.message)]);
        }
        out.table(&table)?;
    }
    Ok(())
}
