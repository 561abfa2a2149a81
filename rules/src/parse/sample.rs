//! `in 10% sample "holdout spring"`: a share of all profiles, and the name that it is drawn under.

use segops_model::Decimal;

use super::Parser;
use super::lexer::Kind;
use super::shape::Shape;
use crate::ast::{Condition, Named, SampleCondition};
use crate::problem::{Code, Problem};

impl Parser<'_> {
    /// Whether `in 10%`, `in a 10% sample` or `in sample "..."` comes so many tokens ahead.
    pub(super) fn starts_sample(&self, ahead: usize) -> bool {
        if !self.is_word(ahead, "in") {
            return false;
        }
        let after = ahead + 1 + usize::from(self.is_any_word(ahead + 1, &["a", "an", "the"]));
        let is_share = matches!(self.peek_at(after).kind, Kind::Number(_))
            && (self.peek_at(after + 1).kind == Kind::Symbol("%")
                || self.is_any_word(after + 1, &["percent", "sample"]));
        is_share || (self.is_word(after, "sample") && matches!(self.peek_at(after + 1).kind, Kind::Text(_)))
    }

    pub(super) fn sample_condition(&mut self, start: usize) -> Option<(Condition<Named>, Shape)> {
        self.bump();
        let _ = self.eat_word("a") || self.eat_word("an") || self.eat_word("the");
        let before = match self.peek().kind {
            Kind::Number(_) => Some(self.percent()?),
            _ => None,
        };
        let _ = self.eat_word("of");
        if !self.eat_word("sample") {
            let message = format!("a share of all profiles is a `sample`, and {} follows", self.written());
            self.refuse(Problem::error(Code::ExpectedName, message).expected("`in 10% sample \"holdout\"`"));
            return None;
        }
        let salt = self.name("a sample's name")?;
        let percent = match before {
            Some(percent) => percent,
            None => self.percent()?,
        };
        let leaf = Condition::Sample(SampleCondition { percent, salt });
        Some((leaf, Shape::leaf(self.span_from(start))))
    }

    fn percent(&mut self) -> Option<Decimal> {
        let number = match self.peek().kind {
            Kind::Number(digits) => match Decimal::parse(digits) {
                Some(number) => number,
                None => return self.bad_number(),
            },
            _ => {
                let message = format!("a sample needs its share, and {} is none", self.written());
                self.refuse(Problem::error(Code::BadNumber, message).expected("a share such as `10%`"));
                return None;
            }
        };
        self.bump();
        if !self.eat(&Kind::Symbol("%")) && !self.eat_word("percent") {
            let message = format!("a sample's share is in percent, and {} follows it", self.written());
            self.refuse(Problem::error(Code::Unexpected, message).expected(format!("`{number}%`")));
            return None;
        }
        Some(number)
    }
}
