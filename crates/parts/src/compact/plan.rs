//! Which parts are compacted next.

use std::collections::BTreeMap;

use segops_model::ProfileId;

use super::{CompactionWork, Effort};
use crate::error::PartsError;
use crate::manifest::PartEntry;
use crate::options::PartsOptions;
use crate::overlay::Overlay;
use crate::partition::Partition;
use crate::snapshot::Snapshot;

/// One compaction: parts by their number in the manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Job {
    pub(super) work: CompactionWork,
    pub(super) inputs: Vec<usize>,
    /// The level of what is written.
    pub(super) level: u8,
}

pub(super) fn plan(
    snapshot: &Snapshot,
    options: &PartsOptions,
    effort: Effort,
) -> Result<Option<Job>, PartsError> {
    let parts = &snapshot.manifest.parts;
    if let Some(job) = split(parts, options, effort) {
        return Ok(Some(job));
    }
    if let Some(job) = apply(snapshot, options, effort)? {
        return Ok(Some(job));
    }
    Ok(divide(parts, options).or_else(|| merge(parts, options, effort)))
}

/// Into how many buckets rows are divided now: never into fewer than they were before.
pub(super) fn buckets_of(parts: &[PartEntry], options: &PartsOptions) -> u32 {
    let rows: u64 = parts.iter().map(|part| part.rows).sum();
    let wanted = if rows >= options.bucketed_from_rows { options.buckets.max(1) } else { 1 };
    let held = parts.iter().filter_map(|part| part.partition).map(|partition| partition.bucket.of);
    held.chain([wanted]).max().unwrap_or(wanted)
}

/// The parts of a month that are of fewer buckets than there are to be.
fn divide(parts: &[PartEntry], options: &PartsOptions) -> Option<Job> {
    let buckets = buckets_of(parts, options);
    let is_of_fewer = |place: &Partition| place.bucket.of < buckets;
    let place = parts.iter().filter_map(|part| part.partition).find(is_of_fewer)?;
    let held = parts.iter().enumerate().filter(|(_, part)| part.partition == Some(place));
    let level = held.clone().map(|(_, part)| part.level).max()?;
    let inputs = held.map(|(number, _)| number).collect();
    Some(Job { work: CompactionWork::Split, inputs, level })
}

/// The oldest parts of level 0, once there are many.
fn split(parts: &[PartEntry], options: &PartsOptions, effort: Effort) -> Option<Job> {
    let level0: Vec<_> = parts.iter().enumerate().filter(|(_, part)| part.level == 0).collect();
    let parts_max = if effort == Effort::Full { 1 } else { options.level0_parts_max.max(1) };
    if level0.len() < parts_max {
        return None;
    }
    let mut rows = 0;
    let fits = |part: &PartEntry| {
        rows += part.rows;
        rows == part.rows || rows <= options.level0_rows_max
    };
    let mut fits = fits;
    let inputs: Vec<_> =
        level0.into_iter().take_while(|(_, part)| fits(part)).map(|(number, _)| number).collect();
    (!inputs.is_empty()).then_some(Job { work: CompactionWork::Split, inputs, level: 1 })
}

/// A part with deleted rows, or with many moved ones.
fn apply(snapshot: &Snapshot, options: &PartsOptions, effort: Effort) -> Result<Option<Job>, PartsError> {
    if snapshot.overlay.is_empty() {
        return Ok(None);
    }
    for (number, part) in snapshot.manifest.parts.iter().enumerate() {
        if part.resolved_until >= snapshot.until() {
            continue;
        }
        let file = snapshot.files.open(part)?;
        let lifted = snapshot.lifted(&file)?;
        let rows: u64 = lifted.iter().map(|run| run.rows).sum();
        let since = Overlay::since(part.positions.0, part.resolved_until);
        let is_many = rows > 0 && rows.saturating_mul(options.moved_one_in) >= part.rows;
        let is_wanted = match effort {
            Effort::Full => rows > 0,
            Effort::Due => {
                is_many || lifted.iter().any(|run| snapshot.overlay.may_delete(ProfileId(run.profile), since))
            }
        };
        if is_wanted {
            return Ok(Some(Job {
                work: CompactionWork::Applied,
                inputs: vec![number],
                level: part.level.max(1),
            }));
        }
    }
    Ok(None)
}

/// Parts of similar size of one month and bucket; with full effort all of them, if that makes them fewer.
fn merge(parts: &[PartEntry], options: &PartsOptions, effort: Effort) -> Option<Job> {
    let mut places: BTreeMap<Partition, Vec<(usize, &PartEntry)>> = BTreeMap::new();
    for (number, part) in parts.iter().enumerate() {
        if let Some(place) = part.partition {
            places.entry(place).or_default().push((number, part));
        }
    }
    let rows_max = options.part_rows_max.max(1);
    places.into_values().find_map(|held| {
        let chosen = match effort {
            Effort::Full => {
                let rows: u64 = held.iter().map(|(_, part)| part.rows).sum();
                (held.len() as u64 > rows.div_ceil(rows_max)).then_some(held)
            }
            Effort::Due => similar(&held, options),
        }?;
        let level = chosen.iter().map(|(_, part)| part.level).max().unwrap_or(0).saturating_add(1);
        let inputs = chosen.into_iter().map(|(number, _)| number).collect();
        Some(Job { work: CompactionWork::Merged, inputs, level })
    })
}

/// Enough parts of one tier, where a tier is the power of the number of parts that are merged.
fn similar<'a>(
    held: &[(usize, &'a PartEntry)],
    options: &PartsOptions,
) -> Option<Vec<(usize, &'a PartEntry)>> {
    let enough = options.merged_parts.max(2);
    let mut tiers: BTreeMap<u32, Vec<(usize, &PartEntry)>> = BTreeMap::new();
    for (number, part) in held {
        if part.rows.saturating_mul(2) <= options.part_rows_max {
            let tier = part.rows.max(1).ilog(enough as u64);
            tiers.entry(tier).or_default().push((*number, *part));
        }
    }
    tiers.into_values().find(|of_tier| of_tier.len() >= enough)
}
