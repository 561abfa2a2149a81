//! Definitions that give nothing, and tests that no number passes.

use segops_model::{Decimal, Limits, Value};

use super::Checker;
use super::aggregate::check_property;
use super::test::check_test;
use super::window::check_window;
use crate::ast::{ComputedCondition, ComputedDefinition, FORMULA_PARTS_MAX, Formula, Scalar, Stage, Test};
use crate::problem::{Code, Problem};

/// Everything that is wrong with what a computed trait is to be made of, each with its place.
pub(crate) fn check_definition<S: Stage>(
    definition: &ComputedDefinition<S>,
    limits: &Limits,
) -> Vec<Problem> {
    let mut checker = Checker::new(limits);
    match definition {
        ComputedDefinition::Number(formula) => {
            if formula.aggregates().is_empty() {
                let problem = Problem::error(Code::AlwaysHolds, "the formula is the same for everyone");
                checker.report(
                    problem
                        .place("definition.number")
                        .expected("at least one aggregate, such as `count of \"Order Completed\"`"),
                );
            }
            let parts = checker.formula(formula, "definition.number");
            if parts > FORMULA_PARTS_MAX {
                checker.problems.insert(0, too_many_parts().place("definition.number"));
            }
        }
        ComputedDefinition::Value(chosen) => {
            let place = "definition.value";
            checker.filter(&chosen.event, &format!("{place}.event"), 0);
            checker.problems_of(check_window(&chosen.window, &format!("{place}.window")));
            checker.problems_of(check_property(&chosen.property, &format!("{place}.property")));
        }
    }
    checker.problems
}

pub(crate) fn too_many_parts() -> Problem {
    let message = format!("the formula has more than {FORMULA_PARTS_MAX} parts, the limit");
    Problem::error(Code::TooMany, message)
}

/// Why a test is none that a number can pass.
pub(crate) fn check_number_test(test: &Test, place: &str) -> Option<Problem> {
    let is_number = |value: &Value| value.as_number().is_some();
    let is_of_numbers = match test {
        Test::Is(value) | Test::IsNot(value) => is_number(value),
        Test::In(values) | Test::NotIn(values) => values.iter().all(is_number),
        Test::LessThan(scalar) | Test::AtMost(scalar) | Test::MoreThan(scalar) | Test::AtLeast(scalar) => {
            matches!(scalar, Scalar::Number(_))
        }
        Test::Between(low, high) => matches!((low, high), (Scalar::Number(_), Scalar::Number(_))),
        Test::Exists | Test::NotExists => true,
        _ => false,
    };
    if is_of_numbers {
        return None;
    }
    let problem = Problem::error(Code::UnsupportedValue, "this computed trait is a number").place(place);
    Some(problem.expected("a comparison with a number, such as `>= 0.3`, or `exists`"))
}

impl Checker<'_> {
    /// How many parts the formula has.
    fn formula<S: Stage>(&mut self, formula: &Formula<S>, place: &str) -> usize {
        let place = format!("{place}.{}", formula.name());
        match formula {
            Formula::Number(_) => return 1,
            Formula::Aggregate(aggregate) => {
                self.aggregate(aggregate, &place, 0);
                return 1;
            }
            Formula::Divide(both) if matches!(&both.1, Formula::Number(by) if *by == Decimal::ZERO) => {
                let problem = Problem::error(Code::NeverHolds, "nothing is divided by 0");
                self.report(problem.place(format!("{place}[1]")));
            }
            Formula::Add(_) | Formula::Subtract(_) | Formula::Multiply(_) | Formula::Divide(_) => {}
        }
        formula.operands().map_or(0, |both| {
            self.formula(&both.0, &format!("{place}[0]")) + self.formula(&both.1, &format!("{place}[1]"))
        })
    }

    pub(super) fn computed<S: Stage>(&mut self, leaf: &ComputedCondition<S>, place: &str) {
        self.conditions += 1;
        self.problems_of(check_test(&leaf.test, leaf.match_case, &format!("{place}.test")));
    }
}
