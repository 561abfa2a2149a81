use std::collections::BTreeSet;

use proptest::prelude::*;

use segops_model::{DAY_MS, HOUR_MS, Instant};
use segops_rules::{
    ActiveCondition, ActiveDays, ActivePeriods, ActivityChange, Base, CalendarPeriod, Condition, CountTest,
    PeriodGrid, PeriodRun, RULE_FORMAT, Resolved, Rule, Span, Unit, Window,
};

use crate::calendar::Period;
use crate::count_range::CountRange;
use crate::sample::{Profile, entry, instant, named};
use crate::window::tests::{any_calendar, any_instant, any_window};
use crate::{Calendar, Entry, Program, SignalRegistry, Timeline, Verdict, WindowBounds, evaluate};

fn asked(leaf: &ActiveCondition<Resolved>, calendar: &Calendar, entries: &[Entry], now: Instant) -> Verdict {
    let mut registry = SignalRegistry::new();
    let when = Condition::Active(Box::new(leaf.clone()));
    let rule = Rule { version: RULE_FORMAT, base: Base::Everyone, when };
    let program = Program::compile(&rule, &mut registry, calendar);
    let mut profile = Profile::default();
    for (signal, keep) in program.signals() {
        let mut timeline: Timeline = Timeline::new();
        for entry in entries {
            timeline.insert(*entry);
            timeline.keep(*keep);
        }
        profile.timelines.insert(*signal, timeline);
    }
    evaluate(&program, &profile, now)
}

/// The windows whose edges a condition depends on.
fn windows(leaf: &ActiveCondition<Resolved>, calendar: &Calendar) -> Vec<WindowBounds> {
    match leaf {
        ActiveCondition::Periods(leaf) => WindowBounds::back_to_back(leaf.among, calendar),
        ActiveCondition::Days(leaf) => vec![WindowBounds::new(&leaf.window, calendar)],
        ActiveCondition::Stopped(leaf) | ActiveCondition::Restarted(leaf) => {
            WindowBounds::with_those_before(&leaf.period, calendar).to_vec()
        }
    }
}

fn plain(leaf: &ActiveCondition<Resolved>, calendar: &Calendar, entries: &[Entry], now: Instant) -> bool {
    let inside = |window: &WindowBounds| -> Vec<&Entry> {
        let (after, until) = window.bounds(now);
        entries.iter().filter(|entry| after < entry.ts && entry.ts <= until).collect()
    };
    let windows = windows(leaf, calendar);
    let did: Vec<bool> = windows.iter().map(|window| !inside(window).is_empty()).collect();
    match leaf {
        ActiveCondition::Periods(leaf) => {
            let each = CountRange::new(leaf.each);
            let active = windows.iter().filter(|window| each.holds(inside(window).len() as u64)).count();
            CountRange::new(leaf.periods).holds(active as u64)
        }
        ActiveCondition::Days(leaf) => {
            let period = Period::of_unit(leaf.unit, calendar);
            let starts =
                inside(&windows[0]).into_iter().map(|entry| period.start(&calendar.zone, entry.ts, 0));
            CountRange::new(leaf.count).holds(starts.collect::<BTreeSet<_>>().len() as u64)
        }
        ActiveCondition::Stopped(_) => did[1] && !did[0],
        ActiveCondition::Restarted(_) => did[0] && !did[1] && did[2],
    }
}

fn any_test() -> impl Strategy<Value = CountTest> {
    prop_oneof![
        4 => (1_u64..4).prop_map(CountTest::AtLeast),
        1 => (0_u64..4).prop_map(CountTest::Exactly),
        1 => (0_u64..4).prop_map(CountTest::Not),
        1 => (1_u64..4).prop_map(CountTest::LessThan),
        1 => (0_u64..3, 0_u64..2).prop_map(|(low, more)| CountTest::Between(low, low + more)),
    ]
}

fn any_leaf() -> impl Strategy<Value = ActiveCondition<Resolved>> {
    let unit = || prop::sample::select(vec![Unit::Day, Unit::Week, Unit::Month, Unit::Quarter]);
    let grid =
        prop::sample::select(vec![PeriodGrid::Rolling, PeriodGrid::Calendar, PeriodGrid::CalendarToDate]);
    let periods =
        (any_test(), any_test(), 1_u32..5, unit(), grid).prop_map(|(each, periods, count, unit, grid)| {
            let among = PeriodRun { count, unit, grid };
            ActiveCondition::Periods(ActivePeriods { event: named("E"), each, periods, among })
        });
    let days = (any_window(), unit(), any_test()).prop_map(|(window, unit, count)| {
        ActiveCondition::Days(ActiveDays { event: named("E"), window, unit, count })
    });
    let period = prop_oneof![
        (1_u32..40, unit()).prop_map(|(count, unit)| Window::Last(Span { count: count.min(6), unit })),
        prop::sample::select(vec![
            CalendarPeriod::Today,
            CalendarPeriod::Yesterday,
            CalendarPeriod::ThisWeek,
            CalendarPeriod::LastWeek,
            CalendarPeriod::ThisMonth,
            CalendarPeriod::LastMonth,
            CalendarPeriod::ThisQuarter,
        ])
        .prop_map(Window::Calendar),
    ];
    let change = (period, any::<bool>()).prop_map(|(period, has_stopped)| {
        let change = ActivityChange { event: named("E"), period };
        if has_stopped { ActiveCondition::Stopped(change) } else { ActiveCondition::Restarted(change) }
    });
    prop_oneof![3 => periods, 3 => days, 2 => change]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn activity_changes_exactly_when_said(
        leaf in any_leaf(), calendar in any_calendar(), start in any_instant(), later in 0_i64..4_000_000_000,
        offsets in prop::collection::vec(prop_oneof![
            0_i64..5_000, 0_i64..400_000_000, (0_i64..90).prop_map(|days| days * DAY_MS), (0_i64..900).prop_map(|hours| hours * HOUR_MS),
        ], 0..14),
    ) {
        let entries: Vec<Entry> = offsets
            .into_iter()
            .enumerate()
            .map(|(at, ms)| entry(start.plus_ms(-ms).as_ms(), at as u64))
            .collect();
        let now = start.plus_ms(later);
        let member = plain(&leaf, &calendar, &entries, now);
        let mut crossings: Vec<Instant> = windows(&leaf, &calendar)
            .iter()
            .flat_map(|window| entries.iter().flat_map(|entry| [window.reached_by_until(entry.ts), window.leaves_at(entry.ts)]))
            .flatten()
            .flat_map(|at| [at.plus_ms(-1), at])
            .filter(|at| *at > now)
            .collect();
        crossings.sort_unstable();
        let next_change = crossings.into_iter().find(|at| plain(&leaf, &calendar, &entries, *at) != member);
        prop_assert_eq!(asked(&leaf, &calendar, &entries, now), Verdict { member, next_change });
    }
}

fn at(text: &str) -> Entry {
    entry(instant(text).as_ms(), 0)
}

#[test]
fn days_are_the_workspaces_own() {
    let berlin = Calendar::new(crate::sample::zone("Europe/Berlin"), segops_rules::Weekday::Monday);
    let two_days = ActiveCondition::Days(ActiveDays {
        event: named("E"),
        window: Window::AllTime,
        unit: Unit::Day,
        count: CountTest::AtLeast(2),
    });
    // Half past eleven and half past midnight in summer time.
    let entries = [at("2026-06-01T21:30:00Z"), at("2026-06-01T22:30:00Z")];
    let now = instant("2026-06-02T12:00:00Z");
    assert!(asked(&two_days, &berlin, &entries, now).member);
    assert!(!asked(&two_days, &Calendar::utc(), &entries, now).member);
}

#[test]
fn a_long_history_costs_no_more_days_than_the_test_needs() {
    let two_days = ActiveCondition::Days(ActiveDays {
        event: named("E"),
        window: Window::Last(Span { count: 1, unit: Unit::Year }),
        unit: Unit::Day,
        count: CountTest::AtLeast(2),
    });
    let entries: Vec<Entry> = (0..20_000).map(|minute| entry(minute * 60_000, 0)).collect();
    let newest = entries[entries.len() - 1].ts;
    let verdict = asked(&two_days, &Calendar::utc(), &entries, newest);
    // The last entry of the day before the newest one is a year old then.
    let last_of_the_day_before = newest.as_ms().div_euclid(DAY_MS) * DAY_MS - 60_000;
    let leaves = Instant::from_ms(last_of_the_day_before + 365 * DAY_MS);
    assert_eq!(verdict, Verdict { member: true, next_change: Some(leaves) });
}
