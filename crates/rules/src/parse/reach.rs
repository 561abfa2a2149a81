//! `reachable by email`, `consented to sms topic "offers"`, `has a valid phone`, `suppressed`; and `in list
//! "Influencers"`.

use segops_model::ConsentChannel;

use super::Parser;
use super::lexer::Kind;
use super::shape::Shape;
use crate::ast::{Condition, ListCondition, Named, ReachCondition, ReachTest};
use crate::nearest::nearest;
use crate::problem::{Code, Problem};

/// What opens a condition on reach, and what it asks.
const OPENINGS: &[(&[&str], ReachTest)] = &[
    (&["reachable", "by"], ReachTest::Reachable),
    (&["reachable", "on"], ReachTest::Reachable),
    (&["reachable", "via"], ReachTest::Reachable),
    (&["consented", "to"], ReachTest::Consented),
    (&["subscribed", "to"], ReachTest::Consented),
    (&["opted", "in", "to"], ReachTest::Consented),
    (&["opted", "out", "of"], ReachTest::OptedOut),
    (&["opted", "out", "from"], ReachTest::OptedOut),
    (&["unsubscribed", "from"], ReachTest::OptedOut),
    (&["suppressed", "on"], ReachTest::Suppressed),
    (&["suppressed", "for"], ReachTest::Suppressed),
    (&["has", "a", "valid"], ReachTest::HasAddress),
    (&["has", "valid"], ReachTest::HasAddress),
];

/// Words before the opening that change nothing.
const VERBS: &[&str] = &["is", "has", "was", "are", "have"];

/// What can be done or not: `can receive email marketing`, `cannot be reached by sms`.
const ABILITIES: &[&[&str]] =
    &[&["receive"], &["be", "reached", "by"], &["be", "reached", "on"], &["be", "reached", "via"]];

/// Other names of the channels.
const CHANNELS: &[(&str, ConsentChannel)] = &[
    ("mail", ConsentChannel::Email),
    ("e-mail", ConsentChannel::Email),
    ("emails", ConsentChannel::Email),
    ("text", ConsentChannel::Sms),
    ("mobile", ConsentChannel::Phone),
    ("calls", ConsentChannel::Phone),
];

#[derive(Debug, Clone, Copy)]
struct Opening {
    words: usize,
    negated: bool,
    test: ReachTest,
    /// Whether a channel follows.
    has_channel: bool,
}

impl Parser<'_> {
    pub(super) fn starts_reach(&self, ahead: usize) -> bool {
        self.reach_opening(ahead).is_some()
    }

    fn reach_opening(&self, start: usize) -> Option<Opening> {
        if let Some(opening) = self.ability(start) {
            return Some(opening);
        }
        let has_verb = self.is_any_word(start, VERBS);
        let negated = has_verb && self.is_word(start + 1, "not");
        // `has` may be the verb, and may be of the opening itself.
        let after_verb = start + usize::from(has_verb) + usize::from(negated);
        let found = [start, after_verb].into_iter().find_map(|at| {
            let opening = OPENINGS.iter().find(|(words, _)| self.are_words_at(at, words));
            opening.map(|(words, test)| (at + words.len(), *test))
        });
        if let Some((end, test)) = found {
            return Some(Opening { words: end - start, negated, test, has_channel: true });
        }
        let is_whole = match self.peek_at(after_verb + 1).kind {
            Kind::End | Kind::Close | Kind::Comma => true,
            _ => self.is_any_word(after_verb + 1, &["and", "or"]),
        };
        let words = after_verb + 1 - start;
        let test = ReachTest::Suppressed;
        let is_it = self.is_word(after_verb, "suppressed") && is_whole;
        is_it.then_some(Opening { words, negated, test, has_channel: false })
    }

    fn ability(&self, start: usize) -> Option<Opening> {
        let is_negative = self.is_word(start, "cannot");
        if !is_negative && !self.is_word(start, "can") {
            return None;
        }
        let negated = is_negative || self.is_word(start + 1, "not");
        let at = start + 1 + usize::from(negated && !is_negative);
        let ability = ABILITIES.iter().find(|words| self.are_words_at(at, words))?;
        let words = at + ability.len() - start;
        Some(Opening { words, negated, test: ReachTest::Reachable, has_channel: true })
    }

    fn are_words_at(&self, at: usize, words: &[&str]) -> bool {
        words.iter().enumerate().all(|(offset, word)| self.is_word(at + offset, word))
    }

    pub(super) fn reach_condition(&mut self) -> Option<(Condition<Named>, Shape)> {
        let start = self.peek().span.0;
        let opening = self.reach_opening(0)?;
        for _ in 0..opening.words {
            self.bump();
        }
        let channel = if opening.has_channel { Some(self.channel()?) } else { None };
        if opening.test == ReachTest::HasAddress {
            let _ = ["address", "number", "token"].iter().any(|noun| self.eat_word(noun));
        } else {
            let _ = self.eat_word("marketing");
        }
        let (mut topic, mut store) = (None, None);
        loop {
            let has_preposition = self.is_any_word(0, &["for", "about", "on", "in", "of"]);
            let at = usize::from(has_preposition);
            let is_topic = topic.is_none() && self.is_word(at, "topic");
            let is_store = store.is_none() && self.is_word(at, "store");
            if !is_topic && !is_store {
                break;
            }
            for _ in 0..=at {
                self.bump();
            }
            if is_topic {
                topic = Some(self.name("a topic's name")?);
            } else {
                store = Some(self.name("a store's name")?);
            }
        }
        let leaf = Condition::Reach(ReachCondition { test: opening.test, channel, topic, store });
        Some(self.perhaps_not(leaf, opening.negated, start))
    }

    fn channel(&mut self) -> Option<ConsentChannel> {
        let word = self.word(0).unwrap_or_default();
        let known = ConsentChannel::of_name(word).or_else(|| {
            CHANNELS.iter().find(|(name, _)| word.eq_ignore_ascii_case(name)).map(|(_, channel)| *channel)
        });
        if known.is_some() {
            self.bump();
            return known;
        }
        let names = ConsentChannel::ALL.map(ConsentChannel::name);
        let problem = Problem::error(Code::UnknownChannel, format!("{} is no channel", self.written()))
            .expected("`email`, `sms`, `whatsapp`, `phone` or `push`");
        let meant = nearest(word, names).filter(|_| !word.is_empty());
        self.refuse(match meant {
            Some(meant) => problem.suggestion(format!("did you mean `{meant}`?")),
            None => problem,
        });
        None
    }

    pub(super) fn starts_list(&self, ahead: usize) -> bool {
        let is_list = |at| {
            self.is_any_word(at, &["in", "on"])
                && (self.is_any_word(at + 1, &["list", "lists"])
                    || (self.is_word(at + 1, "the") && self.is_word(at + 2, "list")))
        };
        is_list(ahead)
            || (self.is_word(ahead, "is")
                && (is_list(ahead + 1) || (self.is_word(ahead + 1, "not") && is_list(ahead + 2))))
    }

    pub(super) fn list_condition(&mut self) -> Option<(Condition<Named>, Shape)> {
        let start = self.peek().span.0;
        self.eat_word("is");
        let negated = self.eat_word("not");
        self.bump();
        self.eat_word("the");
        self.bump();
        let list = self.name("a list's name")?;
        Some(self.perhaps_not(Condition::List(ListCondition { list }), negated, start))
    }

    /// A condition read from `start` to here, or its negation.
    pub(super) fn perhaps_not(
        &self,
        leaf: Condition<Named>,
        negated: bool,
        start: usize,
    ) -> (Condition<Named>, Shape) {
        let shape = Shape::leaf(self.span_from(start));
        if !negated {
            return (leaf, shape);
        }
        let outer = Shape { span: shape.span, parts: vec![shape] };
        (Condition::Not(Box::new(leaf)), outer)
    }
}
