//! Places among a rule's base by a number, against a threshold that was recorded.
//!
//! Ranked are the profiles of the rule's base that have something to rank: at least one value, event or order
//! in the window; a trait that is a number. The threshold of the top p percent of n profiles is the number of
//! the one at place p/100 of n, rounded up, from the greatest down; whoever has as much or more is in. So
//! equals are in together, and there may be more than p percent. From the bottom it is the same the other way.

#[cfg(test)]
mod tests;

use std::fmt;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use segops_model::{Decimal, Instant, Path, SignalId};
use segops_rules::{
    Base, Condition, Measure, RULE_FORMAT, RankingCondition, RankingEnd, Resolved, Rule, normal_form,
};

use crate::aggregate::{Fraction, Measured, Reading};
use crate::calendar::Period;
use crate::evaluate::{Outcome, ProfileView};
use crate::program::BaseNode;
use crate::score::{ScoreReading, ScoreValue};
use crate::{Calendar, Keep, SignalRegistry, WindowBounds};

/// How often the search for the next change goes on to the next value. Past it, the next value's instant is
/// given: too early, never too late.
const STEPS_MAX: usize = 32;

/// What a ranking is known by: rules that rank the same base by the same number share a threshold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RankingKey(CompactString);

impl fmt::Display for RankingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A ranking that a rule speaks of.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranking {
    pub key: RankingKey,
    pub base: Base,
    pub condition: RankingCondition<Resolved>,
    pub calendar: Calendar,
}

/// What was found when a base was ranked. It holds until the next one is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RankingThreshold {
    /// The instant for which everyone's number was taken.
    pub as_of: Instant,
    /// How many profiles were ranked.
    pub population: u64,
    /// The number of the last one inside; none where nobody was ranked, or where the numbers are money in
    /// several currencies.
    pub cut: Option<Cut>,
    #[serde(default)]
    pub several_currencies: bool,
}

/// A number as a whole of billionths over how many it is divided among.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    pub numerator: Decimal,
    pub denominator: u64,
}

impl Ranking {
    fn new(base: Base, condition: &RankingCondition<Resolved>, calendar: &Calendar) -> Self {
        let zone = calendar.zone.iana_name().unwrap_or("UTC");
        let when = Condition::Ranking(Box::new(condition.clone()));
        let meaning = normal_form(&Rule { version: RULE_FORMAT, base, when });
        let key = format!("{meaning} in {zone} from {:?}", calendar.week_start);
        Self { key: RankingKey(key.into()), base, condition: condition.clone(), calendar: calendar.clone() }
    }

    /// Every ranking that a rule speaks of.
    #[must_use]
    pub fn all_of(rule: &Rule<Resolved>, calendar: &Calendar) -> Vec<Self> {
        fn collect(condition: &Condition<Resolved>, each: &mut dyn FnMut(&RankingCondition<Resolved>)) {
            match condition {
                Condition::All(parts) | Condition::Any(parts) | Condition::None(parts) => {
                    parts.iter().for_each(|part| collect(part, each));
                }
                Condition::Not(part) => collect(part, each),
                Condition::Ranking(leaf) => each(leaf),
                _ => {}
            }
        }
        let mut rankings = Vec::new();
        collect(&rule.when, &mut |leaf| rankings.push(Self::new(rule.base, leaf, calendar)));
        rankings
    }

    /// When it is due to be taken again: at the first local midnight after it was.
    #[must_use]
    pub fn due_after(&self, as_of: Instant) -> Option<Instant> {
        Period::Day.start(&self.calendar.zone, as_of, 1)
    }

    /// The newest local midnight.
    #[must_use]
    pub fn midnight(&self, now: Instant) -> Instant {
        Period::Day.start(&self.calendar.zone, now, 0).unwrap_or(now)
    }
}

/// A ranking in a rule, compiled.
#[derive(Debug, Clone)]
pub(crate) struct RankingNode {
    pub(crate) key: RankingKey,
    end: RankingEnd,
    pub(crate) measure: MeasureNode,
}

/// A number of a profile, compiled.
#[derive(Debug, Clone)]
pub(crate) enum MeasureNode {
    Aggregate(Reading),
    Count(Reading),
    Trait { root: CompactString, path: Path },
    Score(ScoreReading),
}

impl RankingNode {
    pub(crate) fn compile(
        base: Base,
        leaf: &RankingCondition<Resolved>,
        registry: &mut SignalRegistry,
        calendar: &Calendar,
    ) -> Self {
        let key = Ranking::new(base, leaf, calendar).key;
        Self { key, end: leaf.end, measure: MeasureNode::compile(&leaf.by, registry, calendar) }
    }

    pub(crate) fn outcome(&self, view: &impl ProfileView, now: Instant) -> Outcome {
        let threshold = view.threshold(&self.key);
        let Some(cut) = threshold.and_then(|threshold| threshold.cut) else { return Outcome::settled(false) };
        if let Some(score) = self.measure.score() {
            let inside = |number: Decimal| self.is_inside(Some(Fraction::whole(number.billionths())), cut);
            let bounds: Vec<Decimal> = cut.whole_bounds().to_vec();
            return score.outcome_of_number(view, now, &bounds, &inside);
        }
        let mut measured = self.measure.measured(view, now);
        let holds = self.is_inside(measured.number(), cut);
        for _ in 0..STEPS_MAX {
            let Some(next) = measured.next() else { return Outcome::settled(holds) };
            measured.advance(next);
            if self.is_inside(measured.number(), cut) != holds {
                return Outcome { holds, next_change: Some(next) };
            }
        }
        Outcome { holds, next_change: measured.next() }
    }

    fn is_inside(&self, number: Option<Fraction>, cut: Cut) -> bool {
        number.is_some_and(|number| {
            let order = number.compare(cut.fraction(), Decimal::ONE);
            match self.end {
                RankingEnd::Top => order.is_ge(),
                RankingEnd::Bottom => order.is_le(),
            }
        })
    }
}

impl MeasureNode {
    fn compile(measure: &Measure<Resolved>, registry: &mut SignalRegistry, calendar: &Calendar) -> Self {
        match measure {
            Measure::Aggregate(aggregate) => {
                Self::Aggregate(Reading::compile(aggregate, false, registry, calendar))
            }
            Measure::Count(count) => {
                Self::Count(Reading::of_matches(&count.event, &count.window, registry, calendar))
            }
            Measure::Score(name) => Self::Score(ScoreReading::compile(name, registry, calendar)),
            Measure::Trait(path) => Self::Trait { root: path.root().into(), path: path.clone() },
        }
    }

    /// The first name of the trait that it reads, if it does.
    pub(crate) const fn trait_root(&self) -> Option<&CompactString> {
        match self {
            Self::Trait { root, .. } => Some(root),
            Self::Aggregate(_) | Self::Count(_) | Self::Score(_) => None,
        }
    }

    /// The score that is measured, if one is.
    const fn score(&self) -> Option<&ScoreReading> {
        match self {
            Self::Score(reading) => Some(reading),
            Self::Aggregate(_) | Self::Count(_) | Self::Trait { .. } => None,
        }
    }

    /// The name of the recorded score that it reads, if it does.
    pub(crate) fn recorded_score(&self) -> Option<&str> {
        self.score().and_then(ScoreReading::recorded_name)
    }

    /// Each signal that it reads, with what it needs of it.
    pub(crate) fn signals(&self) -> Vec<(SignalId, Keep)> {
        match self {
            Self::Aggregate(reading) | Self::Count(reading) => {
                reading.with_currencies().map(|reading| (reading.signal, reading.keep())).collect()
            }
            Self::Trait { .. } => Vec::new(),
            Self::Score(reading) => reading.signals().to_vec(),
        }
    }

    /// When what is measured must have happened, if it is of events or orders.
    pub(crate) const fn window(&self) -> Option<&WindowBounds> {
        match self {
            Self::Aggregate(reading) | Self::Count(reading) => Some(&reading.window),
            Self::Trait { .. } | Self::Score(_) => None,
        }
    }

    pub(crate) fn measured<'a>(&'a self, view: &'a impl ProfileView, now: Instant) -> Ranked<'a> {
        match self {
            Self::Aggregate(reading) => Ranked::Aggregate(Measured::of(reading, view, now)),
            Self::Count(reading) => Ranked::Count(Measured::of(reading, view, now)),
            Self::Score(reading) => {
                let number = reading.value(view, now).and_then(ScoreValue::number);
                Ranked::Fixed(number.map(|number| Fraction::whole(number.billionths())))
            }
            Self::Trait { root, path } => {
                let value = view.trait_value(root).and_then(|value| path.below_root(value));
                let number = value.and_then(segops_model::Value::as_number);
                Ranked::Fixed(number.map(|number| Fraction::whole(number.billionths())))
            }
        }
    }
}

/// A profile's number at one instant, which can be moved to later ones.
pub(crate) enum Ranked<'a> {
    Aggregate(Measured<'a>),
    Count(Measured<'a>),
    Fixed(Option<Fraction>),
}

impl Ranked<'_> {
    /// The number that is ranked, if there is something to rank.
    pub(crate) fn number(&self) -> Option<Fraction> {
        match self {
            Self::Aggregate(measured) if measured.count() > 0 => measured.value(),
            Self::Count(measured) if measured.count() > 0 => {
                Some(Fraction::whole(Decimal::from_u64(measured.count() as u64).billionths()))
            }
            Self::Aggregate(_) | Self::Count(_) => None,
            Self::Fixed(number) => *number,
        }
    }

    fn next(&self) -> Option<Instant> {
        match self {
            Self::Aggregate(measured) | Self::Count(measured) => measured.next(),
            Self::Fixed(_) => None,
        }
    }

    fn advance(&mut self, now: Instant) {
        match self {
            Self::Aggregate(measured) | Self::Count(measured) => measured.advance(now),
            Self::Fixed(_) => {}
        }
    }

    fn currency(&self) -> Option<i128> {
        match self {
            Self::Aggregate(measured) => measured.currency(),
            Self::Count(_) | Self::Fixed(_) => None,
        }
    }
}

impl Cut {
    const fn of(fraction: Fraction) -> Self {
        Self { numerator: Decimal::from_billionths(fraction.numerator), denominator: fraction.denominator }
    }

    pub(crate) fn fraction(self) -> Fraction {
        Fraction { numerator: self.numerator.billionths(), denominator: self.denominator.max(1) }
    }

    /// A number is on one side of the cut, or on the other, or at it, as it is with regard to these.
    fn whole_bounds(self) -> [Decimal; 2] {
        let Fraction { numerator, denominator } = self.fraction();
        let below = numerator.div_euclid(i128::from(denominator));
        [Decimal::from_billionths(below), Decimal::from_billionths(below + 1)]
    }

    /// For people: rounded to nine digits.
    #[must_use]
    pub fn rounded(self) -> Decimal {
        Decimal::from_billionths(self.fraction().rounded())
    }
}

/// Everyone's numbers for one ranking, as they are found.
#[derive(Debug)]
pub struct Census {
    pub ranking: Ranking,
    base: Option<BaseNode>,
    measure: MeasureNode,
    numbers: Vec<Fraction>,
    currency: Option<i128>,
    several_currencies: bool,
}

impl Census {
    /// Compiles a ranking to be taken; its signals are interned.
    #[must_use]
    pub fn new(ranking: &Ranking, registry: &mut SignalRegistry) -> Self {
        Self {
            base: BaseNode::compile(ranking.base, registry, &ranking.calendar),
            measure: MeasureNode::compile(&ranking.condition.by, registry, &ranking.calendar),
            ranking: ranking.clone(),
            numbers: Vec::new(),
            currency: None,
            several_currencies: false,
        }
    }

    /// The first name of the trait that it reads, if it does.
    #[must_use]
    pub fn trait_root(&self) -> Option<&str> {
        self.measure.trait_root().map(CompactString::as_str)
    }

    /// The name of the recorded score that it reads, if it does.
    #[must_use]
    pub fn recorded_score(&self) -> Option<&str> {
        self.measure.recorded_score()
    }

    /// Takes in one profile, if it is ranked at all.
    pub fn count(&mut self, view: &impl ProfileView, now: Instant) {
        if self.base.as_ref().is_some_and(|base| !base.holds(view, now)) {
            return;
        }
        let ranked = self.measure.measured(view, now);
        let Some(number) = ranked.number() else { return };
        let currency = ranked.currency();
        self.several_currencies |=
            currency.is_some() && self.currency.is_some_and(|held| Some(held) != currency);
        self.currency = self.currency.or(currency);
        self.numbers.push(number);
    }

    /// The threshold, by selecting the one number that makes it.
    #[must_use]
    pub fn threshold(mut self, as_of: Instant) -> RankingThreshold {
        let population = self.numbers.len() as u64;
        let place = place(self.ranking.condition.percent, population);
        let cut = place.filter(|_| !self.several_currencies).and_then(|place| {
            let (_, cut, _) = self.numbers.get_mut(..)?.select_nth_unstable_by(place, |left, right| {
                let order = left.compare(*right, Decimal::ONE);
                match self.ranking.condition.end {
                    RankingEnd::Top => order.reverse(),
                    RankingEnd::Bottom => order,
                }
            });
            Some(Cut::of(*cut))
        });
        RankingThreshold { as_of, population, cut, several_currencies: self.several_currencies }
    }
}

/// The index of the last one inside: so many percent of the population, rounded up.
fn place(percent: Decimal, population: u64) -> Option<usize> {
    let whole = 100 * Decimal::ONE.billionths();
    let count = (percent.billionths() * i128::from(population) + whole - 1) / whole;
    usize::try_from(count).ok()?.checked_sub(1).filter(|place| (*place as u64) < population)
}
