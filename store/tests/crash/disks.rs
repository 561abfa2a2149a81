//! The real disk and the simulated one keep the same promises where no machine crashes.

use std::path::Path;
use std::sync::Arc;

use segops_store::{Disk, RealDisk};
use segops_testkit::MemoryDisk;

fn check(disk: &dyn Disk, root: &Path) {
    let dir = root.join("a/b");
    disk.create_dir_all(&dir).expect("made");
    disk.create_dir_all(&dir).expect("made again");
    let path = dir.join("one");
    assert!(!disk.exists(&path).expect("asked"));
    assert!(disk.open_read(&path).is_err());

    let mut file = disk.open_append(&path).expect("opened");
    file.append(b"hello ").expect("written");
    let mut second = disk.open_append(&path).expect("opened again");
    second.append(b"world").expect("written");
    file.sync().expect("synced");
    disk.sync_file(&path).expect("synced");
    disk.sync_dir(&dir).expect("synced");
    assert_eq!(disk.len(&path).expect("length"), 11);
    assert_eq!(disk.read(&path).expect("read"), b"hello world");

    let reader = disk.open_read(&path).expect("opened");
    let mut part = [0; 5];
    assert_eq!(reader.read_at(&mut part, 6).expect("read"), 5);
    assert_eq!(&part, b"world");
    assert_eq!(reader.read_at(&mut part, 11).expect("read"), 0);
    assert_eq!(reader.read_at(&mut part, 100).expect("read"), 0);

    disk.truncate(&path, 5).expect("cut");
    file.append(b"!").expect("written");
    assert_eq!(disk.read(&path).expect("read"), b"hello!");

    let other = dir.join("two");
    disk.rename(&path, &other).expect("renamed");
    assert_eq!(disk.list(&dir).expect("listed"), ["two"]);
    disk.write_atomic(&path, b"new").expect("written");
    disk.write_atomic(&path, b"newer").expect("written over");
    assert_eq!(disk.read(&path).expect("read"), b"newer");
    disk.remove(&other).expect("removed");
    assert_eq!(disk.list(&dir).expect("listed"), ["one"]);
    assert!(disk.list(&root.join("missing")).is_err());
}

#[test]
fn the_real_disk() {
    let root = tempfile::tempdir().expect("a folder");
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    check(disk.as_ref(), root.path());
}

#[test]
fn the_simulated_disk() {
    check(&MemoryDisk::new(), Path::new("/data"));
}
