use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use segops_model::{Instant, Position, Value};

/// A profile's traits as they stand: for each, the set or unset with the greatest (`ts`, position). An unset
/// is kept as null, so that a later arrival with an earlier time does not bring the value back.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Traits(Vec<Trait>);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trait {
    pub name: CompactString,
    pub value: Value,
    pub ts: Instant,
    pub position: Position,
}

impl Traits {
    /// Sets (or, with null, unsets) a trait. True if the value in force has changed.
    pub fn set(&mut self, new: Trait) -> bool {
        match self.0.iter_mut().find(|old| old.name == new.name) {
            Some(old) if (old.ts, old.position) < (new.ts, new.position) => {
                let changed = old.value != new.value;
                *old = new;
                changed
            }
            Some(_) => false,
            None => {
                let changed = new.value != Value::Null;
                self.0.push(new);
                changed
            }
        }
    }

    /// The value in force; `None` where the trait is unset or was never set.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0
            .iter()
            .find(|held| held.name == name)
            .map(|held| &held.value)
            .filter(|value| **value != Value::Null)
    }

    /// Every trait in force.
    pub fn iter(&self) -> impl Iterator<Item = &Trait> {
        self.0.iter().filter(|held| held.value != Value::Null)
    }

    /// Takes over another profile's traits, the newest of each name winning.
    pub fn absorb(&mut self, other: Self) {
        for held in other.0 {
            self.set(held);
        }
    }
}
