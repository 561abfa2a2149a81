//! Who can be written to: what was said of addresses, and what conditions on it find.
//!
//! **Cost** of one answer: a look at each identifier of the profile, and of each at what was said of it, at
//! most 1,000 statements.

mod stated;
#[cfg(test)]
mod tests;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use segops_model::{
    ConsentChannel, ConsentState, ConsentStatement, Identifier, Instant, fold_case, same_text,
};
use segops_rules::{ReachCondition, ReachTest};

use crate::ProfileView;

pub use stated::ConsentFact;

/// Statements kept of one identifier; of more, old ones go that say nothing that is not said again later.
pub const CONSENT_STATEMENTS_MAX: usize = 1_000;

/// Everything that was said of one identifier on one channel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentHistory {
    /// By (ts, scope, state), each once.
    said: Vec<Said>,
}

/// One statement, its channel and address left out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Said {
    pub ts: Instant,
    /// With case folded.
    pub topic: Option<CompactString>,
    pub store: Option<CompactString>,
    pub state: ConsentState,
}

impl ConsentHistory {
    /// Adds a statement; false if it is there already.
    pub fn add(&mut self, statement: &ConsentStatement) -> bool {
        let said = Said::of(statement);
        let Err(at) = self.said.binary_search(&said) else { return false };
        self.said.insert(at, said);
        if self.said.len() > CONSENT_STATEMENTS_MAX {
            let stale = self.said.iter().enumerate().position(|(at, one)| self.is_said_again(at, one));
            self.said.remove(stale.unwrap_or(0));
        }
        true
    }

    /// Whether just this was said before.
    #[must_use]
    pub fn holds(&self, statement: &ConsentStatement) -> bool {
        self.said.binary_search(&Said::of(statement)).is_ok()
    }

    fn is_said_again(&self, at: usize, one: &Said) -> bool {
        self.said.iter().skip(at + 1).any(|later| {
            (&later.topic, &later.store) == (&one.topic, &one.store)
                && later.state.is_consent() == one.state.is_consent()
        })
    }

    /// Oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Said> {
        self.said.iter()
    }
}

impl Said {
    fn of(statement: &ConsentStatement) -> Self {
        let folded =
            |scope: &Option<CompactString>| scope.as_deref().map(|text| fold_case(text.trim()).into());
        Self {
            ts: statement.ts,
            topic: folded(&statement.topic),
            store: folded(&statement.store),
            state: statement.state,
        }
    }
}

/// What is known of one address of a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing<'a> {
    pub(crate) channel: ConsentChannel,
    pub(crate) address: &'a str,
    /// Whether something can be sent to it.
    pub(crate) is_valid: bool,
    /// The word on consent that holds, and when it was said.
    pub(crate) consent: Option<(Instant, ConsentState)>,
    /// Since when nothing may be sent to it.
    pub(crate) suppressed_since: Option<Instant>,
}

impl Standing<'_> {
    pub(crate) fn passes(&self, test: ReachTest) -> bool {
        let given = self.consent.map(|(_, state)| state);
        match test {
            ReachTest::HasAddress => self.is_valid,
            ReachTest::Reachable => {
                self.is_valid && given != Some(ConsentState::OptedOut) && self.suppressed_since.is_none()
            }
            ReachTest::Consented => given == Some(ConsentState::OptedIn),
            ReachTest::OptedOut => given == Some(ConsentState::OptedOut),
            ReachTest::Suppressed => self.suppressed_since.is_some(),
        }
    }
}

/// How each address stands that a condition asks about.
pub(crate) fn standings<'a, 'h: 'a>(
    condition: &'a ReachCondition,
    identifiers: &'a [Identifier],
    history: impl Fn(ConsentChannel, &Identifier) -> Option<&'h ConsentHistory> + 'a,
    now: Instant,
) -> impl Iterator<Item = Standing<'a>> {
    let scope = (condition.topic.as_deref(), condition.store.as_deref());
    let channels = ConsentChannel::ALL.into_iter();
    let asked = channels.filter(|channel| condition.channel.is_none_or(|one| one == *channel));
    let addresses = asked.flat_map(move |channel| {
        let own = identifiers.iter().filter(move |one| channel.is_address(one));
        own.map(move |address| (channel, address))
    });
    addresses.map(move |(channel, address)| {
        // What was said of someone who had no address yet is of every one that they have come to have.
        let others = identifiers.iter().filter(|other| !channel.is_address(other));
        let words: Vec<&ConsentHistory> =
            others.chain([address]).filter_map(|one| history(channel, one)).collect();
        Standing {
            channel,
            address: &address.value,
            is_valid: channel.is_valid(&address.value),
            consent: given(&words, scope, now),
            suppressed_since: suppressed_since(&words, now),
        }
    })
}

/// Whether someone with these identifiers can be reached: a valid address with no opt-out, not suppressed.
/// The one meaning of "reachable", in rules and in every count.
pub fn reaches<'h>(
    channel: ConsentChannel,
    identifiers: &[Identifier],
    history: impl Fn(ConsentChannel, &Identifier) -> Option<&'h ConsentHistory>,
    now: Instant,
) -> bool {
    let test = ReachTest::Reachable;
    let asked = ReachCondition { test, channel: Some(channel), topic: None, store: None };
    standings(&asked, identifiers, history, now).any(|standing| standing.passes(test))
}

/// Whether a condition on reach holds: any address will do.
pub(crate) fn holds(condition: &ReachCondition, view: &impl ProfileView, now: Instant) -> bool {
    let history = |channel, identifier: &Identifier| view.consent(channel, identifier);
    standings(condition, view.identifiers(), history, now).any(|standing| standing.passes(condition.test))
}

/// What holds for a topic and a store: the newest word on just that, unless a later one, or one of the same
/// instant, on something wider takes consent away. `None` where nothing was said.
fn given(
    words: &[&ConsentHistory],
    (topic, store): (Option<&str>, Option<&str>),
    now: Instant,
) -> Option<(Instant, ConsentState)> {
    // From the widest to the narrowest.
    let mut scopes = vec![(None, None)];
    scopes.extend(store.map(|store| (None, Some(store))));
    scopes.extend(topic.map(|topic| (Some(topic), None)));
    scopes.extend(topic.zip(store).map(|(topic, store)| (Some(topic), Some(store))));
    let mut held: Option<(Instant, ConsentState)> = None;
    for scope in scopes {
        if let Some(said) = newest(words, scope, now)
            && held.is_none_or(|(wider, state)| state != ConsentState::OptedOut || wider < said.0)
        {
            held = Some(said);
        }
    }
    held
}

/// The newest word on exactly one scope; of one instant, the opt-out.
fn newest(
    words: &[&ConsentHistory],
    (topic, store): (Option<&str>, Option<&str>),
    now: Instant,
) -> Option<(Instant, ConsentState)> {
    let same = |held: Option<&str>, asked: Option<&str>| match (held, asked) {
        (None, None) => true,
        (Some(held), Some(asked)) => same_text(held, asked.trim()),
        _ => false,
    };
    let said = words.iter().flat_map(|words| words.iter());
    let of_scope = said.filter(|one| {
        one.ts <= now
            && one.state.is_consent()
            && same(one.topic.as_deref(), topic)
            && same(one.store.as_deref(), store)
    });
    of_scope.map(|one| (one.ts, one.state)).max()
}

/// When the newest word on suppression was said, if it is one; of one instant, the suppression wins.
fn suppressed_since(words: &[&ConsentHistory], now: Instant) -> Option<Instant> {
    let said = words.iter().flat_map(|words| words.iter());
    let of_it = said.filter(|one| one.ts <= now && !one.state.is_consent());
    let newest = of_it.map(|one| (one.ts, one.state == ConsentState::Suppressed)).max();
    newest.filter(|(_, suppresses)| *suppresses).map(|(ts, _)| ts)
}
