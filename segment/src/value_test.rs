//! What a rule asks of one value: the same for properties, line items and traits.

mod needle;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use compact_str::CompactString;
use jiff::tz::TimeZone;
use regex::Regex;

use segops_model::{Decimal, Instant, Value, date_of, fold_case, fold_character};
use segops_rules::{Scalar, Test, compile_pattern};

use crate::count_range::CountRange;
pub(crate) use needle::value_keys;
use needle::{Needle, Needles};

/// A test, compiled: regular expressions built and texts folded once.
///
/// - A **missing** value (none, or null) satisfies no comparison, and so every negation.
/// - On a **list** a comparison holds if any element satisfies it; a negation is of the whole.
/// - **Equality**: as numbers if either side is a number and the other reads as one (`"10"` equals 10); two
///   texts by folded case, or exactly with `match_case`; a boolean equals the texts `true` and `false`, in
///   any case. Lists and objects are equal member by member.
/// - **Orderings** hold only between two numbers or two dates.
/// - **Text tests** see a number or a boolean as the text a person would type for it. `contains` on a list
///   asks for an element that is equal; `contains any/all/none` see a single value as a list of one.
/// - **Length** is of lists only: of anything else it is a comparison with a missing value, so that only
///   `length is not n` holds.
/// - An invalid regular expression (rules with one are refused before they come here) matches nothing.
#[derive(Debug, Clone)]
pub struct ValueTest {
    check: Check,
    negated: bool,
}

#[derive(Debug, Clone)]
enum Check {
    AnyOf(Needles),
    AllOf(Needles),
    Contains { part: TextPart, element: Needle },
    StartsWith(TextPart),
    EndsWith(TextPart),
    Matches(Option<Regex>),
    Number { from: Option<End<Decimal>>, to: Option<End<Decimal>> },
    Date { from: Option<End<Instant>>, to: Option<End<Instant>>, zone: TimeZone },
    Exists,
    Length(CountRange),
    Never,
}

/// One end of a range of numbers or dates.
#[derive(Debug, Clone, Copy)]
struct End<T> {
    at: T,
    included: bool,
}

/// A text to look for, folded unless case matters.
#[derive(Debug, Clone)]
struct TextPart {
    text: CompactString,
    match_case: bool,
}

impl ValueTest {
    /// Dates without an offset are local to `zone`.
    #[must_use]
    pub fn compile(test: &Test, match_case: bool, zone: &TimeZone) -> Self {
        let part = |text: &str| TextPart::new(text, match_case);
        let needles = |values: &[Value]| Needles::new(values, match_case);
        let including = |scalar: &Scalar| Bound::new(scalar, zone, true);
        let excluding = |scalar: &Scalar| Bound::new(scalar, zone, false);
        let date = |moment, included| Bound::Date(End { at: moment, included });
        let contains =
            |text: &str| Check::Contains { part: part(text), element: Needle::new(&text.into(), match_case) };
        let is = |value: &Value| Check::AnyOf(needles(std::slice::from_ref(value)));
        let (check, negated) = match test {
            Test::Is(value) => (is(value), false),
            Test::IsNot(value) => (is(value), true),
            Test::In(values) | Test::ContainsAny(values) => (Check::AnyOf(needles(values)), false),
            Test::NotIn(values) | Test::ContainsNone(values) => (Check::AnyOf(needles(values)), true),
            Test::ContainsAll(values) => (Check::AllOf(needles(values)), false),
            Test::Contains(text) => (contains(text), false),
            Test::NotContains(text) => (contains(text), true),
            Test::StartsWith(text) => (Check::StartsWith(part(text)), false),
            Test::EndsWith(text) => (Check::EndsWith(part(text)), false),
            Test::Matches(pattern) => (Check::Matches(compile_pattern(pattern, match_case).ok()), false),
            Test::LessThan(scalar) => (range(None, Some(excluding(scalar)), zone), false),
            Test::AtMost(scalar) => (range(None, Some(including(scalar)), zone), false),
            Test::MoreThan(scalar) => (range(Some(excluding(scalar)), None, zone), false),
            Test::AtLeast(scalar) => (range(Some(including(scalar)), None, zone), false),
            Test::Between(from, to) => (range(Some(including(from)), Some(including(to)), zone), false),
            Test::Before(moment) => (range(None, Some(date(moment.instant(zone), false)), zone), false),
            Test::Since(moment) => (range(Some(date(moment.instant(zone), true)), None, zone), false),
            Test::Exists => (Check::Exists, false),
            Test::NotExists => (Check::Exists, true),
            Test::Length(count) => {
                let range = CountRange::new(*count);
                (Check::Length(range.positive()), range.is_negated())
            }
        };
        Self { check, negated }
    }

    #[must_use]
    pub fn holds(&self, value: Option<&Value>) -> bool {
        self.holds_unnegated(value) != self.negated
    }

    /// Whether the test is the negation of a comparison, and so holds for what is missing.
    pub(crate) const fn is_negated(&self) -> bool {
        self.negated
    }

    /// The comparison without its negation: false for what is missing.
    pub(crate) fn holds_unnegated(&self, value: Option<&Value>) -> bool {
        let Some(value) = value.filter(|value| **value != Value::Null) else { return false };
        match (&self.check, value) {
            (Check::Exists, value) => value.is_present(),
            (Check::Length(range), Value::List(list)) => range.holds(list.len() as u64),
            (Check::AnyOf(needles), value) => needles.any_equals(value),
            (Check::AllOf(needles), value) => needles.all_equal(value),
            (Check::Contains { element, .. }, Value::List(list)) => {
                list.iter().any(|item| element.equals(item))
            }
            (check, Value::List(list)) => list.iter().any(|item| check.holds_one(item)),
            (check, value) => check.holds_one(value),
        }
    }
}

impl Check {
    /// For the checks that look at one value at a time.
    fn holds_one(&self, value: &Value) -> bool {
        match self {
            Self::Contains { part, .. } => with_text(value, |text| part.is_within(text)),
            Self::StartsWith(part) => with_text(value, |text| part.starts(text)),
            Self::EndsWith(part) => with_text(value, |text| part.ends(text)),
            Self::Matches(Some(regex)) => with_text(value, |text| regex.is_match(text)),
            Self::Number { from, to } => value.as_number().is_some_and(|number| within(number, *from, *to)),
            Self::Date { from, to, zone } => {
                date_of(value, zone).is_some_and(|date| within(date, *from, *to))
            }
            Self::Matches(None) | Self::Never => false,
            Self::AnyOf(_) | Self::AllOf(_) | Self::Exists | Self::Length(_) => false,
        }
    }
}

fn with_text(value: &Value, check: impl Fn(&str) -> bool) -> bool {
    match value {
        Value::Text(text) => check(text),
        other => other.scalar_text().is_some_and(|text| check(&text)),
    }
}

fn within<T: PartialOrd + Copy>(value: T, from: Option<End<T>>, to: Option<End<T>>) -> bool {
    from.is_none_or(|end| value > end.at || end.included && value == end.at)
        && to.is_none_or(|end| value < end.at || end.included && value == end.at)
}

/// One end of an ordering, as the rule writes it.
enum Bound {
    Number(End<Decimal>),
    Date(End<Instant>),
}

impl Bound {
    fn new(scalar: &Scalar, zone: &TimeZone, included: bool) -> Self {
        match scalar {
            Scalar::Number(number) => Self::Number(End { at: *number, included }),
            Scalar::Date(moment) => Self::Date(End { at: moment.instant(zone), included }),
        }
    }
}

/// An ordering between two ends of one kind; between a number and a date there is nothing.
fn range(from: Option<Bound>, to: Option<Bound>, zone: &TimeZone) -> Check {
    match (from, to) {
        (Some(Bound::Number(from)), None) => Check::Number { from: Some(from), to: None },
        (None, Some(Bound::Number(to))) => Check::Number { from: None, to: Some(to) },
        (Some(Bound::Number(from)), Some(Bound::Number(to))) => {
            Check::Number { from: Some(from), to: Some(to) }
        }
        (Some(Bound::Date(from)), None) => Check::Date { from: Some(from), to: None, zone: zone.clone() },
        (None, Some(Bound::Date(to))) => Check::Date { from: None, to: Some(to), zone: zone.clone() },
        (Some(Bound::Date(from)), Some(Bound::Date(to))) => {
            Check::Date { from: Some(from), to: Some(to), zone: zone.clone() }
        }
        _ => Check::Never,
    }
}

impl TextPart {
    fn new(text: &str, match_case: bool) -> Self {
        let text = if match_case { Cow::Borrowed(text) } else { fold_case(text) };
        Self { text: text.into(), match_case }
    }

    fn is_within(&self, text: &str) -> bool {
        if self.match_case {
            text.contains(self.text.as_str())
        } else {
            fold_case(text).contains(self.text.as_str())
        }
    }

    fn starts(&self, text: &str) -> bool {
        if self.match_case {
            return text.starts_with(self.text.as_str());
        }
        let mut folded = text.chars().map(fold_character);
        self.text.chars().all(|character| folded.next() == Some(character))
    }

    fn ends(&self, text: &str) -> bool {
        if self.match_case {
            return text.ends_with(self.text.as_str());
        }
        let mut folded = text.chars().rev().map(fold_character);
        self.text.chars().rev().all(|character| folded.next() == Some(character))
    }
}
