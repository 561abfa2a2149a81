//! Conditions on computed traits, and what computed traits come to for one profile.

mod choice;
mod number;
mod rational;

#[cfg(test)]
mod tests;

use segops_model::{Decimal, Event, Instant, SignalId, Value};
use segops_rules::{ChosenValue, ComputedCondition, ComputedDefinition, Resolved, StateTest, Test};

use crate::aggregate::Reading;
use crate::capture::Capturer;
use crate::evaluate::{Outcome, ProfileView};
use crate::{Calendar, Capture, CaptureKind, Entry, Keep, SignalRegistry};
use choice::{ChoiceNode, ChoiceReading};
use number::NumberNode;

pub(crate) use number::{MovingNumber, NumberReading};

/// A condition on a computed trait, compiled.
#[derive(Debug, Clone)]
pub(crate) enum ComputedNode {
    Number(Box<NumberNode>),
    Value(ChoiceNode),
}

impl ComputedNode {
    /// Compiles a condition that has been checked; every signal of it is interned once more.
    pub(crate) fn compile(
        leaf: &ComputedCondition<Resolved>,
        registry: &mut SignalRegistry,
        calendar: &Calendar,
    ) -> Self {
        match &leaf.computed.definition {
            ComputedDefinition::Number(formula) => {
                Self::Number(Box::new(NumberNode::compile(formula, &leaf.test, registry, calendar)))
            }
            ComputedDefinition::Value(chosen) => {
                Self::Value(ChoiceNode::compile(chosen, leaf, registry, calendar))
            }
        }
    }

    /// Each signal that it reads, with what it needs of it.
    pub(crate) fn signals(&self) -> Vec<(SignalId, Keep)> {
        match self {
            Self::Number(node) => node.number.signals(),
            Self::Value(node) => vec![node.reading.signal()],
        }
    }

    pub(crate) fn outcome(&self, view: &impl ProfileView, now: Instant) -> Outcome {
        match self {
            Self::Number(node) => node.outcome(view, now),
            Self::Value(node) => node.outcome(view, now),
        }
    }
}

/// What a computed trait comes to for one profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ComputedValue {
    /// To the nearest billionth, if there is a number.
    Number(Option<Decimal>),
    /// Where the value is, if there is one: an event has it.
    Value(Option<ChosenAt>),
}

/// Where a chosen value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChosenAt {
    pub entry: Entry,
    /// Its place among the event's own values.
    pub line: u32,
    /// How many are equal to it, where that is what it was chosen for.
    pub count: Option<u64>,
}

impl ChosenAt {
    /// The value itself, of the event that has it.
    #[must_use]
    pub fn value_of(
        self,
        chosen: &ChosenValue<Resolved>,
        event: &Event,
        calendar: &Calendar,
    ) -> Option<Value> {
        let capture = Capture::of_kind(CaptureKind::Keys, chosen.event.received_path(&chosen.property));
        let received = chosen.event.received();
        let filter = received.as_ref().unwrap_or(&chosen.event);
        Capturer::compile(&capture, filter, &calendar.zone).value_at(event, self.line)
    }
}

/// A computed trait as a registry has its signals, to say what it comes to.
#[derive(Debug, Clone)]
pub struct ComputedReading(Either);

#[derive(Debug, Clone)]
enum Either {
    Number(NumberReading),
    Value(ChoiceReading),
}

impl ComputedReading {
    /// Compiles a definition; its signals are interned.
    #[must_use]
    pub fn compile(
        definition: &ComputedDefinition<Resolved>,
        registry: &mut SignalRegistry,
        calendar: &Calendar,
    ) -> Self {
        Self(match definition {
            ComputedDefinition::Number(formula) => {
                Either::Number(NumberReading::compile(formula, registry, calendar))
            }
            ComputedDefinition::Value(chosen) => {
                // That there is a value is all that is asked of one that nobody tests.
                let exists = StateTest { match_case: false, test: Test::Exists };
                Either::Value(ChoiceReading::compile(chosen, exists, registry, calendar))
            }
        })
    }

    /// Every way in which it can be read off signals that a registry has; none where it lacks one.
    #[must_use]
    pub fn all_within(
        definition: &ComputedDefinition<Resolved>,
        registry: &SignalRegistry,
        calendar: &Calendar,
    ) -> Vec<Self> {
        match definition {
            ComputedDefinition::Number(formula) => {
                let number = NumberReading::within(formula, registry, calendar);
                number.map(|number| Self(Either::Number(number))).into_iter().collect()
            }
            ComputedDefinition::Value(chosen) => {
                let signals = registry.tested(&chosen.event, &chosen.property, &calendar.zone);
                let readings = signals.into_iter().map(|signal| ChoiceReading::new(chosen, signal, calendar));
                readings.map(|reading| Self(Either::Value(reading))).collect()
            }
        }
    }

    /// Each signal that it reads, with what it needs of it.
    #[must_use]
    pub fn signals(&self) -> Vec<(SignalId, Keep)> {
        match &self.0 {
            Either::Number(number) => number.signals(),
            Either::Value(reading) => vec![reading.signal()],
        }
    }

    pub fn value(&self, view: &impl ProfileView, now: Instant) -> ComputedValue {
        match &self.0 {
            Either::Number(number) => ComputedValue::Number(number.rounded(view, now)),
            Either::Value(reading) => ComputedValue::Value(reading.chosen(view, now)),
        }
    }
}

/// An aggregate of a formula and what it came to, rounded to nine digits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FoundPart<'a> {
    pub(crate) reading: &'a Reading,
    pub(crate) value: Option<Decimal>,
    pub(crate) several_currencies: bool,
}
