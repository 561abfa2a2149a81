//! Derived events in their places among what a profile has done. Of those that a live segment uses all is at hand; the
//! others are made of the profile's events again, unless those are too many.

use segops_model::{DerivedEventId, Instant, ProfileId, SourceId};
use segops_parts::{PartRow, PartsError, RowFilter, Snapshot};
use segops_rules::DerivedDefinition;
use segops_segment::{Derivation, DerivedFacts, DerivedOccurrence, Deriving, Entry};
use segops_store::Keyspace;

use super::name_of;
use crate::fold::Fold;
use crate::view::{DerivedFrom, EventPlace, ProfileEvent};

/// Which of a profile's events are wanted: so many, the newest before a place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page {
    pub(super) profile: ProfileId,
    pub(super) now: Instant,
    pub(super) before: Option<EventPlace>,
    pub(super) limit: usize,
}

/// The derived events that are wanted of a profile, and what is at hand of them.
#[derive(Debug, Default)]
pub(super) struct DerivedOfProfile {
    definitions: Vec<Definition>,
    /// In the same order.
    derivations: Vec<Derivation>,
    /// How many rows the profile has.
    rows: u64,
    /// Whether events of every name are wanted.
    all_names: bool,
}

#[derive(Debug)]
struct Definition {
    id: DerivedEventId,
    version: u32,
    name: String,
    /// Where a live segment uses it.
    facts: Option<DerivedFacts>,
}

/// A derived event that is shown.
#[derive(Debug)]
pub(super) struct Made {
    from: DerivedFrom,
    name: String,
    occurrence: DerivedOccurrence,
    /// Whether it is a received event under another name.
    is_renamed: bool,
}

impl DerivedOfProfile {
    /// Of the names that are wanted; of all where there is none.
    pub(super) fn of(fold: &Fold, profile: ProfileId, names: &[String]) -> Result<Self, String> {
        let zone = fold.state.settings.calendar()?.zone;
        let mut found = Self {
            rows: fold.state.profiles.get(&profile).map_or(0, |record| record.rows),
            all_names: names.is_empty(),
            ..Self::default()
        };
        let wanted = |name: &String| names.is_empty() || names.contains(name);
        for made in fold.state.derived_events.values().filter(|made| wanted(&made.name)) {
            let Some(newest) = made.newest() else { continue };
            let facts = fold.derived_facts_of(profile, &newest.definition, &zone);
            let (id, version, name) = (made.id, newest.number, made.name.clone());
            found.definitions.push(Definition { id, version, name, facts });
            found.derivations.push(Derivation::compile(&newest.definition, &zone));
        }
        Ok(found)
    }

    /// The newest of them on a page that also has the newest received events, and the names of those that are left out.
    pub(super) fn events(
        self,
        snapshot: &Snapshot,
        page: &Page,
        received: &[PartRow],
        rows_max: usize,
    ) -> Result<(Vec<Made>, Vec<String>), PartsError> {
        let mut newest = Newest::new(page, &self.definitions);
        let (mut unread, mut left_out) = (Vec::new(), Vec::new());
        for (number, (definition, derivation)) in self.definitions.iter().zip(&self.derivations).enumerate() {
            if let Some(facts) = &definition.facts {
                facts.occurrences(derivation).into_iter().for_each(|one| newest.add(number, one));
            } else if self.all_names && is_renamed(derivation) {
                // Older ones than the received events of the page are none of the newest.
                let called = received.iter().filter_map(|row| derivation.renamed(&row.event, row.position));
                called.for_each(|one| newest.add(number, one));
            } else if self.rows > rows_max as u64 {
                left_out.push(definition.name.clone());
            } else {
                unread.push(number);
            }
        }
        let derivations: Vec<Derivation> =
            unread.iter().filter_map(|number| self.derivations.get(*number).cloned()).collect();
        let mut deriving = Deriving::new(&derivations);
        let mut add = |at: usize, one| {
            if let Some(number) = unread.get(at) {
                newest.add(*number, one);
            }
        };
        let names = names_read(snapshot, &derivations);
        if !names.is_empty() {
            let up_to_now = RowFilter { before: Some(page.now.plus_ms(1)), ..RowFilter::default() };
            let mut rows = snapshot.rows_of(&[page.profile], &names, up_to_now);
            while let Some(rows) = rows.next_rows()? {
                rows.iter().for_each(|row| deriving.add(&row.event, row.position, &mut add));
            }
        }
        deriving.finish(&mut add);
        let found = newest.finish();
        let made = found.into_iter().filter_map(|(place, number, occurrence)| {
            let (definition, derivation) = (self.definitions.get(number)?, self.derivations.get(number)?);
            Some(Made {
                from: DerivedFrom { definition: place.derived?, version: definition.version },
                name: definition.name.clone(),
                occurrence,
                is_renamed: is_renamed(derivation),
            })
        });
        Ok((made.collect(), left_out))
    }
}

fn is_renamed(derivation: &Derivation) -> bool {
    matches!(derivation.definition(), DerivedDefinition::Renamed(_))
}

/// The names of the events that some derivations are made of, among those that there are.
fn names_read(snapshot: &Snapshot, derivations: &[Derivation]) -> Vec<String> {
    if derivations.is_empty() {
        return Vec::new();
    }
    let mut names = snapshot.names();
    names.retain(|name| !name.is_empty() && derivations.iter().any(|derivation| derivation.is_made_of(name)));
    names
}

/// The newest before a place, of whatever is added.
struct Newest<'a> {
    page: &'a Page,
    definitions: &'a [Definition],
    found: Vec<(EventPlace, usize, DerivedOccurrence)>,
}

impl<'a> Newest<'a> {
    const fn new(page: &'a Page, definitions: &'a [Definition]) -> Self {
        Self { page, definitions, found: Vec::new() }
    }

    fn add(&mut self, number: usize, occurrence: DerivedOccurrence) {
        let Entry { ts, position } = occurrence.entry();
        let Some(definition) = self.definitions.get(number) else { return };
        let place = EventPlace { ts, position, derived: Some(definition.id) };
        if ts > self.page.now || self.page.before.is_some_and(|before| place >= before) {
            return;
        }
        self.found.push((place, number, occurrence));
        // Half of what is held goes at a time.
        if self.found.len() > self.page.limit * 2 {
            self.cut();
        }
    }

    fn cut(&mut self) {
        self.found.sort_by_key(|(place, _, _)| std::cmp::Reverse(*place));
        self.found.truncate(self.page.limit);
    }

    fn finish(mut self) -> Vec<(EventPlace, usize, DerivedOccurrence)> {
        self.cut();
        self.found
    }
}

impl Made {
    pub(super) fn view(self, sources: &[(SourceId, String)]) -> ProfileEvent {
        let Self { from, name, occurrence, is_renamed } = self;
        let Entry { ts, position } = occurrence.entry();
        let event = occurrence.into_event();
        let received = is_renamed.then_some(());
        ProfileEvent {
            position,
            ts,
            received_at: received.map(|()| event.received_at),
            clamped: event.clamped,
            kind: event.kind,
            name,
            derived: Some(from),
            source: received.map(|()| event.source),
            source_name: received.map(|()| name_of(event.source, sources)),
            message_id: received.map(|()| event.message_id.into()),
            anchor: None,
            identifiers: event.identifiers,
            properties: event.properties,
            traits: event.traits,
            group_traits: event.group_traits,
            context: event.context,
        }
    }
}
