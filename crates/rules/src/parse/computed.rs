//! `computed "return rate" >= 0.3`, and what computed traits are made of: formulas such as
//! `count of "Order Refunded" / count of "Order Completed"`, and `most frequent value of category over
//! "Product Viewed"`.

use segops_model::{Decimal, Limits};

use super::event::Counts;
use super::lexer::Kind;
use super::shape::Shape;
use super::words::{TEST_WORDS, is_reserved};
use super::{Parser, too_long};
use crate::ast::{
    ChosenValue, ComputedCondition, ComputedDefinition, Condition, EventFilter, FORMULA_PARTS_MAX, Formula,
    Measure, Named, Operands, Subject, ValueChoice,
};
use crate::check::{check_definition, too_many_parts};
use crate::lists::desugar_definition;
use crate::problem::{Code, PROBLEMS_MAX, Problem};

/// Reads what a computed trait is made of. All problems come at once, each with its place in the text.
pub fn parse_definition(text: &str, limits: &Limits) -> Result<ComputedDefinition<Named>, Vec<Problem>> {
    if text.len() > limits.rule_bytes_max {
        return Err(vec![too_long(text.len(), limits)]);
    }
    let mut parser = Parser::new(text, limits);
    let definition = parser.definition();
    if definition.is_some() && parser.peek().kind != Kind::End {
        let message = format!("{} cannot follow here", parser.written());
        let expected = match definition {
            Some(ComputedDefinition::Value(_)) => "the end, or a clause such as `in last 30 days`",
            _ => "`+`, `-`, `*`, `/`, or the end of the formula",
        };
        parser.refuse(Problem::error(Code::Unexpected, message).expected(expected));
    }
    parser.problems.sort_by_key(|problem| problem.span);
    parser.problems.truncate(PROBLEMS_MAX);
    match definition {
        Some(definition) if parser.problems.is_empty() => {
            let definition = desugar_definition(definition);
            let mut problems = check_definition(&definition, limits);
            for problem in &mut problems {
                problem.span = Some((0, text.len()));
            }
            if problems.is_empty() { Ok(definition) } else { Err(problems) }
        }
        _ => Err(parser.problems),
    }
}

type Operation = fn(Box<Operands<Named>>) -> Formula<Named>;

impl Parser<'_> {
    /// Whether `computed` and the name of a computed trait come so many tokens ahead.
    pub(super) fn starts_computed(&self, ahead: usize) -> bool {
        let name = ahead + 1 + usize::from(self.is_word(ahead + 1, "trait"));
        self.is_word(ahead, "computed")
            && match self.peek_at(name).kind {
                Kind::Text(_) => true,
                Kind::Word(word) => !TEST_WORDS.contains(&word.to_ascii_lowercase().as_str()),
                _ => false,
            }
    }

    /// Whether the name of a computed trait that is ranked by comes so many tokens ahead, and not what follows a
    /// ranking by a trait that is called `computed`.
    pub(super) fn starts_computed_name(&self, ahead: usize) -> bool {
        let name = ahead + 1 + usize::from(self.is_word(ahead + 1, "trait"));
        let is_name = match self.peek_at(name).kind {
            Kind::Word(word) => !is_reserved(word),
            _ => true,
        };
        self.starts_computed(ahead) && is_name
    }

    /// The name of a computed trait after the word `computed`.
    pub(super) fn computed_name(&mut self) -> Option<String> {
        self.bump();
        if self.is_word(0, "trait") && matches!(self.peek_at(1).kind, Kind::Text(_) | Kind::Word(_)) {
            self.bump();
        }
        self.name("a computed trait's name")
    }

    pub(super) fn computed(&mut self) -> Option<(Condition<Named>, Shape)> {
        let start = self.peek().span.0;
        let computed = self.computed_name()?;
        if let Some(words) = self.in_ranking(0) {
            return self.ranked_by(Measure::Computed(computed), words, start);
        }
        let (test, match_case) = self.test()?;
        let leaf = ComputedCondition { computed, match_case, test };
        Some((Condition::Computed(Box::new(leaf)), Shape::leaf(self.span_from(start))))
    }

    fn definition(&mut self) -> Option<ComputedDefinition<Named>> {
        if let Some((choice, words)) = self.choice() {
            for _ in 0..words {
                self.bump();
            }
            return self.chosen_value(choice).map(ComputedDefinition::Value);
        }
        self.formula(&mut 0).map(ComputedDefinition::Number)
    }

    /// Which of several values comes next, and in how many words that is said.
    fn choice(&self) -> Option<(ValueChoice, usize)> {
        const SAID: &[(&[&str], ValueChoice)] = &[
            (&["most", "frequent"], ValueChoice::MostFrequent),
            (&["most", "common"], ValueChoice::MostFrequent),
            (&["most", "recent"], ValueChoice::Last),
            (&["first"], ValueChoice::First),
            (&["earliest"], ValueChoice::First),
            (&["last"], ValueChoice::Last),
            (&["latest"], ValueChoice::Last),
            (&["newest"], ValueChoice::Last),
        ];
        SAID.iter().find(|(words, _)| self.are_words(words)).map(|(words, choice)| (*choice, words.len()))
    }

    fn chosen_value(&mut self, choice: ValueChoice) -> Option<ChosenValue<Named>> {
        if self.are_words(&["value", "of"]) {
            self.bump();
            self.bump();
        }
        let property = self.path(true)?;
        if !self.eat_word("over") {
            let message = format!("{} value of {property} needs its events", choice.words());
            self.refuse(
                Problem::error(Code::ExpectedEvent, message).expected("`over` and an event's name in quotes"),
            );
            return None;
        }
        let name = self.event_name("over")?;
        let clauses = self.clauses(Counts::Refused)?;
        let predicate = clauses.predicate.map(|(predicate, _)| predicate);
        let sources = clauses.sources.unwrap_or_default();
        let event = EventFilter { subject: Subject::Events, derived: None, name, predicate, sources };
        Some(ChosenValue { choice, property, event, window: clauses.window.unwrap_or_default() })
    }

    fn formula(&mut self, parts: &mut usize) -> Option<Formula<Named>> {
        let mut left = self.product(parts)?;
        loop {
            let operation: Operation = if self.eat(&Kind::Symbol("+")) {
                Formula::Add
            } else if self.eat(&Kind::Symbol("-")) {
                Formula::Subtract
            } else if matches!(self.peek().kind, Kind::Number(digits) if digits.starts_with(['-', '+'])) {
                // `a -3` reads as `a` and the number `-3`.
                Formula::Add
            } else {
                return Some(left);
            };
            left = operation(Box::new(Operands(left, self.product(parts)?)));
        }
    }

    fn product(&mut self, parts: &mut usize) -> Option<Formula<Named>> {
        let mut left = self.operand(parts)?;
        loop {
            let operation: Operation = if self.eat(&Kind::Symbol("*")) {
                Formula::Multiply
            } else if self.eat(&Kind::Symbol("/")) {
                Formula::Divide
            } else {
                return Some(left);
            };
            left = operation(Box::new(Operands(left, self.operand(parts)?)));
        }
    }

    fn operand(&mut self, parts: &mut usize) -> Option<Formula<Named>> {
        if self.peek().kind == Kind::Open {
            return self.enclosed(|parser| parser.formula(parts));
        }
        // A tree is as deep as it has parts at most, and everything goes down it.
        *parts += 1;
        if *parts > FORMULA_PARTS_MAX {
            self.refuse(too_many_parts());
            return None;
        }
        if let Kind::Number(digits) = self.peek().kind {
            let Some(number) = Decimal::parse(digits) else { return self.bad_number() };
            self.bump();
            return Some(Formula::Number(number));
        }
        if self.starts_aggregate(0) {
            return self
                .aggregate(Counts::Refused)
                .map(|(aggregate, _)| Formula::Aggregate(Box::new(aggregate)));
        }
        let message = match self.peek().kind {
            Kind::End => "the formula ends where a number should be".to_owned(),
            _ => format!("{} is no number, aggregate or count", self.written()),
        };
        self.refuse(Problem::error(Code::ExpectedValue, message).expected(
            "such as `sum of total over \"Order Completed\"`, `count of \"Order Completed\"`, `100`, or `most frequent value of category over \"Product Viewed\"`",
        ));
        None
    }
}
