//! Everything that came in, and who is in which segment by going through all of it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use segops_model::{DAY_MS, Event, Identifier, Instant, Object, ProfileId, SourceId, Value};
use segops_rules::{
    Aggregate, AggregateCondition, AggregateFunction, AggregateOperand, AggregateTest, Base, Condition,
    EventCondition, EventFilter, Named, Predicate, Rule, Scalar, Subject, Test, TraitCondition,
};

use crate::aggregate::{aggregate_of, compare, passes_order};
use crate::calendar::Calendar;
use crate::filter::{matches, path_passes};
use crate::order::orders_of;
use crate::people::{People, Person};
use crate::place::is_in_place;
use crate::products::{ProductFact, joined as joined_with};
use crate::ranking::Cut;
use crate::sample::is_in_sample;
use crate::sequence::{cadence, completions};
use crate::trait_date::date_passes;
use crate::trait_history::history_passes;
use crate::value::{counts, folded, shown};

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
    pub(crate) events: Vec<Event>,
    first_seen: Vec<(String, Instant)>,
    pub(crate) people: People,
    /// How often it was written down who is in which segment.
    pub(crate) pages: usize,
    pub(crate) cuts: Vec<Cut>,
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
            cuts: Vec::new(),
            pages: 0,
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
            let mut joined = Self { events: self.joined_at(at), ..self.clone() };
            joined.products.clear();
            return joined.members(rule, at);
        }
        let members = self.people_at(at).filter(|person| self.is_member(rule, person, at.as_ms()));
        members.map(|person| person.identifiers.clone()).collect()
    }

    /// Every event with what the catalogue says at an instant of the products that it names.
    pub(crate) fn joined_at(&self, at: Instant) -> Vec<Event> {
        self.events.iter().map(|event| joined_with(&self.products, event, at)).collect()
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

    pub(crate) fn people_at(&self, at: Instant) -> impl Iterator<Item = &Person> {
        self.people.iter().filter(move |person| self.events_of(person, at.as_ms()).next().is_some())
    }

    pub(crate) fn events_of<'a>(&'a self, person: &'a Person, now: i64) -> impl Iterator<Item = &'a Event> {
        let events = person.events.iter().filter_map(|arrival| self.events.get(*arrival));
        events.filter(move |event| event.ts.as_ms() <= now)
    }

    pub(crate) fn in_base(&self, base: Base, person: &Person, now: i64) -> bool {
        match base {
            Base::Everyone => true,
            Base::Identified => {
                person.identifiers.iter().any(|identifier| identifier.kind.as_str() != "anonymous_id")
            }
            Base::Customers => self
                .events_of(person, now)
                .any(|event| event.kind.is_counted() && event.name == "Order Completed"),
        }
    }

    pub(crate) fn is_member(&self, rule: &Rule<Named>, person: &Person, now: i64) -> bool {
        self.in_base(rule.base, person, now) && self.holds(&rule.when, rule.base, person, now)
    }

    fn holds(&self, condition: &Condition<Named>, base: Base, person: &Person, now: i64) -> bool {
        let each = |condition: &Condition<Named>| self.holds(condition, base, person, now);
        match condition {
            Condition::All(conditions) => conditions.iter().all(each),
            Condition::Any(conditions) => conditions.iter().any(each),
            Condition::None(conditions) => !conditions.iter().any(each),
            Condition::Not(condition) => !each(condition),
            Condition::Event(condition) => self.did(condition, person, now),
            Condition::Aggregate(condition) => self.aggregate_passes(condition, person, now),
            Condition::Place(test) => is_in_place(test, &self.traits_of(person, now), &self.calendar),
            Condition::TraitDate(condition) => {
                date_passes(condition, &self.traits_of(person, now), &self.calendar, now)
            }
            Condition::TraitHistory(condition) => {
                let events: Vec<&Event> = self.events_of(person, now).collect();
                history_passes(condition, &events, &self.calendar, now)
            }
            Condition::Sample(condition) => {
                let mut ids =
                    person.identifiers.iter().filter_map(|identifier| self.profiles.get(identifier));
                ids.next().is_some_and(|profile| is_in_sample(condition, *profile))
            }
            Condition::Occurrence(condition) => self.occurrence_passes(condition, person, now),
            Condition::Within(condition) => self.within_passes(condition, person, now),
            Condition::Active(condition) => self.active_passes(condition, person, now),
            Condition::Sequence(condition) => {
                let events = self.events_in_order(person, now);
                let window = self.calendar.bounds(&condition.window, now);
                let (sources, calendar) = (&self.sources, &self.calendar);
                let count = completions(condition, &events, window, now, sources, calendar);
                counts(condition.count, count)
            }
            Condition::Cadence(condition) => {
                let mut events = self.events_in_order(person, now);
                events.retain(|event| matches(&condition.event, event, &self.sources, &self.calendar));
                cadence(condition, &events, now)
            }
            Condition::Ranking(condition) => self.is_ranked(condition, base, person, now),
            Condition::Trait(condition) => self.has_trait(condition, person, now),
            Condition::Segment(condition) => {
                self.segments.get(&condition.segment).is_some_and(|rule| self.is_member(rule, person, now))
            }
            Condition::Transition(condition) => self.moved(condition, person, now),
            Condition::Tenure(condition) => self.stays(condition, person, now),
        }
    }

    /// A person's events in order of time, and of arrival where they share an instant.
    fn events_in_order<'a>(&'a self, person: &'a Person, now: i64) -> Vec<&'a Event> {
        let mut events: Vec<&Event> = self.events_of(person, now).collect();
        events.sort_by_key(|event| event.ts);
        events
    }

    fn did(&self, condition: &EventCondition<Named>, person: &Person, now: i64) -> bool {
        let (from, to) = self.calendar.bounds(&condition.window, now);
        let chosen = self.meant(&condition.event, person, now);
        let count = chosen
            .iter()
            .filter(|(event, is_placed)| *is_placed && (from..to).contains(&event.ts.as_ms()))
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

    pub(crate) fn aggregate(
        &self,
        aggregate: &Aggregate<Named>,
        is_of_dates: bool,
        person: &Person,
        now: i64,
    ) -> Option<(i128, i128)> {
        self.aggregate_as(aggregate.function, aggregate, is_of_dates, person, now)
    }

    /// Another function of the values that an aggregate is of.
    pub(crate) fn aggregate_as(
        &self,
        function: AggregateFunction,
        aggregate: &Aggregate<Named>,
        is_of_dates: bool,
        person: &Person,
        now: i64,
    ) -> Option<(i128, i128)> {
        let (from, to) = self.calendar.bounds(&aggregate.window, now);
        let chosen = self.meant(&aggregate.event, person, now);
        if is_money(aggregate) && !names_currency(&aggregate.event) {
            let inside = chosen.iter().filter(|(event, _)| (from..to).contains(&event.ts.as_ms()));
            let currencies: BTreeSet<String> = inside
                .filter_map(|(event, _)| event.properties.get("currency").and_then(shown))
                .filter(|currency| !currency.trim().is_empty())
                .map(|currency| folded(&currency))
                .collect();
            if currencies.len() > 1 {
                return None;
            }
        }
        let with_reversals = aggregate.function == AggregateFunction::Sum;
        let meant = chosen.iter().filter(|(_, is_placed)| *is_placed || with_reversals);
        let events: Vec<&Event> = meant.map(|(event, _)| event.as_ref()).collect();
        let made = Aggregate { function, ..aggregate.clone() };
        aggregate_of(&made, is_of_dates, &events, from..to, &self.calendar)
    }

    /// Whether an aggregate is of money in whatever currency.
    pub(crate) fn is_of_unnamed_money(&self, aggregate: &Aggregate<Named>) -> bool {
        is_money(aggregate) && !names_currency(&aggregate.event)
    }

    /// The events, or orders, that pass a filter; and whether each is more than money that went back against an
    /// order that nobody knows.
    pub(crate) fn meant<'a>(
        &'a self,
        filter: &EventFilter<Named>,
        person: &'a Person,
        now: i64,
    ) -> Vec<(Cow<'a, Event>, bool)> {
        let passes = |event: &Event| matches(filter, event, &self.sources, &self.calendar);
        if filter.subject == Subject::Events {
            let events = self.events_of(person, now).filter(|event| passes(event));
            return events.map(|event| (Cow::Borrowed(event), true)).collect();
        }
        let events: Vec<&Event> = self.events_of(person, now).collect();
        orders_of(&events)
            .into_iter()
            .filter(|order| !order.is_test || filter.subject == Subject::AllOrders)
            .filter(|order| passes(&order.event))
            .map(|order| (Cow::Owned(order.event), order.is_placed))
            .collect()
    }

    fn has_trait(&self, condition: &TraitCondition, person: &Person, now: i64) -> bool {
        let traits = self.traits_of(person, now);
        path_passes(&condition.path, &condition.test, condition.match_case, &traits, &self.calendar)
    }

    /// The latest word on each trait holds, and a null takes it away.
    pub(crate) fn traits_of(&self, person: &Person, now: i64) -> Object {
        let mut events: Vec<&Event> = self.events_of(person, now).collect();
        events.sort_by_key(|event| event.ts);
        let mut traits = Object::new();
        for (name, value) in events.iter().flat_map(|event| event.traits.iter()) {
            traits.set(name, value.clone());
        }
        let set = traits.iter().filter(|(_, value)| **value != Value::Null);
        set.map(|(name, value)| (name, value.clone())).collect()
    }
}

/// Whether amounts of money in a currency are made into one.
fn is_money(aggregate: &Aggregate<Named>) -> bool {
    const AMOUNTS: [&str; 14] = [
        "value",
        "refunded",
        "net",
        "discount",
        "total",
        "revenue",
        "subtotal",
        "shipping",
        "tax",
        "items[].price",
        "items[].value",
        "items[].discount",
        "items[].allocated_discount",
        "items[].net",
    ];
    aggregate.event.subject != Subject::Events
        && aggregate.function != AggregateFunction::Distinct
        && AMOUNTS.contains(&aggregate.property.to_string().as_str())
}

/// Whether only orders of one currency pass.
fn names_currency(filter: &EventFilter<Named>) -> bool {
    let is_currency = |predicate: &Predicate| match predicate {
        Predicate::Property(leaf) => {
            leaf.property.to_string() == "currency" && matches!(leaf.test, Test::Is(_))
        }
        _ => false,
    };
    let mut parts: Vec<&Predicate> = filter.predicate.iter().collect();
    while let Some(part) = parts.pop() {
        if is_currency(part) {
            return true;
        }
        if let Predicate::All(more) = part {
            parts.extend(more);
        }
    }
    false
}
