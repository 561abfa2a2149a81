use std::path::Path;

use segops_model::{Instant, Position};
use segops_store::{Disk, StoreError};
use segops_testkit::{MemoryDisk, Operation, TornWrites};

use crate::journal::{DIR, item, last_file, open, read, write};

fn written(positions: u64) -> MemoryDisk {
    let disk = MemoryDisk::new();
    let (mut writer, _) = open(&disk).expect("opened");
    write(&mut writer, 0..positions).expect("written");
    disk
}

/// Cuts the last file to every length, reopens, and checks that exactly the whole frames are left.
#[test]
fn a_torn_end_is_cut_wherever_it_is_torn() {
    let whole = written(10);
    let path = last_file(&whole);
    let bytes = whole.len(&path).expect("length");
    let mut ends = Vec::new();
    for cut in 0..bytes {
        let disk = whole.crash(TornWrites::Lost);
        disk.truncate(&path, cut).expect("cut");
        let (mut writer, recovered) = open(&disk).expect("a torn end is no damage");
        let next = recovered.next_position.0;
        assert_eq!(read(&disk, 0, next).expect("read").len() as u64, next);
        assert!(recovered.truncated_bytes <= cut);
        ends.push(next);
        write(&mut writer, next..next + 5).expect("written on");
        drop(writer);
        let (_, recovered) = open(&disk).expect("opened again");
        assert_eq!((recovered.next_position.0, recovered.truncated_bytes), (next + 5, 0));
        assert!(
            read(&disk, 0, next + 5).expect("read").iter().all(|frame| frame.item == item(frame.position.0))
        );
    }
    assert!(ends.is_sorted(), "a longer file never holds fewer frames");
    assert_eq!(ends.last(), Some(&9));
}

/// Some file systems leave zeros where a write was announced and never came.
#[test]
fn an_end_of_zeros_is_cut() {
    let disk = written(10);
    let path = last_file(&disk);
    disk.open_append(&path).expect("opened").append(&[0; 5_000]).expect("written");
    let (_, recovered) = open(&disk).expect("opened");
    assert_eq!((recovered.next_position, recovered.truncated_bytes), (Position(10), 5_000));
    assert_eq!(read(&disk, 0, 10).expect("read").len(), 10);
}

#[test]
fn damage_before_whole_frames_is_an_error_and_cuts_nothing() {
    let whole = written(11);
    let path = last_file(&whole);
    let bytes = whole.len(&path).expect("length");
    let (mut refused, mut cut) = (0, 0);
    for offset in 0..usize::try_from(bytes).expect("small") {
        let disk = whole.crash(TornWrites::Lost);
        disk.flip_byte(&path, offset);
        match open(&disk) {
            Err(StoreError::CorruptFrame { file, .. } | StoreError::CorruptHeader { file }) => {
                assert_eq!(file, path);
                assert_eq!(disk.len(&path).expect("length"), bytes, "left as it was");
                refused += 1;
            }
            Err(StoreError::UnknownFormat { .. }) => refused += 1,
            Err(error) => panic!("{error}"),
            Ok((_, recovered)) => {
                assert_eq!(recovered.next_position, Position(10), "only the very last frame may go");
                cut += 1;
            }
        }
    }
    assert!(refused > 0 && cut > 0);
}

#[test]
fn a_damaged_or_missing_earlier_file_is_named() {
    let dir = Path::new(DIR).join("journal");
    let whole = written(40);
    let names = whole.list(&dir).expect("listed");
    assert!(names.len() > 4);

    let disk = whole.crash(TornWrites::Lost);
    disk.flip_byte(&dir.join(&names[1]), 3);
    assert!(matches!(open(&disk), Err(StoreError::CorruptHeader { .. })));

    let disk = whole.crash(TornWrites::Lost);
    disk.flip_byte(&dir.join(&names[1]), 60);
    let error = read(&disk, 0, 40).expect_err("damaged");
    assert!(
        matches!(&error, StoreError::CorruptFrame { file, .. } if *file == dir.join(&names[1])),
        "{error}"
    );

    let disk = whole.crash(TornWrites::Lost);
    disk.remove(&dir.join(&names[2])).expect("removed");
    let error = read(&disk, 0, 40).expect_err("missing");
    assert!(matches!(error, StoreError::MissingPosition { .. }), "{error}");
}

/// Makes the n-th write or sync fail, for every n: the writer refuses all after, and reopening finds at
/// least what was acknowledged, in order.
#[test]
fn the_nth_failure_poisons_and_loses_nothing_acknowledged() {
    let calls = written(30).calls(Operation::AnyWrite);
    for nth in 1..=calls {
        for torn in [TornWrites::Lost, TornWrites::Kept, TornWrites::Prefix { seed: nth }] {
            let disk = MemoryDisk::new();
            disk.fail_nth(Operation::AnyWrite, nth);
            let mut acknowledged = 0;
            if let Ok((mut writer, _)) = open(&disk) {
                let failed = (0..30).find_map(|position| {
                    let done = write(&mut writer, position..position + 1);
                    acknowledged += u64::from(done.is_ok());
                    done.err()
                });
                assert_eq!(failed.is_some(), writer.is_poisoned());
                if failed.is_some() {
                    let again = writer.append(Instant::MIN, 0, 0, b"x").map(|_| ());
                    assert!(matches!(again, Err(StoreError::Poisoned)));
                    assert!(matches!(writer.sync(), Err(StoreError::Poisoned)));
                    assert_eq!(writer.durable_position(), Position(acknowledged));
                }
            }
            let after = disk.crash(torn);
            let (_, recovered) =
                open(&after).unwrap_or_else(|error| panic!("failure {nth}, {torn:?}: {error}"));
            assert!(recovered.next_position.0 >= acknowledged, "failure {nth}, {torn:?}");
            let frames = read(&after, 0, recovered.next_position.0).expect("read");
            assert!(frames.iter().all(|frame| frame.item == item(frame.position.0)));
        }
    }
}

#[test]
fn what_a_killed_process_left_unsynced_is_durable_once_it_was_recovered() {
    let disk = MemoryDisk::new();
    let (mut writer, _) = open(&disk).expect("opened");
    for _ in 0..5 {
        writer.append(Instant::MIN, 7, 1, &vec![b'y'; 1_000_000]).expect("appended");
    }
    drop(writer);
    let (_, recovered) = open(&disk).expect("opened after a kill");
    assert!(recovered.next_position > Position(0), "the system still had what was written");
    let (_, after) = open(&disk.crash(TornWrites::Lost)).expect("opened after a power cut");
    assert_eq!(after.next_position, recovered.next_position);
}
