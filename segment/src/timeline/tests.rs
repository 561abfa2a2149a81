use std::collections::BTreeSet;

use proptest::prelude::*;

use segops_model::Instant;

use super::{CHUNK_ENTRIES_MAX, Entry, Keep, Timeline, TimelineItem, ValueEntry};
use crate::sample::entry;

#[derive(Debug, Clone)]
enum Step {
    Insert(Vec<Entry>),
    Remove(Vec<Entry>),
    Merge(Vec<Entry>),
    Keep(u32, u32),
    Clone,
}

fn entries(most: usize) -> impl Strategy<Value = Vec<Entry>> {
    let one = (0_i64..400, 0_u64..6).prop_map(|(ms, position)| entry(ms, position));
    prop::collection::vec(one, 0..most)
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let in_order = (0_i64..400, 1_usize..700).prop_map(|(first, count)| {
        let at = |step: usize| entry(first + i64::try_from(step / 3).unwrap(), step as u64);
        Step::Insert((0..count).map(at).collect())
    });
    let step = prop_oneof![
        3 => entries(400).prop_map(Step::Insert),
        2 => in_order,
        2 => entries(1_200).prop_map(Step::Remove),
        2 => entries(600).prop_map(Step::Merge),
        1 => (0_u32..900).prop_map(|newest| Step::Keep(0, newest)),
        1 => (0_u32..400, 0_u32..400).prop_map(|(oldest, newest)| Step::Keep(oldest, newest)),
        1 => Just(Step::Clone),
    ];
    prop::collection::vec(step, 1..8)
}

/// Everything that can be asked, against a plain sorted list.
fn check(timeline: &Timeline, plain: &BTreeSet<Entry>) {
    let list: Vec<Entry> = plain.iter().copied().collect();
    assert_eq!(timeline.len(), list.len());
    assert_eq!(timeline.is_empty(), list.is_empty());
    assert!(timeline.iter().eq(list.iter().copied()));
    assert_eq!(timeline.newest(), list.last().copied());
    assert_eq!(timeline.oldest(), list.first().copied());
    assert_eq!(timeline.get(list.len()), None);
    for (at, entry) in list.iter().enumerate().step_by(7) {
        assert_eq!(timeline.count_before(*entry), at);
        assert!(timeline.contains(*entry));
    }
    for chunk in timeline.chunks() {
        assert!(!chunk.entries().is_empty() && chunk.entries().len() <= CHUNK_ENTRIES_MAX);
    }
    for (after, until) in
        [(-1, 1000), (0, 0), (10, 200), (200, 10), (99, 100), (150, 399), (i64::MIN, i64::MAX)]
    {
        let (after, until) = (Instant::from_ms(after), Instant::from_ms(until));
        let inside: Vec<Entry> =
            list.iter().copied().filter(|entry| entry.ts > after && entry.ts <= until).collect();
        assert_eq!(timeline.count_in(after, until), inside.len());
        assert!(timeline.iter_range(after, until).eq(inside.iter().copied()));
        for n in [0, 1, 2, 33, 300] {
            let until_now: Vec<Entry> = list.iter().copied().filter(|entry| entry.ts <= until).collect();
            let newest = if n == 0 { None } else { until_now.iter().rev().nth(n - 1).copied() };
            assert_eq!(timeline.nth_newest_until(until, n), newest);
            let mut later = list.iter().copied().filter(|entry| entry.ts > after);
            let oldest = if n == 0 { None } else { later.nth(n - 1) };
            assert_eq!(timeline.nth_after(after, n), oldest);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_timeline_is_a_sorted_set(steps in steps()) {
        let mut timeline = Timeline::new();
        let mut plain = BTreeSet::new();
        let mut frozen: Vec<(Timeline, BTreeSet<Entry>)> = Vec::new();
        for step in steps {
            match step {
                Step::Insert(entries) => {
                    for entry in entries {
                        prop_assert_eq!(timeline.insert(entry), plain.insert(entry));
                    }
                }
                Step::Remove(entries) => {
                    for entry in entries {
                        let item = TimelineItem::Match(entry);
                        prop_assert_eq!(timeline.remove_item(item), plain.remove(&entry));
                    }
                }
                Step::Merge(entries) => {
                    timeline.merge(&entries.iter().copied().collect());
                    plain.extend(entries);
                }
                Step::Keep(oldest, newest) => {
                    timeline.keep(Keep::Oldest(oldest).and(Keep::Newest(newest)));
                    let (oldest, newest) = (oldest as usize, newest as usize);
                    let newest_from = plain.len().saturating_sub(newest);
                    let kept = |at: usize| at < oldest || at >= newest_from;
                    let places = std::mem::take(&mut plain).into_iter().enumerate();
                    plain.extend(places.filter(|(at, _)| kept(*at)).map(|(_, entry)| entry));
                }
                Step::Clone => frozen.push((timeline.clone(), plain.clone())),
            }
            check(&timeline, &plain);
        }
        for (timeline, plain) in &frozen {
            check(timeline, plain);
        }
    }

    #[test]
    fn a_stored_timeline_reads_back(entries in entries(700)) {
        let timeline: Timeline = entries.into_iter().collect();
        let bytes = postcard::to_allocvec(&timeline).unwrap();
        let read: Timeline = postcard::from_bytes(&bytes).unwrap();
        prop_assert_eq!(read, timeline);
    }
}

#[test]
fn extremes_are_stored() {
    let timeline: Timeline =
        [entry(i64::MIN, u64::MAX), entry(i64::MAX, 0), entry(0, 7)].into_iter().collect();
    let bytes = postcard::to_allocvec(&timeline).unwrap();
    assert_eq!(postcard::from_bytes::<Timeline>(&bytes).unwrap(), timeline);
}

#[test]
fn a_stored_timeline_out_of_order_is_an_error() {
    let bytes = postcard::to_allocvec(&vec![(5_i64, 1_i64), (0, 0)]).unwrap();
    assert!(postcard::from_bytes::<Timeline>(&bytes).is_err());
}

#[test]
fn a_clone_shares_what_neither_writes_to() {
    let timeline: Timeline = (0..1_000).map(|at| entry(at, 0)).collect();
    let mut copy = timeline.clone();
    copy.insert(entry(1_001, 0));
    let shared =
        timeline.chunks().zip(copy.chunks()).filter(|(one, other)| std::sync::Arc::ptr_eq(one, other));
    assert_eq!(shared.count(), timeline.chunks().len() - 1);
    assert_eq!((timeline.len(), copy.len()), (1_000, 1_001));
}

#[test]
fn a_short_timeline_is_small() {
    assert!(size_of::<Timeline>() <= 24);
    let mut timeline = Timeline::new();
    timeline.insert(entry(1, 1));
    let super::Entries::Plain(super::Run::Few(list)) = &timeline.entries else {
        panic!("one entry needs no chunks")
    };
    assert_eq!(list.capacity(), 1);
}

#[test]
fn keeping_more_than_all_keeps_all() {
    assert_eq!(Keep::All.and(Keep::Newest(u32::MAX)), Keep::All);
    assert_eq!(Keep::Newest(2).and(Keep::Newest(3)), Keep::Newest(3));
    let ends = Keep::Ends { oldest: 2, newest: 3 };
    assert_eq!(Keep::Newest(3).and(Keep::Oldest(2)).and(Keep::Newest(1)), ends);
    let mut timeline: Timeline = (0..40).map(|at| entry(at, 0)).collect();
    timeline.keep(Keep::All);
    timeline.keep(Keep::Newest(41));
    assert_eq!(timeline.len(), 40);
    timeline.keep(Keep::Newest(0));
    assert!(timeline.is_empty());
}

fn values(most: usize) -> impl Strategy<Value = Vec<ValueEntry>> {
    let one = (0_i64..400, 0_u64..6, 0_u32..3, -5_i128..50);
    // One value for one place, as an event has.
    let value = one.prop_map(|(ms, position, line, value)| {
        let value = value + i128::from(ms) * 7 + i128::from(position) - i128::from(line) * (1 << 70);
        ValueEntry { entry: entry(ms, position), line, value: value - value % 50 }
    });
    prop::collection::vec(value, 0..most)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Late values, merges and cuts, against a plain sorted list: what any range comes to is the same.
    #[test]
    fn subtotals_are_those_of_the_values(
        lists in prop::collection::vec((values(500), any::<bool>()), 1..5), keep in 1_u32..1_500,
        ranges in prop::collection::vec((0_usize..1_600, 0_usize..1_600), 8),
    ) {
        let mut timeline = Timeline::new();
        let mut plain = BTreeSet::new();
        for (values, merged) in lists {
            if merged {
                timeline.merge(&values.iter().copied().collect());
            } else {
                for value in &values {
                    timeline.insert_value(*value);
                }
            }
            plain.extend(values);
            timeline.keep(Keep::Newest(keep));
            while plain.len() > keep as usize {
                plain.pop_first();
            }
            prop_assert_eq!(timeline.len(), plain.len());
            let list: Vec<ValueEntry> = plain.iter().copied().collect();
            for (one, other) in &ranges {
                let range = (*one).min(*other).min(list.len())..(*one).max(*other).min(list.len());
                let subtotal = timeline.subtotal(range.clone());
                let inside: Vec<i128> = list[range.clone()].iter().map(|value| value.value).collect();
                prop_assert_eq!(subtotal.count, inside.len() as u64);
                prop_assert_eq!(subtotal.sum, inside.iter().sum::<i128>());
                prop_assert_eq!(Some(subtotal.min).filter(|_| !inside.is_empty()), inside.iter().min().copied());
                prop_assert_eq!(Some(subtotal.max).filter(|_| !inside.is_empty()), inside.iter().max().copied());
                prop_assert!(timeline.values_at(range.clone()).eq(list[range].iter().copied()));
            }
        }
        let bytes = postcard::to_allocvec(&timeline).unwrap();
        prop_assert_eq!(postcard::from_bytes::<Timeline>(&bytes).unwrap(), timeline);
    }
}
