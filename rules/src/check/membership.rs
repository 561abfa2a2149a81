//! Counts and spans of what was recorded of a segment; and the names that its transitions have as events.

use super::window::{check_span, check_window};
use super::{Checker, check_count};
use crate::ast::{EventFilter, Stage, TenureCondition, TenureTest, TransitionCondition};
use crate::problem::{Code, Problem};

/// What transitions are called as events.
pub(crate) const SEGMENT_ENTERED: &str = "Segment Entered";
pub(crate) const SEGMENT_EXITED: &str = "Segment Exited";

impl Checker<'_> {
    pub(super) fn transition<S: Stage>(&mut self, leaf: &TransitionCondition<S>, place: &str) {
        self.conditions += 1;
        self.problems_of(check_count(leaf.count, &format!("{place}.count")));
        self.problems_of(check_window(&leaf.window, &format!("{place}.window")));
    }

    pub(super) fn tenure<S: Stage>(&mut self, leaf: &TenureCondition<S>, place: &str) {
        self.conditions += 1;
        if let TenureTest::AtLeast(span) | TenureTest::LessThan(span) = &leaf.test {
            self.problems_of(check_span(*span, &format!("{place}.test.{}", leaf.test.name())));
        }
    }
}

/// A transition is in no timeline of events: what asks for one by its event's name must be of the one form
/// that stands for a condition on the segment.
pub(super) fn check_event_name<S: Stage>(filter: &EventFilter<S>, place: &str) -> Option<Problem> {
    let name = filter.name.as_deref()?;
    let verb = match name {
        SEGMENT_ENTERED => "entered",
        SEGMENT_EXITED => "left",
        _ => return None,
    };
    let message = format!("`{name}` is asked for by its segment alone");
    let problem = Problem::error(Code::Unexpected, message).place(format!("{place}.name"));
    let expected = format!("`did \"{name}\" where segment is \"VIP\"`, with a count and a time");
    Some(problem.expected(expected).suggestion(format!("write `{verb} segment \"VIP\"`")))
}
