use std::path::Path;

use segops_model::{Clock, Instant};
use segops_store::Disk;

use crate::{MemoryDisk, Operation, SimulatedClock, TornWrites};

#[test]
fn a_clock_moves_only_when_told() {
    let clock = SimulatedClock::at(Instant::from_ms(5));
    let same = clock.clone();
    assert_eq!(clock.advance_ms(10), Instant::from_ms(15));
    assert_eq!(same.now(), Instant::from_ms(15));
    same.set(Instant::from_ms(3));
    assert_eq!(clock.now(), Instant::from_ms(3));
}

fn disk_with(synced: &[u8], unsynced: &[u8]) -> MemoryDisk {
    let disk = MemoryDisk::new();
    disk.create_dir_all(Path::new("/d")).expect("made");
    let mut file = disk.open_append(Path::new("/d/f")).expect("opened");
    disk.sync_dir(Path::new("/d")).expect("synced");
    file.append(synced).expect("written");
    file.sync().expect("synced");
    file.append(unsynced).expect("written");
    disk
}

#[test]
fn a_crash_keeps_what_was_synced_and_maybe_a_part_of_the_rest() {
    let disk = disk_with(b"kept", b"maybe");
    let read = |disk: &MemoryDisk| disk.read(Path::new("/d/f")).expect("read");
    assert_eq!(read(&disk.crash(TornWrites::Lost)), b"kept");
    assert_eq!(read(&disk.crash(TornWrites::Kept)), b"keptmaybe");
    let mut lengths: Vec<usize> =
        (0..100).map(|seed| read(&disk.crash(TornWrites::Prefix { seed })).len()).collect();
    assert!(lengths.iter().all(|length| (4..=9).contains(length)));
    lengths.sort_unstable();
    lengths.dedup();
    assert_eq!(lengths.len(), 6, "every length comes up");
    assert_eq!(read(&disk), b"keptmaybe", "the disk itself goes on");
}

#[test]
fn names_are_durable_after_a_sync_of_their_folder() {
    let disk = disk_with(b"", b"");
    let dir = Path::new("/d");
    disk.open_append(&dir.join("new")).expect("opened").sync().expect("synced");
    disk.rename(&dir.join("f"), &dir.join("renamed")).expect("renamed");
    assert_eq!(disk.crash(TornWrites::Lost).list(dir).expect("listed"), ["f"]);
    disk.sync_dir(dir).expect("synced");
    assert_eq!(disk.crash(TornWrites::Lost).list(dir).expect("listed"), ["new", "renamed"]);
}

#[test]
fn the_nth_call_fails_once_and_a_failed_sync_for_good() {
    let disk = disk_with(b"", b"");
    let mut file = disk.open_append(Path::new("/d/f")).expect("opened");
    disk.fail_nth(Operation::Append, 2);
    file.append(b"one").expect("the first works");
    assert!(file.append(b"four").is_err());
    file.append(b"!").expect("the third works");
    assert_eq!(disk.read(Path::new("/d/f")).expect("read"), b"onefo!");
    disk.fail_nth(Operation::SyncFile, 1);
    assert!(file.sync().is_err());
    file.sync().expect("claims to work");
    assert_eq!(disk.crash(TornWrites::Lost).read(Path::new("/d/f")).expect("read"), b"");
}

#[test]
fn a_file_written_whole_is_old_or_new_after_any_failure() {
    let path = Path::new("/d/f");
    for nth in 1..10 {
        let disk = disk_with(b"old", b"");
        disk.fail_nth(Operation::AnyWrite, nth);
        let written = disk.write_atomic(path, b"new");
        for torn in [TornWrites::Lost, TornWrites::Kept, TornWrites::Prefix { seed: nth }] {
            let found = disk.crash(torn).read(path).expect("read");
            assert!(found == b"new" || (found == b"old" && written.is_err()), "failure {nth}, {torn:?}");
        }
    }
}
