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

/// A row that may be among the newest.
struct Candidate {
    ts: Instant,
    position: Position,
    place: Place,
}

enum Place {
    /// The number of a file among those that were looked at, and of the row in it.
    Part(usize, u64),
    Tail(Box<PartRow>),
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
        let TimelineRequest { profile, rows_max, .. } = *request;
        let mut candidates: Vec<Candidate> = self
            .tail_rows()
            .filter(|row| request.wants(&row.event.name) && request.is_before(row.event.ts, row.position))
            .filter(|row| self.owner_in_tail(row) == Some(profile))
            .map(|row| Candidate {
                ts: row.event.ts,
                position: row.position,
                place: Place::Tail(Box::new(row.clone())),
            })
            .collect();
        keep_newest(&mut candidates, rows_max);
        let origins = self.overlay.origins(profile);
        let mut parts: Vec<_> = self.manifest.parts.iter().collect();
        parts.sort_by_key(|part| std::cmp::Reverse(part.ts.1));
        let mut files: Vec<Arc<PartFile>> = Vec::new();
        for part in parts {
            let oldest = candidates.last().filter(|_| candidates.len() >= rows_max);
            if oldest.is_some_and(|oldest| oldest.ts > part.ts.1) {
                break;
            }
            let (first, last) = part.profiles;
            let may_have = origins.iter().any(|origin| {
                let is_of_bucket = part.partition.is_none_or(|place| place.bucket.holds(*origin));
                is_of_bucket && (first..=last).contains(&origin.0)
            });
            if !may_have || !request.may_be_in(part) {
                continue;
            }
            let file = self.files.open(part)?;
            self.look_into(&file, files.len(), request, &origins, &mut candidates)?;
            files.push(file);
            keep_newest(&mut candidates, rows_max);
        }
        self.read_whole(profile, &files, candidates)
    }

    /// Adds every row of the profile that a part has.
    fn look_into(
        &self,
        file: &Arc<PartFile>,
        number: usize,
        request: &TimelineRequest<'_>,
        origins: &[ProfileId],
        candidates: &mut Vec<Candidate>,
    ) -> Result<(), PartsError> {
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
        if ranges.is_empty() {
            return Ok(());
        }
        ranges.sort_by_key(|range| range.start);
        let resolved_until = file.entry.resolved_until;
        let is_settled = self.overlay.is_empty();
        let columns: &[&str] = if is_settled {
            &[PROFILE, TS, POSITION]
        } else {
            &[PROFILE, TS, POSITION, ANCHOR_KIND, ANCHOR_VALUE]
        };
        let mut numbers = ranges.clone().into_iter().flatten();
        let mut reader = file.read(columns, &ranges, 4_096);
        while let Some((_, batch)) = reader.next_batch()? {
            let keys = Keys::of(&batch)?;
            for row in 0..batch.num_rows() {
                let (Some((stands_under, ts, position)), Some(place)) = (keys.at(row), numbers.next()) else {
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
                    candidates.push(Candidate { ts, position, place: Place::Part(number, place) });
                }
            }
        }
        Ok(())
    }

    fn read_whole(
        &self,
        profile: ProfileId,
        files: &[Arc<PartFile>],
        candidates: Vec<Candidate>,
    ) -> Result<Vec<PartRow>, PartsError> {
        let mut rows = Vec::with_capacity(candidates.len());
        let mut wanted: Vec<Vec<u64>> = vec![Vec::new(); files.len()];
        for candidate in candidates {
            match candidate.place {
                Place::Tail(row) => rows.push(*row),
                Place::Part(file, row) => {
                    if let Some(of_file) = wanted.get_mut(file) {
                        of_file.push(row);
                    }
                }
            }
        }
        let schema = Arc::clone(&FIXED);
        let columns: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        let wanted = files.iter().zip(wanted).filter(|(_, numbers)| !numbers.is_empty()).collect();
        let read = |(file, mut numbers): (&Arc<PartFile>, Vec<u64>)| {
            numbers.sort_unstable();
            let mut reader = file.read(&columns, &ranges_of(&numbers), 4_096);
            let mut rows = Vec::new();
            while let Some((_, batch)) = reader.next_batch()? {
                rows.extend(decode(&batch)?);
            }
            Ok::<_, PartsError>(rows)
        };
        rows.extend(each_side_by_side(wanted, read)?.into_iter().flatten());
        for row in &mut rows {
            row.profile = profile;
        }
        rows.sort_by_key(|row| std::cmp::Reverse(row.key()));
        Ok(rows)
    }
}

fn keep_newest(candidates: &mut Vec<Candidate>, rows_max: usize) {
    candidates.sort_by_key(|candidate| std::cmp::Reverse((candidate.ts, candidate.position)));
    candidates.truncate(rows_max);
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
