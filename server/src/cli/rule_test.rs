use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use segops_engine::conformance::{Case, Disagreement, run_case};

use super::error::CliError;
use super::output::{Output, counted};

/// Files of conformance cases.
#[derive(Debug, Args)]
pub(crate) struct RuleTest {
    /// Files with one case on each line; `-` reads the standard input.
    #[arg(required = true)]
    cases: Vec<PathBuf>,
}

/// What a run found, over all files.
#[derive(Default)]
struct Found {
    cases: u64,
    checks: u64,
    /// Cases that could not be run.
    broken: u64,
    disagreements: u64,
}

impl RuleTest {
    pub(crate) fn run(self, out: &mut Output) -> Result<(), CliError> {
        let mut found = Found::default();
        for file in &self.cases {
            let shown = file.display().to_string();
            let text = if shown == "-" {
                std::io::read_to_string(std::io::stdin())
            } else {
                std::fs::read_to_string(file)
            };
            let text = text.map_err(CliError::io(format!("cannot read {shown}")))?;
            for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
                run_line(&format!("{shown}:{number}"), line, &mut found, out)?;
            }
        }
        found.print(out)?;
        if found.broken > 0 || found.disagreements > 0 {
            out.flush()?;
            return Err(CliError::Reported);
        }
        Ok(())
    }
}

fn run_line(place: &str, line: &str, found: &mut Found, out: &mut Output) -> Result<(), CliError> {
    found.cases += 1;
    let case = match Case::read(line) {
        Ok(case) => case,
        Err(why) => return found.broken(place, "", &why, out),
    };
    found.checks += case.checks.len() as u64;
    let name = case.name.as_deref().unwrap_or_default();
    match run_case(&case) {
        Ok(disagreements) => {
            for disagreement in &disagreements {
                found.disagreement(place, name, disagreement, out)?;
            }
            Ok(())
        }
        Err(why) => found.broken(place, name, &why, out),
    }
}

impl Found {
    fn broken(&mut self, place: &str, name: &str, why: &str, out: &mut Output) -> Result<(), CliError> {
        self.broken += 1;
        if out.json {
            return out.json_line(&json!({"place": place, "case": name, "error": why}));
        }
        out.line(format!("{place} {name}: cannot be run: {why}"))
    }

    fn disagreement(
        &mut self,
        place: &str,
        name: &str,
        found: &Disagreement,
        out: &mut Output,
    ) -> Result<(), CliError> {
        self.disagreements += 1;
        let Disagreement { at, way, who, expected_member } = found;
        if out.json {
            return out.json_line(&json!({
                "place": place,
                "case": name,
                "at": at,
                "way": way,
                "who": who,
                "expected_member": expected_member,
            }));
        }
        let (is, expected) = if *expected_member { ("is not", "is") } else { ("is", "is not") };
        out.line(format!(
            "{place} {name}: at {at}, {way}: {who} {is} a member, and the case says it {expected}"
        ))
    }

    fn print(&self, out: &mut Output) -> Result<(), CliError> {
        let Self { cases, checks, broken, disagreements } = self;
        if out.json {
            return out.json_line(&json!({
                "cases": cases,
                "checks": checks,
                "broken": broken,
                "disagreements": disagreements,
            }));
        }
        let broken = if *broken > 0 {
            format!("{} cannot be run, ", counted(*broken, "case", "cases"))
        } else {
            String::new()
        };
        out.line(format!(
            "{} with {}: {broken}{}.",
            counted(*cases, "case", "cases"),
            counted(*checks, "check", "checks"),
            counted(*disagreements, "disagreement", "disagreements"),
        ))
    }
}
