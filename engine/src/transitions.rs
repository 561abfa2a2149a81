//! The newest transitions, for streams to read and to resume from.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;

use segops_model::{SegmentId, Transition, TransitionId};

/// A bounded log of transitions in the order in which they happened. A replay fills it again with the same
/// ids, so that streams resume across restarts.
#[derive(Debug)]
pub(crate) struct TransitionLog {
    kept_max: usize,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    /// Sorted by id.
    transitions: VecDeque<Transition>,
    /// The newest one that was let go.
    forgotten: Option<TransitionId>,
    watchers: Vec<(WatchId, Watcher)>,
    next_watch: u64,
}

struct Watcher(Arc<dyn Fn() + Send + Sync>);

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watcher")
    }
}

/// Names someone who is woken by new transitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WatchId(u64);

/// The transitions after the one named are no longer all kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "transitions after {0} are no longer kept; list the segment's members, and follow the stream from its present end"
)]
pub struct TransitionsGone(pub TransitionId);

impl TransitionLog {
    #[must_use]
    pub(crate) fn new(kept_max: usize) -> Self {
        Self { kept_max, held: Mutex::default() }
    }

    /// Adds what has happened and wakes whoever watches.
    pub(crate) fn extend(&self, transitions: Vec<Transition>) {
        if transitions.is_empty() {
            return;
        }
        let watchers: Vec<_> = {
            let mut held = self.held.lock();
            held.transitions.extend(transitions);
            while held.transitions.len() > self.kept_max {
                held.forgotten = held.transitions.pop_front().map(|transition| transition.id);
            }
            held.watchers.iter().map(|(_, watcher)| Arc::clone(&watcher.0)).collect()
        };
        for wake in watchers {
            wake();
        }
    }

    /// Transitions after one, oldest first, of one segment or of all; from the oldest kept where none is
    /// named.
    ///
    /// # Errors
    /// Some of those after the one named are no longer kept.
    pub(crate) fn after(
        &self,
        after: Option<TransitionId>,
        segment: Option<SegmentId>,
        limit: usize,
    ) -> Result<Vec<Transition>, TransitionsGone> {
        let held = self.held.lock();
        if let (Some(after), Some(forgotten)) = (after, held.forgotten)
            && after < forgotten
        {
            return Err(TransitionsGone(after));
        }
        let start = after.map_or(0, |after| held.transitions.partition_point(|held| held.id <= after));
        let wanted = held
            .transitions
            .iter()
            .skip(start)
            .filter(|transition| segment.is_none_or(|segment| transition.id.segment == segment));
        Ok(wanted.take(limit).cloned().collect())
    }

    /// The id of the newest one: where a stream starts that wants only what comes.
    #[must_use]
    pub(crate) fn newest(&self) -> Option<TransitionId> {
        self.held.lock().transitions.back().map(|transition| transition.id)
    }

    /// Has `wake` called after new transitions are readable. It must not block.
    pub(crate) fn watch(&self, wake: Arc<dyn Fn() + Send + Sync>) -> WatchId {
        let mut held = self.held.lock();
        let id = WatchId(held.next_watch);
        held.next_watch += 1;
        held.watchers.push((id, Watcher(wake)));
        id
    }

    pub(crate) fn unwatch(&self, id: WatchId) {
        self.held.lock().watchers.retain(|(held, _)| *held != id);
    }
}
