//! Filters of events and of orders shared by all rules, and which of them one matches.

pub(crate) mod columns;
mod derived;
mod index;
mod reads;
mod stored;
mod trait_sets;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use compact_str::CompactString;
use jiff::tz::TimeZone;
use rustc_hash::FxHashMap;

use segops_model::{Event, Path, Position, SignalId};
use segops_rules::{EventFilter, Resolved, Subject};

use crate::capture::Capturer;
use crate::products::{ProductKey, reads_products};
use crate::{Capture, CaptureKind, Matcher, OrderOccurrence, ScoreFunctions, TimelineItem, ValueEntry};
pub(crate) use columns::CapturedRows;
pub use columns::{NamedSignals, SignalMemos, SignalRows};
use derived::Derivations;
use index::Bucket;
pub use reads::{EventReads, Reads};
pub use stored::{StoredDerivation, StoredSignal, StoredSignalKind, StoredSignals};
use trait_sets::TraitSets;
pub use trait_sets::{TraitWatch, WATCHED_TESTS_MAX};

/// Every event filter in use, once each for what it captures. Ids come in the order of first use and are never given twice, so
/// that the same commands in the same order give the same ids.
#[derive(Debug, Clone, Default)]
pub struct SignalRegistry {
    next: u32,
    signals: BTreeMap<SignalId, Signal>,
    by_name: FxHashMap<CompactString, Bucket>,
    /// Filters that name no event.
    any_event: Bucket,
    /// Filters of orders.
    orders: Bucket,
    /// Filters of derived events.
    derived: Derivations,
    trait_sets: TraitSets,
    /// How many signals depend on the product catalogue.
    product_readers: usize,
    scores: ScoreFunctions,
}

#[derive(Debug, Clone)]
struct Signal {
    filter: EventFilter<Resolved>,
    zone: TimeZone,
    matcher: Matcher,
    capture: Option<(Capture, Capturer)>,
    /// Whether what it matches or captures can depend on the product catalogue.
    reads_products: bool,
    /// How many holders have interned it and not released it.
    holders: u32,
}

impl Signal {
    fn is(&self, filter: &EventFilter<Resolved>, capture: Option<&Capture>, zone: &TimeZone) -> bool {
        let captures_dates =
            |capture: &Capture| matches!(capture.kind, CaptureKind::Dates | CaptureKind::Tested);
        let reads_dates =
            filter.predicate.is_some() || filter.derived.is_some() || capture.is_some_and(captures_dates);
        self.filter == *filter && self.capture() == capture && (!reads_dates || self.zone == *zone)
    }

    fn capture(&self) -> Option<&Capture> {
        self.capture.as_ref().map(|(capture, _)| capture)
    }
}

impl SignalRegistry {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A registry whose rules can name other scores than those that are always there.
    #[must_use]
    pub fn with_scores(scores: ScoreFunctions) -> Self {
        Self { scores, ..Self::default() }
    }

    /// The score functions that rules can name.
    #[must_use]
    pub const fn scores(&self) -> &ScoreFunctions {
        &self.scores
    }

    /// The filter's id, the same for an equal filter while anyone holds it. Dates without an offset are
    /// local to `zone`, so that a filter with predicates is another one in another zone.
    pub fn intern(&mut self, filter: &EventFilter<Resolved>, zone: &TimeZone) -> SignalId {
        self.intern_either(filter, None, zone)
    }

    /// As [`intern`](Self::intern), for a filter of which values are captured: another signal than the
    /// filter alone.
    pub fn intern_values(
        &mut self,
        filter: &EventFilter<Resolved>,
        capture: Capture,
        zone: &TimeZone,
    ) -> SignalId {
        self.intern_either(filter, Some(received_capture(filter, capture)), zone)
    }

    /// The id of the sets and unsets of a trait, with what is kept of each value.
    pub fn intern_trait(&mut self, watch: TraitWatch, zone: &TimeZone) -> SignalId {
        let next = SignalId(self.next);
        let id = self.trait_sets.intern(watch, zone, next);
        self.next += u32::from(id == next);
        id
    }

    fn intern_either(
        &mut self,
        filter: &EventFilter<Resolved>,
        capture: Option<Capture>,
        zone: &TimeZone,
    ) -> SignalId {
        let filter = canonical(filter);
        let known = self.find(&filter, capture.as_ref(), zone);
        if let Some(signal) = known.and_then(|id| self.signals.get_mut(&id)) {
            signal.holders += 1;
        }
        known.unwrap_or_else(|| self.add(filter, capture, zone))
    }

    fn add(&mut self, filter: EventFilter<Resolved>, capture: Option<Capture>, zone: &TimeZone) -> SignalId {
        if let Some(made) = &filter.derived {
            self.derive(&made.definition, zone);
        }
        let id = SignalId(self.next);
        self.next += 1;
        self.put(id, filter, capture, zone, 1);
        id
    }

    fn put(
        &mut self,
        id: SignalId,
        filter: EventFilter<Resolved>,
        capture: Option<Capture>,
        zone: &TimeZone,
        holders: u32,
    ) {
        let derivation =
            filter.derived.as_ref().and_then(|made| self.find_derivation(&made.definition, zone));
        let derived = derivation.and_then(|derivation| self.derived.get_mut(derivation));
        let bucket = match (derived, filter.name.as_deref()) {
            (Some(derived), _) => &mut derived.bucket,
            _ if filter.subject.is_orders() => &mut self.orders,
            (None, Some(name)) => self.by_name.entry(name.into()).or_default(),
            (None, None) => &mut self.any_event,
        };
        bucket.add(id, filter.predicate.as_ref());
        let matcher = Matcher::compile(&filter, zone);
        // Derived events are made of what was received alone.
        let reads_products = filter.derived.is_none() && reads_products(&filter, capture.as_ref());
        self.product_readers += usize::from(reads_products);
        let capture = capture.map(|capture| {
            let capturer = Capturer::compile(&capture, &filter, zone);
            (capture, capturer)
        });
        let zone = zone.clone();
        self.signals.insert(id, Signal { filter, zone, matcher, capture, reads_products, holders });
    }

    /// Gives back one [`intern`](Self::intern). True if nobody holds the signal any more: it matches
    /// nothing from then on, and its timelines can go.
    pub fn release(&mut self, id: SignalId) -> bool {
        if let Some(is_free) = self.trait_sets.release(id) {
            return is_free;
        }
        let Some(signal) = self.signals.get_mut(&id) else { return false };
        signal.holders -= 1;
        if signal.holders > 0 {
            return false;
        }
        let Some(signal) = self.signals.remove(&id) else { return false };
        self.product_readers -= usize::from(signal.reads_products);
        if let Some(derivation) = self.derivation_of_signal(&signal) {
            if let Some(derived) = self.derived.get_mut(derivation) {
                derived.bucket.remove(id);
            }
            self.derived.remove_if_free(derivation);
            return true;
        }
        match signal.filter.name.as_deref() {
            _ if signal.filter.subject.is_orders() => self.orders.remove(id),
            None => self.any_event.remove(id),
            Some(name) => {
                if let Some(bucket) = self.by_name.get_mut(name) {
                    bucket.remove(id);
                    if bucket.ids().is_empty() {
                        self.by_name.remove(name);
                    }
                }
            }
        }
        true
    }

    /// The id here of what another registry numbers in its own way.
    #[must_use]
    pub fn counterpart(&self, other: &Self, id: SignalId) -> Option<SignalId> {
        if let Some(same) = self.trait_sets.counterpart(&other.trait_sets, id) {
            return Some(same);
        }
        let signal = other.signals.get(&id)?;
        self.find(&signal.filter, signal.capture(), &signal.zone)
    }

    /// The signals that keep keys of a property's values with some test, in the order of ids.
    #[must_use]
    pub fn tested(&self, filter: &EventFilter<Resolved>, property: &Path, zone: &TimeZone) -> Vec<SignalId> {
        let (filter, property) = (canonical(filter), &filter.received_path(property));
        let is_meant = |signal: &Signal| {
            let of_property =
                |capture: &Capture| capture.kind == CaptureKind::Tested && capture.property == *property;
            signal.filter == filter && signal.zone == *zone && signal.capture().is_some_and(of_property)
        };
        let mut ids: Vec<SignalId> =
            self.bucket(&filter, zone).map_or_else(Vec::new, |bucket| bucket.ids().to_vec());
        ids.retain(|id| self.signals.get(id).is_some_and(is_meant));
        ids.sort_unstable();
        ids
    }

    fn find(
        &self,
        canonical: &EventFilter<Resolved>,
        capture: Option<&Capture>,
        zone: &TimeZone,
    ) -> Option<SignalId> {
        let mut ids = self.bucket(canonical, zone)?.ids().iter().copied();
        ids.find(|id| self.signals.get(id).is_some_and(|signal| signal.is(canonical, capture, zone)))
    }

    /// The signals that an event matches, in the order of their ids. What `out` held before is gone.
    pub fn matching(&self, event: &Event, out: &mut Vec<SignalId>) {
        out.clear();
        if event.kind.is_counted() {
            self.matching_events(event, out);
        }
        self.trait_sets.matching(event, out);
        out.sort_unstable();
    }

    fn matching_events(&self, event: &Event, out: &mut Vec<SignalId>) {
        if let Some(bucket) = self.by_name.get(&event.name) {
            bucket.candidates(event, out);
        }
        self.any_event.candidates(event, out);
        out.sort_unstable();
        out.dedup();
        out.retain(|id| self.signals.get(id).is_some_and(|signal| signal.matcher.matches(event)));
    }

    /// The values that a signal captures of an event that it matches; false if it captures none, and its
    /// timeline is of the matches alone. What `out` held before is gone.
    pub fn capture(
        &self,
        id: SignalId,
        event: &Event,
        position: Position,
        out: &mut Vec<ValueEntry>,
    ) -> bool {
        out.clear();
        if let Some(set) = self.trait_sets.capture(id, event, position) {
            out.push(set);
            return true;
        }
        let capturer = self.signals.get(&id).and_then(|signal| signal.capture.as_ref());
        if let Some((_, capturer)) = capturer {
            capturer.values(event, position, out);
        }
        capturer.is_some()
    }

    /// Whether any signal is of orders.
    #[must_use]
    pub fn has_orders(&self) -> bool {
        !self.orders.ids().is_empty()
    }

    /// Whether a signal is of orders, whose entries change with what becomes of them.
    #[must_use]
    pub fn is_of_orders(&self, id: SignalId) -> bool {
        self.signals.get(&id).is_some_and(|signal| signal.filter.subject.is_orders())
    }

    /// What the timelines of the signals hold of an order as it stands, in the order of ids.
    #[must_use]
    pub fn order_items(&self, order: &OrderOccurrence) -> Vec<(SignalId, TimelineItem)> {
        let mut ids = Vec::new();
        self.orders.candidates(&order.event, &mut ids);
        ids.sort_unstable();
        ids.dedup();
        let mut items = Vec::new();
        let mut values = Vec::new();
        for id in ids {
            let Some(signal) = self.signals.get(&id) else { continue };
            let takes_reversals = signal.capture().is_some_and(|capture| capture.kind.is_of_reversals());
            let is_meant = (order.is_placed || takes_reversals)
                && (!order.is_test || signal.filter.subject == Subject::AllOrders)
                && signal.matcher.matches(&order.event);
            if !is_meant {
                continue;
            }
            match &signal.capture {
                None => items.push((id, TimelineItem::Match(order.entry))),
                Some((_, capturer)) => {
                    capturer.values(&order.event, order.entry.position, &mut values);
                    items.extend(values.iter().map(|value| (id, TimelineItem::Value(*value))));
                }
            }
        }
        items.sort_unstable();
        items
    }

    /// Whether what a signal matches or captures can depend on the product catalogue.
    #[must_use]
    pub fn reads_products(&self, id: SignalId) -> bool {
        self.signals.get(&id).is_some_and(|signal| signal.reads_products)
    }

    /// Whether any signal depends on the product catalogue.
    #[must_use]
    pub const fn any_reads_products(&self) -> bool {
        self.product_readers > 0
    }

    /// The signals that depend on the product catalogue, of those that an event of this name can match; none
    /// where the event names no product.
    #[must_use]
    pub fn product_readers_of(&self, event: &Event) -> Vec<SignalId> {
        if !self.any_reads_products() || !event.kind.is_counted() || ProductKey::of_event(event).is_empty() {
            return Vec::new();
        }
        let named = self.by_name.get(&event.name).map_or(&[][..], Bucket::ids);
        let ids = named.iter().chain(self.any_event.ids()).copied();
        ids.filter(|id| self.reads_products(*id)).collect()
    }

    #[must_use]
    pub fn filter(&self, id: SignalId) -> Option<&EventFilter<Resolved>> {
        self.signals.get(&id).map(|signal| &signal.filter)
    }

    /// Which values a signal captures, if it does.
    #[must_use]
    pub fn captured(&self, id: SignalId) -> Option<&Capture> {
        self.signals.get(&id).and_then(Signal::capture)
    }

    #[must_use]
    pub fn matcher(&self, id: SignalId) -> Option<&Matcher> {
        self.signals.get(&id).map(|signal| &signal.matcher)
    }

    /// Every signal in use: event filters, then watched traits, each in the order of ids.
    pub fn ids(&self) -> impl Iterator<Item = SignalId> {
        self.signals.keys().copied().chain(self.trait_sets.ids())
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.signals.len() + self.trait_sets.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn bucket(&self, filter: &EventFilter<Resolved>, zone: &TimeZone) -> Option<&Bucket> {
        if let Some(made) = &filter.derived {
            let derivation = self.find_derivation(&made.definition, zone)?;
            return self.derived.get(derivation).map(|derived| &derived.bucket);
        }
        match filter.name.as_deref() {
            _ if filter.subject.is_orders() => Some(&self.orders),
            None => Some(&self.any_event),
            Some(name) => self.by_name.get(name),
        }
    }
}

/// What is captured of an event under another name, where the received event has it. Line items have no values of the
/// definition's.
fn received_capture(filter: &EventFilter<Resolved>, capture: Capture) -> Capture {
    let property = filter.received_path(&capture.property);
    let kind = match capture.kind {
        CaptureKind::SharedKeys if property != capture.property => CaptureKind::Keys,
        kind => kind,
    };
    Capture { kind, property, ..capture }
}

/// The order in which sources are listed, and how often, makes no other filter; nor does another name for an event.
fn canonical(filter: &EventFilter<Resolved>) -> EventFilter<Resolved> {
    let mut filter = filter.received().unwrap_or_else(|| filter.clone());
    filter.sources.sort_unstable();
    filter.sources.dedup();
    // Nor does what it is called, where what it is made of is said.
    if filter.derived.is_some() {
        filter.name = None;
    }
    filter
}
