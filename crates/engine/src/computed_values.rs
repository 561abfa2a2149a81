//! What computed traits come to for a profile: off the timelines that live segments keep, or out of history.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use segops_model::{Event, Instant, Position, ProfileId, Value};
use segops_parts::TimelineRequest;
use segops_rules::{ChosenValue, ComputedDefinition, Condition, Resolved, Rule};
use segops_segment::{
    Calendar, ChosenAt, ComputedReading, ComputedValue, ConditionExplanation, Entry, HistoryRequest,
    Observed, SignalRegistry,
};
use segops_store::{JournalReader, Keyspace};

use crate::engine::Engine;
use crate::error::EngineError;
use crate::fold::{Fold, LiveProfile};
use crate::journal_item::{Input, decode};
use crate::rebuild::{Gathering, HistoryView, Room};
use crate::shell::Pinned;
use crate::view;

/// A computed trait as one profile has it.
#[derive(Debug)]
pub(crate) struct FoundComputed {
    name: String,
    definition: ComputedDefinition<Resolved>,
    value: ComputedValue,
    from: view::ComputedFrom,
}

/// The computed traits of a profile as they are at one instant: those whose events are at hand, because a live
/// segment uses them, and the others.
#[derive(Debug)]
pub(crate) struct ComputedOfProfile {
    profile: ProfileId,
    at: Instant,
    until: Position,
    /// How many rows the profile has, events or not.
    rows: u64,
    history: Pinned,
    calendar: Calendar,
    found: Vec<FoundComputed>,
    missing: Vec<(String, ComputedDefinition<Resolved>)>,
}

impl Engine {
    /// What is at hand of a profile's computed traits.
    pub(crate) fn computed_of(
        &self,
        fold: &Fold,
        calendar: Calendar,
        profile: ProfileId,
    ) -> ComputedOfProfile {
        let at = self.now().max(fold.state.instant);
        let view = LiveProfile::of(fold, profile);
        let (mut found, mut missing) = (Vec::new(), Vec::new());
        for computed in fold.state.computed_traits.values() {
            let Some(newest) = computed.newest() else { continue };
            let (name, definition) = (computed.name.clone(), newest.definition.clone());
            match fold.computed_value(&definition, &calendar, &view, at) {
                Some(value) => {
                    found.push(FoundComputed { name, definition, value, from: view::ComputedFrom::Live });
                }
                None => missing.push((name, definition)),
            }
        }
        let rows = fold.state.profiles.get(&profile).map_or(0, |record| record.rows);
        let (until, history) = (fold.state.position, self.pin_history(fold));
        ComputedOfProfile { profile, at, until, rows, history, calendar, found, missing }
    }

    /// Reads a profile's events again for the computed traits that are not at hand. Of a profile with more events
    /// than are read at once they stay missing.
    ///
    /// # Errors
    /// A part of the history cannot be read.
    pub(crate) fn read_missing(&self, computed: &mut ComputedOfProfile) -> Result<(), EngineError> {
        let core = self.core();
        let rows_max = core.limits.profile_history_rows_max;
        if computed.missing.is_empty() || computed.rows > rows_max as u64 {
            return Ok(());
        }
        let (profile, at) = (computed.profile, computed.at);
        let asked = TimelineRequest { profile, before: None, names: &[], rows_max: rows_max + 1 };
        let rows = computed.history.snapshot().timeline_of(&asked)?;
        let mut signals = SignalRegistry::new();
        let readings: Vec<ComputedReading> = computed
            .missing
            .iter()
            .map(|(_, definition)| ComputedReading::compile(definition, &mut signals, &computed.calendar))
            .collect();
        let (trait_roots, scores) = (BTreeSet::new(), BTreeSet::new());
        let request = HistoryRequest {
            results: &BTreeSet::new(),
            until: computed.until,
            at,
            signals: &signals,
            trait_roots: &trait_roots,
            scores: &scores,
        };
        let history = {
            let fold = core.fold.read();
            let (mut gathering, mut room) = (Gathering::default(), Room::default());
            for row in rows.iter().filter(|row| row.event.ts <= at) {
                gathering.add(&request, &fold.state.products, &row.event, row.position, &mut room);
            }
            gathering.into_history(&request, profile, Vec::new())
        };
        let view = HistoryView(&history);
        let missing = computed.missing.drain(..).zip(readings);
        computed.found.extend(missing.map(|((name, definition), reading)| {
            let (value, from) = (reading.value(&view, at), view::ComputedFrom::History);
            FoundComputed { name, definition, value, from }
        }));
        Ok(())
    }

    /// Every computed trait, with the values that events have.
    pub(crate) fn computed_values(
        &self,
        computed: ComputedOfProfile,
    ) -> BTreeMap<String, view::ComputedTraitValue> {
        let ComputedOfProfile { calendar, found, missing, .. } = computed;
        let none = |from| view::ComputedTraitValue { value: None, seen_at: None, count: None, from };
        let of = |one: FoundComputed| {
            let FoundComputed { name, definition, value, from } = one;
            let value = match (value, &definition) {
                (ComputedValue::Number(number), _) => {
                    view::ComputedTraitValue { value: number.map(Value::Number), ..none(from) }
                }
                (ComputedValue::Value(Some(at)), ComputedDefinition::Value(chosen)) => {
                    view::ComputedTraitValue {
                        value: self.chosen_value(chosen, at, &calendar),
                        seen_at: Some(at.entry.ts),
                        count: at.count,
                        from,
                    }
                }
                (ComputedValue::Value(_), _) => none(from),
            };
            (name, value)
        };
        let missing = missing.into_iter().map(|(name, _)| (name, none(view::ComputedFrom::NotComputed)));
        found.into_iter().map(of).chain(missing).collect()
    }

    /// Fills in the values that computed traits of a rule have chosen.
    pub(crate) fn tell_chosen(
        &self,
        rule: &Rule<Resolved>,
        explanation: &mut ConditionExplanation,
        calendar: &Calendar,
    ) {
        self.tell_chosen_in(&rule.when, explanation, calendar);
    }

    fn tell_chosen_in(
        &self,
        condition: &Condition<Resolved>,
        found: &mut ConditionExplanation,
        calendar: &Calendar,
    ) {
        match condition {
            Condition::All(parts) | Condition::Any(parts) | Condition::None(parts) => {
                for (part, found) in parts.iter().zip(&mut found.conditions) {
                    self.tell_chosen_in(part, found, calendar);
                }
            }
            Condition::Not(part) => {
                if let Some(found) = found.conditions.first_mut() {
                    self.tell_chosen_in(part, found, calendar);
                }
            }
            Condition::Computed(leaf) => {
                if let ComputedDefinition::Value(chosen) = &leaf.computed.definition
                    && let Some(Observed::Chosen { value, event: Some(entry), line, count }) =
                        &mut found.observed
                {
                    let at = ChosenAt { entry: *entry, line: *line, count: *count };
                    *value = self.chosen_value(chosen, at, calendar);
                }
            }
            _ => {}
        }
    }

    /// The value itself, read off the event that has it; none where that can be read no more.
    fn chosen_value(
        &self,
        chosen: &ChosenValue<Resolved>,
        at: ChosenAt,
        calendar: &Calendar,
    ) -> Option<Value> {
        let Entry { position, .. } = at.entry;
        let event = self.event_at(position)?;
        let joined = {
            let fold = self.core().fold.read();
            fold.state.products.joined(&event, self.now().max(fold.state.instant))
        };
        at.value_of(chosen, joined.as_ref().unwrap_or(&event), calendar)
    }

    fn event_at(&self, position: Position) -> Option<Event> {
        let core = self.core();
        let disk = Arc::clone(&core.disk);
        let mut reader = JournalReader::new(disk, &core.data, position, position.next()).ok()?;
        match decode(&reader.next_frame().ok()??).ok()? {
            Input::Event { event, .. } => Some(event),
            _ => None,
        }
    }
}
