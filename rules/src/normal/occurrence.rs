use super::{Node, complement, counts, filter, predicate, span, window};
use crate::ast::{ActiveCondition, Occurrence, OccurrenceCondition, Resolved, WithinCondition};

pub(super) fn occurrence_condition(leaf: &OccurrenceCondition<Resolved>, negated: bool) -> Node {
    let has = leaf.has.as_ref().map(|has| format!(" has {}", predicate(has, false))).unwrap_or_default();
    Node::Leaf { key: format!("{} was {}{has}", occurrence(&leaf.occurrence), window(&leaf.window)), negated }
}

pub(super) fn within_condition(leaf: &WithinCondition<Resolved>, negated: bool) -> Node {
    let key = format!(
        "within {:?} {:?}{} {} {:?} {}",
        counts(leaf.count),
        leaf.event.name,
        filter(&leaf.event),
        span(leaf.span),
        leaf.side,
        occurrence(&leaf.of)
    );
    Node::Leaf { key, negated }
}

fn occurrence(tree: &Occurrence<Resolved>) -> String {
    format!("{:?} {:?}{}", tree.rank, tree.event.name, filter(&tree.event))
}

pub(super) fn active_condition(leaf: &ActiveCondition<Resolved>, negated: bool) -> Node {
    let name = &leaf.event().name;
    let filter = filter(leaf.event());
    let holding = |test| if negated { complement(&counts(test)) } else { counts(test) };
    let (key, negated) = match leaf {
        ActiveCondition::Periods(leaf) => {
            let (each, among) = (counts(leaf.each), leaf.among);
            (format!("periods {:?} {each:?} {among:?} {name:?}{filter}", holding(leaf.periods)), false)
        }
        ActiveCondition::Days(leaf) => {
            let (counts, when) = (holding(leaf.count), window(&leaf.window));
            (format!("days {counts:?} {:?} {name:?} {when}{filter}", leaf.unit), false)
        }
        ActiveCondition::Stopped(leaf) => {
            (format!("stopped {name:?} {}{filter}", window(&leaf.period)), negated)
        }
        ActiveCondition::Restarted(leaf) => {
            (format!("restarted {name:?} {}{filter}", window(&leaf.period)), negated)
        }
    };
    Node::Leaf { key, negated }
}
