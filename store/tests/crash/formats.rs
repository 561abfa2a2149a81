//! Stored bytes of every format that was ever written, read for ever.

use std::path::Path;

use expect_test::expect;
use segops_model::{Instant, Position};
use segops_store::{Disk, Frame};
use segops_testkit::MemoryDisk;

use crate::journal::{DIR, open, read};

/// A journal of format 1 with two frames, as hexadecimal text.
const JOURNAL_1: &str = "
    7365676f70736a72 01000000 0000000000000000 0028d3ed7cc7ffff ef290e7a
    1a000000 9d7ce1b0 01 03 0068e5cf8b010000 7b2274797065223a22747261636b227d
    0a000000 e9fecd22 02 03 0168e5cf8b010000
";

fn frames() -> [Frame; 2] {
    let frame = |position, instant_ms, kind, item: &[u8]| Frame {
        position: Position(position),
        instant: Instant::from_ms(instant_ms),
        kind,
        format: 3,
        item: item.to_vec(),
    };
    [frame(0, 1_700_000_000_000, 1, b"{\"type\":\"track\"}"), frame(1, 1_700_000_000_001, 2, b"")]
}

#[test]
fn a_journal_is_written_as_it_always_was() {
    let disk = MemoryDisk::new();
    let (mut writer, _) = open(&disk).expect("opened");
    for frame in frames() {
        writer.append(frame.instant, frame.kind, frame.format, &frame.item).expect("appended");
    }
    writer.sync().expect("synced");
    let bytes = disk.read(&Path::new(DIR).join("journal/00000000000000000000.journal")).expect("read");
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, JOURNAL_1.replace(char::is_whitespace, ""));
}

#[test]
fn a_journal_of_format_1_is_read() {
    let digits = JOURNAL_1.replace(char::is_whitespace, "");
    let bytes: Vec<u8> = (0..digits.len() / 2)
        .map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).expect("hexadecimal"))
        .collect();
    let disk = MemoryDisk::new();
    let dir = Path::new(DIR).join("journal");
    disk.create_dir_all(&dir).expect("made");
    disk.write_atomic(&dir.join("00000000000000000000.journal"), &bytes).expect("written");
    let (_, recovered) = open(&disk).expect("opened");
    assert_eq!(recovered.next_position, Position(2));
    assert_eq!(read(&disk, 0, 2).expect("read"), frames());
}

#[test]
fn a_newer_format_is_named_as_such() {
    let disk = MemoryDisk::new();
    drop(open(&disk).expect("opened"));
    let path = Path::new(DIR).join("journal/00000000000000000000.journal");
    // The format's second byte: 1 becomes 65,281.
    disk.flip_byte(&path, 9);
    let error = open(&disk).expect_err("newer");
    expect!["/data/journal/00000000000000000000.journal has format 65281, and this version reads up to 1; start a newer version"]
        .assert_eq(&error.to_string());
}
