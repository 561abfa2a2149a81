//! `score churn_risk >= 0.7`, `score next_order in next 7 days`: a test of a score by its name.

use segops_model::Decimal;

use super::Parser;
use super::lexer::{Kind, Operator, is_word};
use super::shape::Shape;
use super::words::{TEST_WORDS, is_reserved};
use crate::ast::{Condition, Measure, Named, Scalar, ScoreCondition, ScoreTest, Test};
use crate::problem::{Code, Problem};

/// Words that after `score` say something of a trait that is called so, beside those that start a test.
const TRAIT_WORDS: &[&str] = &[
    "was",
    "were",
    "have",
    "changed",
    "anniversary",
    "month",
    "day",
    "today",
    "yesterday",
    "tomorrow",
    "this",
    "last",
    "next",
    "past",
    "previous",
    "coming",
    "on",
    "within",
    "equal",
];

/// Whether a score's name reads back as one when written without quotes.
pub(crate) fn is_bare_score(name: &str) -> bool {
    let says_more = |words: &[&str]| words.iter().any(|word| name.eq_ignore_ascii_case(word));
    is_word(name) && !is_reserved(name) && !says_more(TEST_WORDS) && !says_more(TRAIT_WORDS)
}

impl Parser<'_> {
    /// Whether a score's name comes after the word `score`, so many tokens ahead.
    pub(super) fn starts_score(&self, ahead: usize) -> bool {
        self.is_word(ahead, "score")
            && match &self.peek_at(ahead + 1).kind {
                Kind::Text(_) => true,
                Kind::Word(word) => is_bare_score(word),
                _ => false,
            }
    }

    /// The name of a score; [`starts_score`](Self::starts_score) holds.
    pub(super) fn score_name(&mut self) -> Option<String> {
        self.bump();
        self.name("a score's name")
    }

    pub(super) fn score_condition(&mut self) -> Option<(Condition<Named>, Shape)> {
        let start = self.peek().span.0;
        let score = self.score_name()?;
        if let Some(words) = self.in_ranking(0) {
            return self.ranked_by(Measure::Score(score), words, start);
        }
        let (test, negated) = self.score_test()?;
        let leaf = Condition::Score(ScoreCondition { score, test });
        let shape = Shape::leaf(self.span_from(start));
        if !negated {
            return Some((leaf, shape));
        }
        Some((Condition::Not(Box::new(leaf)), Shape { span: shape.span, parts: vec![shape] }))
    }

    /// The test of a score, and whether it is denied.
    fn score_test(&mut self) -> Option<(ScoreTest, bool)> {
        if self.eat_word("exists") {
            return Some((ScoreTest::Exists, false));
        }
        if self.eat_words(&["does", "not", "exist"]) {
            return Some((ScoreTest::Exists, true));
        }
        if self.starts_date_test() {
            self.eat_word("is");
            let is_denied = self.eat_word("not");
            return Some((ScoreTest::Date(self.date_window()?), is_denied));
        }
        let says_is = self.eat_word("is");
        let is_denied = self.eat_word("not");
        if self.eat_word("between") {
            let Test::Between(low, high) = self.between()? else { return None };
            let (Scalar::Number(low), Scalar::Number(high)) = (low, high) else {
                return self.no_score_bound();
            };
            return Some((ScoreTest::Between(low, high), is_denied));
        }
        let (make, is_unequal) = match self.score_comparison() {
            Some(comparison) => comparison,
            None if says_is => (ScoreTest::Exactly as fn(Decimal) -> ScoreTest, false),
            None => {
                let message =
                    format!("what is asked of the score is not said, and {} follows", self.written());
                self.refuse(Problem::error(Code::UnknownOperator, message).expected(
                    "a comparison such as `>= 0.7`, a time such as `in next 7 days`, or `in top 10%`",
                ));
                return None;
            }
        };
        match self.scalar()? {
            Scalar::Number(bound) => Some((make(bound), is_denied != is_unequal)),
            Scalar::Date(_) => self.no_score_bound(),
        }
    }

    /// A sign or words that compare, and whether it is the opposite that they make.
    fn score_comparison(&mut self) -> Option<(fn(Decimal) -> ScoreTest, bool)> {
        const WORDS: &[(&[&str], fn(Decimal) -> ScoreTest)] = &[
            (&["at", "least"], ScoreTest::AtLeast),
            (&["at", "most"], ScoreTest::AtMost),
            (&["more", "than"], ScoreTest::MoreThan),
            (&["higher", "than"], ScoreTest::MoreThan),
            (&["above"], ScoreTest::MoreThan),
            (&["over"], ScoreTest::MoreThan),
            (&["less", "than"], ScoreTest::LessThan),
            (&["lower", "than"], ScoreTest::LessThan),
            (&["below"], ScoreTest::LessThan),
            (&["under"], ScoreTest::LessThan),
            (&["equals"], ScoreTest::Exactly),
        ];
        if let Some(operator) = self.operator(0) {
            self.bump();
            return Some(match operator {
                Operator::Less => (ScoreTest::LessThan, false),
                Operator::AtMost => (ScoreTest::AtMost, false),
                Operator::More => (ScoreTest::MoreThan, false),
                Operator::AtLeast => (ScoreTest::AtLeast, false),
                Operator::Equal => (ScoreTest::Exactly, false),
                Operator::NotEqual => (ScoreTest::Exactly, true),
            });
        }
        let found = WORDS.iter().find(|(words, _)| self.are_words(words))?;
        self.eat_words(found.0);
        Some((found.1, false))
    }

    fn no_score_bound<T>(&mut self) -> Option<T> {
        let span = self.tokens[self.at.saturating_sub(1)].span;
        self.report(
            Problem::error(Code::ExpectedValue, "a score is compared with a number").span(span).expected(
                "such as `>= 0.7`; of a score that is a date a time: `in next 7 days`, `on 2026-03-01`",
            ),
        );
        None
    }
}
