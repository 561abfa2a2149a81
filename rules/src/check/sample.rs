//! Samples that nobody, or everybody, is in.

use segops_model::Decimal;

use crate::ast::SampleCondition;
use crate::problem::{Code, Problem};

pub(super) fn check_sample(leaf: &SampleCondition, place: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    let share = |code, message: &str| {
        let problem = Problem::error(code, message).place(format!("{place}.percent"));
        problem.expected("a share above 0% and below 100%")
    };
    if leaf.percent <= Decimal::ZERO {
        problems.push(share(Code::NeverHolds, "nobody is in a sample of nothing"));
    } else if leaf.percent >= Decimal::from_i64(100) {
        problems.push(share(Code::AlwaysHolds, "everybody is in a sample of all"));
    }
    if leaf.salt.trim().is_empty() {
        let problem = Problem::error(Code::EmptyText, "the sample's name is empty");
        problems
            .push(problem.place(format!("{place}.salt")).expected("a name, such as `\"holdout spring\"`"));
    }
    problems
}
