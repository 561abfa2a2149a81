use super::definition::FileKind;
use super::definition_plan::{DefinitionAction, DefinitionPlan, PlannedDefinition};
use super::plan::{Action, Members, Plan, PlannedChange};
use crate::cli::error::CliError;
use crate::cli::output::{Output, counted, number, plain};

pub(super) fn print_plan(plan: &Plan, out: &mut Output) -> Result<(), CliError> {
    for change in &plan.derived_events.changes {
        print_definition(change, out)?;
    }
    for change in &plan.computed_traits.changes {
        print_definition(change, out)?;
    }
    for change in &plan.changes {
        print_change(change, out)?;
    }
    print_without_file(&plan.derived_events, out)?;
    print_without_file(&plan.computed_traits, out)?;
    if !plan.without_file.is_empty() {
        let names: Vec<String> = plan.without_file.iter().map(|name| plain(name)).collect();
        out.line(format!(
            "Without a file, and left as they are (--prune archives them): {}.",
            names.join(", ")
        ))?;
    }
    let (computed, derived) = (&plan.computed_traits, &plan.derived_events);
    if plan.is_empty() {
        let segments = counted(plan.unchanged as u64, "segment", "segments");
        let others = format!("{}{}", unchanged(computed), unchanged(derived));
        return out.line(format!("Nothing to change: {segments}{others} as the files say."));
    }
    print_counts(derived, out)?;
    print_counts(computed, out)?;
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

fn print_without_file<K: FileKind>(plan: &DefinitionPlan<K>, out: &mut Output) -> Result<(), CliError> {
    for left in &plan.without_file {
        let (name, why) = (plain(&left.name), plain(&left.why));
        out.line(format!("The {} {name} has no file, and is left as it is: {why}.", K::WHAT))?;
    }
    Ok(())
}

fn unchanged<K: FileKind>(plan: &DefinitionPlan<K>) -> String {
    match plan.unchanged {
        0 => String::new(),
        count => format!(" and {}", counted(count as u64, K::WHAT, &format!("{}s", K::WHAT))),
    }
}

fn print_counts<K: FileKind>(plan: &DefinitionPlan<K>, out: &mut Output) -> Result<(), CliError> {
    if plan.changes.is_empty() {
        return Ok(());
    }
    out.heading(&format!(
        "Plan for {}s: {} to create, {} to change, {} to delete; {} as they are.",
        K::WHAT,
        plan.count_of(DefinitionAction::Create),
        plan.count_of(DefinitionAction::Change),
        plan.count_of(DefinitionAction::Delete),
        plan.unchanged
    ))
}

fn print_definition<K: FileKind>(change: &PlannedDefinition<K>, out: &mut Output) -> Result<(), CliError> {
    let sign = match change.action {
        DefinitionAction::Create => "+ create",
        DefinitionAction::Change => "~ change",
        DefinitionAction::Delete => "- delete",
    };
    let file = change.file.as_ref().map(|file| format!("  ({})", plain(file))).unwrap_or_default();
    out.heading(&format!("{sign} the {} {}{file}", K::WHAT, plain(&change.name)))?;
    if let Some(name) = &change.new_name {
        out.line(format!("    name: {} -> {}", plain(&change.name), plain(name)))?;
    }
    if let Some(definition) = &change.definition {
        for line in &definition.lines {
            out.line(format!("    {line}"))?;
        }
        match &definition.segments {
            Some(segments) => {
                for moved in segments {
                    let found = &moved.difference;
                    out.line(format!(
                        "    in {}: {} -> {}, {} would enter, {} would leave",
                        plain(&moved.segment.name),
                        counted(found.before.total, "member", "members"),
                        number(found.after.total),
                        number(found.entering.total),
                        number(found.leaving.total)
                    ))?;
                }
            }
            None if change.conflict.is_none() => out.line("    who would move is not counted yet")?,
            None => {}
        }
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
