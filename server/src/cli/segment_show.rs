use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use segops_engine::view;
use segops_engine::view::SegmentChangeKind;

use super::client::{Client, path, typed, with_query};
use super::error::CliError;
use super::output::{Output, Table, counted, number, plain, shortened};
use super::preview::{base_words, print_split};
use super::segment::PATH;

/// List the segments with their counts.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  segops segment list --data shop\n  segops segment list --folder Retention --tag email --state live --data shop"
)]
pub(crate) struct List {
    /// Only those in this folder, or in a folder inside it.
    #[arg(long, value_name = "PATH")]
    folder: Option<String>,
    /// Only those with this tag.
    #[arg(long, value_name = "TAG")]
    tag: Option<String>,
    /// Only those in this state.
    #[arg(long, value_enum)]
    state: Option<State>,
    /// Only those of this owner.
    #[arg(long, value_name = "NAME")]
    owner: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum State {
    Draft,
    Live,
    Archived,
}

/// Show a segment, its counts and its versions, or one version of its rule.
#[derive(Debug, Args)]
#[command(
    disable_version_flag = true,
    after_help = "Examples:\n  segops segment show Repeat --data shop\n  segops segment show Repeat --version 2 --data shop"
)]
pub(crate) struct Show {
    /// The segment's name or id.
    segment: String,
    /// Only this version of its rule.
    #[arg(long, value_name = "N")]
    version: Option<u32>,
}

impl List {
    pub(super) fn run(self, client: &Client, out: &mut Output) -> Result<(), CliError> {
        let state = self.state.map(|state| match state {
            State::Draft => "draft",
            State::Live => "live",
            State::Archived => "archived",
        });
        let filters = [
            ("folder", self.folder.as_deref()),
            ("tag", self.tag.as_deref()),
            ("state", state),
            ("owner", self.owner.as_deref()),
        ];
        let rows = client.rows(&with_query(PATH.to_owned(), &filters), usize::MAX)?;
        if out.json {
            return out.print_json(&json!({ "data": rows }));
        }
        let segments: Vec<view::Segment> = typed(rows.into(), PATH)?;
        let mut table = Table::new(&["NAME", "FOLDER", "STATUS", "#MEMBERS", "RULE", "ID"]);
        for segment in segments {
            table.row([
                segment.name,
                segment.folder,
                status_word(segment.status).to_owned(),
                number(segment.counts.total),
                shortened(&segment.rule_text, 80),
                segment.id.to_string(),
            ]);
        }
        if !table.is_empty() {
            return out.table(&table);
        }
        if filters.iter().any(|(_, value)| value.is_some()) {
            return out.line("No segment is like that. `segops segment list` has all of them.");
        }
        out.line(
            "There are no segments yet. Make one: segops segment create Repeat 'did \"Order Completed\" >= 2 times'",
        )
    }
}

impl Show {
    pub(super) fn run(self, client: &Client, out: &mut Output) -> Result<(), CliError> {
        let Some(version) = self.version else {
            return show(client.get(path(&["segments", &self.segment]))?, out);
        };
        let place = path(&["segments", &self.segment, "versions", &version.to_string()]);
        let answer = client.get(place.as_str())?;
        if out.json {
            return out.print_json(&answer);
        }
        let found: view::SegmentVersionDetail = typed(answer, &place)?;
        let serves = if found.serves { ", which serves" } else { "" };
        out.heading(&format!("Version {} of {}{serves}", found.version.0, plain(&self.segment)))?;
        out.line(&found.rule_text)?;
        if let Some(old) = found.restored_from {
            out.line(format!("It brings version {} back.", old.0))?;
        }
        out.line(format!(
            "Saved by {} at {}, for the calendar of {}.",
            plain(&found.author),
            out.date(found.at),
            found.time_zone
        ))
    }
}

/// A segment as it is now.
pub(super) fn show(answer: Value, out: &mut Output) -> Result<(), CliError> {
    if out.json {
        return out.print_json(&answer);
    }
    let segment: view::Segment = typed(answer, PATH)?;
    out.heading(&format!("{} ({}), {}", plain(&segment.name), segment.id, status_word(segment.status)))?;
    if !segment.description.is_empty() {
        out.line(plain(&segment.description))?;
    }
    out.line(&segment.rule_text)?;
    let members = counted(segment.counts.total, "member", "members");
    out.line(format!("{members}, counted among the {}", base_words(segment.base)))?;
    print_split(&segment.counts, out)?;
    let mut about = vec![format!("owner {}", plain(&segment.owner))];
    if !segment.folder.is_empty() {
        about.push(format!("folder {}", plain(&segment.folder)));
    }
    if !segment.tags.is_empty() {
        about.push(format!("tags {}", plain(&segment.tags.join(", "))));
    }
    out.line(format!("It has {}.", about.join("; ")))?;
    if !segment.used_by.is_empty() {
        let users: Vec<String> =
            segment.used_by.iter().map(|user| format!("{} ({})", plain(&user.name), user.id)).collect();
        out.line(format!("Used by {}.", users.join(", ")))?;
    }
    let mut table = Table::new(&["#VERSION", "AUTHOR", "SAVED", "LIVE SINCE", "RULE"]);
    for version in segment.versions {
        table.row([
            version.version.0.to_string(),
            version.author,
            out.date(version.at),
            version.primed_at.map_or_else(|| "not yet".to_owned(), |at| out.date(at)),
            shortened(&version.rule_text, 80),
        ]);
    }
    out.line("")?;
    out.table(&table)
}

pub(super) fn print_log(segment: &str, client: &Client, out: &mut Output) -> Result<(), CliError> {
    let place = path(&["segments", segment, "changes"]);
    let mut answer = client.get(place.as_str())?;
    if out.json {
        return out.print_json(&answer);
    }
    let rows = answer.get_mut("data").map(Value::take).unwrap_or_default();
    let changes: Vec<view::SegmentChange> = typed(rows, &place)?;
    let mut table = Table::new(&["AT", "AUTHOR", "WHAT"]);
    for change in changes {
        table.row([out.date(change.at), change.author, change_words(&change.what)]);
    }
    out.table(&table)
}

fn change_words(what: &SegmentChangeKind) -> String {
    match what {
        SegmentChangeKind::Created => "made it".to_owned(),
        SegmentChangeKind::RuleSaved { version, restored_from: None } => {
            format!("saved version {} of its rule", version.0)
        }
        SegmentChangeKind::RuleSaved { version, restored_from: Some(old) } => {
            format!("saved version {} of its rule, which brings version {} back", version.0, old.0)
        }
        SegmentChangeKind::CalendarChanged { version } => {
            format!("changed the workspace's calendar, which made version {}", version.0)
        }
        SegmentChangeKind::Renamed { from, to } => format!("renamed it from {from} to {to}"),
        SegmentChangeKind::Described { fields } => format!("changed its {}", fields.join(", ")),
        SegmentChangeKind::Paused => "paused it".to_owned(),
        SegmentChangeKind::Resumed => "resumed it".to_owned(),
        SegmentChangeKind::Published => "published it".to_owned(),
        SegmentChangeKind::Archived => "archived it".to_owned(),
        SegmentChangeKind::Restored => "restored it".to_owned(),
    }
}

const fn status_word(status: view::SegmentStatus) -> &'static str {
    match status {
        view::SegmentStatus::Draft => "draft",
        view::SegmentStatus::Priming => "reading history",
        view::SegmentStatus::Live => "live",
        view::SegmentStatus::Editing => "live, a new version is reading history",
        view::SegmentStatus::Paused => "paused",
        view::SegmentStatus::Archived => "archived",
    }
}
