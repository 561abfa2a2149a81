use super::plan::{Action, Members, Plan, PlannedChange};
use crate::cli::error::CliError;
use crate::cli::output::{Output, counted, number, plain};

pub(super) fn print_plan(plan: &Plan, out: &mut Output) -> Result<(), CliError> {
    for change in &plan.changes {
        print_change(change, out)?;
    }
    if !plan.without_file.is_empty() {
        let names: Vec<String> = plan.without_file.iter().map(|name| plain(name)).collect();
        out.line(format!(
            "Without a file, and left as they are (--prune archives them): {}.",
            names.join(", ")
        ))?;
    }
    if plan.changes.is_empty() {
        let segments = counted(plan.unchanged as u64, "segment", "segments");
        return out.line(format!("Nothing to change: {segments} as the files say."));
    }
    out.heading(&format!(
        "Plan: {} to create, {} to change, {} to archive; {} as they are.",
        plan.count_of(Action::Create),
        plan.count_of(Action::Change),
        plan.count_of(Action::Archive),
        plan.unchanged
    ))
}

fn print_change(change: &PlannedChange, out: &mut Output) -> Result<(), CliError> {
    let sign = match change.action {
        Action::Create => "+ create",
        Action::Change => "~ change",
        Action::Archive => "- archive",
    };
    let file = change.file.as_ref().map(|file| format!("  ({})", plain(file))).unwrap_or_default();
    out.heading(&format!("{sign} {}{file}", plain(&change.name)))?;
    for field in &change.fields {
        let (from, to) = (plain(&field.from), plain(&field.to));
        out.line(match from.is_empty() {
            true => format!("    {}: {to}", field.field),
            false => format!("    {}: {from} -> {to}", field.field),
        })?;
    }
    if let Some(rule) = &change.rule {
        for line in &rule.lines {
            out.line(format!("    {line}"))?;
        }
        print_members(&rule.members, out)?;
    }
    if let Some(conflict) = &change.conflict {
        out.warning(&format!("    refused: {conflict}"))?;
    }
    out.line("")
}

fn print_members(members: &Members, out: &mut Output) -> Result<(), CliError> {
    match members {
        Members::Total(counts) => out.line(format!(
            "    {}: {} identified, {} reachable by email, {} by SMS",
            counted(counts.total, "member", "members"),
            number(counts.identified),
            number(counts.reachable_email),
            number(counts.reachable_sms)
        )),
        Members::Moves { before, after, entering, leaving } => out.line(format!(
            "    {} -> {}: {} would enter ({} reachable by email), {} would leave",
            counted(before.total, "member", "members"),
            number(after.total),
            number(entering.total),
            number(entering.reachable_email),
            number(leaving.total)
        )),
        Members::Unknown(why) if why.is_empty() => Ok(()),
        Members::Unknown(why) => out.line(format!("    not counted yet: {}", plain(why))),
    }
}
