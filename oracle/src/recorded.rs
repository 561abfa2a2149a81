//! Who came into and went out of which segment, as it was written down when it happened.

use std::collections::{BTreeMap, BTreeSet};

use segops_model::{Direction, Instant};
use segops_rules::{Condition, Named, Rule, TenureCondition, TenureTest, TransitionCondition, Window};

use crate::Oracle;
use crate::people::Person;
use crate::value::counts;

/// One time that a person came in or went out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Move {
    at: i64,
    /// Which writing down it was.
    page: usize,
    enters: bool,
    /// Whether the rule changed, and not the person.
    by_rule: bool,
}

/// Each segment's moves of one person, in the order of time.
pub(crate) type Moves = BTreeMap<String, Vec<Move>>;

impl Oracle {
    /// Writes down who is in which segment at an instant, and whether it is because a rule has changed.
    pub fn record(&mut self, at: Instant, by_rule: bool) {
        self.pages += 1;
        let now = at.as_ms();
        let joined = self.joined_at(at);
        let as_they_came = std::mem::replace(&mut self.events, joined);
        for name in self.by_reference() {
            let Some(rule) = self.segments.get(&name) else { continue };
            let is_there = |person: &Person| self.events_of(person, now).next().is_some();
            let members: Vec<bool> =
                self.people.iter().map(|one| is_there(one) && self.is_member(rule, one, now)).collect();
            for (person, is_member) in self.people.iter_mut().zip(members) {
                let moves = person.recorded.entry(name.clone()).or_default();
                if moves.last().is_some_and(|last| last.enters) != is_member {
                    moves.push(Move { at: now, page: self.pages, enters: is_member, by_rule });
                }
            }
        }
        self.events = as_they_came;
    }

    /// The segments' names, each after those that its rule speaks of.
    fn by_reference(&self) -> Vec<String> {
        let mut ordered: Vec<String> = Vec::new();
        while ordered.len() < self.segments.len() {
            let next = self.segments.iter().find(|(name, rule)| {
                !ordered.contains(name) && spoken_of(rule).iter().all(|other| ordered.contains(other))
            });
            let Some((name, _)) = next else { break };
            ordered.push(name.clone());
        }
        ordered
    }

    pub(crate) fn moved(&self, condition: &TransitionCondition<Named>, person: &Person, now: i64) -> bool {
        let (from, to) = self.calendar.bounds(&condition.window, now);
        let moves = person.recorded.get(&condition.segment).into_iter().flatten();
        let count = moves
            .filter(|one| one.at <= now && (from..to).contains(&one.at))
            .filter(|one| one.enters == (condition.direction == Direction::Entered) && !one.by_rule)
            .count();
        counts(condition.count, count as u64)
    }

    pub(crate) fn stays(&self, condition: &TenureCondition<Named>, person: &Person, now: i64) -> bool {
        let mut moves = person.recorded.get(&condition.segment).into_iter().flatten();
        let Some(since) = moves.rfind(|one| one.at <= now).filter(|last| last.enters) else {
            return false;
        };
        let is_within = |span| since.at >= self.calendar.bounds(&Window::Last(span), now).0;
        match condition.test {
            TenureTest::AtLeast(span) => !is_within(span),
            TenureTest::LessThan(span) => is_within(span),
            TenureTest::SinceBefore(moment) => since.at < self.calendar.moment(moment),
            TenureTest::SinceAfter(moment) => since.at >= self.calendar.moment(moment),
        }
    }
}

/// What was written down of two who are one: in while either was.
pub(crate) fn joined(left: &Moves, right: &Moves) -> Moves {
    let names: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
    let whole = names.into_iter().map(|name| {
        let sides = [left.get(name), right.get(name)].map(|moves| moves.cloned().unwrap_or_default());
        let times: BTreeSet<(i64, usize)> = sides.iter().flatten().map(|one| (one.at, one.page)).collect();
        let mut moves: Vec<Move> = Vec::new();
        for (at, page) in times {
            let newest =
                |side: &Vec<Move>| side.iter().rev().find(|one| (one.at, one.page) <= (at, page)).copied();
            let enters = sides.iter().filter_map(newest).any(|one| one.enters);
            if moves.last().is_some_and(|last| last.enters) != enters {
                let here = sides.iter().flatten().find(|one| (one.at, one.page) == (at, page));
                let by_rule = here.is_some_and(|one| one.by_rule);
                moves.push(Move { at, page, enters, by_rule });
            }
        }
        (name.clone(), moves)
    });
    whole.collect()
}

/// The segments that a rule speaks of.
fn spoken_of(rule: &Rule<Named>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut waiting = vec![&rule.when];
    while let Some(condition) = waiting.pop() {
        match condition {
            Condition::All(parts) | Condition::Any(parts) | Condition::None(parts) => waiting.extend(parts),
            Condition::Not(part) => waiting.push(part),
            Condition::Segment(leaf) => drop(names.insert(leaf.segment.clone())),
            Condition::Transition(leaf) => drop(names.insert(leaf.segment.clone())),
            Condition::Tenure(leaf) => drop(names.insert(leaf.segment.clone())),
            _ => {}
        }
    }
    names
}
