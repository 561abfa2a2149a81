//! Places that nothing is in.

use segops_model::Decimal;

use super::test::check_test;
use crate::ast::{Circle, CountryTest, PlaceTest, StateTest};
use crate::countries::{country_code, country_names};
use crate::nearest::nearest;
use crate::problem::{Code, Problem};

pub(super) fn check_place(place: &PlaceTest, at: &str) -> Vec<Problem> {
    let text = |state: &StateTest, name: &str| {
        check_test(&state.test, state.match_case, &format!("{at}.{name}.test"))
    };
    match place {
        PlaceTest::Country(CountryTest::In(countries) | CountryTest::NotIn(countries)) => {
            check_countries(countries, &format!("{at}.country"))
        }
        PlaceTest::Country(CountryTest::Exists) => Vec::new(),
        PlaceTest::Region(state) => text(state, "region"),
        PlaceTest::City(state) => text(state, "city"),
        PlaceTest::Within(circle) => check_circle(circle, &format!("{at}.within")),
    }
}

fn check_countries(countries: &[String], place: &str) -> Vec<Problem> {
    if countries.is_empty() {
        let problem = Problem::error(Code::EmptyList, "this list has no countries").place(place);
        return vec![problem.expected("at least one country, such as `\"DE\"`")];
    }
    let unknown = countries.iter().filter(|country| country_code(country).is_none());
    unknown
        .map(|country| {
            let problem = Problem::error(Code::UnsupportedValue, format!("`{country}` is no country"));
            let problem =
                problem.place(place).expected("a code of ISO 3166-1 such as `DE`, or an English name");
            match nearest(country, country_names()) {
                Some(meant) => problem.suggestion(format!("did you mean `{meant}`?")),
                None => problem,
            }
        })
        .collect()
}

fn check_circle(circle: &Circle, place: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut refuse = |is_wrong: bool, name: &str, message: String, expected: &str| {
        if is_wrong {
            let problem = Problem::error(Code::BadNumber, message).place(format!("{place}.{name}"));
            problems.push(problem.expected(expected));
        }
    };
    let beyond =
        |number: Decimal, most: i64| number < Decimal::from_i64(-most) || number > Decimal::from_i64(most);
    refuse(
        circle.distance <= Decimal::ZERO || circle.distance > Decimal::from_i64(20_100),
        "distance",
        format!("nothing is chosen by a distance of {} {}", circle.distance, circle.unit.sign()),
        "a distance above 0 and up to half way around the earth, 20,100",
    );
    refuse(
        beyond(circle.latitude, 90),
        "latitude",
        format!("no latitude is {}", circle.latitude),
        "degrees north from -90 to 90; the latitude comes first",
    );
    refuse(
        beyond(circle.longitude, 180),
        "longitude",
        format!("no longitude is {}", circle.longitude),
        "degrees east from -180 to 180",
    );
    problems
}
