use serde::{Deserialize, Serialize};

use super::Stage;

/// Whether a recorded result names the profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "", deny_unknown_fields)]
pub struct ResultCondition<S: Stage> {
    pub result: S::Recorded,
}
