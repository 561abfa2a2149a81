//! The fold's state: keyed records, one keyspace for each kind, and what is derived from them.
//!
//! Whatever here is not marked as derived is a function of the journal alone. Derived indexes are kept
//! beside the records that they are made from, and changed with them, never by themselves.

mod catalogue;
mod hash;
mod lifecycle;
mod merges;
mod product_events;
mod profile;
mod profile_records;
mod recorded;
mod segments;
mod traits;

use std::collections::{BTreeMap, BTreeSet};

use roaring::RoaringTreemap;
use rustc_hash::FxHashMap;

use segops_identity::{Duplicates, IdentityView, Separations};
use segops_model::{Identifier, Instant, Position, ProfileId, SegmentId, SignalId, SourceId, SplitId};
use segops_segment::{OrderFacts, OrderKey, Products, RankingKey, RankingThreshold, Timeline};
use segops_store::{Keyspace, MemoryKeyspace};

pub use catalogue::{Catalogue, EventEntry, Properties, PropertyEntry};
pub use lifecycle::{
    DetailsChange, Lifecycle, SegmentChange, SegmentChangeKind, SegmentDetails, folder_path,
};
pub use merges::{GatheredRow, Merge};
pub use product_events::ProductEvents;
pub(crate) use product_events::without_person;
pub use profile::{Membership, ProfileRecord, Standing, Standings};
pub use profile_records::ProfileRecords;
pub use recorded::{RecordKey, Records};
pub use segments::{NewVersion, Pending, SegmentState, Started, Touched, VersionState};
pub use traits::{Trait, Traits};

use segops_rules::{Resolved, Rule, references};

use crate::command::Refusal;
use crate::settings::Settings;
use crate::view::{Import, Source};

/// A keyspace of the state. The one place that says what holds it.
pub type Space<K, V> = MemoryKeyspace<K, V>;

#[derive(Debug)]
pub struct State {
    /// The next position to apply.
    pub position: Position,
    /// The newest frame's instant.
    pub instant: Instant,
    pub settings: Settings,
    pub sources: BTreeMap<SourceId, Source>,
    pub imports: BTreeMap<String, Import>,
    pub segments: BTreeMap<SegmentId, SegmentState>,
    pub catalogue: Catalogue,
    pub products: Products,
    pub product_events: ProductEvents,
    pub duplicates: Duplicates,
    pub tallies: Tallies,
    /// Splits, bars, and who was deleted.
    pub separations: Separations,
    /// Rows that have come in for a profile since the reading for its split began.
    pub split_rows: BTreeMap<SplitId, Vec<GatheredRow>>,
    /// Of each ranking, what was found when it was taken last.
    pub thresholds: BTreeMap<RankingKey, RankingThreshold>,

    /// Which profile an identifier points at; always a surviving one.
    pub identifiers: Space<Identifier, ProfileId>,
    /// Ids of merged profiles, and the survivor that answers for each.
    pub aliases: Space<ProfileId, ProfileId>,
    pub profiles: Space<ProfileId, ProfileRecord>,
    /// The merges that made each profile, oldest first.
    pub merges: Space<ProfileId, Vec<Merge>>,
    pub traits: Space<ProfileId, Traits>,
    pub timelines: Space<(ProfileId, SignalId), Timeline>,
    pub order_keys: Space<ProfileId, Vec<OrderKey>>,
    pub orders: Space<(ProfileId, OrderKey), OrderFacts>,
    pub standings: Space<ProfileId, Standings>,
    pub records: Records,

    /// Derived from `standings`: each profile's earliest due instant.
    pub timers: BTreeSet<(Instant, ProfileId)>,
    /// Derived from `standings`: each segment's members.
    pub members: FxHashMap<SegmentId, RoaringTreemap>,
    /// Derived from `profiles`.
    pub groups: ProfileGroups,
}

/// Sets of profiles that counts are split by. Derived from the profile records.
#[derive(Debug, Clone, Default)]
pub struct ProfileGroups {
    pub all: RoaringTreemap,
    pub identified: RoaringTreemap,
    pub reachable_email: RoaringTreemap,
    pub reachable_sms: RoaringTreemap,
}

/// Running numbers for the status page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Tallies {
    pub events: u64,
    pub duplicates: u64,
    pub merges: u64,
    pub splits: u64,
    pub deletions: u64,
    pub transitions: u64,
    /// Events that the fold itself turned away: no usable identifier.
    pub rejected: u64,
    /// Events from before the deletion of the person they are of.
    pub deleted_arrivals: u64,
}

impl State {
    #[must_use]
    pub fn new() -> Self {
        let settings = Settings::default();
        Self {
            position: Position(0),
            instant: Instant::MIN,
            duplicates: Duplicates::new(settings.identity.duplicate_window_ms),
            settings,
            sources: BTreeMap::new(),
            imports: BTreeMap::new(),
            segments: BTreeMap::new(),
            catalogue: Catalogue::default(),
            products: Products::default(),
            product_events: ProductEvents::default(),
            tallies: Tallies::default(),
            separations: Separations::default(),
            split_rows: BTreeMap::new(),
            thresholds: BTreeMap::new(),
            identifiers: Space::new(),
            aliases: Space::new(),
            profiles: Space::new(),
            merges: Space::new(),
            traits: Space::new(),
            timelines: Space::new(),
            order_keys: Space::new(),
            orders: Space::new(),
            standings: Space::new(),
            records: Records::default(),
            timers: BTreeSet::new(),
            members: FxHashMap::default(),
            groups: ProfileGroups::default(),
        }
    }

    /// The surviving profile that an id stands for now.
    #[must_use]
    pub fn canonical(&self, profile: ProfileId) -> ProfileId {
        self.aliases.get(&profile).copied().unwrap_or(profile)
    }

    /// The surviving profile that an id stands for.
    ///
    /// # Errors
    /// There is none, or none any more.
    pub fn existing(&self, profile: ProfileId) -> Result<ProfileId, Refusal> {
        let canonical = self.canonical(profile);
        self.profiles.get(&canonical).map(|_| canonical).ok_or(Refusal::NoProfile(profile))
    }

    /// Writes a profile's standings, and its timer.
    pub fn put_standings(&mut self, profile: ProfileId, standings: Standings) {
        self.change_standings(profile, |held| *held = standings);
    }

    /// Changes a profile's standings in place, and its timer.
    pub fn change_standings(&mut self, profile: ProfileId, change: impl FnOnce(&mut Standings)) {
        let standings = self.standings.get_mut_or_insert_with(&profile, Standings::default);
        let before = standings.earliest();
        change(standings);
        let after = standings.earliest();
        if standings.is_empty() {
            self.standings.remove(&profile);
        }
        if before == after {
            return;
        }
        if let Some(due) = before {
            self.timers.remove(&(due, profile));
        }
        if let Some(due) = after {
            self.timers.insert((due, profile));
        }
    }

    /// Brings the groups that counts are split by in line with a profile's record.
    pub fn regroup(&mut self, profile: ProfileId) {
        let record = self.profiles.get(&profile);
        let reach = record.map(ProfileRecord::reach).unwrap_or_default();
        let identified = record.is_some_and(ProfileRecord::is_identified);
        let exists = record.is_some_and(|record| record.rows > 0);
        let put = |group: &mut RoaringTreemap, belongs: bool| {
            if belongs {
                group.insert(profile.0);
            } else {
                group.remove(profile.0);
            }
        };
        put(&mut self.groups.all, exists);
        put(&mut self.groups.identified, identified);
        put(&mut self.groups.reachable_email, reach.email);
        put(&mut self.groups.reachable_sms, reach.sms);
    }

    /// The segment with this id, or with this name.
    #[must_use]
    pub fn find_segment(&self, name_or_id: &str) -> Option<&SegmentState> {
        if let Some(segment) = name_or_id.parse().ok().and_then(|id: SegmentId| self.segments.get(&id)) {
            return Some(segment);
        }
        self.segments.values().find(|segment| segops_model::same_text(&segment.name, name_or_id))
    }

    /// A rule names no segment whose members are held, since what it would read is of another time than the
    /// rest, and no draft or archived one, since nobody is in those.
    ///
    /// # Errors
    /// The first such segment.
    pub fn check_all_live(&self, rule: &Rule<Resolved>) -> Result<(), Refusal> {
        for segment in references(rule).segments.iter().filter_map(|id| self.segments.get(id)) {
            if segment.lifecycle != Lifecycle::Live {
                return Err(Refusal::NotLive(segment.name.clone(), segment.lifecycle));
            }
            if segment.paused {
                return Err(Refusal::Paused(segment.name.clone()));
            }
        }
        Ok(())
    }

    /// The source with this id, or with this name.
    #[must_use]
    pub fn find_source(&self, name_or_id: &str) -> Option<&Source> {
        if let Some(source) = name_or_id.parse().ok().and_then(|id: SourceId| self.sources.get(&id)) {
            return Some(source);
        }
        self.sources.values().find(|source| segops_model::same_text(&source.name, name_or_id))
    }
}

impl Default for State {
    fn default() -> Self {
        Self::new()
    }
}

impl IdentityView for State {
    fn profile_of(&self, identifier: &Identifier) -> Option<ProfileId> {
        self.identifiers.get(identifier).copied()
    }

    fn identifiers_of(&self, profile: ProfileId) -> &[Identifier] {
        self.profiles.get(&profile).map_or(&[], |record| record.identifiers.as_slice())
    }

    fn separations(&self) -> &Separations {
        &self.separations
    }
}
