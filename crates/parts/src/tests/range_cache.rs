use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use proptest::prelude::*;

use crate::range_cache::RangeCache;

const BLOCK: u64 = 512 * 1024;

fn content(length: usize) -> Bytes {
    (0..length).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}

/// As a store cuts it: up to the end of the file, and refused past it.
fn cut(file: &Bytes, range: Range<u64>) -> object_store::Result<Bytes> {
    let length = file.len() as u64;
    if range.start >= length {
        return Err(object_store::Error::Generic { store: "test", source: "past the end".into() });
    }
    Ok(file.slice(range.start as usize..range.end.min(length) as usize))
}

#[test]
fn what_was_read_is_not_fetched_again_and_gaps_are_fetched_in_one_go() {
    let folder = tempfile::tempdir().expect("a folder");
    let cache = RangeCache::open(folder.path(), 64 * BLOCK).expect("opened");
    let file = content(5 * BLOCK as usize + 100);
    let fetched = RefCell::new(Vec::new());
    let read = |range: Range<u64>| {
        let fetch = |range: Range<u64>| {
            fetched.borrow_mut().push((range.start / BLOCK, range.end / BLOCK));
            cut(&file, range)
        };
        let bytes = cache.read("parts/a.parquet", range.clone(), fetch).expect("read");
        assert_eq!(bytes, file.slice(range.start as usize..range.end as usize));
    };
    read(2 * BLOCK + 5..2 * BLOCK + 9);
    read(2 * BLOCK..2 * BLOCK + 100);
    read(10..5 * BLOCK + 100);
    read(0..5 * BLOCK + 100);
    assert_eq!(*fetched.borrow(), vec![(2, 3), (0, 2), (3, 6)]);
    // Another process goes on with what is there.
    let again = RangeCache::open(folder.path(), 64 * BLOCK).expect("opened");
    let never = |_: Range<u64>| panic!("it is there");
    assert_eq!(again.read("parts/a.parquet", 7..BLOCK * 2, never).expect("read").len() as u64, BLOCK * 2 - 7);
}

#[test]
fn a_damaged_block_and_a_half_written_one_are_fetched_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = content(1_000);
    let count = Cell::new(0);
    let fetch = |range: Range<u64>| {
        count.set(count.get() + 1);
        cut(&file, range)
    };
    let cache = RangeCache::open(folder.path(), 64 * BLOCK).expect("opened");
    assert_eq!(cache.read("a", 0..1_000, fetch).expect("read"), file);
    for spoil in [Some(vec![7; 1_016]), Some(vec![]), None] {
        let path =
            std::fs::read_dir(folder.path()).expect("listed").next().expect("one").expect("read").path();
        match spoil {
            Some(bytes) => std::fs::write(path, bytes).expect("written"),
            None => std::fs::remove_file(path).expect("removed"),
        }
        assert_eq!(cache.read("a", 3..900, fetch).expect("read"), file.slice(3..900));
    }
    assert_eq!(count.get(), 4);
    std::fs::write(folder.path().join("0-0.draft"), b"half").expect("written");
    RangeCache::open(folder.path(), 64 * BLOCK).expect("opened");
    assert_eq!(std::fs::read_dir(folder.path()).expect("listed").count(), 1);
}

#[test]
fn it_keeps_within_its_budget_and_lets_the_longest_unused_go() {
    let folder = tempfile::tempdir().expect("a folder");
    let room = 3 * (BLOCK + 16);
    let cache = RangeCache::open(folder.path(), room).expect("opened");
    let file = content(8 * BLOCK as usize);
    let fetched = RefCell::new(Vec::new());
    let read = |block: u64| {
        let fetch = |range: Range<u64>| {
            fetched.borrow_mut().push(range.start / BLOCK);
            cut(&file, range)
        };
        cache.read("a", block * BLOCK..block * BLOCK + 1, fetch).expect("read");
        let sizes = std::fs::read_dir(folder.path()).expect("listed");
        let bytes: u64 = sizes.map(|entry| entry.expect("read").metadata().expect("known").len()).sum();
        assert!(bytes <= room, "{bytes}");
    };
    [0, 1, 2, 0, 3, 0, 1].into_iter().for_each(read);
    assert_eq!(*fetched.borrow(), vec![0, 1, 2, 3, 1], "1 went for 3, and 0 stayed");
    cache.forget("a");
    assert_eq!(std::fs::read_dir(folder.path()).expect("listed").count(), 0);
    cache.keep("b", &content(BLOCK as usize * 2));
    assert_eq!(
        std::fs::read_dir(folder.path()).expect("listed").count(),
        0,
        "too much of the room for one file"
    );
    cache.keep("b", &content(1_000));
    let never = |_: Range<u64>| panic!("it is there");
    assert_eq!(cache.read("b", 0..1_000, never).expect("read"), content(1_000));
}

#[test]
fn a_failed_fetch_is_told_and_leaves_the_block_to_the_next() {
    let folder = tempfile::tempdir().expect("a folder");
    let cache = RangeCache::open(folder.path(), 64 * BLOCK).expect("opened");
    let file = content(100);
    let fails = |_: Range<u64>| Err(object_store::Error::Generic { store: "test", source: "away".into() });
    assert!(cache.read("a", 0..50, fails).is_err());
    assert_eq!(cache.read("a", 0..50, |range| cut(&file, range)).expect("read"), file.slice(..50));
    // The manifest says more than there is: the store's word is passed on.
    assert!(cache.read("a", 600_000..700_000, |range| cut(&file, range)).is_err());
    assert_eq!(cache.read("a", 90..200, |range| cut(&file, range)).expect("read").len(), 10);
}

#[test]
fn threads_that_want_the_same_block_fetch_it_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let cache = RangeCache::open(folder.path(), 64 * BLOCK).expect("opened");
    let file = content(4 * BLOCK as usize);
    let (bytes, start) = (AtomicU64::new(0), Barrier::new(4));
    std::thread::scope(|scope| {
        for first in 0..4_u64 {
            let (cache, file, bytes, start) = (&cache, &file, &bytes, &start);
            scope.spawn(move || {
                start.wait();
                let range = first * 1_000..4 * BLOCK - first;
                let fetch = |range: Range<u64>| {
                    bytes.fetch_add(range.end - range.start, Ordering::Relaxed);
                    cut(file, range)
                };
                let read = cache.read("a", range.clone(), fetch).expect("read");
                assert_eq!(read, file.slice(range.start as usize..range.end as usize));
            });
        }
    });
    assert_eq!(bytes.into_inner(), 4 * BLOCK);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_ranges_in_any_order_are_those_of_the_file(
        ranges in proptest::collection::vec((0..3_000_000_u64, 1..1_500_000_u64), 1..12),
        room in 0..6_u64,
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = RangeCache::open(folder.path(), room * BLOCK).expect("opened");
        let file = content(3_000_000);
        for (start, length) in ranges {
            let range = start..(start + length).min(3_000_000);
            let read = cache.read("a", range.clone(), |range| cut(&file, range)).expect("read");
            prop_assert_eq!(read, file.slice(range.start as usize..range.end as usize));
        }
    }
}
