//! Rankings: everyone's numbers in a sorted list, taken when the days change.

use std::collections::BTreeSet;

use segops_model::Instant;
use segops_rules::{
    Aggregate, AggregateFunction, Base, CalendarPeriod, ComputedDefinition, Condition, CountMeasure, Measure,
    Named, RankingCondition, RankingEnd, Rule, Window,
};

use crate::Oracle;
use crate::aggregate::compare;
use crate::filter::reached;
use crate::people::Person;
use crate::score::Fact;
use crate::value::number_of;

const ONE: i128 = 1_000_000_000;

/// A number and among how many it is divided.
type Fraction = (i128, i128);

/// What the last one inside had when a ranking was taken.
#[derive(Debug, Clone)]
pub(crate) struct Cut {
    base: Base,
    ranking: RankingCondition<Named>,
    /// What the computed trait was made of that is ranked by.
    definition: Option<ComputedDefinition<Named>>,
    as_of: i64,
    recorded_at: i64,
    value: Option<Fraction>,
}

impl Oracle {
    /// Takes the rankings of the rules that were never taken, and those that were taken before today.
    pub fn rank(&mut self, rules: &[&Rule<Named>], now: Instant) {
        let now = now.as_ms();
        let (midnight, _) = self.calendar.bounds(&Window::Calendar(CalendarPeriod::Today), now);
        for rule in rules {
            for ranking in rankings(&rule.when) {
                let held = self.newest(rule.base, ranking, i64::MAX);
                let as_of = match held.map(|cut| cut.as_of) {
                    None => now,
                    Some(as_of) if as_of < midnight => midnight,
                    Some(_) => continue,
                };
                let value = self.cut(rule.base, ranking, as_of);
                let ranking = ranking.clone();
                let definition = self.ranked_definition(&ranking).cloned();
                self.cuts.push(Cut { base: rule.base, ranking, definition, as_of, recorded_at: now, value });
            }
        }
    }

    fn newest(&self, base: Base, ranking: &RankingCondition<Named>, by: i64) -> Option<&Cut> {
        let mut cuts = self.cuts.iter().rev();
        let definition = self.ranked_definition(ranking);
        cuts.find(|cut| {
            let is_same = cut.base == base && cut.ranking == *ranking;
            is_same && cut.definition.as_ref() == definition && cut.recorded_at <= by
        })
    }

    /// What the computed trait is made of now that is ranked by.
    fn ranked_definition(&self, ranking: &RankingCondition<Named>) -> Option<&ComputedDefinition<Named>> {
        match &ranking.by {
            Measure::Computed(name) => self.computed_traits.get(name),
            _ => None,
        }
    }

    pub(crate) fn is_ranked(
        &self,
        ranking: &RankingCondition<Named>,
        base: Base,
        person: &Person,
        now: i64,
    ) -> bool {
        let cut = match self.newest(base, ranking, now) {
            Some(cut) => cut.value,
            None => self.cut(base, ranking, now),
        };
        let Some((cut, own)) = cut.zip(self.number(&ranking.by, person, now)) else { return false };
        let order = compare(own, ONE, cut);
        match ranking.end {
            RankingEnd::Top => order.is_ge(),
            RankingEnd::Bottom => order.is_le(),
        }
    }

    /// The number of the last one inside, if anyone is ranked and all in one currency.
    fn cut(&self, base: Base, ranking: &RankingCondition<Named>, at: i64) -> Option<Fraction> {
        let mut numbers = Vec::new();
        let mut currencies = BTreeSet::new();
        for person in self.people_at(Instant::from_ms(at)) {
            if !self.in_base(base, person, at) {
                continue;
            }
            let Some(number) = self.number(&ranking.by, person, at) else { continue };
            numbers.push(number);
            match (&ranking.by, self.ranked_definition(ranking)) {
                (Measure::Aggregate(aggregate), _) => {
                    currencies.extend(self.currencies_of(aggregate, person, at));
                }
                (_, Some(ComputedDefinition::Number(formula))) if self.dimension_of(formula) != 0 => {
                    let made_of = formula.aggregates();
                    currencies.extend(made_of.iter().flat_map(|one| self.currencies_of(one, person, at)));
                }
                _ => {}
            }
        }
        if currencies.len() > 1 || numbers.is_empty() {
            return None;
        }
        numbers.sort_by(|left, right| compare(*left, ONE, *right));
        if ranking.end == RankingEnd::Top {
            numbers.reverse();
        }
        let share = ranking.percent.billionths() * i128::try_from(numbers.len()).ok()?;
        let inside =
            (1..=numbers.len()).find(|count| i128::try_from(*count).unwrap_or(0) * 100 * ONE >= share)?;
        numbers.get(inside - 1).copied()
    }

    fn is_of_something(&self, aggregate: &Aggregate<Named>, person: &Person, now: i64) -> bool {
        match aggregate.function {
            AggregateFunction::Distinct => {
                self.aggregate(aggregate, false, person, now).is_some_and(|made| made.0 > 0)
            }
            AggregateFunction::Count => {
                let (event, window) = (aggregate.event.clone(), aggregate.window.clone());
                self.number(&Measure::Count(CountMeasure { event, window }), person, now).is_some()
            }
            // Of no values there is no average.
            _ => self.aggregate_as(AggregateFunction::Average, aggregate, false, person, now).is_some(),
        }
    }

    /// The number of a person who has anything to rank.
    fn number(&self, by: &Measure<Named>, person: &Person, now: i64) -> Option<Fraction> {
        match by {
            Measure::Aggregate(aggregate) => {
                let made = self.aggregate(aggregate, false, person, now)?;
                self.is_of_something(aggregate, person, now).then_some(made)
            }
            Measure::Computed(name) => {
                let Some(ComputedDefinition::Number(formula)) = self.computed_traits.get(name) else {
                    return None;
                };
                let (above, below) = self.formula(formula, person, now)?;
                let is_something =
                    formula.aggregates().iter().any(|one| self.is_of_something(one, person, now));
                // To the nearest billionth, halves upwards.
                is_something.then(|| ((2 * above * ONE + below).div_euclid(2 * below), 1))
            }
            Measure::Count(count) => {
                let (from, to) = self.calendar.bounds(&count.window, now);
                let chosen = self.meant(&count.event, person, now);
                let inside = chosen
                    .iter()
                    .filter(|(event, is_placed)| *is_placed && (from..to).contains(&event.ts.as_ms()));
                let number = i128::try_from(inside.count()).ok()?;
                (number > 0).then_some((number * ONE, 1))
            }
            Measure::Score(name) => match self.score(name, person, now)? {
                Fact::Number(number) => Some((number.billionths(), 1)),
                Fact::Date(_) => None,
            },
            Measure::Trait(path) => {
                let traits = self.traits_of(person, now);
                let value = reached(&traits, &path.to_string()).first().and_then(number_of)?;
                Some((value, 1))
            }
        }
    }
}

fn rankings(condition: &Condition<Named>) -> Vec<&RankingCondition<Named>> {
    match condition {
        Condition::All(parts) | Condition::Any(parts) | Condition::None(parts) => {
            parts.iter().flat_map(rankings).collect()
        }
        Condition::Not(part) => rankings(part),
        Condition::Ranking(ranking) => vec![&**ranking],
        _ => Vec::new(),
    }
}
