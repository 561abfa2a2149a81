//! The canonical text of a rule: what a person would write, with parentheses wherever reading could be in
//! doubt. Reading it gives the same tree back.

mod active;
mod history;
mod layout;
mod membership;
mod occurrence;
mod place;
mod score;
mod sequence;

use std::fmt;

use segops_model::{Decimal, Path, Value};

use crate::ast::{
    ActiveCondition, Aggregate, AggregateCondition, AggregateFunction, AggregateOperand, AggregateTest, Base,
    Condition, CountTest, EventCondition, EventFilter, ItemTest, Measure, Named, Predicate, PropertyTest,
    Rule, Scalar, Subject, Test, Window,
};
use crate::lists::{negative, positive};
use crate::parse::{is_reserved, is_word};
use crate::time::{CalendarPeriod, Span, Unit, Weekday};
use active::active_condition;
use occurrence::{occurrence_condition, within_condition};

pub use layout::format_lines;
/// Names that start a condition over orders, or on a score, where they stand bare.
const OTHER_STARTS: &[&str] = &["orders", "spent", "spend", "aov", "score"];

/// The rule's canonical text.
#[must_use]
pub fn format(rule: &Rule<Named>) -> String {
    format!("{}{}", base_text(rule.base), condition(&rule.when, false))
}

const fn base_text(base: Base) -> &'static str {
    match base {
        Base::Customers => "",
        Base::Identified => "identified where ",
        Base::Everyone => "everyone where ",
    }
}

impl fmt::Display for Rule<Named> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format(self))
    }
}

impl fmt::Display for Condition<Named> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&condition(self, false))
    }
}

impl fmt::Display for Predicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&predicate(self, false))
    }
}

/// `closed`: whether an `and` or `or` follows that a predicate without parentheses would take in.
fn condition(tree: &Condition<Named>, closed: bool) -> String {
    match tree {
        Condition::All(parts) if parts.len() > 1 => chain(parts, " and "),
        Condition::Any(parts) if parts.len() > 1 => chain(parts, " or "),
        Condition::All(parts) => list("all of", parts.iter().map(listed)),
        Condition::Any(parts) => list("any of", parts.iter().map(listed)),
        Condition::None(parts) => list("none of", parts.iter().map(listed)),
        Condition::Not(part) => match &**part {
            Condition::Event(event_condition) if event_condition.count == CountTest::default() => {
                event(event_condition, "did not", closed)
            }
            Condition::Within(leaf) if leaf.count == CountTest::default() => {
                within_condition(leaf, "did not", closed)
            }
            Condition::Active(leaf) if is_at_least_once_each(leaf) => {
                active_condition(leaf, "did not", closed)
            }
            inner => format!("not {}", condition_operand(inner, closed)),
        },
        Condition::Event(event_condition) => event(event_condition, "did", closed),
        Condition::Aggregate(leaf) => aggregate_condition(leaf),
        Condition::Occurrence(leaf) => occurrence_condition(leaf, closed),
        Condition::Within(leaf) => within_condition(leaf, "did", closed),
        Condition::Active(leaf) => active_condition(leaf, "did", closed),
        Condition::Sequence(leaf) => sequence::sequence(leaf),
        Condition::Cadence(leaf) => sequence::cadence(leaf),
        Condition::Ranking(leaf) => {
            format!("{} {}% by {}", leaf.end.word(), leaf.percent, measure(&leaf.by, closed))
        }
        Condition::Score(leaf) => score::score(leaf),
        Condition::TraitDate(leaf) => history::trait_date(leaf),
        Condition::TraitHistory(leaf) => history::trait_history(leaf),
        Condition::Place(test) => place::place(test),
        Condition::Sample(leaf) => format!("in {}% sample {}", leaf.percent, quoted(&leaf.salt)),
        Condition::Trait(leaf) => {
            let name = leaf.path.to_string();
            let text = tested(&name, &leaf.test, leaf.match_case);
            // Bare, these would read as what profiles have ordered, spent or scored.
            let starts_other = OTHER_STARTS.iter().any(|word| name.eq_ignore_ascii_case(word));
            if starts_other { text.replacen(&name, &quoted(&name), 1) } else { text }
        }
        Condition::Segment(leaf) => format!("in segment {}", quoted(&leaf.segment)),
        Condition::Transition(leaf) => membership::transition(leaf),
        Condition::Tenure(leaf) => membership::tenure(leaf),
    }
}

/// A condition between commas.
fn listed(tree: &Condition<Named>) -> String {
    let text = condition(tree, false);
    if sequence::ends_in_sources(tree) { format!("({text})") } else { text }
}

fn chain(parts: &[Condition<Named>], joint: &str) -> String {
    let texts: Vec<String> = parts
        .iter()
        .enumerate()
        .map(|(at, part)| {
            let closed = parts.get(at + 1).is_some_and(|next| !starts_as_condition(next));
            condition_operand(part, closed)
        })
        .collect();
    texts.join(joint)
}

fn condition_operand(tree: &Condition<Named>, closed: bool) -> String {
    match tree {
        Condition::All(parts) | Condition::Any(parts) if parts.len() > 1 => {
            format!("({})", condition(tree, false))
        }
        _ => condition(tree, closed),
    }
}

/// Whether the text of a condition shows at its start that it is no test of a property.
fn starts_as_condition(tree: &Condition<Named>) -> bool {
    match tree {
        Condition::All(parts) | Condition::Any(parts) | Condition::None(parts) => {
            parts.first().is_some_and(starts_as_condition)
        }
        Condition::Not(part) => starts_as_condition(part),
        Condition::Event(_)
        | Condition::Aggregate(_)
        | Condition::Occurrence(_)
        | Condition::Within(_)
        | Condition::Active(_)
        | Condition::Ranking(_)
        | Condition::Segment(_)
        | Condition::Sample(_)
        | Condition::Score(_)
        | Condition::Sequence(_)
        | Condition::Cadence(_)
        | Condition::Place(_)
        | Condition::Transition(_)
        | Condition::Tenure(_) => true,
        Condition::Trait(_) | Condition::TraitDate(_) | Condition::TraitHistory(_) => false,
    }
}

fn is_at_least_once_each(leaf: &ActiveCondition<Named>) -> bool {
    matches!(leaf, ActiveCondition::Periods(periods) if periods.each == CountTest::default())
}

fn named_event(filter: &EventFilter<Named>) -> String {
    match (filter.subject, &filter.name) {
        (Subject::Orders, _) => "orders".to_owned(),
        (Subject::AllOrders, _) => "orders including test orders".to_owned(),
        (Subject::Events, None) => "any event".to_owned(),
        (Subject::Events, Some(name)) => quoted(name),
    }
}

fn event(tree: &EventCondition<Named>, verb: &str, closed: bool) -> String {
    let (mut text, noun) = if tree.event.subject.is_orders() {
        let no = if verb == "did not" { "no " } else { "" };
        (format!("has {no}{}", named_event(&tree.event)), "")
    } else {
        (format!("{verb} {}", named_event(&tree.event)), "time")
    };
    if tree.count != CountTest::default() {
        text.push_str(&format!(" {}", count(tree.count, noun)));
    }
    text.push_str(&clauses(&tree.event, &tree.window, closed));
    text
}

/// What follows an event's name: where, when, from which sources.
fn clauses(filter: &EventFilter<Named>, when: &Window, closed: bool) -> String {
    clauses_when(filter, &window(when), closed)
}

fn clauses_when(filter: &EventFilter<Named>, window: &str, closed: bool) -> String {
    let mut text = String::new();
    let sources: Vec<String> = filter.sources.iter().map(|source| quoted(source)).collect();
    if let Some(inner) = &filter.predicate {
        let is_chain = matches!(inner, Predicate::All(parts) | Predicate::Any(parts) if parts.len() > 1);
        let is_last = window.is_empty() && sources.is_empty();
        let inner = predicate(inner, false);
        if is_chain || (closed && is_last) {
            text.push_str(&format!(" where ({inner})"));
        } else {
            text.push_str(&format!(" where {inner}"));
        }
    }
    if !window.is_empty() {
        text.push_str(&format!(" {window}"));
    }
    if !sources.is_empty() {
        text.push_str(&format!(" from source {}", sources.join(", ")));
    }
    text
}

fn measure(by: &Measure<Named>, closed: bool) -> String {
    match by {
        Measure::Aggregate(tree) => aggregate(tree),
        Measure::Count(count) => {
            format!("count of {}{}", named_event(&count.event), clauses(&count.event, &count.window, closed))
        }
        Measure::Trait(path) => format!("trait {}", self::path(&path.to_string())),
    }
}

fn aggregate_condition(leaf: &AggregateCondition<Named>) -> String {
    format!("{} {}", aggregate(&leaf.aggregate), aggregate_test(&leaf.test))
}

/// What is spent, in words of its own.
fn spend(tree: &Aggregate<Named>) -> Option<&'static str> {
    let is_sum = tree.function == AggregateFunction::Sum && !tree.by_quantity;
    match (tree.event.subject, tree.property.to_string().as_str()) {
        (Subject::Orders, "net") if is_sum => Some("net spend"),
        (Subject::Orders, "value") if is_sum => Some("gross spend"),
        _ => None,
    }
}

fn aggregate(tree: &Aggregate<Named>) -> String {
    if let Some(spend) = spend(tree) {
        return format!("{spend}{}", clauses(&tree.event, &tree.window, true));
    }
    let name = named_event(&tree.event);
    let times = if tree.by_quantity { "*quantity" } else { "" };
    let property = match tree.property.to_string() {
        // Alone it would read as what comes after the property.
        over if over.eq_ignore_ascii_case("over") => quoted(&over),
        other => path(&other),
    };
    let clauses = clauses(&tree.event, &tree.window, true);
    format!("{} of {property}{times} over {name}{clauses}", tree.function.word())
}

fn aggregate_test(test: &AggregateTest<Named>) -> String {
    let (sign, operand) = match test {
        AggregateTest::Equals(operand) => ("=", operand),
        AggregateTest::NotEquals(operand) => ("!=", operand),
        AggregateTest::LessThan(operand) => ("<", operand),
        AggregateTest::AtMost(operand) => ("<=", operand),
        AggregateTest::MoreThan(operand) => (">", operand),
        AggregateTest::AtLeast(operand) => (">=", operand),
        AggregateTest::Between(low, high) => {
            return format!("between {} and {}", scalar_text(low), scalar_text(high));
        }
    };
    match operand {
        AggregateOperand::Number(number) => format!("{sign} {number}"),
        AggregateOperand::Date(moment) => format!("{sign} {moment}"),
        AggregateOperand::Times(multiple) if multiple.factor == Decimal::ONE => {
            format!("{sign} {}", aggregate(&multiple.aggregate))
        }
        AggregateOperand::Times(multiple) => {
            format!("{sign} {} times {}", multiple.factor, aggregate(&multiple.aggregate))
        }
    }
}

/// `operand`: whether the text stands beside `and`, `or` or `not`.
fn predicate(tree: &Predicate, operand: bool) -> String {
    match tree {
        Predicate::All(parts) if parts.len() > 1 => enclosed_if(operand, all_of(parts).join(" and ")),
        Predicate::Any(parts) if parts.len() > 1 => {
            let texts: Vec<String> = parts.iter().map(|part| predicate(part, true)).collect();
            enclosed_if(operand, texts.join(" or "))
        }
        Predicate::All(parts) => list("all of", all_of(parts).into_iter()),
        Predicate::Any(parts) => list("any of", parts.iter().map(|part| predicate(part, false))),
        Predicate::None(parts) => list("none of", parts.iter().map(|part| predicate(part, false))),
        Predicate::Not(part) => match (&**part, plain_element(part)) {
            (_, Some((path, test))) if negative(&test.test).is_some() => {
                let negative = negative(&test.test).unwrap_or(Test::Exists);
                tested(&path.to_string(), &negative, test.match_case)
            }
            (inner, _) => format!("not {}", predicate(inner, true)),
        },
        Predicate::Property(leaf) => tested(&leaf.property.to_string(), &leaf.test, leaf.match_case),
        Predicate::Item(item) => match plain_element(tree) {
            Some((path, test)) => tested(&path.to_string(), &test.test, test.match_case),
            None => item_in_parentheses(item),
        },
    }
}

fn enclosed_if(operand: bool, text: String) -> String {
    if operand { format!("({text})") } else { text }
}

/// The parts of an "all": several plain tests of one list would read as tests of one element, so they get
/// parentheses of their own.
fn all_of(parts: &[Predicate]) -> Vec<String> {
    let lists: Vec<Option<&Path>> = parts.iter().map(|part| plain_element(part).and(list_of(part))).collect();
    let is_repeated = |list: &Path| lists.iter().flatten().filter(|other| **other == list).count() > 1;
    let operand = parts.len() > 1;
    parts
        .iter()
        .map(|part| match part {
            Predicate::Item(item) if plain_element(part).is_some() && is_repeated(&item.list) => {
                item_in_parentheses(item)
            }
            _ => predicate(part, operand),
        })
        .collect()
}

fn list_of(part: &Predicate) -> Option<&Path> {
    match part {
        Predicate::Item(item) => Some(&item.list),
        _ => None,
    }
}

fn item_in_parentheses(item: &ItemTest) -> String {
    format!("{}({})", path(&Path::joined(&item.list, None).to_string()), predicate(&item.predicate, false))
}

/// The path and test of an item test that asks one positive thing of an element.
fn plain_element(part: &Predicate) -> Option<(Path, &PropertyTest)> {
    let Predicate::Item(item) = part else { return None };
    let Predicate::Property(test) = &*item.predicate else { return None };
    let is_plain = positive(&test.test).is_none();
    is_plain.then(|| (Path::joined(&item.list, Some(&test.property)), test))
}

fn list(head: &str, parts: impl Iterator<Item = String>) -> String {
    format!("{head} ({})", parts.collect::<Vec<_>>().join(", "))
}

fn tested(name: &str, test: &Test, match_case: bool) -> String {
    let suffix = if match_case { " match case" } else { "" };
    format!("{} {}{suffix}", path(name), test_text(test))
}

/// A trait's name: in quotes also where it would read as what profiles have ordered, spent or scored.
fn trait_name(name: &str) -> String {
    let starts_other = OTHER_STARTS.iter().any(|word| name.eq_ignore_ascii_case(word));
    if starts_other { quoted(name) } else { path(name) }
}

fn path(name: &str) -> String {
    if is_word(name) && !is_reserved(name) { name.to_owned() } else { quoted(name) }
}

fn test_text(test: &Test) -> String {
    match test {
        Test::Is(value) => format!("is {}", value_text(value)),
        Test::IsNot(value) => format!("is not {}", value_text(value)),
        Test::In(values) => format!("in {}", values_text(values)),
        Test::NotIn(values) => format!("not in {}", values_text(values)),
        Test::Contains(text) => format!("contains {}", quoted(text)),
        Test::NotContains(text) => format!("does not contain {}", quoted(text)),
        Test::StartsWith(text) => format!("starts with {}", quoted(text)),
        Test::EndsWith(text) => format!("ends with {}", quoted(text)),
        Test::Matches(pattern) => format!("matches {}", quoted(pattern)),
        Test::LessThan(scalar) => format!("< {}", scalar_text(scalar)),
        Test::AtMost(scalar) => format!("<= {}", scalar_text(scalar)),
        Test::MoreThan(scalar) => format!("> {}", scalar_text(scalar)),
        Test::AtLeast(scalar) => format!(">= {}", scalar_text(scalar)),
        Test::Between(low, high) => format!("between {} and {}", scalar_text(low), scalar_text(high)),
        Test::Before(moment) => format!("before {moment}"),
        Test::Since(moment) => format!("since {moment}"),
        Test::Exists => "exists".to_owned(),
        Test::NotExists => "does not exist".to_owned(),
        Test::ContainsAny(values) => format!("contains any of {}", values_text(values)),
        Test::ContainsAll(values) => format!("contains all of {}", values_text(values)),
        Test::ContainsNone(values) => format!("contains none of {}", values_text(values)),
        Test::Length(test) => format!("length {}", count(*test, "")),
    }
}

fn scalar_text(scalar: &Scalar) -> String {
    match scalar {
        Scalar::Number(number) => number.to_string(),
        Scalar::Date(moment) => moment.to_string(),
    }
}

fn values_text(values: &[Value]) -> String {
    format!("({})", values.iter().map(value_text).collect::<Vec<_>>().join(", "))
}

fn value_text(value: &Value) -> String {
    match value {
        Value::Text(text) => quoted(text),
        Value::Number(number) => number.to_string(),
        Value::Bool(bool) => bool.to_string(),
        // No valid rule has these; a rule is printed also to show what is wrong with it.
        Value::Null => "null".to_owned(),
        Value::List(list) => values_text(list),
        Value::Object(_) => "{...}".to_owned(),
    }
}

fn count(test: CountTest, noun: &str) -> String {
    let with_noun = |number: u64| match (noun, number) {
        ("", _) => number.to_string(),
        (_, 1) => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    };
    match test {
        CountTest::AtLeast(n) => format!(">= {}", with_noun(n)),
        CountTest::MoreThan(n) => format!("> {}", with_noun(n)),
        CountTest::Exactly(n) => format!("= {}", with_noun(n)),
        CountTest::Not(n) => format!("!= {}", with_noun(n)),
        CountTest::AtMost(n) => format!("<= {}", with_noun(n)),
        CountTest::LessThan(n) => format!("< {}", with_noun(n)),
        CountTest::Between(low, high) => format!("between {low} and {}", with_noun(high)),
    }
}

fn window(window: &Window) -> String {
    match window {
        Window::AllTime | Window::Range { from: None, to: None } => String::new(),
        Window::Last(span) => format!("in last {}", span_text(*span)),
        Window::Ago { near, far } if near.unit == far.unit => {
            format!("between {} and {} ago", near.count, span_text(*far))
        }
        Window::Ago { near, far } => format!("between {} and {} ago", span_text(*near), span_text(*far)),
        Window::Range { from: Some(from), to: Some(to) } => format!("from {from} to {to}"),
        Window::Range { from: Some(from), to: None } => format!("since {from}"),
        Window::Range { from: None, to: Some(to) } => format!("before {to}"),
        Window::Calendar(period) => period_text(*period).to_owned(),
        Window::On(date) => format!("on {date}"),
        Window::SinceWeekday(day) => format!("since {}", weekday_text(*day)),
    }
}

fn span_text(span: Span) -> String {
    format!("{} {}{}", span.count, unit_text(span.unit), if span.count == 1 { "" } else { "s" })
}

const fn unit_text(unit: Unit) -> &'static str {
    match unit {
        Unit::Second => "second",
        Unit::Minute => "minute",
        Unit::Hour => "hour",
        Unit::Day => "day",
        Unit::Week => "week",
        Unit::Month => "month",
        Unit::Quarter => "quarter",
        Unit::Year => "year",
    }
}

fn period_text(period: CalendarPeriod) -> &'static str {
    match period {
        CalendarPeriod::Today => "today",
        CalendarPeriod::Yesterday => "yesterday",
        CalendarPeriod::ThisWeek => "this week",
        CalendarPeriod::LastWeek => "last week",
        CalendarPeriod::ThisMonth => "this month",
        CalendarPeriod::LastMonth => "last month",
        CalendarPeriod::ThisQuarter => "this quarter",
        CalendarPeriod::LastQuarter => "last quarter",
        CalendarPeriod::ThisYear => "this year",
        CalendarPeriod::LastYear => "last year",
    }
}

fn weekday_text(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "monday",
        Weekday::Tuesday => "tuesday",
        Weekday::Wednesday => "wednesday",
        Weekday::Thursday => "thursday",
        Weekday::Friday => "friday",
        Weekday::Saturday => "saturday",
        Weekday::Sunday => "sunday",
    }
}

fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            _ if character.is_control() => quoted.push_str(&format!("\\u{{{:x}}}", u32::from(character))),
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}
