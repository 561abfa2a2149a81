use segops_model::{ConsentChannel, ConsentState};
use segops_rules::{ListCondition, Named, ReachCondition, ReachTest};

use super::phrase::Phrase;
use super::words::Words;
use crate::explain::{ConditionExplanation, Observed, ObservedAddress};

/// Addresses that are told.
const ADDRESSES_SHOWN: usize = 3;

/// What was said of the profile's addresses.
pub(super) fn phrase(
    leaf: &ReachCondition,
    found: &ConditionExplanation,
    wanted: bool,
    words: &Words<'_>,
) -> Phrase {
    let Some(Observed::Addresses(addresses)) = &found.observed else { return Phrase::of_text(found) };
    let is_met = found.holds == wanted;
    let what = if addresses.is_empty() {
        format!("no {}", address_noun(leaf.channel))
    } else {
        let told = addresses.iter().filter(|address| address.passes || !found.holds);
        let texts: Vec<String> =
            told.take(ADDRESSES_SHOWN).map(|address| address_text(leaf, address, words)).collect();
        texts.join(", ")
    };
    let need = need(leaf, wanted);
    Phrase::needing(&what, Some(&*need).filter(|_| !is_met), is_met, found).changing(change(
        leaf,
        found.holds,
        addresses,
    ))
}

/// Whether the profile is in an uploaded list.
pub(super) fn list(leaf: &ListCondition<Named>, found: &ConditionExplanation, wanted: bool) -> Phrase {
    let name = &leaf.list;
    let is_met = found.holds == wanted;
    let where_now = if found.holds { format!("in list {name}") } else { format!("not in list {name}") };
    let need = match (is_met, wanted) {
        (true, _) => None,
        (false, true) => Some("to be in it"),
        (false, false) => Some("to be out of it"),
    };
    let change =
        if found.holds { format!("once out of list {name}") } else { format!("once in list {name}") };
    Phrase::needing(&where_now, need, is_met, found).changing(Some(change))
}

/// What holds of an address, as far as the condition asks for it.
fn address_text(leaf: &ReachCondition, address: &ObservedAddress, words: &Words<'_>) -> String {
    let name = &address.address;
    let on = |at| words.day(at);
    let suppressed =
        address.suppressed_since.map(|since| format!("{name} is suppressed since {}", on(since)));
    let consent = address.consent.zip(address.consent_at).map(|(state, at)| match state {
        ConsentState::OptedOut => format!("{name} opted out of {} on {}", scope(leaf), on(at)),
        _ => format!("{name} opted in to {} on {}", scope(leaf), on(at)),
    });
    let said_nothing = || format!("nothing was said of consent to {} for {name}", scope(leaf));
    match leaf.test {
        ReachTest::HasAddress if address.valid => format!("{name} is a valid {}", address_noun(leaf.channel)),
        ReachTest::HasAddress => not_valid(address),
        ReachTest::Suppressed => suppressed.unwrap_or_else(|| format!("{name} is not suppressed")),
        ReachTest::Consented | ReachTest::OptedOut => consent.unwrap_or_else(said_nothing),
        ReachTest::Reachable if address.passes => format!("reachable by {} at {name}", scope(leaf)),
        ReachTest::Reachable if !address.valid => not_valid(address),
        ReachTest::Reachable => suppressed.or(consent).unwrap_or_else(said_nothing),
    }
}

fn not_valid(address: &ObservedAddress) -> String {
    match address.channel {
        ConsentChannel::Sms | ConsentChannel::Whatsapp | ConsentChannel::Phone => {
            format!("{} has no country code", address.address)
        }
        ConsentChannel::Email | ConsentChannel::Push => format!("{} is not valid", address.address),
    }
}

fn need(leaf: &ReachCondition, wanted: bool) -> String {
    let what = match leaf.test {
        ReachTest::Reachable => format!("to be reachable by {}", scope(leaf)),
        ReachTest::Consented => format!("to have opted in to {}", scope(leaf)),
        ReachTest::OptedOut => format!("to have opted out of {}", scope(leaf)),
        ReachTest::Suppressed => "to be suppressed".to_owned(),
        ReachTest::HasAddress => format!("to have a valid {}", address_noun(leaf.channel)),
    };
    if wanted { what } else { format!("not {what}") }
}

/// What would turn the condition round. Addresses do not go away by themselves.
fn change(leaf: &ReachCondition, holds: bool, addresses: &[ObservedAddress]) -> Option<String> {
    let opts_in = || format!("once they opt in to {}", scope(leaf));
    let opts_out = || format!("once they opt out of {}", scope(leaf));
    let gets_address = || format!("once they have a valid {}", address_noun(leaf.channel));
    let has_valid = addresses.iter().any(|address| address.valid);
    let is_suppressed = addresses.iter().any(|address| address.suppressed_since.is_some());
    match (leaf.test, holds) {
        (ReachTest::HasAddress, true) => None,
        (ReachTest::HasAddress, false) => Some(gets_address()),
        (ReachTest::Reachable, false) if !has_valid => Some(gets_address()),
        (ReachTest::Reachable, false) if is_suppressed => Some("once the suppression is lifted".to_owned()),
        (ReachTest::Reachable | ReachTest::Consented, false) | (ReachTest::OptedOut, true) => Some(opts_in()),
        (ReachTest::Reachable | ReachTest::Consented, true) | (ReachTest::OptedOut, false) => {
            Some(opts_out())
        }
        (ReachTest::Suppressed, true) => Some("once the suppression is lifted".to_owned()),
        (ReachTest::Suppressed, false) => Some("once an address of theirs is suppressed".to_owned()),
    }
}

/// The channel with the topic and the store asked for: `email about offers in store DE`.
fn scope(leaf: &ReachCondition) -> String {
    let mut text = leaf.channel.map_or("any channel", spoken).to_owned();
    if let Some(topic) = &leaf.topic {
        text.push_str(&format!(" about {topic}"));
    }
    if let Some(store) = &leaf.store {
        text.push_str(&format!(" in store {store}"));
    }
    text
}

const fn spoken(channel: ConsentChannel) -> &'static str {
    match channel {
        ConsentChannel::Email => "email",
        ConsentChannel::Sms => "SMS",
        ConsentChannel::Whatsapp => "WhatsApp",
        ConsentChannel::Phone => "phone",
        ConsentChannel::Push => "push",
    }
}

const fn address_noun(channel: Option<ConsentChannel>) -> &'static str {
    match channel {
        None => "address",
        Some(ConsentChannel::Email) => "email address",
        Some(ConsentChannel::Sms | ConsentChannel::Whatsapp | ConsentChannel::Phone) => "phone number",
        Some(ConsentChannel::Push) => "push token",
    }
}
