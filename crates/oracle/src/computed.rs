//! Computed traits: fractions by the rules of school, and values by going through all of them.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use segops_model::{Event, Value};
use segops_rules::{
    ChosenValue, ComputedCondition, ComputedDefinition, Formula, Named, Operands, Scalar, Test, ValueChoice,
};

use crate::Oracle;
use crate::aggregate::{Fraction, values_at};
use crate::filter::matches;
use crate::people::Person;
use crate::value::{folded, number_of, passes, shown};

const ONE: i128 = 1_000_000_000;
/// Values of one event that count.
const VALUES_MAX: usize = 1_000;

impl Oracle {
    pub(crate) fn computed_passes(
        &self,
        condition: &ComputedCondition<Named>,
        person: &Person,
        now: i64,
    ) -> bool {
        match self.computed_traits.get(&condition.computed) {
            None => false,
            Some(ComputedDefinition::Number(formula)) => {
                number_passes(&condition.test, self.formula(formula, person, now))
            }
            Some(ComputedDefinition::Value(chosen)) => {
                let value = self.chosen_value(chosen, person, now);
                passes(&condition.test, condition.match_case, value.as_ref(), &self.calendar)
            }
        }
    }

    /// A formula as a fraction, if it gives a number: of money in several currencies it gives none.
    pub(crate) fn formula(&self, formula: &Formula<Named>, person: &Person, now: i64) -> Option<Fraction> {
        let made_of = formula.aggregates();
        let currencies: BTreeSet<String> =
            made_of.iter().flat_map(|one| self.currencies_of(one, person, now)).collect();
        if currencies.len() > 1 { None } else { self.term(formula, person, now) }
    }

    /// How often money is multiplied in a formula, less how often it is divided by.
    pub(crate) fn dimension_of(&self, formula: &Formula<Named>) -> i32 {
        let of =
            |operands: &Operands<Named>| (self.dimension_of(&operands.0), self.dimension_of(&operands.1));
        match formula {
            Formula::Number(_) => 0,
            Formula::Aggregate(aggregate) => i32::from(self.is_of_unnamed_money(aggregate)),
            Formula::Add(operands) | Formula::Subtract(operands) => match of(operands) {
                (0, right) => right,
                (left, _) => left,
            },
            Formula::Multiply(operands) => of(operands).0 + of(operands).1,
            Formula::Divide(operands) => of(operands).0 - of(operands).1,
        }
    }

    fn term(&self, formula: &Formula<Named>, person: &Person, now: i64) -> Option<Fraction> {
        let both = |operands: &Operands<Named>| {
            Some((self.term(&operands.0, person, now)?, self.term(&operands.1, person, now)?))
        };
        Some(lowest(match formula {
            Formula::Number(number) => (number.billionths(), ONE),
            Formula::Aggregate(aggregate) => {
                let (above, below) = self.aggregate(aggregate, false, person, now)?;
                (above, below * ONE)
            }
            Formula::Add(operands) => {
                let (left, right) = both(operands)?;
                (left.0 * right.1 + right.0 * left.1, left.1 * right.1)
            }
            Formula::Subtract(operands) => {
                let (left, right) = both(operands)?;
                (left.0 * right.1 - right.0 * left.1, left.1 * right.1)
            }
            Formula::Multiply(operands) => {
                let (left, right) = both(operands)?;
                (left.0 * right.0, left.1 * right.1)
            }
            Formula::Divide(operands) => {
                let (left, right) = both(operands)?;
                let sign = right.0.signum();
                (sign != 0).then_some((left.0 * right.1 * sign, left.1 * right.0 * sign))?
            }
        }))
    }

    fn chosen_value(&self, chosen: &ChosenValue<Named>, person: &Person, now: i64) -> Option<Value> {
        let (from, to) = self.calendar.bounds(&chosen.window, now);
        let mut events: Vec<&Event> = self.events_of(person, now).collect();
        events.sort_by_key(|event| event.ts);
        let path = chosen.property.to_string();
        let mut values = Vec::new();
        for event in events {
            let is_inside = (from..to).contains(&event.ts.as_ms());
            if !is_inside || !matches(&chosen.event, event, &self.sources, &self.calendar) {
                continue;
            }
            let all = values_at(&path, chosen.event.predicate.as_ref(), event, &self.calendar);
            let there = all.into_iter().map(|(value, _)| value).filter(|value| text_of(value).is_some());
            values.extend(there.take(VALUES_MAX));
        }
        match chosen.choice {
            ValueChoice::First => values.into_iter().next(),
            ValueChoice::Last => values.pop(),
            ValueChoice::MostFrequent => {
                let mut times: BTreeMap<String, usize> = BTreeMap::new();
                for text in values.iter().filter_map(text_of) {
                    *times.entry(text).or_default() += 1;
                }
                let most = times.values().copied().max()?;
                let is_most = |value: &Value| text_of(value).is_some_and(|text| times[&text] == most);
                values.into_iter().rfind(is_most)
            }
        }
    }
}

/// A value that is there as text of no case.
fn text_of(value: &Value) -> Option<String> {
    shown(value).filter(|text| !text.trim().is_empty()).map(|text| folded(&text))
}

/// The same fraction in lowest terms.
fn lowest((above, below): Fraction) -> Fraction {
    let (mut divisor, mut rest) = (above.abs(), below);
    while rest != 0 {
        (divisor, rest) = (rest, divisor % rest);
    }
    (above / divisor.max(1), below / divisor.max(1))
}

/// Whether a fraction of small numbers passes; without one only a denial does.
fn number_passes(test: &Test, number: Option<Fraction>) -> bool {
    let order = |billionths: i128| number.map(|(above, below)| (above * ONE).cmp(&(billionths * below)));
    let against = |scalar: &Scalar| match scalar {
        Scalar::Number(limit) => order(limit.billionths()),
        Scalar::Date(_) => None,
    };
    let equals = |value: &Value| number_of(value).and_then(order) == Some(Ordering::Equal);
    match test {
        Test::Exists => number.is_some(),
        Test::NotExists => number.is_none(),
        Test::Is(value) => equals(value),
        Test::IsNot(value) => !equals(value),
        Test::In(values) => values.iter().any(equals),
        Test::NotIn(values) => !values.iter().any(equals),
        Test::LessThan(limit) => against(limit).is_some_and(Ordering::is_lt),
        Test::AtMost(limit) => against(limit).is_some_and(Ordering::is_le),
        Test::MoreThan(limit) => against(limit).is_some_and(Ordering::is_gt),
        Test::AtLeast(limit) => against(limit).is_some_and(Ordering::is_ge),
        Test::Between(low, high) => {
            against(low).is_some_and(Ordering::is_ge) && against(high).is_some_and(Ordering::is_le)
        }
        other => panic!("the oracle does not compare numbers by {other:?}"),
    }
}
