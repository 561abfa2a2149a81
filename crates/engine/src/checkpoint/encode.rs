use std::collections::BTreeMap;
use std::hash::Hash;

use serde::Serialize;
use xxhash_rust::xxh3::xxh3_128;

use segops_model::{ListId, ResultId, Transition, TransitionId};
use segops_store::{ChangedKeyspace, CheckpointWriter, StoreError};

use super::{Kind, Meta, transition_record};
use crate::artefact::not_encoded;
use crate::fold::FrozenFold;

/// Entries of an uploaded list in one record.
const LIST_PAGE_ENTRIES: usize = 4_096;
/// Ids that a recorded result names, in one record.
const RESULT_PAGE_IDS: usize = 65_536;
/// Bytes that a record is first given room for.
const ROOM_BYTES: usize = 64 * 1024;

/// What of the small records, and of uploaded lists, the newest checkpoint holds: what is the same is not written again.
#[derive(Debug, Clone, Default)]
pub(crate) struct CheckpointSaved {
    /// Hashes of records, by kind and key.
    pub(super) small: BTreeMap<(Kind, Vec<u8>), u128>,
    /// How often each list had changed, and in how many records it is.
    pub(super) lists: BTreeMap<ListId, (u64, u32)>,
    /// The same of recorded results.
    pub(super) results: BTreeMap<ResultId, (u64, u32)>,
}

/// What tests leave out of checkpoints, to see that it is missed.
#[cfg(test)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlantedOmission {
    /// Records of a kind are not written.
    Kind(Kind),
    /// That records of a kind were removed is not written.
    Removals(Kind),
}

/// What is to be written beside the state.
#[derive(Debug)]
pub(crate) struct Beside {
    /// Transitions that happened since the checkpoint before.
    pub(crate) transitions: Vec<Transition>,
    pub(crate) forgotten: Option<TransitionId>,
    #[cfg(test)]
    pub(crate) planted: Option<PlantedOmission>,
}

/// Writes a state, or what of it has changed since another; what the checkpoint holds then.
///
/// # Errors
/// The file cannot be written, or a record is too long.
pub(crate) fn encode(
    frozen: &FrozenFold,
    beside: &Beside,
    before: &CheckpointSaved,
    writer: &mut CheckpointWriter,
) -> Result<CheckpointSaved, StoreError> {
    let is_whole = frozen.state.is_whole;
    let nothing = CheckpointSaved::default();
    let before = if is_whole { &nothing } else { before };
    let mut encoder = Encoder {
        writer,
        before,
        saved: CheckpointSaved::default(),
        key: vec![0; ROOM_BYTES],
        value: vec![0; ROOM_BYTES],
        #[cfg(test)]
        planted: beside.planted,
    };
    encoder.small_records(frozen, beside.forgotten)?;
    encoder.lists(frozen)?;
    encoder.results(frozen)?;
    encoder.forget_small()?;
    encoder.keyspaces(frozen)?;
    encoder.products(frozen)?;
    encoder.seen(frozen)?;
    for transition in &beside.transitions {
        let (key, value) = transition_record(transition);
        encoder.record(Kind::Transition, &key, Some(&value))?;
    }
    Ok(encoder.saved)
}

struct Encoder<'a> {
    writer: &'a mut CheckpointWriter,
    before: &'a CheckpointSaved,
    saved: CheckpointSaved,
    /// Room that records are encoded in.
    key: Vec<u8>,
    value: Vec<u8>,
    #[cfg(test)]
    planted: Option<PlantedOmission>,
}

impl Encoder<'_> {
    fn small_records(
        &mut self,
        frozen: &FrozenFold,
        transitions_forgotten: Option<TransitionId>,
    ) -> Result<(), StoreError> {
        let state = &frozen.state;
        let meta = Meta {
            position: state.position,
            instant: state.instant,
            tallies: state.tallies,
            events_left_out: state.events_left_out,
            duplicate_window_ms: state.duplicate_window_ms,
            seen_first: state.seen.first,
            seen_past: state.seen.past,
            transitions_forgotten,
        };
        self.small(Kind::Meta, &(), &meta)?;
        self.small(Kind::Settings, &(), &state.settings)?;
        for (id, source) in &state.sources {
            self.small(Kind::Source, id, source)?;
        }
        for (hash, import) in &state.imports {
            self.small(Kind::Import, hash, import)?;
        }
        for (id, segment) in &state.segments {
            self.small(Kind::Segment, id, segment)?;
        }
        for (id, computed) in &state.computed_traits {
            self.small(Kind::ComputedTrait, id, computed)?;
        }
        for (id, made) in &state.derived_events {
            self.small(Kind::DerivedEvent, id, made)?;
        }
        self.small(Kind::KnownScores, &(), &state.known_scores)?;
        for (key, threshold) in &state.thresholds {
            self.small(Kind::Threshold, key, &(key, threshold))?;
        }
        for (hash, first_at) in &state.consent_files {
            self.small(Kind::ConsentFile, hash, &(hash, first_at))?;
        }
        for (id, list) in &state.lists {
            self.small(Kind::List, id, list)?;
        }
        for (id, result) in &state.results {
            self.small(Kind::Result, id, result)?;
        }
        for (id, alarm) in &state.alarms {
            self.small(Kind::Alarm, id, alarm)?;
        }
        self.small(Kind::Separations, &(), &state.separations)?;
        for (split, rows) in &state.split_rows {
            let rows: Vec<_> = rows.iter().map(std::convert::AsRef::as_ref).collect();
            self.small(Kind::SplitRows, split, &(split, rows))?;
        }
        self.small(Kind::KnownTraits, &(), state.known_traits.as_ref())?;
        self.small(Kind::Programs, &(), &frozen.programs)?;
        self.small(Kind::Signals, &(), &frozen.signals)?;
        self.small(Kind::ProductFields, &(), &state.products.fields)
    }

    /// Pages of each list that has changed.
    fn lists(&mut self, frozen: &FrozenFold) -> Result<(), StoreError> {
        for (list, changes, entries) in frozen.state.list_book.with_changes() {
            let before = self.before.lists.get(&list).copied();
            if let Some((_, pages)) = before.filter(|(known, _)| *known == changes) {
                self.saved.lists.insert(list, (changes, pages));
                continue;
            }
            let entries: Vec<_> = entries.iter().collect();
            let mut pages = 0;
            for page in entries.chunks(LIST_PAGE_ENTRIES) {
                self.record(Kind::ListEntries, &(list, pages), Some(&page))?;
                pages += 1;
            }
            for page in pages..before.map_or(0, |(_, pages)| pages) {
                self.removed(Kind::ListEntries, &(list, page))?;
            }
            self.saved.lists.insert(list, (changes, pages));
        }
        for (list, (_, pages)) in &self.before.lists {
            if !self.saved.lists.contains_key(list) {
                for page in 0..*pages {
                    self.removed(Kind::ListEntries, &(*list, page))?;
                }
            }
        }
        Ok(())
    }

    /// Pages of whom each recorded result names, where that has changed.
    fn results(&mut self, frozen: &FrozenFold) -> Result<(), StoreError> {
        for (result, changes, ids) in frozen.state.result_book.with_changes() {
            let before = self.before.results.get(&result).copied();
            if let Some((_, pages)) = before.filter(|(known, _)| *known == changes) {
                self.saved.results.insert(result, (changes, pages));
                continue;
            }
            let ids: Vec<u64> = ids.iter().collect();
            let mut pages = 0;
            for page in ids.chunks(RESULT_PAGE_IDS) {
                self.record(Kind::ResultMembers, &(result, pages), Some(page))?;
                pages += 1;
            }
            for page in pages..before.map_or(0, |(_, pages)| pages) {
                self.removed(Kind::ResultMembers, &(result, page))?;
            }
            self.saved.results.insert(result, (changes, pages));
        }
        for (result, (_, pages)) in &self.before.results {
            if !self.saved.results.contains_key(result) {
                for page in 0..*pages {
                    self.removed(Kind::ResultMembers, &(*result, page))?;
                }
            }
        }
        Ok(())
    }

    fn keyspaces(&mut self, frozen: &FrozenFold) -> Result<(), StoreError> {
        let state = &frozen.state;
        self.space(Kind::KnownEvent, &state.known_events)?;
        self.space(Kind::ProductEvent, &state.product_events)?;
        self.space(Kind::Identifier, &state.identifiers)?;
        self.space(Kind::Alias, &state.aliases)?;
        self.space(Kind::Profile, &state.profiles)?;
        self.space(Kind::Merges, &state.merges)?;
        self.space(Kind::Traits, &state.traits)?;
        self.space(Kind::Timeline, &state.timelines)?;
        self.space(Kind::Derived, &state.derived)?;
        self.space(Kind::OrderKeys, &state.order_keys)?;
        self.space(Kind::Order, &state.orders)?;
        self.space(Kind::Scores, &state.scores)?;
        self.space(Kind::Standings, &state.standings)?;
        self.space(Kind::Recorded, &state.records)?;
        self.space(Kind::Consent, &state.consents)
    }

    fn products(&mut self, frozen: &FrozenFold) -> Result<(), StoreError> {
        for (id, versions) in &frozen.state.products.products {
            self.record(Kind::Product, id, Some(versions.as_slice()))?;
        }
        for (key, ids) in &frozen.state.products.keys {
            self.record(Kind::ProductKey, key, Some(ids))?;
        }
        Ok(())
    }

    fn seen(&mut self, frozen: &FrozenFold) -> Result<(), StoreError> {
        let seen = &frozen.state.seen;
        for (number, chunk) in &seen.chunks {
            self.record(Kind::Seen, number, Some(chunk.as_slice()))?;
        }
        if !frozen.state.is_whole {
            for number in seen.gone.clone() {
                self.removed(Kind::Seen, &number)?;
            }
        }
        Ok(())
    }

    fn space<K: Serialize + Eq + Hash + Clone, V: Serialize>(
        &mut self,
        kind: Kind,
        changed: &ChangedKeyspace<K, V>,
    ) -> Result<(), StoreError> {
        changed.iter().try_for_each(|(key, value)| self.record(kind, key, value))
    }

    /// A record in JSON, if it is not what was written before.
    fn small(&mut self, kind: Kind, key: &impl Serialize, value: &impl Serialize) -> Result<(), StoreError> {
        let bytes = serde_json::to_vec(value).map_err(|error| not_encoded("record", error))?;
        let key_bytes = encode_in(key, &mut self.key)?;
        let key = self.key.get(..key_bytes).unwrap_or_default().to_vec();
        let hash = xxh3_128(&bytes);
        let name = (kind, key);
        let is_known = self.before.small.get(&name) == Some(&hash);
        if !is_known && !self.omits(kind, false) {
            self.writer.push((kind.code(), kind.version()), &name.1, Some(&bytes))?;
        }
        self.saved.small.insert(name, hash);
        Ok(())
    }

    /// Says of the small records that are no more that they are not.
    fn forget_small(&mut self) -> Result<(), StoreError> {
        let saved = &self.saved.small;
        let gone = self.before.small.keys().filter(|name| !saved.contains_key(*name));
        for (kind, key) in gone {
            if !self.omits(*kind, true) {
                self.writer.push((kind.code(), kind.version()), key, None)?;
            }
        }
        Ok(())
    }

    fn record<V: Serialize + ?Sized>(
        &mut self,
        kind: Kind,
        key: &impl Serialize,
        value: Option<&V>,
    ) -> Result<(), StoreError> {
        if self.omits(kind, value.is_none()) {
            return Ok(());
        }
        let key_bytes = encode_in(key, &mut self.key)?;
        let value_bytes = value.map(|value| encode_in(value, &mut self.value)).transpose()?;
        let key = self.key.get(..key_bytes).unwrap_or_default();
        let value = value_bytes.map(|bytes| self.value.get(..bytes).unwrap_or_default());
        self.writer.push((kind.code(), kind.version()), key, value)
    }

    fn removed(&mut self, kind: Kind, key: &impl Serialize) -> Result<(), StoreError> {
        self.record::<()>(kind, key, None)
    }

    /// Whether a test has this left out.
    #[cfg(test)]
    fn omits(&self, kind: Kind, is_removal: bool) -> bool {
        match self.planted {
            None => false,
            Some(PlantedOmission::Kind(omitted)) => omitted == kind,
            Some(PlantedOmission::Removals(omitted)) => omitted == kind && is_removal,
        }
    }

    #[cfg(not(test))]
    #[expect(clippy::unused_self, reason = "with tests it asks what was planted")]
    const fn omits(&self, _: Kind, _: bool) -> bool {
        false
    }
}

/// Encodes a value at the start of some room, which grows where it must; how many bytes it takes.
fn encode_in(value: &(impl Serialize + ?Sized), room: &mut Vec<u8>) -> Result<usize, StoreError> {
    loop {
        match postcard::to_slice(value, room) {
            Ok(bytes) => return Ok(bytes.len()),
            Err(postcard::Error::SerializeBufferFull) => {
                let larger = room.len().max(ROOM_BYTES / 2) * 2;
                room.resize(larger, 0);
            }
            Err(error) => return Err(not_encoded("record", error)),
        }
    }
}
