use super::derived_plan::PlannedDerived;
use super::plan::{Action, Members, Plan, PlannedChange};
use super::trait_plan::{DefinitionChange, PlannedTrait, TraitAction};
use crate::cli::error::CliError;
use crate::cli::output::{Output, counted, number, plain};

pub(super) fn print_plan(plan: &Plan, out: &mut Output) -> Result<(), CliError> {
    for change in &plan.derived_events.changes {
        print_made(&Made::of_derived(change), out)?;
    }
    for change in &plan.computed_traits.changes {
        print_made(&Made::of_trait(change), out)?;
    }
    for change in &plan.changes {
        print_change(change, out)?;
    }
    let derived = plan.derived_events.without_file.iter().map(|left| ("derived event", left));
    let computed = plan.computed_traits.without_file.iter().map(|left| ("computed trait", left));
    for (what, left) in derived.chain(computed) {
        let (name, why) = (plain(&left.name), plain(&left.why));
        out.line(format!("The {what} {name} has no file, and is left as it is: {why}."))?;
    }
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
        let traits = match computed.unchanged {
            0 => String::new(),
            count => format!(" and {}", counted(count as u64, "computed trait", "computed traits")),
        };
        let events = match derived.unchanged {
            0 => String::new(),
            count => format!(" and {}", counted(count as u64, "derived event", "derived events")),
        };
        return out.line(format!("Nothing to change: {segments}{traits}{events} as the files say."));
    }
    if !derived.changes.is_empty() {
        out.heading(&format!(
            "Plan for derived events: {} to create, {} to change, {} to delete; {} as they are.",
            derived.count_of(TraitAction::Create),
            derived.count_of(TraitAction::Change),
            derived.count_of(TraitAction::Delete),
            derived.unchanged
        ))?;
    }
    if !computed.changes.is_empty() {
        out.heading(&format!(
            "Plan for computed traits: {} to create, {} to change, {} to delete; {} as they are.",
            computed.count_of(TraitAction::Create),
            computed.count_of(TraitAction::Change),
            computed.count_of(TraitAction::Delete),
            computed.unchanged
        ))?;
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

/// A computed trait or a derived event that would change.
struct Made<'a> {
    what: &'static str,
    action: TraitAction,
    name: &'a str,
    file: Option<&'a str>,
    new_name: Option<&'a str>,
    definition: Option<&'a DefinitionChange>,
    conflict: Option<&'a str>,
}

impl<'a> Made<'a> {
    fn of_trait(change: &'a PlannedTrait) -> Self {
        Self {
            what: "computed trait",
            action: change.action,
            name: &change.name,
            file: change.file.as_deref(),
            new_name: change.new_name.as_deref(),
            definition: change.definition.as_ref(),
            conflict: change.conflict.as_deref(),
        }
    }

    fn of_derived(change: &'a PlannedDerived) -> Self {
        Self {
            what: "derived event",
            action: change.action,
            name: &change.name,
            file: change.file.as_deref(),
            new_name: None,
            definition: change.definition.as_ref(),
            conflict: change.conflict.as_deref(),
        }
    }
}

fn print_made(change: &Made<'_>, out: &mut Output) -> Result<(), CliError> {
    let sign = match change.action {
        TraitAction::Create => "+ create",
        TraitAction::Change => "~ change",
        TraitAction::Delete => "- delete",
    };
    let file = change.file.as_ref().map(|file| format!("  ({})", plain(file))).unwrap_or_default();
    out.heading(&format!("{sign} the {} {}{file}", change.what, plain(change.name)))?;
    if let Some(name) = &change.new_name {
        out.line(format!("    name: {} -> {}", plain(change.name), plain(name)))?;
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
