//! The text of conditions on what was recorded of a segment.

use segops_model::Direction;

use super::{count, quoted, span_text, window};
use crate::ast::{CountTest, Named, TenureCondition, TenureTest, TransitionCondition};

pub(super) fn transition(tree: &TransitionCondition<Named>) -> String {
    let verb = match tree.direction {
        Direction::Entered => "entered",
        Direction::Exited => "left",
    };
    let mut text = format!("{verb} segment {}", quoted(&tree.segment));
    if tree.count != CountTest::default() {
        text.push_str(&format!(" {}", count(tree.count, "time")));
    }
    let window = window(&tree.window);
    if !window.is_empty() {
        text.push_str(&format!(" {window}"));
    }
    text
}

pub(super) fn tenure(tree: &TenureCondition<Named>) -> String {
    let test = match &tree.test {
        TenureTest::AtLeast(span) => format!("for at least {}", span_text(*span)),
        TenureTest::LessThan(span) => format!("for less than {}", span_text(*span)),
        TenureTest::SinceBefore(moment) => format!("since before {moment}"),
        TenureTest::SinceAfter(moment) => format!("since after {moment}"),
    };
    format!("in segment {} {test}", quoted(&tree.segment))
}
