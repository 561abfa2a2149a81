//! What is asked of one value: `is "DE"`, `>= 50`, `in ("a", "b")`, `matches "..."`.

use segops_model::{Decimal, Value};

use super::Parser;
use super::lexer::{Kind, Operator};
use super::window::bad_date;
use super::words::{TEST_WORDS, is_reserved};
use crate::ast::{Scalar, Test};
use crate::nearest::nearest;
use crate::problem::{Code, Problem};

/// Words that people use for what the language calls otherwise.
const SYNONYMS: &[(&str, &str)] = &[
    ("like", "contains"),
    ("includes", "contains"),
    ("include", "contains"),
    ("equal", "is"),
    ("eq", "is"),
    ("ne", "is not"),
    ("gt", ">"),
    ("gte", ">="),
    ("lt", "<"),
    ("lte", "<="),
    ("regex", "matches"),
    ("begins", "starts with"),
    ("isnt", "is not"),
    ("missing", "does not exist"),
    ("over", ">"),
    ("above", ">"),
    ("under", "<"),
    ("below", "<"),
    ("until", "before"),
];

impl Parser<'_> {
    /// A test and whether it minds case.
    pub(super) fn test(&mut self) -> Option<(Test, bool)> {
        let test = self.bare_test()?;
        let match_case = self.eat_words(&["match", "case"]) || self.eat_words(&["matching", "case"]);
        Some((test, match_case))
    }

    fn bare_test(&mut self) -> Option<Test> {
        if self.eat_word("is") {
            return self.after_is();
        }
        if let Some(operator) = self.operator(0) {
            self.bump();
            return match operator {
                Operator::Equal => self.value().map(Test::Is),
                Operator::NotEqual => self.value().map(Test::IsNot),
                Operator::Less => self.scalar().map(Test::LessThan),
                Operator::AtMost => self.scalar().map(Test::AtMost),
                Operator::More => self.scalar().map(Test::MoreThan),
                Operator::AtLeast => self.scalar().map(Test::AtLeast),
            };
        }
        for read in [Self::set_test, Self::text_test, Self::order_test] {
            if let Read::Done(test) = read(self) {
                return test;
            }
        }
        self.unknown_test();
        None
    }

    fn after_is(&mut self) -> Option<Test> {
        if self.eat_word("not") {
            if self.eat_word("in") {
                return self.values().map(Test::NotIn);
            }
            return self.value().map(Test::IsNot);
        }
        let is_test = self.operator(0).is_some()
            || self.is_any_word(0, &["in", "between", "before", "after", "since", "at", "more", "less"]);
        if is_test { self.bare_test() } else { self.value().map(Test::Is) }
    }

    fn set_test(&mut self) -> Read {
        Read::Done(if self.eat_words(&["not", "in"]) {
            self.values().map(Test::NotIn)
        } else if self.eat_word("in") {
            self.values().map(Test::In)
        } else if self.eat_words(&["contains", "any", "of"]) {
            self.values().map(Test::ContainsAny)
        } else if self.eat_words(&["contains", "all", "of"]) {
            self.values().map(Test::ContainsAll)
        } else if self.eat_words(&["contains", "none", "of"]) {
            self.values().map(Test::ContainsNone)
        } else if self.eat_word("length") {
            self.count().map(Test::Length)
        } else if self.is_word(0, "has") && !matches!(self.peek_at(1).kind, Kind::Text(_)) {
            self.bump();
            let count = self.count();
            let _ = self.eat_word("items") || self.eat_word("item");
            count.map(Test::Length)
        } else {
            return Read::Unread;
        })
    }

    fn text_test(&mut self) -> Read {
        Read::Done(if self.eat_word("contains") {
            self.value_text().map(Test::Contains)
        } else if self.eat_words(&["does", "not", "contain"]) {
            self.value_text().map(Test::NotContains)
        } else if self.eat_words(&["starts", "with"]) {
            self.value_text().map(Test::StartsWith)
        } else if self.eat_words(&["ends", "with"]) {
            self.value_text().map(Test::EndsWith)
        } else if self.eat_word("matches") {
            self.value_text().map(Test::Matches)
        } else if self.eat_word("exists") {
            Some(Test::Exists)
        } else if self.eat_words(&["does", "not", "exist"]) {
            Some(Test::NotExists)
        } else if self.eat_word("equals") {
            self.value().map(Test::Is)
        } else if self.eat_words(&["does", "not", "equal"]) {
            self.value().map(Test::IsNot)
        } else {
            return Read::Unread;
        })
    }

    fn order_test(&mut self) -> Read {
        Read::Done(if self.eat_word("between") {
            self.between()
        } else if self.eat_word("before") {
            self.moment().map(Test::Before)
        } else if self.eat_word("since") || self.eat_word("after") {
            self.moment().map(Test::Since)
        } else if self.eat_words(&["at", "least"]) {
            self.scalar().map(Test::AtLeast)
        } else if self.eat_words(&["at", "most"]) {
            self.scalar().map(Test::AtMost)
        } else if self.eat_words(&["more", "than"]) {
            self.scalar().map(Test::MoreThan)
        } else if self.eat_words(&["less", "than"]) {
            self.scalar().map(Test::LessThan)
        } else {
            return Read::Unread;
        })
    }

    pub(super) fn between(&mut self) -> Option<Test> {
        let low = self.first_of_between(Self::scalar)?;
        if !self.eat_word("and") {
            let message = format!("`between` needs two values, and {} follows the first", self.written());
            self.refuse(Problem::error(Code::ExpectedValue, message).expected("`between 1 and 5`"));
            return None;
        }
        Some(Test::Between(low, self.scalar()?))
    }

    fn unknown_test(&mut self) {
        let subject = self.at.checked_sub(1).map(|last| self.tokens[last].clone());
        let subject_text =
            subject.as_ref().and_then(|token| self.text.get(token.span.0..token.span.1)).unwrap_or("");
        let expected = "an operator, such as `is`, `is not`, `>=`, `in`, `contains`, `starts with`, `before` or `exists`";
        let written = self.written();
        let problem = match &self.peek().kind {
            Kind::Symbol(_) => self.unknown_symbol(),
            Kind::Word(word) if !self.is_any_word(0, &["and", "or"]) => {
                let is_path = matches!(subject.as_ref().map(|token| &token.kind), Some(Kind::Word(_)));
                let test_follows = self.operator(1).is_some()
                    || self
                        .word(1)
                        .is_some_and(|next| TEST_WORDS.contains(&next.to_ascii_lowercase().as_str()));
                if is_path && test_follows {
                    let name = format!("{subject_text} {word}");
                    let start = subject.as_ref().map_or(0, |token| token.span.0);
                    let span = (start, self.peek().span.1);
                    self.report(
                        Problem::error(
                            Code::MissingQuotes,
                            format!("`{name}` is several words without quotes"),
                        )
                        .span(span)
                        .suggestion(format!("write `\"{name}\"`")),
                    );
                    return;
                }
                let lower = word.to_ascii_lowercase();
                let meant = SYNONYMS
                    .iter()
                    .find(|(synonym, _)| *synonym == lower)
                    .map(|(_, meant)| (*meant).to_owned())
                    .or_else(|| nearest(word, TEST_WORDS));
                let problem = Problem::error(Code::UnknownOperator, format!("`{word}` is no operator"));
                match meant {
                    Some(meant) => problem.expected(expected).suggestion(format!("did you mean `{meant}`?")),
                    None => problem.expected(expected),
                }
            }
            Kind::Text(_) => Problem::error(
                Code::UnknownOperator,
                format!("there is no operator between `{subject_text}` and {written}"),
            )
            .expected(expected)
            .suggestion("for an event write `did` before its name"),
            _ => {
                Problem::error(Code::UnknownOperator, format!("`{subject_text}` is not tested for anything"))
                    .expected(expected)
                    .suggestion(format!("to ask whether it is set write `{subject_text} exists`"))
            }
        };
        self.refuse(problem);
    }

    fn values(&mut self) -> Option<Vec<Value>> {
        if self.peek().kind != Kind::Open {
            let message = format!("the values go in parentheses, and {} is none", self.written());
            self.refuse(Problem::error(Code::ExpectedList, message).expected("`(\"DE\", \"AT\")`"));
            return None;
        }
        let open = self.bump();
        let level = self.open;
        let was_in_list = std::mem::replace(&mut self.in_list, true);
        let mut values = Vec::new();
        let mut is_whole = true;
        while self.peek().kind != Kind::Close && self.peek().kind != Kind::End {
            match self.value() {
                Some(value) => values.push(value),
                None => {
                    is_whole = false;
                    self.recover(level);
                }
            }
            if !self.eat(&Kind::Comma) {
                break;
            }
        }
        self.in_list = was_in_list;
        if self.eat(&Kind::Close) {
            if values.is_empty() && is_whole {
                let span = self.span_from(open.span.0);
                self.report(
                    Problem::error(Code::EmptyList, "this list has no values")
                        .span(span)
                        .expected("at least one value, such as `(\"DE\", \"AT\")`"),
                );
                return None;
            }
            return is_whole.then_some(values);
        }
        if self.peek().kind == Kind::End {
            self.report(
                Problem::error(Code::UnclosedParenthesis, "this list of values is never closed")
                    .span(open.span)
                    .suggestion("add the missing `)`"),
            );
        } else {
            let message = format!("{} cannot follow a value in a list", self.written());
            self.refuse(Problem::error(Code::Unexpected, message).expected("`,` or `)`"));
        }
        None
    }

    pub(super) fn value(&mut self) -> Option<Value> {
        let value = match &self.peek().kind {
            Kind::Text(text) => Value::text(text.as_str()),
            Kind::Number(digits) => match Decimal::parse(digits) {
                Some(number) => Value::Number(number),
                None => return self.bad_number(),
            },
            Kind::Moment(text) => match text.parse::<crate::Moment>() {
                Ok(_) => Value::text(*text),
                Err(error) => {
                    self.refuse(bad_date(&error));
                    return None;
                }
            },
            Kind::Word(word) if word.eq_ignore_ascii_case("true") => Value::Bool(true),
            Kind::Word(word) if word.eq_ignore_ascii_case("false") => Value::Bool(false),
            _ => {
                self.no_value();
                return None;
            }
        };
        self.bump();
        Some(value)
    }

    fn no_value(&mut self) {
        let problem = match self.peek().kind {
            Kind::Word(word) if word.eq_ignore_ascii_case("null") || word.eq_ignore_ascii_case("empty") => {
                Problem::error(Code::UnsupportedValue, format!("nothing is compared with `{word}`"))
                    .suggestion("write `exists` or `does not exist`")
            }
            Kind::Word(word) if !is_reserved(word) => {
                Problem::error(Code::MissingQuotes, format!("`{word}` is a text without quotes"))
                    .suggestion(format!("write `\"{word}\"`"))
            }
            _ => Problem::error(Code::ExpectedValue, format!("{} is not a value", self.written()))
                .expected("a text in quotes, a number, `true` or `false`"),
        };
        self.refuse(problem);
    }

    pub(super) fn bad_number<T>(&mut self) -> Option<T> {
        let message = format!("{} is too large a number", self.written());
        self.refuse(
            Problem::error(Code::BadNumber, message)
                .expected("a number with at most 20 digits before the point"),
        );
        None
    }

    fn value_text(&mut self) -> Option<String> {
        match self.value()? {
            Value::Text(text) => Some(text.to_string()),
            other => other.scalar_text().map(|text| text.to_string()),
        }
    }

    /// A number or a date, the only things that have an order.
    pub(super) fn scalar(&mut self) -> Option<Scalar> {
        let scalar = match &self.peek().kind {
            Kind::Number(digits) => match Decimal::parse(digits) {
                Some(number) => Scalar::Number(number),
                None => return self.bad_number(),
            },
            Kind::Moment(_) => return self.moment().map(Scalar::Date),
            Kind::Text(text) => {
                let number = Decimal::parse(text).map(Scalar::Number);
                match text.parse().map(Scalar::Date).ok().or(number) {
                    Some(scalar) => scalar,
                    None => return self.no_scalar(),
                }
            }
            _ => return self.no_scalar(),
        };
        self.bump();
        Some(scalar)
    }

    fn no_scalar(&mut self) -> Option<Scalar> {
        let message = format!("{} has no order: it is neither a number nor a date", self.written());
        self.refuse(
            Problem::error(Code::ExpectedValue, message).expected("a number, or a date such as 2026-03-01"),
        );
        None
    }
}

/// What became of an attempt at a kind of test: not this kind, or read (perhaps badly).
enum Read {
    Unread,
    Done(Option<Test>),
}
