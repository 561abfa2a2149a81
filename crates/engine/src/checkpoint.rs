//! The state as records in a checkpoint, and back.
//!
//! Every kind of record has a number and a version of its own, so that one can change while the others stay; a version
//! that was ever written goes on to be read. What is small, and what names rules, is JSON, by which everything that a
//! journal holds of rules goes too; what there is of every profile is postcard.

mod ask;
mod encode;
mod kind;
mod load;

#[cfg(test)]
pub(crate) use encode::PlantedOmission;
pub(crate) use encode::{Beside, CheckpointSaved, encode};
pub(crate) use kind::Kind;
pub(crate) use load::{Loader, Restored};

use serde::{Deserialize, Serialize};

use segops_model::{
    Cause, Direction, Instant, Position, ProfileId, SegmentId, SegmentVersion, Transition, TransitionId,
    Trigger,
};

use crate::state::Tallies;

/// The version of what the fold makes of inputs. A checkpoint of another version is not gone on from: the same journal
/// may mean another state by now. It goes up with every change of what a state comes to.
pub(crate) const FOLD_VERSION: u32 = 1;

/// Numbers of the state that are of nothing else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Meta {
    position: Position,
    instant: Instant,
    tallies: Tallies,
    events_left_out: u64,
    duplicate_window_ms: i64,
    /// The first chunk of seen ids that is still there, and how many of its entries are past.
    seen_first: u64,
    seen_past: usize,
    /// The newest transition that was let go.
    transitions_forgotten: Option<TransitionId>,
}

/// A transition's id as the key of a record.
type TransitionKey = (Position, Instant, u8, ProfileId, SegmentId);
/// The rest of it.
type TransitionValue = (SegmentVersion, Direction, Cause);

fn transition_record(transition: &Transition) -> (TransitionKey, TransitionValue) {
    let Transition { id, version, direction, cause } = transition;
    let TransitionId { position, due, trigger, profile, segment } = *id;
    let trigger = match trigger {
        Trigger::Timer => 0,
        Trigger::Input => 1,
    };
    ((position, due, trigger, profile, segment), (*version, *direction, *cause))
}

fn transition_of((key, value): (TransitionKey, TransitionValue)) -> Result<Transition, String> {
    let (position, due, trigger, profile, segment) = key;
    let trigger = match trigger {
        0 => Trigger::Timer,
        1 => Trigger::Input,
        other => return Err(format!("there is no trigger {other}")),
    };
    let (version, direction, cause) = value;
    let id = TransitionId { position, due, trigger, profile, segment };
    Ok(Transition { id, version, direction, cause })
}
