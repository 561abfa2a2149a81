//! Everything that came in, and who is in which segment by going through all of it.

use std::collections::{BTreeMap, BTreeSet};

use segops_model::{DAY_MS, Event, Identifier, Instant, Object, ProfileId, SourceId, Value};
use segops_rules::{
    Aggregate, AggregateCondition, AggregateOperand, AggregateTest, Base, Condition, EventCondition, Named,
    Rule, Scalar, TraitCondition,
};

use crate::aggregate::{aggregate_of, compare, passes_order};
use crate::calendar::Calendar;
use crate::filter::{matches, path_passes};
use crate::people::{People, Person};
use crate::products::{ProductFact, joined as joined_with};
use crate::sample::is_in_sample;
use crate::value::counts;

/// A message id is remembered for seven days.
const DUPLICATE_WINDOW_MS: i64 = 7 * DAY_MS;

/// Sources by name.
pub type Sources = BTreeMap<String, SourceId>;

/// The whole history of a workspace, as it came in.
#[derive(Debug, Clone)]
pub struct Oracle {
    pub calendar: Calendar,
    pub sources: Sources,
    /// The rules of segments by name, which other rules may speak of.
    pub segments: BTreeMap<String, Rule<Named>>,
    /// The ids that the engine gave to profiles, by any of their identifiers: what a sample is drawn from.
    pub profiles: BTreeMap<Identifier, ProfileId>,
    /// Every change of a product, as it came in.
    pub products: Vec<ProductFact>,
    events: Vec<Event>,
    first_seen: Vec<(String, Instant)>,
    people: People,
}

impl Oracle {
    #[must_use]
    pub fn new(calendar: Calendar) -> Self {
        Self {
            calendar,
            sources: Sources::new(),
            segments: BTreeMap::new(),
            profiles: BTreeMap::new(),
            products: Vec::new(),
            events: Vec::new(),
            first_seen: Vec::new(),
            people: People::default(),
        }
    }

    /// Takes in the next event, at the instant at which it was stored.
    pub fn receive(&mut self, event: &Event, stored_at: Instant) {
        let is_repeat = self.first_seen.iter().any(|(id, first)| {
            *id == event.message_id && stored_at.as_ms() - first.as_ms() < DUPLICATE_WINDOW_MS
        });
        if is_repeat {
            return;
        }
        self.first_seen.push((event.message_id.to_string(), stored_at));
        self.people.place(self.events.len(), event);
        self.events.push(event.clone());
    }

    /// Makes a person of their own of some identifiers of one; says which bar that puts up.
    pub fn split(&mut self, taken: &BTreeSet<Identifier>) -> usize {
        self.people.part(taken)
    }

    /// Takes down the bar of a split.
    pub fn lift(&mut self, bar: usize) {
        self.people.lift(bar);
    }

    /// Removes whoever is known by an identifier, with what they did and with what comes in later from before.
    pub fn delete(&mut self, of: &Identifier, at: Instant) {
        self.people.delete(of, at);
    }

    /// Everyone who has done anything, each by their identifiers.
    #[must_use]
    pub fn people(&self) -> Vec<BTreeSet<Identifier>> {
        let people = self.people.iter().filter(|person| !person.events.is_empty());
        people.map(|person| person.identifiers.clone()).collect()
    }

    /// The members of a rule at an instant, each by its identifiers, over the events up to then and with the
    /// identity of now.
    #[must_use]
    pub fn members(&self, rule: &Rule<Named>, at: Instant) -> BTreeSet<BTreeSet<Identifier>> {
        if !self.products.is_empty() {
            let mut joined = self.clone();
            for event in &mut joined.events {
                *event = joined_with(&self.products, event, at);
            }
            joined.products.clear();
            return joined.members(rule, at);
        }
        let members = self.people_at(at).filter(|person| self.is_member(rule, person, at.as_ms()));
        members.map(|person| person.identifiers.clone()).collect()
    }

    /// How many people there are at an instant: those who have done anything up to then.
    #[must_use]
    pub fn count_at(&self, at: Instant) -> usize {
        self.people_at(at).count()
    }

    /// Everything that anybody is known by.
    pub fn identifiers(&self) -> impl Iterator<Item = &Identifier> {
        self.people.iter().flat_map(|person| &person.identifiers)
    }

    fn people_at(&self, at: Instant) -> impl Iterator<Item = &Person> {
        self.people.iter().filter(move |person| self.events_of(person, at.as_ms()).next().is_some())
    }

    pub(crate) fn events_of<'a>(&'a self, person: &'a Person, now: i64) -> impl Iterator<Item = &'a Event> {
        let events = person.events.iter().filter_map(|arrival| self.events.get(*arrival));
        events.filter(move |event| event.ts.as_ms() <= now)
    }

    fn is_member(&self, rule: &Rule<Named>, person: &Person, now: i64) -> bool {
        let in_base = match rule.base {
            Base::Everyone => true,
            Base::Identified => {
                person.identifiers.iter().any(|identifier| identifier.kind.as_str() != "anonymous_id")
            }
            Base::Customers => self
                .events_of(person, now)
                .any(|event| event.kind.is_counted() && event.name == "Order Completed"),
        };
        in_base && self.holds(&rule.when, person, now)
    }

    fn holds(&self, condition: &Condition<Named>, person: &Person, now: i64) -> bool {
        let each = |condition: &Condition<Named>| self.holds(condition, person, now);
        match condition {
            Condition::All(conditions) => conditions.iter().all(each),
            Condition::Any(conditions) => conditions.iter().any(each),
            Condition::None(conditions) => !conditions.iter().any(each),
            Condition::Not(condition) => !each(condition),
            Condition::Event(condition) => self.did(condition, person, now),
            Condition::Aggregate(condition) => self.aggregate_passes(condition, person, now),
            Condition::Sample(condition) => {
                let mut ids =
                    person.identifiers.iter().filter_map(|identifier| self.profiles.get(identifier));
                ids.next().is_some_and(|profile| is_in_sample(condition, *profile))
            }
            Condition::Occurrence(condition) => self.occurrence_passes(condition, person, now),
            Condition::Within(condition) => self.within_passes(condition, person, now),
            Condition::Active(condition) => self.active_passes(condition, person, now),
            Condition::Trait(condition) => self.has_trait(condition, person, now),
            Condition::Segment(condition) => {
                self.segments.get(&condition.segment).is_some_and(|rule| self.is_member(rule, person, now))
            }
        }
    }

    fn did(&self, condition: &EventCondition<Named>, person: &Person, now: i64) -> bool {
        let (from, to) = self.calendar.bounds(&condition.window, now);
        let count = self
            .events_of(person, now)
            .filter(|event| (from..to).contains(&event.ts.as_ms()))
            .filter(|event| matches(&condition.event, event, &self.sources, &self.calendar))
            .count();
        counts(condition.count, count as u64)
    }

    fn aggregate_passes(&self, condition: &AggregateCondition<Named>, person: &Person, now: i64) -> bool {
        let test = &condition.test;
        let is_of_dates = matches!(
            test,
            AggregateTest::Between(Scalar::Date(_), _)
                | AggregateTest::Equals(AggregateOperand::Date(_))
                | AggregateTest::NotEquals(AggregateOperand::Date(_))
                | AggregateTest::LessThan(AggregateOperand::Date(_))
                | AggregateTest::AtMost(AggregateOperand::Date(_))
                | AggregateTest::MoreThan(AggregateOperand::Date(_))
                | AggregateTest::AtLeast(AggregateOperand::Date(_))
        );
        const ONE: i128 = 1_000_000_000;
        let made = self.aggregate(&condition.aggregate, is_of_dates, person, now);
        let scalar = |scalar: &Scalar| match scalar {
            Scalar::Number(number) => number.billionths(),
            Scalar::Date(moment) => i128::from(self.calendar.moment(*moment)),
        };
        let fixed = |value: i128| made.map(|made| compare(made, ONE, (value, 1)));
        if let AggregateTest::Between(low, high) = test {
            return fixed(scalar(low)).is_some_and(std::cmp::Ordering::is_ge)
                && fixed(scalar(high)).is_some_and(std::cmp::Ordering::is_le);
        }
        let compared = match test.operand() {
            Some(AggregateOperand::Number(number)) => fixed(number.billionths()),
            Some(AggregateOperand::Date(moment)) => fixed(i128::from(self.calendar.moment(*moment))),
            Some(AggregateOperand::Times(multiple)) => {
                let other = self.aggregate(&multiple.aggregate, false, person, now);
                made.zip(other).map(|(made, other)| compare(made, multiple.factor.billionths(), other))
            }
            None => None,
        };
        passes_order(test, compared)
    }

    fn aggregate(
        &self,
        aggregate: &Aggregate<Named>,
        is_of_dates: bool,
        person: &Person,
        now: i64,
    ) -> Option<(i128, i128)> {
        let (from, to) = self.calendar.bounds(&aggregate.window, now);
        let events: Vec<&Event> = self
            .events_of(person, now)
            .filter(|event| matches(&aggregate.event, event, &self.sources, &self.calendar))
            .collect();
        aggregate_of(aggregate, is_of_dates, &events, from..to, &self.calendar)
    }

    fn has_trait(&self, condition: &TraitCondition, person: &Person, now: i64) -> bool {
        // The latest word on each trait holds, and a null takes it away.
        let mut events: Vec<&Event> = self.events_of(person, now).collect();
        events.sort_by_key(|event| event.ts);
        let mut traits = Object::new();
        for (name, value) in events.iter().flat_map(|event| event.traits.iter()) {
            traits.set(name, value.clone());
        }
        if traits.get(condition.path.root()) == Some(&Value::Null) {
            traits.remove(condition.path.root());
        }
        path_passes(&condition.path, &condition.test, condition.match_case, &traits, &self.calendar)
    }
}
