use segops_model::{Decimal, Value};
use segops_rules::{
    AggregateOperand, AggregateTest, Condition, CountTest, Moment, Named, Predicate, Scalar, Test,
};

use super::super::Notes;
use super::syntax::{Argument, Call};

/// What the value at a chain's end is compared with.
#[derive(Debug, Clone)]
pub(super) enum Comparison {
    Equals(Value),
    Differs(Value),
    MoreThan(Decimal),
    AtLeast(Decimal),
    LessThan(Decimal),
    AtMost(Decimal),
    Exists,
    Absent,
    Contains(Vec<String>),
    Omits(String),
    StartsWith(String),
    EndsWith(String),
    OneOf(Vec<Value>),
    Before(Moment),
    After(Moment),
}

/// One test or several of a value.
#[derive(Debug)]
pub(super) enum Tests {
    One(Test),
    All(Vec<Test>),
    Any(Vec<Test>),
}

impl Tests {
    pub(super) fn condition(self, leaf: impl Fn(Test) -> Condition<Named>) -> Condition<Named> {
        match self {
            Self::One(test) => leaf(test),
            Self::All(tests) => Condition::All(tests.into_iter().map(leaf).collect()),
            Self::Any(tests) => Condition::Any(tests.into_iter().map(leaf).collect()),
        }
    }

    pub(super) fn predicate(self, leaf: impl Fn(Test) -> Predicate) -> Predicate {
        match self {
            Self::One(test) => leaf(test),
            Self::All(tests) => Predicate::All(tests.into_iter().map(leaf).collect()),
            Self::Any(tests) => Predicate::Any(tests.into_iter().map(leaf).collect()),
        }
    }
}

/// The comparison that a call at a chain's end is; the signs are calls too.
pub(super) fn comparison(call: &Call, notes: &mut Notes) -> Option<Comparison> {
    let place = call.place();
    let values = || -> Option<Vec<Value>> { call.arguments.iter().map(value).collect() };
    let Some(values) = values() else {
        return notes.cannot(&place, "it is compared with something that is no fixed value");
    };
    let texts: Vec<String> = values
        .iter()
        .filter_map(|value| match value {
            Value::Text(text) => Some(text.to_string()),
            _ => None,
        })
        .collect();
    let first = values.first().cloned();
    let number = match &first {
        Some(Value::Number(number)) => Some(*number),
        _ => None,
    };
    let moment = || texts.first().and_then(|text| text.parse::<Moment>().ok());
    let found = match call.name.as_str() {
        "=" | "==" | "equals" => first.map(Comparison::Equals),
        "!=" | "differs" => first.map(Comparison::Differs),
        ">" | "greater_than" => number.map(Comparison::MoreThan),
        ">=" | "at_least" => number.map(Comparison::AtLeast),
        "<" | "less_than" => number.map(Comparison::LessThan),
        "<=" | "at_most" => number.map(Comparison::AtMost),
        "exists" => Some(Comparison::Exists),
        "absent" => Some(Comparison::Absent),
        "contains" => Some(Comparison::Contains(texts.clone())),
        "omits" => texts.first().cloned().map(Comparison::Omits),
        "starts_with" => texts.first().cloned().map(Comparison::StartsWith),
        "ends_with" => texts.first().cloned().map(Comparison::EndsWith),
        "one_of" => Some(Comparison::OneOf(values)),
        "before_date" => moment().map(Comparison::Before),
        "after_date" => moment().map(Comparison::After),
        "within_last" | "within_next" | "before_last" | "after_next" => {
            return notes.cannot(
                &place,
                format!("`{}` of a date has no condition in this version of rules", call.name),
            );
        }
        other => return notes.cannot(&place, format!("`{other}` is no comparison that is known")),
    };
    match found {
        Some(found) => Some(found),
        None => notes.cannot(&place, format!("`{}` is compared with a value that it cannot have", call.name)),
    }
}

fn value(argument: &Argument) -> Option<Value> {
    match argument {
        Argument::Text(text) => Some(Value::text(text)),
        Argument::Number(number) => Some(Value::Number(*number)),
        Argument::Bool(bool) => Some(Value::Bool(*bool)),
        // A date's distance, of which the caller says that it cannot be said.
        Argument::Duration(..) => Some(Value::Null),
        Argument::Expression(..) | Argument::OfParent => None,
    }
}

pub(super) fn count_test(found: &Comparison, notes: &mut Notes, place: &str) -> Option<CountTest> {
    let whole = |number: &Decimal| number.to_string().parse::<u64>().ok();
    let count = match found {
        Comparison::Equals(Value::Number(number)) => whole(number).map(CountTest::Exactly),
        Comparison::Differs(Value::Number(number)) => whole(number).map(CountTest::Not),
        Comparison::MoreThan(number) => whole(number).map(CountTest::MoreThan),
        Comparison::AtLeast(number) => whole(number).map(CountTest::AtLeast),
        Comparison::LessThan(number) => whole(number).map(CountTest::LessThan),
        Comparison::AtMost(number) => whole(number).map(CountTest::AtMost),
        _ => None,
    };
    match count {
        Some(count) => Some(count),
        None => notes.cannot(place, "a count is compared with a whole number"),
    }
}

pub(super) fn amount_test(
    found: &Comparison,
    notes: &mut Notes,
    place: &str,
) -> Option<AggregateTest<Named>> {
    let operand = |number: &Decimal| AggregateOperand::Number(*number);
    Some(match found {
        Comparison::Equals(Value::Number(number)) => AggregateTest::Equals(operand(number)),
        Comparison::Differs(Value::Number(number)) => AggregateTest::NotEquals(operand(number)),
        Comparison::MoreThan(number) => AggregateTest::MoreThan(operand(number)),
        Comparison::AtLeast(number) => AggregateTest::AtLeast(operand(number)),
        Comparison::LessThan(number) => AggregateTest::LessThan(operand(number)),
        Comparison::AtMost(number) => AggregateTest::AtMost(operand(number)),
        _ => return notes.cannot(place, "what is computed from events is compared with a number"),
    })
}

pub(super) fn value_tests(found: &Comparison, notes: &mut Notes) -> Option<Tests> {
    let number = |number: &Decimal| Scalar::Number(*number);
    Some(Tests::One(match found {
        Comparison::Equals(value) => Test::Is(value.clone()),
        // There a missing value does not differ from anything.
        Comparison::Differs(value) => {
            return Some(Tests::All(vec![Test::Exists, Test::IsNot(value.clone())]));
        }
        Comparison::MoreThan(held) => Test::MoreThan(number(held)),
        Comparison::AtLeast(held) => Test::AtLeast(number(held)),
        Comparison::LessThan(held) => Test::LessThan(number(held)),
        Comparison::AtMost(held) => Test::AtMost(number(held)),
        Comparison::Exists | Comparison::Absent => {
            notes.differs("", "a blank text or an empty list does not exist here");
            if matches!(found, Comparison::Exists) { Test::Exists } else { Test::NotExists }
        }
        Comparison::Contains(texts) if texts.len() > 1 => {
            return Some(Tests::Any(texts.iter().cloned().map(Test::Contains).collect()));
        }
        Comparison::Contains(texts) => Test::Contains(texts.first().cloned().unwrap_or_default()),
        Comparison::Omits(text) => Test::NotContains(text.clone()),
        Comparison::StartsWith(text) => Test::StartsWith(text.clone()),
        Comparison::EndsWith(text) => Test::EndsWith(text.clone()),
        Comparison::OneOf(values) => Test::In(values.clone()),
        Comparison::Before(moment) => Test::Before(*moment),
        Comparison::After(moment) => Test::Since(*moment),
    }))
}
