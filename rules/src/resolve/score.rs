//! Scores by their names, and bare names that are a score's and no trait's.

use segops_model::Path;

use super::Resolver;
use crate::ast::{
    Condition, DateTest, Measure, Resolved, Scalar, ScoreCondition, ScoreKind, ScoreTest, Test,
    TraitCondition, TraitDateCondition,
};
use crate::problem::{Code, Problem};

impl Resolver<'_> {
    pub(super) fn score(&mut self, leaf: &ScoreCondition, place: &str) -> Option<Condition<Resolved>> {
        let is_known = self.is_score(&leaf.score, leaf.test.kind(), &format!("{place}.score"));
        is_known.then(|| Condition::Score(leaf.clone()))
    }

    pub(super) fn score_measure(&mut self, name: &str, place: &str) -> Option<Measure<Resolved>> {
        self.is_score(name, Some(ScoreKind::Number), place).then(|| Measure::Score(name.to_owned()))
    }

    /// Whether a bare name is a score's: where there is one, and no profile ever had a trait of the name.
    pub(super) fn means_score(&mut self, path: &Path, place: &str) -> bool {
        let name = path.to_string();
        if self.names.score_kind(&name).is_none() {
            return false;
        }
        if !self.names.trait_exists(&name) {
            return true;
        }
        let message = format!("`{name}` is a trait and also a score; the trait is taken");
        let problem = Problem::warning(Code::AmbiguousName, message).place(place);
        self.report(problem.suggestion(format!("for the score write `score {name}`")));
        false
    }

    /// A test of a trait whose name is a score's.
    pub(super) fn trait_as_score(
        &mut self,
        leaf: &TraitCondition,
        place: &str,
    ) -> Option<Condition<Resolved>> {
        let (test, negated) = match &leaf.test {
            Test::LessThan(Scalar::Number(bound)) => (ScoreTest::LessThan(*bound), false),
            Test::AtMost(Scalar::Number(bound)) => (ScoreTest::AtMost(*bound), false),
            Test::MoreThan(Scalar::Number(bound)) => (ScoreTest::MoreThan(*bound), false),
            Test::AtLeast(Scalar::Number(bound)) => (ScoreTest::AtLeast(*bound), false),
            Test::Between(Scalar::Number(low), Scalar::Number(high)) => {
                (ScoreTest::Between(*low, *high), false)
            }
            Test::Is(value) | Test::IsNot(value) if value.as_number().is_some() => {
                let is_denied = matches!(leaf.test, Test::IsNot(_));
                (ScoreTest::Exactly(value.as_number()?), is_denied)
            }
            Test::Exists => (ScoreTest::Exists, false),
            Test::NotExists => (ScoreTest::Exists, true),
            _ => return self.not_asked_of_score(&leaf.path, &format!("{place}.test")),
        };
        self.bare_score(&leaf.path, test, negated, &format!("{place}.trait"))
    }

    /// A date of a trait whose name is a score's.
    pub(super) fn date_as_score(
        &mut self,
        leaf: &TraitDateCondition,
        place: &str,
    ) -> Option<Condition<Resolved>> {
        match &leaf.test {
            DateTest::Date(window) => {
                let test = ScoreTest::Date(window.clone());
                self.bare_score(&leaf.path, test, false, &format!("{place}.trait"))
            }
            _ => self.not_asked_of_score(&leaf.path, &format!("{place}.test")),
        }
    }

    fn bare_score(
        &mut self,
        path: &Path,
        test: ScoreTest,
        negated: bool,
        place: &str,
    ) -> Option<Condition<Resolved>> {
        let score = path.to_string();
        if !self.is_score(&score, test.kind(), place) {
            return None;
        }
        let condition = Condition::Score(ScoreCondition { score, test });
        Some(if negated { Condition::Not(Box::new(condition)) } else { condition })
    }

    fn not_asked_of_score<T>(&mut self, path: &Path, place: &str) -> Option<T> {
        let message = format!("`{path}` is a score, of which this is not asked");
        let problem = Problem::error(Code::UnsupportedValue, message).place(place);
        self.report(
            problem.expected("a comparison such as `>= 0.7`, a time such as `in next 7 days`, or `exists`"),
        );
        None
    }

    /// Whether there is a score of that name, of the kind that is asked for; reports where not.
    fn is_score(&mut self, name: &str, kind: Option<ScoreKind>, place: &str) -> bool {
        let Some(found) = self.names.score_kind(name) else {
            let problem =
                Problem::error(Code::UnknownScore, format!("there is no score `{name}`")).place(place);
            self.report_unknown(problem, name, |names| names.score_names());
            return false;
        };
        if kind.is_none_or(|kind| kind == found) {
            return true;
        }
        let expected = match found {
            ScoreKind::Number => "a comparison such as `>= 0.7`",
            ScoreKind::Date => "a time such as `in next 7 days`",
        };
        let message = format!("the score `{name}` is a {}", found.word());
        self.report(Problem::error(Code::UnsupportedValue, message).place(place).expected(expected));
        false
    }
}
