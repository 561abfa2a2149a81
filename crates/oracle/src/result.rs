//! Whom recorded results named, by the numbers that people answer to.

use segops_model::{Identifier, Instant};

use crate::Oracle;
use crate::people::Person;

/// One recording of a result.
#[derive(Debug, Clone)]
pub(crate) struct Recording {
    at: i64,
    result: String,
}

/// A number that a person answers to: the one given when they first turned up, and those of everyone who turned out
/// to be them. A number of the latter goes away again with the identifier by which it came to be.
#[derive(Debug, Clone)]
pub(crate) struct Number {
    /// Numbers in the order in which they were given; the oldest of people who are one is that of the whole.
    pub(crate) given: usize,
    pub(crate) anchor: Identifier,
    /// The recordings that name it.
    named_by: Vec<usize>,
}

impl Number {
    pub(crate) const fn new(given: usize, anchor: Identifier) -> Self {
        Self { given, anchor, named_by: Vec::new() }
    }
}

impl Oracle {
    /// Records that a result names these people and nobody else, each by any of their identifiers.
    pub fn name_people(&mut self, at: Instant, result: &str, named: &[Identifier]) {
        let recording = self.recordings.len();
        self.recordings.push(Recording { at: at.as_ms(), result: result.to_owned() });
        for person in self.people.iter_mut() {
            if named.iter().any(|one| person.identifiers.contains(one))
                && let Some(own) = person.numbers.first_mut()
            {
                own.named_by.push(recording);
            }
        }
    }

    pub(crate) fn is_named(&self, result: &str, person: &Person, now: i64) -> bool {
        let newest = self.recordings.iter().rposition(|one| one.result == result && one.at <= now);
        newest.is_some_and(|newest| person.numbers.iter().any(|number| number.named_by.contains(&newest)))
    }
}
