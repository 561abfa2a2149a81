use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::{count, filter, predicate, span, window};
use crate::ast::{
    ActiveCondition, ActiveDays, ActivePeriods, ActivityChange, Condition, CountTest, Named, Occurrence,
    OccurrenceCondition, PeriodGrid, PeriodRun, Rank, Side, Window, WithinCondition,
};
use crate::time::{CalendarPeriod, Unit};

fn occurrence() -> impl Strategy<Value = Occurrence<Named>> {
    let rank = prop_oneof![
        2 => Just(Rank::First(1)),
        2 => Just(Rank::Last(1)),
        1 => (1_u32..=1_000).prop_map(Rank::First),
        1 => (1_u32..=1_000).prop_map(Rank::Last),
    ];
    (rank, filter()).prop_map(|(rank, event)| Occurrence { rank, event })
}

/// Any valid condition on a chosen event.
pub(super) fn occurrence_condition() -> impl Strategy<Value = Condition<Named>> {
    (occurrence(), option::of(predicate()), window())
        .prop_filter("something is asked", |(_, has, window)| has.is_some() || *window != Window::AllTime)
        .prop_map(|(occurrence, has, window)| {
            Condition::Occurrence(Box::new(OccurrenceCondition { occurrence, has, window }))
        })
}

/// Any valid count around a chosen event.
pub(super) fn within_condition() -> impl Strategy<Value = Condition<Named>> {
    let side = select(vec![Side::After, Side::Before]);
    (filter(), count(), span(), side, occurrence()).prop_map(|(event, count, span, side, of)| {
        Condition::Within(Box::new(WithinCondition { event, count, span, side, of }))
    })
}

fn unit() -> impl Strategy<Value = Unit> {
    select(vec![Unit::Day, Unit::Week, Unit::Month, Unit::Quarter, Unit::Year])
}

/// Any valid condition on periods or days.
pub(super) fn active_condition() -> impl Strategy<Value = Condition<Named>> {
    let grid = select(vec![PeriodGrid::Rolling, PeriodGrid::Calendar, PeriodGrid::CalendarToDate]);
    let periods = (filter(), count(), 1_u32..100, unit(), grid, any::<prop::sample::Index>()).prop_map(
        |(event, each, count, unit, grid, at)| {
            let some = at.index(count as usize) as u64 + 1;
            let periods = match some % 4 {
                0 => CountTest::AtLeast(some),
                1 => CountTest::LessThan(some),
                2 => CountTest::Exactly(some),
                _ => CountTest::Between(1, some),
            };
            let among = PeriodRun { count, unit, grid };
            ActiveCondition::Periods(ActivePeriods { event, each, periods, among })
        },
    );
    let days = (filter(), window(), unit(), count()).prop_map(|(event, window, unit, count)| {
        ActiveCondition::Days(ActiveDays { event, window, unit, count })
    });
    let period = prop_oneof![
        span().prop_map(Window::Last),
        select(vec![CalendarPeriod::Today, CalendarPeriod::ThisMonth, CalendarPeriod::LastQuarter])
            .prop_map(Window::Calendar),
    ];
    let change = (filter(), period, any::<bool>()).prop_map(|(event, period, has_stopped)| {
        let change = ActivityChange { event, period };
        if has_stopped { ActiveCondition::Stopped(change) } else { ActiveCondition::Restarted(change) }
    });
    prop_oneof![2 => periods, 1 => days, 1 => change].prop_map(|leaf| Condition::Active(Box::new(leaf)))
}
