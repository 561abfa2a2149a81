//! Tests that no score passes.

use super::Checker;
use super::trait_date::check_date_window;
use crate::ast::{ScoreCondition, ScoreTest};
use crate::problem::{Code, Problem};

impl Checker<'_> {
    pub(super) fn score(&mut self, leaf: &ScoreCondition, place: &str) {
        self.conditions += 1;
        self.score_name(&leaf.score, &format!("{place}.score"));
        match &leaf.test {
            ScoreTest::Between(low, high) if low > high => {
                let problem =
                    Problem::error(Code::NeverHolds, format!("no score is between {low} and {high}"));
                let problem = problem.place(format!("{place}.test.between"));
                self.report(
                    problem.suggestion(format!("write the smaller number first: `between {high} and {low}`")),
                );
            }
            ScoreTest::Date(window) => {
                self.problems_of(check_date_window(window, &format!("{place}.test.date")));
            }
            _ => {}
        }
    }

    pub(super) fn score_name(&mut self, name: &str, place: &str) {
        if name.trim().is_empty() {
            self.report(Problem::error(Code::EmptyText, "the score's name is empty").place(place));
        }
    }
}
