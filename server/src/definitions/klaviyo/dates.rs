use serde_json::Value as Json;

use segops_model::Path;
use segops_rules::{Condition, Moment, Named, Span, Test, TraitCondition, Unit, Window};

use super::super::all_of;
use super::{Notes, text};

/// The furthest back that a band reaches.
const EVER: Span = Span { count: 100, unit: Unit::Year };

/// When an event happened.
pub(super) fn window(json: &Json, notes: &mut Notes, place: &str) -> Option<Window> {
    match text(json, "operator") {
        "alltime" => Some(Window::AllTime),
        "in-the-last" => {
            notes.differs(
                place,
                "who falls out of a window leaves at that very millisecond, not at the next day's run",
            );
            Some(Window::Last(span(json, "quantity", notes, place)?))
        }
        "at-least" => Some(Window::Ago { near: span(json, "quantity", notes, place)?, far: EVER }),
        "between" => {
            let near = span(json, "start", notes, place)?;
            let far = span(json, "end", notes, place)?;
            if near.count == 0 {
                return Some(Window::Last(far));
            }
            Some(Window::Ago { near, far })
        }
        "after" => Some(Window::Range { from: Some(moment(json, "date", notes, place)?), to: None }),
        "before" => Some(Window::Range { from: None, to: Some(moment(json, "date", notes, place)?) }),
        "between-static" => {
            let (from, to) = (moment(json, "start", notes, place)?, moment(json, "end", notes, place)?);
            notes.differs(place, "the end of a range does not count");
            Some(Window::Range { from: Some(from), to: Some(to) })
        }
        other => notes.cannot(place, format!("events are not asked for by `{other}`")),
    }
}

/// A date that the profile has.
pub(super) fn profile_date(
    path: &Path,
    json: &Json,
    notes: &mut Notes,
    place: &str,
) -> Option<Condition<Named>> {
    let on = |test: Test| Condition::Trait(TraitCondition { path: path.clone(), match_case: false, test });
    match text(json, "operator") {
        "before" => Some(on(Test::Before(moment(json, "date", notes, place)?))),
        "after" => Some(on(Test::Since(moment(json, "date", notes, place)?))),
        "between-static" => {
            let (from, to) = (moment(json, "start", notes, place)?, moment(json, "end", notes, place)?);
            notes.differs(place, "the end of a range does not count");
            Some(all_of(vec![on(Test::Since(from)), on(Test::Before(to))]))
        }
        other => notes.cannot(place, format!("a profile's date is not asked for by `{other}`")),
    }
}

fn span(json: &Json, member: &str, notes: &mut Notes, place: &str) -> Option<Span> {
    let unit = match text(json, "unit") {
        "hour" => Unit::Hour,
        "day" => Unit::Day,
        "week" => Unit::Week,
        other => return notes.cannot(place, format!("the unit `{other}` is not known")),
    };
    let count = json.get(member).and_then(Json::as_u64).and_then(|count| u32::try_from(count).ok());
    match count {
        Some(count) => Some(Span { count, unit }),
        None => notes.cannot(place, format!("`{member}` is no whole number")),
    }
}

fn moment(json: &Json, member: &str, notes: &mut Notes, place: &str) -> Option<Moment> {
    match text(json, member).parse() {
        Ok(moment) => Some(moment),
        Err(why) => notes.cannot(place, why),
    }
}
