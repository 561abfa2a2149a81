use super::{clauses, clauses_when, count, named_event, predicate, span_text, window};
use crate::ast::{
    CountTest, Named, Occurrence, OccurrenceCondition, Predicate, Side, Window, WithinCondition,
};

pub(super) fn occurrence_condition(leaf: &OccurrenceCondition<Named>, closed: bool) -> String {
    let event = &leaf.occurrence.event;
    let mut asked = match window(&leaf.window) {
        when if when.is_empty() => when,
        when => format!("was {when}"),
    };
    if let Some(has) = &leaf.has {
        let is_chain = matches!(has, Predicate::All(parts) | Predicate::Any(parts) if parts.len() > 1);
        let is_last = event.sources.is_empty();
        let inner = predicate(has, false);
        let space = if asked.is_empty() { "" } else { " " };
        let is_enclosed = is_chain || (closed && is_last);
        asked.push_str(&if is_enclosed {
            format!("{space}has ({inner})")
        } else {
            format!("{space}has {inner}")
        });
    }
    format!("{} {}{}", leaf.occurrence.rank.words(), named_event(event), clauses_when(event, &asked, closed))
}

pub(super) fn within_condition(leaf: &WithinCondition<Named>, verb: &str, closed: bool) -> String {
    let mut text = format!("{verb} {}", named_event(&leaf.event));
    if leaf.count != CountTest::default() {
        text.push_str(&format!(" {}", count(leaf.count, "time")));
    }
    text.push_str(&clauses(&leaf.event, &Window::AllTime, false));
    let side = match leaf.side {
        Side::After => "of",
        Side::Before => "before",
    };
    text.push_str(&format!(" within {} {side} {}", span_text(leaf.span), occurrence(&leaf.of, closed)));
    text
}

fn occurrence(tree: &Occurrence<Named>, closed: bool) -> String {
    let clauses = clauses(&tree.event, &Window::AllTime, closed);
    format!("{} {}{clauses}", tree.rank.words(), named_event(&tree.event))
}
