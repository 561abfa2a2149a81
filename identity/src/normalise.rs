use compact_str::CompactString;
use segops_model::{Identifier, IdentifierKind};
use serde::{Deserialize, Serialize};

use crate::IdentitySettings;

/// Why an identifier of an event was not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum DropReason {
    #[error("it is blank; leave it out where there is none")]
    Blank,
    #[error("its value identifies nobody; send real values only, or unblock it in the identity settings")]
    Blocked,
    #[error("it is not a valid value of its kind; check what the source sends")]
    Invalid,
    #[error("it is too long; send a shorter one, such as a hash")]
    TooLong,
    /// It would have put more identifiers of a kind on one profile than its limit.
    #[error(
        "it belongs to another profile, or the profile has its limit of a kind; nothing was linked by it"
    )]
    Limit,
    /// It would have joined profiles that a split keeps apart.
    #[error("a split keeps its profile apart from this one; lift the bar to let rows link the two")]
    Barred,
    /// It was a deleted person's when the row happened.
    #[error("it was of a person who was deleted after this row happened")]
    Deleted,
}

impl DropReason {
    /// The reason in a word or two, for lists.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Blank => "blank",
            Self::Blocked => "a blocked value",
            Self::Invalid => "not valid",
            Self::TooLong => "too long",
            Self::Limit => "over a limit",
            Self::Barred => "kept apart by a split",
            Self::Deleted => "of a deleted person",
        }
    }
}

/// The identifier in the one form under which it is looked up, or why it is not one.
///
/// Everything is trimmed. An e-mail address is lower-cased, local part included, as every mail provider of
/// note treats it. A phone number keeps its digits and a leading `+`, for which a leading `00` is another
/// way to write. Other kinds keep their case: two ids that differ in it may be two people.
pub fn normalise(settings: &IdentitySettings, identifier: &Identifier) -> Result<Identifier, DropReason> {
    let value = identifier.value.trim();
    if value.is_empty() {
        return Err(DropReason::Blank);
    }
    if value.len() > settings.value_bytes_max {
        return Err(DropReason::TooLong);
    }
    if settings.is_blocked(value) {
        return Err(DropReason::Blocked);
    }
    let value = match identifier.kind.as_str() {
        IdentifierKind::EMAIL => email(value),
        IdentifierKind::PHONE => phone(value),
        "" => None,
        _ if value.chars().any(char::is_control) => None,
        _ => Some(CompactString::from(value)),
    };
    let value = value.ok_or(DropReason::Invalid)?;
    if settings.is_blocked(&value) {
        return Err(DropReason::Blocked);
    }
    Ok(Identifier { kind: identifier.kind.clone(), value })
}

/// Something before one `@`, and a domain with a dot inside. Whether mail arrives is for senders to find out.
fn email(value: &str) -> Option<CompactString> {
    let (local, domain) = value.split_once('@')?;
    let odd = |character: char| {
        character.is_whitespace()
            || character.is_control()
            || matches!(character, '@' | ',' | ';' | '<' | '>')
    };
    if local.is_empty() || local.contains(odd) || domain.contains(odd) {
        return None;
    }
    let labels = domain.split('.');
    if labels.clone().count() < 2 || labels.clone().any(str::is_empty) {
        return None;
    }
    Some(value.to_lowercase().into())
}

/// 7 to 15 digits, as in E.164. A number without a country keeps its national form.
fn phone(value: &str) -> Option<CompactString> {
    let value = value.strip_prefix('\'').unwrap_or(value);
    let mut digits = CompactString::default();
    let mut plus = false;
    for character in value.chars() {
        match character {
            '0'..='9' => digits.push(character),
            '+' if digits.is_empty() && !plus => plus = true,
            '-' | '.' | '(' | ')' => {}
            _ if character.is_whitespace() => {}
            _ => return None,
        }
    }
    if !plus && let Some(rest) = digits.strip_prefix("00") {
        plus = true;
        digits = rest.into();
    }
    if !(7..=15).contains(&digits.len()) {
        return None;
    }
    Some(if plus { compact_str::format_compact!("+{digits}") } else { digits })
}
