//! Conditions on reach that name no channel, or a topic where there is none.

use super::Checker;
use crate::ast::{ReachCondition, ReachTest};
use crate::problem::{Code, Problem};

impl Checker<'_> {
    pub(super) fn reach(&mut self, leaf: &ReachCondition, place: &str) {
        self.conditions += 1;
        if leaf.channel.is_none() && leaf.test != ReachTest::Suppressed {
            let problem = Problem::error(Code::UnknownChannel, "nothing says by which channel");
            let expected = "`email`, `sms`, `whatsapp`, `phone` or `push`";
            self.report(problem.place(format!("{place}.channel")).expected(expected));
        }
        for (name, scope) in [("topic", &leaf.topic), ("store", &leaf.store)] {
            let Some(text) = scope else { continue };
            let place = format!("{place}.{name}");
            if !leaf.test.has_scope() {
                let message = format!("an address is valid, or suppressed, whatever the {name}");
                let problem = Problem::error(Code::Unexpected, message).place(place);
                self.report(problem.suggestion(format!("leave the {name} out")));
            } else if text.trim().is_empty() {
                let problem = Problem::error(Code::EmptyText, format!("the {name}'s name is empty"));
                self.report(problem.place(place).suggestion(format!("leave the {name} out for all of them")));
            }
        }
    }
}
