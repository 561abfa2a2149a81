use serde_json::Value as Json;

use segops_model::Path;
use segops_rules::{
    Condition, DatePeriod, DateTest, DateWindow, Moment, Named, Span, TenureTest, Test, TraitCondition,
    TraitDateCondition, Unit, Window,
};

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
    let by = |test: DateTest| Condition::TraitDate(TraitDateCondition { path: path.clone(), test });
    let relative = |window: DateWindow, notes: &mut Notes| {
        notes.differs(place, "a day is 24 hours from now, to the millisecond");
        by(DateTest::Date(window))
    };
    let anniversary = |window: DateWindow, notes: &mut Notes| {
        notes.differs(place, "the date itself is no anniversary here, only its days in later years");
        by(DateTest::Anniversary(window))
    };
    let quantity = |notes: &mut Notes| span(json, "quantity", notes, place);
    Some(match text(json, "operator") {
        "before" => on(Test::Before(moment(json, "date", notes, place)?)),
        "after" => on(Test::Since(moment(json, "date", notes, place)?)),
        "between-static" => {
            let (from, to) = (moment(json, "start", notes, place)?, moment(json, "end", notes, place)?);
            notes.differs(place, "the end of a range does not count");
            all_of(vec![on(Test::Since(from)), on(Test::Before(to))])
        }
        "in-the-last" => relative(DateWindow::Last(quantity(notes)?), notes),
        "in-the-next" => relative(DateWindow::Next(quantity(notes)?), notes),
        "at-least" => relative(DateWindow::AtLeastAgo(quantity(notes)?), notes),
        "between" => {
            let near = span(json, "start", notes, place)?;
            let far = span(json, "end", notes, place)?;
            let window = if near.count == 0 { DateWindow::Last(far) } else { DateWindow::Ago { near, far } };
            relative(window, notes)
        }
        "anniversary" => anniversary(DateWindow::Calendar(DatePeriod::Today), notes),
        "anniversary-month" => anniversary(DateWindow::Calendar(DatePeriod::ThisMonth), notes),
        "anniversary-last" => anniversary(DateWindow::Last(quantity(notes)?), notes),
        "anniversary-next" => anniversary(DateWindow::Next(quantity(notes)?), notes),
        "calendar-month" => {
            let month = json.get("value").and_then(Json::as_u64).and_then(|month| u8::try_from(month).ok());
            match month.filter(|month| (1..=12).contains(month)) {
                Some(month) => by(DateTest::Month(vec![month])),
                None => return notes.cannot(place, "the month is no number from 1 to 12"),
            }
        }
        other => return notes.cannot(place, format!("a profile's date is not asked for by `{other}`")),
    })
}

/// Since when the profile is in a list or segment: every one of these holds.
pub(super) fn joined(json: &Json, notes: &mut Notes, place: &str) -> Option<Vec<TenureTest>> {
    notes.assumed(place, "who was in when the segment was made here counts as joined then");
    let tests = match text(json, "operator") {
        "before" => vec![TenureTest::SinceBefore(moment(json, "date", notes, place)?)],
        "after" => vec![TenureTest::SinceAfter(moment(json, "date", notes, place)?)],
        "between-static" => {
            let (from, to) = (moment(json, "start", notes, place)?, moment(json, "end", notes, place)?);
            notes.differs(place, "the end of a range does not count");
            vec![TenureTest::SinceAfter(from), TenureTest::SinceBefore(to)]
        }
        "in-the-last" => vec![TenureTest::LessThan(span(json, "quantity", notes, place)?)],
        "at-least" => vec![TenureTest::AtLeast(span(json, "quantity", notes, place)?)],
        "between" => {
            let near = span(json, "start", notes, place)?;
            let far = TenureTest::LessThan(span(json, "end", notes, place)?);
            if near.count == 0 { vec![far] } else { vec![TenureTest::AtLeast(near), far] }
        }
        other => {
            return notes.cannot(place, format!("when someone joined is not asked for by `{other}`"));
        }
    };
    Some(tests)
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
