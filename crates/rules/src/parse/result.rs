//! `in result "VIPs by SQL"`, also as `in query "VIPs by SQL"` and `alike "Like our regulars"`.

use super::Parser;
use super::lexer::Kind;
use super::shape::Shape;
use crate::ast::{Condition, Named, ResultCondition};

/// What stands before a result's name, after `in`.
const NOUNS: &[&str] = &["result", "query"];

impl Parser<'_> {
    pub(super) fn starts_result(&self, ahead: usize) -> bool {
        self.result_words(ahead).is_some()
    }

    /// How many words come before the result's name, and whether one of them is `not`.
    fn result_words(&self, start: usize) -> Option<(usize, bool)> {
        let is = usize::from(self.is_word(start, "is"));
        let negated = self.is_word(start + is, "not") && is == 1;
        let at = start + is + usize::from(negated);
        let the = usize::from(self.is_word(at + 1, "the"));
        if self.is_word(at, "in") && self.is_any_word(at + 1 + the, NOUNS) {
            return Some((at + 2 + the - start, negated));
        }
        let is_alike = self.is_word(at, "alike") && matches!(self.peek_at(at + 1).kind, Kind::Text(_));
        is_alike.then_some((at + 1 - start, negated))
    }

    pub(super) fn result_condition(&mut self) -> Option<(Condition<Named>, Shape)> {
        let start = self.peek().span.0;
        let (words, negated) = self.result_words(0)?;
        for _ in 0..words {
            self.bump();
        }
        let result = self.name("a recorded result's name")?;
        Some(self.perhaps_not(Condition::Result(ResultCondition { result }), negated, start))
    }
}
