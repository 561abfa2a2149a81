//! Keys of conditions on a place.

use std::collections::BTreeSet;

use super::{Node, test_key};
use crate::ast::{CountryTest, PlaceTest};
use crate::countries::country_code;

pub(super) fn place(test: &PlaceTest, negated: bool) -> Node {
    let codes = |countries: &[String]| -> BTreeSet<String> {
        let code = |country: &String| country_code(country).map_or_else(|| country.clone(), str::to_owned);
        countries.iter().map(code).collect()
    };
    let (key, flipped) = match test {
        PlaceTest::Country(CountryTest::In(countries)) => {
            (format!("country in {:?}", codes(countries)), false)
        }
        PlaceTest::Country(CountryTest::NotIn(countries)) => {
            (format!("country in {:?}", codes(countries)), true)
        }
        PlaceTest::Country(CountryTest::Exists) => ("country exists".to_owned(), false),
        PlaceTest::Region(state) => test_key("region", &state.test, state.match_case),
        PlaceTest::City(state) => test_key("city", &state.test, state.match_case),
        PlaceTest::Within(circle) => (format!("{circle:?}"), false),
    };
    Node::Leaf { key: format!("place {key}"), negated: negated != flipped }
}
