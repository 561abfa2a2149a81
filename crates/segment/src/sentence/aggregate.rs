use segops_model::{Decimal, Path};
use segops_rules::{
    Aggregate, AggregateCondition, AggregateFunction, AggregateOperand, AggregateTest, EventFilter, Named,
    Predicate, PropertyTest, Scalar, Test,
};

use super::phrase::Phrase;
use super::words::{Events, Words, moment_text, name_of, rounded};
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
    let others = numbers_of(&leaf.test, compared_with.as_ref());
    let name = told.name();
    let what = match value {
        Some(_) if *several_currencies => {
            format!("{name} is in another currency than what it is compared with")
        }
        Some(value) => format!("{name} is {}", told.shown(value, &others)),
        None if *several_currencies => format!("{name} is in several currencies, which are not added up"),
        None => format!("no {name}"),
    };
    let compared_with = compared_with.as_ref().map(|other| {
        let value: Vec<Decimal> = value.as_ref().and_then(number_of).into_iter().collect();
        told.shown(other, &value)
    });
    let need = told.need(&leaf.test, wanted, compared_with.as_deref());
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

    /// What was computed, rounded where that does not make it look like another.
    fn shown(&self, scalar: &Scalar, others: &[Decimal]) -> String {
        match scalar {
            Scalar::Number(number) => self.scalar(&Scalar::Number(rounded(*number, others))),
            Scalar::Date(_) => self.scalar(scalar),
        }
    }

    fn scalar(&self, scalar: &Scalar) -> String {
        match scalar {
            Scalar::Number(number) => self.number(*number),
            Scalar::Date(moment) => moment_text(moment, self.words),
        }
    }

    /// A number of the aggregate's kind: how many values or events there are is no money.
    fn number(&self, number: Decimal) -> String {
        self.words.amount(&amount_property(self.aggregate), number)
    }

    /// What is asked for, or with `wanted` false the negation.
    fn need(&self, test: &AggregateTest<Named>, wanted: bool, compared_with: Option<&str>) -> String {
        let (how, operand) = match (test, wanted) {
            (AggregateTest::Equals(operand), true) | (AggregateTest::NotEquals(operand), false) => {
                ("", operand)
            }
            (AggregateTest::NotEquals(operand), true) | (AggregateTest::Equals(operand), false) => {
                ("anything but ", operand)
            }
            (AggregateTest::LessThan(operand), true) | (AggregateTest::AtLeast(operand), false) => {
                ("under ", operand)
            }
            (AggregateTest::AtMost(operand), true) | (AggregateTest::MoreThan(operand), false) => {
                ("at most ", operand)
            }
            (AggregateTest::MoreThan(operand), true) | (AggregateTest::AtMost(operand), false) => {
                ("over ", operand)
            }
            (AggregateTest::AtLeast(operand), true) | (AggregateTest::LessThan(operand), false) => {
                ("at least ", operand)
            }
            (AggregateTest::Between(low, high), true) => {
                return format!("{} to {}", self.scalar(low), self.scalar(high));
            }
            (AggregateTest::Between(low, high), false) => {
                return format!("under {} or over {}", self.scalar(low), self.scalar(high));
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
                let now = compared_with.unwrap_or("nothing to compare with");
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

/// The numbers that an aggregate is compared with.
fn numbers_of(test: &AggregateTest<Named>, compared_with: Option<&Scalar>) -> Vec<Decimal> {
    let fixed = match (test, test.operand()) {
        (AggregateTest::Between(low, high), _) => vec![number_of(low), number_of(high)],
        (_, Some(AggregateOperand::Number(number))) => vec![Some(*number)],
        _ => Vec::new(),
    };
    fixed.into_iter().chain([compared_with.and_then(number_of)]).flatten().collect()
}

const fn number_of(scalar: &Scalar) -> Option<Decimal> {
    match scalar {
        Scalar::Number(number) => Some(*number),
        Scalar::Date(_) => None,
    }
}

/// `net spend in the last 90 days`, `average total over orders so far`.
pub(super) fn aggregate_name(aggregate: &Aggregate<Named>, words: &Words<'_>) -> String {
    let events = Events::of(&aggregate.event, words);
    let when = events.when(&aggregate.window, words);
    if let Some(spend) = spend_name(aggregate) {
        return match spend {
            // What is asked of the orders is part of the name.
            "average order value" => {
                let others = Events::of(&without_cancelled(&aggregate.event), words);
                format!("{spend}{} {when}", others.which)
            }
            spend => format!("{spend}{} {when}", of_orders(&events)),
        };
    }
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
    let over = match &aggregate.property {
        Some(property) => format!("{}{times} over ", name_of(property)),
        None => String::new(),
    };
    format!("{how} {over}{}{} {when}", events.many, events.which)
}

/// The property that says whether an aggregate's numbers are money.
pub(super) fn amount_property(aggregate: &Aggregate<Named>) -> Path {
    let counted = || Path::of_name("count");
    match aggregate.function {
        AggregateFunction::Distinct | AggregateFunction::Count => counted(),
        _ => aggregate.property.clone().unwrap_or_else(counted),
    }
}

/// What is added up over orders has a name of its own.
fn spend_name(aggregate: &Aggregate<Named>) -> Option<&'static str> {
    if !aggregate.event.subject.is_orders() || aggregate.by_quantity {
        return None;
    }
    let property = aggregate.property.as_ref()?.to_string();
    match (aggregate.function, property.as_str()) {
        (AggregateFunction::Sum, "net") => Some("net spend"),
        (AggregateFunction::Sum, "value") => Some("gross spend"),
        (AggregateFunction::Average, "net") => {
            let asked = aggregate.event.predicate.as_ref();
            asked
                .is_some_and(|asked| parts_of(asked).iter().any(is_not_cancelled))
                .then_some("average order value")
        }
        _ => None,
    }
}

/// ` over refunded orders where coupon is set`; nothing for all orders.
fn of_orders(events: &Events) -> String {
    if events.many == "orders" && events.which.is_empty() {
        String::new()
    } else {
        format!(" over {}{}", events.many, events.which)
    }
}

fn parts_of(predicate: &Predicate) -> Vec<Predicate> {
    match predicate {
        Predicate::All(parts) => parts.clone(),
        one => vec![one.clone()],
    }
}

fn is_not_cancelled(predicate: &Predicate) -> bool {
    let Predicate::Property(PropertyTest { property, test: Test::IsNot(value), .. }) = predicate else {
        return false;
    };
    property.to_string() == "status" && value.as_text() == Some("cancelled")
}

/// An average order value is of orders that are not cancelled, which need not be said.
fn without_cancelled(filter: &EventFilter<Named>) -> EventFilter<Named> {
    let parts = filter.predicate.as_ref().map(parts_of).unwrap_or_default();
    let rest: Vec<Predicate> = parts.into_iter().filter(|part| !is_not_cancelled(part)).collect();
    let predicate = (!rest.is_empty()).then_some(Predicate::All(rest));
    EventFilter { predicate, ..filter.clone() }
}
