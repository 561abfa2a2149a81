//! The text form, read leniently: recursive descent over tokens, going on after each problem so that all
//! of them come at once. No call goes deeper than the limit on groups.

mod active;
mod aggregate;
mod cadence;
mod comparison;
mod condition;
mod event;
mod group;
mod lexer;
mod membership;
mod occurrence;
mod order;
mod place;
mod ranking;
mod sample;
mod score;
mod sequence;
mod shape;
mod trait_date;
mod trait_history;
mod window;
mod words;

use segops_model::Limits;

use crate::ast::{Base, Named, RULE_FORMAT, Rule};
use crate::check::check;
use crate::lists::desugar_rule;
use crate::problem::{Code, PROBLEMS_MAX, Problem, TextSpan};
use lexer::{Kind, Operator, Token, tokens};
use shape::Shape;

pub(crate) use lexer::is_word;
pub(crate) use score::is_bare_score;
pub(crate) use words::is_reserved;

/// Reads a rule's text form. All problems come at once, each with its place in the text.
pub fn parse(text: &str) -> Result<Rule<Named>, Vec<Problem>> {
    parse_within(text, &Limits::default())
}

/// As [`parse`], with limits other than the default ones.
pub fn parse_within(text: &str, limits: &Limits) -> Result<Rule<Named>, Vec<Problem>> {
    let parsed = parse_tree(text, limits)?;
    let mut problems = check(&parsed.rule, limits);
    if problems.is_empty() {
        return Ok(parsed.rule);
    }
    parsed.locate(&mut problems);
    Err(problems)
}

/// Gives problems that have a place in a rule's tree their places in the text that it was read from.
pub fn locate(text: &str, problems: &mut [Problem]) {
    // What cannot be read has its problems' places already.
    if let Ok(parsed) = parse_tree(text, &Limits::default()) {
        parsed.locate(problems);
    }
}

/// A rule that is well written, but may still ask for what cannot be.
pub(crate) struct Parsed {
    pub(crate) rule: Rule<Named>,
    shape: Shape,
}

impl Parsed {
    /// Gives each problem that has a place in the tree its place in the text.
    pub(crate) fn locate(&self, problems: &mut [Problem]) {
        for problem in problems {
            if let (None, Some(place)) = (problem.span, &problem.place) {
                problem.span = Some(self.shape.span_of(place));
            }
        }
    }
}

pub(crate) fn parse_tree(text: &str, limits: &Limits) -> Result<Parsed, Vec<Problem>> {
    if text.len() > limits.rule_bytes_max {
        return Err(vec![too_long(text.len(), limits)]);
    }
    let (tokens, problems) = tokens(text);
    let mut parser = Parser {
        text,
        tokens,
        problems,
        at: 0,
        open: 0,
        depth: 0,
        depth_max: limits.rule_depth_max,
        in_list: false,
        in_steps: false,
        where_open: false,
    };
    let parsed = parser.rule();
    parser.problems.sort_by_key(|problem| problem.span);
    parser.problems.truncate(PROBLEMS_MAX);
    match parsed {
        Some((rule, shape)) if parser.problems.is_empty() => Ok(Parsed { rule: desugar_rule(rule), shape }),
        _ => Err(parser.problems),
    }
}

pub(crate) fn too_long(bytes: usize, limits: &Limits) -> Problem {
    let message = format!("the rule has {bytes} bytes; the limit is {}", limits.rule_bytes_max);
    Problem::error(Code::TooLong, message)
        .suggestion("split it into segments and refer to them with `in segment`")
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token<'a>>,
    problems: Vec<Problem>,
    at: usize,
    /// Parentheses that are open here.
    open: usize,
    depth: usize,
    depth_max: usize,
    /// Whether a comma here separates conditions.
    in_list: bool,
    /// Whether a comma here separates steps of a sequence.
    in_steps: bool,
    /// Whether a predicate is being read straight after `where`, where a condition may follow it.
    where_open: bool,
}

impl<'a> Parser<'a> {
    fn rule(&mut self) -> Option<(Rule<Named>, Shape)> {
        let base = self.base();
        if self.peek().kind == Kind::End && self.problems.is_empty() {
            self.expected_condition();
            return None;
        }
        let when = self.any_of_chain();
        while self.peek().kind != Kind::End {
            self.unexpected();
            self.bump();
            self.recover(0);
            while self.eat_word("and") || self.eat_word("or") || self.eat(&Kind::Comma) {}
            if self.peek().kind != Kind::End {
                let _: Option<(crate::Condition<Named>, Shape)> = self.any_of_chain();
            }
        }
        let (when, shape) = when?;
        Some((Rule { version: RULE_FORMAT, base, when }, shape))
    }

    fn base(&mut self) -> Base {
        let is_condition = self.is_word(0, "did") || self.starts_orders(0) || self.starts_aggregate(0);
        if !self.is_word(1, "where") || is_condition {
            return Base::default();
        }
        let base = match self.word(0).map(str::to_ascii_lowercase).as_deref() {
            Some("customers") => Base::Customers,
            Some("identified") => Base::Identified,
            Some("everyone") => Base::Everyone,
            _ => {
                let problem = Problem::error(Code::Unexpected, "this is no base that a segment can have")
                    .expected("`customers where`, `identified where` or `everyone where`");
                self.report(problem.span(self.peek().span));
                Base::default()
            }
        };
        self.bump();
        self.bump();
        base
    }

    fn peek(&self) -> &Token<'a> {
        self.peek_at(0)
    }

    fn peek_at(&self, ahead: usize) -> &Token<'a> {
        let last = self.tokens.len() - 1;
        &self.tokens[(self.at + ahead).min(last)]
    }

    fn bump(&mut self) -> Token<'a> {
        let token = self.peek().clone();
        match token.kind {
            Kind::Open => self.open += 1,
            Kind::Close => self.open = self.open.saturating_sub(1),
            _ => {}
        }
        if self.at + 1 < self.tokens.len() {
            self.at += 1;
        }
        token
    }

    /// The bytes from a token's start to the end of what was read last.
    fn span_from(&self, start: usize) -> TextSpan {
        let end = self.at.checked_sub(1).map_or(start, |last| self.tokens[last].span.1);
        (start, end.max(start))
    }

    fn word(&self, ahead: usize) -> Option<&'a str> {
        match self.peek_at(ahead).kind {
            Kind::Word(word) => Some(word),
            _ => None,
        }
    }

    fn is_word(&self, ahead: usize, keyword: &str) -> bool {
        self.word(ahead).is_some_and(|word| word.eq_ignore_ascii_case(keyword))
    }

    fn is_any_word(&self, ahead: usize, keywords: &[&str]) -> bool {
        keywords.iter().any(|keyword| self.is_word(ahead, keyword))
    }

    /// Whether the next words are these, in this order.
    fn are_words(&self, keywords: &[&str]) -> bool {
        keywords.iter().enumerate().all(|(ahead, keyword)| self.is_word(ahead, keyword))
    }

    fn eat(&mut self, kind: &Kind<'_>) -> bool {
        let found = self.peek().kind == *kind;
        if found {
            self.bump();
        }
        found
    }

    fn eat_word(&mut self, keyword: &str) -> bool {
        self.eat_words(&[keyword])
    }

    fn eat_words(&mut self, keywords: &[&str]) -> bool {
        let found = self.are_words(keywords);
        if found {
            for _ in keywords {
                self.bump();
            }
        }
        found
    }

    fn operator(&self, ahead: usize) -> Option<Operator> {
        match self.peek_at(ahead).kind {
            Kind::Operator(operator) => Some(operator),
            _ => None,
        }
    }

    fn report(&mut self, problem: Problem) {
        // Two problems with one token say the same thing twice.
        let known = problem.span.is_some() && self.problems.iter().any(|known| known.span == problem.span);
        if !known && self.problems.len() < PROBLEMS_MAX {
            self.problems.push(problem);
        }
    }

    /// Reports a problem with the next token.
    fn refuse(&mut self, problem: Problem) {
        let span = self.peek().span;
        self.report(problem.span(span));
    }

    /// The next token as written, for messages.
    fn written(&self) -> String {
        let (start, end) = self.peek().span;
        let written = self.text.get(start..end).unwrap_or_default();
        match &self.peek().kind {
            Kind::End => "the end of the rule".to_owned(),
            _ if written.chars().count() > 40 => {
                format!("`{}...`", written.chars().take(40).collect::<String>())
            }
            _ => format!("`{written}`"),
        }
    }

    /// Reads one level down, or refuses at the limit and gives up on the rest.
    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.depth >= self.depth_max {
            let message = format!("groups nest deeper than {}, the limit", self.depth_max);
            self.refuse(Problem::error(Code::TooDeep, message).suggestion(
                "put the inner part into a segment of its own and refer to it with `in segment`",
            ));
            self.at = self.tokens.len() - 1;
            return None;
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// Reads the first of the two values of `between`; if that fails, skips it with the `and` after it,
    /// which joins no conditions.
    fn first_of_between<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let value = read(self);
        if value.is_none() {
            for _ in 0..2 {
                let is_joint = self.is_word(0, "and");
                self.bump();
                if is_joint {
                    break;
                }
            }
        }
        value
    }

    /// Skips what is left of a bad condition: up to `and`, `or`, a comma between conditions, or the
    /// closing parenthesis, on the level given.
    fn recover(&mut self, level: usize) {
        loop {
            let ends = match self.peek().kind {
                Kind::End => true,
                _ if self.open > level => false,
                Kind::Close => true,
                Kind::Comma => self.in_list,
                Kind::Word(_) | Kind::Symbol(_) => self.is_joint("and") || self.is_joint("or"),
                _ => false,
            };
            if ends {
                return;
            }
            self.bump();
        }
    }
}
