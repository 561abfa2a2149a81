//! Chosen events that cannot be, or of which nothing is asked.

use super::window::{check_span, check_window};
use super::{Checker, check_count};
use crate::ast::{Occurrence, OccurrenceCondition, Rank, Stage, Window, WithinCondition};
use crate::problem::{Code, Problem};

impl Checker<'_> {
    pub(super) fn occurrence_condition<S: Stage>(
        &mut self,
        leaf: &OccurrenceCondition<S>,
        place: &str,
        depth: usize,
    ) {
        self.occurrence(&leaf.occurrence, &format!("{place}.occurrence"), depth);
        if let Some(has) = &leaf.has {
            self.predicate(has, &format!("{place}.has"), depth, false);
        }
        self.problems_of(check_window(&leaf.window, &format!("{place}.window")));
        if leaf.has.is_none() && leaf.window == Window::AllTime {
            self.report(asks_nothing(&leaf.occurrence).place(place));
        }
    }

    pub(super) fn within_condition<S: Stage>(
        &mut self,
        leaf: &WithinCondition<S>,
        place: &str,
        depth: usize,
    ) {
        self.conditions += 1;
        self.filter(&leaf.event, &format!("{place}.event"), depth);
        self.problems_of(check_count(leaf.count, &format!("{place}.count")));
        self.problems_of(check_span(leaf.span, &format!("{place}.span")));
        self.occurrence(&leaf.of, &format!("{place}.of"), depth);
    }

    fn occurrence<S: Stage>(&mut self, tree: &Occurrence<S>, place: &str, depth: usize) {
        self.conditions += 1;
        self.filter(&tree.event, &format!("{place}.event"), depth);
        let number = tree.rank.number();
        if number == 0 {
            let problem = Problem::error(Code::BadNumber, "events are counted from 1");
            self.report(problem.place(format!("{place}.rank")).expected("`first`, `2nd`, `3rd` or the like"));
        } else if number > self.limits.rule_rank_max {
            let message = format!(
                "the {} event is meant; a rule looks at the first or the last {} at most",
                tree.rank.words(),
                self.limits.rule_rank_max
            );
            self.report(Problem::error(Code::TooLong, message).place(format!("{place}.rank")));
        }
    }
}

/// A filter chooses the event; without a test of the event that it chooses, only its being there is asked.
fn asks_nothing<S: Stage>(tree: &Occurrence<S>) -> Problem {
    let name =
        tree.event.name.as_deref().map_or_else(|| "any event".to_owned(), |name| format!("\"{name}\""));
    let message = format!("nothing is asked of the {} {name}", tree.rank.words());
    let did = match tree.rank {
        Rank::First(0 | 1) | Rank::Last(0 | 1) => format!("did {name}"),
        rank => format!("did {name} >= {} times", rank.number()),
    };
    Problem::error(Code::AlwaysHolds, message)
        .expected("`has` and a test of its properties, or `was` and a time, after any `where`, which only says which event is meant")
        .suggestion(format!("for whether there is one write `{did}`"))
}
