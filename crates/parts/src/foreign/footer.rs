//! A look at a footer before Parquet's own reader has it: that reader follows nested columns by calling itself, and a
//! file that nests deep enough would end the process.
//!
//! The footer is Thrift's compact protocol: `FileMetaData` has in field 2 the schema, the tree of columns in depth-first
//! order, each element with the number of its children in field 5.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use super::{ENCRYPTED_MAGIC, ForeignFileError, MAGIC};

/// How deep columns may nest. A list of objects is three levels.
const DEPTH_MAX: usize = 64;
/// Columns and groups of them.
const ELEMENTS_MAX: u64 = 16_384;
/// Bytes of a footer, which is read whole.
const FOOTER_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// How deep values within an element may nest, which are passed over.
const SKIPPED_DEPTH_MAX: u32 = 16;

/// The types of Thrift's compact protocol that matter here.
const TRUE: u8 = 1;
const FALSE: u8 = 2;
const BYTE: u8 = 3;
const I16: u8 = 4;
const I32: u8 = 5;
const I64: u8 = 6;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const SET: u8 = 10;
const MAP: u8 = 11;
const STRUCT: u8 = 12;

/// Looks at the footer, and leaves the file where it was.
pub(super) fn check(file: &mut File) -> Result<(), ForeignFileError> {
    let no_parquet = |what: &str| Err(ForeignFileError::NoParquet(what.to_owned()));
    let length = file.seek(SeekFrom::End(0))?;
    let Some(end_of_footer) = length.checked_sub(8).filter(|end| *end >= 4) else {
        return no_parquet("it is too short");
    };
    file.seek(SeekFrom::Start(end_of_footer))?;
    let mut tail = [0; 8];
    file.read_exact(&mut tail)?;
    let [a, b, c, d, magic @ ..] = tail;
    if magic == *ENCRYPTED_MAGIC {
        return Err(ForeignFileError::Encrypted);
    }
    if magic != *MAGIC {
        return no_parquet("it does not end as one; is it whole?");
    }
    let bytes = u64::from(u32::from_le_bytes([a, b, c, d]));
    if bytes > FOOTER_BYTES_MAX {
        return Err(ForeignFileError::Damaged(format!(
            "its footer has {bytes} bytes, the limit is {FOOTER_BYTES_MAX}"
        )));
    }
    let Some(start) = end_of_footer.checked_sub(bytes).filter(|start| *start >= 4) else {
        return no_parquet("its footer is longer than the file");
    };
    file.seek(SeekFrom::Start(start))?;
    let mut footer = vec![0; usize::try_from(bytes).unwrap_or_default()];
    file.read_exact(&mut footer)?;
    file.seek(SeekFrom::Start(0))?;
    let told = Compact { rest: &footer }.depth();
    let told = told.ok_or_else(|| ForeignFileError::Damaged("its footer cannot be read".to_owned()))?;
    told.map_err(ForeignFileError::Damaged)
}

/// Bytes in the compact protocol. What it cannot read is `None`.
struct Compact<'a> {
    rest: &'a [u8],
}

impl Compact<'_> {
    /// Whether the schema nests as it may.
    fn depth(mut self) -> Option<Result<(), String>> {
        let mut field = 0;
        loop {
            let kind = self.field(&mut field)?;
            if kind == 0 {
                return None;
            }
            if field == 2 && kind == LIST {
                return self.schema();
            }
            self.skip(kind, SKIPPED_DEPTH_MAX)?;
        }
    }

    fn schema(&mut self) -> Option<Result<(), String>> {
        let (kind, elements) = self.list()?;
        if kind != STRUCT {
            return None;
        }
        if elements > ELEMENTS_MAX {
            return Some(Err(format!("it has {elements} columns, the limit is {ELEMENTS_MAX}")));
        }
        // Of each group that is open, how many children are to come.
        let mut open: Vec<u64> = Vec::new();
        for _ in 0..elements {
            if let Some(left) = open.last_mut() {
                *left -= 1;
            }
            let children = self.children()?;
            if children > 0 {
                open.push(children);
            }
            while open.last() == Some(&0) {
                open.pop();
            }
            if open.len() > DEPTH_MAX {
                return Some(Err(format!("its columns nest deeper than {DEPTH_MAX} levels")));
            }
        }
        Some(Ok(()))
    }

    /// The number of children of a schema element.
    fn children(&mut self) -> Option<u64> {
        let (mut field, mut children) = (0, 0);
        loop {
            match self.field(&mut field)? {
                0 => return Some(children),
                I32 if field == 5 => children = u64::try_from(self.signed()?).ok()?,
                kind => self.skip(kind, SKIPPED_DEPTH_MAX)?,
            }
        }
    }

    /// The next field's type, 0 at the end of a struct.
    fn field(&mut self, field: &mut i64) -> Option<u8> {
        let head = self.byte()?;
        let (step, kind) = (head >> 4, head & 0x0f);
        if kind != 0 {
            *field = if step == 0 { self.signed()? } else { *field + i64::from(step) };
        }
        Some(kind)
    }

    /// The type of a list's elements, and how many there are.
    fn list(&mut self) -> Option<(u8, u64)> {
        let head = self.byte()?;
        let count = head >> 4;
        let count = if count == 15 { self.varint()? } else { u64::from(count) };
        Some((head & 0x0f, count))
    }

    fn skip(&mut self, kind: u8, depth: u32) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        match kind {
            TRUE | FALSE => Some(()),
            BYTE => self.byte().map(drop),
            I16 | I32 | I64 => self.varint().map(drop),
            DOUBLE => self.take(8),
            BINARY => {
                let length = self.varint()?;
                self.take(usize::try_from(length).ok()?)
            }
            LIST | SET => {
                let (kind, count) = self.list()?;
                self.skip_all(&[kind], count, depth)
            }
            MAP => match self.varint()? {
                0 => Some(()),
                count => {
                    let kinds = self.byte()?;
                    self.skip_all(&[kinds >> 4, kinds & 0x0f], count, depth)
                }
            },
            STRUCT => {
                let mut field = 0;
                loop {
                    match self.field(&mut field)? {
                        0 => return Some(()),
                        kind => self.skip(kind, depth)?,
                    }
                }
            }
            _ => None,
        }
    }

    fn skip_all(&mut self, kinds: &[u8], count: u64, depth: u32) -> Option<()> {
        for _ in 0..count {
            for kind in kinds {
                // In a collection a flag is a byte of its own.
                let kind = if matches!(*kind, TRUE | FALSE) { BYTE } else { *kind };
                self.skip(kind, depth)?;
            }
        }
        Some(())
    }

    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*byte)
    }

    fn take(&mut self, bytes: usize) -> Option<()> {
        self.rest = self.rest.get(bytes..)?;
        Some(())
    }

    fn varint(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn signed(&mut self) -> Option<i64> {
        let number = self.varint()?;
        Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }
}
