//! `did "A" then "B" within 1 hour then not "C" within 2 days`, and how long a usual gap is past.

use super::{count, path, predicate, quoted, span_text, window};
use crate::ast::{
    CadenceCondition, CadenceTest, Condition, CountTest, EventFilter, Named, Predicate, SequenceCondition,
    SequenceStep,
};

pub(super) fn sequence(tree: &SequenceCondition<Named>) -> String {
    let steps: Vec<String> = tree.steps.iter().map(step).collect();
    let mut text = format!("did {}", steps.join(" then "));
    if let Some(same) = &tree.same {
        text.push_str(&format!(" with same {}", path(&same.to_string())));
    }
    if tree.count != CountTest::default() {
        text.push_str(&format!(" {}", count(tree.count, "time")));
    }
    let window = window(&tree.window);
    if !window.is_empty() {
        text.push_str(&format!(" {window}"));
    }
    text
}

fn step(step: &SequenceStep<Named>) -> String {
    let not = if step.absent { "not " } else { "" };
    let within = step.within.map(|span| format!(" within {}", span_text(span))).unwrap_or_default();
    format!("{not}{}{within}", filter(&step.event, step.within.is_none()))
}

/// An event with its clauses; `closed` where nothing follows that ends a predicate.
fn filter(filter: &EventFilter<Named>, closed: bool) -> String {
    let mut text = filter.name.as_deref().map_or_else(|| "any event".to_owned(), quoted);
    if let Some(inner) = &filter.predicate {
        let is_chain = matches!(inner, Predicate::All(parts) | Predicate::Any(parts) if parts.len() > 1);
        let is_closed = is_chain || (closed && filter.sources.is_empty());
        let inner = predicate(inner, false);
        text.push_str(&if is_closed { format!(" where ({inner})") } else { format!(" where {inner}") });
    }
    if !filter.sources.is_empty() {
        let sources: Vec<String> = filter.sources.iter().map(|source| quoted(source)).collect();
        text.push_str(&format!(" from source {}", sources.join(", ")));
    }
    text
}

pub(super) fn cadence(tree: &CadenceCondition<Named>) -> String {
    let (sign, factor) = match tree.test {
        CadenceTest::LessThan(factor) => ("<", factor),
        CadenceTest::AtMost(factor) => ("<=", factor),
        CadenceTest::MoreThan(factor) => (">", factor),
        CadenceTest::AtLeast(factor) => (">=", factor),
    };
    let mut text = format!("time since last {} {sign} {factor} times median gap", filter(&tree.event, true));
    if tree.events_min != crate::ast::CADENCE_EVENTS_MIN {
        text.push_str(&format!(" with at least {} events", tree.events_min));
    }
    text
}

/// Whether what follows a list of sources in the condition could be read as more of them between commas.
pub(super) fn ends_in_sources(tree: &Condition<Named>) -> bool {
    match tree {
        Condition::Sequence(leaf) => leaf.steps.iter().any(|step| step.event.sources.len() > 1),
        Condition::Cadence(leaf) => leaf.event.sources.len() > 1,
        Condition::Not(part) => ends_in_sources(part),
        Condition::All(parts) | Condition::Any(parts) if parts.len() > 1 => parts.iter().any(ends_in_sources),
        _ => false,
    }
}
