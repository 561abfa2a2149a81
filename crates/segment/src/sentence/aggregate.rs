use segops_model::{Decimal, Path};
use segops_rules::{
    Aggregate, AggregateCondition, AggregateFunction, AggregateOperand, AggregateTest, Named, Scalar,
};

use super::phrase::Phrase;
use super::words::{Events, Words, moment_text, name_of, window_text};
use crate::explain::{ConditionExplanation, Observed};

/// What an aggregate came to, and what it is compared with.
pub(super) fn phrase(
    leaf: &AggregateCondition<Named>,
    found: &ConditionExplanation,
    wanted: bool,
    words: &Words<'_>,
) -> Phrase {
    let Some(Observed::Aggregate { value, compared_with, several_currencies }) = &found.observed else {
        return Phrase::of_text(found);
    };
    let is_met = found.holds == wanted;
    let told = Told { aggregate: &leaf.aggregate, words };
    let nothing =
        if *several_currencies { "in several currencies, which are not added up" } else { "nothing" };
    let value_text = value.as_ref().map_or_else(|| nothing.to_owned(), |value| told.scalar(value));
    let what = format!("{} is {value_text}", told.name());
    let mut need = told.need(&leaf.test, compared_with.as_ref());
    if !wanted {
        need = format!("anything but {need}");
    }
    let events = Events::of(&leaf.aggregate.event, words);
    let phrase = Phrase::needing(&what, Some(&need), is_met, found)
        .unless(events.keeping(&leaf.aggregate.window, is_met));
    let change = told.gap(&leaf.test, value.as_ref()).filter(|_| !is_met && wanted);
    let deadline = found.evidence_expires_at.map(|at| format!(" before {}", words.moment(at)));
    phrase.changing(change.map(|gap| format!("with {gap} more{}", deadline.unwrap_or_default())))
}

struct Told<'a> {
    aggregate: &'a Aggregate<Named>,
    words: &'a Words<'a>,
}

impl Told<'_> {
    /// `sum of total over orders in the last 90 days`.
    fn name(&self) -> String {
        aggregate_name(self.aggregate, self.words)
    }

    fn scalar(&self, scalar: &Scalar) -> String {
        match scalar {
            Scalar::Number(number) => self.number(*number),
            Scalar::Date(moment) => moment_text(moment, self.words),
        }
    }

    /// A number of the aggregate's kind: how many values or events there are is no money.
    fn number(&self, number: Decimal) -> String {
        let counted = Path::of_name("count");
        let property = match self.aggregate.function {
            AggregateFunction::Distinct | AggregateFunction::Count => &counted,
            _ => self.aggregate.property.as_ref().unwrap_or(&counted),
        };
        self.words.amount(property, number)
    }

    fn need(&self, test: &AggregateTest<Named>, compared_with: Option<&Scalar>) -> String {
        let (how, operand) = match test {
            AggregateTest::Equals(operand) => ("", operand),
            AggregateTest::NotEquals(operand) => ("anything but ", operand),
            AggregateTest::LessThan(operand) => ("under ", operand),
            AggregateTest::AtMost(operand) => ("at most ", operand),
            AggregateTest::MoreThan(operand) => ("over ", operand),
            AggregateTest::AtLeast(operand) => ("at least ", operand),
            AggregateTest::Between(low, high) => {
                return format!("{} to {}", self.scalar(low), self.scalar(high));
            }
        };
        match operand {
            AggregateOperand::Number(number) => format!("{how}{}", self.scalar(&Scalar::Number(*number))),
            AggregateOperand::Date(moment) => format!("{how}{}", moment_text(moment, self.words)),
            AggregateOperand::Times(multiple) => {
                let other = aggregate_name(&multiple.aggregate, self.words);
                let times = if multiple.factor == Decimal::ONE {
                    String::new()
                } else {
                    format!("{} times ", multiple.factor)
                };
                let now = compared_with
                    .map_or_else(|| "nothing to compare with".to_owned(), |value| self.scalar(value));
                format!("{how}{times}the {other}: {now}")
            }
        }
    }

    /// How much a sum lacks.
    fn gap(&self, test: &AggregateTest<Named>, value: Option<&Scalar>) -> Option<String> {
        let (AggregateFunction::Sum | AggregateFunction::Count, Some(Scalar::Number(value))) =
            (self.aggregate.function, value)
        else {
            return None;
        };
        let (AggregateTest::AtLeast(AggregateOperand::Number(needed))
        | AggregateTest::MoreThan(AggregateOperand::Number(needed))) = test
        else {
            return None;
        };
        let gap = needed.checked_sub(*value)?;
        if gap.is_negative() {
            return None;
        }
        let over = if matches!(test, AggregateTest::MoreThan(_)) { "over " } else { "" };
        Some(format!("{over}{}", self.number(gap)))
    }
}

fn aggregate_name(aggregate: &Aggregate<Named>, words: &Words<'_>) -> String {
    let how = match aggregate.function {
        AggregateFunction::Sum => "sum of",
        AggregateFunction::Average => "average",
        AggregateFunction::Minimum => "least",
        AggregateFunction::Maximum => "greatest",
        AggregateFunction::Distinct => "number of different values of",
        AggregateFunction::Median => "median",
        AggregateFunction::Count => "number of",
    };
    let times = if aggregate.by_quantity { " times quantity" } else { "" };
    let events = Events::of(&aggregate.event, words);
    let over = match &aggregate.property {
        Some(property) => format!("{}{times} over ", name_of(property)),
        None => String::new(),
    };
    let window = window_text(&aggregate.window, words);
    format!("{how} {over}{}{} {window}", events.many, events.which)
}
