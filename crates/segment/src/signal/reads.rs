//! What signals look at of events, so that history can be asked for that much and no more.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;

use segops_model::Path;
use segops_rules::{Predicate, same_in_line_items};

use super::{Signal, SignalRegistry};
use crate::CaptureKind;
use crate::orders::ORDER_EVENTS;

/// What is looked at of the events of one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventReads {
    /// All that they have.
    Whole,
    /// The values at these paths, beside name, time and place. A path through a list is of its objects, with
    /// at least the member that it goes on to.
    Paths(BTreeSet<Path>),
}

/// What is looked at of history.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reads {
    pub named: BTreeMap<CompactString, EventReads>,
    /// Of events of every name, those that are named among them.
    pub any: Option<EventReads>,
    /// Whether sets of traits are looked at.
    pub traits: bool,
}

impl EventReads {
    fn none() -> Self {
        Self::Paths(BTreeSet::new())
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: &Self) -> Self {
        match (self, other) {
            (Self::Paths(mut paths), Self::Paths(others)) => {
                paths.extend(others.iter().cloned());
                Self::Paths(paths)
            }
            _ => Self::Whole,
        }
    }
}

impl Reads {
    /// Adds what is looked at of the events of a name, or of every name.
    pub(super) fn add(&mut self, name: Option<&str>, read: &EventReads) {
        match name {
            Some(name) => {
                let held = self.named.entry(name.into()).or_insert_with(EventReads::none);
                *held = held.clone().and(read);
            }
            None => {
                let held = self.any.take().unwrap_or_else(EventReads::none);
                self.any = Some(held.and(read));
            }
        }
    }
}

impl SignalRegistry {
    /// What the signals look at.
    #[must_use]
    pub fn reads(&self) -> Reads {
        let mut reads = Reads { traits: self.trait_sets.len() > 0, ..Reads::default() };
        if self.has_orders() {
            // What has become of an order is put together from all that is said of it.
            reads.named.extend(ORDER_EVENTS.iter().map(|name| ((*name).into(), EventReads::Whole)));
        }
        let received =
            |signal: &&Signal| signal.filter.subject.is_events() && signal.filter.derived.is_none();
        for signal in self.signals.values().filter(received) {
            reads.add(signal.filter.name.as_deref(), &reads_of(signal));
        }
        self.add_derived_reads(&mut reads);
        reads
    }
}

fn reads_of(signal: &Signal) -> EventReads {
    if signal.reads_products || !signal.filter.sources.is_empty() {
        return EventReads::Whole;
    }
    let mut paths = BTreeSet::new();
    if let Some(predicate) = &signal.filter.predicate {
        paths_of(predicate, None, &mut paths);
    }
    if let Some(capture) = signal.capture() {
        if capture.by_quantity {
            let quantity = Path::of_name("quantity");
            let beside = capture.property.split_list().map(|(list, _)| Path::joined(&list, Some(&quantity)));
            paths.insert(beside.unwrap_or(quantity));
        }
        if capture.kind == CaptureKind::SharedKeys {
            paths.extend(same_in_line_items(&capture.property));
        }
        paths.insert(capture.property.clone());
    }
    EventReads::Paths(paths)
}

fn paths_of(predicate: &Predicate, list: Option<&Path>, paths: &mut BTreeSet<Path>) {
    match predicate {
        Predicate::All(parts) | Predicate::Any(parts) | Predicate::None(parts) => {
            parts.iter().for_each(|part| paths_of(part, list, paths));
        }
        Predicate::Not(part) => paths_of(part, list, paths),
        Predicate::Property(test) => {
            paths.insert(match list {
                Some(list) => Path::joined(list, Some(&test.property)),
                None => test.property.clone(),
            });
        }
        Predicate::Item(item) => {
            let within = item.list.split_list().map_or_else(|| item.list.clone(), |(list, _)| list);
            // A list within a list's elements comes with the outer one.
            match list {
                Some(outer) => {
                    paths.insert(Path::joined(outer, Some(&within)));
                }
                None => {
                    let mut members = BTreeSet::new();
                    paths_of(&item.predicate, Some(&within), &mut members);
                    if members.is_empty() {
                        members.insert(Path::joined(&within, None));
                    }
                    paths.append(&mut members);
                }
            }
        }
    }
}
