//! A key that rules of one meaning share, to point out that a segment like this exists already. Equal keys
//! are equal rules; rules that are equal for deeper reasons may have different keys.

mod history;
mod occurrence;
mod place;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use segops_model::{Value, fold_case};

use crate::ast::{
    Aggregate, AggregateCondition, AggregateOperand, AggregateTest, Condition, CountMeasure, CountTest,
    EventCondition, EventFilter, Measure, Predicate, PropertyTest, Resolved, Rule, SequenceCondition,
    TenureCondition, TenureTest, Test, Window,
};
use crate::lists::positive;
use crate::time::{Span, Unit};
use occurrence::{active_condition, occurrence_condition, within_condition};

/// The key of a rule's meaning: groups flattened and sorted, negations pushed down to the conditions,
/// counts as sets of numbers, spans in one unit, text folded where case does not matter.
#[must_use]
pub fn normal_form(rule: &Rule<Resolved>) -> String {
    format!("{:?} {}", rule.base, condition(&rule.when, false))
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Node {
    Leaf { key: String, negated: bool },
    Group { joint: Joint, parts: BTreeSet<Node> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Joint {
    And,
    Or,
}

impl std::fmt::Display for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Leaf { key, negated } => write!(f, "{}{key}", if *negated { "!" } else { "" }),
            Self::Group { joint, parts } => {
                write!(f, "{joint:?}(")?;
                for part in parts {
                    write!(f, "{part};")?;
                }
                f.write_str(")")
            }
        }
    }
}

/// A group in which what has the same joint is taken in, and one alone is itself.
fn group(joint: Joint, nodes: impl Iterator<Item = Node>) -> Node {
    let mut parts = BTreeSet::new();
    for node in nodes {
        match node {
            Node::Group { joint: inner, parts: inner_parts } if inner == joint => parts.extend(inner_parts),
            node => {
                parts.insert(node);
            }
        }
    }
    match parts.len() {
        1 => parts.pop_first().unwrap_or(Node::Group { joint, parts: BTreeSet::new() }),
        _ => Node::Group { joint, parts },
    }
}

fn joint(is_and: bool) -> Joint {
    if is_and { Joint::And } else { Joint::Or }
}

fn condition(tree: &Condition<Resolved>, negated: bool) -> Node {
    let each = |is_and: bool, parts: &[Condition<Resolved>], negated: bool| {
        group(joint(is_and), parts.iter().map(|part| condition(part, negated)))
    };
    match tree {
        Condition::All(parts) => each(!negated, parts, negated),
        Condition::Any(parts) => each(negated, parts, negated),
        Condition::None(parts) => each(!negated, parts, !negated),
        Condition::Not(part) => condition(part, !negated),
        Condition::Event(leaf) => Node::Leaf { key: event(leaf, negated), negated: false },
        Condition::Aggregate(leaf) => aggregate_condition(leaf, negated),
        Condition::Occurrence(leaf) => occurrence_condition(leaf, negated),
        Condition::Within(leaf) => within_condition(leaf, negated),
        Condition::Active(leaf) => active_condition(leaf, negated),
        Condition::Sequence(leaf) => Node::Leaf { key: sequence(leaf, negated), negated: false },
        Condition::Cadence(leaf) => {
            let event = format!("{:?}{}", leaf.event.name, filter(&leaf.event));
            Node::Leaf { key: format!("cadence {event} {:?} {}", leaf.test, leaf.events_min), negated }
        }
        Condition::Ranking(leaf) => {
            let by = match &leaf.by {
                Measure::Aggregate(tree) => aggregate(tree),
                Measure::Count(count) => {
                    let CountMeasure { event, window: when } = count;
                    format!("count {:?} {}{}", event.name, window(when), filter(event))
                }
                Measure::Trait(path) => format!("trait {:?}", path.to_string()),
                Measure::Score(score) => format!("score {score:?}"),
            };
            Node::Leaf { key: format!("{} {} of {by}", leaf.end.word(), leaf.percent), negated }
        }
        Condition::Trait(leaf) => {
            let (key, flipped) = test_key(&leaf.path.to_string(), &leaf.test, leaf.match_case);
            Node::Leaf { key: format!("trait {key}"), negated: negated != flipped }
        }
        Condition::Score(leaf) => {
            Node::Leaf { key: format!("score {:?} {:?}", leaf.score, leaf.test), negated }
        }
        Condition::TraitDate(leaf) => Node::Leaf { key: history::trait_date(leaf), negated },
        Condition::TraitHistory(leaf) => Node::Leaf { key: history::trait_history(leaf), negated },
        Condition::Place(test) => place::place(test, negated),
        Condition::Sample(leaf) => {
            Node::Leaf { key: format!("sample {} {:?}", leaf.percent, leaf.salt), negated }
        }
        Condition::Segment(leaf) => Node::Leaf { key: format!("segment {}", leaf.segment), negated },
        Condition::Transition(leaf) => {
            let counts = counts(leaf.count);
            let counts = if negated { complement(&counts) } else { counts };
            let key = format!("{:?} {} {counts:?} {}", leaf.direction, leaf.segment, window(&leaf.window));
            Node::Leaf { key, negated: false }
        }
        Condition::Tenure(leaf) => tenure(leaf, negated),
    }
}

/// Those in for less than a span are those in, but not for so long: other than the negation, since who is
/// not in passes neither.
fn tenure(leaf: &TenureCondition<Resolved>, negated: bool) -> Node {
    let test = match &leaf.test {
        TenureTest::AtLeast(time) => format!("at least {}", span(*time)),
        TenureTest::LessThan(time) => format!("less than {}", span(*time)),
        other => format!("{other:?}"),
    };
    Node::Leaf { key: format!("tenure {} {test}", leaf.segment), negated }
}

fn event(leaf: &EventCondition<Resolved>, negated: bool) -> String {
    let mut counts = counts(leaf.count);
    if negated {
        counts = complement(&counts);
    }
    format!("event {:?} {counts:?} {}{}", leaf.event.name, window(&leaf.window), filter(&leaf.event))
}

fn sequence(leaf: &SequenceCondition<Resolved>, negated: bool) -> String {
    let mut counts = counts(leaf.count);
    if negated {
        counts = complement(&counts);
    }
    let mut key = format!("sequence {counts:?} {} same {:?}", window(&leaf.window), leaf.same);
    for step in &leaf.steps {
        let not = if step.absent { "not " } else { "" };
        let within = step.within.map(span);
        let _ = write!(key, " then {not}{:?}{} {within:?}", step.event.name, filter(&step.event));
    }
    key
}

/// What a filter asks for beside the event's name.
fn filter(filter: &EventFilter<Resolved>) -> String {
    let sources: BTreeSet<String> = filter.sources.iter().map(ToString::to_string).collect();
    let mut key = String::new();
    if filter.subject.is_orders() {
        let _ = write!(key, " of {:?}", filter.subject);
    }
    if let Some(tree) = &filter.predicate {
        let _ = write!(key, " where {}", predicate(tree, false));
    }
    if !sources.is_empty() {
        let _ = write!(key, " from {sources:?}");
    }
    key
}

fn aggregate_condition(leaf: &AggregateCondition<Resolved>, negated: bool) -> Node {
    let operand = |operand: &AggregateOperand<Resolved>| match operand {
        AggregateOperand::Number(number) => number.to_string(),
        AggregateOperand::Date(moment) => format!("date {moment}"),
        AggregateOperand::Times(multiple) => {
            format!("{} times {}", multiple.factor, aggregate(&multiple.aggregate))
        }
    };
    let (test, flipped) = match &leaf.test {
        AggregateTest::NotEquals(with) => (format!("equals {}", operand(with)), true),
        AggregateTest::Between(low, high) => (format!("between {low:?} and {high:?}"), false),
        other => (format!("{} {}", other.name(), other.operand().map(operand).unwrap_or_default()), false),
    };
    Node::Leaf { key: format!("{} {test}", aggregate(&leaf.aggregate)), negated: negated != flipped }
}

fn aggregate(tree: &Aggregate<Resolved>) -> String {
    let times = if tree.by_quantity { " by quantity" } else { "" };
    format!(
        "{} of {:?}{times} over {:?} {}{}",
        tree.function.word(),
        tree.property.to_string(),
        tree.event.name,
        window(&tree.window),
        filter(&tree.event)
    )
}

/// The numbers that pass, as ranges with both ends included.
fn counts(test: CountTest) -> Vec<(u64, u64)> {
    match test {
        CountTest::AtLeast(n) => vec![(n, u64::MAX)],
        CountTest::MoreThan(n) => n.checked_add(1).map(|low| (low, u64::MAX)).into_iter().collect(),
        CountTest::Exactly(n) => vec![(n, n)],
        CountTest::Not(n) => complement(&[(n, n)]),
        CountTest::AtMost(n) => vec![(0, n)],
        CountTest::LessThan(n) => n.checked_sub(1).map(|high| (0, high)).into_iter().collect(),
        CountTest::Between(low, high) => vec![(low, high)],
    }
}

fn complement(ranges: &[(u64, u64)]) -> Vec<(u64, u64)> {
    let mut gaps = Vec::new();
    let mut next = Some(0);
    for (low, high) in ranges {
        if let Some(start) = next
            && start < *low
        {
            gaps.push((start, low - 1));
        }
        next = high.checked_add(1);
    }
    gaps.extend(next.map(|start| (start, u64::MAX)));
    gaps
}

fn window(window: &Window) -> String {
    match window {
        Window::AllTime | Window::Range { from: None, to: None } => "ever".to_owned(),
        Window::Last(last) => format!("last {}", span(*last)),
        Window::Ago { near, far } => format!("ago {} {}", span(*near), span(*far)),
        other => format!("{other:?}"),
    }
}

/// Exact spans in seconds, calendar ones in months.
fn span(span: Span) -> String {
    let count = u64::from(span.count);
    match span.unit {
        Unit::Second => format!("{count}s"),
        Unit::Minute => format!("{}s", count * 60),
        Unit::Hour => format!("{}s", count * 3_600),
        Unit::Day => format!("{}s", count * 86_400),
        Unit::Week => format!("{}s", count * 604_800),
        Unit::Month => format!("{count}mo"),
        Unit::Quarter => format!("{}mo", count * 3),
        Unit::Year => format!("{}mo", count * 12),
    }
}

fn predicate(tree: &Predicate, negated: bool) -> Node {
    let each = |is_and: bool, parts: &[Predicate], negated: bool| {
        group(joint(is_and), parts.iter().map(|part| predicate(part, negated)))
    };
    match tree {
        Predicate::All(parts) => each(!negated, parts, negated),
        Predicate::Any(parts) => each(negated, parts, negated),
        Predicate::None(parts) => each(!negated, parts, !negated),
        Predicate::Not(part) => predicate(part, !negated),
        Predicate::Property(PropertyTest { property, match_case, test }) => {
            let (key, flipped) = test_key(&property.to_string(), test, *match_case);
            Node::Leaf { key, negated: negated != flipped }
        }
        Predicate::Item(item) => {
            let key = format!("item {:?} {}", item.list.to_string(), predicate(&item.predicate, false));
            Node::Leaf { key, negated }
        }
    }
}

/// The key of a test in its positive form, and whether the test denies that.
fn test_key(path: &str, test: &Test, match_case: bool) -> (String, bool) {
    let (test, negated) = match positive(test) {
        Some(positive) => (positive, true),
        None => (test.clone(), false),
    };
    let text = |text: &str| if match_case { text.to_owned() } else { fold_case(text).into_owned() };
    let value = |value: &Value| match value {
        Value::Text(inner) => format!("{:?}", text(inner)),
        other => format!("{other:?}"),
    };
    let values = |values: &[Value]| values.iter().map(value).collect::<BTreeSet<String>>();
    let case = if match_case { " exactly" } else { "" };
    let key = match &test {
        Test::Is(only) => format!("in {:?}{case}", BTreeSet::from([value(only)])),
        Test::In(list) => format!("in {:?}{case}", values(list)),
        Test::ContainsAny(list) => format!("any {:?}{case}", values(list)),
        Test::ContainsAll(list) => format!("all {:?}{case}", values(list)),
        Test::Contains(part) => format!("contains {:?}{case}", text(part)),
        Test::StartsWith(part) => format!("starts {:?}{case}", text(part)),
        Test::EndsWith(part) => format!("ends {:?}{case}", text(part)),
        // A pattern's own letters may be classes, which folding would change.
        Test::Matches(pattern) => format!("matches {pattern:?}{case}"),
        Test::Length(count) => format!("length {:?}", counts(*count)),
        other => format!("{other:?}"),
    };
    (format!("{path:?} {key}"), negated)
}
