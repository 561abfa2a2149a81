//! One condition, or one test inside `where`; and what to say where there is neither.

use segops_model::Path;

use super::Parser;
use super::lexer::Kind;
use super::shape::Shape;
use super::words::{CLAUSE_WORDS, TEST_WORDS, is_reserved};
use crate::ast::{Condition, ItemTest, Measure, Named, Predicate, PropertyTest, StateTest, TraitCondition};
use crate::problem::{Code, Problem};

impl Parser<'_> {
    pub(super) fn condition(&mut self) -> Option<(Condition<Named>, Shape)> {
        let start = self.peek().span.0;
        if self.starts_membership(0) {
            return self.membership();
        }
        if self.is_word(0, "did") {
            return self.event();
        }
        if self.starts_aggregate(0) {
            return self.aggregate_condition();
        }
        if self.starts_occurrence(0) {
            return self.occurrence_condition();
        }
        if self.starts_active(0) {
            return self.active_condition();
        }
        if self.starts_cadence(0) {
            return self.cadence();
        }
        if self.starts_orders(0) {
            return self.order_condition();
        }
        if self.starts_ranking(0) {
            return self.ranking_condition();
        }
        if self.starts_score(0) {
            return self.score_condition();
        }

        if self.starts_place(0) {
            return self.place_condition();
        }
        let is_after = usize::from(self.is_word(0, "is"));
        if self.starts_sample(is_after) {
            if is_after == 1 {
                self.bump();
            }
            return self.sample_condition(start);
        }
        let is_prefix = self.is_word(0, "trait")
            && match self.peek_at(1).kind {
                Kind::Text(_) => true,
                Kind::Word(word) => self.word(2).is_some() || !TEST_WORDS.contains(&word),
                _ => false,
            };
        if is_prefix {
            self.bump();
        }
        let path = self.path(is_prefix)?;
        if let Some(words) = self.in_ranking(0) {
            return self.ranked_by(Measure::Trait(path), words, start);
        }

        if self.starts_history() {
            return self.history_condition(path, start);
        }
        if self.starts_date_test() {
            return self.date_condition(path, start);
        }
        let (test, match_case) = self.test()?;
        if self.is_word(0, "for") {
            let held = self.held(StateTest { match_case, test })?;
            return Some(self.history_leaf(path, held, start));
        }
        let leaf = TraitCondition { path, match_case, test };
        Some((Condition::Trait(leaf), Shape::leaf(self.span_from(start))))
    }

    pub(super) fn predicate(&mut self) -> Option<(Predicate, Shape)> {
        let start = self.peek().span.0;
        if self.is_word(0, "did") && matches!(self.peek_at(1).kind, Kind::Text(_)) {
            self.refuse(
                Problem::error(
                    Code::Unexpected,
                    "`did` cannot stand inside `where`, which tests properties of one event",
                )
                .suggestion("close the parenthesis before it"),
            );
            return None;
        }
        let is_prefix =
            self.is_word(0, "property") && matches!(self.peek_at(1).kind, Kind::Text(_) | Kind::Word(_));
        if is_prefix {
            self.bump();
        }
        let each = match &self.peek().kind {
            Kind::Word(word) => word.ends_with("[]"),
            Kind::Text(text) => text.ends_with("[]"),
            _ => false,
        };
        let path = self.path(is_prefix)?;
        if each && self.peek().kind == Kind::Open {
            let (inner, shape) = self.enclosed(Self::any_of_chain::<Predicate>)?;
            let item = Predicate::Item(ItemTest { list: path, predicate: Box::new(inner) });
            return Some((item, Shape { span: self.span_from(start), parts: vec![shape] }));
        }
        let (test, match_case) = self.test()?;
        let leaf = PropertyTest { property: path, match_case, test };
        Some((Predicate::Property(leaf), Shape::leaf(self.span_from(start))))
    }

    /// A trait's or property's path. A list as such (`tags[]`) is the same as its name: a test on a list
    /// holds if any element satisfies it.
    pub(super) fn path(&mut self, is_prefixed: bool) -> Option<Path> {
        let text = match &self.peek().kind {
            Kind::Text(text) => text.clone(),
            Kind::Word(word) if is_prefixed || !is_reserved(word) => (*word).to_owned(),
            _ => {
                self.expected_condition();
                return None;
            }
        };
        match text.strip_suffix("[]").unwrap_or(&text).parse() {
            Ok(path) => {
                self.bump();
                Some(path)
            }
            Err(error) => {
                self.refuse(Problem::error(Code::BadPath, format!("{error}")));
                None
            }
        }
    }

    /// A name in quotes, or one bare word.
    pub(super) fn name(&mut self, what: &str) -> Option<String> {
        let name = match &self.peek().kind {
            Kind::Text(text) => text.clone(),
            Kind::Word(word) if !self.is_any_word(0, &["and", "or"]) => (*word).to_owned(),
            _ => {
                let message = format!("{} is not {what}", self.written());
                self.refuse(
                    Problem::error(Code::ExpectedName, message).expected(format!("{what} in quotes")),
                );
                return None;
            }
        };
        self.bump();
        Some(name)
    }

    pub(super) fn expected_condition(&mut self) {
        let message = match self.peek().kind {
            Kind::End if self.at == 0 => "the rule is empty".to_owned(),
            Kind::End => "the rule ends where a condition should be".to_owned(),
            _ => format!("{} starts no condition", self.written()),
        };
        let problem = Problem::error(Code::ExpectedCondition, message).expected(
            "a condition, such as `did \"Order Completed\"`, `country is \"DE\"` or `in segment \"VIP\"`",
        );
        let reserved = self.word(0).filter(|word| is_reserved(word) && !self.is_any_word(0, &["and", "or"]));
        self.refuse(match reserved {
            Some(word) => {
                problem.suggestion(format!("for a trait or property of that name write `\"{word}\"`"))
            }
            None => problem,
        });
    }

    /// Says why the next token cannot follow what was read.
    pub(super) fn unexpected(&mut self) {
        let written = self.written();
        let problem = match &self.peek().kind {
            Kind::Close => Problem::error(Code::UnopenedParenthesis, "this `)` closes nothing")
                .suggestion("take it out, or add the missing `(`"),
            Kind::Symbol("&&" | "&") => {
                Problem::error(Code::UnknownOperator, format!("{written} joins nothing"))
                    .suggestion("write `and`")
            }
            Kind::Symbol("||" | "|") => {
                Problem::error(Code::UnknownOperator, format!("{written} joins nothing"))
                    .suggestion("write `or`")
            }
            Kind::Symbol(_) => self.unknown_symbol(),
            Kind::Word(word) if word.eq_ignore_ascii_case("times") || word.eq_ignore_ascii_case("time") => {
                Problem::error(Code::Unexpected, "only events are counted in times").suggestion(
                    "for an event write `did` before its name: `did \"Order Completed\" >= 2 times`",
                )
            }
            _ if self.starts_condition(0) => {
                let message = format!("nothing joins {written} to the condition before it");
                Problem::error(Code::Unexpected, message).suggestion("put `and` or `or` between them")
            }
            Kind::Comma => Problem::error(Code::Unexpected, "a comma joins nothing here")
                .suggestion("join conditions with `and` or `or`, or list them in `any of (..., ...)`"),
            _ => Problem::error(Code::Unexpected, format!("{written} cannot follow here"))
                .expected("`and`, `or` or the end of the condition"),
        };
        self.refuse(problem);
    }

    pub(super) fn unknown_symbol(&self) -> Problem {
        let problem = Problem::error(Code::UnknownOperator, format!("{} is no operator", self.written()));
        match self.peek().kind {
            Kind::Symbol("=>" | ">==") => problem.suggestion("write `>=`"),
            Kind::Symbol("=<" | "<==") => problem.suggestion("write `<=`"),
            Kind::Symbol("===") => problem.suggestion("write `=`"),
            Kind::Symbol("!==" | "=!" | "><") => problem.suggestion("write `!=`"),
            Kind::Symbol("!") => problem.suggestion("write `not` before the condition"),
            _ => problem.expected("`=`, `!=`, `<`, `<=`, `>` or `>=`"),
        }
    }

    /// Whether the next token is a bare word that can only be more of a name.
    pub(super) fn continues_name(&self) -> bool {
        self.word(0).is_some_and(|word| !is_clause(word) && !is_reserved(word))
    }

    /// Takes in the rest of a name of several words without quotes, and says so.
    pub(super) fn unquoted_name(&mut self) {
        let start = self.tokens[self.at.saturating_sub(1)].span.0;
        while self.continues_name() {
            self.bump();
        }
        let span = self.span_from(start);
        let name = self.text.get(span.0..span.1).unwrap_or_default();
        self.report(
            Problem::error(Code::MissingQuotes, format!("`{name}` is several words without quotes"))
                .span(span)
                .suggestion(format!("write `\"{name}\"`")),
        );
    }
}

fn is_clause(word: &str) -> bool {
    CLAUSE_WORDS.iter().any(|clause| word.eq_ignore_ascii_case(clause))
}
