//! Who can be written to: a valid address on the profile and no recorded opt-out.

use segops_model::{Event, Identifier, IdentifierKind};

/// The channels a profile can be reached by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reach {
    pub email: bool,
    pub sms: bool,
}

/// Events of the ecommerce spec by which a person leaves the mailing list.
const EMAIL_OPT_OUTS: [&str; 2] = ["Unsubscribed", "Email Marked as Spam"];

/// Reach from what identity has let through: an email identifier is a valid address, since others are
/// dropped; a phone number needs its country code to be sent to.
#[must_use]
pub(crate) fn of(identifiers: &[Identifier], email_opted_out: bool) -> Reach {
    let has_email = identifiers.iter().any(|identifier| identifier.kind.as_str() == IdentifierKind::EMAIL);
    let has_phone = identifiers.iter().any(|identifier| {
        identifier.kind.as_str() == IdentifierKind::PHONE && identifier.value.starts_with('+')
    });
    Reach { email: has_email && !email_opted_out, sms: has_phone }
}

/// Whether an event takes its profile off the mailing list.
#[must_use]
pub(crate) fn is_email_opt_out(event: &Event) -> bool {
    EMAIL_OPT_OUTS.contains(&event.name.as_str())
}
