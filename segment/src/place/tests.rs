use segops_model::{Decimal, Object, Value};
use segops_rules::{Circle, CountryTest, DistanceUnit, PlaceTest, StateTest, Test};

use super::{PlaceNode, distance_km};
use crate::sample::{Profile, object, zone};

fn holds(place: &PlaceTest, traits: Object) -> bool {
    PlaceNode::compile(place, &zone("UTC")).holds(&Profile { traits, ..Profile::default() })
}

fn nested(root: &str, members: &[(&str, Value)]) -> Object {
    Object::from_iter([(root, Value::Object(object(members)))])
}

#[test]
fn distances_between_cities() {
    let (berlin, munich) = ((52.52, 13.405), (48.137_154, 11.576_124));
    let (sydney, quito) = ((-33.865_143, 151.209_9), (-0.180_653, -78.467_834));
    // Each worked out with another implementation of the formula, to a metre.
    for (from, to, km) in
        [(berlin, munich, 504.3015), (berlin, sydney, 16094.2742), (sydney, quito, 13608.1838)]
    {
        let found = distance_km(from, to);
        assert!((found - km).abs() < KM_OFF, "{from:?} to {to:?}: {found}");
        assert!((distance_km(to, from) - found).abs() < 1e-9);
    }
    assert!(distance_km(berlin, berlin).abs() < 1e-12);
    // Half way around, and across the line where dates change.
    assert!((distance_km((0.0, 0.0), (0.0, 180.0)) - std::f64::consts::PI * 6_371.008_8).abs() < 1e-6);
    assert!(distance_km((0.0, 179.9), (0.0, -179.9)) < 23.0);
}

const KM_OFF: f64 = 0.001;

#[test]
fn countries_by_any_name() {
    let germany = PlaceTest::Country(CountryTest::In(vec!["Germany".to_owned()]));
    for written in ["DE", "de", " deu ", "GERMANY", "Deutschland"] {
        assert!(holds(&germany, nested("address", &[("country", written.into())])), "{written}");
        assert!(holds(&germany, object(&[("country", written.into())])), "{written}");
    }
    let elsewhere = PlaceTest::Country(CountryTest::NotIn(vec!["DE".to_owned()]));
    assert!(!holds(&elsewhere, object(&[("countryCode", "DE".into())])));
    assert!(holds(&elsewhere, object(&[("countryCode", "AT".into())])));
    assert!(holds(&elsewhere, Object::new()));
    let known = PlaceTest::Country(CountryTest::Exists);
    assert!(holds(&known, object(&[("$country", "Österreich".into())])));
    assert!(!holds(&known, object(&[("country", "Atlantis".into())])));
}

#[test]
fn the_address_comes_before_the_trait_beside_it() {
    let germany = PlaceTest::Country(CountryTest::In(vec!["DE".to_owned()]));
    let mut traits = nested("address", &[("country", "AT".into())]);
    traits.set("country", "DE".into());
    assert!(!holds(&germany, traits.clone()));
    // One that is blank says nothing.
    let mut blank = nested("address", &[("country", " ".into())]);
    blank.set("country", "DE".into());
    assert!(holds(&germany, blank));
}

#[test]
fn regions_and_cities() {
    let state = |value: &str| StateTest { match_case: false, test: Test::Is(value.into()) };
    assert!(holds(&PlaceTest::City(state("berlin")), nested("location", &[("city", "Berlin".into())])));
    assert!(holds(&PlaceTest::Region(state("ca")), nested("address", &[("state", "CA".into())])));
    assert!(!holds(&PlaceTest::Region(state("ca")), object(&[("city", "CA".into())])));
}

#[test]
fn points_in_a_circle() {
    let circle = |distance: &str, unit| {
        PlaceTest::Within(Circle {
            distance: Decimal::parse(distance).unwrap(),
            unit,
            latitude: Decimal::parse("52.52").unwrap(),
            longitude: Decimal::parse("13.405").unwrap(),
        })
    };
    let munich = || object(&[("lat", "48.137154".into()), ("lng", "11.576124".into())]);
    assert!(holds(&circle("505", DistanceUnit::Kilometre), munich()));
    assert!(!holds(&circle("504", DistanceUnit::Kilometre), munich()));
    assert!(holds(&circle("314", DistanceUnit::Mile), munich()));
    assert!(!holds(&circle("313", DistanceUnit::Mile), munich()));
    // A pair that is no point says nothing, nor does half of one.
    let all = || circle("20000", DistanceUnit::Kilometre);
    assert!(!holds(&all(), object(&[("latitude", 91.into()), ("longitude", 0.into())])));
    assert!(!holds(&all(), object(&[("latitude", 50.into())])));
    assert!(!holds(&all(), Object::new()));
}
