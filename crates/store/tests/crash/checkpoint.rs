//! Whatever happens to the disk: what a chain gives is what was written, whole, or nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use proptest::prelude::*;
use segops_model::{Instant, Position};
use segops_store::{CheckpointFile, CheckpointFolder, CheckpointHead, Disk, StoreError};
use segops_testkit::{MemoryDisk, Operation, TornWrites};

type Records = BTreeMap<(u8, Vec<u8>), Vec<u8>>;
type Changes = Vec<(u8, Vec<u8>, Option<Vec<u8>>)>;

const DATA: &str = "/data";

fn folder(disk: &MemoryDisk) -> CheckpointFolder {
    CheckpointFolder::open(Arc::new(disk.clone()), Path::new(DATA)).expect("opens")
}

fn head(position: u64, previous: Option<u64>) -> CheckpointHead {
    CheckpointHead {
        position: Position(position),
        instant: Instant::from_ms(i64::try_from(position).unwrap_or(0) * 10),
        previous: previous.map(Position),
        fold_version: 3,
    }
}

fn write(
    folder: &CheckpointFolder,
    head: CheckpointHead,
    changes: &Changes,
) -> Result<CheckpointFile, StoreError> {
    let mut writer = folder.begin(head)?;
    for (kind, key, value) in changes {
        writer.push((*kind, 1), key, value.as_deref())?;
    }
    writer.finish()
}

fn apply(records: &mut Records, changes: &Changes) {
    for (kind, key, value) in changes {
        let key = (*kind, key.clone());
        match value {
            Some(value) => records.insert(key, value.clone()),
            None => records.remove(&key),
        };
    }
}

/// What the furthest chain that is whole gives, and up to where.
fn load(folder: &CheckpointFolder) -> Result<Option<(Position, Records)>, StoreError> {
    let (files, _) = folder.files()?;
    for chain in CheckpointFolder::chains(&files) {
        if chain.iter().any(|file| folder.check(file).is_err()) {
            continue;
        }
        let (mut records, mut position) = (Records::new(), Position(0));
        for file in &chain {
            let mut reader = folder.read(file)?;
            position = reader.head().position;
            while let Some(record) = reader.next_record()? {
                assert_eq!(record.version, 1);
                let value = record.value.map(<[u8]>::to_vec);
                apply(&mut records, &vec![(record.kind, record.key.to_vec(), value)]);
            }
        }
        return Ok(Some((position, records)));
    }
    Ok(None)
}

fn changes() -> impl Strategy<Value = Changes> {
    let value = prop_oneof![
        9 => prop::collection::vec(any::<u8>(), 0..40),
        1 => (any::<u8>(), 0..400_000_usize).prop_map(|(byte, count)| vec![byte; count]),
    ];
    prop::collection::vec(
        (0..4_u8, prop::collection::vec(0..3_u8, 0..4), prop::option::weighted(0.8, value)),
        0..60,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_chain_gives_what_was_written(steps in prop::collection::vec((changes(), prop::bool::weighted(0.2)), 1..6)) {
        let disk = MemoryDisk::new();
        let folder = folder(&disk);
        let mut records = Records::new();
        let mut previous = None;
        for (at, (changes, is_whole)) in (1..).zip(&steps) {
            apply(&mut records, changes);
            let position = at * 100;
            if *is_whole || previous.is_none() {
                let all = records.iter().map(|((kind, key), value)| (*kind, key.clone(), Some(value.clone())));
                let file = write(&folder, head(position, None), &all.collect()).expect("written");
                if *is_whole {
                    folder.remove_all_but(&[file]).expect("removed");
                }
            } else {
                write(&folder, head(position, previous), changes).expect("written");
            }
            previous = Some(position);
            prop_assert_eq!(load(&folder).expect("read"), Some((Position(position), records.clone())));
        }
    }
}

/// One whole file and two that build on it, with what each adds up to.
fn three(folder: &CheckpointFolder) -> Vec<(CheckpointFile, Records)> {
    let mut records = Records::new();
    let mut files = Vec::new();
    for (position, previous) in [(100, None), (200, Some(100)), (300, Some(200))] {
        let changes: Changes = (0..50_u8)
            .map(|at| {
                let value =
                    (at % 7 != 3 || position == 100).then(|| vec![at; usize::from(at) + position as usize]);
                (at % 3, vec![at.wrapping_mul(position as u8)], value)
            })
            .collect();
        apply(&mut records, &changes);
        files.push((write(folder, head(position, previous), &changes).expect("written"), records.clone()));
    }
    files
}

#[test]
fn any_flipped_byte_is_found_and_what_was_before_it_serves() {
    let disk = MemoryDisk::new();
    let written = three(&folder(&disk));
    for at in 0..written.len() {
        let file = &written[at].0;
        let length = usize::try_from(file.bytes).expect("small");
        for offset in 0..length {
            disk.flip_byte(&file.path, offset);
            let folder = folder(&disk);
            let expected = at.checked_sub(1).map(|before| {
                let (file, records) = &written[before];
                (file.head.position, records.clone())
            });
            assert_eq!(load(&folder).expect("read"), expected, "{} at {offset}", file.path.display());
            disk.flip_byte(&file.path, offset);
        }
    }
    let message = {
        disk.flip_byte(&written[1].0.path, 60);
        folder(&disk).check(&written[1].0).expect_err("damaged").to_string()
    };
    assert_eq!(
        message,
        "the checkpoint /data/checkpoints/00000000000000000200.changes is damaged at byte 44: a checksum is wrong"
    );
}

#[test]
fn a_file_cut_anywhere_is_no_file() {
    let disk = MemoryDisk::new();
    let written = three(&folder(&disk));
    let (file, _) = &written[2];
    for bytes in (0..file.bytes).rev() {
        disk.truncate(&file.path, bytes).expect("cut");
        let found = load(&folder(&disk)).expect("read").expect("the chain before it");
        assert_eq!(found, (Position(200), written[1].1.clone()), "cut at {bytes}");
    }
}

#[test]
fn whatever_fails_and_wherever_the_power_goes_there_is_one_state_or_the_next() {
    for torn in [TornWrites::Lost, TornWrites::Kept, TornWrites::Prefix { seed: 5 }] {
        for nth in 1.. {
            let disk = MemoryDisk::new();
            let folder_before = folder(&disk);
            let before = three(&folder_before);
            disk.fail_nth(Operation::AnyWrite, nth);
            let changes: Changes =
                vec![(1, b"new".to_vec(), Some(vec![7; 500])), (2, b"gone".to_vec(), None)];
            let mut after = before[2].1.clone();
            apply(&mut after, &changes);
            let all = after.iter().map(|((kind, key), value)| (*kind, key.clone(), Some(value.clone())));
            let done = write(&folder_before, head(400, None), &all.collect())
                .and_then(|file| folder_before.remove_all_but(&[file]));
            let crashed = folder(&disk.crash(torn));
            let found = load(&crashed).expect("read").expect("one of both");
            let old = (Position(300), before[2].1.clone());
            let new = (Position(400), after);
            assert!(found == new || (done.is_err() && found == old), "{torn:?}, operation {nth}");
            if done.is_ok() {
                break;
            }
        }
    }
}

#[test]
fn what_another_version_has_written_is_named_as_such() {
    let disk = MemoryDisk::new();
    let folder = folder(&disk);
    let path = PathBuf::from("/data/checkpoints/00000000000000000007.whole");
    let file = write(&folder, head(6, None), &Vec::new()).expect("written");
    let mut bytes = disk.read(&file.path).expect("read");
    disk.remove(&file.path).expect("removed");
    bytes[8] = 9;
    disk.open_append(&path).expect("made").append(&bytes).expect("written");
    let (files, wrong) = folder.files().expect("listed");
    assert!(files.is_empty());
    assert_eq!(
        wrong[0].to_string(),
        "/data/checkpoints/00000000000000000007.whole has format 9, and this version reads up to 1; start a newer \
         version"
    );
}
