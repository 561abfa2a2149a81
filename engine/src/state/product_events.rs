use std::collections::{BTreeMap, BTreeSet};

use segops_model::{Event, Object, Position, ProfileId};
use segops_segment::ProductKey;

/// Events whose matches can change with the catalogue, and the products that they name: what a change of a
/// product is matched against. Only what some live rule's filter reads of products is kept.
#[derive(Debug, Clone, Default)]
pub struct ProductEvents {
    /// Under the profile that each had when it came in.
    events: BTreeMap<Position, (ProfileId, Event)>,
    /// Derived: which events name a product.
    by_key: BTreeMap<ProductKey, BTreeSet<Position>>,
}

impl ProductEvents {
    /// Keeps an event, without what identity has made use of; one that is kept is moved to the profile.
    pub fn keep(&mut self, profile: ProfileId, event: &Event, position: Position) {
        if let Some((held, _)) = self.events.get_mut(&position) {
            *held = profile;
            return;
        }
        for key in ProductKey::of_event(event) {
            self.by_key.entry(key).or_default().insert(position);
        }
        self.events.insert(position, (profile, without_person(event)));
    }

    #[must_use]
    pub fn get(&self, position: Position) -> Option<&(ProfileId, Event)> {
        self.events.get(&position)
    }

    /// The events that name any of several products, in the order of the journal.
    #[must_use]
    pub fn naming(&self, keys: &BTreeSet<ProductKey>) -> BTreeSet<Position> {
        keys.iter().filter_map(|key| self.by_key.get(key)).flatten().copied().collect()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Position, &(ProfileId, Event))> {
        self.events.iter()
    }

    /// Lets go of the events of profiles.
    pub fn forget(&mut self, is_of: impl Fn(ProfileId) -> bool) {
        let gone: Vec<Position> =
            self.events.iter().filter(|(_, (held, _))| is_of(*held)).map(|(position, _)| *position).collect();
        for position in gone {
            let Some((_, event)) = self.events.remove(&position) else { continue };
            for key in ProductKey::of_event(&event) {
                if let Some(positions) = self.by_key.get_mut(&key) {
                    positions.remove(&position);
                }
            }
        }
        self.by_key.retain(|_, positions| !positions.is_empty());
    }

    pub fn clear(&mut self) {
        self.events.clear();
        self.by_key.clear();
    }
}

/// What of an event a filter can read.
pub(crate) fn without_person(event: &Event) -> Event {
    Event { identifiers: Vec::new(), traits: Object::new(), group_traits: Object::new(), ..event.clone() }
}
