//! Whether a rule asks for something that can be: everything that can be said of a tree without knowing
//! what exists.

mod active;
mod aggregate;
mod membership;
mod occurrence;
mod order;
mod place;
mod ranking;
mod sample;
mod score;
mod sequence;
mod test;
mod trait_date;
mod window;

use segops_model::{Limits, Path};

use crate::ast::{Condition, CountTest, EventCondition, EventFilter, Predicate, RULE_FORMAT, Rule, Stage};
use crate::problem::{Code, PROBLEMS_MAX, Problem};
use place::check_place;
use sample::check_sample;
use test::check_test;
use trait_date::{check_date_test, check_history};
use window::check_window;

pub(crate) use membership::{SEGMENT_ENTERED, SEGMENT_EXITED};
pub use test::compile_pattern;

/// Everything that is wrong with a tree in itself, each with its place.
pub fn check<S: Stage>(rule: &Rule<S>, limits: &Limits) -> Vec<Problem> {
    let mut checker = Checker { limits, problems: Vec::new(), conditions: 0 };
    if rule.version != RULE_FORMAT {
        checker.report(unknown_version(rule.version));
    }
    checker.condition(&rule.when, "when", 0);
    if checker.conditions > limits.rule_conditions_max {
        let message = format!(
            "the rule has {} conditions; the limit is {}",
            checker.conditions, limits.rule_conditions_max
        );
        let problem = Problem::error(Code::TooMany, message).place("when");
        checker
            .problems
            .insert(0, problem.suggestion("split it into segments and refer to them with `in segment`"));
    }
    checker.problems
}

pub(crate) fn unknown_version(version: u32) -> Problem {
    Problem::error(Code::UnknownVersion, format!("the rule's format {version} is not known here"))
        .place("version")
        .expected(format!("{RULE_FORMAT}"))
        .suggestion("it was written by a newer release; upgrade, or write the rule anew")
}

struct Checker<'a> {
    limits: &'a Limits,
    problems: Vec<Problem>,
    /// Conditions and tests seen, groups not counted.
    conditions: usize,
}

impl Checker<'_> {
    fn report(&mut self, problem: Problem) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(problem);
        }
    }

    fn condition<S: Stage>(&mut self, condition: &Condition<S>, place: &str, depth: usize) {
        match condition {
            Condition::All(parts) => self.group(parts, &format!("{place}.all"), depth, Self::condition),
            Condition::Any(parts) => self.group(parts, &format!("{place}.any"), depth, Self::condition),
            Condition::None(parts) => self.group(parts, &format!("{place}.none"), depth, Self::condition),
            Condition::Not(part) => {
                if self.may_descend(place, depth) {
                    self.condition(part, &format!("{place}.not"), depth + 1);
                }
            }
            Condition::Event(event) => self.event(event, &format!("{place}.event"), depth),
            Condition::Aggregate(leaf) => {
                self.aggregate_condition(leaf, &format!("{place}.aggregate"), depth);
            }
            Condition::Occurrence(leaf) => {
                self.occurrence_condition(leaf, &format!("{place}.occurrence"), depth);
            }
            Condition::Within(leaf) => self.within_condition(leaf, &format!("{place}.within"), depth),
            Condition::Active(leaf) => self.active_condition(leaf, &format!("{place}.active"), depth),
            Condition::Sequence(leaf) => self.sequence(leaf, &format!("{place}.sequence"), depth),
            Condition::Cadence(leaf) => self.cadence(leaf, &format!("{place}.cadence"), depth),
            Condition::Trait(leaf) => {
                self.conditions += 1;
                let place = format!("{place}.trait");
                self.path(&leaf.path, &format!("{place}.trait"));
                self.problems_of(check_test(&leaf.test, leaf.match_case, &format!("{place}.test")));
            }
            Condition::Ranking(leaf) => self.ranking(leaf, &format!("{place}.ranking"), depth),
            Condition::Score(leaf) => self.score(leaf, &format!("{place}.score")),
            Condition::Segment(_) => self.conditions += 1,
            Condition::TraitDate(leaf) => {
                self.conditions += 1;
                let place = format!("{place}.trait_date");
                self.path(&leaf.path, &format!("{place}.trait"));
                self.problems_of(check_date_test(&leaf.test, &format!("{place}.test")));
            }
            Condition::TraitHistory(leaf) => {
                self.conditions += 1;
                let place = format!("{place}.trait_history");
                self.path(&leaf.path, &format!("{place}.trait"));
                self.problems_of(check_history(leaf, &place));
            }
            Condition::Place(test) => {
                self.conditions += 1;
                self.problems_of(check_place(test, &format!("{place}.place")));
            }
            Condition::Sample(leaf) => {
                self.conditions += 1;
                self.problems_of(check_sample(leaf, &format!("{place}.sample")));
            }
            Condition::Transition(leaf) => self.transition(leaf, &format!("{place}.transition")),
            Condition::Tenure(leaf) => self.tenure(leaf, &format!("{place}.tenure")),
        }
    }

    fn event<S: Stage>(&mut self, event: &EventCondition<S>, place: &str, depth: usize) {
        self.conditions += 1;
        self.chosen(&event.event, &format!("{place}.event"), depth);
        self.problems_of(check_count(event.count, &format!("{place}.count")));
        self.problems_of(check_window(&event.window, &format!("{place}.window")));
    }

    /// A filter of events, where orders are not asked for.
    fn filter<S: Stage>(&mut self, filter: &EventFilter<S>, place: &str, depth: usize) {
        if filter.subject.is_orders() {
            let problem = Problem::error(Code::UnsupportedValue, "this is asked of events, not of orders");
            let place = format!("{place}.subject");
            self.report(problem.place(place).suggestion("ask for the event `Order Completed`"));
        }
        self.chosen(filter, place, depth);
    }

    /// A filter of events or of orders.
    fn chosen<S: Stage>(&mut self, filter: &EventFilter<S>, place: &str, depth: usize) {
        self.problems_of(membership::check_event_name(filter, place));
        if let Some(name) = &filter.name {
            let name_place = format!("{place}.name");
            if name.trim().is_empty() {
                let problem = Problem::error(Code::EmptyText, "the event's name is empty").place(name_place);
                self.report(problem.suggestion("for events of every name write `any event`"));
            } else if name.len() > self.limits.event_name_bytes_max {
                let message = format!(
                    "the event's name has {} bytes; events have names of at most {}",
                    name.len(),
                    self.limits.event_name_bytes_max
                );
                self.report(Problem::error(Code::TooLong, message).place(name_place));
            }
        }
        if let Some(predicate) = &filter.predicate {
            self.predicate(predicate, &format!("{place}.where"), depth, false);
        }
        if filter.subject.is_orders() && !self.problems.iter().any(|problem| problem.code == Code::TooDeep) {
            self.order_filter(filter, place);
        }
    }

    fn predicate(&mut self, predicate: &Predicate, place: &str, depth: usize, in_item: bool) {
        let descend = |checker: &mut Self, part: &Predicate, place: &str, depth: usize| {
            checker.predicate(part, place, depth, in_item);
        };
        match predicate {
            Predicate::All(parts) => self.group(parts, &format!("{place}.all"), depth, descend),
            Predicate::Any(parts) => self.group(parts, &format!("{place}.any"), depth, descend),
            Predicate::None(parts) => self.group(parts, &format!("{place}.none"), depth, descend),
            Predicate::Not(part) => {
                if self.may_descend(place, depth) {
                    self.predicate(part, &format!("{place}.not"), depth + 1, in_item);
                }
            }
            Predicate::Property(leaf) => {
                self.conditions += 1;
                let place = format!("{place}.property");
                self.path(&leaf.property, &format!("{place}.property"));
                self.problems_of(check_test(&leaf.test, leaf.match_case, &format!("{place}.test")));
            }
            Predicate::Item(item) => {
                let place = format!("{place}.item");
                if in_item {
                    let problem = Problem::error(
                        Code::UnsupportedPath,
                        "a list inside a list's elements cannot be tested",
                    );
                    self.report(
                        problem
                            .place(format!("{place}.list"))
                            .expected("at most one `[]` on the way to a value"),
                    );
                } else {
                    self.path(&item.list, &format!("{place}.list"));
                }
                if self.may_descend(&place, depth) {
                    self.predicate(&item.predicate, &format!("{place}.where"), depth + 1, true);
                }
            }
        }
    }

    fn group<T>(
        &mut self,
        parts: &[T],
        place: &str,
        depth: usize,
        each: impl Fn(&mut Self, &T, &str, usize),
    ) {
        if parts.is_empty() {
            let problem = Problem::error(Code::EmptyGroup, "this group is empty").place(place);
            self.report(problem.expected("at least one condition").suggestion("fill it or take it out"));
        }
        if !self.may_descend(place, depth) {
            return;
        }
        for (at, part) in parts.iter().enumerate() {
            each(self, part, &format!("{place}[{at}]"), depth + 1);
        }
    }

    fn may_descend(&mut self, place: &str, depth: usize) -> bool {
        if depth < self.limits.rule_depth_max {
            return true;
        }
        let message = format!("groups nest deeper than {}, the limit", self.limits.rule_depth_max);
        self.report(
            Problem::error(Code::TooDeep, message)
                .place(place)
                .suggestion("put the inner part into a segment of its own and refer to it with `in segment`"),
        );
        false
    }

    fn path(&mut self, path: &Path, place: &str) {
        if path.split_list().is_some() {
            let message = format!("`{path}` goes through a list, which cannot be done here");
            self.report(
                Problem::error(Code::UnsupportedPath, message)
                    .place(place)
                    .suggestion("test the elements of a list inside an event's `where`, with one `[]`"),
            );
        }
    }

    fn problems_of(&mut self, problems: impl IntoIterator<Item = Problem>) {
        for problem in problems {
            self.report(problem);
        }
    }
}

/// Counts that no number, or every number, satisfies.
fn check_count(count: CountTest, place: &str) -> Vec<Problem> {
    let problem = match count {
        CountTest::LessThan(0) => Problem::error(Code::NeverHolds, "no count is below 0")
            .suggestion("for not once write `= 0 times`"),
        CountTest::AtLeast(0) => Problem::error(Code::AlwaysHolds, "every count is at least 0")
            .suggestion("for at least once write `>= 1`"),
        CountTest::MoreThan(u64::MAX) => {
            Problem::error(Code::NeverHolds, "no count is above the largest number")
        }
        CountTest::AtMost(u64::MAX) => {
            Problem::error(Code::AlwaysHolds, "no count is above the largest number")
        }
        CountTest::Between(low, high) if low > high => {
            Problem::error(Code::NeverHolds, format!("no count is between {low} and {high}"))
                .suggestion(format!("write the smaller number first: `between {high} and {low}`"))
        }
        _ => return Vec::new(),
    };
    vec![problem.place(place)]
}
