//! Sets and unsets of traits as signals: what a trait was is a timeline of what each set made of it, with no
//! machinery of its own for gathering, priming and merging.

use std::collections::BTreeMap;

use compact_str::CompactString;
use jiff::tz::TimeZone;
use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};

use segops_model::{Event, Path, Position, SignalId, Value, fold_case};
use segops_rules::StateTest;

use crate::{Entry, ValueEntry, ValueTest};

/// Which trait is watched, and what is kept of each value that it is set to.
#[derive(Debug, Clone, PartialEq)]
pub struct TraitWatch {
    pub path: Path,
    /// Each gets a bit of the kept value, from [`TraitWatch::bit`] on down: whether the trait's value passes.
    pub tests: Vec<StateTest>,
    /// Whether a key of the value itself is kept below the bits.
    pub keyed: bool,
}

/// Tests that one watch can have.
pub const WATCHED_TESTS_MAX: usize = 2;
/// Bits of the key of a value.
const KEY_BITS: u32 = 124;

impl TraitWatch {
    /// The bit of the n-th test, counted from 0: the first is the highest.
    #[must_use]
    pub const fn bit(n: usize) -> i128 {
        if n == 0 { 1 << 126 } else { 1 << 125 }
    }

    /// What is kept of a value, or of none.
    pub(crate) fn state_of(&self, tests: &[ValueTest], value: Option<&Value>) -> i128 {
        let bits = tests.iter().take(WATCHED_TESTS_MAX).enumerate();
        let passed = bits.filter(|(_, test)| test.holds(value)).fold(0, |bits, (n, _)| bits | Self::bit(n));
        if self.keyed { passed | value.map_or(0, value_key) } else { passed }
    }

    pub(crate) fn compile_tests(&self, zone: &TimeZone) -> Vec<ValueTest> {
        self.tests.iter().map(|state| ValueTest::compile(&state.test, state.match_case, zone)).collect()
    }
}

/// The same for values that are equal: numbers as numbers, texts in any case. What is not there at all, blank
/// or an empty list has none.
fn value_key(value: &Value) -> i128 {
    if !value.is_present() {
        return 0;
    }
    let mut text = String::new();
    write_key(value, &mut text);
    let digest = Sha256::digest(text.as_bytes());
    let key = digest.iter().take(16).fold(0_u128, |key, byte| (key << 8) | u128::from(*byte));
    i128::try_from(key >> (u128::BITS - KEY_BITS)).unwrap_or(0)
}

fn write_key(value: &Value, out: &mut String) {
    let mut whole = |kind: char, text: &str| {
        // The length in front keeps what one part says from running into the next.
        out.push_str(&format!("{kind}{}:{text}", text.len()));
    };
    match value {
        Value::Null => whole('-', ""),
        Value::Bool(bool) => whole('t', if *bool { "true" } else { "false" }),
        Value::Number(number) => whole('n', &number.to_string()),
        Value::Text(text) => match value.as_number() {
            Some(number) => whole('n', &number.to_string()),
            None => whole('t', &fold_case(text)),
        },
        Value::List(list) => {
            whole('l', &list.len().to_string());
            list.iter().for_each(|element| write_key(element, out));
        }
        Value::Object(object) => {
            whole('o', &object.len().to_string());
            let members: BTreeMap<&str, &Value> = object.iter().collect();
            for (name, member) in members {
                out.push_str(&format!("{}:{name}", name.len()));
                write_key(member, out);
            }
        }
    }
}

#[derive(Debug, Clone)]
struct Watched {
    watch: TraitWatch,
    zone: TimeZone,
    tests: Vec<ValueTest>,
    holders: u32,
}

/// The watches in use, each once.
#[derive(Debug, Clone, Default)]
pub(super) struct TraitSets {
    watched: BTreeMap<SignalId, Watched>,
    by_root: FxHashMap<CompactString, Vec<SignalId>>,
}

impl TraitSets {
    fn find(&self, watch: &TraitWatch, zone: &TimeZone) -> Option<SignalId> {
        let ids = self.by_root.get(watch.path.root())?;
        let is_same = |held: &Watched| held.watch == *watch && held.zone == *zone;
        ids.iter().copied().find(|id| self.watched.get(id).is_some_and(is_same))
    }

    /// The id of an equal watch, held once more; or of a new one, which takes the id given.
    pub(super) fn intern(&mut self, watch: TraitWatch, zone: &TimeZone, next: SignalId) -> SignalId {
        if let Some(id) = self.find(&watch, zone) {
            if let Some(held) = self.watched.get_mut(&id) {
                held.holders += 1;
            }
            return id;
        }
        self.by_root.entry(watch.path.root().into()).or_default().push(next);
        let tests = watch.compile_tests(zone);
        self.watched.insert(next, Watched { watch, zone: zone.clone(), tests, holders: 1 });
        next
    }

    /// Gives one hold back; `None` if it is no watch, else whether nobody holds it any more.
    pub(super) fn release(&mut self, id: SignalId) -> Option<bool> {
        let held = self.watched.get_mut(&id)?;
        held.holders -= 1;
        if held.holders > 0 {
            return Some(false);
        }
        let root = held.watch.path.root().to_owned();
        self.watched.remove(&id);
        if let Some(ids) = self.by_root.get_mut(root.as_str()) {
            ids.retain(|other| *other != id);
            if ids.is_empty() {
                self.by_root.remove(root.as_str());
            }
        }
        Some(true)
    }

    pub(super) fn counterpart(&self, other: &Self, id: SignalId) -> Option<SignalId> {
        let held = other.watched.get(&id)?;
        self.find(&held.watch, &held.zone)
    }

    /// Adds the watches of traits that an event sets or unsets.
    pub(super) fn matching(&self, event: &Event, out: &mut Vec<SignalId>) {
        if self.by_root.is_empty() {
            return;
        }
        for (name, _) in event.traits.iter() {
            out.extend(self.by_root.get(name).into_iter().flatten());
        }
    }

    /// What is kept of the value that the event gives the trait; `None` if it is no watch.
    pub(super) fn capture(&self, id: SignalId, event: &Event, position: Position) -> Option<ValueEntry> {
        let held = self.watched.get(&id)?;
        let root = event.traits.get(held.watch.path.root()).filter(|value| **value != Value::Null);
        let value = root.and_then(|root| held.watch.path.below_root(root));
        let entry = Entry { ts: event.ts, position };
        Some(ValueEntry { entry, line: 0, value: held.watch.state_of(&held.tests, value) })
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = SignalId> {
        self.watched.keys().copied()
    }

    pub(super) fn len(&self) -> usize {
        self.watched.len()
    }
}
