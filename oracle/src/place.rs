//! Where somebody is, from their traits.

use segops_model::{Object, Value};
use segops_rules::{CountryTest, DistanceUnit, PlaceTest, StateTest, country_code};

use crate::Calendar;
use crate::filter::reached;
use crate::value::{number_of, passes};

const COUNTRIES: &str = "address.country_code address.countryCode address.country \
    default_address.country_code default_address.country location.country country_code countryCode country \
    $country_code $country";
const REGIONS: &str = "address.region address.state address.province default_address.province \
    location.region region state province $region";
const CITIES: &str = "address.city default_address.city location.city city $city";
const POINTS: &str = "address.latitude,address.longitude default_address.latitude,default_address.longitude \
    location.latitude,location.longitude location.lat,location.lng location.lat,location.lon \
    latitude,longitude lat,lng lat,lon $latitude,$longitude";

pub(crate) fn is_in_place(place: &PlaceTest, traits: &Object, calendar: &Calendar) -> bool {
    let named = |names: &str| {
        let mut values = names.split(' ').flat_map(|name| reached(traits, name));
        values.find(|value| {
            passes(&segops_rules::Test::Exists, false, Some(value), calendar) && !is_object(value)
        })
    };
    let text =
        |names, state: &StateTest| passes(&state.test, state.match_case, named(names).as_ref(), calendar);
    match place {
        PlaceTest::Region(state) => text(REGIONS, state),
        PlaceTest::City(state) => text(CITIES, state),
        PlaceTest::Country(test) => {
            let here = named(COUNTRIES).and_then(|value| country_code(value.as_text()?));
            let listed = |countries: &[String]| {
                here.is_some() && countries.iter().any(|one| country_code(one) == here)
            };
            match test {
                CountryTest::In(countries) => listed(countries),
                CountryTest::NotIn(countries) => !listed(countries),
                CountryTest::Exists => here.is_some(),
            }
        }
        PlaceTest::Within(circle) => {
            let degrees = |name: &str| reached(traits, name).first().and_then(number_of).map(float);
            let found = POINTS.split(' ').find_map(|pair| {
                let (north, east) = pair.split_once(',')?;
                let point = (degrees(north)?, degrees(east)?);
                ((-90.0..=90.0).contains(&point.0) && (-180.0..=180.0).contains(&point.1)).then_some(point)
            });
            let center = (float(circle.latitude.billionths()), float(circle.longitude.billionths()));
            let unit_km = match circle.unit {
                DistanceUnit::Kilometre => 1.0,
                DistanceUnit::Mile => 1.609_344,
            };
            let radius = float(circle.distance.billionths()) * unit_km;
            found.is_some_and(|point| angle(point, center) * 6_371.008_8 <= radius)
        }
    }
}

const fn is_object(value: &Value) -> bool {
    matches!(value, Value::Object(_))
}

#[expect(clippy::cast_precision_loss, reason = "degrees and kilometres have few digits")]
fn float(billionths: i128) -> f64 {
    billionths as f64 / 1e9
}

/// Between two points, as seen from the middle of the earth: by the arrows that point to them.
fn angle(one: (f64, f64), other: (f64, f64)) -> f64 {
    let arrow = |(north, east): (f64, f64)| {
        let (north, east) = (north.to_radians(), east.to_radians());
        [libm::cos(north) * libm::cos(east), libm::cos(north) * libm::sin(east), libm::sin(north)]
    };
    let [a, b, c] = arrow(one);
    let [x, y, z] = arrow(other);
    let cross = [b * z - c * y, c * x - a * z, a * y - b * x];
    let length = libm::sqrt(cross.iter().map(|part| part * part).sum());
    libm::atan2(length, a * x + b * y + c * z)
}
