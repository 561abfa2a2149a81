//! The one list of what the state keeps of a profile. Merges, splits, deletions and the state's hash work
//! through it, and every pattern names every field: a keyspace that is added to the state does not compile
//! until it is said here what becomes of it.

use segops_model::{Identifier, ProfileId, SignalId};
use segops_segment::{OrderFacts, OrderKey, Timeline};
use segops_store::Keyspace;

use super::{Merge, ProfileRecord, Records, Space, Standings, State, Traits};

/// The keyspaces that hold something of a single profile.
#[derive(Debug)]
pub struct ProfileRecords<'a> {
    pub identifiers: &'a mut Space<Identifier, ProfileId>,
    pub aliases: &'a mut Space<ProfileId, ProfileId>,
    pub profiles: &'a mut Space<ProfileId, ProfileRecord>,
    pub merges: &'a mut Space<ProfileId, Vec<Merge>>,
    pub traits: &'a mut Space<ProfileId, Traits>,
    pub timelines: &'a mut Space<(ProfileId, SignalId), Timeline>,
    pub order_keys: &'a mut Space<ProfileId, Vec<OrderKey>>,
    pub orders: &'a mut Space<(ProfileId, OrderKey), OrderFacts>,
    pub standings: &'a mut Space<ProfileId, Standings>,
    pub records: &'a mut Records,
}

impl State {
    /// What is kept of profiles. A new field of the state goes into the list, or among those that are of no
    /// single profile.
    pub fn profile_records(&mut self) -> ProfileRecords<'_> {
        let Self {
            position: _,
            instant: _,
            settings: _,
            thresholds: _,
            sources: _,
            imports: _,
            segments: _,
            catalogue: _,
            products: _,
            // Under positions: a split moves each with its row, a deletion lets go of them by itself.
            product_events: _,
            duplicates: _,
            tallies: _,
            // Says of itself which profiles it names; see `Separations::forget`.
            separations: _,
            // Of splits, and gone with them.
            split_rows: _,
            identifiers,
            aliases,
            profiles,
            merges,
            traits,
            timelines,
            order_keys,
            orders,
            standings,
            records,
            timers: _,
            members: _,
            groups: _,
        } = self;
        ProfileRecords {
            identifiers,
            aliases,
            profiles,
            merges,
            traits,
            timelines,
            order_keys,
            orders,
            standings,
            records,
        }
    }
}

impl ProfileRecords<'_> {
    /// Takes out what a profile's rows have made, so that it can be made anew from rows. Who it is stays, and so
    /// do its standings, against which the new ones are decided.
    pub fn forget_rows(&mut self, profile: ProfileId, signals: &[SignalId]) {
        let Self {
            identifiers: _,
            aliases: _,
            profiles,
            merges: _,
            traits,
            timelines,
            order_keys,
            orders,
            standings: _,
            // What was so before does not depend on the rows of now.
            records: _,
        } = self;
        if let Some(record) = profiles.get_mut(&profile) {
            record.forget_rows();
        }
        traits.remove(&profile);
        for signal in signals {
            timelines.remove(&(profile, *signal));
        }
        for key in order_keys.remove(&profile).unwrap_or_default() {
            orders.remove(&(profile, key));
        }
    }

    /// Takes everything out. The standings are the caller's to take out before, with the profile's timer.
    pub fn remove(&mut self, profile: ProfileId, signals: &[SignalId]) -> Option<ProfileRecord> {
        self.forget_rows(profile, signals);
        let Self {
            identifiers,
            aliases,
            profiles,
            merges,
            traits: _,
            timelines: _,
            order_keys: _,
            orders: _,
            standings,
            records,
        } = self;
        let record = profiles.remove(&profile)?;
        for identifier in &record.identifiers {
            identifiers.remove(identifier);
        }
        for (alias, _) in &record.absorbed {
            aliases.remove(alias);
        }
        merges.remove(&profile);
        standings.remove(&profile);
        records.forget_profile(profile);
        Some(record)
    }
}
