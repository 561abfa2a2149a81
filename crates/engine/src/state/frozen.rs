//! The state at one instant, and what of it has changed since an instant before: what a checkpoint is made of.
//!
//! Taking it is what the fold waits for, so that nothing here grows with how many profiles there are: keyspaces are
//! frozen, long records are shared, and only what is small is copied.

use std::collections::BTreeMap;
use std::sync::Arc;

use compact_str::CompactString;

use segops_identity::{SeenChunks, Separations};
use segops_model::{
    AlarmId, ComputedTraitId, DerivedEventId, Event, Identifier, Instant, ListId, Position, ProfileId,
    ResultId, SegmentId, SignalId, SourceId, SplitId,
};
use segops_segment::{
    ConsentHistory, DerivedFacts, OrderFacts, OrderKey, Products, ProductsChanged, RankingKey,
    RankingThreshold, RecordedTransitions, Timeline,
};
use segops_store::ChangedKeyspace;

use super::{
    AlarmState, ComputedTraitState, DerivedEventState, EventEntry, GatheredRow, HeldScore, ListState, Merge,
    ProfileRecord, Properties, RecordKey, ResultState, SegmentState, Standings, State, Tallies, Traits,
};
use crate::consent::ConsentKey;
use crate::lists::ListBook;
use crate::result_book::ResultBook;
use crate::score_batch::KnownScores;
use crate::settings::Settings;
use crate::view::{Import, Source};

/// Everything that is a function of the journal. Of keyspaces, products and seen ids it has what was written since it
/// was taken last, or all.
#[derive(Debug)]
pub(crate) struct FrozenState {
    pub(crate) is_whole: bool,
    pub(crate) position: Position,
    pub(crate) instant: Instant,
    pub(crate) settings: Settings,
    pub(crate) sources: BTreeMap<SourceId, Source>,
    pub(crate) imports: BTreeMap<String, Import>,
    pub(crate) segments: BTreeMap<SegmentId, SegmentState>,
    pub(crate) computed_traits: BTreeMap<ComputedTraitId, ComputedTraitState>,
    pub(crate) derived_events: BTreeMap<DerivedEventId, DerivedEventState>,
    pub(crate) known_traits: Arc<Properties>,
    pub(crate) events_left_out: u64,
    pub(crate) tallies: Tallies,
    pub(crate) separations: Separations,
    pub(crate) split_rows: BTreeMap<SplitId, Vec<Arc<GatheredRow>>>,
    pub(crate) known_scores: KnownScores,
    pub(crate) thresholds: BTreeMap<RankingKey, RankingThreshold>,
    pub(crate) consent_files: BTreeMap<String, Instant>,
    pub(crate) lists: BTreeMap<ListId, ListState>,
    pub(crate) list_book: Arc<ListBook>,
    pub(crate) results: BTreeMap<ResultId, ResultState>,
    pub(crate) result_book: Arc<ResultBook>,
    pub(crate) alarms: BTreeMap<AlarmId, AlarmState>,
    pub(crate) duplicate_window_ms: i64,
    pub(crate) seen: SeenChunks,
    pub(crate) products: ProductsChanged,
    pub(crate) known_events: ChangedKeyspace<CompactString, EventEntry>,
    pub(crate) product_events: ChangedKeyspace<Position, (ProfileId, Event)>,
    pub(crate) identifiers: ChangedKeyspace<Identifier, ProfileId>,
    pub(crate) aliases: ChangedKeyspace<ProfileId, ProfileId>,
    pub(crate) profiles: ChangedKeyspace<ProfileId, ProfileRecord>,
    pub(crate) merges: ChangedKeyspace<ProfileId, Vec<Merge>>,
    pub(crate) traits: ChangedKeyspace<ProfileId, Traits>,
    pub(crate) timelines: ChangedKeyspace<(ProfileId, SignalId), Timeline>,
    pub(crate) derived: ChangedKeyspace<(ProfileId, SignalId), DerivedFacts>,
    pub(crate) order_keys: ChangedKeyspace<ProfileId, Vec<OrderKey>>,
    pub(crate) orders: ChangedKeyspace<(ProfileId, OrderKey), OrderFacts>,
    pub(crate) scores: ChangedKeyspace<ProfileId, Vec<HeldScore>>,
    pub(crate) standings: ChangedKeyspace<ProfileId, Standings>,
    pub(crate) records: ChangedKeyspace<RecordKey, RecordedTransitions>,
    pub(crate) consents: ChangedKeyspace<ConsentKey, ConsentHistory>,
}

/// A catalogue that someone shares is not copied where nothing of it has changed.
fn changes_of(products: &mut Arc<Products>, whole: bool) -> ProductsChanged {
    let changed = products.changes(whole);
    if products.is_unseen() {
        Arc::make_mut(products).take_as_seen();
    }
    changed
}

impl State {
    /// The state as it is now, with what was written since the call before, or all of it.
    pub(crate) fn take_changes(&mut self, whole: bool) -> FrozenState {
        // Every field by its name: a new one does not compile until it is said here how it is kept.
        let Self {
            position,
            instant,
            settings,
            sources,
            imports,
            segments,
            computed_traits,
            derived_events,
            catalogue,
            products,
            product_events,
            duplicates,
            tallies,
            separations,
            split_rows,
            known_scores,
            thresholds,
            identifiers,
            aliases,
            profiles,
            merges,
            traits,
            timelines,
            derived,
            order_keys,
            orders,
            scores,
            standings,
            records,
            consents,
            consent_files,
            lists,
            list_book,
            results,
            result_book,
            alarms,
            // Derived, and made anew: see `State::derive`.
            timers: _,
            members: _,
            groups: _,
            search: _,
        } = self;
        FrozenState {
            is_whole: whole,
            position: *position,
            instant: *instant,
            settings: settings.clone(),
            sources: sources.clone(),
            imports: imports.clone(),
            segments: segments.clone(),
            computed_traits: computed_traits.clone(),
            derived_events: derived_events.clone(),
            known_traits: Arc::clone(&catalogue.traits),
            events_left_out: catalogue.left_out,
            tallies: *tallies,
            separations: separations.clone(),
            split_rows: split_rows.clone(),
            known_scores: known_scores.clone(),
            thresholds: thresholds.clone(),
            consent_files: consent_files.clone(),
            lists: lists.clone(),
            list_book: Arc::clone(list_book),
            results: results.clone(),
            result_book: Arc::clone(result_book),
            alarms: alarms.clone(),
            duplicate_window_ms: duplicates.window_ms(),
            seen: duplicates.take_changes(whole),
            products: changes_of(products, whole),
            known_events: catalogue.events.take_changes(whole),
            product_events: product_events.take_changes(whole),
            identifiers: identifiers.take_changes(whole),
            aliases: aliases.take_changes(whole),
            profiles: profiles.take_changes(whole),
            merges: merges.take_changes(whole),
            traits: traits.take_changes(whole),
            timelines: timelines.take_changes(whole),
            derived: derived.take_changes(whole),
            order_keys: order_keys.take_changes(whole),
            orders: orders.take_changes(whole),
            scores: scores.take_changes(whole),
            standings: standings.take_changes(whole),
            records: records.take_changes(whole),
            consents: consents.take_changes(whole),
        }
    }

    /// From here on what is written is noted: what there is now is what changes build on. Seen ids and products that
    /// were put together from what was stored know by themselves.
    pub(crate) fn note_changes(&mut self) {
        self.catalogue.events.note_changes();
        self.product_events.note_changes();
        self.identifiers.note_changes();
        self.aliases.note_changes();
        self.profiles.note_changes();
        self.merges.note_changes();
        self.traits.note_changes();
        self.timelines.note_changes();
        self.derived.note_changes();
        self.order_keys.note_changes();
        self.orders.note_changes();
        self.scores.note_changes();
        self.standings.note_changes();
        self.records.note_changes();
        self.consents.note_changes();
    }

    /// Makes everything that is derived from records anew.
    pub(crate) fn derive(&mut self) {
        use segops_store::Keyspace;
        self.timers.clear();
        self.members.clear();
        for (profile, standings) in self.standings.iter() {
            self.timers.extend(standings.earliest().map(|due| (due, *profile)));
            for standing in standings.iter().filter(|standing| standing.membership.is_some()) {
                self.members.entry(standing.segment).or_default().insert(profile.0);
            }
        }
        self.groups = super::ProfileGroups::default();
        let mut profiles: Vec<ProfileId> = self.profiles.iter().map(|(profile, _)| *profile).collect();
        // In this order a set only ever grows at its end.
        profiles.sort_unstable();
        for profile in profiles {
            self.regroup(profile);
        }
        self.search = self.search_made_anew();
    }
}
