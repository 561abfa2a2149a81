use std::path::{Path, PathBuf};
use std::sync::Arc;

use proptest::prelude::*;
use segops_model::{Instant, Position};
use segops_store::{
    Disk, Frame, Journal, JournalOptions, JournalReader, JournalWriter, RealDisk, Recovered, StoreError,
};
use segops_testkit::{MemoryDisk, TornWrites};

pub(crate) const DIR: &str = "/data";
pub(crate) const SMALL_FILES: JournalOptions = JournalOptions { file_bytes_max: 300 };

pub(crate) fn open(disk: &MemoryDisk) -> Result<(JournalWriter, Recovered), StoreError> {
    Journal::open(Arc::new(disk.clone()), Path::new(DIR), SMALL_FILES)
}

pub(crate) fn read(disk: &MemoryDisk, from: u64, until: u64) -> Result<Vec<Frame>, StoreError> {
    JournalReader::new(Arc::new(disk.clone()), Path::new(DIR), Position(from), Position(until))?.collect()
}

pub(crate) fn item(position: u64) -> Vec<u8> {
    let length = usize::try_from(position * 37 % 90).expect("small");
    format!("{position}:").into_bytes().into_iter().chain(vec![b'x'; length]).collect()
}

/// Appends the items of these positions, with a sync after every third.
pub(crate) fn write(writer: &mut JournalWriter, positions: std::ops::Range<u64>) -> Result<(), StoreError> {
    for position in positions {
        let now = Instant::from_ms(i64::try_from(position).expect("small") * 10);
        let (at, _) = writer.append(now, 7, 1, &item(position))?;
        assert_eq!(at, Position(position));
        if position % 3 == 2 {
            writer.sync()?;
        }
    }
    writer.sync()
}

pub(crate) fn last_file(disk: &MemoryDisk) -> PathBuf {
    let dir = Path::new(DIR).join("journal");
    let names = disk.list(&dir).expect("listed");
    dir.join(names.last().expect("a file"))
}

#[test]
fn what_is_written_is_read_back_over_files_and_restarts() {
    let disk = MemoryDisk::new();
    let (mut writer, recovered) = open(&disk).expect("opened");
    let empty = Recovered { next_position: Position(0), last_instant: Instant::MIN, truncated_bytes: 0 };
    assert_eq!(recovered, empty);
    write(&mut writer, 0..50).expect("written");
    drop(writer);
    let (mut writer, recovered) = open(&disk).expect("opened again");
    let expected =
        Recovered { next_position: Position(50), last_instant: Instant::from_ms(490), truncated_bytes: 0 };
    assert_eq!(recovered, expected);
    write(&mut writer, 50..100).expect("written");
    assert_eq!(writer.durable_position(), Position(100));

    assert!(disk.list(&Path::new(DIR).join("journal")).expect("listed").len() > 5, "files were rotated");
    for from in 0..=100 {
        let frames = read(&disk, from, 100).expect("read");
        let positions: Vec<u64> = frames.iter().map(|frame| frame.position.0).collect();
        assert_eq!(positions, (from..100).collect::<Vec<_>>());
        for frame in frames {
            assert_eq!(frame.item, item(frame.position.0));
            assert_eq!((frame.kind, frame.format), (7, 1));
            assert_eq!(frame.instant.as_ms(), i64::try_from(frame.position.0).expect("small") * 10);
        }
    }
    assert_eq!(read(&disk, 10, 20).expect("read").len(), 10);
    assert_eq!(read(&disk, 20, 10).expect("read").len(), 0);
}

#[test]
fn instants_never_go_back_also_over_a_restart_with_an_empty_last_file() {
    let disk = MemoryDisk::new();
    let options = JournalOptions { file_bytes_max: 1 };
    let reopen = || Journal::open(Arc::new(disk.clone()), Path::new(DIR), options).expect("opened").0;
    let mut writer = reopen();
    writer.append(Instant::from_ms(100), 0, 0, b"a").expect("appended");
    writer.sync().expect("synced");
    // Starts the next file, and is lost with the end of the process before its first write.
    writer.append(Instant::from_ms(200), 0, 0, b"b").expect("appended");
    drop(writer);
    let mut writer = reopen();
    assert_eq!(writer.last_instant(), Instant::from_ms(100));
    let appended = writer.append(Instant::from_ms(50), 0, 0, b"c").expect("appended");
    assert_eq!(appended, (Position(1), Instant::from_ms(100)));
}

#[test]
fn reading_beyond_the_end_says_what_is_missing() {
    let disk = MemoryDisk::new();
    let (mut writer, _) = open(&disk).expect("opened");
    write(&mut writer, 0..10).expect("written");
    let error = read(&disk, 0, 11).expect_err("position 10 is not there");
    assert!(matches!(error, StoreError::MissingPosition { position: Position(10), .. }), "{error}");
}

#[test]
fn an_item_over_the_limit_is_refused_and_nothing_else() {
    let disk = MemoryDisk::new();
    let (mut writer, _) = open(&disk).expect("opened");
    let item = vec![0; segops_store::journal::ITEM_BYTES_MAX + 1];
    let error = writer.append(Instant::MIN, 0, 0, &item).expect_err("too large");
    assert!(matches!(error, StoreError::ItemTooLarge { .. }));
    write(&mut writer, 0..5).expect("written");
}

#[test]
fn a_large_item_is_read_through_a_small_buffer() {
    let disk = MemoryDisk::new();
    let (mut writer, _) = open(&disk).expect("opened");
    let large: Vec<u8> = (0..5_000_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    for item in [b"small".as_slice(), &large, b"", &large] {
        writer.append(Instant::MIN, 0, 0, item).expect("appended");
    }
    writer.sync().expect("synced");
    let frames = read(&disk, 0, 4).expect("read");
    assert!(frames[1].item == large && frames[3].item == large);
    assert_eq!(frames[2].item, b"");
}

#[test]
fn a_reader_goes_along_with_the_writer_on_the_real_disk() {
    let root = tempfile::tempdir().expect("a folder");
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let (mut writer, _) = Journal::open(disk.clone(), root.path(), SMALL_FILES).expect("opened");
    let mut seen = Position(0);
    for round in 0..20 {
        write(&mut writer, round * 7..(round + 1) * 7).expect("written");
        let reader = JournalReader::new(disk.clone(), root.path(), seen, writer.durable_position());
        for frame in reader.expect("opened") {
            let frame = frame.expect("whole");
            assert_eq!((frame.position, frame.item), (seen, item(seen.0)));
            seen = seen.next();
        }
        assert_eq!(seen, writer.durable_position());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_crash_loses_nothing_that_was_synced(
        rounds in prop::collection::vec((0..12_u64, any::<bool>(), any::<u64>()), 1..12),
    ) {
        let mut disk = MemoryDisk::new();
        let mut next = 0;
        for (count, synced, seed) in rounds {
            let (mut writer, recovered) = open(&disk).expect("opened");
            prop_assert!(recovered.next_position >= Position(next));
            next = recovered.next_position.0;
            if synced {
                write(&mut writer, next..next + count).expect("written");
                next += count;
            } else {
                // Enough to have some of it handed to the disk before the crash.
                for _ in 0..count {
                    writer.append(Instant::MIN, 7, 1, &vec![b'y'; 1_000_000]).expect("appended");
                }
            }
            disk = disk.crash(TornWrites::Prefix { seed });
            let (writer, recovered) = open(&disk).expect("opened after a crash");
            prop_assert!(recovered.next_position >= Position(next));
            let frames = read(&disk, 0, writer.durable_position().0).expect("read");
            prop_assert_eq!(frames.len() as u64, recovered.next_position.0);
            next = recovered.next_position.0;
        }
    }
}
