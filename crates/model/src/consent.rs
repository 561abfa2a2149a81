use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::{Identifier, IdentifierKind, Instant};

/// Bytes of the name of a topic or a store.
pub const CONSENT_SCOPE_BYTES_MAX: usize = 200;

/// A way to reach someone. Consent belongs to it and an address, whoever has that address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentChannel {
    Email,
    Sms,
    Whatsapp,
    /// Calls.
    Phone,
    Push,
}

/// What was said of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentState {
    OptedIn,
    OptedOut,
    /// Nothing may be sent to it, whatever was consented to: it bounces, or complained.
    Suppressed,
    /// It may be sent to again.
    Unsuppressed,
}

/// One word on consent: of a channel and an address, in all or for a topic or a store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentStatement {
    pub channel: ConsentChannel,
    /// As people write it, or in the one form under which identity knows it.
    pub address: CompactString,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<CompactString>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<CompactString>,
    pub state: ConsentState,
    /// When it was said.
    pub ts: Instant,
}

impl ConsentChannel {
    pub const ALL: [Self; 5] = [Self::Email, Self::Sms, Self::Whatsapp, Self::Phone, Self::Push];

    /// Its name in rules, files and the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
            Self::Whatsapp => "whatsapp",
            Self::Phone => "phone",
            Self::Push => "push",
        }
    }

    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.name().eq_ignore_ascii_case(name.trim()))
    }

    /// The kind of identifier that its addresses are.
    #[must_use]
    pub const fn identifier_kind(self) -> &'static str {
        match self {
            Self::Email => IdentifierKind::EMAIL,
            Self::Sms | Self::Whatsapp | Self::Phone => IdentifierKind::PHONE,
            Self::Push => "push_token",
        }
    }

    /// Whether something can be sent to an address that identity knows. An email address without a domain is
    /// no identifier to begin with; a phone number needs its country.
    #[must_use]
    pub fn is_valid(self, address: &str) -> bool {
        match self {
            Self::Email => address.contains('@'),
            Self::Sms | Self::Whatsapp | Self::Phone => address.starts_with('+'),
            Self::Push => !address.is_empty(),
        }
    }

    /// Whether an identifier is an address here.
    #[must_use]
    pub fn is_address(self, identifier: &Identifier) -> bool {
        identifier.kind.as_str() == self.identifier_kind()
    }
}

/// A file that statements come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentFile {
    /// SHA-256 of its content, as hex.
    pub hash: String,
    /// When it came in first: what it says without a time was said then, however often it is read.
    pub first_at: Instant,
}

impl ConsentState {
    /// Its name in files and the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OptedIn => "opted_in",
            Self::OptedOut => "opted_out",
            Self::Suppressed => "suppressed",
            Self::Unsuppressed => "unsuppressed",
        }
    }

    /// Whether it is about consent, and not about whether anything may be sent at all.
    #[must_use]
    pub const fn is_consent(self) -> bool {
        matches!(self, Self::OptedIn | Self::OptedOut)
    }
}
