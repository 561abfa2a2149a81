//! Measures what a checkpoint of so many records of 136 bytes costs, then one with a tenth of them, and reading both:
//!
//! ```text
//! cargo run -p segops-store --example checkpoint_cost -- 3000000 FOLDER
//! ```

#![expect(clippy::disallowed_methods, reason = "it measures real time")]

use std::path::Path;
use std::sync::Arc;
use std::time::Instant as Stopwatch;

use segops_model::{Instant, Position};
use segops_store::{CheckpointFile, CheckpointFolder, CheckpointHead, RealDisk};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const KIND: (u8, u8) = (1, 1);
const VALUE_BYTES: usize = 120;
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [records, folder] = arguments.as_slice() else {
        return Err("name a number of records and a folder: checkpoint_cost RECORDS FOLDER".into());
    };
    let records: u64 = records.parse()?;
    println!("before: {}", memory()?);
    let folder = CheckpointFolder::open(Arc::new(RealDisk), Path::new(folder))?;
    let whole = write(&folder, 1, None, records, 1)?;
    let changes = write(&folder, 2, Some(1), records, 10)?;
    let started = Stopwatch::now();
    let (mut read, mut bytes) = (0_u64, 0_u64);
    for file in [&whole, &changes] {
        folder.check(file)?;
        let mut reader = folder.read(file)?;
        while let Some(record) = reader.next_record()? {
            read += 1;
            bytes += (record.key.len() + record.value.map_or(0, <[u8]>::len)) as u64;
        }
    }
    println!("checked and read: {read} records, {bytes} bytes in {:?}; {}", started.elapsed(), memory()?);
    Ok(())
}

fn write(
    folder: &CheckpointFolder,
    position: u64,
    previous: Option<u64>,
    records: u64,
    one_in: u64,
) -> Outcome<CheckpointFile> {
    let started = Stopwatch::now();
    let head = CheckpointHead {
        position: Position(position),
        instant: Instant::from_ms(0),
        previous: previous.map(Position),
        fold_version: 1,
    };
    let mut writer = folder.begin(head)?;
    let mut value = Vec::new();
    for number in (0..records).filter(|number| number.is_multiple_of(one_in)) {
        let mut key = [0; 16];
        key[..8].copy_from_slice(&number.wrapping_mul(SPREAD).to_be_bytes());
        fill(&mut value, number, position);
        writer.push(KIND, &key, Some(&value))?;
    }
    let file = writer.finish()?;
    println!("one in {one_in}: {} bytes, durable after {:?}; {}", file.bytes, started.elapsed(), memory()?);
    Ok(file)
}

/// Half of the bytes repeat, as they do in records.
fn fill(value: &mut Vec<u8>, number: u64, round: u64) {
    value.clear();
    let mut drawn = number.wrapping_mul(SPREAD) ^ round;
    while value.len() < VALUE_BYTES {
        drawn ^= drawn << 13;
        drawn ^= drawn >> 7;
        drawn ^= drawn << 17;
        value.extend(drawn.to_le_bytes().iter().take(4));
        value.extend((number & 0xffff).to_le_bytes().iter().take(4));
    }
}

fn memory() -> Outcome<String> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
    Ok(peak.split_whitespace().collect::<Vec<_>>().join(" "))
}
