//! Everything that the questions need of each profile, gathered in the order of the journal.
//!
//! A row is kept under its anchor, its highest-priority identifier, and belongs to the profile that the anchor
//! points at in the end: whatever merged or was split in between.

use std::collections::BTreeMap;

use compact_str::CompactString;
use rustc_hash::FxHashMap;

use segops_identity::{IdentityView, MemoryIdentity};
use segops_model::{Event, Identifier, Instant, Position, ProfileId, SignalId, Value};
use segops_segment::{
    Entry, History, HistoryRequest, OrderFact, OrderFacts, OrderKey, Products, Timeline, TimelineItem,
    ValueEntry,
};

use crate::reach;
use crate::state::without_person;

/// The histories as they grow, each row under its anchor.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    by_anchor: FxHashMap<Identifier, Gathering>,
    matched: Vec<SignalId>,
    captured: Vec<ValueEntry>,
}

#[derive(Debug, Default)]
struct Gathering {
    entries: Vec<(SignalId, Entry)>,
    values: Vec<(SignalId, ValueEntry)>,
    traits: Vec<TraitSet>,
    orders: Vec<(OrderKey, OrderFact)>,
    product_events: Vec<(Position, Event)>,
    email_opted_out: bool,
}

#[derive(Debug)]
struct TraitSet {
    name: CompactString,
    value: Value,
    ts: Instant,
    position: Position,
}

impl Gathered {
    /// Adds an event that happened up to the instant asked for. A profile is there from its first one on.
    pub(super) fn add(
        &mut self,
        request: &HistoryRequest<'_>,
        products: &Products,
        anchor: Identifier,
        event: &Event,
        position: Position,
    ) {
        let gathering = self.by_anchor.entry(anchor).or_default();
        if !request.signals.product_readers_of(event).is_empty() {
            gathering.product_events.push((position, without_person(event)));
        }
        let joined = products.joined(event, request.at);
        let event = joined.as_ref().unwrap_or(event);
        self.matched.clear();
        request.signals.matching(event, &mut self.matched);
        let entry = Entry { ts: event.ts, position };
        for signal in &self.matched {
            if request.signals.capture(*signal, event, position, &mut self.captured) {
                gathering.values.extend(self.captured.iter().map(|value| (*signal, *value)));
            } else {
                gathering.entries.push((*signal, entry));
            }
        }
        for (name, value) in event.traits.iter() {
            if request.trait_roots.contains(name) {
                gathering.traits.push(TraitSet {
                    name: name.into(),
                    value: value.clone(),
                    ts: event.ts,
                    position,
                });
            }
        }
        if request.signals.has_orders() {
            gathering.orders.extend(OrderFact::of_event(event, position));
        }
        gathering.email_opted_out |= reach::is_email_opt_out(event);
    }

    /// Lets go of the rows of a person who was deleted.
    pub(super) fn forget(&mut self, identifiers: &[Identifier]) {
        for identifier in identifiers {
            self.by_anchor.remove(identifier);
        }
    }

    /// Brings together what belongs to one profile by the identity at the end, and hands out the histories
    /// in ascending order of profile.
    pub(super) fn finish(
        mut self,
        request: &HistoryRequest<'_>,
        identity: &MemoryIdentity,
        each: &mut dyn FnMut(&History),
    ) {
        let mut joined: FxHashMap<ProfileId, Gathering> = FxHashMap::default();
        let mut anchors: Vec<Identifier> = self.by_anchor.keys().cloned().collect();
        anchors.sort_unstable();
        for anchor in anchors {
            let Some(gathering) = self.by_anchor.remove(&anchor) else { continue };
            let Some(profile) = identity.profile_of(&anchor) else { continue };
            let whole = joined.entry(profile).or_default();
            whole.entries.extend(gathering.entries);
            whole.values.extend(gathering.values);
            whole.traits.extend(gathering.traits);
            whole.orders.extend(gathering.orders);
            whole.product_events.extend(gathering.product_events);
            whole.email_opted_out |= gathering.email_opted_out;
        }
        let mut survivors: Vec<ProfileId> = joined.keys().copied().collect();
        survivors.sort_unstable();
        for profile in survivors {
            let Some(mut gathering) = joined.remove(&profile) else { continue };
            gathering.stand_orders(request);
            each(&gathering.into_history(profile, identity));
        }
    }
}

impl Gathering {
    /// Puts each order together from all that is said of it, and enters it as it stands.
    fn stand_orders(&mut self, request: &HistoryRequest<'_>) {
        let mut orders: BTreeMap<OrderKey, OrderFacts> = BTreeMap::new();
        for (key, fact) in self.orders.drain(..) {
            orders.entry(key).or_default().add(fact);
        }
        for (key, facts) in orders {
            let Some(order) = facts.occurrence(&key) else { continue };
            for (signal, item) in request.signals.order_items(&order) {
                match item {
                    TimelineItem::Match(entry) => self.entries.push((signal, entry)),
                    TimelineItem::Value(value) => self.values.push((signal, value)),
                }
            }
        }
    }

    fn into_history(mut self, profile: ProfileId, identity: &MemoryIdentity) -> History {
        self.entries.sort_unstable_by_key(|(signal, entry)| (*signal, entry.ts, entry.position));
        self.values.sort_unstable();
        let plain = self.entries.chunk_by(|(left, _), (right, _)| left == right).filter_map(|run| {
            Some((run.first()?.0, run.iter().map(|(_, entry)| *entry).collect::<Timeline>()))
        });
        let valued = self.values.chunk_by(|(left, _), (right, _)| left == right).filter_map(|run| {
            Some((run.first()?.0, run.iter().map(|(_, value)| *value).collect::<Timeline>()))
        });
        let timelines = plain.chain(valued).collect();
        // The newest set of each trait is the one in force; a newest that is null unsets it.
        self.traits.sort_by(|left, right| {
            (&left.name, left.ts, left.position).cmp(&(&right.name, right.ts, right.position))
        });
        let traits = self
            .traits
            .chunk_by(|left, right| left.name == right.name)
            .filter_map(<[TraitSet]>::last)
            .filter(|newest| newest.value != Value::Null)
            .map(|newest| (newest.name.clone(), newest.value.clone()))
            .collect();
        self.product_events.sort_unstable_by_key(|(position, _)| *position);
        History {
            profile,
            product_events: self.product_events,
            timelines,
            traits,
            identifiers: identity.identifiers_of(profile).to_vec(),
            email_opted_out: self.email_opted_out,
        }
    }
}
