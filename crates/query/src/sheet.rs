//! Answers as tables, for people and for spreadsheets.

use segops_model::{Decimal, Instant};

use crate::analysis::Answer;
use crate::basket::{AcquisitionAnswer, BasketAnswer};
use crate::change::ChangeAnswer;
use crate::cohorts::CohortsAnswer;
use crate::funnel::FunnelAnswer;
use crate::groups::Group;
use crate::lifecycle::LifecycleAnswer;
use crate::overlap::{AlikeAnswer, ApartAnswer, OverlapAnswer};
use crate::predictors::{PredictorsAnswer, said};
use crate::retention::RetentionAnswer;
use crate::rfm::{RfmAnswer, ScoreBand};
use crate::trend::TrendAnswer;

/// Rows under names. A name that begins with `#` is of numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    pub title: String,
    pub columns: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

/// How instants are written.
type Write<'a> = &'a dyn Fn(Instant) -> String;

impl Sheet {
    pub(crate) fn new(title: &str, columns: &[&str]) -> Self {
        let columns = columns.iter().map(|column| (*column).to_owned()).collect();
        Self { title: title.to_owned(), columns, rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// As RFC 4180 has it, with its names in the first line.
    #[must_use]
    pub fn csv(&self) -> String {
        let mut text = String::new();
        let names: Vec<String> =
            self.columns.iter().map(|name| name.trim_start_matches('#').to_lowercase()).collect();
        for row in std::iter::once(&names).chain(&self.rows) {
            for (at, cell) in row.iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                if cell.contains(['"', ',', '\n', '\r']) {
                    text.push('"');
                    text.push_str(&cell.replace('"', "\"\""));
                    text.push('"');
                } else {
                    text.push_str(cell);
                }
            }
            text.push_str("\r\n");
        }
        text
    }
}

impl Answer {
    /// What looks wrong in the definition, though it can be used.
    #[must_use]
    pub fn warnings(&self) -> &[segops_rules::Problem] {
        match self {
            Self::Trend(answer) => &answer.warnings,
            Self::Funnel(answer) => &answer.warnings,
            Self::Retention(answer) => &answer.warnings,
            Self::Cohorts(answer) => &answer.warnings,
            Self::Rfm(answer) => &answer.warnings,
            Self::Lifecycle(answer) => &answer.warnings,
            Self::Change(answer) => &answer.warnings,
            Self::Predictors(answer) => &answer.warnings,
            Self::Overlap(answer) => &answer.warnings,
            Self::Apart(answer) => &answer.warnings,
            Self::Alike(answer) => &answer.warnings,
            Self::Basket(answer) => &answer.warnings,
            Self::Acquisition(answer) => &answer.warnings,
        }
    }

    /// The answer's tables, the main one first. `date` writes an instant in the workspace's time zone.
    #[must_use]
    pub fn sheets(&self, date: &dyn Fn(Instant) -> String) -> Vec<Sheet> {
        match self {
            Self::Trend(answer) => vec![trend(answer, date)],
            Self::Funnel(answer) => vec![funnel(answer)],
            Self::Retention(answer) => vec![retention(answer, date)],
            Self::Cohorts(answer) => vec![cohorts(answer, date)],
            Self::Rfm(answer) => rfm(answer, date),
            Self::Lifecycle(answer) => lifecycle(answer),
            Self::Change(answer) => change(answer),
            Self::Predictors(answer) => vec![predictors(answer)],
            Self::Overlap(answer) => overlap(answer),
            Self::Apart(answer) => vec![apart(answer)],
            Self::Alike(answer) => alike(answer),
            Self::Basket(answer) => vec![basket(answer)],
            Self::Acquisition(answer) => vec![acquisition(answer)],
        }
    }
}

pub(crate) fn group(group: &Group) -> String {
    match group {
        Group::All => "(all)".to_owned(),
        Group::Value(value) | Group::Segment(value) => value.clone(),
        Group::Missing => "(missing)".to_owned(),
        Group::Others => "(others)".to_owned(),
        Group::NoSegment => "(no segment)".to_owned(),
    }
}

fn number(number: Option<Decimal>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}

pub(crate) fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}

fn duration(ms: Option<f64>) -> String {
    let Some(ms) = ms else { return String::new() };
    let seconds = ms / 1_000.0;
    match seconds {
        ..120.0 => format!("{seconds:.0} s"),
        ..7_200.0 => format!("{:.0} min", seconds / 60.0),
        ..172_800.0 => format!("{:.1} h", seconds / 3_600.0),
        _ => format!("{:.1} d", seconds / 86_400.0),
    }
}

fn trend(answer: &TrendAnswer, date: Write<'_>) -> Sheet {
    let has_previous = answer.rows.iter().any(|row| !row.previous.is_empty());
    let mut columns = vec!["PERIOD", "COMPLETE", "SERIES", "GROUP", "CURRENCY", "#VALUE"];
    columns.extend(has_previous.then_some("#PREVIOUS"));
    let mut sheet = Sheet::new("", &columns);
    for row in &answer.rows {
        let numbered =
            row.values.iter().enumerate().map(|(at, value)| (Some(at), value, row.previous.get(at)));
        let total = (None, &row.total, has_previous.then_some(&row.previous_total));
        for (at, value, previous) in numbered.chain([total]) {
            let bucket = at.and_then(|at| answer.buckets.get(at));
            let mut cells = vec![
                bucket.map_or_else(|| "(total)".to_owned(), |bucket| date(bucket.start)),
                bucket.map_or("", |bucket| if bucket.complete { "yes" } else { "no" }).to_owned(),
                row.series.clone(),
                group(&row.group),
                row.currency.clone().unwrap_or_default(),
                number(*value),
            ];
            if has_previous {
                cells.push(number(previous.copied().flatten()));
            }
            sheet.row(cells);
        }
    }
    sheet
}

fn funnel(answer: &FunnelAnswer) -> Sheet {
    let columns = [
        "GROUP",
        "#STEP",
        "#CUSTOMERS",
        "#OF FIRST",
        "#OF PREVIOUS",
        "#DROPPED",
        "#STILL OPEN",
        "#MEDIAN",
        "#P90",
    ];
    let mut sheet = Sheet::new("", &columns);
    for row in &answer.rows {
        for step in &row.steps {
            sheet.row([
                group(&row.group),
                step.step.to_string(),
                step.customers.to_string(),
                percent(step.of_first),
                percent(step.of_previous),
                step.dropped.to_string(),
                step.still_open.to_string(),
                duration(step.duration.map(|duration| duration.median_ms)),
                duration(step.duration.map(|duration| duration.p90_ms)),
            ]);
        }
    }
    sheet
}

fn retention(answer: &RetentionAnswer, date: Write<'_>) -> Sheet {
    let mut sheet = Sheet::new("", &["COHORT", "#CUSTOMERS", "#PERIOD", "#RETAINED", "#SHARE", "COMPLETE"]);
    let mut rows = |cohort: String, customers: String, cells: &[crate::retention::RetentionCell]| {
        for cell in cells {
            let complete = if cell.complete { "yes" } else { "no" };
            let (period, retained) = (cell.period.to_string(), cell.retained.to_string());
            sheet.row([
                cohort.clone(),
                customers.clone(),
                period,
                retained,
                percent(cell.share),
                complete.to_owned(),
            ]);
        }
    };
    for cohort in &answer.cohorts {
        rows(date(cohort.start), cohort.customers.to_string(), &cohort.periods);
    }
    for cell in &answer.overall {
        rows("(all)".to_owned(), cell.of.to_string(), std::slice::from_ref(cell));
    }
    sheet
}

fn cohorts(answer: &CohortsAnswer, date: Write<'_>) -> Sheet {
    let columns = [
        "COHORT",
        "#CUSTOMERS",
        "#DAYS",
        "#FOLLOWED",
        "MATURE",
        "#REPEAT",
        "#SHARE",
        "#ORDERS",
        "CURRENCY",
        "#NET",
        "#PER CUSTOMER",
    ];
    let mut sheet = Sheet::new("", &columns);
    let mut rows = |cohort: &str, customers: u64, follow_up: &[crate::cohorts::FollowUp]| {
        for one in follow_up {
            let mut values: Vec<_> = one
                .value
                .iter()
                .map(|value| {
                    (value.currency.clone().unwrap_or_default(), Some(value.net), value.net_per_customer)
                })
                .collect();
            if values.is_empty() {
                values.push((String::new(), None, None));
            }
            for (currency, net, each) in values {
                sheet.row([
                    cohort.to_owned(),
                    customers.to_string(),
                    one.days.to_string(),
                    one.followed.to_string(),
                    if one.mature { "yes" } else { "no" }.to_owned(),
                    one.repeat_customers.to_string(),
                    percent(one.repeat_share),
                    one.orders.to_string(),
                    currency,
                    number(net),
                    number(each),
                ]);
            }
        }
    };
    for cohort in &answer.cohorts {
        rows(&date(cohort.start), cohort.customers, &cohort.follow_up);
    }
    rows("(all)", answer.cohorts.iter().map(|cohort| cohort.customers).sum(), &answer.overall);
    sheet
}

fn rfm(answer: &RfmAnswer, date: Write<'_>) -> Vec<Sheet> {
    let mut cells =
        Sheet::new("Scores", &["#RECENCY", "#FREQUENCY", "#MONETARY", "#CUSTOMERS", "#ORDERS", "#NET"]);
    for cell in &answer.cells {
        let scores = [cell.recency, cell.frequency, cell.monetary].map(|score| score.to_string());
        let numbers = [cell.customers.to_string(), cell.orders.to_string(), cell.net.to_string()];
        cells.row(scores.into_iter().chain(numbers));
    }
    let mut bands = Sheet::new("Where scores begin and end", &["BY", "#SCORE", "FROM", "TO", "#CUSTOMERS"]);
    fn add<T: Copy>(sheet: &mut Sheet, by: &str, bands: &[ScoreBand<T>], write: impl Fn(T) -> String) {
        for band in bands {
            let (from, to) = (write(band.from), write(band.to));
            sheet.row([by.to_owned(), band.score.to_string(), from, to, band.customers.to_string()]);
        }
    }
    add(&mut bands, "recency", &answer.recency, date);
    add(&mut bands, "frequency", &answer.frequency, |count| count.to_string());
    add(&mut bands, "monetary", &answer.monetary, |amount| amount.to_string());
    let mut segments = Sheet::new("Segments", &["SEGMENT", "#CUSTOMERS", "#SHARE", "#ORDERS", "#NET"]);
    for one in &answer.segments {
        let name = word(&one.segment);
        let numbers =
            [one.customers.to_string(), percent(one.share), one.orders.to_string(), one.net.to_string()];
        segments.row(std::iter::once(name).chain(numbers));
    }
    vec![cells, bands, segments].into_iter().filter(|sheet| !sheet.rows.is_empty()).collect()
}

/// What something is called in JSON.
fn word(value: &impl serde::Serialize) -> String {
    let text = serde_json::to_value(value).ok();
    text.as_ref().and_then(|value| value.as_str()).unwrap_or_default().to_owned()
}

fn lifecycle(answer: &LifecycleAnswer) -> Vec<Sheet> {
    let mut flows = Sheet::new("Flows", &["FROM", "TO", "#CUSTOMERS"]);
    for flow in &answer.flows {
        flows.row([word(&flow.from), word(&flow.to), flow.customers.to_string()]);
    }
    let mut stages = Sheet::new("Stages", &["STAGE", "#BEFORE", "#AFTER"]);
    for stage in &answer.stages {
        stages.row([word(&stage.stage), stage.before.to_string(), stage.after.to_string()]);
    }
    vec![flows, stages]
}

fn change(answer: &ChangeAnswer) -> Vec<Sheet> {
    let mut causes =
        Sheet::new(&answer.summary, &["#CAUSE", "SENTENCE", "#CONTRIBUTION", "#ADJUSTED P", "RELATED TO"]);
    for (at, cause) in answer.causes.iter().enumerate() {
        causes.row([
            at.to_string(),
            cause.sentence.clone(),
            format!("{:.6}", cause.contribution),
            format!("{:.2e}", cause.adjusted_p),
            cause.related_to.map(|at| at.to_string()).unwrap_or_default(),
        ]);
    }
    let columns = [
        "BY",
        "GROUP",
        "#UNITS BEFORE",
        "#AFTER",
        "#VALUE BEFORE",
        "#AFTER",
        "#MIX",
        "#RATE",
        "#CONTRIBUTION",
    ];
    let mut effects = Sheet::new("What each group adds", &columns);
    for dimension in &answer.dimensions {
        let by = serde_json::to_value(&dimension.by).ok();
        let by =
            by.as_ref().and_then(serde_json::Value::as_object).and_then(|by| by.values().next().cloned());
        let by = by.map(|by| by.as_str().map_or_else(|| by.to_string(), str::to_owned)).unwrap_or_default();
        for one in &dimension.groups {
            effects.row([
                by.clone(),
                group(&one.group),
                one.units_before.to_string(),
                one.units_after.to_string(),
                number(one.value_before),
                number(one.value_after),
                one.mix.to_string(),
                one.rate.to_string(),
                one.contribution.to_string(),
            ]);
        }
    }
    vec![causes, effects]
}

fn predictors(answer: &PredictorsAnswer) -> Sheet {
    let title = format!(
        "{} customers, {} with the outcome: {}",
        answer.customers,
        answer.with_outcome,
        percent(answer.share)
    );
    let columns = [
        "FEATURE",
        "#WITH",
        "#SHARE",
        "#OTHERS",
        "#SHARE",
        "#DIFFERENCE",
        "#LOW",
        "#HIGH",
        "#LIFT",
        "#Q",
        "#ODDS RATIO",
        "#LOW",
        "#HIGH",
    ];
    let mut sheet = Sheet::new(&title, &columns);
    for one in &answer.predictors {
        let raw = &one.raw;
        let odds = one.adjusted.as_ref().map(|adjusted| adjusted.odds_ratio);
        let shown = |value: Option<f64>| value.map(|value| format!("{value:.2}")).unwrap_or_default();
        sheet.row([
            said(&one.feature),
            raw.with.to_string(),
            percent(raw.share_with),
            raw.without.to_string(),
            percent(raw.share_without),
            percent(raw.difference.estimate),
            percent(raw.difference.low),
            percent(raw.difference.high),
            shown(raw.lift.map(|lift| lift.estimate)),
            format!("{:.2e}", raw.q),
            shown(odds.map(|odds| odds.estimate)),
            shown(odds.map(|odds| odds.low)),
            shown(odds.map(|odds| odds.high)),
        ]);
    }
    sheet
}

fn overlap(answer: &OverlapAnswer) -> Vec<Sheet> {
    let mut pairs =
        Sheet::new("Pairs", &["#FIRST", "#SECOND", "#BOTH", "#OF FIRST", "#OF SECOND", "#JACCARD"]);
    for pair in &answer.pairs {
        let counts = [pair.first.to_string(), pair.second.to_string(), pair.both.to_string()];
        let shares = [percent(pair.of_first), percent(pair.of_second), format!("{:.3}", pair.jaccard)];
        pairs.row(counts.into_iter().chain(shares));
    }
    let mut regions = Sheet::new("In exactly these segments", &["SEGMENTS", "#CUSTOMERS"]);
    for region in &answer.regions {
        let names: Vec<String> = region.segments.iter().map(ToString::to_string).collect();
        regions.row([names.join(" and "), region.customers.to_string()]);
    }
    vec![pairs, regions]
}

fn alike(answer: &AlikeAnswer) -> Vec<Sheet> {
    let mut features = Sheet::new("What makes members", &["FEATURE", "#ADDS", "#OF MEMBERS", "#OF OTHERS"]);
    for feature in &answer.features {
        features.row([
            feature.feature.clone(),
            format!("{:+.2}", feature.adds),
            format!("{:.1}%", feature.share_members * 100.0),
            format!("{:.1}%", feature.share_others * 100.0),
        ]);
    }
    let mut profiles = Sheet::new("Most alike", &["PROFILE", "#LIKENESS", "BECAUSE"]);
    for one in &answer.profiles {
        let reasons = one.reasons.iter().filter_map(|reason| {
            let feature = answer.features.get(reason.feature)?;
            let is_absent = reason.is_absent;
            Some(format!("{}{} {:+.2}", if is_absent { "not " } else { "" }, feature.feature, reason.adds))
        });
        let reasons = reasons.collect::<Vec<_>>().join(", ");
        profiles.row([one.profile.to_string(), format!("{:.4}", one.likeness), reasons]);
    }
    vec![features, profiles]
}

fn apart(answer: &ApartAnswer) -> Sheet {
    let title = format!("{} members, {} others", answer.members, answer.others);
    let columns = ["FEATURE", "#MEMBERS", "#OTHERS", "#DIFFERENCE", "#LOW", "#HIGH", "#LIFT", "#Q"];
    let mut sheet = Sheet::new(&title, &columns);
    for one in &answer.features {
        let contrast = &one.contrast;
        sheet.row([
            said(&one.feature),
            percent(contrast.share_with),
            percent(contrast.share_without),
            percent(contrast.difference.estimate),
            percent(contrast.difference.low),
            percent(contrast.difference.high),
            contrast.lift.map(|lift| format!("{:.2}", lift.estimate)).unwrap_or_default(),
            format!("{:.2e}", contrast.q),
        ]);
    }
    sheet
}

fn basket(answer: &BasketAnswer) -> Sheet {
    let columns =
        ["FIRST", "SECOND", "#BOTH", "#WITH FIRST", "#WITH SECOND", "#SUPPORT", "#CONFIDENCE", "#LIFT"];
    let mut sheet = Sheet::new(&format!("{} orders", answer.orders), &columns);
    for pair in &answer.pairs {
        let names = [pair.first.clone(), pair.second.clone()];
        let counts = [pair.both, pair.with_first, pair.with_second].map(|count| count.to_string());
        let shares = [format!("{:.5}", pair.support), percent(pair.confidence), format!("{:.2}", pair.lift)];
        sheet.row(names.into_iter().chain(counts).chain(shares));
    }
    sheet
}

fn acquisition(answer: &AcquisitionAnswer) -> Sheet {
    let title = format!("{} customers, {} bought again", answer.customers, percent(answer.repeat_share));
    let columns = [
        "ITEM",
        "#CUSTOMERS",
        "#SHARE",
        "#REPEAT",
        "#OTHERS",
        "#LOW",
        "#HIGH",
        "#Q",
        "CURRENCY",
        "#PER CUSTOMER",
    ];
    let mut sheet = Sheet::new(&title, &columns);
    for one in &answer.items {
        let value = one.value.first();
        sheet.row([
            one.item.clone(),
            one.customers.to_string(),
            percent(one.share),
            percent(one.repeat.share_with),
            percent(one.repeat.share_without),
            percent(one.repeat.difference.low),
            percent(one.repeat.difference.high),
            format!("{:.2e}", one.repeat.q),
            value.and_then(|value| value.currency.clone()).unwrap_or_default(),
            number(value.and_then(|value| value.net_per_customer)),
        ]);
    }
    sheet
}
