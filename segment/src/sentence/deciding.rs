//! Which conditions of nested groups decide the verdict, and how they are told together.

use segops_model::Instant;
use segops_rules::{Condition, Named};

use super::phrase::Phrase;
use super::words::Words;
use super::{active, aggregate, cadence, count, occurrence, ranking, sample, score, segment, sequence, traits};
use crate::explain::ConditionExplanation;

/// Parts of one group that are told; of more, how many there are.
const PARTS_SHOWN: usize = 6;

/// What decides a verdict. Every phrase of one is of a condition that is as the rule wants it, where the
/// profile is in, and of one that is not, where it is out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reason {
    One(Phrase),
    /// All of these, each of which the verdict hangs on.
    Every(Vec<Reason>),
    /// Any one of these alone makes the profile a member.
    Either(Vec<Reason>),
}

/// Why a condition is, or is not, what the rule needs it to be: `wanted`, which a negation turns round.
pub(super) fn reason(
    condition: &Condition<Named>,
    found: &ConditionExplanation,
    wanted: bool,
    words: &Words<'_>,
) -> Reason {
    let (parts, part_wanted, any_will_do) = match condition {
        Condition::All(parts) => (parts.as_slice(), wanted, !wanted),
        Condition::Any(parts) => (parts.as_slice(), wanted, wanted),
        Condition::None(parts) => (parts.as_slice(), !wanted, !wanted),
        Condition::Not(part) => {
            return match found.conditions.first() {
                Some(found) => reason(part, found, !wanted, words),
                None => Reason::One(Phrase::of_text(found)),
            };
        }
        leaf => return Reason::One(phrase(leaf, found, wanted, words)),
    };
    let is_met = found.holds == wanted;
    let pairs = parts.iter().zip(&found.conditions);
    // What is as it should be explains a verdict that is, and the rest one that is not.
    let deciding = pairs.filter(|(_, found)| (found.holds == part_wanted) == is_met);
    let mut reasons: Vec<Reason> =
        deciding.map(|(part, found)| reason(part, found, part_wanted, words)).collect();
    match reasons.len() {
        0 => Reason::One(Phrase::of_text(found)),
        1 => reasons.remove(0),
        _ if any_will_do => Reason::Either(reasons),
        _ => Reason::Every(reasons),
    }
}

/// One condition that is no group: a line for each family.
fn phrase(
    condition: &Condition<Named>,
    found: &ConditionExplanation,
    wanted: bool,
    words: &Words<'_>,
) -> Phrase {
    match condition {
        Condition::Event(leaf) => count::phrase(leaf, found, wanted, words),
        Condition::Aggregate(leaf) => aggregate::phrase(leaf, found, wanted, words),
        Condition::Ranking(leaf) => ranking::phrase(leaf, found, wanted, words),
        Condition::Score(leaf) => score::phrase(leaf, found, wanted, words),
        Condition::Trait(leaf) => traits::phrase(leaf, found, wanted, words),
        Condition::Sample(leaf) => sample::phrase(leaf, found, wanted),
        Condition::Segment(leaf) => segment::phrase(leaf, found, wanted),
        Condition::Occurrence(leaf) => occurrence::phrase(leaf, found, wanted, words),
        Condition::Within(leaf) => occurrence::within(leaf, found, wanted, words),
        Condition::Active(leaf) => active::phrase(leaf, found, wanted, words),
        Condition::Sequence(leaf) => sequence::phrase(leaf, found, wanted, words),
        Condition::Cadence(leaf) => cadence::phrase(leaf, found, wanted, words),
        // Groups are told above; a family without a file of its own by its text.
        _ => Phrase::of_text(found),
    }
}

impl Reason {
    pub(super) const fn is_choice(&self) -> bool {
        matches!(self, Self::Either(_))
    }

    /// What was found, in one line.
    pub(super) fn text(&self, is_met: bool) -> String {
        let (parts, joint) = match self {
            Self::One(phrase) => return phrase.found.clone(),
            Self::Either(parts) if !is_met => (parts, "; or "),
            Self::Every(parts) | Self::Either(parts) => (parts, "; and "),
        };
        let mut texts: Vec<String> = parts
            .iter()
            .take(PARTS_SHOWN)
            .map(|part| match part {
                Self::One(phrase) => phrase.found.clone(),
                Self::Either(_) if !is_met => format!("any one of ({})", part.text(is_met)),
                Self::Every(_) | Self::Either(_) => format!("({})", part.text(is_met)),
            })
            .collect();
        let more = parts.len().saturating_sub(PARTS_SHOWN);
        if more > 0 {
            texts.push(format!("{more} more"));
        }
        texts.join(joint)
    }

    /// What the profile would do to keep the verdict from changing by itself at an instant.
    pub(super) fn unless(&self, at: Instant) -> Option<&str> {
        match self {
            Self::One(phrase) => phrase.unless.as_deref().filter(|_| phrase.at == Some(at)),
            Self::Every(parts) | Self::Either(parts) => parts.iter().find_map(|part| part.unless(at)),
        }
    }

    /// What else than time would change the verdict, where that is known of all it takes.
    pub(super) fn change(&self, is_met: bool) -> Option<String> {
        let (parts, takes_all) = match self {
            Self::One(phrase) => return phrase.change.clone(),
            Self::Every(parts) => (parts, !is_met),
            Self::Either(parts) => (parts, is_met),
        };
        let changes: Vec<Option<String>> = parts.iter().map(|part| part.change(is_met)).collect();
        let mut known: Vec<String> = if takes_all {
            changes.into_iter().collect::<Option<_>>()?
        } else {
            changes.into_iter().flatten().collect()
        };
        known.dedup();
        known.truncate(if takes_all { known.len() } else { PARTS_SHOWN });
        let joint = if takes_all { " and " } else { ", or " };
        (!known.is_empty() && known.len() <= PARTS_SHOWN).then(|| known.join(joint))
    }
}
