//! `first "Order Completed" where channel is "web" was in last 30 days has total >= 50`: one chosen event, and
//! what is asked of it. And `within 7 days of first "Signed Up"`, which counts around one.

use super::Parser;
use super::event::{Clauses, Counts};
use super::lexer::Kind;
use super::shape::Shape;
use super::words::{CLAUSE_WORDS, TEST_WORDS, is_reserved};
use crate::ast::{
    Condition, EventFilter, Named, Occurrence, OccurrenceCondition, Predicate, Rank, Side, Subject, Window,
    WithinCondition,
};
use crate::problem::{Code, Problem};
use crate::time::Span;

const ORDINALS: &[(&str, u32)] = &[
    ("second", 2),
    ("third", 3),
    ("fourth", 4),
    ("fifth", 5),
    ("sixth", 6),
    ("seventh", 7),
    ("eighth", 8),
    ("ninth", 9),
    ("tenth", 10),
];
const SUFFIXES: &[&str] = &["st", "nd", "rd", "th"];

/// What follows the name of an event that is written without quotes, so that it is no trait.
const AFTER_BARE_NAME: &[&str] =
    &["where", "was", "has", "in", "within", "during", "this", "last", "today", "yesterday", "from"];

/// Of a chosen event.
#[derive(Default)]
struct Parts {
    filter: Option<(Predicate, Shape)>,
    sources: Option<Vec<String>>,
    has: Option<(Predicate, Shape)>,
    window: Option<Window>,
}

/// `within 7 days of first "Signed Up"`.
pub(super) struct Around {
    span: Span,
    side: Side,
    of: Occurrence<Named>,
    shape: Shape,
}

impl Parser<'_> {
    /// Whether `first "Order Completed"` or the like comes so many tokens ahead.
    pub(super) fn starts_occurrence(&self, ahead: usize) -> bool {
        self.rank(ahead).is_some_and(|(_, tokens)| self.names_event(ahead + tokens))
    }

    /// Whether what comes can only be the name of an event.
    pub(super) fn names_event(&self, ahead: usize) -> bool {
        match self.peek_at(ahead).kind {
            Kind::Text(_) => true,
            Kind::Word(_) if self.is_word(ahead, "any") => self.is_any_word(ahead + 1, &["event", "events"]),
            Kind::Word(word) => {
                let is_name = !is_reserved(word)
                    && !CLAUSE_WORDS.iter().chain(TEST_WORDS).any(|other| word.eq_ignore_ascii_case(other));
                // `first name in ("Ann")` is a trait that lacks its quotes.
                let is_list = self.is_word(ahead + 1, "in") && self.peek_at(ahead + 2).kind == Kind::Open;
                is_name && self.is_any_word(ahead + 1, AFTER_BARE_NAME) && !is_list
            }
            _ => false,
        }
    }

    /// `first`, `2nd`, `last`, `third to last`, and how many tokens that takes.
    fn rank(&self, ahead: usize) -> Option<(Rank, usize)> {
        if self.is_any_word(ahead, &["the", "their"]) {
            let (rank, tokens) = self.rank(ahead + 1)?;
            return Some((rank, tokens + 1));
        }
        if self.is_any_word(ahead, &["first", "earliest"]) {
            return Some((Rank::First(1), 1));
        }
        if self.is_any_word(ahead, &["last", "latest", "newest"]) {
            return Some((Rank::Last(1), 1));
        }
        if self.is_word(ahead, "most") && self.is_word(ahead + 1, "recent") {
            return Some((Rank::Last(1), 2));
        }
        let (number, suffix, tokens) = match self.peek_at(ahead).kind {
            Kind::Number(digits) => {
                let is_joined = self.peek_at(ahead).span.1 == self.peek_at(ahead + 1).span.0;
                let suffix = self.word(ahead + 1).filter(|_| is_joined)?;
                (digits.parse::<u32>().ok()?, suffix.to_ascii_lowercase(), 2)
            }
            Kind::Word(word) => {
                let word = word.to_ascii_lowercase();
                let (name, number) = ORDINALS.iter().find(|(name, _)| word.starts_with(name))?;
                (*number, format!("th{}", word.strip_prefix(name)?), 1)
            }
            _ => return None,
        };
        let (end, to_last) = match suffix.strip_suffix("-to-last") {
            Some(end) => (end, true),
            None => (suffix.as_str(), false),
        };
        if !SUFFIXES.contains(&end) {
            return None;
        }
        if to_last {
            return Some((Rank::Last(number), tokens));
        }
        let to = usize::from(self.is_word(ahead + tokens, "to"));
        if self.is_word(ahead + tokens + to, "last") {
            return Some((Rank::Last(number), tokens + to + 1));
        }
        Some((Rank::First(number), tokens))
    }

    pub(super) fn occurrence_condition(&mut self) -> Option<(Condition<Named>, Shape)> {
        let start = self.peek().span.0;
        let (rank, tokens) = self.rank(0)?;
        for _ in 0..tokens {
            self.bump();
        }
        let name = self.event_name(&rank.words())?;
        let parts = self.occurrence_parts(true)?;
        let shape = Shape { span: self.span_from(start), parts: Vec::new() };
        let (filter, filter_shape) = parts.filter.unzip();
        let (has, has_shape) = parts.has.unzip();
        let event = EventFilter {
            subject: Subject::Events,
            name,
            predicate: filter,
            sources: parts.sources.unwrap_or_default(),
        };
        let leaf = OccurrenceCondition {
            occurrence: Occurrence { rank, event },
            has,
            window: parts.window.unwrap_or_default(),
        };
        let whole = || Shape::leaf(shape.span);
        let inner = vec![filter_shape.unwrap_or_else(whole), has_shape.unwrap_or_else(whole)];
        Some((Condition::Occurrence(Box::new(leaf)), Shape { span: shape.span, parts: inner }))
    }

    /// What follows the event's name: its filter, and with `tested` what is asked of the one that is chosen.
    fn occurrence_parts(&mut self, tested: bool) -> Option<Parts> {
        let mut parts = Parts::default();
        loop {
            let start = self.peek().span.0;
            let is_said = tested && self.is_any_word(0, &["was", "is"]);
            let repeated = if self.eat_word("where") {
                let filter = self.where_clause()?;
                parts.filter.replace(filter).is_some()
            } else if self.is_word(0, "from") && self.is_any_word(1, &["source", "sources"]) {
                let sources = self.sources(Counts::Read)?;
                parts.sources.replace(sources).is_some()
            } else if tested && self.eat_word("has") {
                let has = self.where_clause()?;
                parts.has.replace(has).is_some()
            } else if is_said || (tested && self.starts_window()) {
                if is_said {
                    self.bump();
                }
                let window = self.window()?;
                parts.window.replace(window).is_some()
            } else {
                return Some(parts);
            };
            if repeated {
                let span = self.span_from(start);
                self.report(
                    Problem::error(Code::RepeatedClause, "this event says the same kind of thing twice")
                        .span(span)
                        .expected("at most one `where`, one time, one `has` and one `from source`")
                        .suggestion("join several tests with `and`, in parentheses"),
                );
            }
        }
    }

    /// Whether `within 7 days of` or the like comes next.
    pub(super) fn starts_around(&self) -> bool {
        if !self.is_any_word(0, &["within", "in"]) {
            return false;
        }
        let at = 1 + usize::from(self.is_word(1, "the"));
        let at = at + usize::from(matches!(self.peek_at(at).kind, Kind::Number(_)));
        self.word(at).is_some_and(super::window::is_unit)
            && self.is_any_word(at + 1, &["of", "after", "before"])
    }

    pub(super) fn around(&mut self) -> Option<Around> {
        self.bump();
        self.eat_word("the");
        let span = self.span()?;
        let side = if self.is_word(0, "before") { Side::Before } else { Side::After };
        let joint = self.bump();
        let start = self.peek().span.0;
        let Some((rank, tokens)) = self.rank(0) else {
            let message = format!("which event is meant is not said: {} follows", self.written());
            let problem = Problem::error(Code::ExpectedEvent, message)
                .expected("`first`, `last`, `2nd` or the like, and an event's name in quotes");
            self.report(problem.span(joint.span));
            return None;
        };
        for _ in 0..tokens {
            self.bump();
        }
        let name = self.event_name(&rank.words())?;
        let parts = self.occurrence_parts(false)?;
        let (predicate, shape) = parts.filter.unzip();
        let event = EventFilter {
            subject: Subject::Events,
            name,
            predicate,
            sources: parts.sources.unwrap_or_default(),
        };
        let shape = Shape { span: self.span_from(start), parts: shape.into_iter().collect() };
        Some(Around { span, side, of: Occurrence { rank, event }, shape })
    }
}

impl Around {
    /// The condition that counts an event around the chosen one. What else was said of when is refused.
    pub(super) fn condition(
        self,
        parser: &mut Parser<'_>,
        start: usize,
        event: EventFilter<Named>,
        clauses: &Clauses,
        filter: Option<Shape>,
    ) -> Option<(Condition<Named>, Shape)> {
        let span = parser.span_from(start);
        if clauses.window.is_some() || clauses.periods.is_some() || clauses.days.is_some() {
            parser.report(
                Problem::error(Code::RepeatedClause, "this event has two times to be in")
                    .span(span)
                    .suggestion(
                        "say when the other event was in a condition of its own: `first \"Signed Up\" was in last 30 days and did ... within 7 days of first \"Signed Up\"`",
                    ),
            );
            return None;
        }
        let parts = vec![filter.unwrap_or_else(|| Shape::leaf(span)), self.shape];
        let count = clauses.count.unwrap_or_default();
        let leaf = WithinCondition { event, count, span: self.span, side: self.side, of: self.of };
        Some((Condition::Within(Box::new(leaf)), Shape { span, parts }))
    }
}
