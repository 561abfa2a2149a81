use compact_str::CompactString;
use segops_model::{DAY_MS, IdentifierKind, Limits, same_text};
use serde::{Deserialize, Serialize};

/// How the workspace tells profiles apart. Changing it is a journalled command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IdentitySettings {
    /// The kinds from the highest priority to the lowest. A kind that is not listed comes right before
    /// `anonymous_id` (after all, if that is not listed), such kinds among themselves by name.
    pub kinds: Vec<KindSettings>,
    /// Identifiers of one kind that a profile may have, for kinds that are not listed.
    pub other_kinds_limit: u32,
    /// Values that identify nobody, compared with case folded. The empty value, and values of nothing but
    /// zeros and dashes, never do and need no entry.
    pub blocked_values: Vec<CompactString>,
    /// Bytes of an identifier's value.
    pub value_bytes_max: usize,
    /// How long a message id is remembered, between frame instants.
    pub duplicate_window_ms: i64,
}

/// One kind's place and limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KindSettings {
    pub kind: IdentifierKind,
    /// Identifiers of this kind that a profile may have.
    pub limit: u32,
}

/// Why settings cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    #[error("the kind `{0}` is listed twice; list each kind once")]
    KindTwice(CompactString),
    #[error("a kind without a name is listed; name it or take it out")]
    KindWithoutName,
    #[error("the limit of `{0}` is 0; a profile needs at least one, so set 1 or more")]
    LimitZero(CompactString),
    #[error("value_bytes_max is 0; set 1 or more")]
    ValueBytesZero,
    #[error("duplicate_window_ms is {0}; set 0 (no duplicates are dropped) or more")]
    WindowNegative(i64),
}

const BLOCKED: &[&str] = &[
    "0",
    "-1",
    "null",
    "(null)",
    "undefined",
    "none",
    "nil",
    "n/a",
    "na",
    "nan",
    "unknown",
    "anonymous",
    "guest",
    "user",
    "test",
    "true",
    "false",
    "empty",
    "blank",
    "default",
    "invalid",
    "[object object]",
    "object object",
    "(not set)",
    "not set",
    "not_set",
    "#n/a",
    "\\n",
    "{}",
    "[]",
    "\"\"",
    "''",
];

impl Default for IdentitySettings {
    fn default() -> Self {
        let kind = |name: &str, limit: u32| KindSettings { kind: IdentifierKind::new(name), limit };
        Self {
            kinds: vec![
                kind(IdentifierKind::USER_ID, 1),
                kind(IdentifierKind::EMAIL, 5),
                kind(IdentifierKind::PHONE, 5),
                kind(IdentifierKind::ANONYMOUS_ID, 1_000),
            ],
            other_kinds_limit: 5,
            blocked_values: BLOCKED.iter().map(|value| CompactString::from(*value)).collect(),
            value_bytes_max: Limits::default().identifier_bytes_max,
            duplicate_window_ms: 7 * DAY_MS,
        }
    }
}

impl IdentitySettings {
    /// Every reason why these settings cannot be used.
    pub fn validate(&self) -> Result<(), Vec<SettingsError>> {
        let mut errors = Vec::new();
        for (at, kind) in self.kinds.iter().enumerate() {
            let name = &kind.kind.0;
            if name.trim().is_empty() {
                errors.push(SettingsError::KindWithoutName);
            }
            if self.kinds.iter().take(at).any(|earlier| earlier.kind == kind.kind) {
                errors.push(SettingsError::KindTwice(name.clone()));
            }
            if kind.limit == 0 {
                errors.push(SettingsError::LimitZero(name.clone()));
            }
        }
        if self.other_kinds_limit == 0 {
            errors.push(SettingsError::LimitZero("other kinds".into()));
        }
        if self.value_bytes_max == 0 {
            errors.push(SettingsError::ValueBytesZero);
        }
        if self.duplicate_window_ms < 0 {
            errors.push(SettingsError::WindowNegative(self.duplicate_window_ms));
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    /// Identifiers of this kind that a profile may have.
    #[must_use]
    pub fn limit(&self, kind: &IdentifierKind) -> usize {
        let listed = self.kinds.iter().find(|listed| listed.kind == *kind);
        usize::try_from(listed.map_or(self.other_kinds_limit, |listed| listed.limit)).unwrap_or(usize::MAX)
    }

    /// The kind's place: the lower, the higher its priority.
    #[must_use]
    pub fn rank(&self, kind: &IdentifierKind) -> usize {
        let before_anonymous =
            || self.kinds.iter().position(|listed| listed.kind.is_anonymous()).unwrap_or(self.kinds.len());
        // Listed kinds take the odd places, so that there is one right before each.
        self.kinds
            .iter()
            .position(|listed| listed.kind == *kind)
            .map_or_else(|| 2 * before_anonymous(), |at| 2 * at + 1)
    }

    pub(crate) fn is_blocked(&self, value: &str) -> bool {
        let nothing = value.chars().all(|character| matches!(character, '0' | '-' | '+'));
        nothing || self.blocked_values.iter().any(|blocked| same_text(blocked, value))
    }
}
