//! `did E`, with its clauses in any order: how often, where, when, from which sources.

use super::Parser;
use super::lexer::{Kind, Operator};
use super::shape::Shape;
use super::words::CLAUSE_WORDS;
use crate::ast::{
    Condition, CountTest, EventCondition, EventFilter, Named, PeriodRun, Predicate, Subject, Window,
};
use crate::problem::{Code, Problem};

#[derive(Default)]
pub(super) struct Clauses {
    pub(super) count: Option<CountTest>,
    pub(super) predicate: Option<(Predicate, Shape)>,
    pub(super) window: Option<Window>,
    pub(super) sources: Option<Vec<String>>,
    /// In how many of which periods.
    pub(super) periods: Option<(CountTest, PeriodRun)>,
    /// On how many different days.
    pub(super) days: Option<CountTest>,
}

/// Whether a comparison among the clauses says how often, or is left for what comes after them.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Counts {
    Read,
    /// What comes after them is compared with something.
    Awaited,
    Refused,
}

impl Parser<'_> {
    pub(super) fn event(&mut self) -> Option<(Condition<Named>, Shape)> {
        let start = self.bump().span.0;
        let negated = self.eat_word("not");
        if self.is_word(0, "sequence") && self.peek_at(1).kind == Kind::Open {
            return self.sequence_in_parentheses(start, negated);
        }
        let name = self.event_name("did")?;
        let clauses = self.clauses(Counts::Read)?;
        if self.starts_next_step() {
            return self.sequence_after(start, negated, name, clauses);
        }
        let (predicate, filter_shape) = clauses.predicate.clone().unzip();
        let sources = clauses.sources.clone().unwrap_or_default();
        let event = EventFilter { subject: Subject::Events, name, predicate, sources };
        let (leaf, shape) = if self.starts_around() {
            self.around()?.condition(self, start, event, &clauses, filter_shape)?
        } else {
            let leaf = match self.did_actively(start, &event, &clauses) {
                Some(active) => Condition::Active(Box::new(active)),
                None => {
                    let count = clauses.count.unwrap_or_default();
                    let window = clauses.window.unwrap_or_default();
                    Condition::Event(EventCondition { event, count, window })
                }
            };
            (leaf, Shape { span: self.span_from(start), parts: filter_shape.into_iter().collect() })
        };
        if !negated {
            return Some((leaf, shape));
        }
        Some((Condition::Not(Box::new(leaf)), Shape { span: shape.span, parts: vec![shape] }))
    }

    pub(super) fn event_name(&mut self, after: &str) -> Option<Option<String>> {
        if self.eat_words(&["any", "event"]) || self.eat_words(&["any", "events"]) {
            return Some(None);
        }
        let name = match &self.peek().kind {
            Kind::Text(text) => text.clone(),
            Kind::Word(word) if !CLAUSE_WORDS.contains(&word.to_ascii_lowercase().as_str()) => {
                (*word).to_owned()
            }
            _ => {
                let message = format!("`{after}` needs an event, and {} is none", self.written());
                self.refuse(
                    Problem::error(Code::ExpectedEvent, message)
                        .expected("an event's name in quotes, or `any event`"),
                );
                return None;
            }
        };
        let is_bare = matches!(self.bump().kind, Kind::Word(_));
        if is_bare && self.continues_name() {
            self.unquoted_name();
        }
        Some(Some(name))
    }

    pub(super) fn clauses(&mut self, counts: Counts) -> Option<Clauses> {
        let mut clauses = Clauses::default();
        loop {
            let start = self.peek().span.0;
            // Two dates are no time, but an aggregate can lie between them.
            let is_of_dates =
                self.is_word(0, "between") && matches!(self.peek_at(1).kind, Kind::Moment(_) | Kind::Text(_));
            let is_count = self.starts_count() || (is_of_dates && counts != Counts::Read);
            if is_count && counts != Counts::Read {
                return Some(clauses);
            }
            if self.starts_around() {
                return Some(clauses);
            }
            let counts_periods = counts == Counts::Read && clauses.days.is_none();
            let counts_days = counts == Counts::Read && clauses.periods.is_none();
            let repeated = if is_count {
                let count = self.count()?;
                let _ = self.eat_word("times") || self.eat_word("time");
                clauses.count.replace(count).is_some()
            } else if self.eat_word("where") {
                let predicate = self.where_clause()?;
                clauses.predicate.replace(predicate).is_some()
            } else if self.is_word(0, "from") && self.is_any_word(1, &["source", "sources"]) {
                let sources = self.sources(counts)?;
                clauses.sources.replace(sources).is_some()
            } else if counts_periods && self.starts_periods() {
                let periods = self.periods()?;
                clauses.periods.replace(periods).is_some()
            } else if counts_days && self.starts_days() {
                let days = self.days()?;
                clauses.days.replace(days).is_some()
            } else if self.starts_window() {
                let window = self.window()?;
                clauses.window.replace(window).is_some()
            } else {
                return Some(clauses);
            };
            if repeated {
                self.repeated_clause(start);
            }
        }
    }

    /// Says that the clause read last, from `start` on, is one too many.
    pub(super) fn repeated_clause(&mut self, start: usize) {
        let span = self.span_from(start);
        self.report(
            Problem::error(Code::RepeatedClause, "this event says the same kind of thing twice")
                .span(span)
                .expected("at most one count, one `where`, one time and one `from source`")
                .suggestion("for two requirements write two conditions, joined with `and`"),
        );
    }

    /// A predicate straight after `where`: in parentheses it ends with them, else it takes in every `and`
    /// and `or` that no condition follows.
    pub(super) fn where_clause(&mut self) -> Option<(Predicate, Shape)> {
        let was_open = std::mem::replace(&mut self.where_open, true);
        let predicate =
            if self.peek().kind == Kind::Open { self.part() } else { self.any_of_chain::<Predicate>() };
        self.where_open = was_open;
        predicate
    }

    pub(super) fn sources(&mut self, counts: Counts) -> Option<Vec<String>> {
        self.bump();
        self.bump();
        let mut sources = vec![self.name("a source's name")?];
        while self.peek().kind == Kind::Comma && self.is_source_after_comma(counts) {
            self.bump();
            sources.push(self.name("a source's name")?);
        }
        Some(sources)
    }

    /// In a list of conditions, a comma may also start the next condition, which has a test after its name. What
    /// is still to be compared with something cannot have ended there.
    fn is_source_after_comma(&self, counts: Counts) -> bool {
        if self.in_steps {
            return false;
        }
        if !self.in_list {
            return true;
        }
        let is_last = match self.peek_at(2).kind {
            _ if counts == Counts::Awaited => true,
            Kind::Comma | Kind::Close | Kind::End => true,
            Kind::Word(_) => self.is_any_word(2, &["and", "or", "where", "within"]),
            _ => false,
        };
        matches!(self.peek_at(1).kind, Kind::Text(_)) && is_last
    }

    pub(super) fn starts_count(&self) -> bool {
        match self.peek().kind {
            Kind::Operator(_) | Kind::Number(_) => true,
            Kind::Word(_) if self.is_word(0, "between") => !self.is_window_between(),
            Kind::Word(_) => {
                self.is_any_word(0, &["exactly", "once", "twice", "never"])
                    || (self.is_word(0, "at") && self.is_any_word(1, &["least", "most"]))
                    || (self.is_any_word(0, &["more", "less", "fewer"]) && self.is_word(1, "than"))
            }
            _ => false,
        }
    }

    /// `>= 2`, `at least twice`, `between 2 and 4`, `3`, `once`: a comparison of a count.
    pub(super) fn count(&mut self) -> Option<CountTest> {
        if self.eat_word("never") {
            return Some(CountTest::Exactly(0));
        }
        if self.eat_word("between") {
            let low = self.first_of_between(Self::whole_number)?;
            if !self.eat_word("and") {
                let message =
                    format!("`between` needs two numbers, and {} follows the first", self.written());
                self.refuse(Problem::error(Code::ExpectedCount, message).expected("`between 2 and 4 times`"));
                return None;
            }
            return Some(CountTest::Between(low, self.whole_number()?));
        }
        let test: fn(u64) -> CountTest = if let Some(operator) = self.operator(0) {
            self.bump();
            match operator {
                Operator::Equal => CountTest::Exactly,
                Operator::NotEqual => CountTest::Not,
                Operator::Less => CountTest::LessThan,
                Operator::AtMost => CountTest::AtMost,
                Operator::More => CountTest::MoreThan,
                Operator::AtLeast => CountTest::AtLeast,
            }
        } else if self.eat_words(&["at", "least"]) {
            CountTest::AtLeast
        } else if self.eat_words(&["at", "most"]) {
            CountTest::AtMost
        } else if self.eat_words(&["more", "than"]) {
            CountTest::MoreThan
        } else if self.eat_words(&["less", "than"]) || self.eat_words(&["fewer", "than"]) {
            CountTest::LessThan
        } else {
            self.eat_word("exactly");
            CountTest::Exactly
        };
        self.whole_number().map(test)
    }

    fn whole_number(&mut self) -> Option<u64> {
        let number = match self.peek().kind {
            Kind::Number(digits) => digits.trim_start_matches('+').parse().ok(),
            Kind::Word(_) if self.is_word(0, "once") => Some(1),
            Kind::Word(_) if self.is_word(0, "twice") => Some(2),
            _ => None,
        };
        if number.is_none() {
            let message = format!("{} is not a whole number of times", self.written());
            self.refuse(
                Problem::error(Code::ExpectedCount, message).expected("a whole number, such as `>= 2 times`"),
            );
            return None;
        }
        self.bump();
        number
    }
}
