//! Rows out of bytes, each bounded: no row, however broken, takes more memory than an event may.

use std::io::{self, BufRead, Chain, Cursor, Read};

use csv_core::{ReadRecordResult, ReaderBuilder};

use super::{Delimiter, ImportError};

/// The columns that one row may have; a file with more is no table.
const COLUMNS_MAX: usize = 16_384;
const SNIFFED_BYTES: u64 = 64 * 1024;
const BOM: &[u8] = b"\xef\xbb\xbf";

/// One row's bytes, before they are known to be text.
#[derive(Debug, Default)]
pub(super) struct RawRow {
    /// The line of the file that it starts on, from 1.
    pub(super) line: u64,
    /// As it stands in the file, cut at `kept_max`.
    pub(super) source: Vec<u8>,
    /// The cells' bytes one after the other.
    pub(super) cells: Vec<u8>,
    /// Where each cell ends in `cells`.
    pub(super) ends: Vec<usize>,
    pub(super) too_long: bool,
}

/// The first bytes of a file, looked at and put back in front of it, without a byte order mark.
pub(super) struct Input<R> {
    reader: Chain<Cursor<Vec<u8>>, R>,
    pub(super) bytes_read: u64,
    newlines: u64,
}

impl<R: BufRead> Input<R> {
    pub(super) fn open(mut reader: R) -> Result<(Self, Vec<u8>), ImportError> {
        let mut start = Vec::new();
        reader.by_ref().take(SNIFFED_BYTES).read_to_end(&mut start)?;
        if start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff") {
            return Err(ImportError::Utf16);
        }
        let mut bytes_read = 0;
        if start.starts_with(BOM) {
            start.drain(..BOM.len());
            bytes_read = 3;
        }
        let input = Self { reader: Cursor::new(start.clone()).chain(reader), bytes_read, newlines: 0 };
        Ok((input, start))
    }

    fn consume(&mut self, count: usize) {
        self.reader.consume(count);
        self.bytes_read += u64::try_from(count).unwrap_or_default();
    }
}

/// The delimiter that the first line has most of, outside quotes.
pub(super) fn sniff(start: &[u8]) -> u8 {
    let mut counts = [(b',', 0_usize), (b';', 0), (b'\t', 0), (b'|', 0)];
    let mut quoted = false;
    for byte in start.trim_ascii_start() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' | b'\r' if !quoted => break,
            _ if quoted => {}
            _ => counts.iter_mut().filter(|(candidate, _)| candidate == byte).for_each(|(_, n)| *n += 1),
        }
    }
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(byte, _)| *byte)
}

pub(super) enum Splitter {
    Csv(Box<csv_core::Reader>),
    Whitespace,
    /// The whole line is one cell.
    Lines,
}

impl Splitter {
    pub(super) fn csv(delimiter: Delimiter, start: &[u8]) -> Self {
        let byte = match delimiter {
            Delimiter::Whitespace => return Self::Whitespace,
            Delimiter::Auto => sniff(start),
            Delimiter::Byte(byte) => byte,
        };
        Self::Csv(Box::new(ReaderBuilder::new().delimiter(byte).build()))
    }

    /// The next row that is not blank; `None` at the end.
    pub(super) fn next<R: BufRead>(
        &mut self,
        input: &mut Input<R>,
        row_bytes_max: usize,
        kept_max: usize,
    ) -> io::Result<Option<RawRow>> {
        match self {
            Self::Csv(core) => next_record(core, input, row_bytes_max, kept_max),
            Self::Whitespace => Ok(next_line(input, row_bytes_max, kept_max)?.map(|mut row| {
                split_whitespace(&mut row);
                row
            })),
            Self::Lines => next_line(input, row_bytes_max, kept_max),
        }
    }
}

fn next_record<R: BufRead>(
    core: &mut csv_core::Reader,
    input: &mut Input<R>,
    row_bytes_max: usize,
    kept_max: usize,
) -> io::Result<Option<RawRow>> {
    let mut row = RawRow { cells: vec![0; 256], ends: vec![0; 32], ..RawRow::default() };
    let (mut filled, mut ended) = (0, 0);
    loop {
        let bytes = input.reader.fill_buf()?;
        let cells = row.cells.get_mut(filled..).unwrap_or_default();
        let ends = row.ends.get_mut(ended..).unwrap_or_default();
        let (result, read, wrote, found) = core.read_record(bytes, cells, ends);
        let taken = bytes.get(..read).unwrap_or_default();
        keep_source(&mut row, taken, &mut input.newlines, kept_max);
        input.consume(read);
        filled += wrote;
        ended += found;
        match result {
            ReadRecordResult::InputEmpty => {}
            ReadRecordResult::OutputFull if row.cells.len() >= row_bytes_max => {
                row.too_long = true;
                filled = 0;
            }
            ReadRecordResult::OutputFull => {
                row.cells.resize((row.cells.len() * 2).min(row_bytes_max), 0);
            }
            ReadRecordResult::OutputEndsFull if row.ends.len() >= COLUMNS_MAX => {
                row.too_long = true;
                ended = 0;
            }
            ReadRecordResult::OutputEndsFull => row.ends.resize(row.ends.len() * 2, 0),
            ReadRecordResult::End => return Ok(None),
            ReadRecordResult::Record => {
                row.cells.truncate(filled);
                row.ends.truncate(ended);
                trim_line_end(&mut row.source);
                return Ok(Some(row));
            }
        }
    }
}

/// Keeps the row as it stands, and finds the line that it starts on.
fn keep_source(row: &mut RawRow, taken: &[u8], newlines: &mut u64, kept_max: usize) {
    let mut content = taken;
    if row.line == 0 {
        // The end of the line before, and blank lines, come first.
        let blank = taken.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
        let (before, rest) = taken.split_at(blank);
        *newlines += count_newlines(before);
        content = rest;
        if !rest.is_empty() {
            row.line = *newlines + 1;
        }
    }
    *newlines += count_newlines(content);
    let room = kept_max.saturating_add(1).saturating_sub(row.source.len());
    row.source.extend_from_slice(content.get(..room).unwrap_or(content));
}

fn count_newlines(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.iter().filter(|byte| **byte == b'\n').count()).unwrap_or_default()
}

fn trim_line_end(source: &mut Vec<u8>) {
    while matches!(source.last(), Some(b'\n' | b'\r')) {
        source.pop();
    }
}

fn next_line<R: BufRead>(
    input: &mut Input<R>,
    row_bytes_max: usize,
    kept_max: usize,
) -> io::Result<Option<RawRow>> {
    let mut row = RawRow { line: input.newlines + 1, ..RawRow::default() };
    let mut any = false;
    loop {
        let bytes = input.reader.fill_buf()?;
        if bytes.is_empty() && !any {
            return Ok(None);
        }
        let newline = bytes.iter().position(|byte| *byte == b'\n');
        let taken = newline.map_or(bytes.len(), |at| at + 1);
        let ended = newline.is_some() || bytes.is_empty();
        let content = bytes.get(..newline.unwrap_or(taken)).unwrap_or_default();
        any = true;
        if row.cells.len() + content.len() > row_bytes_max {
            row.too_long = true;
            let room = kept_max.saturating_add(1).saturating_sub(row.cells.len());
            row.cells.extend_from_slice(content.get(..room).unwrap_or(content));
        } else if !row.too_long {
            row.cells.extend_from_slice(content);
        }
        input.consume(taken);
        if !ended {
            continue;
        }
        input.newlines += u64::from(newline.is_some());
        if row.cells.trim_ascii().is_empty() && !row.too_long {
            row = RawRow { line: input.newlines + 1, ..RawRow::default() };
            any = false;
            continue;
        }
        trim_line_end(&mut row.cells);
        let kept = row.cells.len().min(kept_max.saturating_add(1));
        row.source = row.cells.get(..kept).unwrap_or_default().to_vec();
        row.ends = vec![row.cells.len()];
        return Ok(Some(row));
    }
}

fn split_whitespace(row: &mut RawRow) {
    let mut cells = Vec::with_capacity(row.cells.len());
    row.ends.clear();
    for cell in row.cells.split(u8::is_ascii_whitespace).filter(|cell| !cell.is_empty()) {
        cells.extend_from_slice(cell);
        row.ends.push(cells.len());
    }
    row.cells = cells;
}
