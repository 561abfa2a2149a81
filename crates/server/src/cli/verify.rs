use clap::Args;

use segops_engine::view;

use super::client::{Request, typed};
use super::error::CliError;
use super::output::{Output, Table, counted, number};
use super::progress::Bar;
use super::target::Target;

/// Rebuild every segment from raw history and compare it with its live members.
///
/// Exits with 1 where there is any difference.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  segops verify --data shop\n  segops verify --url http://127.0.0.1:8123 --json"
)]
pub(crate) struct Verify {}

impl Verify {
    pub(crate) fn run(self, target: &Target, out: &mut Output) -> Result<(), CliError> {
        let client = target.client()?;
        let path = "/api/v1/verify";
        let bar = Bar::new("rebuilding", false);
        let answer = client.follow(Request::new("POST", path), |done, total, _| bar.update(done, total))?;
        bar.finish();
        let report: view::VerifyReport = typed(answer.clone(), path)?;
        if out.json {
            out.print_json(&answer)?;
        } else {
            out.use_zone_of(&client)?;
            print(&report, out)?;
        }
        if report.differences > 0 || !report.profiles_agree {
            out.flush()?;
            return Err(CliError::Reported);
        }
        Ok(())
    }
}

fn print(report: &view::VerifyReport, out: &mut Output) -> Result<(), CliError> {
    let mut table = Table::new(&["SEGMENT", "#LIVE", "#REBUILT", "#DIFFERENCES", "EXAMPLES"]);
    for segment in &report.segments {
        let example =
            |difference: &view::Difference| format!("{} only {}", difference.profile, difference.only_in);
        let examples: Vec<String> = segment.examples.iter().take(3).map(example).collect();
        table.row([
            segment.name.clone(),
            number(segment.live),
            number(segment.rebuilt),
            number(segment.differences),
            examples.join(", "),
        ]);
    }
    if !table.is_empty() {
        out.table(&table)?;
        out.line("")?;
    }
    let looked_at = format!(
        "{} and {} rebuilt from the {} at {}",
        counted(report.profiles, "profile", "profiles"),
        counted(u64::try_from(report.segments.len()).unwrap_or_default(), "segment", "segments"),
        report.from,
        out.date(report.at),
    );
    if report.differences == 0 && report.profiles_agree {
        return out.line(format!("0 differences: {looked_at}."));
    }
    if !report.profiles_agree {
        out.warning("The two ways found different profiles.")?;
    }
    out.warning(&format!("{}: {looked_at}.", counted(report.differences, "difference", "differences")))
}
