//! An explanation as a sentence that a marketer reads: "In, because: 3 orders in the last 90 days (needs 2):
//! 12 Aug, 3 Sep, 30 Sep. Leaves on 11 Nov at 14:03 unless they order again."
//!
//! A sentence is made of the explanation's data and of the rule as people write it; nothing is evaluated
//! here. Each family has a file that says what one of its conditions found ([`Phrase`]); groups say only what
//! decides ([`reason`]).

mod active;
mod aggregate;
mod base;
mod cadence;
mod count;
mod deciding;
mod occurrence;
mod phrase;
mod ranking;
mod sample;
mod score;
mod segment;
mod sequence;
mod traits;
mod words;

#[cfg(test)]
mod tests;

use jiff::tz::TimeZone;

use segops_rules::{Named, Rule};

use crate::explain::Explanation;
use deciding::{Reason, reason};
use words::Words;

/// How a sentence is put.
#[derive(Debug, Clone)]
pub struct Speech {
    /// The zone that dates and times are told in.
    pub zone: TimeZone,
    /// The currency of the profile's amounts, where they have one and the same.
    pub currency: Option<String>,
}

/// Why the profile is in or out, and when that changes: of the explanation of this very rule.
#[must_use]
pub fn sentence(rule: &Rule<Named>, explanation: &Explanation, speech: &Speech) -> String {
    let words = Words::new(speech, explanation.at);
    let condition = reason(&rule.when, &explanation.condition, true, &words);
    let (reason, change) = if explanation.base.holds {
        let change = condition.change(explanation.member);
        (condition, change)
    } else {
        let base = base::missing(explanation.base.base);
        if explanation.condition.holds {
            let base = Reason::One(base);
            let change = base.change(false);
            (base, change)
        } else {
            // What brings the condition about most often brings the base about as well; and both told as
            // two things to do would count one order twice.
            let change = condition.change(false);
            (Reason::Every(vec![Reason::One(base), condition]), change)
        }
    };
    let why = reason.text(explanation.member);
    let then = next(explanation, &reason, change, &words);
    if explanation.member {
        format!("In, because: {why}. {then}")
    } else if reason.is_choice() {
        format!("Out, and any one of these would do: {why}. {then}")
    } else {
        format!("Out: {why}. {then}")
    }
}

/// What happens next: by time alone, or else by what the profile does.
fn next(explanation: &Explanation, reason: &Reason, change: Option<String>, words: &Words<'_>) -> String {
    let (verb, stays) = if explanation.member { ("Leaves", "Stays in") } else { ("Enters", "Stays out") };
    if let Some(at) = explanation.leaves_at.or(explanation.enters_at) {
        let unless = reason
            .unless(at)
            .map_or_else(|| "if nothing happens before".to_owned(), |act| format!("unless {act}"));
        return format!("{verb} on {} {unless}.", words.moment(at));
    }
    if let Some(until) = explanation.searched_until {
        return format!("{stays} until {} at least, if nothing happens.", words.moment(until));
    }
    match change {
        Some(change) => format!("{verb} {change}."),
        None => format!("{stays} as long as nothing changes."),
    }
}
