//! When: spans, moments, calendar periods.

use super::Parser;
use super::lexer::Kind;
use crate::ast::Window;
use crate::nearest::nearest;
use crate::problem::{Code, Problem};
use crate::time::{CalendarPeriod, Moment, Span, Unit, Weekday};

const UNITS: &[(&str, Unit)] = &[
    ("second", Unit::Second),
    ("seconds", Unit::Second),
    ("sec", Unit::Second),
    ("s", Unit::Second),
    ("minute", Unit::Minute),
    ("minutes", Unit::Minute),
    ("min", Unit::Minute),
    ("mins", Unit::Minute),
    ("hour", Unit::Hour),
    ("hours", Unit::Hour),
    ("h", Unit::Hour),
    ("day", Unit::Day),
    ("days", Unit::Day),
    ("d", Unit::Day),
    ("week", Unit::Week),
    ("weeks", Unit::Week),
    ("w", Unit::Week),
    ("month", Unit::Month),
    ("months", Unit::Month),
    ("mo", Unit::Month),
    ("quarter", Unit::Quarter),
    ("quarters", Unit::Quarter),
    ("q", Unit::Quarter),
    ("year", Unit::Year),
    ("years", Unit::Year),
    ("y", Unit::Year),
];

const WEEKDAYS: &[(&str, Weekday)] = &[
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

const PERIODS: &[(&[&str], CalendarPeriod)] = &[
    (&["today"], CalendarPeriod::Today),
    (&["yesterday"], CalendarPeriod::Yesterday),
    (&["this", "week"], CalendarPeriod::ThisWeek),
    (&["last", "week"], CalendarPeriod::LastWeek),
    (&["this", "month"], CalendarPeriod::ThisMonth),
    (&["last", "month"], CalendarPeriod::LastMonth),
    (&["this", "quarter"], CalendarPeriod::ThisQuarter),
    (&["last", "quarter"], CalendarPeriod::LastQuarter),
    (&["this", "year"], CalendarPeriod::ThisYear),
    (&["last", "year"], CalendarPeriod::LastYear),
];

fn look_up<T: Copy>(table: &[(&str, T)], word: &str) -> Option<T> {
    table.iter().find(|(name, _)| word.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
}

/// The unit that a word names.
pub(super) fn unit_named(word: &str) -> Option<Unit> {
    look_up(UNITS, word)
}

pub(super) fn is_unit(word: &str) -> bool {
    unit_named(word).is_some()
}

impl Parser<'_> {
    /// Whether a unit of time stands so many tokens ahead.
    pub(super) fn is_unit_at(&self, ahead: usize) -> bool {
        self.word(ahead).is_some_and(|word| look_up(UNITS, word).is_some())
    }

    pub(super) fn weekday_at(&self, ahead: usize) -> Option<Weekday> {
        self.word(ahead).and_then(|word| look_up(WEEKDAYS, word))
    }

    pub(super) fn starts_window(&self) -> bool {
        const STARTS: &[&str] = &[
            "in",
            "within",
            "during",
            "last",
            "this",
            "today",
            "yesterday",
            "on",
            "since",
            "after",
            "before",
            "from",
            "between",
            "ever",
        ];
        if self.is_word(0, "in") && self.is_any_word(1, &["segment", "segments"]) {
            return false;
        }
        self.is_any_word(0, STARTS)
            || self.are_words(&["all", "time"])
            || self.are_words(&["of", "all", "time"])
    }

    /// Whether `between` speaks of time, not of a count.
    pub(super) fn is_window_between(&self) -> bool {
        let is_unit =
            |ahead| matches!(self.peek_at(ahead).kind, Kind::Word(word) if look_up(UNITS, word).is_some());
        let is_moment = |ahead| matches!(self.peek_at(ahead).kind, Kind::Moment(_) | Kind::Text(_));
        let is_ago = |ahead: usize| self.is_word(ahead, "ago") || self.is_word(ahead + 1, "ago");
        is_moment(1) || is_unit(2) || (self.is_word(2, "and") && (is_unit(4) || is_moment(3) || is_ago(4)))
    }

    pub(super) fn window(&mut self) -> Option<Window> {
        if self.eat_word("ever") || self.eat_words(&["all", "time"]) || self.eat_words(&["of", "all", "time"])
        {
            return Some(Window::AllTime);
        }
        if self.eat_word("between") {
            return self.ago();
        }
        if self.eat_word("on") {
            return self.on();
        }
        if self.eat_word("since") || self.eat_word("after") {
            if let Some(day) = self.weekday_at(0) {
                self.bump();
                return Some(Window::SinceWeekday(day));
            }
            return Some(Window::Range { from: Some(self.moment()?), to: None });
        }
        if self.eat_word("before") {
            return Some(Window::Range { from: None, to: Some(self.moment()?) });
        }
        if self.eat_word("from") {
            let from = self.moment()?;
            if !self.eat_word("to") && !self.eat_word("until") {
                let message = format!("`from` a date needs its end, and {} follows", self.written());
                self.refuse(
                    Problem::error(Code::ExpectedDate, message)
                        .expected("`from 2026-01-01 to 2026-04-01`")
                        .suggestion("for no end write `since`"),
                );
                return None;
            }
            return Some(Window::Range { from: Some(from), to: Some(self.moment()?) });
        }
        self.last_or_period()
    }

    /// `in last 90 days` counts back from now; `last week` without `in` is the calendar's.
    fn last_or_period(&mut self) -> Option<Window> {
        let is_rolling = self.is_any_word(0, &["in", "within", "during"]);
        if is_rolling {
            self.bump();
            self.eat_word("the");
        }
        let counts_back = self.is_any_word(0, &["last", "past"]);
        let has_number = matches!(self.peek_at(1).kind, Kind::Number(_));
        if counts_back && (is_rolling || has_number) {
            self.bump();
            return self.span().map(Window::Last);
        }
        for (words, period) in PERIODS {
            if self.eat_words(words) {
                return Some(Window::Calendar(*period));
            }
        }
        if is_rolling && has_number_and_unit(self) {
            let message = "a time in the past needs `last`";
            self.refuse(Problem::error(Code::Unexpected, message).suggestion("write `in last 90 days`"));
            return None;
        }
        let message = format!("{} is no time that events can be in", self.written());
        self.refuse(
            Problem::error(Code::ExpectedDate, message)
                .expected("`in last 90 days`, `today`, `this week`, `last month`, `since 2026-03-01`, ..."),
        );
        None
    }

    fn ago(&mut self) -> Option<Window> {
        if matches!(self.peek().kind, Kind::Moment(_) | Kind::Text(_)) {
            self.refuse(
                Problem::error(
                    Code::Unexpected,
                    "`between` two dates does not say whether the last day counts",
                )
                .suggestion("write `from 2026-01-01 to 2026-04-01`, which ends before the second date"),
            );
            return self.first_of_between(|_| None);
        }
        let near_count = self.first_of_between(Self::span_count)?;
        let near_unit = if self.is_word(0, "and") { None } else { Some(self.first_of_between(Self::unit)?) };
        if !self.eat_word("and") {
            let message = format!("`between` needs two times, and {} follows the first", self.written());
            self.refuse(Problem::error(Code::Unexpected, message).expected("`between 30 and 60 days ago`"));
            return None;
        }
        let far = self.span()?;
        if !self.eat_word("ago") {
            let message = format!("a time span in the past ends with `ago`, and {} follows", self.written());
            self.refuse(Problem::error(Code::Unexpected, message).expected("`between 30 and 60 days ago`"));
            return None;
        }
        Some(Window::Ago { near: Span { count: near_count, unit: near_unit.unwrap_or(far.unit) }, far })
    }

    fn on(&mut self) -> Option<Window> {
        let span = self.peek().span;
        match self.moment()? {
            Moment::Date(date) => Some(Window::On(date)),
            Moment::Local(_) | Moment::Instant(_) => {
                self.report(
                    Problem::error(Code::BadDate, "`on` takes a whole day, without a time")
                        .span(span)
                        .expected("`on 2026-03-01`"),
                );
                None
            }
        }
    }

    /// `90 days`; a unit alone is one of it.
    pub(super) fn span(&mut self) -> Option<Span> {
        let count = if matches!(self.peek().kind, Kind::Number(_)) { self.span_count()? } else { 1 };
        Some(Span { count, unit: self.unit()? })
    }

    pub(super) fn span_count(&mut self) -> Option<u32> {
        let count = match self.peek().kind {
            Kind::Number(digits) => digits.trim_start_matches('+').parse().ok(),
            _ => None,
        };
        if count.is_none() {
            let message = format!("{} is not a whole number of days, weeks or the like", self.written());
            self.refuse(
                Problem::error(Code::BadNumber, message)
                    .expected("a whole number, such as `90 days`")
                    .suggestion("for a part of a day write hours"),
            );
            return None;
        }
        self.bump();
        count
    }

    pub(super) fn unit(&mut self) -> Option<Unit> {
        let word = self.word(0).unwrap_or_default();
        if let Some(unit) = look_up(UNITS, word) {
            self.bump();
            return Some(unit);
        }
        let expected = "seconds, minutes, hours, days, weeks, months, quarters or years";
        let problem = if word.is_empty() || self.is_any_word(0, &["and", "or", "where", "from"]) {
            let message = format!("a time span needs its unit, and {} follows", self.written());
            Problem::error(Code::ExpectedUnit, message).expected(expected)
        } else if word.eq_ignore_ascii_case("m") {
            Problem::error(Code::UnknownUnit, "`m` may be minutes or months")
                .suggestion("write `minutes` or `months`")
        } else {
            let problem =
                Problem::error(Code::UnknownUnit, format!("`{word}` is no unit of time")).expected(expected);
            let long = UNITS.iter().map(|(name, _)| *name).filter(|name| name.len() > 3);
            match nearest(word, long) {
                Some(unit) => problem.suggestion(format!("did you mean `{unit}`?")),
                None => problem,
            }
        };
        self.refuse(problem);
        None
    }

    /// A date, bare or in quotes.
    pub(super) fn moment(&mut self) -> Option<Moment> {
        let text = match &self.peek().kind {
            Kind::Moment(text) => (*text).to_owned(),
            Kind::Text(text) => text.clone(),
            _ => {
                let message = format!("{} is not a date", self.written());
                self.refuse(
                    Problem::error(Code::ExpectedDate, message)
                        .expected("a date, such as 2026-03-01, 2026-03-01T12:00 or 2026-03-01T12:00:00Z"),
                );
                return None;
            }
        };
        match text.parse() {
            Ok(moment) => {
                self.bump();
                Some(moment)
            }
            Err(error) => {
                self.refuse(bad_date(&error));
                None
            }
        }
    }
}

pub(super) fn bad_date(error: &str) -> Problem {
    match error.split_once("; ") {
        Some((message, suggestion)) => Problem::error(Code::BadDate, message).suggestion(suggestion),
        None => Problem::error(Code::BadDate, error),
    }
}

fn has_number_and_unit(parser: &Parser<'_>) -> bool {
    matches!(parser.peek().kind, Kind::Number(_))
}
