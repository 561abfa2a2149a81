//! A rule over several lines, for files and reviews: reading it gives the same tree back, and a change of one
//! condition is a change of one line.

use super::{base_text, condition, condition_operand, listed, starts_as_condition};
use crate::ast::{Condition, Named, Rule};

/// A line is broken where a group can be, past this many characters.
const LINE_CHARACTERS_MAX: usize = 80;
const INDENT: &str = "  ";

/// The rule's canonical text, with a line for each condition where it is too long for one.
#[must_use]
pub fn format_lines(rule: &Rule<Named>) -> String {
    let base = base_text(rule.base);
    let room = LINE_CHARACTERS_MAX.saturating_sub(base.chars().count());
    let text = condition(&rule.when, false);
    if text.chars().count() <= room {
        return format!("{base}{text}");
    }
    let lines = broken(&rule.when, false).join("\n");
    if base.is_empty() { lines } else { format!("{}\n{lines}", base.trim_end()) }
}

/// A condition's lines. `closed` as for its text on one line.
fn broken(tree: &Condition<Named>, closed: bool) -> Vec<String> {
    let one_line = condition(tree, closed);
    if one_line.chars().count() <= LINE_CHARACTERS_MAX {
        return vec![one_line];
    }
    match tree {
        Condition::All(parts) if parts.len() > 1 => chain(parts, "and"),
        Condition::Any(parts) if parts.len() > 1 => chain(parts, "or"),
        Condition::None(parts) => list("none of", parts),
        Condition::Not(part) if is_chain(part) => enclosed("not (", broken(part, false)),
        _ => vec![one_line],
    }
}

fn chain(parts: &[Condition<Named>], joint: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        let closed = parts.get(at + 1).is_some_and(|next| !starts_as_condition(next));
        let one_line = condition_operand(part, closed);
        let part = if one_line.chars().count() <= LINE_CHARACTERS_MAX {
            vec![one_line]
        } else if is_chain(part) {
            enclosed("(", broken(part, false))
        } else {
            broken(part, closed)
        };
        for (line_at, line) in part.into_iter().enumerate() {
            lines.push(if at > 0 && line_at == 0 { format!("{joint} {line}") } else { line });
        }
    }
    lines
}

fn list(head: &str, parts: &[Condition<Named>]) -> Vec<String> {
    let mut inner = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        // A part with commas of its own stands in parentheses, on one line.
        let one_line = listed(part);
        let mut lines = if one_line == condition(part, false) { broken(part, false) } else { vec![one_line] };
        if at + 1 < parts.len()
            && let Some(last) = lines.last_mut()
        {
            last.push(',');
        }
        inner.extend(lines);
    }
    enclosed(&format!("{head} ("), inner)
}

fn enclosed(open: &str, inner: Vec<String>) -> Vec<String> {
    let indented = inner.into_iter().map(|line| format!("{INDENT}{line}"));
    std::iter::once(open.to_owned()).chain(indented).chain([")".to_owned()]).collect()
}

fn is_chain(tree: &Condition<Named>) -> bool {
    matches!(tree, Condition::All(parts) | Condition::Any(parts) if parts.len() > 1)
}
