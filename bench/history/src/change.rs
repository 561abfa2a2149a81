//! What happens to a workspace that is used: customers turn out to be one, some are deleted, events keep coming.

use anyhow::{Context, Result};
use segops_engine::Engine;
use segops_model::{Identifier, Instant};
use serde::Serialize;

use crate::load::Sender;
use crate::shop::Shop;
use crate::wire;
use crate::workspace::AUTHOR;

/// One customer in so many is merged into its neighbour, and one in so many deleted.
const MERGED_ONE_IN: u64 = 500;
const DELETED_ONE_IN: u64 = 5_000;
/// Events that stay in memory: fewer than a flush waits for.
const TAIL_EVENTS: u64 = 50_000;

#[derive(Debug, Default, Serialize)]
pub(crate) struct Changed {
    merged: u64,
    deleted: u64,
    added: u64,
    tail_rows: u64,
    pending_changes: u64,
}

/// Merges, deletes, and adds the last days of a shop with another seed.
pub(crate) fn change(engine: &Engine, customers: u64, at: Instant) -> Result<Changed> {
    let mut changed = Changed::default();
    let mut sender = Sender::new(engine)?;
    for customer in (1..customers).step_by(usize::try_from(MERGED_ONE_IN)?) {
        sender.send(wire::alias(customer, customer - 1, at), at)?;
        changed.merged += 1;
    }
    sender.finish()?;
    for customer in (7..customers).step_by(usize::try_from(DELETED_ONE_IN)?) {
        let identifier = Identifier::new("user_id", wire::user_id(customer));
        let Some(profile) = engine.find_profile(&identifier) else { continue };
        engine.delete_profile(AUTHOR, profile).with_context(|| format!("cannot delete {profile}"))?;
        changed.deleted += 1;
    }
    engine.flush_history()?;
    let mut sender = Sender::new(engine)?;
    for happening in Shop::new(1, customers, TAIL_EVENTS, at) {
        changed.added += 1;
        sender.send(wire::json(&happening), at)?;
    }
    sender.finish()?;
    let summary = engine.parts_summary();
    (changed.tail_rows, changed.pending_changes) = (summary.tail_rows, summary.pending_changes);
    Ok(changed)
}
