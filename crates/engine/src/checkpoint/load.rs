use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hash;
use std::sync::Arc;

use compact_str::CompactString;
use serde::de::DeserializeOwned;
use xxhash_rust::xxh3::xxh3_128;

use segops_identity::{Duplicates, SeenChunk};
use segops_model::{Identifier, Limits, ListId, ResultId, SplitId, Transition, TransitionId};
use segops_segment::{ProductKey, ProductVersion, Products};
use segops_store::{CheckpointHead, Keyspace, RecordRef};

use super::{CheckpointSaved, Kind, Meta, TransitionKey, TransitionValue, transition_of};
use crate::fold::Fold;
use crate::lists::ListBook;
use crate::result_book::ResultBook;
use crate::state::{GatheredRow, Properties, Space, State};
use crate::view::{Import, Source};

/// Takes the records of a checkpoint, file by file from the whole one on, and makes a fold of them.
#[derive(Debug, Default)]
pub(crate) struct Loader {
    state: State,
    small: BTreeMap<(Kind, Vec<u8>), Vec<u8>>,
    list_entries: BTreeMap<(ListId, u32), Vec<Identifier>>,
    result_members: BTreeMap<(ResultId, u32), Vec<u64>>,
    products: BTreeMap<CompactString, Vec<ProductVersion>>,
    product_keys: BTreeMap<ProductKey, BTreeSet<CompactString>>,
    seen: BTreeMap<u64, SeenChunk>,
    /// In the order of ids.
    transitions: BTreeMap<TransitionKey, TransitionValue>,
}

/// What a checkpoint has come to.
#[derive(Debug)]
pub(crate) struct Restored {
    pub(crate) fold: Fold,
    /// Oldest first.
    pub(crate) transitions: Vec<Transition>,
    pub(crate) transitions_forgotten: Option<TransitionId>,
    pub(crate) saved: CheckpointSaved,
}

impl Loader {
    /// # Errors
    /// A record of a kind or version that is not known, or that does not make sense.
    pub(crate) fn take(&mut self, record: RecordRef<'_>) -> Result<(), String> {
        let kind = Kind::of_code(record.kind).filter(|kind| kind.version() == record.version);
        let Some(kind) = kind else {
            return Err(format!(
                "it has records of kind {} in version {}, which this version does not know",
                record.kind, record.version
            ));
        };
        self.take_kind(kind, &record).map_err(|error| format!("a record of kind {kind:?}: {error}"))
    }

    fn take_kind(&mut self, kind: Kind, record: &RecordRef<'_>) -> Result<(), String> {
        let state = &mut self.state;
        match kind {
            Kind::Meta
            | Kind::Settings
            | Kind::Source
            | Kind::Import
            | Kind::Segment
            | Kind::ComputedTrait
            | Kind::DerivedEvent
            | Kind::KnownScores
            | Kind::Threshold
            | Kind::ConsentFile
            | Kind::List
            | Kind::Separations
            | Kind::SplitRows
            | Kind::KnownTraits
            | Kind::Programs
            | Kind::Signals
            | Kind::ProductFields
            | Kind::Result
            | Kind::Alarm => {
                let name = (kind, record.key.to_vec());
                match record.value {
                    Some(value) => self.small.insert(name, value.to_vec()),
                    None => self.small.remove(&name),
                };
                Ok(())
            }
            Kind::ListEntries => sorted(record, &mut self.list_entries),
            Kind::ResultMembers => sorted(record, &mut self.result_members),
            Kind::KnownEvent => keyed(record, &mut state.catalogue.events),
            Kind::ProductEvent => {
                let position = read(record.key)?;
                match record.value {
                    Some(value) => {
                        let (profile, event) = read(value)?;
                        state.product_events.remove(position);
                        state.product_events.put(position, profile, event);
                    }
                    None => state.product_events.remove(position),
                }
                Ok(())
            }
            Kind::Identifier => keyed(record, &mut state.identifiers),
            Kind::Alias => keyed(record, &mut state.aliases),
            Kind::Profile => keyed(record, &mut state.profiles),
            Kind::Merges => keyed(record, &mut state.merges),
            Kind::Traits => keyed(record, &mut state.traits),
            Kind::Timeline => keyed(record, &mut state.timelines),
            Kind::Derived => keyed(record, &mut state.derived),
            Kind::OrderKeys => keyed(record, &mut state.order_keys),
            Kind::Order => keyed(record, &mut state.orders),
            Kind::Scores => keyed(record, &mut state.scores),
            Kind::Standings => keyed(record, &mut state.standings),
            Kind::Recorded => {
                let (profile, segment) = read(record.key)?;
                match record.value {
                    Some(value) => state.records.put(profile, segment, read(value)?),
                    None => drop(state.records.take(profile, segment)),
                }
                Ok(())
            }
            Kind::Consent => keyed(record, &mut state.consents),
            Kind::Product => sorted(record, &mut self.products),
            Kind::ProductKey => sorted(record, &mut self.product_keys),
            Kind::Seen => sorted_with(record, &mut self.seen, Arc::new),
            Kind::Transition => sorted(record, &mut self.transitions),
        }
    }

    /// # Errors
    /// Something is missing, or does not go with the rest.
    pub(crate) fn finish(mut self, head: &CheckpointHead, limits: Limits) -> Result<Restored, String> {
        let meta: Meta = self.one(Kind::Meta)?;
        if (meta.position, meta.instant) != (head.position, head.instant) {
            return Err("its records are of another position than its head".to_owned());
        }
        let mut state = std::mem::take(&mut self.state);
        (state.position, state.instant) = (meta.position, meta.instant);
        state.tallies = meta.tallies;
        state.catalogue.left_out = meta.events_left_out;
        state.settings = self.one(Kind::Settings)?;
        state.sources = self.all(Kind::Source, |source: &Source| source.id)?;
        state.imports = self.all(Kind::Import, |import: &Import| import.file_hash.clone())?;
        state.segments = self.all(Kind::Segment, |segment: &crate::state::SegmentState| segment.id)?;
        state.computed_traits =
            self.all(Kind::ComputedTrait, |computed: &crate::state::ComputedTraitState| computed.id)?;
        state.derived_events =
            self.all(Kind::DerivedEvent, |made: &crate::state::DerivedEventState| made.id)?;
        state.known_scores = self.one(Kind::KnownScores)?;
        state.thresholds = self.pairs(Kind::Threshold)?;
        state.consent_files = self.pairs(Kind::ConsentFile)?;
        state.lists = self.all(Kind::List, |list: &crate::state::ListState| list.id)?;
        state.separations = self.one(Kind::Separations)?;
        let split_rows: BTreeMap<SplitId, Vec<GatheredRow>> = self.pairs(Kind::SplitRows)?;
        let shared = |rows: Vec<GatheredRow>| rows.into_iter().map(Arc::new).collect();
        state.split_rows = split_rows.into_iter().map(|(split, rows)| (split, shared(rows))).collect();
        state.catalogue.traits = Arc::new(self.one::<Properties>(Kind::KnownTraits)?);
        let (products, keys) = (std::mem::take(&mut self.products), std::mem::take(&mut self.product_keys));
        state.products = Arc::new(Products::of_parts(products, keys, self.one(Kind::ProductFields)?));
        let seen = std::mem::take(&mut self.seen);
        state.duplicates =
            Duplicates::of_chunks(meta.duplicate_window_ms, meta.seen_first, meta.seen_past, seen)
                .ok_or("some of the message ids that were seen are missing")?;
        let mut saved = CheckpointSaved::default();
        state.list_book = Arc::new(self.list_book(&state, &mut saved));
        state.results = self.all(Kind::Result, |result: &crate::state::ResultState| result.id)?;
        state.alarms = self.all(Kind::Alarm, |alarm: &crate::state::AlarmState| alarm.id)?;
        state.result_book = Arc::new(self.result_book(&state, &mut saved));
        state.derive();
        state.note_changes();
        let fold = Fold::restored(limits, state, self.one(Kind::Programs)?, self.one(Kind::Signals)?)?;
        saved.small = self.small.into_iter().map(|(name, bytes)| (name, xxh3_128(&bytes))).collect();
        let transitions = self.transitions.into_iter().map(transition_of).collect::<Result<_, _>>()?;
        Ok(Restored { fold, transitions, transitions_forgotten: meta.transitions_forgotten, saved })
    }

    fn list_book(&mut self, state: &State, saved: &mut CheckpointSaved) -> ListBook {
        let mut book = ListBook::default();
        for list in state.lists.keys() {
            book.create(*list);
            saved.lists.insert(*list, (0, 0));
        }
        for ((list, page), entries) in std::mem::take(&mut self.list_entries) {
            book.put(list, entries);
            saved.lists.insert(list, (0, page + 1));
        }
        book
    }

    fn result_book(&mut self, state: &State, saved: &mut CheckpointSaved) -> ResultBook {
        let mut ids: BTreeMap<ResultId, roaring::RoaringTreemap> = BTreeMap::new();
        for result in state.results.keys() {
            ids.entry(*result).or_default();
            saved.results.insert(*result, (0, 0));
        }
        for ((result, page), members) in std::mem::take(&mut self.result_members) {
            ids.entry(result).or_default().extend(members);
            saved.results.insert(result, (0, page + 1));
        }
        let mut book = ResultBook::default();
        ids.into_iter().for_each(|(result, ids)| book.put(result, ids));
        book
    }

    fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Vec<u8>> {
        let records = self.small.range((kind, Vec::new())..);
        records.take_while(move |((other, _), _)| *other == kind).map(|(_, bytes)| bytes)
    }

    fn one<T: DeserializeOwned>(&self, kind: Kind) -> Result<T, String> {
        let bytes =
            self.of_kind(kind).next().ok_or_else(|| format!("the record of kind {kind:?} is missing"))?;
        read_json(kind, bytes)
    }

    fn all<K: Ord, T: DeserializeOwned>(
        &self,
        kind: Kind,
        key: impl Fn(&T) -> K,
    ) -> Result<BTreeMap<K, T>, String> {
        let read = |bytes: &Vec<u8>| read_json(kind, bytes).map(|value| (key(&value), value));
        self.of_kind(kind).map(read).collect()
    }

    fn pairs<K: Ord + DeserializeOwned, V: DeserializeOwned>(
        &self,
        kind: Kind,
    ) -> Result<BTreeMap<K, V>, String> {
        self.of_kind(kind).map(|bytes| read_json(kind, bytes)).collect()
    }
}

fn read_json<T: DeserializeOwned>(kind: Kind, bytes: &[u8]) -> Result<T, String> {
    serde_json::from_slice(bytes).map_err(|error| format!("the record of kind {kind:?}: {error}"))
}

/// A value that takes all of some bytes.
fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    let (value, rest) = postcard::take_from_bytes(bytes).map_err(|error| error.to_string())?;
    if rest.is_empty() { Ok(value) } else { Err(format!("{} bytes are left over", rest.len())) }
}

fn keyed<K, V>(record: &RecordRef<'_>, space: &mut Space<K, V>) -> Result<(), String>
where
    K: DeserializeOwned + Eq + Hash + Clone,
    V: DeserializeOwned + Clone,
{
    let key = read(record.key)?;
    match record.value {
        Some(value) => drop(space.insert(key, read(value)?)),
        None => drop(space.remove(&key)),
    }
    Ok(())
}

fn sorted<K, V>(record: &RecordRef<'_>, map: &mut BTreeMap<K, V>) -> Result<(), String>
where
    K: DeserializeOwned + Ord,
    V: DeserializeOwned,
{
    sorted_with(record, map, |value| value)
}

fn sorted_with<K, T, V>(
    record: &RecordRef<'_>,
    map: &mut BTreeMap<K, V>,
    make: impl Fn(T) -> V,
) -> Result<(), String>
where
    K: DeserializeOwned + Ord,
    T: DeserializeOwned,
{
    let key = read(record.key)?;
    match record.value {
        Some(value) => drop(map.insert(key, make(read(value)?))),
        None => drop(map.remove(&key)),
    }
    Ok(())
}
