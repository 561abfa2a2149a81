//! A date that a trait holds: `renewal_date in next 30 days`, `birthday anniversary today`,
//! `birthday month is May`.

use segops_model::Path;

use super::Parser;
use super::lexer::Kind;
use super::shape::Shape;
use crate::ast::{Condition, DatePeriod, DateTest, DateWindow, MonthDay, Named, TraitDateCondition, Window};
use crate::problem::{Code, Problem};
use crate::time::Span;

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

fn month_number(word: &str) -> Option<u8> {
    let word = word.to_ascii_lowercase();
    let at = MONTHS.iter().position(|month| *month == word || (word.len() == 3 && month.starts_with(&word)));
    at.and_then(|at| u8::try_from(at + 1).ok())
}

/// Which part of a date is asked for.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    Month,
    Day,
    MonthDay,
}

impl Parser<'_> {
    /// What follows a trait's path, if it asks for a date; how many words of it say no more than `is` or `not`.
    pub(super) fn starts_date_test(&self) -> bool {
        let said = self.words_before_date_test();
        (self.is_word(said, "anniversary") && self.starts_date_window(said + 1))
            || self.starts_date_window(said)
            || (said == 0 && self.part_of_date().is_some())
            || (self.is_word(said, "in")
                && self.word(said + 1).is_some_and(|word| month_number(word).is_some()))
    }

    fn words_before_date_test(&self) -> usize {
        let is = usize::from(self.is_word(0, "is"));
        is + usize::from(self.is_word(is, "not"))
    }

    fn part_of_date(&self) -> Option<(Part, usize)> {
        let (part, words) = if self.are_words(&["month", "and", "day"]) {
            (Part::MonthDay, 3)
        } else if self.is_word(0, "month") {
            (Part::Month, 1)
        } else if self.is_word(0, "day") {
            (Part::Day, 1)
        } else {
            return None;
        };
        let is_asked = self.operator(words).is_some() || self.is_any_word(words, &["is", "in", "not"]);
        is_asked.then_some((part, words))
    }

    fn starts_date_window(&self, at: usize) -> bool {
        let counts = |word: usize| self.is_any_word(word, &["last", "past", "next", "previous", "coming"]);
        let is_period = DatePeriod::WORDS.iter().any(|(_, words)| {
            words.split(' ').enumerate().all(|(ahead, word)| self.is_word(at + ahead, word))
        });
        let is_number = |word: usize| matches!(self.peek_at(word).kind, Kind::Number(_));
        if is_period || (counts(at) && is_number(at + 1)) {
            return true;
        }
        if self.is_any_word(at, &["in", "within"]) {
            let after = at + 1 + usize::from(self.is_word(at + 1, "the"));
            return counts(after)
                || (self.is_any_word(after, &["past", "future"]) && after > at)
                || self.is_any_word(after, &["this"]);
        }
        if self.is_any_word(at, &["on", "from"]) {
            return matches!(self.peek_at(at + 1).kind, Kind::Moment(_) | Kind::Text(_));
        }
        if self.is_any_word(at, &["since", "after"]) {
            return self.weekday_at(at + 1).is_some();
        }
        if self.is_word(at, "between") {
            return self.is_unit_at(at + 2) || (self.is_word(at + 2, "and") && self.is_unit_at(at + 4));
        }
        (self.is_word(at, "at") && self.is_word(at + 1, "least")
            || self.is_any_word(at, &["more", "less"]) && self.is_word(at + 1, "than"))
            && is_number(at + 2)
            && self.is_unit_at(at + 3)
    }

    /// The condition on a trait whose path was read; [`starts_date_test`](Self::starts_date_test) holds.
    pub(super) fn date_condition(&mut self, path: Path, start: usize) -> Option<(Condition<Named>, Shape)> {
        let mut negated = false;
        let test = match self.part_of_date() {
            Some((part, words)) => {
                for _ in 0..words {
                    self.bump();
                }
                let (test, not) = self.part_test(part)?;
                negated = not;
                test
            }
            None => {
                self.eat_word("is");
                negated = self.eat_word("not") || negated;
                let is_month = self.is_word(0, "in") && self.word(1).and_then(month_number).is_some();
                if is_month {
                    self.bump();
                    DateTest::Month(vec![self.month()?])
                } else if self.is_word(0, "anniversary") {
                    self.bump();
                    DateTest::Anniversary(self.date_window()?)
                } else {
                    DateTest::Date(self.date_window()?)
                }
            }
        };
        let leaf = Condition::TraitDate(TraitDateCondition { path, test });
        let shape = Shape::leaf(self.span_from(start));
        if !negated {
            return Some((leaf, shape));
        }
        let outer = Shape { span: shape.span, parts: vec![shape] };
        Some((Condition::Not(Box::new(leaf)), outer))
    }

    /// `is May`, `in (5, 6)`, `is not 17`; and whether it is denied.
    fn part_test(&mut self, part: Part) -> Option<(DateTest, bool)> {
        let negated = match self.operator(0) {
            Some(super::Operator::Equal) => {
                self.bump();
                false
            }
            Some(super::Operator::NotEqual) => {
                self.bump();
                true
            }
            Some(_) => {
                let message = format!("a month or a day is one or another, and {} follows", self.written());
                self.refuse(Problem::error(Code::UnknownOperator, message).expected("`is` or `in (...)`"));
                return None;
            }
            None => {
                self.eat_word("is");
                self.eat_word("not")
            }
        };
        let is_list = self.eat_word("in") || self.peek().kind == Kind::Open;
        let test = match part {
            Part::Month => DateTest::Month(self.one_or_list(is_list, Self::month)?),
            Part::Day => DateTest::Day(self.one_or_list(is_list, Self::day_of_month)?),
            Part::MonthDay => DateTest::MonthDay(self.one_or_list(is_list, Self::month_day)?),
        };
        Some((test, negated))
    }

    fn one_or_list<T>(
        &mut self,
        is_list: bool,
        read: impl Fn(&mut Self) -> Option<T> + Copy,
    ) -> Option<Vec<T>> {
        if !is_list || self.peek().kind != Kind::Open {
            return read(self).map(|one| vec![one]);
        }
        self.bump();
        let mut list = Vec::new();
        loop {
            list.push(read(self)?);
            if self.eat(&Kind::Comma) {
                continue;
            }
            if self.eat(&Kind::Close) {
                return Some(list);
            }
            let message = format!("{} cannot follow in this list", self.written());
            self.refuse(Problem::error(Code::Unexpected, message).expected("`,` or `)`"));
            return None;
        }
    }

    fn month(&mut self) -> Option<u8> {
        let number = match &self.peek().kind {
            Kind::Number(digits) => digits.parse().ok(),
            Kind::Word(word) => month_number(word),
            Kind::Text(text) => month_number(text.trim()).or_else(|| text.trim().parse().ok()),
            _ => None,
        };
        self.part_or_refuse(number, "a month", "a month's name or its number, such as `May` or `5`")
    }

    fn day_of_month(&mut self) -> Option<u8> {
        let number = match &self.peek().kind {
            Kind::Number(digits) => digits.parse().ok(),
            Kind::Text(text) => text.trim().parse().ok(),
            _ => None,
        };
        self.part_or_refuse(number, "a day of a month", "a number from 1 to 31")
    }

    /// `"05-17"`, `17 May` or `May 17`.
    fn month_day(&mut self) -> Option<MonthDay> {
        let number = |kind: &Kind<'_>| match kind {
            Kind::Number(digits) => digits.parse::<u8>().ok(),
            _ => None,
        };
        let named = |kind: &Kind<'_>| match kind {
            Kind::Word(word) => month_number(word),
            _ => None,
        };
        let (first, second) = (&self.peek().kind, &self.peek_at(1).kind);
        let pair = named(first)
            .zip(number(second))
            .or_else(|| named(second).zip(number(first)))
            .and_then(|(month, day)| MonthDay::new(month, day));
        if pair.is_some() {
            self.bump();
        }
        let day = match &self.peek().kind {
            Kind::Text(text) if pair.is_none() => text.parse().ok(),
            _ => pair,
        };
        self.part_or_refuse(day, "a day of the year", "a month and a day, such as `\"05-17\"` or `17 May`")
    }

    fn part_or_refuse<T>(&mut self, part: Option<T>, what: &str, expected: &str) -> Option<T> {
        if part.is_none() {
            let message = format!("{} is not {what}", self.written());
            self.refuse(Problem::error(Code::BadDate, message).expected(expected));
            return None;
        }
        self.bump();
        part
    }

    pub(super) fn date_window(&mut self) -> Option<DateWindow> {
        if self.eat_words(&["at", "least"]) || self.eat_words(&["more", "than"]) {
            let span = self.span()?;
            return Some(if self.is_ahead()? {
                DateWindow::AtLeastFromNow(span)
            } else {
                DateWindow::AtLeastAgo(span)
            });
        }
        if self.eat_words(&["less", "than"]) {
            let span = self.span()?;
            return Some(if self.is_ahead()? { DateWindow::Next(span) } else { DateWindow::Last(span) });
        }
        if self.eat_word("between") {
            let (near, far) = self.two_spans()?;
            return Some(if self.is_ahead()? {
                DateWindow::FromNow { near, far }
            } else {
                DateWindow::Ago { near, far }
            });
        }
        if self.is_any_word(0, &["on", "from", "since", "after"]) {
            return match self.window()? {
                Window::On(date) => Some(DateWindow::On(date)),
                Window::Range { from: Some(from), to: Some(to) } => Some(DateWindow::Range { from, to }),
                Window::SinceWeekday(day) => Some(DateWindow::SinceWeekday(day)),
                _ => None,
            };
        }
        let is_rolling = self.is_any_word(0, &["in", "within"]);
        if is_rolling {
            self.bump();
            self.eat_word("the");
        }
        let has_number = matches!(self.peek_at(1).kind, Kind::Number(_));
        let is_unit = self.is_unit_at(1);
        if is_rolling && !has_number && !is_unit {
            if self.eat_word("past") {
                return Some(DateWindow::Past);
            }
            if self.eat_word("future") {
                return Some(DateWindow::Future);
            }
        }
        if is_rolling || has_number {
            if self.eat_word("last") || self.eat_word("past") || self.eat_word("previous") {
                return self.span().map(DateWindow::Last);
            }
            if self.eat_word("next") || self.eat_word("coming") {
                return self.span().map(DateWindow::Next);
            }
        }
        for (period, words) in DatePeriod::WORDS {
            let words: Vec<&str> = words.split(' ').collect();
            if self.eat_words(&words) {
                return Some(DateWindow::Calendar(period));
            }
        }
        let message = format!("{} is no time that a date can be in", self.written());
        self.refuse(
            Problem::error(Code::ExpectedDate, message)
                .expected("`in next 30 days`, `in last 3 days`, `today`, `this month`, `on 2026-03-01`, ..."),
        );
        None
    }

    /// Whether a time counted from now lies ahead of it: `from now`, or else `ago`.
    fn is_ahead(&mut self) -> Option<bool> {
        if self.eat_words(&["from", "now"]) {
            return Some(true);
        }
        if self.eat_word("ago") {
            return Some(false);
        }
        let message = format!("this time does not say which way it counts, and {} follows", self.written());
        self.refuse(Problem::error(Code::Unexpected, message).expected("`ago` or `from now`"));
        None
    }

    fn two_spans(&mut self) -> Option<(Span, Span)> {
        let count = self.first_of_between(Self::span_count)?;
        let unit = if self.is_word(0, "and") { None } else { Some(self.first_of_between(Self::unit)?) };
        if !self.eat_word("and") {
            let message = format!("`between` needs two times, and {} follows the first", self.written());
            self.refuse(Problem::error(Code::Unexpected, message).expected("`between 30 and 60 days ago`"));
            return None;
        }
        let far = self.span()?;
        Some((Span { count, unit: unit.unwrap_or(far.unit) }, far))
    }
}
