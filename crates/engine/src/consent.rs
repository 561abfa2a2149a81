//! Consent as inputs state it, brought into the one form under which it is kept. The fold and the rebuild
//! each go through their own inputs with this.

use segops_identity::{Deletions, IdentitySettings, normalise};
use segops_model::{ConsentChannel, ConsentStatement, Event, Identifier, Instant};
use segops_segment::ConsentFact;

/// What words are kept under: a channel and an address on it; of someone who has no address yet, what
/// identifies them.
pub(crate) type ConsentKey = (ConsentChannel, Identifier);

/// What an event says: of the addresses that it names, or else of those that its profile has by now; or else
/// of the row's anchor, for the addresses that are to come.
pub(crate) fn heard(
    event: &Event,
    anchor: &Identifier,
    held: &[Identifier],
    settings: &IdentitySettings,
    deletions: &Deletions,
) -> Vec<(ConsentKey, ConsentStatement)> {
    let mut words = Vec::new();
    for fact in ConsentFact::of_event(event) {
        let channel = fact.channel;
        let named: Vec<Identifier> = match &fact.address {
            Some(value) => address(settings, channel, value).into_iter().collect(),
            None => {
                let own = event.identifiers.iter().filter(|identifier| channel.is_address(identifier));
                own.filter_map(|identifier| address(settings, channel, &identifier.value)).collect()
            }
        };
        let mut of = named;
        if of.is_empty() && fact.address.is_none() {
            of = held.iter().filter(|identifier| channel.is_address(identifier)).cloned().collect();
            if of.is_empty() {
                of.push(anchor.clone());
            }
        }
        of.retain(|identifier| !deletions.covers(identifier, event.ts));
        words.extend(of.into_iter().map(|identifier| {
            let statement = ConsentStatement {
                channel,
                address: identifier.value.clone(),
                topic: fact.topic.clone(),
                store: fact.store.clone(),
                state: fact.state,
                ts: event.ts,
            };
            ((channel, identifier), statement)
        }));
    }
    words
}

/// Why a statement is not recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unheard {
    NoAddress,
    /// Whoever had the address was deleted after it was said.
    Deleted,
}

/// A statement of a command, which was said at its receipt at the latest.
pub(crate) fn settled(
    statement: &ConsentStatement,
    settings: &IdentitySettings,
    deletions: &Deletions,
    instant: Instant,
) -> Result<(ConsentKey, ConsentStatement), Unheard> {
    let channel = statement.channel;
    let identifier = address(settings, channel, &statement.address).ok_or(Unheard::NoAddress)?;
    let ts = statement.ts.min(instant);
    if deletions.covers(&identifier, ts) {
        return Err(Unheard::Deleted);
    }
    let settled = ConsentStatement { address: identifier.value.clone(), ts, ..statement.clone() };
    Ok(((channel, identifier), settled))
}

fn address(settings: &IdentitySettings, channel: ConsentChannel, value: &str) -> Option<Identifier> {
    normalise(settings, &Identifier::new(channel.identifier_kind(), value)).ok()
}
