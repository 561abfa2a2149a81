//! Conditions on a place.

use proptest::collection::vec;
use proptest::prelude::*;

use segops_model::Decimal;

use super::history::state;
use crate::ast::{Circle, CountryTest, DistanceUnit, PlaceTest};

/// Any valid condition on a place.
pub(super) fn place() -> BoxedStrategy<PlaceTest> {
    let country =
        prop::sample::select(vec!["DE", "deu", "Germany", "United States", "u.s.", "Côte d'Ivoire"]);
    let countries = vec(country.prop_map(str::to_owned), 1..4);
    let thousandths = |from: i128, to: i128| {
        (from * 1_000..=to * 1_000).prop_map(|number| Decimal::from_billionths(number * 1_000_000))
    };
    let unit = prop::sample::select(vec![DistanceUnit::Kilometre, DistanceUnit::Mile]);
    let circle = (1_i64..20_000, unit, thousandths(-90, 90), thousandths(-180, 180)).prop_map(
        |(distance, unit, latitude, longitude)| Circle {
            distance: Decimal::from_i64(distance),
            unit,
            latitude,
            longitude,
        },
    );
    prop_oneof![
        countries.clone().prop_map(|countries| PlaceTest::Country(CountryTest::In(countries))),
        countries.prop_map(|countries| PlaceTest::Country(CountryTest::NotIn(countries))),
        Just(PlaceTest::Country(CountryTest::Exists)),
        state().prop_map(PlaceTest::Region),
        state().prop_map(PlaceTest::City),
        circle.prop_map(PlaceTest::Within),
    ]
    .boxed()
}
