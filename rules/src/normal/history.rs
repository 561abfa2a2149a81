//! Keys of conditions on a trait's dates and on what it was.

use std::collections::BTreeSet;

use super::{span, test_key, window};
use crate::ast::{
    DateTest, DateWindow, HeldFor, HistoryTest, PastTime, StateTest, TraitDateCondition,
    TraitHistoryCondition, Window,
};

pub(super) fn trait_date(leaf: &TraitDateCondition) -> String {
    let test = match &leaf.test {
        DateTest::Date(window) => format!("date {}", date_window(window)),
        DateTest::Anniversary(window) => format!("anniversary {}", date_window(window)),
        DateTest::Month(months) => format!("month {:?}", BTreeSet::from_iter(months)),
        DateTest::Day(days) => format!("day {:?}", BTreeSet::from_iter(days)),
        DateTest::MonthDay(days) => format!("month and day {:?}", BTreeSet::from_iter(days)),
    };
    format!("trait {:?} {test}", leaf.path.to_string())
}

fn date_window(tree: &DateWindow) -> String {
    match tree {
        DateWindow::Last(last) => format!("last {}", span(*last)),
        DateWindow::Next(next) => format!("next {}", span(*next)),
        DateWindow::Ago { near, far } => window(&Window::Ago { near: *near, far: *far }),
        DateWindow::FromNow { near, far } => format!("from now {} {}", span(*near), span(*far)),
        DateWindow::AtLeastAgo(past) => format!("at least {} ago", span(*past)),
        DateWindow::AtLeastFromNow(ahead) => format!("at least {} from now", span(*ahead)),
        other => format!("{other:?}"),
    }
}

pub(super) fn trait_history(leaf: &TraitHistoryCondition) -> String {
    let path = leaf.path.to_string();
    let state = |state: &StateTest| {
        let (key, denied) = test_key(&path, &state.test, state.match_case);
        format!("{}{key}", if denied { "!" } else { "" })
    };
    match &leaf.test {
        HistoryTest::Held { state: held, time: HeldFor::AtLeast(time) } => {
            format!("trait held {} for at least {}", state(held), span(*time))
        }
        HistoryTest::Held { state: held, time: HeldFor::LessThan(time) } => {
            format!("trait held {} for less than {}", state(held), span(*time))
        }
        HistoryTest::Was { state: past, when } => {
            let when = match when {
                PastTime::Ago(ago) => format!("{} ago", span(*ago)),
                other => format!("{other:?}"),
            };
            format!("trait was {} {when}", state(past))
        }
        HistoryTest::Changed { from, to, window: when } => {
            let (from, to) = (from.as_ref().map(state), to.as_ref().map(state));
            format!("trait {path:?} changed {from:?} {to:?} {}", window(when))
        }
    }
}
