//! Groups: `and`, `or`, `not`, parentheses and lists, the same for conditions and for predicates.

use super::Parser;
use super::lexer::Kind;
use super::shape::Shape;
use crate::ast::{Condition, Named, Predicate};
use crate::problem::{Code, Problem, TextSpan};

/// What can be grouped.
pub(super) trait Tree: Sized {
    fn all(parts: Vec<Self>) -> Self;
    fn any(parts: Vec<Self>) -> Self;
    fn none(parts: Vec<Self>) -> Self;
    fn not(part: Self) -> Self;
    /// Reads one that is no group.
    fn leaf(parser: &mut Parser<'_>) -> Option<(Self, Shape)>;
    /// Whether an `and` or `or` that comes next belongs to this chain.
    fn continues(parser: &Parser<'_>) -> bool;
    /// Whether what follows a part must be `and`, `or`, a comma, a closing parenthesis or the end.
    fn is_bounded(parser: &Parser<'_>) -> bool;
}

impl Tree for Condition<Named> {
    fn all(parts: Vec<Self>) -> Self {
        Self::All(parts)
    }
    fn any(parts: Vec<Self>) -> Self {
        Self::Any(parts)
    }
    fn none(parts: Vec<Self>) -> Self {
        Self::None(parts)
    }
    fn not(part: Self) -> Self {
        Self::Not(Box::new(part))
    }
    fn leaf(parser: &mut Parser<'_>) -> Option<(Self, Shape)> {
        parser.condition()
    }
    fn continues(_: &Parser<'_>) -> bool {
        true
    }
    fn is_bounded(_: &Parser<'_>) -> bool {
        true
    }
}

impl Tree for Predicate {
    fn all(parts: Vec<Self>) -> Self {
        Self::All(parts)
    }
    fn any(parts: Vec<Self>) -> Self {
        Self::Any(parts)
    }
    fn none(parts: Vec<Self>) -> Self {
        Self::None(parts)
    }
    fn not(part: Self) -> Self {
        Self::Not(Box::new(part))
    }
    fn leaf(parser: &mut Parser<'_>) -> Option<(Self, Shape)> {
        parser.predicate()
    }
    fn continues(parser: &Parser<'_>) -> bool {
        !parser.where_open || !parser.starts_condition(1)
    }
    fn is_bounded(parser: &Parser<'_>) -> bool {
        !parser.where_open
    }
}

impl Parser<'_> {
    /// Whether the next token joins conditions, in this language or as a sign that others have for it.
    pub(super) fn is_joint(&self, joint: &str) -> bool {
        match self.peek().kind {
            Kind::Symbol("&&" | "&") => joint == "and",
            Kind::Symbol("||" | "|") => joint == "or",
            _ => self.is_word(0, joint),
        }
    }

    /// Parts joined by `or`, each of which may be a chain of `and`.
    pub(super) fn any_of_chain<T: Tree>(&mut self) -> Option<(T, Shape)> {
        self.chain("or", Self::all_of_chain, T::any)
    }

    fn all_of_chain<T: Tree>(&mut self) -> Option<(T, Shape)> {
        self.chain("and", Self::bounded_part, T::all)
    }

    fn chain<T: Tree>(
        &mut self,
        joint: &str,
        part: impl Fn(&mut Self) -> Option<(T, Shape)>,
        group: impl Fn(Vec<T>) -> T,
    ) -> Option<(T, Shape)> {
        let start = self.peek().span.0;
        let (mut parts, mut shapes) = (Vec::new(), Vec::new());
        loop {
            if let Some((tree, shape)) = part(self) {
                parts.push(tree);
                shapes.push(shape);
            }
            if !self.is_joint(joint) || !T::continues(self) {
                break;
            }
            if !self.is_word(0, joint) {
                self.unexpected();
            }
            self.bump();
        }
        if parts.len() == 1 {
            return parts.pop().zip(shapes.pop());
        }
        let shape = Shape { span: self.span_from(start), parts: shapes };
        (!parts.is_empty()).then(|| (group(parts), shape))
    }

    /// One part, and the certainty that the next token can follow it.
    fn bounded_part<T: Tree>(&mut self) -> Option<(T, Shape)> {
        let level = self.open;
        let part = self.part();
        let follows = match self.peek().kind {
            Kind::End => true,
            Kind::Close => level > 0,
            Kind::Comma => self.in_list,
            Kind::Word(_) | Kind::Symbol(_) => self.is_joint("and") || self.is_joint("or"),
            _ => false,
        };
        if part.is_some() && (follows || !T::is_bounded(self)) {
            return part;
        }
        if part.is_some() {
            self.unexpected();
        }
        self.recover(level);
        None
    }

    pub(super) fn part<T: Tree>(&mut self) -> Option<(T, Shape)> {
        let start = self.peek().span;
        if self.is_word(0, "not") {
            self.bump();
            let (part, shape) = self.deeper(Self::part::<T>)?;
            return Some((T::not(part), Shape { span: self.span_from(start.0), parts: vec![shape] }));
        }
        if self.peek().kind == Kind::Open {
            let (tree, shape) = self.enclosed(Self::any_of_chain)?;
            return Some((tree, Shape { span: self.span_from(start.0), ..shape }));
        }
        let is_list = self.is_word(1, "of") && self.peek_at(2).kind == Kind::Open;
        let group = match self.word(0).map(str::to_ascii_lowercase).as_deref() {
            Some("all") if is_list => T::all,
            Some("any") if is_list => T::any,
            Some("none") if is_list => T::none,
            _ => return T::leaf(self),
        };
        self.bump();
        self.bump();
        let (parts, shapes) = self.list_of_parts(start)?;
        Some((group(parts), Shape { span: self.span_from(start.0), parts: shapes }))
    }

    fn list_of_parts<T: Tree>(&mut self, start: TextSpan) -> Option<(Vec<T>, Vec<Shape>)> {
        if self.peek_at(1).kind == Kind::Close {
            self.bump();
            self.bump();
            let span = self.span_from(start.0);
            self.report(empty_group().span(span));
            return None;
        }
        let was_in_list = std::mem::replace(&mut self.in_list, true);
        let list = self.parenthesised(|parser| {
            let mut parts = Vec::new();
            loop {
                parts.extend(parser.any_of_chain::<T>());
                if !parser.eat(&Kind::Comma) {
                    return (!parts.is_empty()).then_some(parts);
                }
                if parser.peek().kind == Kind::Close {
                    return Some(parts);
                }
            }
        });
        self.in_list = was_in_list;
        Some(list?.into_iter().unzip())
    }

    /// What is between parentheses, where a comma separates nothing.
    pub(super) fn enclosed<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let was_in_list = std::mem::replace(&mut self.in_list, false);
        let inner = self.parenthesised(read);
        self.in_list = was_in_list;
        inner
    }

    pub(super) fn parenthesised<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let was_where_open = std::mem::replace(&mut self.where_open, false);
        let open = self.bump();
        let inner = if self.peek().kind == Kind::Close {
            self.report(empty_group().span((open.span.0, self.peek().span.1)));
            None
        } else {
            self.deeper(read)
        };
        self.where_open = was_where_open;
        if self.eat(&Kind::Close) {
            return inner;
        }
        if self.peek().kind == Kind::End && inner.is_some() {
            self.report(
                Problem::error(Code::UnclosedParenthesis, "this parenthesis is never closed")
                    .span(open.span)
                    .suggestion("add the missing `)`"),
            );
        } else if inner.is_some() {
            self.unexpected();
        }
        None
    }

    /// Whether a condition, not a test of a property, starts so many tokens ahead.
    pub(super) fn starts_condition(&self, ahead: usize) -> bool {
        let mut ahead = ahead;
        loop {
            let is_list = self.is_word(ahead + 1, "of") && self.peek_at(ahead + 2).kind == Kind::Open;
            match self.peek_at(ahead).kind {
                Kind::Open => ahead += 1,
                Kind::Word(_) if is_list && self.is_any_word(ahead, &["all", "any", "none"]) => ahead += 3,
                Kind::Word(_) if self.is_word(ahead, "not") => ahead += 1,
                _ => break,
            }
        }
        let is_path = matches!(self.peek_at(ahead + 1).kind, Kind::Text(_) | Kind::Word(_));
        (self.is_any_word(ahead, &["did", "trait"]) && is_path)
            || self.starts_aggregate(ahead)
            || self.starts_sample(ahead)
            || self.starts_occurrence(ahead)
            || self.starts_active(ahead)
            || self.starts_cadence(ahead)
            || self.is_step(ahead)
            || self.starts_orders(ahead)
            || self.starts_ranking(ahead)
            || self.starts_score(ahead)
            || self.starts_place(ahead)
            || self.starts_membership(ahead)
    }
}

fn empty_group() -> Problem {
    Problem::error(Code::EmptyGroup, "this group is empty")
        .expected("at least one condition")
        .suggestion("fill it or take it out")
}
