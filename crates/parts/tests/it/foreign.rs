//! Parquet files of others, as lines of JSON: those of real writers, and those that lie.

use std::fs::File;
use std::io::{BufRead as _, Write as _};
use std::path::PathBuf;

use segops_parts::{ForeignFileError, ParquetLines, is_parquet};
use serde_json::Value;

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/foreign").join(name)
}

fn lines_of(path: &PathBuf) -> Vec<Value> {
    let lines = ParquetLines::open(File::open(path).expect("there")).expect("opened");
    let rows = lines.rows();
    let lines: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str(&line.expect("read")).expect("JSON")).collect();
    assert_eq!(lines.len() as u64, rows);
    lines
}

fn expected() -> Vec<Value> {
    let text = std::fs::read_to_string(fixture("orders.ndjson")).expect("there");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn rows_are_what_the_writer_had_whoever_it_was() {
    assert_eq!(lines_of(&fixture("pyarrow.parquet")), expected());
    let mut of_duckdb = lines_of(&fixture("duckdb.parquet"));
    for line in &mut of_duckdb {
        let token = line.as_object_mut().and_then(|line| line.remove("token")).expect("it has one");
        let token = token.as_str().expect("a text").to_owned();
        assert!(token.len() == 36 && token.split('-').count() == 5, "{token}");
    }
    assert_eq!(of_duckdb, expected());
}

#[test]
fn columns_are_named_and_a_file_says_that_it_is_parquet() {
    let lines = ParquetLines::open(File::open(fixture("pyarrow.parquet")).expect("there")).expect("opened");
    let columns: Vec<&str> = lines.columns().collect();
    assert_eq!(columns.first(), Some(&"order_id"));
    assert!(columns.contains(&"ship.to") && columns.contains(&"address"), "{columns:?}");
    assert_eq!(lines.left_out(), &[] as &[String]);
    assert!(is_parquet(&std::fs::read(fixture("duckdb.parquet")).expect("there")));
    assert!(!is_parquet(b"a,b\n1,2\n"));
}

/// What a file comes to: how many lines, or what is wrong.
fn outcome(bytes: &[u8]) -> Result<usize, String> {
    let mut file = tempfile::tempfile().expect("a file");
    file.write_all(bytes).expect("written");
    let lines = ParquetLines::open(file).map_err(|error| error.to_string())?;
    let mut count = 0;
    for line in lines.lines() {
        serde_json::from_str::<Value>(&line.map_err(|error| error.to_string())?).expect("JSON");
        count += 1;
    }
    Ok(count)
}

#[test]
fn a_file_that_is_cut_anywhere_is_refused_in_words() {
    let bytes = std::fs::read(fixture("duckdb.parquet")).expect("there");
    for length in (0..bytes.len()).step_by(7) {
        let told = outcome(&bytes[..length]).expect_err("it is cut");
        assert!(told.starts_with("it is no Parquet file") || told.contains("damaged"), "{length}: {told}");
    }
    assert_eq!(outcome(&bytes), Ok(12));
}

#[test]
fn a_file_with_a_wrong_byte_anywhere_is_read_or_refused_and_ends_nothing() {
    let mut refused = 0;
    for name in ["pyarrow.parquet", "duckdb.parquet"] {
        let bytes = std::fs::read(fixture(name)).expect("there");
        for at in (4..bytes.len()).step_by(bytes.len() / 300) {
            for mask in [0x01, 0x80, 0xff] {
                let mut wrong = bytes.clone();
                wrong[at] ^= mask;
                refused += usize::from(outcome(&wrong).is_err());
            }
        }
    }
    assert!(refused > 300, "{refused}");
}

/// A file whose footer has a schema of groups within groups, as Thrift's compact protocol writes it.
fn nested(depth: usize, children_each: u8) -> Vec<u8> {
    let mut footer = vec![0x15, 0x02, 0x19, 0xfc];
    let mut count = depth + 1;
    while count >= 0x80 {
        footer.push((count & 0x7f) as u8 | 0x80);
        count >>= 7;
    }
    footer.push(count as u8);
    for level in 0..=depth {
        // Field 4, a name of one letter; field 5, the number of children.
        footer.extend([0x48, 0x01, b'a']);
        if level < depth {
            footer.extend([0x15, children_each * 2]);
        }
        footer.push(0);
    }
    footer.push(0);
    let mut file = b"PAR1".to_vec();
    let length = u32::try_from(footer.len()).expect("small");
    file.extend(footer);
    file.extend(length.to_le_bytes());
    file.extend(b"PAR1");
    file
}

#[test]
fn columns_that_nest_deep_enough_to_end_a_process_are_refused_before() {
    for depth in [100, 15_000] {
        let told = outcome(&nested(depth, 1)).expect_err("too deep");
        assert!(told.contains("nest deeper than 64 levels"), "{depth}: {told}");
    }
    let told = outcome(&nested(1_000_000, 1)).expect_err("too many");
    assert!(told.contains("1000001 columns, the limit is 16384"), "{told}");
    // Groups that are never filled.
    assert!(outcome(&nested(60, 60)).is_err());
}

#[test]
fn what_is_no_parquet_is_told_as_what_it_is() {
    let told = |bytes: &[u8]| outcome(bytes).expect_err("refused");
    assert_eq!(told(b"PAR1"), "it is no Parquet file: it is too short");
    assert_eq!(told(b"a,b,c\n1,2,3\n4,5,6\n"), "it is no Parquet file: it does not end as one; is it whole?");
    assert_eq!(
        told(b"PAR1\xff\xff\xff\x00PAR1"),
        "it is no Parquet file: its footer is longer than the file"
    );
    assert!(told(b"PAR1\xff\xff\xff\x7fPAR1").contains("its footer has 2147483647 bytes, the limit is"));
    assert!(told(b"PAR1\x00\x00\x00\x00PARE").contains("encrypted"));
    let error = ParquetLines::open(File::open(env!("CARGO_MANIFEST_DIR")).expect("a folder"));
    assert!(matches!(error, Err(ForeignFileError::Read(_) | ForeignFileError::NoParquet(_))), "{error:?}");
}
