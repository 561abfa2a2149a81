//! Everything that is known at one position, frozen: what questions about the whole workspace stand on. It is held
//! without any lock, while the fold goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::tz::TimeZone;
use parking_lot::RwLockWriteGuard;
use segops_model::{DerivedEventId, Instant, Object, Position, ProfileId, SegmentId, SignalId, SourceId};
use segops_rules::Names;
use segops_segment::{
    Calendar, Derivation, OrderFacts, OrderKey, RecordedScore, RecordedTransition, RecordedTransitions,
    ScoreFunction, ScoreFunctions, ScoreValue, SignalRegistry, Timeline, newest_record,
};
use segops_store::{FrozenKeyspace, Keyspace};

use crate::engine::Engine;
use crate::error::EngineError;
use crate::ground::{Ground, KnownNames};
use crate::names::WorkspaceNames;
use crate::reading::reading_instant;
use crate::showing::segment_view;
use crate::state::{
    HeldScore, Membership, ProfileGroups, ProfileRecord, Properties, RecordKey, Standings, State, Trait,
    Traits,
};
use crate::view;

/// What is gathered beside that which costs nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gathered {
    pub segments: bool,
    pub products: bool,
}

/// A property that events were seen to have, and how often as what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SeenProperty {
    pub path: String,
    pub numbers: u64,
    pub texts: u64,
    pub flags: u64,
}

/// A product as it is at the instant.
#[derive(Debug, Clone)]
pub struct FrozenProduct {
    pub id: String,
    pub since: Instant,
    pub product: Object,
}

/// A derived event, by its newest version.
#[derive(Debug, Clone)]
pub struct FrozenDerivedEvent {
    pub id: DerivedEventId,
    pub name: String,
    pub version: u32,
    pub derivation: Derivation,
}

/// The workspace as it was at one position.
#[derive(Debug)]
pub struct Frozen {
    /// The history up to exactly the position.
    pub ground: Ground,
    pub properties: Vec<SeenProperty>,
    /// Where they were asked for.
    pub segments: Vec<view::Segment>,
    /// Where they were asked for, in the order of their ids.
    pub products: Vec<FrozenProduct>,
    /// In the order of their ids.
    pub derived_events: Vec<FrozenDerivedEvent>,
    sources: Vec<(SourceId, String)>,
    segment_names: Vec<(SegmentId, String)>,
    groups: ProfileGroups,
    profiles: FrozenKeyspace<ProfileId, ProfileRecord>,
    traits: FrozenKeyspace<ProfileId, Traits>,
    order_keys: FrozenKeyspace<ProfileId, Vec<OrderKey>>,
    orders: FrozenKeyspace<(ProfileId, OrderKey), OrderFacts>,
    standings: FrozenKeyspace<ProfileId, Standings>,
    records: FrozenKeyspace<RecordKey, RecordedTransitions>,
    scores: FrozenKeyspace<ProfileId, Vec<HeldScore>>,
    functions: OrderScores,
}

/// The scores that are functions of a profile's orders and of now.
#[derive(Debug)]
struct OrderScores {
    signals: SignalRegistry,
    functions: Vec<(Arc<dyn ScoreFunction>, Vec<SignalId>)>,
}

impl Engine {
    /// Everything as it is at this moment, in two short steps: the state is frozen, then what is asked for beside it is
    /// gathered.
    ///
    /// # Errors
    /// The workspace's time zone is none.
    pub fn frozen(&self, gathered: Gathered) -> Result<Frozen, EngineError> {
        let now = reading_instant(self);
        let mut fold = self.core().fold.write();
        let state = &mut fold.state;
        let calendar = state.settings.calendar().map_err(EngineError::Damaged)?;
        let profiles = state.profiles.freeze();
        let traits = state.traits.freeze();
        let order_keys = state.order_keys.freeze();
        let orders = state.orders.freeze();
        let standings = state.standings.freeze();
        let records = state.records.freeze();
        let scores = state.scores.freeze();
        let fold = RwLockWriteGuard::downgrade(fold);
        let state = &fold.state;
        let pinned = self.pin_history(&fold);
        let names = KnownNames::of(&WorkspaceNames::new(state));
        let properties = seen_properties(state);
        let sources = state.sources.values().map(|source| (source.id, source.name.clone())).collect();
        let segment_names = state.segments.values().map(|one| (one.id, one.name.clone())).collect();
        let groups = state.groups.clone();
        let segments = state.segments.values().filter(|_| gathered.segments);
        let segments = segments.map(|segment| segment_view(&fold, segment)).collect();
        let derived_events = derived_events_of(state, &calendar.zone);
        let products = if gathered.products { products_of(state) } else { Vec::new() };
        drop(fold);
        Ok(Frozen {
            functions: OrderScores::new(&calendar),
            ground: Ground { snapshot: pinned.snapshot(), names, calendar, now },
            properties,
            segments,
            products,
            derived_events,
            sources,
            segment_names,
            groups,
            profiles,
            traits,
            order_keys,
            orders,
            standings,
            records,
            scores,
        })
    }
}

fn seen_properties(state: &State) -> Vec<SeenProperty> {
    let mut seen: BTreeMap<&str, SeenProperty> = BTreeMap::new();
    let of_events = state.catalogue.events.iter_sorted().map(|(_, entry)| &entry.properties);
    for (path, entry) in of_events.flat_map(|properties: &Properties| &properties.by_path) {
        let known = seen.entry(path.as_str()).or_default();
        known.numbers += entry.numbers;
        known.texts += entry.texts;
        known.flags += entry.booleans;
    }
    seen.into_iter().map(|(path, known)| SeenProperty { path: path.to_owned(), ..known }).collect()
}

fn derived_events_of(state: &State, zone: &TimeZone) -> Vec<FrozenDerivedEvent> {
    let newest = state.derived_events.values().filter_map(|made| {
        let newest = made.newest()?;
        let derivation = Derivation::compile(&newest.definition, zone);
        Some(FrozenDerivedEvent { id: made.id, name: made.name.clone(), version: newest.number, derivation })
    });
    newest.collect()
}

fn products_of(state: &State) -> Vec<FrozenProduct> {
    let products = &state.products;
    let newest = products.ids_after(None).filter_map(|id| {
        let newest = products.versions(id).last()?;
        Some(FrozenProduct { id: id.to_owned(), since: newest.since, product: newest.product.clone()? })
    });
    newest.collect()
}

impl OrderScores {
    fn new(calendar: &Calendar) -> Self {
        let mut signals = SignalRegistry::new();
        let mut functions = Vec::new();
        for function in ScoreFunctions::default().iter() {
            let inputs = function.inputs();
            if inputs.iter().all(|input| input.filter.subject.is_orders() && input.capture.is_none()) {
                let read = inputs.iter().map(|input| signals.intern(&input.filter, &calendar.zone)).collect();
                functions.push((Arc::clone(function), read));
            }
        }
        Self { signals, functions }
    }

    fn of<'a>(
        &self,
        orders: impl Iterator<Item = (&'a OrderKey, &'a OrderFacts)>,
        now: Instant,
    ) -> Vec<(String, ScoreValue)> {
        let mut timelines: BTreeMap<SignalId, Timeline> = BTreeMap::new();
        for occurrence in orders.filter_map(|(key, facts)| facts.occurrence(key)) {
            for (signal, item) in self.signals.order_items(&occurrence) {
                timelines.entry(signal).or_default().insert_item(item);
            }
        }
        let value = |(function, read): &(Arc<dyn ScoreFunction>, Vec<SignalId>)| {
            let read: Vec<Option<&Timeline>> = read.iter().map(|signal| timelines.get(signal)).collect();
            Some((function.name().to_owned(), function.value(&read, now)?))
        };
        self.functions.iter().filter_map(value).collect()
    }
}

impl Frozen {
    /// Everything before this position is known, and nothing after it.
    #[must_use]
    pub fn position(&self) -> Position {
        self.ground.snapshot.until()
    }

    /// The profiles that have events, in ascending order; only some where those are given.
    pub fn profile_ids<'a>(
        &'a self,
        only: Option<&'a [ProfileId]>,
    ) -> Box<dyn Iterator<Item = ProfileId> + 'a> {
        match only {
            Some(only) => {
                let sorted: BTreeSet<ProfileId> = only.iter().copied().collect();
                Box::new(sorted.into_iter().filter(|profile| self.groups.all.contains(profile.0)))
            }
            None => Box::new(self.groups.all.iter().map(ProfileId)),
        }
    }

    #[must_use]
    pub fn profile(&self, id: ProfileId) -> Option<&ProfileRecord> {
        self.profiles.get(&id)
    }

    #[must_use]
    pub fn is_reachable_by_email(&self, id: ProfileId) -> bool {
        self.groups.reachable_email.contains(id.0)
    }

    #[must_use]
    pub fn is_reachable_by_sms(&self, id: ProfileId) -> bool {
        self.groups.reachable_sms.contains(id.0)
    }

    /// Every trait of a profile that is in force.
    pub fn traits(&self, id: ProfileId) -> impl Iterator<Item = &Trait> {
        self.traits.get(&id).into_iter().flat_map(Traits::iter)
    }

    pub fn orders(&self, id: ProfileId) -> impl Iterator<Item = (&OrderKey, &OrderFacts)> {
        let keys = self.order_keys.get(&id).into_iter().flatten();
        keys.filter_map(move |key| Some((key, self.orders.get(&(id, key.clone()))?)))
    }

    pub fn memberships(&self, id: ProfileId) -> impl Iterator<Item = (SegmentId, Membership)> {
        let standings = self.standings.get(&id).into_iter().flat_map(Standings::iter);
        standings.filter_map(|standing| Some((standing.segment, standing.membership?)))
    }

    /// What was recorded of profiles and segments, in no order.
    pub fn transitions(&self) -> impl Iterator<Item = (ProfileId, SegmentId, RecordedTransition)> {
        self.records.iter().flat_map(|((profile, segment), recorded)| {
            recorded.iter().map(move |one| (*profile, *segment, one))
        })
    }

    /// What was recorded of one profile.
    pub fn transitions_of(&self, id: ProfileId) -> impl Iterator<Item = (SegmentId, RecordedTransition)> {
        let segments = self.segment_names.iter().map(|(segment, _)| *segment);
        let recorded = segments.filter_map(move |segment| Some((segment, self.records.get(&(id, segment))?)));
        recorded.flat_map(|(segment, recorded)| recorded.iter().map(move |one| (segment, one)))
    }

    /// The scores of a profile that hold, of those that were recorded.
    #[must_use]
    pub fn recorded_scores(&self, id: ProfileId) -> Vec<(String, RecordedScore)> {
        let held = self.scores.get(&id).map(Vec::as_slice).unwrap_or_default();
        let of_score = held.chunk_by(|left, right| left.score == right.score);
        let newest = of_score.filter_map(|held| {
            let recorded = newest_record(held.iter().map(|held| &held.record))?;
            Some((held.first()?.score.clone(), recorded))
        });
        newest.collect()
    }

    /// The scores of a profile that are functions of its orders and of now.
    #[must_use]
    pub fn computed_scores(&self, id: ProfileId) -> Vec<(String, ScoreValue)> {
        self.functions.of(self.orders(id), self.ground.now)
    }

    #[must_use]
    pub fn segment_name(&self, id: SegmentId) -> Option<&str> {
        self.segment_names.iter().find(|(known, _)| *known == id).map(|(_, name)| name.as_str())
    }

    #[must_use]
    pub fn sources(&self) -> &[(SourceId, String)] {
        &self.sources
    }

    /// Whether an event was ever seen with a property.
    #[must_use]
    pub fn property_exists(&self, path: &str) -> bool {
        self.ground.names.property_exists(None, path)
    }
}
