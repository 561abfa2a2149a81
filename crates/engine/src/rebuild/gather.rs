//! Everything that the questions need of each profile, gathered in the order of the journal.
//!
//! A row is kept under its anchor, its highest-priority identifier, and belongs to the profile that the anchor
//! points at in the end: whatever merged or was split in between.

use std::collections::BTreeMap;

use compact_str::CompactString;
use rustc_hash::FxHashMap;

use segops_identity::{IdentityView, MemoryIdentity};
use segops_model::{
    ConsentChannel, ConsentStatement, Event, Identifier, Instant, ListId, Position, ProfileId, ResultId,
    SignalId, Value,
};
use segops_segment::{
    ConsentHistory, DerivedFact, DerivedFacts, Entry, History, HistoryRequest, OrderFact, OrderFacts,
    OrderKey, Products, ScoreRecord, Timeline, TimelineItem, ValueEntry, newest_record,
};

use crate::consent::ConsentKey;
use crate::lists::ListBook;
use crate::state::without_person;

/// A change of an uploaded list.
#[derive(Debug, Clone, Copy)]
pub(super) enum ListChange<'a> {
    Made(ListId),
    Entries { list: ListId, remove: &'a [Identifier], add: &'a [Identifier] },
}

/// The histories as they grow, each row under its anchor.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    by_anchor: FxHashMap<Identifier, Gathering>,
    room: Room,
    consents: FxHashMap<ConsentKey, ConsentHistory>,
    lists: ListBook,
    /// Whom recorded results name, by the ids that they had then.
    named: Vec<(ResultId, ProfileId)>,
    /// What was recorded of scores, newest of each, under the identifiers that it was recorded under.
    scores: FxHashMap<Identifier, Vec<(String, ScoreRecord)>>,
}

/// Memory for one event's matches, used again for the next.
#[derive(Debug, Default)]
pub(crate) struct Room {
    matched: Vec<SignalId>,
    captured: Vec<ValueEntry>,
}

/// What rows of one profile give, in whatever order they come.
#[derive(Debug, Default)]
pub(crate) struct Gathering {
    entries: Vec<(SignalId, Entry)>,
    values: Vec<(SignalId, ValueEntry)>,
    traits: Vec<TraitSet>,
    orders: Vec<(OrderKey, OrderFact)>,
    derived: Vec<(SignalId, DerivedFact)>,
    product_events: Vec<(Position, Event)>,
    scores: Vec<(String, ScoreRecord)>,
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
        self.by_anchor.entry(anchor).or_default().add(request, products, event, position, &mut self.room);
    }

    pub(super) fn hear(&mut self, (key, statement): &(ConsentKey, ConsentStatement)) {
        self.consents.entry(key.clone()).or_default().add(statement);
    }

    /// Lets go of what there is of a person who was deleted.
    pub(super) fn forget(&mut self, identifiers: &[Identifier], is_gone: impl Fn(ProfileId) -> bool) {
        for identifier in identifiers {
            self.by_anchor.remove(identifier);
            for channel in ConsentChannel::ALL {
                self.consents.remove(&(channel, identifier.clone()));
            }
            self.scores.remove(identifier);
        }
        self.lists.forget(identifiers, is_gone);
    }

    /// Changes a list, which is as it was at the instant asked for.
    pub(super) fn list(&mut self, change: ListChange<'_>, changed_at: Instant, at: Instant) {
        match change {
            ListChange::Made(list) => self.lists.create(list),
            ListChange::Entries { list, remove, add } if changed_at <= at => {
                // What the fold refuses changes nothing here either.
                let _ = self.lists.change(list, remove, add);
            }
            ListChange::Entries { .. } => {}
        }
    }

    /// A recorded result names these, by the ids that they had then.
    pub(super) fn name(&mut self, result: ResultId, profiles: impl Iterator<Item = ProfileId>) {
        self.named.extend(profiles.map(|profile| (result, profile)));
    }

    /// What was said of a profile's identifiers.
    fn consents_of(&self, identifiers: &[Identifier]) -> Vec<(ConsentChannel, Identifier, ConsentHistory)> {
        let mut found = Vec::new();
        for channel in ConsentChannel::ALL {
            for identifier in identifiers {
                let said = self.consents.get(&(channel, identifier.clone()));
                found.extend(said.map(|said| (channel, identifier.clone(), said.clone())));
            }
        }
        found
    }

    /// Adds what was recorded of a score under an identifier.
    pub(super) fn add_score(&mut self, of: &Identifier, score: &str, record: ScoreRecord) {
        let held = self.scores.entry(of.clone()).or_default();
        match held.iter_mut().find(|(name, _)| name == score) {
            Some((_, held)) if held.age() < record.age() => *held = record,
            Some(_) => {}
            None => held.push((score.to_owned(), record)),
        }
    }

    /// Lets go of a score that is no more.
    pub(super) fn forget_score(&mut self, score: &str) {
        self.scores.values_mut().for_each(|held| held.retain(|(name, _)| name != score));
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
            whole.derived.extend(gathering.derived);
            whole.product_events.extend(gathering.product_events);
        }
        let mut by_id: FxHashMap<ProfileId, Vec<ListId>> = FxHashMap::default();
        for (profile, lists) in self.lists.profiles() {
            by_id.entry(identity.canonical(profile)).or_default().extend_from_slice(lists);
        }
        let mut named: FxHashMap<ProfileId, Vec<ResultId>> = FxHashMap::default();
        for (result, profile) in std::mem::take(&mut self.named) {
            named.entry(identity.canonical(profile)).or_default().push(result);
        }
        for (of, scores) in std::mem::take(&mut self.scores) {
            let profile = identity.profile_of(&of);
            if let Some(whole) = profile.and_then(|profile| joined.get_mut(&profile)) {
                whole.scores.extend(scores);
            }
        }
        let mut survivors: Vec<ProfileId> = joined.keys().copied().collect();
        survivors.sort_unstable();
        for profile in survivors {
            let Some(gathering) = joined.remove(&profile) else { continue };
            let identifiers = identity.identifiers_of(profile).to_vec();
            let mut history = gathering.into_history(request, profile, identifiers);
            history.consents = self.consents_of(&history.identifiers);
            let listed = history.identifiers.iter().flat_map(|one| self.lists.of_identifier(one)).copied();
            history.lists = listed.chain(by_id.remove(&profile).into_iter().flatten()).collect();
            history.lists.sort_unstable();
            history.lists.dedup();
            history.results = named.remove(&profile).unwrap_or_default();
            history.results.sort_unstable();
            history.results.dedup();
            each(&history);
        }
    }
}

impl Gathering {
    /// Adds an event that happened up to the instant asked for.
    pub(crate) fn add(
        &mut self,
        request: &HistoryRequest<'_>,
        products: &Products,
        event: &Event,
        position: Position,
        room: &mut Room,
    ) {
        if !request.signals.product_readers_of(event).is_empty() {
            self.product_events.push((position, without_person(event)));
        }
        self.derived.extend(request.signals.derived_facts(event, position));
        let joined = products.joined(event, request.at);
        let event = joined.as_ref().unwrap_or(event);
        room.matched.clear();
        request.signals.matching(event, &mut room.matched);
        let entry = Entry { ts: event.ts, position };
        for signal in &room.matched {
            if request.signals.capture(*signal, event, position, &mut room.captured) {
                self.values.extend(room.captured.iter().map(|value| (*signal, *value)));
            } else {
                self.entries.push((*signal, entry));
            }
        }
        for (name, value) in event.traits.iter() {
            if request.trait_roots.contains(name) {
                self.traits.push(TraitSet {
                    name: name.into(),
                    value: value.clone(),
                    ts: event.ts,
                    position,
                });
            }
        }
        if request.signals.has_orders() {
            self.orders.extend(OrderFact::of_event(event, position));
        }
    }

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

    /// Puts together what each derivation knows, and enters the events that come of it.
    fn derive(&mut self, request: &HistoryRequest<'_>) -> Vec<(SignalId, DerivedFacts)> {
        let mut known: BTreeMap<SignalId, DerivedFacts> = BTreeMap::new();
        for (id, fact) in self.derived.drain(..) {
            known.entry(id).or_default().gather(fact);
        }
        for (id, facts) in &known {
            let Some(derivation) = request.signals.derivation(*id) else { continue };
            for (signal, item) in request.signals.derived_items(*id, &facts.occurrences(derivation)) {
                match item {
                    TimelineItem::Match(entry) => self.entries.push((signal, entry)),
                    TimelineItem::Value(value) => self.values.push((signal, value)),
                }
            }
        }
        known.into_iter().collect()
    }

    /// What it comes to, of a profile with these identifiers. What else is asked of a history is added to it.
    pub(crate) fn into_history(
        mut self,
        request: &HistoryRequest<'_>,
        profile: ProfileId,
        identifiers: Vec<Identifier>,
    ) -> History {
        self.stand_orders(request);
        let derived = self.derive(request);
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
        self.scores.sort_by(|(left, _), (right, _)| left.cmp(right));
        let of_each = self.scores.chunk_by(|(left, _), (right, _)| left == right);
        let scores = of_each.filter_map(|held| {
            let newest = newest_record(held.iter().map(|(_, record)| record))?;
            Some((held.first()?.0.clone(), newest))
        });
        let scores = scores.collect();
        History {
            profile,
            product_events: self.product_events,
            timelines,
            derived,
            traits,
            identifiers,
            consents: Vec::new(),
            lists: Vec::new(),
            results: Vec::new(),
            scores,
        }
    }
}
