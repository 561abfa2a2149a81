use segops_model::Path;
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
            Scalar::Number(number) if self.aggregate.function == AggregateFunction::Distinct => {
                self.words.amount(&Path::of_name("values"), *number)
            }
            Scalar::Number(number) => self.words.amount(&self.aggregate.property, *number),
            Scalar::Date(moment) => moment_text(moment, self.words),
        }
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
                let times = if multiple.factor == segops_model::Decimal::ONE {
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
        let (AggregateFunction::Sum, Some(Scalar::Number(value))) = (self.aggregate.function, value) else {
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
        Some(format!("{over}{}", self.words.amount(&self.aggregate.property, gap)))
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
    };
    let times = if aggregate.by_quantity { " times quantity" } else { "" };
    let events = Events::of(&aggregate.event, words);
    format!(
        "{how} {}{times} over {}{} {}",
        name_of(&aggregate.property),
        events.many,
        events.which,
        window_text(&aggregate.window, words)
    )
}
