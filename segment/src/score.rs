//! Scores: a number or a date of a profile, which a registered function makes of its timelines and of now, or
//! which was computed elsewhere and recorded.
//!
//! A function is a closed form in time: from one instant on, with no new input, its number runs in one
//! direction until it says that it turns, so that the instant at which it crosses any bound is found exactly,
//! by halving. What was recorded holds until the next is.
//!
//! **Cost** of one answer: of a function some 130 values for each bound and turn that are looked at; of what was
//! recorded one look. Kept are the timelines that functions read, and 100 bytes or so for each recorded value.

mod functions;
mod recorded;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use segops_model::{Decimal, Instant, SignalId};
use segops_rules::{EventFilter, Resolved, ScoreCondition, ScoreKind, ScoreTest};

use crate::evaluate::{Outcome, ProfileView};
use crate::instants::occurs_within;
use crate::{Calendar, Capture, Keep, SignalRegistry, Timeline, WindowBounds};

pub use recorded::{RecordedScore, ScoreRecord, newest_record};

/// How many turns of a function the search for a change goes past. Past it, the last turn is given: too early,
/// never too late.
const TURNS_MAX: usize = 16;

/// What a score is of one profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScoreValue {
    Number(Decimal),
    Date(Instant),
}

impl ScoreValue {
    #[must_use]
    pub const fn kind(self) -> ScoreKind {
        match self {
            Self::Number(_) => ScoreKind::Number,
            Self::Date(_) => ScoreKind::Date,
        }
    }

    #[must_use]
    pub const fn number(self) -> Option<Decimal> {
        match self {
            Self::Number(number) => Some(number),
            Self::Date(_) => None,
        }
    }
}

/// What a function reads of a profile: the timeline of a filter, or of values captured of what passes it.
#[derive(Debug, Clone)]
pub struct ScoreInput {
    pub filter: EventFilter<Resolved>,
    pub capture: Option<Capture>,
    /// How much of the timeline it needs, at any instant from the newest entry on.
    pub keep: Keep,
}

/// A score that is a function of a profile's timelines and of now.
///
/// It is pure, the same on every machine: numbers that are not exact go through `libm` alone, in a fixed order.
pub trait ScoreFunction: fmt::Debug + Send + Sync {
    /// What rules call it.
    fn name(&self) -> &str;
    fn kind(&self) -> ScoreKind;
    fn inputs(&self) -> Vec<ScoreInput>;
    /// The score at an instant, of the timelines of its inputs in their order; what lies after the instant does
    /// not count. None where there is nothing to make it of, and always none of empty timelines.
    fn value(&self, inputs: &[Option<&Timeline>], now: Instant) -> Option<ScoreValue>;
    /// The first instant after `now` from which on, with no new input, a number may run the other way or jump,
    /// or at which a date becomes another, or at which there comes to be a score or none any more; none if it
    /// never does. Between turns a date stands still.
    fn turns_at(&self, inputs: &[Option<&Timeline>], now: Instant) -> Option<Instant>;
}

/// The functions that rules can name, by their names.
#[derive(Debug, Clone)]
pub struct ScoreFunctions(Vec<Arc<dyn ScoreFunction>>);

impl Default for ScoreFunctions {
    /// Those that are always there.
    fn default() -> Self {
        Self(vec![Arc::new(functions::DaysSinceLastOrder), Arc::new(functions::UsualNextOrder)])
    }
}

impl ScoreFunctions {
    /// Adds a function, in the place of one of the same name.
    pub fn register(&mut self, function: Arc<dyn ScoreFunction>) {
        self.0.retain(|known| known.name() != function.name());
        self.0.push(function);
    }

    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<dyn ScoreFunction>> {
        self.0.iter().find(|function| function.name() == name)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn ScoreFunction>> {
        self.0.iter()
    }
}

/// A score of a profile, compiled.
#[derive(Debug, Clone)]
pub(crate) enum ScoreReading {
    Function { function: Arc<dyn ScoreFunction>, signals: Vec<(SignalId, Keep)> },
    /// What was recorded last under the name.
    Recorded(String),
}

impl ScoreReading {
    /// Compiles a score by its name; the signals of a function are interned.
    pub(crate) fn compile(name: &str, registry: &mut SignalRegistry, calendar: &Calendar) -> Self {
        let Some(function) = registry.scores().get(name).map(Arc::clone) else {
            return Self::Recorded(name.to_owned());
        };
        let signals = function.inputs().into_iter().map(|ScoreInput { filter, capture, keep }| {
            // Orders are taken out again when they no longer pass: older ones must be there then.
            let keep = if filter.subject.is_orders() { Keep::All } else { keep };
            let signal = match capture {
                Some(capture) => registry.intern_values(&filter, capture, &calendar.zone),
                None => registry.intern(&filter, &calendar.zone),
            };
            (signal, keep)
        });
        Self::Function { signals: signals.collect(), function }
    }

    /// Each signal that it reads, with what it needs of it.
    pub(crate) fn signals(&self) -> &[(SignalId, Keep)] {
        match self {
            Self::Function { signals, .. } => signals,
            Self::Recorded(_) => &[],
        }
    }

    /// The name under which it was recorded, if it is no function.
    pub(crate) fn recorded_name(&self) -> Option<&str> {
        match self {
            Self::Function { .. } => None,
            Self::Recorded(name) => Some(name),
        }
    }

    /// The score now, and since when that is what was recorded; of a function there is no such instant.
    pub(crate) fn found(
        &self,
        view: &impl ProfileView,
        now: Instant,
    ) -> (Option<ScoreValue>, Option<Instant>) {
        let scored = Scored::of(self, view);
        (scored.at(now), scored.recorded.map(|recorded| recorded.as_of))
    }

    pub(crate) fn value(&self, view: &impl ProfileView, now: Instant) -> Option<ScoreValue> {
        Scored::of(self, view).at(now)
    }

    /// Whether a test of the number holds, and the first instant after `now` at which it answers otherwise. The
    /// test's answer depends on where the number lies with regard to the bounds, and on whether there is one.
    pub(crate) fn outcome_of_number(
        &self,
        view: &impl ProfileView,
        now: Instant,
        bounds: &[Decimal],
        passes: &dyn Fn(Decimal) -> bool,
    ) -> Outcome {
        let scored = Scored::of(self, view);
        let answer = |at: Instant| scored.number(at).is_some_and(passes);
        let holds = answer(now);
        let mut from = now;
        for _ in 0..TURNS_MAX {
            let turn = scored.turns_at(from);
            let last = turn.map_or(Instant::MAX, |turn| turn.plus_ms(-1));
            if let Some(crossing) = scored.crossings(bounds, from, last).find(|at| answer(*at) != holds) {
                return Outcome { holds, next_change: Some(crossing) };
            }
            let Some(turn) = turn else { return Outcome::settled(holds) };
            if answer(turn) != holds {
                return Outcome { holds, next_change: Some(turn) };
            }
            from = turn;
        }
        Outcome { holds, next_change: Some(from) }
    }

    fn outcome_of_date(&self, view: &impl ProfileView, now: Instant, window: &WindowBounds) -> Outcome {
        let scored = Scored::of(self, view);
        let answer = |at: Instant| match scored.at(at) {
            Some(ScoreValue::Date(date)) => occurs_within(window, &vec![date], at),
            _ => Outcome::settled(false),
        };
        let mut outcome = answer(now);
        let holds = outcome.holds;
        let mut from = now;
        for _ in 0..TURNS_MAX {
            let turn = scored.turns_at(from);
            let change = outcome.next_change.filter(|change| turn.is_none_or(|turn| *change < turn));
            if change.is_some() {
                return Outcome { holds, next_change: change };
            }
            let Some(turn) = turn else { return Outcome::settled(holds) };
            outcome = answer(turn);
            if outcome.holds != holds {
                return Outcome { holds, next_change: Some(turn) };
            }
            from = turn;
        }
        Outcome { holds, next_change: Some(from) }
    }
}

/// One profile's score, ready to be asked for at any instant.
struct Scored<'a> {
    reading: &'a ScoreReading,
    timelines: Vec<Option<&'a Timeline>>,
    recorded: Option<RecordedScore>,
}

impl<'a> Scored<'a> {
    fn of(reading: &'a ScoreReading, view: &'a impl ProfileView) -> Self {
        let timelines = reading.signals().iter().map(|(signal, _)| view.timeline(*signal)).collect();
        let recorded = reading.recorded_name().and_then(|name| view.recorded_score(name));
        Self { reading, timelines, recorded }
    }

    fn at(&self, now: Instant) -> Option<ScoreValue> {
        match self.reading {
            ScoreReading::Function { function, .. } => function.value(&self.timelines, now),
            ScoreReading::Recorded(_) => self.recorded.map(|recorded| recorded.value),
        }
    }

    fn number(&self, now: Instant) -> Option<Decimal> {
        self.at(now).and_then(ScoreValue::number)
    }

    /// What a function says of itself; and where an entry lies ahead, the score turns there too.
    fn turns_at(&self, now: Instant) -> Option<Instant> {
        let ScoreReading::Function { function, .. } = self.reading else { return None };
        let entries = self.timelines.iter().flatten().filter_map(|timeline| timeline.nth_after(now, 1));
        let turn = function.turns_at(&self.timelines, now).filter(|turn| *turn > now);
        entries.map(|entry| entry.ts).chain(turn).min()
    }

    /// The instants after `from` and up to `last`, between which the score does not turn, at which the number
    /// comes to a bound, or goes past it; in order.
    fn crossings(&self, bounds: &[Decimal], from: Instant, last: Instant) -> impl Iterator<Item = Instant> {
        let sides = bounds.iter().flat_map(|bound| {
            let comes_to = first_change(&|at| self.number(at).is_some_and(|is| is >= *bound), from, last);
            let goes_past = first_change(&|at| self.number(at).is_some_and(|is| is > *bound), from, last);
            [comes_to, goes_past]
        });
        let mut crossings: Vec<Instant> = match self.reading {
            ScoreReading::Function { .. } => sides.flatten().collect(),
            ScoreReading::Recorded(_) => Vec::new(),
        };
        crossings.sort_unstable();
        crossings.into_iter()
    }
}

/// The first instant after `from`, and up to `last`, at which a test that changes at most once in between
/// answers otherwise than at `from`.
fn first_change(test: &dyn Fn(Instant) -> bool, from: Instant, last: Instant) -> Option<Instant> {
    let answer = test(from);
    if last <= from || test(last) == answer {
        return None;
    }
    let (mut same, mut other) = (from.as_ms(), last.as_ms());
    while other - same > 1 {
        let middle = same.midpoint(other);
        if test(Instant::from_ms(middle)) == answer {
            same = middle;
        } else {
            other = middle;
        }
    }
    Some(Instant::from_ms(other))
}

/// A condition on a score, compiled.
#[derive(Debug, Clone)]
pub(crate) struct ScoreNode {
    pub(crate) reading: ScoreReading,
    asked: Asked,
}

#[derive(Debug, Clone)]
enum Asked {
    Number(ScoreTest),
    Date(Box<WindowBounds>),
    /// Whether there is any; the kind says what it is.
    Exists,
}

impl ScoreNode {
    pub(crate) fn compile(
        leaf: &ScoreCondition,
        registry: &mut SignalRegistry,
        calendar: &Calendar,
    ) -> Self {
        let asked = match &leaf.test {
            ScoreTest::Date(window) => Asked::Date(Box::new(WindowBounds::of_dates(window, calendar))),
            ScoreTest::Exists => Asked::Exists,
            number => Asked::Number(number.clone()),
        };
        Self { reading: ScoreReading::compile(&leaf.score, registry, calendar), asked }
    }

    pub(crate) fn outcome(&self, view: &impl ProfileView, now: Instant) -> Outcome {
        match &self.asked {
            Asked::Number(test) => {
                self.reading.outcome_of_number(view, now, &test.bounds(), &|number| test.passes(number))
            }
            Asked::Date(window) => self.reading.outcome_of_date(view, now, window),
            Asked::Exists => self.exists(view, now),
        }
    }

    fn exists(&self, view: &impl ProfileView, now: Instant) -> Outcome {
        let scored = Scored::of(&self.reading, view);
        let holds = scored.at(now).is_some();
        let mut from = now;
        for _ in 0..TURNS_MAX {
            let Some(turn) = scored.turns_at(from) else { return Outcome::settled(holds) };
            from = turn;
            if scored.at(turn).is_some() != holds {
                break;
            }
        }
        Outcome { holds, next_change: Some(from) }
    }

    pub(crate) fn window(&self) -> Option<&WindowBounds> {
        match &self.asked {
            Asked::Date(window) => Some(window),
            Asked::Number(_) | Asked::Exists => None,
        }
    }
}
