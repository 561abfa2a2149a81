//! `top 10% by net spend in last 12 months`, `predicted_ltv in top 10%`: a place among the rule's base.

use segops_model::{Decimal, Path};

use super::Parser;
use super::event::Counts;
use super::lexer::Kind;
use super::shape::Shape;
use crate::ast::{
    Condition, CountMeasure, EventFilter, Measure, Named, RankingCondition, RankingEnd, Subject,
};
use crate::problem::{Code, Problem};

impl Parser<'_> {
    /// Whether `top 10%` or the like comes so many tokens ahead.
    pub(super) fn starts_ranking(&self, ahead: usize) -> bool {
        self.is_any_word(ahead, &["top", "bottom", "highest", "lowest"])
            && matches!(self.peek_at(ahead + 1).kind, Kind::Number(_))
            && self.is_percent(ahead + 2)
    }

    /// Whether what is tested is `in top 10%`; how many words come before that.
    pub(super) fn in_ranking(&self, ahead: usize) -> Option<usize> {
        let is_said = usize::from(self.is_word(ahead, "is"));
        let is_in = self.is_word(ahead + is_said, "in");
        let the = usize::from(self.is_word(ahead + is_said + 1, "the"));
        let words = is_said + 1 + the;
        (is_in && self.starts_ranking(ahead + words)).then_some(words)
    }

    fn is_percent(&self, ahead: usize) -> bool {
        matches!(self.peek_at(ahead).kind, Kind::Symbol("%"))
            || self.is_any_word(ahead, &["percent", "percentile"])
    }

    /// `top 10%`.
    fn share(&mut self) -> Option<(RankingEnd, Decimal)> {
        let is_top = self.is_any_word(0, &["top", "highest"]);
        self.bump();
        let Kind::Number(digits) = self.peek().kind else { return None };
        let Some(percent) = Decimal::parse(digits) else { return self.bad_number() };
        self.bump();
        self.bump();
        Some((if is_top { RankingEnd::Top } else { RankingEnd::Bottom }, percent))
    }

    pub(super) fn ranking_condition(&mut self) -> Option<(Condition<Named>, Shape)> {
        let start = self.peek().span.0;
        let (end, percent) = self.share()?;
        if !self.eat_word("by") && !self.eat_word("of") {
            let message = format!(
                "`{} {percent}%` needs a number to rank by, and {} follows",
                end.word(),
                self.written()
            );
            self.refuse(
                Problem::error(Code::ExpectedName, message)
                    .expected("`by` and a number, such as `by net spend in last 12 months`"),
            );
            return None;
        }
        let (by, parts) = self.measure()?;
        let leaf = RankingCondition { end, percent, by };
        Some((Condition::Ranking(Box::new(leaf)), Shape { span: self.span_from(start), parts }))
    }

    /// What follows a name of which `in top 10%` is said, where `words` come before `top`.
    pub(super) fn ranked_by(
        &mut self,
        by: Measure<Named>,
        words: usize,
        start: usize,
    ) -> Option<(Condition<Named>, Shape)> {
        for _ in 0..words {
            self.bump();
        }
        let (end, percent) = self.share()?;
        let leaf = RankingCondition { end, percent, by };
        Some((Condition::Ranking(Box::new(leaf)), Shape::leaf(self.span_from(start))))
    }

    fn measure(&mut self) -> Option<(Measure<Named>, Vec<Shape>)> {
        if self.starts_aggregate(0) {
            let (aggregate, shape) = self.aggregate(Counts::Refused)?;
            return Some((Measure::Aggregate(aggregate), shape.parts));
        }
        let is_counted = self.is_any_word(0, &["count", "number"]) && self.is_word(1, "of");
        if is_counted {
            self.bump();
            self.bump();
        }
        if self.is_word(0, "orders") {
            self.bump();
            let subject = self.order_subject();
            return self.counted(subject, None);
        }
        if is_counted {
            let name = self.event_name("count of")?;
            return self.counted(Subject::Events, name);
        }
        if self.starts_score(0) {
            return Some((Measure::Score(self.score_name()?), Vec::new()));
        }
        let is_prefix = self.is_word(0, "trait");
        if is_prefix {
            self.bump();
        }
        let path: Path = self.path(is_prefix)?;
        Some((Measure::Trait(path), Vec::new()))
    }

    fn counted(&mut self, subject: Subject, name: Option<String>) -> Option<(Measure<Named>, Vec<Shape>)> {
        let clauses = self.clauses(Counts::Refused)?;
        let (predicate, parts) = match clauses.predicate {
            Some((predicate, shape)) => (Some(predicate), vec![shape]),
            None => (None, Vec::new()),
        };
        let event = EventFilter { subject, name, predicate, sources: clauses.sources.unwrap_or_default() };
        let window = clauses.window.unwrap_or_default();
        Some((Measure::Count(CountMeasure { event, window }), parts))
    }
}
