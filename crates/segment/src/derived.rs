//! Derived events: what of a profile's events makes them, and the events that come of it.
//!
//! A derivation keeps of each event that it is made of one small fact, and makes its events of the facts alone. The
//! facts are a set: whatever the order in which they come in, and however often each does, the same events come of
//! them. What one more fact changes is found by looking at its neighbours.

mod deriving;
mod session;
mod touch;
mod visit;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use segops_model::{Event, EventKind, Instant, Object, Position, SourceId};
use segops_rules::{DerivedDefinition, Resolved, Span, Unit};

use crate::{Entry, Matcher};
pub use deriving::Deriving;
use visit::{Visit, VisitReader};

/// Events of a profile that one derived event is made of: the newest by (ts, position). Of touches and of outcomes
/// so many each.
pub const DERIVED_FACTS_MAX: usize = 10_000;

/// A definition, compiled.
#[derive(Debug, Clone)]
pub struct Derivation {
    definition: DerivedDefinition<Resolved>,
    zone: TimeZone,
    inputs: Vec<Matcher>,
    outcome: Option<Matcher>,
    reader: VisitReader,
}

/// What one event is to a derivation.
#[derive(Debug, Clone, PartialEq)]
pub struct DerivedFact {
    at: Entry,
    /// As an event of a session, or a touch.
    input: Option<Visit>,
    /// As an outcome, with all that it has.
    outcome: Option<Object>,
}

/// All that a derivation knows of one profile.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct DerivedFacts {
    inputs: BTreeMap<Entry, Visit>,
    outcomes: BTreeMap<Entry, Object>,
}

/// One derived event: where it stands, and what it has. It has no name: what names it is the filter that asks for it.
#[derive(Debug, Clone, PartialEq)]
pub struct DerivedOccurrence {
    pub(crate) event: Event,
    pub(crate) entry: Entry,
}

/// The derived events that one more fact has changed: as they were, and as they are.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DerivedChange {
    pub before: Vec<DerivedOccurrence>,
    pub after: Vec<DerivedOccurrence>,
}

impl Derivation {
    /// Dates without an offset and midnights are local to `zone`.
    #[must_use]
    pub fn compile(definition: &DerivedDefinition<Resolved>, zone: &TimeZone) -> Self {
        let (inputs, outcome) = match definition {
            DerivedDefinition::Session(session) => (session.events.as_slice(), None),
            DerivedDefinition::Touch(touch) => (touch.touches.as_slice(), Some(&touch.outcome)),
            DerivedDefinition::Renamed(renamed) => (std::slice::from_ref(&renamed.event), None),
        };
        Self {
            inputs: inputs.iter().map(|event| Matcher::compile(event, zone)).collect(),
            outcome: outcome.map(|outcome| Matcher::compile(outcome, zone)),
            reader: VisitReader::new(definition),
            definition: definition.clone(),
            zone: zone.clone(),
        }
    }

    #[must_use]
    pub const fn definition(&self) -> &DerivedDefinition<Resolved> {
        &self.definition
    }

    #[must_use]
    pub const fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// Whether it can be made of events of a name.
    #[must_use]
    pub fn is_made_of(&self, name: &str) -> bool {
        self.definition.events().iter().any(|event| event.name.as_deref().is_none_or(|wanted| wanted == name))
    }

    /// Whether it is the same as one of a definition in a zone.
    #[must_use]
    pub fn is_of(&self, definition: &DerivedDefinition<Resolved>, zone: &TimeZone) -> bool {
        self.definition == *definition && self.zone == *zone
    }

    /// The event under the other name that the definition gives it; `None` for one that it does not name, and where
    /// it makes events of several.
    #[must_use]
    pub fn renamed(&self, event: &Event, position: Position) -> Option<DerivedOccurrence> {
        let DerivedDefinition::Renamed(definition) = &self.definition else { return None };
        if !self.inputs.iter().any(|input| input.matches(event)) {
            return None;
        }
        let mut properties = event.properties.clone();
        for value in &definition.values {
            match value.property.in_event(event) {
                Some(found) => properties.set(&value.name, found.clone()),
                None => drop(properties.remove(&value.name)),
            }
        }
        let entry = Entry { ts: event.ts, position };
        Some(DerivedOccurrence { event: Event { name: "".into(), properties, ..event.clone() }, entry })
    }

    /// What an event is to it; `None` for one that it is not made of, and for one that is an event under another name
    /// as it stands, of which nothing is kept.
    #[must_use]
    pub fn fact(&self, event: &Event, position: Position) -> Option<DerivedFact> {
        if !event.kind.is_counted() || matches!(self.definition, DerivedDefinition::Renamed(_)) {
            return None;
        }
        let is_input = self.inputs.iter().any(|input| input.matches(event));
        let is_outcome = self.outcome.as_ref().is_some_and(|outcome| outcome.matches(event));
        if !is_input && !is_outcome {
            return None;
        }
        Some(DerivedFact {
            at: Entry { ts: event.ts, position },
            input: is_input.then(|| self.reader.read(event)),
            outcome: is_outcome.then(|| event.properties.clone()),
        })
    }
}

impl DerivedFacts {
    /// Takes in a fact, and says what derived events it changes.
    pub fn add(&mut self, derivation: &Derivation, fact: DerivedFact) -> DerivedChange {
        match &derivation.definition {
            DerivedDefinition::Session(definition) => session::add(definition, derivation, self, fact),
            DerivedDefinition::Touch(definition) => touch::add(definition, self, fact),
            DerivedDefinition::Renamed(_) => DerivedChange::default(),
        }
    }

    /// Takes in a fact of a history that is read whole, before any event is made of it.
    pub fn gather(&mut self, fact: DerivedFact) {
        let DerivedFact { at, input, outcome } = fact;
        self.inputs.extend(input.map(|visit| (at, visit)));
        self.outcomes.extend(outcome.map(|properties| (at, properties)));
        self.drop_oldest();
    }

    /// Takes in all that another holds of the same profile and derivation.
    pub fn merge(&mut self, other: &Self) {
        self.inputs.extend(other.inputs.iter().map(|(at, visit)| (*at, visit.clone())));
        self.outcomes.extend(other.outcomes.iter().map(|(at, properties)| (*at, properties.clone())));
        self.drop_oldest();
    }

    /// Every derived event, in the order of time.
    #[must_use]
    pub fn occurrences(&self, derivation: &Derivation) -> Vec<DerivedOccurrence> {
        match &derivation.definition {
            DerivedDefinition::Session(definition) => session::all(definition, derivation, self),
            DerivedDefinition::Touch(definition) => touch::all(definition, self),
            DerivedDefinition::Renamed(_) => Vec::new(),
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.inputs.is_empty() && self.outcomes.is_empty()
    }

    fn drop_oldest(&mut self) {
        while self.inputs.len() > DERIVED_FACTS_MAX {
            self.inputs.pop_first();
        }
        while self.outcomes.len() > DERIVED_FACTS_MAX {
            self.outcomes.pop_first();
        }
    }
}

impl DerivedOccurrence {
    fn new(entry: Entry, properties: Object) -> Self {
        let event = Event {
            message_id: "".into(),
            source: SourceId(0),
            kind: EventKind::Track,
            name: "".into(),
            ts: entry.ts,
            received_at: entry.ts,
            clamped: false,
            identifiers: Vec::new(),
            properties,
            traits: Object::new(),
            group_traits: Object::new(),
            context: Object::new(),
        };
        Self { event, entry }
    }

    /// The derived event in the shape of an event.
    #[must_use]
    pub fn into_event(self) -> Event {
        self.event
    }

    /// As [`DerivedOccurrence::into_event`], to look at.
    #[must_use]
    pub const fn event(&self) -> &Event {
        &self.event
    }

    /// Where it stands in time; it shares its position with the event that puts it there.
    #[must_use]
    pub const fn entry(&self) -> Entry {
        self.entry
    }
}

/// The milliseconds of a span that does not follow the calendar, as definitions are checked to have it.
fn span_ms(span: Span) -> i64 {
    let each = match span.unit {
        Unit::Second => 1_000,
        Unit::Minute => 60_000,
        Unit::Hour => 3_600_000,
        Unit::Week => 7 * 86_400_000,
        Unit::Day | Unit::Month | Unit::Quarter | Unit::Year => 86_400_000,
    };
    i64::from(span.count).saturating_mul(each)
}

/// The earliest and the latest that is at an instant.
const fn first_at(ts: Instant) -> Entry {
    Entry { ts, position: Position(0) }
}

const fn last_at(ts: Instant) -> Entry {
    Entry { ts, position: Position(u64::MAX) }
}
