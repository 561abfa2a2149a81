//! Rankings: everyone's numbers in a sorted list, taken when the days change.

use segops_model::Instant;
use segops_rules::{
    AggregateFunction, Base, CalendarPeriod, Condition, Measure, Named, RankingCondition, RankingEnd, Rule,
    Window,
};

use crate::Oracle;
use crate::aggregate::compare;
use crate::filter::reached;
use crate::people::Person;
use crate::value::{folded, number_of, shown};

const ONE: i128 = 1_000_000_000;

/// A number and among how many it is divided.
type Fraction = (i128, i128);

/// What the last one inside had when a ranking was taken.
#[derive(Debug, Clone)]
pub(crate) struct Cut {
    base: Base,
    ranking: RankingCondition<Named>,
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
                self.cuts.push(Cut { base: rule.base, ranking, as_of, recorded_at: now, value });
            }
        }
    }

    fn newest(&self, base: Base, ranking: &RankingCondition<Named>, by: i64) -> Option<&Cut> {
        let mut cuts = self.cuts.iter().rev();
        cuts.find(|cut| cut.base == base && cut.ranking == *ranking && cut.recorded_at <= by)
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
        let mut currencies = std::collections::BTreeSet::new();
        for person in self.people_at(Instant::from_ms(at)) {
            if !self.in_base(base, person, at) {
                continue;
            }
            let Some(number) = self.number(&ranking.by, person, at) else { continue };
            numbers.push(number);
            if let Measure::Aggregate(aggregate) = &ranking.by
                && self.is_of_unnamed_money(aggregate)
            {
                let (from, to) = self.calendar.bounds(&aggregate.window, at);
                let chosen = self.meant(&aggregate.event, person, at);
                let inside = chosen.iter().filter(|(event, _)| (from..to).contains(&event.ts.as_ms()));
                let named = inside.filter_map(|(event, _)| event.properties.get("currency").and_then(shown));
                currencies.extend(named.filter(|text| !text.trim().is_empty()).map(|text| folded(&text)));
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

    /// The number of a person who has anything to rank.
    fn number(&self, by: &Measure<Named>, person: &Person, now: i64) -> Option<Fraction> {
        match by {
            Measure::Aggregate(aggregate) => {
                let made = self.aggregate(aggregate, false, person, now)?;
                // Of no values there is no average.
                let is_something = match aggregate.function {
                    AggregateFunction::Distinct => made.0 > 0,
                    _ => {
                        self.aggregate_as(AggregateFunction::Average, aggregate, false, person, now).is_some()
                    }
                };
                is_something.then_some(made)
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
