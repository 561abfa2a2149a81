//! Where a profile is: `place country is "DE"`, `place city is "Berlin"`, `within 25 km of (52.52, 13.405)`.

use segops_model::{Decimal, Value};

use super::Parser;
use super::lexer::Kind;
use super::shape::Shape;
use crate::ast::{Circle, Condition, CountryTest, DistanceUnit, Named, PlaceTest, StateTest, Test};
use crate::nearest::nearest;
use crate::problem::{Code, Problem};

const UNITS: &[(&str, DistanceUnit)] = &[
    ("km", DistanceUnit::Kilometre),
    ("kilometre", DistanceUnit::Kilometre),
    ("kilometres", DistanceUnit::Kilometre),
    ("kilometer", DistanceUnit::Kilometre),
    ("kilometers", DistanceUnit::Kilometre),
    ("mile", DistanceUnit::Mile),
    ("miles", DistanceUnit::Mile),
    ("mi", DistanceUnit::Mile),
];

impl Parser<'_> {
    /// Whether `place country` or `within 25 km of` comes so many tokens ahead.
    pub(super) fn starts_place(&self, ahead: usize) -> bool {
        if self.is_word(ahead, "place") {
            return self.is_any_word(ahead + 1, &["country", "region", "city", "within", "is"])
                && (!self.is_word(ahead + 1, "is") || self.starts_circle(ahead + 2));
        }
        let said = usize::from(self.is_any_word(ahead, &["is", "lives"]));
        self.starts_circle(ahead + said)
    }

    /// `within 25 km`; a number that a unit of time follows is no distance.
    fn starts_circle(&self, ahead: usize) -> bool {
        self.is_word(ahead, "within")
            && matches!(self.peek_at(ahead + 1).kind, Kind::Number(_))
            && !self.is_unit_at(ahead + 2)
            && (self.is_word(ahead + 3, "of")
                || self.is_word(ahead + 3, "from")
                || self.distance_unit(ahead + 2).is_some())
    }

    fn distance_unit(&self, ahead: usize) -> Option<DistanceUnit> {
        let word = self.word(ahead)?;
        UNITS.iter().find(|(name, _)| word.eq_ignore_ascii_case(name)).map(|(_, unit)| *unit)
    }

    pub(super) fn place_condition(&mut self) -> Option<(Condition<Named>, Shape)> {
        let start = self.peek().span.0;
        let _ = self.eat_word("place");
        let place = if self.eat_word("country") {
            PlaceTest::Country(self.country_test()?)
        } else if self.eat_word("region") {
            PlaceTest::Region(self.place_text()?)
        } else if self.eat_word("city") {
            PlaceTest::City(self.place_text()?)
        } else {
            let _ = self.eat_word("is") || self.eat_word("lives");
            PlaceTest::Within(self.circle()?)
        };
        Some((Condition::Place(place), Shape::leaf(self.span_from(start))))
    }

    fn place_text(&mut self) -> Option<StateTest> {
        let (test, match_case) = self.test()?;
        Some(StateTest { match_case, test })
    }

    fn country_test(&mut self) -> Option<CountryTest> {
        let start = self.peek().span.0;
        let (test, _) = self.test()?;
        let text = |value: &Value| value.scalar_text().map(|text| text.to_string());
        let test = match test {
            Test::Is(value) => text(&value).map(|country| CountryTest::In(vec![country])),
            Test::IsNot(value) => text(&value).map(|country| CountryTest::NotIn(vec![country])),
            Test::In(values) => values.iter().map(text).collect::<Option<_>>().map(CountryTest::In),
            Test::NotIn(values) => values.iter().map(text).collect::<Option<_>>().map(CountryTest::NotIn),
            Test::Exists => Some(CountryTest::Exists),
            _ => None,
        };
        if test.is_none() {
            let span = self.span_from(start);
            let problem = Problem::error(Code::UnknownOperator, "a country is one or another");
            self.report(
                problem
                    .span(span)
                    .expected("`is`, `is not`, `in (...)`, `not in (...)` or `exists`")
                    .suggestion("for any other test name the trait, such as `address.country`"),
            );
        }
        test
    }

    fn circle(&mut self) -> Option<Circle> {
        if !self.eat_word("within") {
            let message = format!("{} says nothing of a place", self.written());
            self.refuse(
                Problem::error(Code::ExpectedCondition, message)
                    .expected("`place country is \"DE\"` or `within 25 km of (52.52, 13.405)`"),
            );
            return None;
        }
        let distance = self.degrees("a distance", "a distance such as `25 km`")?;
        let Some(unit) = self.distance_unit(0) else {
            let message = format!("{} is no unit of length", self.written());
            let problem = Problem::error(Code::UnknownUnit, message).expected("`km` or `miles`");
            let meant = self.word(0).and_then(|word| nearest(word, UNITS.iter().map(|(name, _)| *name)));
            self.refuse(match meant {
                Some(meant) => problem.suggestion(format!("did you mean `{meant}`?")),
                None => problem,
            });
            return None;
        };
        self.bump();
        let _ = self.eat_word("of") || self.eat_word("from");
        if !self.eat(&Kind::Open) {
            let message =
                format!("a point is a latitude and a longitude in parentheses, not {}", self.written());
            self.refuse(
                Problem::error(Code::ExpectedValue, message)
                    .expected("`(52.52, 13.405)`")
                    .suggestion("addresses are not looked up; any map shows the numbers of a place"),
            );
            return None;
        }
        let latitude = self.degrees("a latitude", "degrees north, such as `52.52`")?;
        if !self.eat(&Kind::Comma) {
            let message = format!("a point needs a longitude, and {} follows its latitude", self.written());
            self.refuse(Problem::error(Code::ExpectedValue, message).expected("`(52.52, 13.405)`"));
            return None;
        }
        let longitude = self.degrees("a longitude", "degrees east, such as `13.405`")?;
        if !self.eat(&Kind::Close) {
            let message = format!("a point ends with `)`, and {} follows", self.written());
            self.refuse(Problem::error(Code::UnclosedParenthesis, message).expected("`(52.52, 13.405)`"));
            return None;
        }
        Some(Circle { distance, unit, latitude, longitude })
    }

    fn degrees(&mut self, what: &str, expected: &str) -> Option<Decimal> {
        let number = match self.peek().kind {
            Kind::Number(digits) => Decimal::parse(digits),
            _ => None,
        };
        if number.is_none() {
            let message = format!("{} is not {what}", self.written());
            self.refuse(Problem::error(Code::BadNumber, message).expected(expected));
            return None;
        }
        self.bump();
        number
    }
}
