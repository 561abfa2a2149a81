//! Holds everything that is stored against everything that is said of it.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch};
use roaring::RoaringTreemap;
use segops_model::ProfileId;

use crate::error::PartsError;
use crate::fixed::{CONTEXT, EVENT, PROPERTIES};
use crate::manifest::{NameRows, PartEntry, checksum_of};
use crate::merge::Keys;
use crate::part_file::PartFile;
use crate::partition::Months;
use crate::parts::Parts;
use crate::shape::object_at;
use crate::sidecar::{Index, Run};
use crate::typed::{bare_event, build};

/// Findings that are told of one part; more are of the same making.
const FINDINGS_MAX: usize = 10;

/// What a check has looked at, and what is wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckReport {
    pub parts: u64,
    pub rows: u64,
    pub bytes: u64,
    pub findings: Vec<Finding>,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The file.
    pub path: String,
    pub what: String,
}

impl Parts {
    /// Reads every part whole: checksums, order, counts, what the manifest and the sidecar say, each typed column
    /// against the JSON, and that each position is there once.
    ///
    /// # Errors
    /// None for what is found, which is in the report; the store itself can't be reached.
    pub fn check(&self) -> Result<CheckReport, PartsError> {
        self.check_unless(&mut |_, _| false)
    }

    /// As [`Parts::check`]. Before each batch of rows it is asked, with how many rows were looked at and how many there
    /// are, whether the check is called off.
    ///
    /// # Errors
    /// As there; [`PartsError::CalledOff`] if it was called off.
    pub fn check_unless(
        &self,
        is_called_off: &mut dyn FnMut(u64, u64) -> bool,
    ) -> Result<CheckReport, PartsError> {
        let snapshot = self.snapshot();
        let mut report = CheckReport::default();
        let mut positions = RoaringTreemap::new();
        let rows_in_all = snapshot.manifest.rows();
        for entry in &snapshot.manifest.parts {
            let mut check = PartCheck { entry, findings: Vec::new() };
            match check.files(self) {
                Ok(Some(runs)) => {
                    let before = report.rows;
                    let mut is_called_off = |row: u64| is_called_off(before + row, rows_in_all);
                    check.rows(self, &runs, &mut positions, &mut is_called_off)?;
                }
                Ok(None) => {}
                Err(error) => check.finds(error),
            }
            if entry.positions.1 >= snapshot.manifest.held_until {
                check.finds(format_args!(
                    "it has position {}, and the manifest says that parts end before {}",
                    entry.positions.1, snapshot.manifest.held_until
                ));
            }
            report.parts += 1;
            report.rows += entry.rows;
            report.bytes += entry.bytes + entry.sidecar.bytes;
            report.findings.extend(check.findings);
        }
        Ok(report)
    }
}

struct PartCheck<'a> {
    entry: &'a PartEntry,
    findings: Vec<Finding>,
}

/// What is gathered on the way through a part.
struct Seen<'a> {
    row: u64,
    last: Option<(String, (u64, i64, u64))>,
    names: Vec<NameRows>,
    runs: Vec<Run>,
    months: Months,
    positions: &'a mut RoaringTreemap,
}

impl PartCheck<'_> {
    fn finds(&mut self, what: impl std::fmt::Display) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(Finding { path: self.entry.path.clone(), what: what.to_string() });
        }
    }

    /// The two files' bytes; the runs of the sidecar if they are whole.
    fn files(&mut self, parts: &Parts) -> Result<Option<Vec<Run>>, PartsError> {
        let objects = &parts.files.objects;
        let (part, sidecar) = (&self.entry.path, &self.entry.sidecar);
        let bytes = objects.get(part)?;
        if bytes.len() as u64 != self.entry.bytes || checksum_of(&bytes) != self.entry.checksum {
            self.finds("its bytes are not those that were written");
            return Ok(None);
        }
        let bytes = objects.get(&sidecar.path)?;
        if bytes.len() as u64 != sidecar.bytes || checksum_of(&bytes) != sidecar.checksum {
            self.finds("the bytes of its sidecar are not those that were written");
            return Ok(None);
        }
        let index = usize::try_from(sidecar.index_offset).ok().and_then(|offset| bytes.get(offset..));
        let index = Index::read(&sidecar.path, index.unwrap_or_default(), sidecar.index_offset)?;
        let runs = index.read_all(&bytes)?;
        let profiles = runs.chunk_by(|left, right| left.profile == right.profile).count() as u64;
        if index.profiles != profiles || index.rows != runs.iter().map(|run| run.rows).sum::<u64>() {
            self.finds("its sidecar counts otherwise than it says");
        }
        Ok(Some(runs))
    }

    fn rows(
        &mut self,
        parts: &Parts,
        runs: &[Run],
        positions: &mut RoaringTreemap,
        is_called_off: &mut dyn FnMut(u64) -> bool,
    ) -> Result<(), PartsError> {
        let file = parts.files.open(self.entry)?;
        let fixed = crate::fixed::FIXED.fields().iter().map(|field| field.name().clone());
        let typed = file.info.columns.iter().map(|info| info.column.column_name());
        let columns: Vec<String> = fixed.chain(typed).collect();
        let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
        let whole: Range<u64> = 0..self.entry.rows;
        let mut reader = file.read(&columns, &[whole], parts.options.batch_rows);
        let mut seen = Seen {
            row: 0,
            last: None,
            names: Vec::new(),
            runs: Vec::new(),
            months: Months::default(),
            positions,
        };
        while let Some((group, batch)) = reader.next_batch()? {
            if is_called_off(seen.row) {
                return Err(PartsError::CalledOff);
            }
            self.order(&batch, &mut seen)?;
            self.typed(&file, group, &batch)?;
        }
        if seen.row != self.entry.rows {
            self.finds(format_args!("it has {} rows, the manifest says {}", seen.row, self.entry.rows));
        }
        if seen.names != self.entry.names {
            self.finds("its event names are not where the manifest says");
        }
        seen.runs.sort_unstable();
        if seen.runs != runs {
            self.finds("its sidecar leads to other rows than those of the profiles");
        }
        Ok(())
    }

    fn order(&mut self, batch: &RecordBatch, seen: &mut Seen<'_>) -> Result<(), PartsError> {
        let keys = Keys::of(batch)?;
        let events = batch.column_by_name(EVENT).and_then(|column| column.as_string_opt::<i32>());
        let events = events.ok_or_else(|| PartsError::damaged(&self.entry.path, "it has no event names"))?;
        for row in 0..batch.num_rows() {
            let Some(key) = keys.at(row) else { continue };
            let (name, (profile, ts, position)) = (events.value(row), key);
            let ts_instant = segops_model::Instant::from_ms(ts);
            let is_new_name = seen.last.as_ref().is_none_or(|(last, _)| last != name);
            if let Some((last, last_key)) = &seen.last
                && (last.as_str(), *last_key) >= (name, key)
            {
                self.finds(format_args!("row {} is out of order", seen.row));
            }
            if !seen.positions.insert(position) {
                self.finds(format_args!("position {position} is there twice"));
            }
            self.place(profile, ts, position, &mut seen.months);
            match seen.names.last_mut().filter(|_| !is_new_name) {
                Some(of_name) => {
                    of_name.rows += 1;
                    of_name.ts = (of_name.ts.0.min(ts_instant), of_name.ts.1.max(ts_instant));
                }
                None => seen.names.push(NameRows {
                    name: name.to_owned(),
                    start: seen.row,
                    rows: 1,
                    ts: (ts_instant, ts_instant),
                }),
            }
            match seen.runs.last_mut().filter(|run| run.profile == profile && !is_new_name) {
                Some(run) => run.rows += 1,
                None => seen.runs.push(Run { profile, start: seen.row, rows: 1 }),
            }
            seen.last = Some((name.to_owned(), key));
            seen.row += 1;
        }
        Ok(())
    }

    fn place(&mut self, profile: u64, ts: i64, position: u64, months: &mut Months) {
        let entry = self.entry;
        let (first, last) = entry.positions;
        let in_range = (first.0..=last.0).contains(&position)
            && (entry.profiles.0..=entry.profiles.1).contains(&profile)
            && (entry.ts.0.as_ms()..=entry.ts.1.as_ms()).contains(&ts);
        if !in_range {
            self.finds(format_args!("position {position} is outside of what the manifest says"));
        }
        if let Some(partition) = entry.partition
            && (months.of(ts) != partition.month || !partition.bucket.holds(ProfileId(profile)))
        {
            self.finds(format_args!("position {position} belongs into another folder"));
        }
    }

    /// Every typed column is what the JSON gives, and every odd row is marked.
    fn typed(&mut self, file: &Arc<PartFile>, group: usize, batch: &RecordBatch) -> Result<(), PartsError> {
        let text = |name: &str| batch.column_by_name(name).and_then(|column| column.as_string_opt::<i32>());
        let (Some(properties), Some(context)) = (text(PROPERTIES), text(CONTEXT)) else {
            self.finds("it has no JSON");
            return Ok(());
        };
        let mut events = Vec::with_capacity(batch.num_rows());
        for row in 0..batch.num_rows() {
            match (object_at(properties, row), object_at(context, row)) {
                (Ok(properties), Ok(context)) => events.push(bare_event(properties, context)),
                _ => {
                    self.finds("it holds JSON that can't be read");
                    return Ok(());
                }
            }
        }
        let columns: Vec<_> = file.info.columns.iter().map(|info| &info.column).enumerate().collect();
        let (made, marks) = build(&columns, events.iter())?;
        for ((number, info), made) in file.info.columns.iter().enumerate().zip(made) {
            let name = info.column.column_name();
            let held: Option<&ArrayRef> = batch.column_by_name(&name);
            if held.is_none_or(|held| held.to_data() != made.to_data()) {
                self.finds(format_args!("column `{name}` is not what the JSON gives"));
            }
            let is_odd = marks.iter().any(|mark| mark >> number & 1 == 1);
            if is_odd && !info.inexact.contains(&group) {
                self.finds(format_args!(
                    "column `{name}` is not marked in row group {group}, and has odd rows"
                ));
            }
        }
        Ok(())
    }
}
