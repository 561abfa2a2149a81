//! Where a profile is: by the traits that say so, in the spellings that shops and their tools send.
//!
//! Nothing is looked up from an address on the network or on a street: what no trait says is not known.

#[cfg(test)]
mod tests;

use compact_str::CompactString;
use jiff::tz::TimeZone;

use segops_model::{Decimal, Path, Value};
use segops_rules::{Circle, CountryTest, DistanceUnit, PlaceTest, StateTest, country_code};

use crate::ValueTest;
use crate::evaluate::ProfileView;

/// The mean radius of the earth, by the International Union of Geodesy and Geophysics.
const EARTH_RADIUS_KM: f64 = 6_371.008_8;
const MILE_KM: f64 = 1.609_344;

/// Of these, in this order, the first that is there says the country.
const COUNTRY: &[&str] = &[
    "address.country_code",
    "address.countryCode",
    "address.country",
    "default_address.country_code",
    "default_address.country",
    "location.country",
    "country_code",
    "countryCode",
    "country",
    "$country_code",
    "$country",
];
const REGION: &[&str] = &[
    "address.region",
    "address.state",
    "address.province",
    "default_address.province",
    "location.region",
    "region",
    "state",
    "province",
    "$region",
];
const CITY: &[&str] = &["address.city", "default_address.city", "location.city", "city", "$city"];
/// Latitude and longitude; the first pair of numbers that is a point counts.
const POINT: &[(&str, &str)] = &[
    ("address.latitude", "address.longitude"),
    ("default_address.latitude", "default_address.longitude"),
    ("location.latitude", "location.longitude"),
    ("location.lat", "location.lng"),
    ("location.lat", "location.lon"),
    ("latitude", "longitude"),
    ("lat", "lng"),
    ("lat", "lon"),
    ("$latitude", "$longitude"),
];

#[derive(Debug, Clone)]
pub(crate) struct PlaceNode {
    asked: Asked,
}

#[derive(Debug, Clone)]
enum Asked {
    Country { paths: Vec<Path>, test: CountryAsked },
    Text { paths: Vec<Path>, test: ValueTest },
    Within { paths: Vec<(Path, Path)>, circle: Circle },
}

#[derive(Debug, Clone)]
enum CountryAsked {
    In(Vec<&'static str>),
    NotIn(Vec<&'static str>),
    Exists,
}

impl PlaceNode {
    pub(crate) fn compile(place: &PlaceTest, zone: &TimeZone) -> Self {
        let text = |names: &[&str], state: &StateTest| Asked::Text {
            paths: paths(names),
            test: ValueTest::compile(&state.test, state.match_case, zone),
        };
        let codes = |countries: &[String]| countries.iter().filter_map(|text| country_code(text)).collect();
        let asked = match place {
            PlaceTest::Country(test) => {
                let test = match test {
                    CountryTest::In(countries) => CountryAsked::In(codes(countries)),
                    CountryTest::NotIn(countries) => CountryAsked::NotIn(codes(countries)),
                    CountryTest::Exists => CountryAsked::Exists,
                };
                Asked::Country { paths: paths(COUNTRY), test }
            }
            PlaceTest::Region(state) => text(REGION, state),
            PlaceTest::City(state) => text(CITY, state),
            PlaceTest::Within(circle) => {
                let pairs = POINT.iter();
                let pairs = pairs.filter_map(|(north, east)| north.parse().ok().zip(east.parse().ok()));
                Asked::Within { paths: pairs.collect(), circle: circle.clone() }
            }
        };
        Self { asked }
    }

    /// The first names of the traits that are looked at; some of them twice.
    pub(crate) fn roots(&self) -> Vec<CompactString> {
        let root = |path: &Path| CompactString::from(path.root());
        match &self.asked {
            Asked::Country { paths, .. } | Asked::Text { paths, .. } => paths.iter().map(root).collect(),
            Asked::Within { paths, .. } => {
                paths.iter().flat_map(|(north, east)| [root(north), root(east)]).collect()
            }
        }
    }

    pub(crate) fn holds(&self, view: &impl ProfileView) -> bool {
        match &self.asked {
            Asked::Country { paths, test } => {
                let code = first(paths, view).and_then(country_of);
                match test {
                    CountryAsked::In(codes) => code.is_some_and(|code| codes.contains(&code)),
                    CountryAsked::NotIn(codes) => code.is_none_or(|code| !codes.contains(&code)),
                    CountryAsked::Exists => code.is_some(),
                }
            }
            Asked::Text { paths, test } => test.holds(first(paths, view)),
            Asked::Within { paths, circle } => {
                let distance = point(paths, view).map(|point| distance_km(point, center(circle)));
                distance.is_some_and(|distance| distance <= radius_km(circle))
            }
        }
    }

    /// The value that says where the profile is, if that is a name.
    pub(crate) fn value<'a>(&self, view: &'a impl ProfileView) -> Option<&'a Value> {
        match &self.asked {
            Asked::Country { paths, .. } | Asked::Text { paths, .. } => first(paths, view),
            Asked::Within { .. } => None,
        }
    }

    /// How far the profile is from the point asked for, in the rule's own unit; `None` for another question,
    /// or where the profile's point is not known.
    pub(crate) fn distance(&self, view: &impl ProfileView) -> Option<Decimal> {
        let Asked::Within { paths, circle } = &self.asked else { return None };
        let km = point(paths, view).map(|point| distance_km(point, center(circle)))?;
        Decimal::from_f64(match circle.unit {
            DistanceUnit::Kilometre => km,
            DistanceUnit::Mile => km / MILE_KM,
        })
    }

    pub(crate) const fn is_circle(&self) -> bool {
        matches!(self.asked, Asked::Within { .. })
    }
}

fn paths(names: &[&str]) -> Vec<Path> {
    names.iter().filter_map(|name| name.parse().ok()).collect()
}

fn at<'a>(path: &Path, view: &'a impl ProfileView) -> Option<&'a Value> {
    view.trait_value(path.root()).and_then(|value| path.below_root(value))
}

/// The first value that is there and names something.
fn first<'a>(paths: &[Path], view: &'a impl ProfileView) -> Option<&'a Value> {
    let mut values = paths.iter().filter_map(|path| at(path, view));
    values.find(|value| value.is_present() && value.as_object().is_none())
}

fn country_of(value: &Value) -> Option<&'static str> {
    value.as_text().and_then(country_code)
}

/// Degrees north and east.
type Point = (f64, f64);

fn point(paths: &[(Path, Path)], view: &impl ProfileView) -> Option<Point> {
    paths.iter().find_map(|(north, east)| {
        let number = |path| at(path, view).and_then(Value::as_number).map(Decimal::to_f64);
        let (north, east) = number(north).zip(number(east))?;
        (north.abs() <= 90.0 && east.abs() <= 180.0).then_some((north, east))
    })
}

fn center(circle: &Circle) -> Point {
    (circle.latitude.to_f64(), circle.longitude.to_f64())
}

fn radius_km(circle: &Circle) -> f64 {
    let distance = circle.distance.to_f64();
    match circle.unit {
        DistanceUnit::Kilometre => distance,
        DistanceUnit::Mile => distance * MILE_KM,
    }
}

/// The way over the surface of a ball of the earth's mean radius, by the haversine formula. In pure Rust and
/// in one order, so that every machine gives the same answer to the last bit.
fn distance_km(from: Point, to: Point) -> f64 {
    let (north, other_north) = (from.0.to_radians(), to.0.to_radians());
    let rise = libm::sin((other_north - north) / 2.0);
    let turn = libm::sin((to.1 - from.1).to_radians() / 2.0);
    let haversine = rise * rise + libm::cos(north) * libm::cos(other_north) * turn * turn;
    2.0 * EARTH_RADIUS_KM * libm::asin(libm::sqrt(haversine.min(1.0)))
}
