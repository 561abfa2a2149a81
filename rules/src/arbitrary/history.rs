//! Conditions on a trait's dates and on what it was.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::{ago, date, moment, path, range, span, test, window};
use crate::ast::{
    DatePeriod, DateTest, DateWindow, HeldFor, HistoryTest, MonthDay, PastTime, StateTest,
    TraitDateCondition, TraitHistoryCondition, Window,
};
use crate::time::Weekday;

pub(super) fn date_window() -> impl Strategy<Value = DateWindow> {
    let periods = DatePeriod::WORDS.map(|(period, _)| period);
    let spans = prop::sample::select(vec![DateWindow::Last as fn(_) -> _, DateWindow::Next]);
    let distances = (ago(), any::<bool>()).prop_filter_map("two spans", |(window, is_ahead)| match window {
        Window::Ago { near, far } if is_ahead => Some(DateWindow::FromNow { near, far }),
        Window::Ago { near, far } => Some(DateWindow::Ago { near, far }),
        _ => None,
    });
    prop_oneof![
        4 => (spans, span()).prop_map(|(window, span)| window(span)),
        2 => distances,
        1 => range().prop_filter_map("two ends", |window| match window {
            Window::Range { from: Some(from), to: Some(to) } => Some(DateWindow::Range { from, to }),
            _ => None,
        }),
        2 => prop::sample::select(periods.to_vec()).prop_map(DateWindow::Calendar),
        1 => date().prop_map(DateWindow::On),
        1 => Just(DateWindow::SinceWeekday(Weekday::Thursday)),
    ]
}

fn open_window() -> impl Strategy<Value = DateWindow> {
    prop_oneof![
        span().prop_map(DateWindow::AtLeastAgo),
        span().prop_map(DateWindow::AtLeastFromNow),
        Just(DateWindow::Past),
        Just(DateWindow::Future),
    ]
}

/// Any valid condition on a date of a trait.
pub(super) fn trait_date() -> BoxedStrategy<TraitDateCondition> {
    let month_day = (1_u8..=12, 1_u8..=31).prop_filter_map("a day", |(month, day)| MonthDay::new(month, day));
    let test = prop_oneof![
        3 => date_window().prop_map(DateTest::Date),
        1 => open_window().prop_map(DateTest::Date),
        2 => date_window().prop_map(DateTest::Anniversary),
        1 => vec(1_u8..=12, 1..3).prop_map(DateTest::Month),
        1 => vec(1_u8..=31, 1..3).prop_map(DateTest::Day),
        1 => vec(month_day, 1..3).prop_map(DateTest::MonthDay),
    ];
    (path(), test).prop_map(|(path, test)| TraitDateCondition { path, test }).boxed()
}

pub(super) fn state() -> BoxedStrategy<StateTest> {
    (any::<bool>(), test()).prop_map(|(match_case, test)| StateTest { match_case, test }).boxed()
}

/// Any valid condition on what a trait was.
pub(super) fn trait_history() -> BoxedStrategy<TraitHistoryCondition> {
    let time = (any::<bool>(), span())
        .prop_map(|(is_least, span)| if is_least { HeldFor::AtLeast(span) } else { HeldFor::LessThan(span) });
    let when = prop_oneof![
        span().prop_map(PastTime::Ago),
        date().prop_map(PastTime::On),
        moment().prop_map(PastTime::At),
    ];
    let test = prop_oneof![
        (state(), time).prop_map(|(state, time)| HistoryTest::Held { state, time }),
        (state(), when).prop_map(|(state, when)| HistoryTest::Was { state, when }),
        (option::of(state()), option::of(state()), window())
            .prop_map(|(from, to, window)| HistoryTest::Changed { from, to, window }),
    ];
    (path(), test).prop_map(|(path, test)| TraitHistoryCondition { path, test }).boxed()
}
