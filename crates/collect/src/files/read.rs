use std::collections::{HashMap, HashSet, VecDeque};
use std::io::BufRead;

use super::assemble::{Fault, accept, assemble, group_key};
use super::cells::{Row, check_utf8};
use super::input::{Input, RawRow, Splitter};
use super::message_id::fingerprint;
use super::plan::Plan;
use super::{FileContext, ImportError, Mapping, RowGroup};
use crate::rejection::quoted;
use crate::{Accepted, Origin, Reason, ReceivedAt, RejectionCode as Code};

/// Reads a CSV file by a mapping of its columns.
///
/// # Errors
/// Before the first row: a file that is UTF-16, a header that cannot be read, a mapping that does not fit.
/// Later, an item of the iterator: the reader failed, or scattered groups take too much memory; it is the
/// last item.
pub fn read_csv<R: BufRead>(
    reader: R,
    mapping: &Mapping,
    context: FileContext,
) -> Result<Rows<R>, ImportError> {
    let (mut input, start) = Input::open(reader)?;
    let mut splitter = Splitter::csv(mapping.delimiter, &start);
    let mut names = mapping.columns.clone();
    if mapping.header {
        let found = read_header(&mut splitter, &mut input, &context)?;
        if names.is_empty() {
            names = found;
        }
    }
    let plan = Plan::new(mapping, &names)?;
    Ok(Rows::new(input, splitter, RowKind::Table { width: names.len() }, Some(plan), context))
}

/// Reads a file of one JSON object a line: Segment-shaped events without a mapping, anything with one.
///
/// # Errors
/// As [`read_csv`].
pub fn read_ndjson<R: BufRead>(
    reader: R,
    mapping: Option<&Mapping>,
    context: FileContext,
) -> Result<Rows<R>, ImportError> {
    let (input, _) = Input::open(reader)?;
    let plan = match mapping {
        None => None,
        // The columns are paths, whatever the mapping says of its format.
        Some(mapping) => Some(Plan::new(&Mapping { format: super::Format::Ndjson, ..mapping.clone() }, &[])?),
    };
    Ok(Rows::new(input, Splitter::Lines, RowKind::Json, plan, context))
}

/// Reads rows of a table that come as one JSON object a line, with the columns that there are: a file of types, whoever
/// has opened it. A column's name is the whole of it, or the beginning of a path into an object.
///
/// # Errors
/// As [`read_csv`].
pub fn read_objects<R: BufRead>(
    reader: R,
    columns: &[String],
    mapping: &Mapping,
    context: FileContext,
) -> Result<Rows<R>, ImportError> {
    let (input, _) = Input::open(reader)?;
    let plan = Plan::new(&Mapping { format: super::Format::Parquet, ..mapping.clone() }, columns)?;
    Ok(Rows::new(input, Splitter::Lines, RowKind::Json, Some(plan), context))
}

fn read_header<R: BufRead>(
    splitter: &mut Splitter,
    input: &mut Input<R>,
    context: &FileContext,
) -> Result<Vec<String>, ImportError> {
    let header = |problem: &str| ImportError::Header(problem.to_owned());
    let limits = &context.limits;
    let row = splitter
        .next(input, limits.event_bytes_max, 0)?
        .ok_or_else(|| header("the file is empty; its first row should name the columns"))?;
    if row.too_long {
        return Err(header("the first row is too long; is it a table, and are its quotes closed?"));
    }
    let mut start = 0;
    let mut names: Vec<String> = Vec::with_capacity(row.ends.len());
    for end in &row.ends {
        let name = row.cells.get(start..*end).unwrap_or_default();
        let name =
            std::str::from_utf8(name).map_err(|_| header("it is not UTF-8; save the file as UTF-8"))?;
        names.push(name.trim().to_owned());
        start = *end;
    }
    let mut seen = HashSet::new();
    if let Some(twice) = names.iter().find(|name| !name.is_empty() && !seen.insert(*name)) {
        return Err(ImportError::Header(format!(
            "two columns are named {}; rename one, or name all in `columns`",
            quoted(twice)
        )));
    }
    Ok(names)
}

#[derive(Clone, Copy)]
enum RowKind {
    Table { width: usize },
    Json,
}

/// The rows of a file as events and rejections, in the order of the file.
pub struct Rows<R> {
    input: Input<R>,
    splitter: Splitter,
    kind: RowKind,
    plan: Option<Plan>,
    context: FileContext,
    row: u64,
    /// The group whose rows are being read, where they stand together.
    open: Option<Group>,
    /// Groups read whole, where rows are scattered: by key, and in the order of their first rows.
    scattered: VecDeque<Group>,
    places: HashMap<u128, usize>,
    scattered_bytes: usize,
    /// The groups that are closed. A row of one that comes later is a mistake to be told of: its event
    /// would have the id of the group's, and be dropped as a duplicate.
    closed: HashSet<u128>,
    ready: VecDeque<RowGroup>,
    ended: bool,
}

struct Group {
    key: u128,
    rows: Vec<Row>,
    bytes: usize,
    /// Set once the group is too large for one event: its rows are rejected as they come.
    overflown: bool,
}

/// About what one remembered group takes in memory.
const CLOSED_BYTES: usize = 48;

impl<R> std::fmt::Debug for Rows<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rows").field("context", &self.context).field("row", &self.row).finish_non_exhaustive()
    }
}

impl<R: BufRead> Iterator for Rows<R> {
    type Item = Result<RowGroup, ImportError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(ready) = self.ready.pop_front() {
                return Some(Ok(ready));
            }
            if self.ended {
                let group = self.scattered.pop_front()?;
                self.emit_scattered(&group);
                continue;
            }
            if let Err(error) = self.advance() {
                self.ended = true;
                self.scattered = VecDeque::new();
                return Some(Err(error));
            }
        }
    }
}

impl<R: BufRead> Rows<R> {
    fn new(
        input: Input<R>,
        splitter: Splitter,
        kind: RowKind,
        plan: Option<Plan>,
        context: FileContext,
    ) -> Self {
        Self {
            input,
            splitter,
            kind,
            plan,
            context,
            row: 0,
            open: None,
            scattered: VecDeque::new(),
            places: HashMap::new(),
            scattered_bytes: 0,
            closed: HashSet::new(),
            ready: VecDeque::new(),
            ended: false,
        }
    }

    /// Bytes of the file read so far.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.input.bytes_read
    }

    /// Reads one row, or ends.
    fn advance(&mut self) -> Result<(), ImportError> {
        let limits = &self.context.limits;
        let next = self.splitter.next(&mut self.input, limits.event_bytes_max, limits.rejection_bytes_max)?;
        let Some(raw) = next else {
            self.ended = true;
            self.close();
            self.places = HashMap::new();
            return Ok(());
        };
        self.row += 1;
        if raw.too_long {
            let message = format!(
                "the row has more than {} bytes; is a quote not closed?",
                self.context.limits.event_bytes_max
            );
            self.reject(self.row, raw.line, &raw.source, Reason::new(Code::EventTooLarge, message));
            return Ok(());
        }
        let Some(plan) = &self.plan else {
            self.take_event(raw);
            return Ok(());
        };
        let row = match self.kind {
            RowKind::Table { width } => Row::of_text(self.row, raw, width),
            RowKind::Json => Row::of_json(self.row, raw),
        };
        let row = match row {
            Ok(row) => row,
            Err(refused) => {
                let (raw, reason) = *refused;
                self.reject(self.row, raw.line, &raw.source, reason);
                return Ok(());
            }
        };
        if plan.group_by.is_empty() {
            self.emit(&[row]);
            return Ok(());
        }
        match group_key(plan, &row) {
            Err(reason) => {
                self.reject_row(&row, reason);
                Ok(())
            }
            Ok(key) if plan.scattered => self.gather(fingerprint(&key), row),
            Ok(key) => {
                self.append(&key, row);
                Ok(())
            }
        }
    }

    /// A line that is a Segment-shaped event itself.
    fn take_event(&mut self, raw: RawRow) {
        let accepted = check_utf8(&raw.cells)
            .and_then(|()| accept(raw.cells.into_boxed_slice(), self.row, &self.context));
        match accepted {
            Ok(accepted) => self.accepted(vec![self.row], accepted),
            Err(reason) => self.reject(self.row, raw.line, &raw.source, reason),
        }
    }

    /// Adds a row to its group, which is open if the row before was of it.
    fn append(&mut self, key: &str, row: Row) {
        let print = fingerprint(key);
        if self.open.as_ref().is_none_or(|open| open.key != print) {
            self.close();
            if self.closed.contains(&print) {
                let message = format!(
                    "the other rows of {} are not next to this one; sort the file, or set `scattered = true`",
                    quoted(key)
                );
                return self.reject_row(&row, Reason::new(Code::GroupScattered, message));
            }
            self.open = Some(Group { key: print, rows: Vec::new(), bytes: 0, overflown: false });
        }
        let limit = self.context.limits.event_bytes_max;
        let Some(open) = &mut self.open else { return };
        open.bytes += row.bytes;
        open.rows.push(row);
        if open.bytes > group_bytes_max(limit) {
            open.overflown = true;
        }
        if open.overflown {
            let rows = std::mem::take(&mut open.rows);
            self.reject_overflown(&rows);
        }
    }

    fn reject_overflown(&mut self, rows: &[Row]) {
        for row in rows {
            let message = "the rows of this group are too many for one event; do `group_rows_by` columns \
                           really tell orders apart?";
            self.reject_row(row, Reason::new(Code::EventTooLarge, message));
        }
    }

    /// Adds a row to its group, wherever in the file the group's other rows are.
    fn gather(&mut self, key: u128, row: Row) -> Result<(), ImportError> {
        self.scattered_bytes += row.bytes;
        let limit = self.context.limits.import_buffer_bytes_max;
        if self.scattered_bytes > limit {
            return Err(ImportError::BufferFull(limit));
        }
        let at = *self.places.entry(key).or_insert(self.scattered.len());
        match self.scattered.get_mut(at) {
            Some(group) => {
                group.bytes += row.bytes;
                group.rows.push(row);
            }
            None => {
                let bytes = row.bytes;
                self.scattered.push_back(Group { key, rows: vec![row], bytes, overflown: false });
            }
        }
        Ok(())
    }

    /// Ends the open group.
    fn close(&mut self) {
        let Some(group) = self.open.take() else { return };
        // Past the limit no more are remembered: then rows that are apart are dropped as duplicates.
        if self.closed.len() < self.context.limits.import_buffer_bytes_max / CLOSED_BYTES {
            self.closed.insert(group.key);
        }
        if !group.rows.is_empty() {
            self.emit(&group.rows);
        }
    }

    fn emit_scattered(&mut self, group: &Group) {
        if group.bytes > group_bytes_max(self.context.limits.event_bytes_max) {
            self.reject_overflown(&group.rows);
        } else {
            self.emit(&group.rows);
        }
    }

    /// One event of these rows, or a rejection for each of them: an order that lacks a line would be
    /// wrong, and mending the row and importing again could not put it right.
    fn emit(&mut self, rows: &[Row]) {
        let Some(plan) = &self.plan else { return };
        match assemble(plan, &self.context, rows) {
            Ok(accepted) => self.accepted(rows.iter().map(|row| row.number).collect(), accepted),
            Err((None, reason)) => {
                for row in rows {
                    self.reject_row(row, reason.clone());
                }
            }
            Err(fault) => self.reject_group(rows, fault),
        }
    }

    fn reject_group(&mut self, rows: &[Row], (at, reason): Fault) {
        let bad = at.and_then(|at| rows.get(at)).map_or(0, |row| row.number);
        for row in rows {
            let reason = if row.number == bad {
                reason.clone()
            } else {
                let message = format!("row {bad} of the same group is bad: {}", reason.message);
                Reason::new(Code::GroupRejected, message)
            };
            self.reject_row(row, reason);
        }
    }

    fn accepted(&mut self, rows: Vec<u64>, accepted: Accepted) {
        let bytes_read = self.input.bytes_read;
        self.ready.push_back(RowGroup { rows, bytes_read, outcome: Ok(accepted) });
    }

    fn reject_row(&mut self, row: &Row, reason: Reason) {
        self.reject(row.number, row.line, &row.source, reason);
    }

    fn reject(&mut self, row: u64, line: u64, source: &[u8], reason: Reason) {
        let at = ReceivedAt {
            source: Some(self.context.source),
            received_at: self.context.received_at,
            origin: Origin::File { name: self.context.file_name.clone(), row },
            limits: &self.context.limits,
        };
        let rejection = reason.reject(format!("row {row} (line {line})"), source, &at);
        self.ready.push_back(RowGroup {
            rows: vec![row],
            bytes_read: self.input.bytes_read,
            outcome: Err(rejection),
        });
    }
}

/// What the rows of one group may take in memory: several times the event that they become.
const fn group_bytes_max(event_bytes_max: usize) -> usize {
    event_bytes_max.saturating_mul(4)
}
