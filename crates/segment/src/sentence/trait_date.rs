use segops_rules::{DateTest, DateWindow, MonthDay, Span, TraitDateCondition};

use super::phrase::Phrase;
use super::words::{Words, counted_span, moment_text, name_of, span_text, value_text, weekday_text};
use crate::explain::{ConditionExplanation, Observed};

/// The date that a trait holds, and when it needs to be.
pub(super) fn phrase(
    leaf: &TraitDateCondition,
    found: &ConditionExplanation,
    wanted: bool,
    words: &Words<'_>,
) -> Phrase {
    let Some(Observed::Date { value, date, occurrence }) = &found.observed else {
        return Phrase::of_text(found);
    };
    let name = name_of(&leaf.path);
    let is_met = found.holds == wanted;
    let held = value.as_ref().filter(|value| value.is_present());
    let mut what = match (held, date) {
        (None, _) => format!("{name} is not set"),
        (Some(_), Some(date)) => format!("{} {}", starts_on(&name), words.date_or_moment(*date)),
        (Some(value), None) => {
            format!("{name} is {}, which is no date", value_text(value, &leaf.path, words))
        }
    };
    if let (DateTest::Anniversary(_), Some(at)) = (&leaf.test, occurrence) {
        what.push_str(&format!(", with an anniversary on {}", words.day(*at)));
    }
    let mut need = need_text(&leaf.test, wanted, words);
    if is_met && date.is_none() {
        need.push_str(", where it is a date");
    }
    let change = match date {
        Some(_) => format!("once {name} changes"),
        None => format!("once {name} is such a date"),
    };
    let keeps = if is_met { format!("{name} changes") } else { format!("{name} changes before") };
    Phrase::needing(&what, Some(&need), is_met, found)
        .unless(Some(keeps))
        .changing(Some(change).filter(|_| found.next_change.is_none() || is_met))
}

/// `birthday is`, and of a name such as `trial_ends_at` `trial ends on`.
fn starts_on(name: &str) -> String {
    name.strip_suffix(" at").map_or_else(|| format!("{name} is"), |event| format!("{event} on"))
}

/// What is asked of the date, or with `wanted` false the negation.
fn need_text(test: &DateTest, wanted: bool, words: &Words<'_>) -> String {
    match (test, wanted) {
        (DateTest::Date(window), true) => format!("to be {}", window_text(window, words)),
        (DateTest::Date(window), false) => match opposite(window) {
            Some(window) => format!("to be {}", window_text(&window, words)),
            None => format!("to be any time but {}", window_text(window, words)),
        },
        (DateTest::Anniversary(window), true) => format!("one {}", window_text(window, words)),
        (DateTest::Anniversary(window), false) => format!("none {}", window_text(window, words)),
        (DateTest::Month(months), wanted) => {
            let names: Vec<String> = months.iter().map(|month| month_text(*month).to_owned()).collect();
            format!("a date in {}{}", but(wanted, "any month"), names.join(" or "))
        }
        (DateTest::Day(days), wanted) => {
            let days: Vec<String> = days.iter().map(ToString::to_string).collect();
            format!("a date on {}day {} of a month", but(wanted, "any day"), days.join(" or "))
        }
        (DateTest::MonthDay(days), wanted) => {
            let days: Vec<String> = days.iter().map(|day| day_text(*day)).collect();
            format!("a date on {}{}", but(wanted, "any day"), days.join(" or "))
        }
    }
}

fn but(wanted: bool, any: &str) -> String {
    if wanted { String::new() } else { format!("{any} but ") }
}

/// What has a name of its own where the date is not in a window.
fn opposite(window: &DateWindow) -> Option<DateWindow> {
    Some(match window {
        DateWindow::Past => DateWindow::Future,
        DateWindow::Future => DateWindow::Past,
        _ => return None,
    })
}

fn day_text(day: MonthDay) -> String {
    format!("{} {}", day.day(), month_text(day.month()))
}

const fn month_text(month: u8) -> &'static str {
    match month {
        1 => "January",
        2 => "February",
        3 => "March",
        4 => "April",
        5 => "May",
        6 => "June",
        7 => "July",
        8 => "August",
        9 => "September",
        10 => "October",
        11 => "November",
        _ => "December",
    }
}

fn window_text(window: &DateWindow, words: &Words<'_>) -> String {
    let two = |near: &Span, far: &Span| {
        let near = if near.unit == far.unit { near.count.to_string() } else { counted_span(*near) };
        format!("between {near} and {}", counted_span(*far))
    };
    match window {
        DateWindow::Last(span) => format!("in the last {}", span_text(*span)),
        DateWindow::Next(span) => format!("in the next {}", span_text(*span)),
        DateWindow::Ago { near, far } => format!("{} ago", two(near, far)),
        DateWindow::FromNow { near, far } => format!("{} from now", two(near, far)),
        DateWindow::AtLeastAgo(span) => format!("at least {} ago", counted_span(*span)),
        DateWindow::AtLeastFromNow(span) => format!("more than {} from now", counted_span(*span)),
        DateWindow::Past => "in the past".to_owned(),
        DateWindow::Future => "in the future".to_owned(),
        DateWindow::Range { from, to } => {
            format!("from {} to before {}", moment_text(from, words), moment_text(to, words))
        }
        DateWindow::Calendar(period) => period.words().to_owned(),
        DateWindow::On(date) => format!("on {}", words.date_text(*date)),
        DateWindow::SinceWeekday(weekday) => format!("on {} or later", weekday_text(*weekday)),
    }
}
