use segops_model::{Path, Value};
use segops_rules::{CountryTest, DistanceUnit, PlaceTest};

use super::phrase::Phrase;
use super::words::{Words, asked_of, need_of, rounded, value_text};
use crate::explain::{ConditionExplanation, Observed};

/// Where the profile is, and where it needs to be.
pub(super) fn phrase(
    test: &PlaceTest,
    found: &ConditionExplanation,
    wanted: bool,
    words: &Words<'_>,
) -> Phrase {
    let is_met = found.holds == wanted;
    let (what, need, change) = match (test, &found.observed) {
        (PlaceTest::Within(circle), Some(Observed::Distance(distance))) => {
            let unit = match circle.unit {
                DistanceUnit::Kilometre => "km",
                DistanceUnit::Mile => "miles",
            };
            let what = match distance {
                Some(distance) => {
                    let (north, east) = (circle.latitude, circle.longitude);
                    format!("{} {unit} from {north}, {east}", rounded(*distance, &[circle.distance]))
                }
                None => "no location that is known".to_owned(),
            };
            let reach = format!("{} {unit}", circle.distance);
            let need = if wanted { format!("at most {reach}") } else { format!("over {reach}") };
            (what, need, "once the location changes".to_owned())
        }
        (PlaceTest::Country(country), Some(Observed::Trait(value))) => {
            let (names, is_in) = match country {
                CountryTest::In(names) => (Some(names), wanted),
                CountryTest::NotIn(names) => (Some(names), !wanted),
                CountryTest::Exists => (None, wanted),
            };
            let need = match (names, is_in) {
                (Some(names), true) => names.join(" or "),
                (Some(names), false) => format!("anything but {}", names.join(" or ")),
                (None, true) => "one that is known".to_owned(),
                (None, false) => "none that is known".to_owned(),
            };
            (told("country", value.as_ref(), words), need.clone(), format!("once country is {need}"))
        }
        (PlaceTest::Region(state), Some(Observed::Trait(value))) => {
            let path = Path::of_name("region");
            let asked = asked_of(&state.test, wanted, &path, words);
            let need = need_of(&state.test, wanted, &path, words);
            (told("region", value.as_ref(), words), need, format!("once region {asked}"))
        }
        (PlaceTest::City(state), Some(Observed::Trait(value))) => {
            let path = Path::of_name("city");
            let asked = asked_of(&state.test, wanted, &path, words);
            let need = need_of(&state.test, wanted, &path, words);
            (told("city", value.as_ref(), words), need, format!("once city {asked}"))
        }
        _ => return Phrase::of_text(found),
    };
    let change = if is_met { format!("once the {} changes", place_word(test)) } else { change };
    // What says exactly what is asked needs no more words.
    let is_plain = is_met && what.eq_ignore_ascii_case(&format!("{} is {need}", place_word(test)));
    Phrase::needing(&what, Some(&*need).filter(|_| !is_plain), is_met, found).changing(Some(change))
}

const fn place_word(test: &PlaceTest) -> &'static str {
    match test {
        PlaceTest::Country(_) => "country",
        PlaceTest::Region(_) => "region",
        PlaceTest::City(_) => "city",
        PlaceTest::Within(_) => "location",
    }
}

fn told(name: &str, value: Option<&Value>, words: &Words<'_>) -> String {
    match value.filter(|value| value.is_present()) {
        Some(value) => format!("{name} is {}", value_text(value, &Path::of_name(name), words)),
        None => format!("{name} is not known"),
    }
}
