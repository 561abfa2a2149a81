//! The canonical text of conditions on a trait's dates and on what it was.

use super::{quoted, span_text, test_text, trait_name, value_text, weekday_text, window};
use crate::ast::{
    DateTest, DateWindow, HeldFor, HistoryTest, MonthDay, PastTime, StateTest, Test, TraitDateCondition,
    TraitHistoryCondition, Window,
};

pub(super) fn trait_date(leaf: &TraitDateCondition) -> String {
    let name = trait_name(&leaf.path.to_string());
    match &leaf.test {
        DateTest::Date(window) => format!("{name} {}", date_window(window)),
        DateTest::Anniversary(window) => format!("{name} anniversary {}", date_window(window)),
        DateTest::Month(months) => format!("{name} month {}", one_or_list(months, u8::to_string)),
        DateTest::Day(days) => format!("{name} day {}", one_or_list(days, u8::to_string)),
        DateTest::MonthDay(days) => {
            let text = |day: &MonthDay| quoted(&day.to_string());
            format!("{name} month and day {}", one_or_list(days, text))
        }
    }
}

fn one_or_list<T>(values: &[T], text: impl Fn(&T) -> String) -> String {
    match values {
        [one] => format!("is {}", text(one)),
        many => format!("in ({})", many.iter().map(text).collect::<Vec<_>>().join(", ")),
    }
}

pub(super) fn date_window(tree: &DateWindow) -> String {
    match tree {
        DateWindow::Last(span) => format!("in last {}", span_text(*span)),
        DateWindow::Next(span) => format!("in next {}", span_text(*span)),
        DateWindow::Ago { near, far } => window(&Window::Ago { near: *near, far: *far }),
        DateWindow::FromNow { near, far } if near.unit == far.unit => {
            format!("between {} and {} from now", near.count, span_text(*far))
        }
        DateWindow::FromNow { near, far } => {
            format!("between {} and {} from now", span_text(*near), span_text(*far))
        }
        DateWindow::AtLeastAgo(span) => format!("at least {} ago", span_text(*span)),
        DateWindow::AtLeastFromNow(span) => format!("at least {} from now", span_text(*span)),
        DateWindow::Past => "in the past".to_owned(),
        DateWindow::Future => "in the future".to_owned(),
        DateWindow::Range { from, to } => format!("from {from} to {to}"),
        DateWindow::Calendar(period) => period.words().to_owned(),
        DateWindow::On(date) => format!("on {date}"),
        DateWindow::SinceWeekday(day) => format!("since {}", weekday_text(*day)),
    }
}

pub(super) fn trait_history(leaf: &TraitHistoryCondition) -> String {
    let name = trait_name(&leaf.path.to_string());
    match &leaf.test {
        HistoryTest::Held { state: held, time } => {
            let (compare, span) = match time {
                HeldFor::AtLeast(span) => ("at least", span),
                HeldFor::LessThan(span) => ("less than", span),
            };
            format!("{name} has been {} for {compare} {}", state(held), span_text(*span))
        }
        HistoryTest::Was { state: past, when } => {
            let when = match when {
                PastTime::Ago(span) => format!("{} ago", span_text(*span)),
                PastTime::On(date) => format!("on {date}"),
                PastTime::At(moment) => format!("at {moment}"),
            };
            format!("{name} was {} {when}", state(past))
        }
        HistoryTest::Changed { from, to, window: when } => {
            let mut text = format!("{name} changed");
            for (word, test) in [("from", from), ("to", to)] {
                if let Some(test) = test {
                    text.push_str(&format!(" {word} {}", state(test)));
                }
            }
            let when = window(when);
            if !when.is_empty() {
                text.push_str(&format!(" {when}"));
            }
            text
        }
    }
}

fn state(tree: &StateTest) -> String {
    let suffix = if tree.match_case { " match case" } else { "" };
    let text = match &tree.test {
        Test::Is(value) => value_text(value),
        Test::IsNot(value) => format!("not {}", value_text(value)),
        Test::Exists if !tree.match_case => "set".to_owned(),
        Test::NotExists if !tree.match_case => "missing".to_owned(),
        other => test_text(other),
    };
    format!("{text}{suffix}")
}
