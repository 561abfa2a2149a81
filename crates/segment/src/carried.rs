//! What answers about long histories have found out, carried from one answer to the next, so that an event of a profile
//! with a million costs what it costs of any other.
//!
//! It is never the truth. What is carried is taken up only where timelines have merely grown at their newer end and
//! windows have merely moved on; otherwise an answer reads what it needs anew.

#[cfg(test)]
pub(crate) mod tests;

use std::fmt;
use std::sync::{Mutex, PoisonError};

use rustc_hash::FxHashMap;

use segops_model::{ProfileId, SignalId};

use crate::active::CarriedDays;
use crate::aggregate::CarriedTally;
use crate::cadence::CarriedGaps;
use crate::sequence::CarriedSearch;

/// Entries of a timeline from which on an answer is worth carrying.
pub const CARRIED_FROM: usize = 512;
/// Values and entries that are carried in all, of each kind of answer; past it what has not been used for longest goes.
pub const CARRIED_VALUES_MAX: usize = 4_000_000;

/// A profile, and a signal that the answer is about.
pub(crate) type Key = (ProfileId, SignalId);

/// What is carried for all profiles.
pub struct Carried {
    from: usize,
    pub(crate) tallies: Shelf<CarriedTally>,
    pub(crate) gaps: Shelf<CarriedGaps>,
    pub(crate) days: Shelf<CarriedDays>,
    pub(crate) searches: Shelf<CarriedSearch>,
}

impl Default for Carried {
    fn default() -> Self {
        Self::within(CARRIED_FROM, CARRIED_VALUES_MAX)
    }
}

impl Carried {
    /// Carries answers about timelines from so many entries on, and so many values of each kind.
    fn within(from: usize, values_max: usize) -> Self {
        Self {
            from,
            tallies: Shelf::within(values_max),
            gaps: Shelf::within(values_max),
            days: Shelf::within(values_max),
            searches: Shelf::within(values_max),
        }
    }

    pub(crate) const fn is_worth_it(&self, entries: usize) -> bool {
        entries >= self.from
    }
}

impl fmt::Debug for Carried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Carried")
    }
}

/// Answers of one kind, of which those go that have not been used for longest.
pub(crate) struct Shelf<V> {
    values_max: usize,
    held: Mutex<Generations<V>>,
}

impl<V> fmt::Debug for Shelf<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shelf")
    }
}

/// What was used lately, and what was used before that.
struct Generations<V> {
    young: FxHashMap<Key, Vec<V>>,
    old: FxHashMap<Key, Vec<V>>,
    /// Values of all that have been put among the young.
    young_values: usize,
}

impl<V> Shelf<V> {
    fn within(values_max: usize) -> Self {
        let (young, old) = (FxHashMap::default(), FxHashMap::default());
        Self { values_max, held: Mutex::new(Generations { young, old, young_values: 0 }) }
    }

    /// What is carried for a question, if anything is; from here on it is not.
    pub(crate) fn take(&self, key: Key, is_same: impl Fn(&V) -> bool) -> Option<V> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let Generations { young, old, .. } = &mut *held;
        [young, old].into_iter().find_map(|generation| {
            let answers = generation.get_mut(&key)?;
            let taken = answers.iter().position(&is_same).map(|at| answers.swap_remove(at));
            if answers.is_empty() {
                generation.remove(&key);
            }
            taken
        })
    }

    /// Carries an answer that holds so many values, in place of any other to the same question.
    pub(crate) fn put(&self, key: Key, answer: V, values: usize, is_same: impl Fn(&V, &V) -> bool) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        // Values of what is taken and put back count each time: at worst a generation ends early.
        held.young_values += values + 1;
        let answers = held.young.entry(key).or_default();
        answers.retain(|other| !is_same(other, &answer));
        answers.push(answer);
        if held.young_values > self.values_max / 2 {
            held.old = std::mem::take(&mut held.young);
            held.young_values = 0;
        }
    }
}
