use expect_test::expect;

use segops_model::{Decimal, Value};

use super::{Story, ordered, tell};
use crate::sample::object;

fn at(north: &str, east: &str) -> Story {
    let number = |text: &str| Value::Number(Decimal::parse(text).unwrap());
    let address = object(&[
        ("country", "DEU".into()),
        ("state", "Brandenburg".into()),
        ("city", "Potsdam".into()),
        ("latitude", number(north)),
        ("longitude", number(east)),
    ]);
    ordered(&[]).with_traits(&[("address", Value::Object(address))])
}

#[test]
fn near_a_point() {
    let potsdam = at("52.4", "13.066");
    tell(
        "everyone where within 30 km of (52.52, 13.405)",
        &potsdam,
        &expect![
            "In, because: 26.56 km from 52.52, 13.405 (needs at most 30 km). Leaves once the location changes."
        ],
    );
    tell(
        "everyone where within 25 km of (52.52, 13.405)",
        &potsdam,
        &expect!["Out: 26.56 km from 52.52, 13.405, needs at most 25 km. Enters once the location changes."],
    );
    tell(
        "everyone where not within 30 km of (52.52, 13.405)",
        &potsdam,
        &expect!["Out: 26.56 km from 52.52, 13.405, needs over 30 km. Enters once the location changes."],
    );
    tell(
        "everyone where within 20 miles of (52.52, 13.405)",
        &potsdam,
        &expect![
            "In, because: 16.51 miles from 52.52, 13.405 (needs at most 20 miles). Leaves once the location changes."
        ],
    );
    // Just outside is not rounded to the bound.
    let near = at("52.5", "13");
    tell(
        "everyone where within 6.8 km of (52.5, 13.1)",
        &near,
        &expect![
            "In, because: 6.77 km from 52.5, 13.1 (needs at most 6.8 km). Leaves once the location changes."
        ],
    );
    tell(
        "everyone where within 25 km of (52.52, 13.405)",
        &ordered(&[]),
        &expect!["Out: no location that is known, needs at most 25 km. Enters once the location changes."],
    );
}

#[test]
fn by_name() {
    let potsdam = at("52.4", "13.066");
    tell(
        r#"everyone where place country is "Germany""#,
        &potsdam,
        &expect!["In, because: country is DEU (needs Germany). Leaves once the country changes."],
    );
    tell(
        r#"everyone where place country in ("AT", "CH")"#,
        &potsdam,
        &expect!["Out: country is DEU, needs AT or CH. Enters once country is AT or CH."],
    );
    tell(
        r#"everyone where place country is not "DE""#,
        &potsdam,
        &expect!["Out: country is DEU, needs anything but DE. Enters once country is anything but DE."],
    );
    tell(
        r#"everyone where not place country is "US""#,
        &potsdam,
        &expect!["In, because: country is DEU (needs anything but US). Leaves once the country changes."],
    );
    tell(
        r#"everyone where place region is "Brandenburg""#,
        &potsdam,
        &expect!["In, because: region is Brandenburg. Leaves once the region changes."],
    );
    tell(
        r#"everyone where place city is "Berlin""#,
        &potsdam,
        &expect!["Out: city is Potsdam, needs Berlin. Enters once city is Berlin."],
    );
    tell(
        r#"everyone where not place city starts with "Pots""#,
        &potsdam,
        &expect![
            "Out: city is Potsdam, needs not to start with Pots. Enters once city does not start with Pots."
        ],
    );
    tell(
        r#"everyone where place country is "DE""#,
        &ordered(&[]),
        &expect!["Out: country is not known, needs DE. Enters once country is DE."],
    );
    tell(
        r#"everyone where place country is not "DE""#,
        &ordered(&[]),
        &expect![
            "In, because: country is not known (needs anything but DE). Leaves once the country changes."
        ],
    );
}
