//! A place for parts in memory, with a clock that stands still, and the comparison that every test ends with.

use std::sync::Arc;

use object_store::ObjectStore;
use object_store::memory::InMemory;
use segops_model::{Clock, Columns as _, Instant, Path, Position, ProfileId, Value};
use segops_parts::{
    Bucket, Objects, PartRow, Parts, PartsError, PartsOptions, RowFilter, SignalRequest, Snapshot,
    TimelineRequest,
};

use crate::naive::Naive;
use crate::table::compare_table;

/// A clock that shows one instant, far from that of the files' own times.
#[derive(Debug)]
pub(crate) struct Standing(pub(crate) Instant);

impl Clock for Standing {
    fn now(&self) -> Instant {
        self.0
    }
}

/// The year 2100: whatever is not needed is past its grace.
pub(crate) fn far_future() -> Arc<dyn Clock> {
    Arc::new(Standing(Instant::from_ms(4_102_444_800_000)))
}

/// Bounds so small that a few dozen rows meet them all.
pub(crate) fn small(buckets: u32) -> PartsOptions {
    PartsOptions {
        row_group_rows: 8,
        named_group_rows: 3,
        part_rows_max: 48,
        buckets,
        bucketed_from_rows: 30,
        level0_parts_max: 3,
        level0_rows_max: 60,
        merged_parts: 2,
        moved_one_in: 5,
        read_ahead_bytes: 512,
        batch_rows: 7,
        grace_ms: 0,
        ..PartsOptions::default()
    }
}

pub(crate) fn memory() -> Arc<dyn ObjectStore> {
    Arc::new(InMemory::new())
}

pub(crate) fn open(store: &Arc<dyn ObjectStore>, options: PartsOptions) -> Result<Parts, PartsError> {
    Parts::open(Objects::new(Arc::clone(store), "shop"), far_future(), options)
}

pub(crate) fn all_rows(snapshot: &Snapshot) -> Vec<PartRow> {
    let mut scan = snapshot.rows(None, RowFilter::default()).expect("readable");
    let mut rows = Vec::new();
    while let Some(more) = scan.next_rows().expect("readable") {
        rows.extend(more);
    }
    rows
}

pub(crate) fn paths() -> Vec<Path> {
    ["total", "coupon", "gift", "address.city", "products[].price", "at", "context.locale", "nothing"]
        .iter()
        .map(|path| path.parse().expect("a path"))
        .collect()
}

/// The same history as it was before a position.
pub(crate) fn before(naive: &Naive, until: Position) -> Naive {
    let whole = naive.tail_from(Position(0));
    let mut earlier = Naive::default();
    let mut changes = whole.changes.into_iter().filter(|change| change.position < until).peekable();
    let rows = whole.batches.iter().flat_map(|batch| batch.iter().cloned());
    for row in rows.filter(|row| row.position < until) {
        while let Some(change) = changes.next_if(|change| change.position < row.position) {
            earlier.change(change);
        }
        earlier.add(row);
    }
    changes.for_each(|change| earlier.change(change));
    earlier.until = until;
    earlier
}

/// The value of a path, of a list the list itself; null is as good as nothing.
fn value_of(row: &PartRow, path: &Path) -> Option<Value> {
    let root = path.split_list().map_or_else(|| path.clone(), |(list, _)| list);
    root.in_event(&row.event).filter(|value| **value != Value::Null).cloned()
}

/// The rows are what the naive history says.
pub(crate) fn compare_rows(snapshot: &Snapshot, naive: &Naive) {
    assert_eq!(snapshot.until(), naive.until);
    assert_eq!(all_rows(snapshot), naive.truth(), "whole rows");
}

/// Everything that can be read is what the naive history says.
pub(crate) fn compare(snapshot: &Snapshot, naive: &Naive) {
    compare_rows(snapshot, naive);
    let truth = naive.truth();
    let mut names: Vec<_> = truth.iter().map(|row| row.event.name.to_string()).collect();
    names.sort_unstable();
    names.dedup();
    for name in &names {
        let of_name: Vec<_> = truth.iter().filter(|row| row.event.name == name.as_str()).collect();
        compare_scan(snapshot, name, RowFilter::default(), &of_name);
        let middle = of_name.get(of_name.len() / 2).map(|row| row.event.ts);
        for filter in [
            RowFilter { before: middle, ..RowFilter::default() },
            RowFilter { bucket: Some(Bucket { number: 0, of: 2 }), from: middle, before: None },
        ] {
            let has = |row: &PartRow| {
                filter.from.is_none_or(|from| row.event.ts >= from)
                    && filter.before.is_none_or(|before| row.event.ts < before)
                    && filter.bucket.is_none_or(|bucket| bucket.holds(row.profile))
            };
            let wanted: Vec<_> = of_name.iter().copied().filter(|row| has(row)).collect();
            compare_scan(snapshot, name, filter, &wanted);
        }
    }
    let profiles = naive.profiles();
    compare_table(snapshot, &truth, &profiles);
    let some = profiles.iter().copied().step_by(profiles.len() / 4 + 1);
    for profile in some.chain([ProfileId(1_000_000)]) {
        for rows_max in [3, usize::MAX] {
            let newest = truth.iter().rev().filter(|row| row.profile == profile).take(rows_max);
            let newest: Vec<_> = newest.cloned().collect();
            assert_eq!(snapshot.timeline(profile, rows_max).expect("readable"), newest, "{profile}");
        }
        compare_page(snapshot, &truth, profile);
    }
}

/// A page of a profile's timeline: before a place in the middle, of two names.
fn compare_page(snapshot: &Snapshot, truth: &[PartRow], profile: ProfileId) {
    let of_profile: Vec<_> = truth.iter().rev().filter(|row| row.profile == profile).collect();
    let names = [crate::history::NAMES[0].to_owned(), crate::history::NAMES[3].to_owned()];
    let middle = of_profile.get(of_profile.len() / 3);
    let before = middle.map(|row| (row.event.ts, row.position));
    let is_wanted = |row: &&&PartRow| {
        before.is_none_or(|before| (row.event.ts, row.position) < before)
            && names.iter().any(|name| row.event.name == name.as_str())
    };
    let expected: Vec<PartRow> =
        of_profile.iter().filter(is_wanted).take(4).map(|row| (*row).clone()).collect();
    let request = TimelineRequest { profile, before, names: &names, rows_max: 4 };
    assert_eq!(snapshot.timeline_of(&request).expect("readable"), expected, "a page of {profile}");
}

fn compare_scan(snapshot: &Snapshot, event: &str, filter: RowFilter, wanted: &[&PartRow]) {
    let paths = paths();
    let request = SignalRequest {
        event: event.to_owned(),
        paths: paths.clone(),
        filter,
        positions: true,
        earlier_rows: false,
    };
    let mut held = Vec::new();
    for mut stream in snapshot.streams(&request).expect("readable") {
        let mut last = None;
        while let Some(batch) = stream.next_batch().expect("readable") {
            assert!(!batch.is_empty(), "{event}");
            for row in 0..batch.len() {
                let key = (batch.profiles()[row], batch.ts_ms()[row], batch.positions()[row]);
                assert!(last.replace(key).is_none_or(|last| last < key), "{event}: a stream is in order");
                let value = |path: &Path| {
                    let list = path.split_list().map_or_else(|| path.clone(), |(list, _)| list);
                    batch.column(&list).value(row)
                };
                held.push((key, paths.iter().map(value).collect::<Vec<_>>()));
            }
        }
    }
    held.sort_by_key(|(key, _)| *key);
    assert_eq!(held.len(), wanted.len(), "all rows of {event}");
    for ((key, values), expected) in held.into_iter().zip(wanted) {
        assert_eq!(key, (expected.profile.0, expected.event.ts.as_ms(), expected.position.0), "{event}");
        for (path, held) in paths.iter().zip(values) {
            let expected = value_of(expected, path);
            match path.split_list() {
                None => assert_eq!(held, expected, "{event} {path}"),
                Some((_, member)) => {
                    let member = member.expect("the tests ask for a member");
                    assert_eq!(members(held, &member), members(expected, &member), "{event} {path}");
                }
            }
        }
    }
}

/// The member of each object of a list.
fn members(value: Option<Value>, member: &Path) -> Option<Vec<Option<Value>>> {
    let value = value?;
    let list = value.as_list()?;
    let of_item = |item: &Value| {
        let member = member.in_object(item.as_object()?)?;
        (*member != Value::Null).then(|| member.clone())
    };
    Some(list.iter().map(of_item).collect())
}
