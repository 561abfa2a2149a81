//! Puts together what history has of one profile after the other.

use std::collections::BTreeMap;

use segops_model::{Identifier, Instant, ProfileId, SignalId};
use segops_parts::{Bucket, PartsError, RowFilter, Snapshot};
use segops_segment::{EventReads, History, HistoryRequest, Products, SignalRegistry};

use super::PartsBackfill;
use super::blocks::NamedReads;
use super::matches::Matches;
use super::whole_events::WholeEvents;
use crate::rebuild::{Gathering, Room};

/// How much of history is read; by default all of it.
#[derive(Debug, Default)]
pub(super) struct Extent {
    /// Only profiles of this bucket.
    pub(super) bucket: Option<Bucket>,
    /// Of each signal, the instant that its matches have to be after.
    pub(super) back_to: BTreeMap<SignalId, Instant>,
}

/// What is read of each event name.
#[derive(Debug)]
pub(super) struct Reads {
    /// Names of which events are read whole.
    pub(super) whole: Vec<String>,
    pub(super) named: Vec<NamedReads>,
}

impl Extent {
    fn filter(&self, request: &HistoryRequest<'_>) -> RowFilter {
        RowFilter { bucket: self.bucket, from: None, before: Some(request.at.plus_ms(1)) }
    }

    /// The instant that rows of a name have to be after, for those of its signals that look back farthest.
    fn looks_back_to(&self, registry: &SignalRegistry, name: &str) -> Option<Instant> {
        let ids = registry.named(name);
        let each = ids.ids().map(|id| self.back_to.get(&id).copied());
        each.min().flatten()
    }
}

impl Reads {
    pub(super) fn of(snapshot: &Snapshot, request: &HistoryRequest<'_>, extent: &Extent) -> Self {
        let reads = request.signals.reads();
        let filter = extent.filter(request);
        let (mut whole, mut named) = (Vec::new(), Vec::new());
        for name in snapshot.names() {
            let of_name = reads.named.get(name.as_str());
            let read = match (of_name, &reads.any) {
                // Identify, group and alias calls are no events; the first of them set traits.
                _ if name.is_empty() => {
                    (reads.traits || !request.trait_roots.is_empty()).then_some(EventReads::Whole)
                }
                (Some(of_name), Some(any)) => Some(of_name.clone().and(any)),
                (of_name, any) => of_name.or(any.as_ref()).cloned(),
            };
            match read {
                None => {}
                Some(EventReads::Whole) => whole.push(name),
                Some(EventReads::Paths(paths)) => {
                    let after = extent.looks_back_to(request.signals, &name);
                    let from = after.filter(|after| *after >= Instant::MIN).map(|after| after.plus_ms(1));
                    let paths = paths.into_iter().collect();
                    named.push(NamedReads { name: name.into(), paths, filter: RowFilter { from, ..filter } });
                }
            }
        }
        Self { whole, named }
    }
}

/// Reads histories in ascending order of profile.
pub(super) struct Reader<'a> {
    request: HistoryRequest<'a>,
    products: &'a Products,
    /// Events that are read whole.
    whole: Vec<WholeEvents>,
    /// Events that are read in columns.
    matches: Matches<'a>,
    room: Room,
    history: History,
}

impl<'a> Reader<'a> {
    pub(super) fn open(
        backfill: &'a PartsBackfill<'_>,
        request: &HistoryRequest<'a>,
        extent: &Extent,
    ) -> Result<Self, PartsError> {
        let (snapshot, signals) = (&backfill.snapshot, request.signals);
        let Reads { whole, named } = Reads::of(snapshot, request, extent);
        let filter = extent.filter(request);
        let whole = whole.iter().map(|name| WholeEvents::open(snapshot, name, filter));
        Ok(Self {
            request: *request,
            products: &backfill.records.products,
            whole: whole.collect::<Result<_, _>>()?,
            matches: Matches::open(snapshot, signals, named)?,
            room: Room::default(),
            history: empty(),
        })
    }

    /// The first profile of which there are rows that were not read.
    pub(super) fn next_profile(&mut self) -> Result<Option<ProfileId>, PartsError> {
        let mut first = self.matches.next_profile()?;
        for events in &mut self.whole {
            first = first.into_iter().chain(events.next_profile()?).min();
        }
        Ok(first)
    }

    /// What there is of a profile with these identifiers. Those before it are passed over.
    pub(super) fn read(
        &mut self,
        profile: ProfileId,
        identifiers: &[Identifier],
    ) -> Result<&mut History, PartsError> {
        self.matches.take(profile)?;
        if self.whole.is_empty() {
            self.matches.put_into(&mut self.history.timelines);
            self.history.profile = profile;
            self.history.identifiers.clear();
            self.history.identifiers.extend_from_slice(identifiers);
        } else {
            let mut gathering = Gathering::default();
            for events in &mut self.whole {
                events.take(profile, &mut |event, position| {
                    gathering.add(&self.request, self.products, event, position, &mut self.room);
                })?;
            }
            self.history = gathering.into_history(&self.request, profile, identifiers.to_vec());
            self.matches.add_to(&mut self.history.timelines);
        }
        Ok(&mut self.history)
    }
}

/// What there is of a profile without any events.
pub(super) fn empty() -> History {
    History {
        profile: ProfileId(0),
        timelines: Vec::new(),
        traits: Vec::new(),
        identifiers: Vec::new(),
        product_events: Vec::new(),
        consents: Vec::new(),
        lists: Vec::new(),
        results: Vec::new(),
        derived: Vec::new(),
        scores: Vec::new(),
    }
}
