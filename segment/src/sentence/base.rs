use segops_rules::Base;

use super::phrase::Phrase;

/// What a profile lacks that is not among those whom the rule counts at all.
pub(super) fn missing(base: Base) -> Phrase {
    let (found, change) = match base {
        Base::Customers => ("not a customer yet, with no order", "with a first order"),
        Base::Identified => (
            "not identified yet, known only by a browser or device",
            "once an identifier such as an email address is known",
        ),
        Base::Everyone => ("not counted", "once counted"),
    };
    Phrase { found: found.to_owned(), change: Some(change.to_owned()), ..Phrase::default() }
}
