//! Rankings that nobody, or everybody, is in.

use segops_model::Decimal;

use super::Checker;
use super::window::check_window;
use crate::ast::{Measure, RankingCondition, Stage};
use crate::problem::{Code, Problem};

impl Checker<'_> {
    pub(super) fn ranking<S: Stage>(&mut self, leaf: &RankingCondition<S>, place: &str, depth: usize) {
        let hundred = Decimal::from_i64(100);
        if leaf.percent <= Decimal::ZERO || leaf.percent >= hundred {
            let message = format!("{} {}% is no part of a ranking", leaf.end.word(), leaf.percent);
            let problem = Problem::error(Code::BadNumber, message).place(format!("{place}.percent"));
            self.report(problem.expected("a number above 0 and below 100"));
        }
        match &leaf.by {
            Measure::Aggregate(aggregate) => {
                self.aggregate(aggregate, &format!("{place}.by.aggregate"), depth);
            }
            Measure::Count(count) => {
                self.conditions += 1;
                let place = format!("{place}.by.count");
                self.chosen(&count.event, &format!("{place}.event"), depth);
                self.problems_of(check_window(&count.window, &format!("{place}.window")));
            }
            Measure::Trait(path) => {
                self.conditions += 1;
                self.path(path, &format!("{place}.by.trait"));
            }
            Measure::Score(score) => {
                self.conditions += 1;
                self.score_name(score, &format!("{place}.by.score"));
            }
        }
    }
}
