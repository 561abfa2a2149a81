//! One profile's newest events, across all names.

use std::ops::Range;
use std::sync::Arc;

use segops_model::{Instant, Position, ProfileId};

use super::Snapshot;
use crate::error::PartsError;
use crate::fixed::{ANCHOR_KIND, ANCHOR_VALUE, FIXED, POSITION, PROFILE, TS, anchor_of, decode};
use crate::manifest::PartEntry;
use crate::merge::Keys;
use crate::overlay::Overlay;
use crate::part_file::PartFile;
use crate::row::PartRow;
use crate::side_by_side::each_side_by_side;
use crate::sidecar::Run;

/// The rows that a part may have of a profile.
struct Held {
    file: Arc<PartFile>,
    /// In ascending order.
    ranges: Vec<Range<u64>>,
}

impl Held {
    fn rows(&self) -> usize {
        self.ranges.iter().map(|range| usize::try_from(range.end - range.start).unwrap_or(usize::MAX)).sum()
    }
}

/// Which events of a profile are wanted.
#[derive(Debug, Clone, Copy)]
pub struct TimelineRequest<'a> {
    pub profile: ProfileId,
    /// Only events before this place, which is that of the oldest of the page before.
    pub before: Option<(Instant, Position)>,
    /// Only events of these names; of all where there is none.
    pub names: &'a [String],
    /// The newest so many.
    pub rows_max: usize,
}

impl TimelineRequest<'_> {
    fn is_before(&self, ts: Instant, position: Position) -> bool {
        self.before.is_none_or(|before| (ts, position) < before)
    }

    fn wants(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|wanted| wanted == name)
    }

    /// Whether a part may have any of them.
    fn may_be_in(&self, part: &PartEntry) -> bool {
        let of_time = self.before.is_none_or(|(ts, _)| part.ts.0 <= ts);
        of_time && part.names.iter().any(|of_name| self.wants(&of_name.name))
    }
}

impl Snapshot {
    /// The newest events of a profile, newest first.
    ///
    /// # Errors
    /// A part can't be read.
    pub fn timeline(&self, profile: ProfileId, rows_max: usize) -> Result<Vec<PartRow>, PartsError> {
        self.timeline_of(&TimelineRequest { profile, before: None, names: &[], rows_max })
    }

    /// As [`Snapshot::timeline`], of those events that are asked for.
    ///
    /// # Errors
    /// A part can't be read.
    pub fn timeline_of(&self, request: &TimelineRequest<'_>) -> Result<Vec<PartRow>, PartsError> {
        let rows_max = request.rows_max;
        let in_tail = self.tail_rows().filter(|row| {
            let is_wanted = request.wants(&row.event.name) && request.is_before(row.event.ts, row.position);
            is_wanted && self.owner_in_tail(row) == Some(request.profile)
        });
        let mut newest: Vec<PartRow> = in_tail.cloned().collect();
        keep_newest(&mut newest, rows_max);
        let origins = self.overlay.origins(request.profile);
        let mut parts: Vec<_> = self.manifest.parts.iter().collect();
        parts.retain(|part| request.may_be_in(part) && may_have_any(part, &origins));
        parts.sort_by_key(|part| std::cmp::Reverse(part.ts.1));
        let mut parts = parts.into_iter().peekable();
        while let Some(first) = parts.peek() {
            let oldest = newest.last().filter(|_| newest.len() >= rows_max);
            if oldest.is_some_and(|oldest| oldest.event.ts > first.ts.1) {
                break;
            }
            // As many parts as may have enough, side by side. Those behind them are not opened before it is known that
            // they matter.
            let (mut next, mut rows) = (Vec::new(), 0);
            while rows < rows_max.max(1)
                && let Some(part) = parts.next()
            {
                let held = self.held_in(part, &origins, request)?;
                rows += held.rows();
                next.push(held);
            }
            next.retain(|held| !held.ranges.is_empty());
            let found = each_side_by_side(next, |part| self.newest_in(&part, request))?;
            newest.extend(found.into_iter().flatten());
            keep_newest(&mut newest, rows_max);
        }
        newest.iter_mut().for_each(|row| row.profile = request.profile);
        Ok(newest)
    }

    /// The rows of a part that may be of the profile.
    fn held_in(
        &self,
        part: &PartEntry,
        origins: &[ProfileId],
        request: &TimelineRequest<'_>,
    ) -> Result<Held, PartsError> {
        let file = self.files.open(part)?;
        let mut ranges = Vec::new();
        for origin in origins {
            let runs = file.runs_of(*origin)?;
            // A run is of one name.
            let is_wanted = |run: &&Run| {
                let mut names = file.entry.names.iter().filter(|of_name| request.wants(&of_name.name));
                request.names.is_empty() || names.any(|of_name| of_name.range().contains(&run.start))
            };
            ranges.extend(runs.iter().filter(is_wanted).map(|run| run.range()));
        }
        ranges.sort_by_key(|range| range.start);
        Ok(Held { file, ranges })
    }

    /// The newest rows of the profile that a part has.
    fn newest_in(&self, held: &Held, request: &TimelineRequest<'_>) -> Result<Vec<PartRow>, PartsError> {
        let Held { file, ranges } = held;
        // Where there are many, it is looked first which of them are wanted.
        let is_more = held.rows() > request.rows_max;
        let chosen = if is_more { Some(self.newest_of(file, ranges, request)?) } else { None };
        let schema = Arc::clone(&FIXED);
        let columns: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        let mut reader = file.read(&columns, chosen.as_ref().unwrap_or(ranges), 4_096);
        let mut rows = Vec::new();
        while let Some((_, batch)) = reader.next_batch()? {
            rows.extend(decode(&batch)?);
        }
        let resolved_until = file.entry.resolved_until;
        rows.retain(|row| {
            let since = Overlay::since(row.position, resolved_until);
            let owner = self.overlay.resolve(row.profile, since, &row.anchor);
            owner == Some(request.profile) && request.is_before(row.event.ts, row.position)
        });
        Ok(rows)
    }

    /// Which rows of a part are the newest of the profile.
    fn newest_of(
        &self,
        file: &Arc<PartFile>,
        ranges: &[Range<u64>],
        request: &TimelineRequest<'_>,
    ) -> Result<Vec<Range<u64>>, PartsError> {
        let resolved_until = file.entry.resolved_until;
        let is_settled = self.overlay.is_empty();
        let columns: &[&str] = if is_settled {
            &[PROFILE, TS, POSITION]
        } else {
            &[PROFILE, TS, POSITION, ANCHOR_KIND, ANCHOR_VALUE]
        };
        let mut numbers = ranges.iter().cloned().flatten();
        let mut reader = file.read(columns, ranges, 4_096);
        let mut found: Vec<(Instant, Position, u64)> = Vec::new();
        while let Some((_, batch)) = reader.next_batch()? {
            let keys = Keys::of(&batch)?;
            for row in 0..batch.num_rows() {
                let (Some((stands_under, ts, position)), Some(number)) = (keys.at(row), numbers.next())
                else {
                    break;
                };
                let (stands_under, position) = (ProfileId(stands_under), Position(position));
                let owner = if is_settled {
                    Some(stands_under)
                } else {
                    let since = Overlay::since(position, resolved_until);
                    anchor_of(&batch, row)
                        .and_then(|anchor| self.overlay.resolve(stands_under, since, &anchor))
                };
                let ts = Instant::from_ms(ts);
                if owner == Some(request.profile) && request.is_before(ts, position) {
                    found.push((ts, position, number));
                }
            }
        }
        found.sort_unstable_by_key(|newest| std::cmp::Reverse(*newest));
        let mut numbers: Vec<u64> =
            found.into_iter().take(request.rows_max).map(|(_, _, number)| number).collect();
        numbers.sort_unstable();
        Ok(ranges_of(&numbers))
    }
}

/// Whether a part may have rows that stand under any of some profiles.
fn may_have_any(part: &PartEntry, profiles: &[ProfileId]) -> bool {
    let (first, last) = part.profiles;
    profiles.iter().any(|profile| {
        let is_of_bucket = part.partition.is_none_or(|place| place.bucket.holds(*profile));
        is_of_bucket && (first..=last).contains(&profile.0)
    })
}

/// Newest first.
fn keep_newest(rows: &mut Vec<PartRow>, rows_max: usize) {
    rows.sort_by_key(|row| std::cmp::Reverse((row.event.ts, row.position)));
    rows.truncate(rows_max);
}

/// Numbers in ascending order as ranges.
fn ranges_of(numbers: &[u64]) -> Vec<Range<u64>> {
    let mut ranges: Vec<Range<u64>> = Vec::new();
    for number in numbers {
        match ranges.last_mut() {
            Some(last) if last.end == *number => last.end += 1,
            _ => ranges.push(*number..number + 1),
        }
    }
    ranges
}
