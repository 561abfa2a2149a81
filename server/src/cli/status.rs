use clap::Args;

use segops_engine::view;

use super::client::typed;
use super::error::CliError;
use super::output::{Output, counted, number, plain};
use super::target::Target;

/// Show how much there is, and whether everything is up to date.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  segops status --data shop\n  segops status --data shop --json")]
pub(crate) struct Status {}

impl Status {
    pub(crate) fn run(self, target: &Target, out: &mut Output) -> Result<(), CliError> {
        let client = target.client()?;
        let path = "/api/v1/status";
        let answer = client.get(path)?;
        if out.json {
            return out.print_json(&answer);
        }
        out.use_zone_of(&client)?;
        let status: view::Status = typed(answer, path)?;
        if let Some(failure) = &status.failure {
            out.warning(&format!("The journal has failed, nothing more is accepted: {}", plain(failure)))?;
        }
        out.line(format!(
            "{} of {}, {} left out as duplicates, {}.",
            counted(status.events, "event", "events"),
            counted(status.profiles, "profile", "profiles"),
            number(status.duplicates),
            counted(status.rejections, "rejection", "rejections"),
        ))?;
        out.line(format!(
            "{}, {}; {} joined by {}.",
            counted(status.segments, "segment", "segments"),
            counted(status.transitions, "transition", "transitions"),
            counted(status.identifiers, "identifier", "identifiers"),
            counted(status.merges, "merge", "merges"),
        ))?;
        if status.splits + status.deletions > 0 {
            out.line(format!(
                "{}, {}; {} of deleted people dropped since.",
                counted(status.splits, "split", "splits"),
                counted(status.deletions, "deletion", "deletions"),
                counted(status.deleted_arrivals, "event", "events"),
            ))?;
        }
        let behind = status.durable_position.0.saturating_sub(status.applied_position.0);
        let place = if behind == 0 {
            "everything durable is applied".to_owned()
        } else {
            format!("{} behind", number(behind))
        };
        out.line(format!(
            "Journal: {} bytes, position {}; {place}.",
            number(status.journal_bytes),
            number(status.durable_position.0),
        ))?;
        if let Some(next) = status.next_timer_at {
            out.line(format!(
                "{} set, the next for {}.",
                counted(status.timers, "timer", "timers"),
                out.date(next)
            ))?;
        }
        if let Some(verified) = &status.verified {
            let result = if verified.agrees {
                "live is as rebuilt".to_owned()
            } else {
                counted(verified.differences, "difference", "differences")
            };
            let scope = plain(&verified.scope);
            out.line(format!("Last verified at {}: {scope}, {result}.", out.date(verified.at)))?;
        }
        out.line(format!(
            "Time zone {}, weeks start on {}; segops {}.",
            status.time_zone, status.week_start, status.version
        ))?;
        if status.events == 0 {
            out.line(
                "There are no events yet: `segops import` reads files, `segops simulate` makes a store.",
            )?;
        }
        Ok(())
    }
}
