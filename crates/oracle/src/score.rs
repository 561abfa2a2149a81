//! Scores: from their formulas, and as they came in from elsewhere.

use segops_model::{DAY_MS, Decimal, Identifier, Instant};
use segops_rules::{EventFilter, Named, ScoreCondition, ScoreTest, Subject};

use crate::Oracle;
use crate::people::Person;

/// So many orders are looked at, the newest.
const ORDERS: usize = 10_000;

/// What a score is of someone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact {
    Number(Decimal),
    Date(Instant),
}

/// One value that came in.
#[derive(Debug, Clone)]
pub(crate) struct Scored {
    score: String,
    came_in: i64,
    as_of: i64,
    of: Identifier,
    /// Nothing takes the score back.
    fact: Option<Fact>,
}

impl Oracle {
    /// Takes in values of a score, each of someone who is known by an identifier.
    pub fn score_people(
        &mut self,
        score: &str,
        as_of: Instant,
        now: Instant,
        values: Vec<(Identifier, Option<Fact>)>,
    ) {
        let as_of = as_of.min(now);
        for (of, fact) in values {
            let is_known = self.people.iter().any(|person| person.identifiers.contains(&of));
            if is_known && !self.people.was_deleted(&of, as_of) {
                let (came_in, as_of) = (now.as_ms(), as_of.as_ms());
                self.scored.push(Scored { score: score.to_owned(), came_in, as_of, of, fact });
            }
        }
    }

    pub(crate) fn forget_scores_of(&mut self, someone: &Identifier) {
        let person = self.people.iter().find(|person| person.identifiers.contains(someone));
        if let Some(person) = person {
            self.scored.retain(|value| !person.identifiers.contains(&value.of));
        }
    }

    pub(crate) fn score_passes(&self, condition: &ScoreCondition, person: &Person, now: i64) -> bool {
        let Some(fact) = self.score(&condition.score, person, now) else { return false };
        match (&condition.test, fact) {
            (ScoreTest::LessThan(bound), Fact::Number(number)) => number < *bound,
            (ScoreTest::AtMost(bound), Fact::Number(number)) => number <= *bound,
            (ScoreTest::MoreThan(bound), Fact::Number(number)) => number > *bound,
            (ScoreTest::AtLeast(bound), Fact::Number(number)) => number >= *bound,
            (ScoreTest::Exactly(bound), Fact::Number(number)) => number == *bound,
            (ScoreTest::Between(low, high), Fact::Number(number)) => number >= *low && number <= *high,
            (ScoreTest::Date(window), Fact::Date(date)) => {
                let (from, to) = self.calendar.date_bounds(window, now);
                (from..to).contains(&date.as_ms())
            }
            (ScoreTest::Exists, _) => true,
            _ => false,
        }
    }

    pub(crate) fn score(&self, score: &str, person: &Person, now: i64) -> Option<Fact> {
        match score {
            "days_since_last_order" => {
                let newest = self.order_times(person, now).pop()?;
                let nanodays = i128::from(now - newest) * 1_000_000_000 / i128::from(DAY_MS);
                Some(Fact::Number(Decimal::from_billionths(nanodays)))
            }
            "usual_next_order" => {
                let times = self.order_times(person, now);
                let newest = *times.last().filter(|_| times.len() >= 3)?;
                let times = times.get(times.len().saturating_sub(ORDERS)..)?;
                let mut gaps: Vec<i64> =
                    times.iter().zip(times.iter().skip(1)).map(|(older, newer)| newer - older).collect();
                gaps.sort_unstable();
                let (low, high) = (gaps.get((gaps.len() - 1) / 2)?, gaps.get(gaps.len() / 2)?);
                Some(Fact::Date(Instant::from_ms(newest + (low + high) / 2)))
            }
            recorded => {
                let own = self.scored.iter().filter(|value| {
                    value.score == recorded && value.came_in <= now && person.identifiers.contains(&value.of)
                });
                // Of several that are of the same instant, the last to come in.
                own.max_by_key(|value| value.as_of).and_then(|value| value.fact)
            }
        }
    }

    /// When the person's orders were, in the order of time.
    fn order_times(&self, person: &Person, now: i64) -> Vec<i64> {
        let filter: EventFilter<Named> = EventFilter {
            subject: Subject::Orders,
            derived: None,
            name: None,
            predicate: None,
            sources: Vec::new(),
        };
        let orders = self.meant(&filter, person, now);
        let placed = orders.iter().filter(|(_, is_placed)| *is_placed);
        let mut times: Vec<i64> = placed.map(|(order, _)| order.ts.as_ms()).collect();
        times.sort_unstable();
        times
    }
}
