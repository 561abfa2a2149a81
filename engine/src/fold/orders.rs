//! Orders as they stand, and what the timelines of signals of orders hold of them. What an order's timelines
//! hold changes with the order: what it stood for is taken out, and what it stands for now is put in.

use segops_model::{Event, Position, ProfileId, SignalId};
use segops_segment::{OrderFact, OrderFacts, OrderKey, Timeline, TimelineItem};
use segops_store::Keyspace;

use super::decide::SlotSet;
use super::{Fold, PlantedBug};

impl Fold {
    /// Adds what an event says of an order, and brings the order's timelines in line.
    pub(super) fn record_order(
        &mut self,
        profile: ProfileId,
        event: &Event,
        position: Position,
        slots: &mut SlotSet,
    ) {
        let Some((key, fact)) = OrderFact::of_event(event, position) else { return };
        let slot = (profile, key);
        let before = self.order_items(&slot);
        if self.state.orders.get(&slot).is_none() {
            self.state.order_keys.get_mut_or_insert_with(&profile, Vec::new).push(slot.1.clone());
        }
        self.state.orders.get_mut_or_insert_with(&slot, OrderFacts::default).add(fact);
        let after = self.order_items(&slot);
        self.replace_order_items(profile, &before, &after, slots);
    }

    /// What the timelines hold of an order as it stands.
    fn order_items(&self, slot: &(ProfileId, OrderKey)) -> Vec<(SignalId, TimelineItem)> {
        if !self.signals.has_orders() {
            return Vec::new();
        }
        let order = self.state.orders.get(slot).and_then(|facts| facts.occurrence(&slot.1));
        order.map(|order| self.signals.order_items(&order)).unwrap_or_default()
    }

    /// Both in order.
    fn replace_order_items(
        &mut self,
        profile: ProfileId,
        before: &[(SignalId, TimelineItem)],
        after: &[(SignalId, TimelineItem)],
        slots: &mut SlotSet,
    ) {
        let keeps_old = self.has_planted(PlantedBug::OrderKeepsOldValue);
        let gone = before.iter().filter(|item| !keeps_old && after.binary_search(item).is_err());
        for (signal, item) in gone {
            let key = (profile, *signal);
            let Some(timeline) = self.state.timelines.get_mut(&key) else { continue };
            timeline.remove_item(*item);
            if timeline.is_empty() {
                self.state.timelines.remove(&key);
            }
            slots.extend(self.roster.of_signal(*signal).iter().copied());
        }
        for (signal, item) in after.iter().filter(|item| before.binary_search(item).is_err()) {
            if self.programs.keep_of(*signal).is_none() {
                continue;
            }
            self.state
                .timelines
                .get_mut_or_insert_with(&(profile, *signal), Timeline::default)
                .insert_item(*item);
            slots.extend(self.roster.of_signal(*signal).iter().copied());
        }
    }

    /// Moves the orders of an absorbed profile to the survivor, after its timelines: an order of which both
    /// have something becomes one, in the timelines as well.
    pub(super) fn move_orders(&mut self, survivor: ProfileId, absorbed: ProfileId) {
        let Some(keys) = self.state.order_keys.remove(&absorbed) else { return };
        let mut held = self.state.order_keys.remove(&survivor).unwrap_or_default();
        for key in keys {
            let slot = (survivor, key.clone());
            let old_slot = (absorbed, key.clone());
            let mut before = self.order_items(&old_slot);
            before.extend(self.order_items(&slot));
            before.sort_unstable();
            let Some(old) = self.state.orders.remove(&old_slot) else { continue };
            let Some(facts) = self.state.orders.get_mut(&slot) else {
                self.state.orders.insert(slot, old);
                held.push(key);
                continue;
            };
            facts.merge(&old);
            if self.has_planted(PlantedBug::MergeCountsOrdersTwice) {
                continue;
            }
            let after = self.order_items(&slot);
            self.replace_order_items(survivor, &before, &after, &mut SlotSet::default());
        }
        self.state.order_keys.insert(survivor, held);
    }

    /// Makes a profile's timelines of some signals of orders anew, from its orders as they stand.
    pub(super) fn derive_order_timelines(&mut self, profile: ProfileId, signals: &[SignalId]) {
        let keys = self.state.order_keys.get(&profile).cloned().unwrap_or_default();
        for signal in signals {
            self.state.timelines.remove(&(profile, *signal));
        }
        for key in keys {
            for (signal, item) in self.order_items(&(profile, key)) {
                if signals.contains(&signal) {
                    let slot = (profile, signal);
                    self.state.timelines.get_mut_or_insert_with(&slot, Timeline::default).insert_item(item);
                }
            }
        }
    }

    /// Those of some signals that are of orders.
    pub(super) fn order_signals<'a>(&self, signals: impl Iterator<Item = &'a SignalId>) -> Vec<SignalId> {
        signals.copied().filter(|signal| self.signals.is_of_orders(*signal)).collect()
    }
}
