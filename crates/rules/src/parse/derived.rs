//! What derived events are made of: `sessions of any event`, `last touch of "Page Viewed" where
//! context.campaign.source exists before "Order Completed" within 30 days`, `each "Product Viewed" where price > 100`.

use segops_model::Limits;

use super::event::Counts;
use super::lexer::Kind;
use super::{Parser, too_long};
use crate::ast::{
    DerivedDefinition, EventFilter, Named, RenamedDefinition, RenamedValue, SessionDefinition, SessionStands,
    Subject, TouchChoice, TouchDefinition,
};
use crate::check::check_derived;
use crate::lists::desugar_derived;
use crate::problem::{Code, PROBLEMS_MAX, Problem};

/// Reads what a derived event is made of. All problems come at once, each with its place in the text.
pub fn parse_derived(text: &str, limits: &Limits) -> Result<DerivedDefinition<Named>, Vec<Problem>> {
    if text.len() > limits.rule_bytes_max {
        return Err(vec![too_long(text.len(), limits)]);
    }
    let mut parser = Parser::new(text, limits);
    let definition = parser.derived();
    if definition.is_some() && parser.peek().kind != Kind::End {
        let message = format!("{} cannot follow here", parser.written());
        let expected = match definition {
            Some(DerivedDefinition::Session(_)) => {
                "`with gap of 30 minutes`, `split at midnight`, `split at campaign`, `counted at end`, or the end"
            }
            Some(DerivedDefinition::Renamed(_)) => {
                "`where`, `from source`, `with price as worth`, or the end"
            }
            _ => "the end",
        };
        parser.refuse(Problem::error(Code::Unexpected, message).expected(expected));
    }
    parser.problems.sort_by_key(|problem| problem.span);
    parser.problems.truncate(PROBLEMS_MAX);
    match definition {
        Some(definition) if parser.problems.is_empty() => {
            let definition = desugar_derived(definition);
            let mut problems = check_derived(&definition, limits);
            for problem in &mut problems {
                problem.span = Some((0, text.len()));
            }
            if problems.is_empty() { Ok(definition) } else { Err(problems) }
        }
        _ => Err(parser.problems),
    }
}

impl Parser<'_> {
    fn derived(&mut self) -> Option<DerivedDefinition<Named>> {
        if self.eat_words(&["sessions", "of"]) || self.eat_words(&["session", "of"]) {
            return self.sessions().map(DerivedDefinition::Session);
        }
        if self.eat_word("each") {
            return self.renamed().map(|renamed| DerivedDefinition::Renamed(Box::new(renamed)));
        }
        let touch = if self.eat_words(&["first", "touch", "of"]) {
            TouchChoice::First
        } else if self.eat_words(&["last", "touch", "of"]) {
            TouchChoice::Last
        } else {
            let message = format!("{} starts no derived event", self.written());
            let problem = Problem::error(Code::Unexpected, message)
                .expected("`sessions of`, `first touch of`, `last touch of` or `each`")
                .suggestion("such as `sessions of any event with gap of 30 minutes`");
            self.refuse(problem);
            return None;
        };
        self.touch(touch).map(|touch| DerivedDefinition::Touch(Box::new(touch)))
    }

    fn sessions(&mut self) -> Option<SessionDefinition<Named>> {
        let mut session = SessionDefinition::of(self.inputs("sessions of")?);
        loop {
            // A comma may stand between what is said of sessions.
            self.eat(&Kind::Comma);
            if self.eat_words(&["with", "gap"]) || self.eat_words(&["with", "a", "gap"]) {
                self.eat_word("of");
                session.gap = self.span()?;
            } else if self.eat_words(&["split", "at", "midnight"]) {
                session.split_at_midnight = true;
            } else if self.eat_words(&["split", "at", "campaign"]) {
                session.split_at_campaign = true;
            } else if self.eat_words(&["counted", "at", "end"]) {
                session.stands = SessionStands::AtEnd;
            } else if self.eat_words(&["counted", "at", "start"]) {
                session.stands = SessionStands::AtStart;
            } else {
                return Some(session);
            }
        }
    }

    fn renamed(&mut self) -> Option<RenamedDefinition<Named>> {
        // A comma comes between values, also behind a source's name.
        let was_steps = std::mem::replace(&mut self.in_steps, true);
        let event = self.input("each")?;
        self.in_steps = was_steps;
        let mut values = Vec::new();
        if self.eat_word("with") {
            loop {
                let property = self.path(true)?;
                let name = match self.eat_word("as") {
                    true => self.name("a property's name")?,
                    false => property.last().to_owned(),
                };
                values.push(RenamedValue { name, property });
                if !self.eat(&Kind::Comma) {
                    break;
                }
            }
        }
        Some(RenamedDefinition { event, values })
    }

    fn touch(&mut self, choice: TouchChoice) -> Option<TouchDefinition<Named>> {
        let touches = self.inputs("touch of")?;
        if !self.eat_word("before") {
            let message = format!("a touch comes before something, and {} follows", self.written());
            self.refuse(
                Problem::error(Code::ExpectedEvent, message)
                    .expected("`before` and the outcome's name in quotes"),
            );
            return None;
        }
        let outcome = self.input("before")?;
        if !self.eat_word("within") {
            let message = format!("a touch counts for some time, and {} follows", self.written());
            self.refuse(Problem::error(Code::Unexpected, message).expected("`within 30 days`"));
            return None;
        }
        Some(TouchDefinition { choice, touches, outcome, within: self.span()? })
    }

    /// One event, or several in parentheses.
    fn inputs(&mut self, after: &str) -> Option<Vec<EventFilter<Named>>> {
        if !self.eat(&Kind::Open) {
            return Some(vec![self.input(after)?]);
        }
        // A comma ends an event here, also behind a source's name.
        let was_steps = std::mem::replace(&mut self.in_steps, true);
        let mut inputs = vec![self.input("(")?];
        while self.eat(&Kind::Comma) {
            inputs.push(self.input(",")?);
        }
        self.in_steps = was_steps;
        if !self.eat(&Kind::Close) {
            let message = format!("{} cannot follow in a list of events", self.written());
            self.refuse(Problem::error(Code::Unexpected, message).expected("a comma or `)`"));
            return None;
        }
        Some(inputs)
    }

    fn input(&mut self, after: &str) -> Option<EventFilter<Named>> {
        let name = self.event_name(after)?;
        let (mut predicate, mut sources) = (None, Vec::new());
        loop {
            let start = self.peek().span.0;
            let is_repeated = if self.eat_word("where") {
                let (read, _) = self.where_clause()?;
                predicate.replace(read).is_some()
            } else if self.is_word(0, "from") && self.is_any_word(1, &["source", "sources"]) {
                let read = self.sources(Counts::Refused)?;
                !std::mem::replace(&mut sources, read).is_empty()
            } else {
                return Some(EventFilter {
                    subject: Subject::Events,
                    derived: None,
                    name,
                    predicate,
                    sources,
                });
            };
            if is_repeated {
                self.repeated_clause(start);
            }
        }
    }
}
