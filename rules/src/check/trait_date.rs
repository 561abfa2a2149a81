//! Dates that no trait can hold, and windows that nothing, or everything, is in.

use super::test::check_test;
use super::window::{check_span, check_window};
use crate::ast::{DateTest, DateWindow, HistoryTest, PastTime, StateTest, TraitHistoryCondition, Window};
use crate::problem::{Code, Problem};

pub(super) fn check_date_test(test: &DateTest, place: &str) -> Vec<Problem> {
    match test {
        DateTest::Date(window) => check_date_window(window, &format!("{place}.date")),
        DateTest::Anniversary(
            DateWindow::Past | DateWindow::Future | DateWindow::AtLeastAgo(_) | DateWindow::AtLeastFromNow(_),
        ) => {
            let message = "an anniversary comes every year, so this time has no end";
            vec![
                Problem::error(Code::UnsupportedValue, message)
                    .place(format!("{place}.anniversary"))
                    .expected("a time with two ends, such as `anniversary in next 7 days`"),
            ]
        }
        DateTest::Anniversary(window) => check_date_window(window, &format!("{place}.anniversary")),
        DateTest::Month(months) => check_numbers(months, 12, "month", &format!("{place}.month")),
        DateTest::Day(days) => check_numbers(days, 31, "day of a month", &format!("{place}.day")),
        DateTest::MonthDay(days) if days.is_empty() => vec![none_of("day", &format!("{place}.month_day"))],
        DateTest::MonthDay(_) => Vec::new(),
    }
}

pub(super) fn check_date_window(window: &DateWindow, place: &str) -> Vec<Problem> {
    match window {
        DateWindow::Last(span) => check_span(*span, &format!("{place}.last")),
        DateWindow::Next(span) => check_span(*span, &format!("{place}.next")),
        DateWindow::AtLeastAgo(span) => check_span(*span, &format!("{place}.at_least_ago")),
        DateWindow::AtLeastFromNow(span) => check_span(*span, &format!("{place}.at_least_from_now")),
        DateWindow::Ago { near, far } => check_window(&Window::Ago { near: *near, far: *far }, place),
        DateWindow::FromNow { near, far } => {
            let problems = check_window(&Window::Ago { near: *near, far: *far }, place);
            let here = |problem: Problem| {
                let place = problem.place.clone().unwrap_or_default().replace(".ago", ".from_now");
                let ago = problem.suggestion.clone().filter(|suggestion| suggestion.contains("ago"));
                let problem = problem.place(place);
                match ago {
                    Some(ago) => problem.suggestion(ago.replace("ago", "from now")),
                    None => problem,
                }
            };
            problems.into_iter().map(here).collect()
        }
        DateWindow::Range { from, to } => {
            check_window(&Window::Range { from: Some(*from), to: Some(*to) }, place)
        }
        DateWindow::Past
        | DateWindow::Future
        | DateWindow::Calendar(_)
        | DateWindow::On(_)
        | DateWindow::SinceWeekday(_) => Vec::new(),
    }
}

fn none_of(what: &str, place: &str) -> Problem {
    let problem = Problem::error(Code::EmptyList, format!("this list has no {what}"));
    problem.place(place).expected("at least one")
}

fn check_numbers(numbers: &[u8], greatest: u8, what: &str, place: &str) -> Vec<Problem> {
    if numbers.is_empty() {
        return vec![none_of(what, place)];
    }
    let wrong = numbers.iter().filter(|number| **number == 0 || **number > greatest);
    wrong
        .map(|number| {
            Problem::error(Code::NeverHolds, format!("no {what} has the number {number}"))
                .place(place)
                .expected(format!("a number from 1 to {greatest}"))
        })
        .collect()
}

pub(super) fn check_history(leaf: &TraitHistoryCondition, place: &str) -> Vec<Problem> {
    let state =
        |state: &StateTest, place: &str| check_test(&state.test, state.match_case, &format!("{place}.test"));
    match &leaf.test {
        HistoryTest::Held { state: held, time } => {
            let mut problems = state(held, &format!("{place}.test.held.state"));
            problems.extend(check_span(time.span(), &format!("{place}.test.held.for")));
            problems
        }
        HistoryTest::Was { state: past, when } => {
            let mut problems = state(past, &format!("{place}.test.was.state"));
            if let PastTime::Ago(span) = when {
                problems.extend(check_span(*span, &format!("{place}.test.was.when.ago")));
            }
            problems
        }
        HistoryTest::Changed { from, to, window } => {
            let place = format!("{place}.test.changed");
            let mut problems = Vec::new();
            for (name, test) in [("from", from), ("to", to)] {
                problems.extend(test.iter().flat_map(|test| state(test, &format!("{place}.{name}"))));
            }
            problems.extend(check_window(window, &format!("{place}.window")));
            problems
        }
    }
}
