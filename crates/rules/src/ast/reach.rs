//! Conditions on who can be written to, and on uploaded lists.

use serde::{Deserialize, Serialize};

use segops_model::ConsentChannel;

use super::Stage;

/// What is known of the addresses that a profile has: any of them will do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReachCondition {
    pub test: ReachTest,
    /// Absent only where `suppressed` is meant on any channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<ConsentChannel>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReachTest {
    /// A valid address with no opt-out, not suppressed.
    Reachable,
    /// An address whose consent was given and not taken back.
    Consented,
    /// An address whose consent was refused or taken back.
    OptedOut,
    Suppressed,
    /// A valid address, whatever was said of it.
    HasAddress,
}

impl ReachTest {
    /// Whether topics and stores mean anything to it.
    pub(crate) const fn has_scope(self) -> bool {
        matches!(self, Self::Reachable | Self::Consented | Self::OptedOut)
    }
}

/// Whether the profile is in an uploaded list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "", deny_unknown_fields)]
pub struct ListCondition<S: Stage> {
    pub list: S::List,
}
