use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use segops_engine::{Work, verify_folder, view};
use segops_model::{Instant, SystemClock};
use segops_store::{Disk, RealDisk};

use super::client::{Request, typed};
use super::error::CliError;
use super::output::{Output, Table, counted, number, plain};
use super::progress::Bar;
use super::target::Target;
use crate::control::FolderLock;

/// Rebuild every segment from raw history and compare: members, the timelines that rules read, and the timers
/// that move members as time passes.
///
/// A running server goes on while it is checked. A folder that no server has open is only read. Exits with 1
/// where there is any difference.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  segops verify --data shop\n  segops verify --url http://127.0.0.1:8123 --json"
)]
pub(crate) struct Verify {}

impl Verify {
    pub(crate) fn run(self, target: &Target, out: &mut Output) -> Result<(), CliError> {
        let report = match folder_of(target)? {
            Some((data, _lock)) => of_folder(&data, out)?,
            None => of_server(target, out)?,
        };
        if out.json {
            out.print_json(&serde_json::to_value(&report).unwrap_or_default())?;
        } else {
            print(&report, out)?;
        }
        if !report.agrees() {
            out.flush()?;
            return Err(CliError::Reported);
        }
        Ok(())
    }
}

/// The folder that is meant, where it has a workspace and no other process has it open.
fn folder_of(target: &Target) -> Result<Option<(PathBuf, FolderLock)>, CliError> {
    let Some(data) = target.data.as_ref().filter(|_| target.url.is_none()) else { return Ok(None) };
    if !FolderLock::is_at(data) {
        return Err(CliError::NoWorkspace(data.clone()));
    }
    Ok(FolderLock::take(data)?.map(|lock| (data.clone(), lock)))
}

fn of_server(target: &Target, out: &mut Output) -> Result<view::VerifyReport, CliError> {
    let client = target.client()?;
    let path = "/api/v1/verify";
    let bar = Bar::new("rebuilding", false);
    let answer = client.follow(Request::new("POST", path), |done, total, _| bar.update(done, total))?;
    bar.finish();
    if !out.json {
        out.use_zone_of(&client)?;
    }
    typed(answer, path)
}

fn of_folder(data: &Path, out: &mut Output) -> Result<view::VerifyReport, CliError> {
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let bar = Bar::new("reading the journal", false);
    let verified = verify_folder(&disk, data, &SystemClock, &Work::new(), &mut |progress| {
        bar.update(progress.position.0, progress.durable_position.0);
    })?;
    bar.finish();
    out.use_zone(&verified.time_zone);
    Ok(verified.report)
}

fn print(report: &view::VerifyReport, out: &mut Output) -> Result<(), CliError> {
    let mut table = Table::new(&["SEGMENT", "#LIVE", "#REBUILT", "#DIFFERENCES", "#TIMERS", "EXAMPLES"]);
    for segment in &report.segments {
        let example =
            |difference: &view::Difference| format!("{} only {}", difference.profile, difference.only_in);
        let timer = |difference: &view::TimerDifference| {
            let shown = |at: Option<Instant>| at.map_or_else(|| "none".to_owned(), |at| out.date(at));
            let (live, rebuilt) = (shown(difference.live), shown(difference.rebuilt));
            format!("{} timer {live}, changes {rebuilt}", difference.profile)
        };
        let mut examples: Vec<String> = segment.examples.iter().take(3).map(example).collect();
        examples.extend(segment.timer_examples.iter().take(3).map(timer));
        table.row([
            segment.name.clone(),
            number(segment.live),
            number(segment.rebuilt),
            number(segment.differences),
            number(segment.differing_timers),
            examples.join(", "),
        ]);
    }
    if !table.is_empty() {
        out.table(&table)?;
        out.line("")?;
    }
    for timeline in report.timelines.iter().filter(|timeline| timeline.differences > 0) {
        let examples: Vec<String> =
            timeline.examples.iter().take(3).map(|example| example.profile.to_string()).collect();
        out.warning(&format!(
            "{} of `{}`, read by {}: {}",
            counted(timeline.differences, "timeline differs", "timelines differ"),
            plain(&timeline.filter),
            plain(&timeline.read_by.join(", ")),
            examples.join(", "),
        ))?;
    }
    if report.index_differences > 0 {
        let many = counted(report.index_differences, "entry", "entries");
        out.warning(&format!("The indexes of members and timers differ in {many}."))?;
    }
    let looked_at = format!(
        "{}, {} and {} rebuilt from the {} at {} in {} ms",
        counted(report.profiles, "profile", "profiles"),
        counted(u64::try_from(report.segments.len()).unwrap_or_default(), "segment", "segments"),
        counted(
            report.timelines.iter().map(|timeline| timeline.rebuilt).sum::<u64>(),
            "timeline",
            "timelines",
        ),
        report.from,
        out.date(report.at),
        number(report.took_ms),
    );
    if report.agrees() {
        return out.line(format!("0 differences: {looked_at}."));
    }
    if !report.profiles_agree {
        out.warning("The two ways found different profiles.")?;
    }
    out.warning(&format!("{}: {looked_at}.", counted(report.differences, "difference", "differences")))
}
