//! What a rebuild reads beside the history of events: facts that were recorded, and that nothing computes
//! anew.

use segops_model::{ProfileId, SegmentId};
use segops_segment::RecordedTransitions;
use segops_store::FrozenKeyspace;

/// The recorded environment, frozen at the position that a rebuild answers for.
#[derive(Debug, Clone, Default)]
pub struct RecordedEnvironment {
    /// By surviving profile. Absent where no question reads them.
    pub transitions: Option<FrozenKeyspace<(ProfileId, SegmentId), RecordedTransitions>>,
}

impl RecordedEnvironment {
    #[must_use]
    pub fn recorded(&self, profile: ProfileId, segment: SegmentId) -> Option<&RecordedTransitions> {
        self.transitions.as_ref()?.get(&(profile, segment))
    }
}
