use std::fmt;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// The kind of an identifier: `user_id`, `email`, `phone`, `anonymous_id`, or one of the workspace's own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IdentifierKind(pub CompactString);

impl IdentifierKind {
    pub const USER_ID: &'static str = "user_id";
    pub const EMAIL: &'static str = "email";
    pub const PHONE: &'static str = "phone";
    pub const ANONYMOUS_ID: &'static str = "anonymous_id";
    /// What an alias call names as the id before: a user id or an anonymous id, which identity finds out.
    /// No profile has an identifier of this kind.
    pub const PREVIOUS_ID: &'static str = "previous_id";

    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    #[must_use]
    pub fn is_anonymous(&self) -> bool {
        self.0 == Self::ANONYMOUS_ID
    }
}

/// A (kind, value) pair that points at a profile. As text it is `kind:value`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Identifier {
    pub kind: IdentifierKind,
    pub value: CompactString,
}

impl Identifier {
    #[must_use]
    pub fn new(kind: &str, value: impl Into<CompactString>) -> Self {
        Self { kind: IdentifierKind::new(kind), value: value.into() }
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.as_str(), self.value)
    }
}
