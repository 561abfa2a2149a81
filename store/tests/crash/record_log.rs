use std::path::Path;
use std::sync::Arc;

use segops_store::{Disk, RecordLog, RecordLogOptions, StoreError};
use segops_testkit::{MemoryDisk, Operation, TornWrites};

const OPTIONS: RecordLogOptions = RecordLogOptions { records_max: 20, bytes_max: 1_000_000 };

fn open(disk: &MemoryDisk, options: RecordLogOptions) -> RecordLog {
    RecordLog::open(Arc::new(disk.clone()), Path::new("/data"), "rejections", options).expect("opened")
}

fn sequences(log: &mut RecordLog, limit: usize, before: Option<u64>) -> Vec<u64> {
    let records = log.newest(limit, before).expect("read");
    for record in &records {
        assert_eq!(record.bytes, format!("record {}\n", record.sequence).into_bytes());
    }
    records.iter().map(|record| record.sequence).collect()
}

fn append(log: &mut RecordLog, count: u64) {
    for _ in 0..count {
        let bytes = format!("record {}\n", log.next_sequence());
        log.append(bytes.as_bytes()).expect("appended");
    }
}

#[test]
fn pages_go_from_the_newest_to_the_oldest_over_both_files() {
    let disk = MemoryDisk::new();
    let mut log = open(&disk, OPTIONS);
    assert_eq!(sequences(&mut log, 5, None), [0_u64; 0]);
    append(&mut log, 15);
    assert_eq!(sequences(&mut log, 3, None), [14, 13, 12]);
    assert_eq!(sequences(&mut log, 5, Some(12)), [11, 10, 9, 8, 7]);
    assert_eq!(sequences(&mut log, 100, Some(3)), [2, 1, 0]);
    assert_eq!(sequences(&mut log, 100, Some(0)), [0_u64; 0]);
    assert_eq!(sequences(&mut log, 2, Some(99)), [14, 13]);
    assert_eq!(sequences(&mut log, 0, None), [0_u64; 0]);
}

#[test]
fn the_oldest_go_first_and_numbers_stay() {
    let disk = MemoryDisk::new();
    let mut log = open(&disk, OPTIONS);
    append(&mut log, 105);
    assert_eq!(log.next_sequence(), 105);
    assert_eq!(sequences(&mut log, 100, None), (90..105).rev().collect::<Vec<_>>());
    assert_eq!(disk.list(Path::new("/data/rejections")).expect("listed").len(), 2);
    drop(log);
    let mut log = open(&disk, OPTIONS);
    append(&mut log, 10);
    assert_eq!(sequences(&mut log, 100, None), (100..115).rev().collect::<Vec<_>>());
}

#[test]
fn bytes_are_bounded_too() {
    let disk = MemoryDisk::new();
    let options = RecordLogOptions { records_max: 1_000_000, bytes_max: 10_000 };
    let mut log = open(&disk, options);
    for _ in 0..1_000 {
        log.append(&[b'x'; 500]).expect("appended");
    }
    log.sync().expect("synced");
    let dir = Path::new("/data/rejections");
    let bytes: u64 =
        disk.list(dir).expect("listed").iter().map(|name| disk.len(&dir.join(name)).expect("length")).sum();
    assert!((5_000..=11_100).contains(&bytes), "{bytes} bytes");
    assert!(matches!(log.append(&vec![0; 2_000_000]), Err(StoreError::ItemTooLarge { .. })));
}

#[test]
fn a_torn_end_is_cut_at_any_length() {
    let whole = MemoryDisk::new();
    let mut log = open(&whole, OPTIONS);
    append(&mut log, 4);
    log.sync().expect("synced");
    let path = Path::new("/data/rejections/00000000000000000000.records");
    for cut in 0..whole.len(path).expect("length") {
        let disk = whole.crash(TornWrites::Lost);
        disk.truncate(path, cut).expect("cut");
        let mut log = open(&disk, OPTIONS);
        let left = log.next_sequence();
        assert!(left < 4);
        append(&mut log, 2);
        assert_eq!(sequences(&mut log, 9, None), (0..left + 2).rev().collect::<Vec<_>>());
    }
}

#[test]
fn a_failed_write_poisons_until_it_is_opened_again() {
    let disk = MemoryDisk::new();
    let mut log = open(&disk, OPTIONS);
    append(&mut log, 3);
    log.sync().expect("synced");
    append(&mut log, 2);
    disk.fail_nth(Operation::Append, 1);
    assert!(matches!(log.flush(), Err(StoreError::Io { .. })));
    assert!(matches!(log.append(b"x"), Err(StoreError::Poisoned)));
    let mut log = open(&disk, OPTIONS);
    let left = log.next_sequence();
    assert!((3..5).contains(&left));
    append(&mut log, 1);
    assert_eq!(sequences(&mut log, 9, None), (0..=left).rev().collect::<Vec<_>>());
}
