//! What a trait was: `plan has been "gold" for at least 30 days`,
//! `status changed from "trial" to "paid" in last 7 days`, `plan was "gold" on 2026-03-01`.

use segops_model::Path;

use super::Parser;
use super::lexer::{Kind, Operator};
use super::shape::Shape;
use super::words::TEST_WORDS;
use crate::ast::{Condition, HeldFor, HistoryTest, Named, PastTime, StateTest, Test, TraitHistoryCondition};
use crate::lists::negative;
use crate::problem::{Code, Problem};
use crate::time::Moment;

impl Parser<'_> {
    /// Whether what follows a trait's path asks for its history.
    pub(super) fn starts_history(&self) -> bool {
        self.is_any_word(0, &["changed", "was", "were"]) || self.has_been().is_some()
    }

    /// How many words `has been` takes, and whether they deny what follows.
    fn has_been(&self) -> Option<(usize, bool)> {
        if !self.is_any_word(0, &["has", "have"]) {
            return None;
        }
        if self.is_word(1, "been") {
            return Some((2, false));
        }
        (self.is_word(1, "not") && self.is_word(2, "been")).then_some((3, true))
    }

    /// The condition on a trait whose path was read; [`starts_history`](Self::starts_history) holds.
    pub(super) fn history_condition(
        &mut self,
        path: Path,
        start: usize,
    ) -> Option<(Condition<Named>, Shape)> {
        let test = match self.has_been() {
            Some((words, denied)) => {
                for _ in 0..words {
                    self.bump();
                }
                let state = self.state(denied)?;
                self.held(state)?
            }
            None if self.eat_word("was") || self.eat_word("were") => self.was()?,
            None => {
                self.bump();
                self.changed()?
            }
        };
        Some(self.history_leaf(path, test, start))
    }

    pub(super) fn history_leaf(
        &self,
        path: Path,
        test: HistoryTest,
        start: usize,
    ) -> (Condition<Named>, Shape) {
        let leaf = Condition::TraitHistory(Box::new(TraitHistoryCondition { path, test }));
        (leaf, Shape::leaf(self.span_from(start)))
    }

    /// `for at least 30 days`, after what the trait has been.
    pub(super) fn held(&mut self, state: StateTest) -> Option<HistoryTest> {
        if !self.eat_word("for") {
            let message = format!("for how long is not said, and {} follows", self.written());
            self.refuse(
                Problem::error(Code::Unexpected, message)
                    .expected("`for at least 30 days` or `for less than 30 days`"),
            );
            return None;
        }
        let is_less = match self.operator(0) {
            Some(Operator::Less) => {
                self.bump();
                true
            }
            Some(Operator::AtLeast | Operator::More) => {
                self.bump();
                false
            }
            _ => {
                let is_less = self.eat_words(&["less", "than"]) || self.eat_word("under");
                let _ = !is_less
                    && (self.eat_words(&["at", "least"])
                        || self.eat_words(&["more", "than"])
                        || self.eat_word("over"));
                is_less
            }
        };
        let span = self.span()?;
        let time = if is_less { HeldFor::LessThan(span) } else { HeldFor::AtLeast(span) };
        Some(HistoryTest::Held { state, time })
    }

    fn changed(&mut self) -> Option<HistoryTest> {
        let (mut from, mut to, mut window) = (None, None, None);
        loop {
            let start = self.peek().span.0;
            // A date without quotes after `from` starts a time.
            let is_state = !matches!(self.peek_at(1).kind, Kind::Moment(_));
            let repeated = if self.is_word(0, "from") && is_state {
                self.bump();
                let state = self.state(false)?;
                from.replace(state).is_some()
            } else if self.is_word(0, "to") {
                self.bump();
                let state = self.state(false)?;
                to.replace(state).is_some()
            } else if self.starts_window() {
                let read = self.window()?;
                window.replace(read).is_some()
            } else {
                return Some(HistoryTest::Changed { from, to, window: window.unwrap_or_default() });
            };
            if repeated {
                let span = self.span_from(start);
                self.report(
                    Problem::error(Code::RepeatedClause, "this change says the same kind of thing twice")
                        .span(span)
                        .expected("at most one `from`, one `to` and one time"),
                );
            }
        }
    }

    fn was(&mut self) -> Option<HistoryTest> {
        let state = self.state(false)?;
        if self.eat_word("on") {
            let span = self.peek().span;
            let when = match self.moment()? {
                Moment::Date(date) => PastTime::On(date),
                Moment::Local(_) | Moment::Instant(_) => {
                    self.report(
                        Problem::error(Code::BadDate, "`on` takes a whole day, without a time")
                            .span(span)
                            .expected("`on 2026-03-01`")
                            .suggestion("for one instant write `at`"),
                    );
                    return None;
                }
            };
            return Some(HistoryTest::Was { state, when });
        }
        if self.eat_word("at") {
            return Some(HistoryTest::Was { state, when: PastTime::At(self.moment()?) });
        }
        let counts = usize::from(self.is_any_word(0, &["a", "an"]));
        let is_span = matches!(self.peek_at(counts).kind, Kind::Number(_)) || self.is_unit_at(counts);
        if !is_span {
            return self.no_past_time();
        }
        if counts == 1 {
            self.bump();
        }
        let span = self.span()?;
        if !self.eat_word("ago") {
            return self.no_past_time();
        }
        Some(HistoryTest::Was { state, when: PastTime::Ago(span) })
    }

    fn no_past_time<T>(&mut self) -> Option<T> {
        let message = format!("when it was so is not said, and {} follows", self.written());
        self.refuse(
            Problem::error(Code::Unexpected, message)
                .expected("one time: `30 days ago`, `on 2026-03-01` or `at 2026-03-01T12:00`"),
        );
        None
    }

    /// A value, or any test; `set` and `missing` for whether there is a value.
    fn state(&mut self, denied: bool) -> Option<StateTest> {
        let start = self.peek().span;
        let denied = self.eat_word("not") != denied;
        let is_test = self.operator(0).is_some()
            || self.word(0).is_some_and(|word| {
                TEST_WORDS.iter().any(|test| *test != "not" && word.eq_ignore_ascii_case(test))
            });
        let (test, match_case) = if self.eat_word("set") {
            (Test::Exists, false)
        } else if self.eat_word("missing") || self.eat_word("unset") || self.eat_word("empty") {
            (Test::NotExists, false)
        } else if is_test {
            self.test()?
        } else {
            let value = self.value()?;
            let match_case = self.eat_words(&["match", "case"]) || self.eat_words(&["matching", "case"]);
            (Test::Is(value), match_case)
        };
        if !denied {
            return Some(StateTest { match_case, test });
        }
        let opposite = negative(&test).or_else(|| crate::lists::positive(&test));
        if opposite.is_none() {
            let span = (start.0, self.span_from(start.0).1);
            self.report(
                Problem::error(Code::Unexpected, "this test has no opposite of its own")
                    .span(span)
                    .suggestion("deny the whole condition: write `not` before it, or the other comparison"),
            );
        }
        opposite.map(|test| StateTest { match_case, test })
    }
}
