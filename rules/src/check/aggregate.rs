//! Aggregates that cannot be made, and comparisons that every value, or none, passes.

use segops_model::{Decimal, Path};

use super::Checker;
use super::test::check_between;
use super::window::check_window;
use crate::ast::{
    Aggregate, AggregateCondition, AggregateFunction, AggregateOperand, AggregateTest, Scalar, Stage,
};
use crate::problem::{Code, Problem};

impl Checker<'_> {
    pub(super) fn aggregate_condition<S: Stage>(
        &mut self,
        leaf: &AggregateCondition<S>,
        place: &str,
        depth: usize,
    ) {
        self.aggregate(&leaf.aggregate, &format!("{place}.aggregate"), depth);
        let test_place = format!("{place}.test");
        if let Some(multiple) = leaf.test.operand().and_then(AggregateOperand::multiple) {
            let times_place = format!("{test_place}.{}.times", leaf.test.name());
            self.aggregate(&multiple.aggregate, &format!("{times_place}.aggregate"), depth);
            if multiple.factor <= Decimal::ZERO {
                let message = format!("an aggregate is compared with {} times another", multiple.factor);
                let problem = Problem::error(Code::BadNumber, message).place(format!("{times_place}.factor"));
                self.report(problem.expected("a number above 0"));
            }
        }
        if let AggregateTest::Between(low, high) = &leaf.test {
            self.problems_of(check_between(low, high, &test_place));
        }
        if leaf.test.is_of_dates() {
            self.problems_of(check_dates(&leaf.aggregate, &test_place));
        }
        if leaf.aggregate.function == AggregateFunction::Distinct {
            self.problems_of(check_distinct(&leaf.test, &test_place));
        }
    }

    pub(super) fn aggregate<S: Stage>(&mut self, aggregate: &Aggregate<S>, place: &str, depth: usize) {
        self.conditions += 1;
        self.chosen(&aggregate.event, &format!("{place}.event"), depth);
        self.problems_of(check_window(&aggregate.window, &format!("{place}.window")));
        self.problems_of(check_property(&aggregate.property, &format!("{place}.property")));
        if aggregate.by_quantity && aggregate.function == AggregateFunction::Distinct {
            let problem = Problem::error(Code::UnsupportedValue, "different values are not multiplied");
            self.report(
                problem
                    .place(format!("{place}.by_quantity"))
                    .suggestion("leave `*quantity` out, or ask for the `sum`"),
            );
        }
    }
}

pub(super) fn check_property(path: &Path, place: &str) -> Option<Problem> {
    let (_, rest) = path.split_list()?;
    rest?.split_list()?;
    let message = format!("`{path}` goes through a list inside a list's elements");
    let problem = Problem::error(Code::UnsupportedPath, message).place(place);
    Some(problem.expected("at most one `[]` on the way to a value"))
}

fn check_dates<S: Stage>(aggregate: &Aggregate<S>, place: &str) -> Option<Problem> {
    let has_dates = matches!(aggregate.function, AggregateFunction::Minimum | AggregateFunction::Maximum);
    if has_dates && !aggregate.by_quantity {
        return None;
    }
    let what = match aggregate.function {
        _ if has_dates => "a value times a quantity".to_owned(),
        AggregateFunction::Distinct => "how many values there are".to_owned(),
        function => format!("the {}", function.word()),
    };
    let problem = Problem::error(Code::UnsupportedValue, format!("{what} is not compared with a date"));
    Some(problem.place(place).expected("a number; the `minimum` and the `maximum` can be dates"))
}

/// How many different values there are is never below 0.
fn check_distinct<S: Stage>(test: &AggregateTest<S>, place: &str) -> Option<Problem> {
    let never = |message: String| Some(Problem::error(Code::NeverHolds, message).place(place));
    let always = |message: String| Some(Problem::error(Code::AlwaysHolds, message).place(place));
    let zero = Decimal::ZERO;
    match test {
        AggregateTest::Equals(AggregateOperand::Number(n)) if *n < zero => {
            never(format!("no number of values is {n}"))
        }
        AggregateTest::LessThan(AggregateOperand::Number(n)) if *n <= zero => {
            never(format!("no number of values is below {n}"))
        }
        AggregateTest::AtMost(AggregateOperand::Number(n)) if *n < zero => {
            never(format!("no number of values is below {n}"))
        }
        AggregateTest::Between(_, Scalar::Number(high)) if *high < zero => {
            never(format!("no number of values is below {high}"))
        }
        AggregateTest::AtLeast(AggregateOperand::Number(n)) if *n <= zero => {
            always(format!("every number of values is at least {n}"))
        }
        AggregateTest::MoreThan(AggregateOperand::Number(n)) if *n < zero => {
            always(format!("every number of values is above {n}"))
        }
        _ => None,
    }
}
