//! The canonical text of conditions on a place.

use super::{quoted, test_text};
use crate::ast::{CountryTest, PlaceTest, StateTest};

pub(super) fn place(test: &PlaceTest) -> String {
    match test {
        PlaceTest::Country(test) => format!("place country {}", country(test)),
        PlaceTest::Region(state) => format!("place region {}", text(state)),
        PlaceTest::City(state) => format!("place city {}", text(state)),
        PlaceTest::Within(circle) => format!(
            "within {} {} of ({}, {})",
            circle.distance,
            circle.unit.sign(),
            circle.latitude,
            circle.longitude
        ),
    }
}

fn country(test: &CountryTest) -> String {
    let listed = |countries: &[String]| {
        format!("({})", countries.iter().map(|country| quoted(country)).collect::<Vec<_>>().join(", "))
    };
    match test {
        CountryTest::In(countries) => match countries.as_slice() {
            [one] => format!("is {}", quoted(one)),
            many => format!("in {}", listed(many)),
        },
        CountryTest::NotIn(countries) => match countries.as_slice() {
            [one] => format!("is not {}", quoted(one)),
            many => format!("not in {}", listed(many)),
        },
        CountryTest::Exists => "exists".to_owned(),
    }
}

fn text(state: &StateTest) -> String {
    let suffix = if state.match_case { " match case" } else { "" };
    format!("{}{suffix}", test_text(&state.test))
}
