//! Questions about the whole history.

mod words;

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use segops_query::Sheet;
use segops_rules::Moment;

use super::client::{Client, Request, typed};
use super::error::CliError;
use super::output::{Output, Table, number, plain};
use super::progress::Bar;
use super::target::Target;
use crate::http::{AnalysisResult, CustomersResult};
use words::{dimension, event, measure, metric, span, window};

const PATH: &str = "/api/v1/analyses";

/// Ask questions of the whole history: how much, how many go on, who comes back, what they are worth, and why.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Examples:\n  segops analyse trend '\"Order Completed\"' --interval week --data shop\n  segops analyse funnel '\"Product Viewed\"' '\"Product Added\"' '\"Order Completed\"' --within '7 days' --data shop\n  segops analyse cohorts --data shop"
)]
pub(crate) enum Analyse {
    /// How much there was in each period.
    #[command(
        after_help = "Examples:\n  segops analyse trend orders --measure sum:net --interval month --compare previous-year --data shop\n  segops analyse trend '\"Order Completed\"' '\"Product Viewed\"' --measure customers --measure customers --formula 'A / B' --breakdown trait:country --data shop"
    )]
    Trend {
        /// The events of each series, as rules write them: '"Order Completed" where total > 50', 'orders'.
        #[arg(required = true, value_name = "EVENTS")]
        series: Vec<String>,
        /// What is measured of each series: count, customers, sum:PROPERTY, average:..., minimum:..., maximum:...,
        /// median:..., sum_by_quantity:....
        #[arg(long = "measure", value_name = "MEASURE")]
        measures: Vec<String>,
        /// Made of the series A, B, ...: 'A / B * 100'.
        #[arg(long = "formula", value_name = "FORMULA")]
        formulas: Vec<String>,
        #[arg(long, value_enum, default_value_t = Interval::Day)]
        interval: Interval,
        #[arg(long, value_enum)]
        compare: Option<Compare>,
        #[command(flatten)]
        groups: Groups,
        #[command(flatten)]
        common: Common,
    },
    /// How many go from step to step, how long it takes them, and who is lost where.
    #[command(
        after_help = "Examples:\n  segops analyse funnel '\"Product Viewed\"' '\"Product Added\"' '\"Order Completed\"' --within '7 days' --same product_id --data shop\n  segops analyse funnel '\"Product Viewed\"' '\"Order Completed\"' --customers '{\"step\": 1, \"outcome\": \"dropped\"}' --data shop"
    )]
    Funnel {
        /// The events of the steps, in their order, as rules write them.
        #[arg(required = true, value_name = "EVENTS")]
        steps: Vec<String>,
        /// Every step less than that after the first: '7 days'.
        #[arg(long, value_name = "SPAN")]
        within: Option<String>,
        /// Every step less than that after the step before.
        #[arg(long, value_name = "SPAN", conflicts_with = "within")]
        step_within: Option<String>,
        /// All steps have one value of this property.
        #[arg(long, value_name = "PROPERTY")]
        same: Option<String>,
        /// What ends an attempt when it comes between two steps; with '2:' before it, between the second and the third.
        #[arg(long, value_name = "EVENTS")]
        exclude: Vec<String>,
        /// Count how many of the steps were done, in any order.
        #[arg(long)]
        any_order: bool,
        #[command(flatten)]
        groups: Groups,
        #[command(flatten)]
        common: Common,
    },
    /// Of those who did one thing first in a period, how many did another in each period after.
    #[command(
        after_help = "Examples:\n  segops analyse retention '\"Signed Up\"' '\"Order Completed\"' --interval month --data shop"
    )]
    Retention {
        /// What they did first.
        #[arg(value_name = "FIRST")]
        first: String,
        /// What they did again.
        #[arg(value_name = "RETURN")]
        back: String,
        /// The length of a period.
        #[arg(long, value_enum, default_value_t = Interval::Week)]
        interval: Interval,
        /// Periods after the first.
        #[arg(long, default_value_t = 12)]
        periods: usize,
        /// Count the first event in the window, not of all time.
        #[arg(long)]
        first_in_window: bool,
        /// Count who came back in a period or a later one.
        #[arg(long)]
        or_later: bool,
        #[command(flatten)]
        common: Common,
    },
    /// Customers by their first order: who buys again, and what they are worth, at equal follow-up.
    #[command(
        after_help = "Examples:\n  segops analyse cohorts --interval month --days 0,30,90,365 --data shop"
    )]
    Cohorts {
        /// The length of a period.
        #[arg(long, value_enum, default_value_t = Interval::Month)]
        interval: Interval,
        /// Days after the first order.
        #[arg(long, value_delimiter = ',', default_value = "0,30,60,90,180,365")]
        days: Vec<u32>,
        #[command(flatten)]
        common: Common,
    },
    /// Scores by how recently, how often and for how much customers bought.
    #[command(
        after_help = "Examples:\n  segops analyse rfm --data shop\n  segops analyse rfm --customers '{\"segment\": \"champions\"}' --data shop"
    )]
    Rfm {
        /// Scores by each measure.
        #[arg(long, default_value_t = 5)]
        scores: usize,
        #[arg(long)]
        currency: Option<String>,
        #[command(flatten)]
        common: Common,
    },
    /// Who moved between new, active, at risk, lapsed and won back.
    #[command(
        after_help = "Examples:\n  segops analyse lifecycle --from 2026-01-01 --active-days 90 --lapsed-days 365 --data shop"
    )]
    Lifecycle {
        /// The first instant; the second is `--to`, or now.
        #[arg(long)]
        from: Moment,
        /// The second instant.
        #[arg(long)]
        to: Option<Moment>,
        /// Who ordered in the last so many days is active.
        #[arg(long, default_value_t = 90)]
        active_days: u32,
        /// Who has not ordered for so many days has lapsed.
        #[arg(long, default_value_t = 365)]
        lapsed_days: u32,
        #[command(flatten)]
        common: Common,
    },
    /// Why a metric changed between two windows: by every dimension and pair, with intervals.
    #[command(
        after_help = "Examples:\n  segops analyse change revenue --before 'last month' --after 'this month' --data shop\n  segops analyse change repeat_rate:90 --before 'from 2026-01-01 to 2026-04-01' --after 'from 2026-04-01 to 2026-07-01' --dimension trait:country --data shop"
    )]
    Change {
        /// revenue, orders, average_order_value, repeat_rate:DAYS, returning_share, or conversion:DAYS.
        metric: String,
        /// The earlier window.
        #[arg(long, value_name = "WINDOW")]
        before: String,
        /// The later window.
        #[arg(long, value_name = "WINDOW")]
        after: String,
        /// Of a conversion: from which events.
        #[arg(long, value_name = "EVENTS")]
        from_event: Option<String>,
        /// Of a conversion: to which events.
        #[arg(long, value_name = "EVENTS")]
        to_event: Option<String>,
        #[arg(long = "dimension", value_name = "DIMENSION")]
        dimensions: Vec<String>,
        #[arg(long)]
        currency: Option<String>,
        #[command(flatten)]
        common: Common,
    },
    /// What of first orders, and of customers, goes with an outcome: a second order within 90 days, unless told otherwise.
    #[command(after_help = "Examples:\n  segops analyse predictors --days 90 --data shop")]
    Predictors {
        /// Days from the first order in which the outcome counts.
        #[arg(long, default_value_t = 90)]
        days: u32,
        /// The outcome, instead of a second order.
        #[arg(long, value_name = "EVENTS")]
        outcome: Option<String>,
        #[arg(long = "dimension", value_name = "DIMENSION")]
        dimensions: Vec<String>,
        #[command(flatten)]
        common: Common,
    },
    /// Who is in several segments.
    #[command(after_help = "Examples:\n  segops analyse overlap VIP Lapsed --data shop")]
    Overlap {
        /// Segments by name or id.
        #[arg(required = true, value_name = "SEGMENT")]
        segments: Vec<String>,
        #[command(flatten)]
        common: Common,
    },
    /// The profiles most like the members of a segment, who are no members, and what makes them so.
    #[command(
        after_help = "Examples:\n  segops analyse alike 'Repeat buyers' --count 50 --data shop\n  segops result create Lookalikes --alike 'Repeat buyers' --count 5000 --daily-at 5 --data shop"
    )]
    Alike {
        /// A segment by name or id.
        #[arg(value_name = "SEGMENT")]
        of: String,
        /// How many profiles, 1,000 at most; more come in a recorded result.
        #[arg(long, default_value_t = 100)]
        count: u64,
        #[arg(long = "dimension", value_name = "DIMENSION")]
        dimensions: Vec<String>,
        #[command(flatten)]
        common: Common,
    },
    /// What members of a segment have, or did, more or less often than everyone else.
    #[command(after_help = "Examples:\n  segops analyse apart VIP --data shop")]
    Apart {
        /// A segment by name or id.
        #[arg(value_name = "SEGMENT")]
        of: String,
        #[arg(long = "dimension", value_name = "DIMENSION")]
        dimensions: Vec<String>,
        #[command(flatten)]
        common: Common,
    },
    /// What is bought together, or next.
    #[command(
        after_help = "Examples:\n  segops analyse basket 'items[].product_id' --data shop\n  segops analyse basket 'items[].category' --next --within-days 60 --data shop"
    )]
    Basket {
        /// What is an item: a property of a line, such as `items[].category`.
        item: String,
        /// In the customer's next order.
        #[arg(long)]
        next: bool,
        /// The next order comes within so many days.
        #[arg(long, requires = "next", value_name = "DAYS")]
        within_days: Option<u32>,
        /// Pairs in at least so many orders.
        #[arg(long, default_value_t = 10)]
        orders_min: u64,
        /// Of those with the first item, at least this share has the second: 0 to 1.
        #[arg(long, default_value_t = 0.0)]
        confidence_min: f64,
        /// Pairs to print.
        #[arg(long, default_value_t = 100)]
        top: usize,
        #[command(flatten)]
        common: Common,
    },
    /// Which products, or categories, bring customers, and what those do.
    #[command(
        after_help = "Examples:\n  segops analyse acquisition 'items[].product_id' --days 180 --data shop"
    )]
    Acquisition {
        /// What is an item: a property of a line, such as `items[].product_id`.
        item: String,
        #[arg(long, default_value_t = 180)]
        days: u32,
        #[arg(long, default_value_t = 30)]
        customers_min: u64,
        #[command(flatten)]
        common: Common,
    },
    /// An analysis from a file, in the JSON of the API.
    #[command(after_help = "Examples:\n  segops analyse run funnel.json --data shop")]
    Run {
        file: PathBuf,
        #[command(flatten)]
        common: Common,
    },
}

/// What every analysis can be told.
#[derive(Debug, Default, Args)]
pub(crate) struct Common {
    /// When: 'last 90 days', 'from 2026-01-01 to 2026-02-01', 'last month', 'all time'.
    #[arg(long, value_name = "WINDOW")]
    window: Option<String>,
    /// Only the members of this segment.
    #[arg(long, value_name = "SEGMENT")]
    segment: Option<String>,
    /// Only the profiles that this rule holds for.
    #[arg(long, value_name = "RULE")]
    rule: Option<String>,
    /// As of this instant: what happened later does not exist.
    #[arg(long, value_name = "INSTANT")]
    at: Option<Moment>,
    /// Print the main table as CSV.
    #[arg(long)]
    csv: bool,
    /// Name the profiles of a part of the answer, given as JSON, with their rule.
    #[arg(long, value_name = "PART")]
    customers: Option<String>,
    /// How many profiles to name.
    #[arg(long, default_value_t = 20, value_name = "N")]
    limit: usize,
}

/// What results are broken down by.
#[derive(Debug, Default, Args)]
pub(crate) struct Groups {
    /// property:NAME, trait:NAME, trait_at_event:NAME, or segments:A,B.
    #[arg(long, value_name = "DIMENSION")]
    breakdown: Option<String>,
    /// How many groups get rows of their own.
    #[arg(long, default_value_t = 10)]
    top: usize,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Interval {
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Compare {
    PreviousPeriod,
    PreviousYear,
}

impl Interval {
    const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        }
    }
}

impl Groups {
    fn json(&self) -> Result<Value, CliError> {
        let by = self.breakdown.as_deref().map(dimension).transpose()?;
        Ok(by.map_or(Value::Null, |by| json!({ "by": by, "top": self.top })))
    }
}

fn all<T>(texts: &[String], read: impl Fn(&str) -> Result<T, CliError>) -> Result<Vec<T>, CliError> {
    texts.iter().map(|text| read(text)).collect()
}

impl Analyse {
    pub(crate) fn run(self, target: &Target, out: &mut Output) -> Result<(), CliError> {
        let (name, mut definition, common) = self.definition()?;
        if let Some(text) = &common.window {
            definition["window"] = window(text)?;
        }
        if let Some(members) = definition.as_object_mut() {
            members.retain(|_, value| !value.is_null());
        }
        let client = target.client()?;
        out.use_zone_of(&client)?;
        let at = common.at.map(|moment| moment.instant(out.zone()));
        let mut body = json!({ "segment": common.segment, "rule": common.rule, "at": at });
        if let Some(part) = &common.customers {
            let part: Value = serde_json::from_str(part)
                .map_err(|error| CliError::Usage(format!("--customers is not JSON: {error}")))?;
            body["part"] = json!({ name: [definition, part] });
            body["limit"] = common.limit.into();
            return customers(&client, &body, out);
        }
        body["analysis"] = json!({ name: definition });
        answer(&client, &body, common.csv, out)
    }

    /// The analysis' name, its definition in the JSON of the API, and what all have in common.
    fn definition(self) -> Result<(String, Value, Common), CliError> {
        let named = |name: &str, definition: Value, common| Ok((name.to_owned(), definition, common));
        match self {
            Self::Trend { series, measures, formulas, interval, compare, groups, common } => {
                let of = |(at, text): (usize, &String)| -> Result<Value, CliError> {
                    let measured = measures.get(at).map_or(Ok(json!("count")), |text| measure(text))?;
                    Ok(json!({ "event": event(text), "measure": measured }))
                };
                let series = series.iter().enumerate().map(of).collect::<Result<Vec<_>, _>>()?;
                let compare = compare.map(|compare| match compare {
                    Compare::PreviousPeriod => "previous_period",
                    Compare::PreviousYear => "previous_year",
                });
                let trend = json!({ "series": series, "formulas": formulas, "interval": interval.name(),
                    "compare": compare, "breakdown": groups.json()? });
                named("trend", trend, common)
            }
            Self::Funnel { steps, within, step_within, same, exclude, any_order, groups, common } => {
                let step_within = step_within.as_deref().map(span).transpose()?;
                let step = |(at, text): (usize, &String)| match &step_within {
                    Some(span) if at > 0 => json!({ "event": event(text), "within": span }),
                    _ => json!({ "event": event(text) }),
                };
                let steps: Vec<Value> = steps.iter().enumerate().map(step).collect();
                let excluded = |text: &String| {
                    let after = text
                        .split_once(':')
                        .and_then(|(after, rest)| Some((after.parse::<usize>().ok()?, rest)));
                    match after {
                        Some((after, rest)) => json!({ "event": event(rest), "after": after }),
                        None => json!({ "event": event(text) }),
                    }
                };
                let funnel = json!({ "steps": steps, "order": if any_order { "any_order" } else { "ordered" },
                    "conversion_window": within.as_deref().map(span).transpose()?, "same": same,
                    "exclude": exclude.iter().map(excluded).collect::<Vec<_>>(), "breakdown": groups.json()? });
                named("funnel", funnel, common)
            }
            Self::Retention { first, back, interval, periods, first_in_window, or_later, common } => {
                let count = if or_later { "in_period_or_later" } else { "in_period" };
                let retention = json!({ "first": event(&first), "return": event(&back), "interval": interval.name(),
                    "periods": periods, "first_ever": !first_in_window, "count": count });
                named("retention", retention, common)
            }
            Self::Cohorts { interval, days, common } => {
                named("cohorts", json!({ "interval": interval.name(), "horizons_days": days }), common)
            }
            Self::Rfm { scores, currency, common } => {
                named("rfm", json!({ "scores": scores, "currency": currency }), common)
            }
            Self::Lifecycle { from, to, active_days, lapsed_days, common } => named(
                "lifecycle",
                json!({ "from": from, "to": to, "active_days": active_days, "lapsed_days": lapsed_days }),
                common,
            ),
            Self::Change {
                metric: text,
                before,
                after,
                from_event,
                to_event,
                dimensions,
                currency,
                common,
            } => {
                let change = json!({ "metric": metric(&text, from_event.as_deref(), to_event.as_deref())?,
                    "before": window(&before)?, "after": window(&after)?, "currency": currency,
                    "dimensions": all(&dimensions, dimension)? });
                named("change", change, common)
            }
            Self::Predictors { days, outcome, dimensions, common } => {
                let outcome = outcome.map_or(json!("second_order"), |text| json!({ "event": event(&text) }));
                let predictors =
                    json!({ "days": days, "outcome": outcome, "dimensions": all(&dimensions, dimension)? });
                named("predictors", predictors, common)
            }
            Self::Overlap { segments, common } => named("overlap", json!({ "segments": segments }), common),
            Self::Alike { of, count, dimensions, common } => {
                let dimensions = all(&dimensions, dimension)?;
                named("alike", json!({ "segment": of, "count": count, "dimensions": dimensions }), common)
            }
            Self::Apart { of, dimensions, common } => {
                named("apart", json!({ "segment": of, "dimensions": all(&dimensions, dimension)? }), common)
            }
            Self::Basket { item, next, within_days, orders_min, confidence_min, top, common } => {
                let kind = match (next, within_days) {
                    (true, Some(days)) => json!({ "next_within_days": days }),
                    (true, None) => json!("next"),
                    _ => json!("together"),
                };
                let basket = json!({ "item": item, "kind": kind, "orders_min": orders_min,
                    "confidence_min": confidence_min, "top": top });
                named("basket", basket, common)
            }
            Self::Acquisition { item, days, customers_min, common } => named(
                "acquisition",
                json!({ "item": item, "days": days, "customers_min": customers_min }),
                common,
            ),
            Self::Run { file, common } => {
                let what = format!("cannot read {}", file.display());
                let text = std::fs::read_to_string(&file).map_err(CliError::io(what))?;
                let analysis: Value = serde_json::from_str(&text)
                    .map_err(|error| CliError::Usage(format!("{} is not JSON: {error}", file.display())))?;
                let only = analysis.as_object().filter(|members| members.len() == 1);
                let only = only.and_then(|members| members.iter().next());
                match only {
                    Some((name, definition)) => named(name, definition.clone(), common),
                    None => Err(CliError::Usage(
                        "the file has to hold one object with the name of an analysis, such as {\"funnel\": {...}}"
                            .to_owned(),
                    )),
                }
            }
        }
    }
}

fn answer(client: &Client, body: &Value, csv: bool, out: &mut Output) -> Result<(), CliError> {
    let bar = Bar::new("reading history", false);
    let request = Request::new("POST", PATH).json(body.clone());
    let answer = client.follow(request, |done, total, _| bar.update(done, total))?;
    bar.finish();
    if out.json {
        return out.print_json(&answer);
    }
    let result: AnalysisResult = typed(answer, PATH)?;
    let zone = out.zone().clone();
    let date = move |instant: segops_model::Instant| {
        let local = instant.to_jiff().to_zoned_datetime(zone.clone());
        let is_midnight = local.time() == jiff::civil::Time::midnight();
        local.strftime(if is_midnight { "%Y-%m-%d" } else { "%Y-%m-%d %H:%M:%S" }).to_string()
    };
    let sheets = result.answer.sheets(&date);
    if csv {
        let table = sheets.first().map(Sheet::csv).unwrap_or_default();
        return out.line(table.replace("\r\n", "\n").trim_end());
    }
    for warning in result.answer.warnings() {
        out.warning(&warning.to_string())?;
    }
    for (at, sheet) in sheets.iter().enumerate() {
        if at > 0 {
            out.line("")?;
        }
        if !sheet.title.is_empty() {
            out.heading(&plain(&sheet.title))?;
        }
        let mut table = Table::new(&sheet.columns);
        sheet.rows.iter().for_each(|row| table.row(row.clone()));
        out.table(&table)?;
    }
    Ok(())
}

fn customers(client: &Client, body: &Value, out: &mut Output) -> Result<(), CliError> {
    let bar = Bar::new("reading history", false);
    let path = format!("{PATH}/customers");
    let request = Request::new("POST", path.clone()).json(body.clone());
    let answer = client.follow(request, |done, total, _| bar.update(done, total))?;
    bar.finish();
    if out.json {
        return out.print_json(&answer);
    }
    let result: CustomersResult = typed(answer, &path)?;
    out.heading(&format!("{} profiles, at {}", number(result.count), out.date(result.at)))?;
    match (&result.rule, &result.no_rule_because) {
        (Some(rule), _) => out.line(format!("Their rule: {}", plain(rule)))?,
        (None, Some(why)) => out.line(format!("There is no rule for them: {why}."))?,
        (None, None) => {}
    }
    for profile in &result.profiles {
        out.line(profile.to_string())?;
    }
    Ok(())
}
