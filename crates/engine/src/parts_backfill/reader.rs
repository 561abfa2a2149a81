//! Puts together what history has of one profile after the other.

use std::collections::BTreeMap;

use segops_model::{Identifier, Instant, ProfileId, SignalId};
use segops_parts::{Bucket, PartsError, RowFilter};
use segops_segment::{EventReads, History, HistoryRequest, Products};

use super::PartsBackfill;
use super::matches::{Matches, NamedReads, looks_back_to};
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
        let reads = signals.reads();
        let filter = RowFilter { bucket: extent.bucket, from: None, before: Some(request.at.plus_ms(1)) };
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
                Some(EventReads::Whole) => whole.push(WholeEvents::open(snapshot, &name, filter)?),
                Some(EventReads::Paths(paths)) => {
                    let after = looks_back_to(signals, &name, &extent.back_to);
                    let from = after.filter(|after| *after >= Instant::MIN).map(|after| after.plus_ms(1));
                    let paths = paths.into_iter().collect();
                    named.push(NamedReads { name: name.into(), paths, filter: RowFilter { from, ..filter } });
                }
            }
        }
        Ok(Self {
            request: *request,
            products: &backfill.records.products,
            whole,
            matches: Matches::open(snapshot, signals, named)?,
            room: Room::default(),
            history: empty(),
        })
    }

    /// The first profile of which there are rows that were not read.
    pub(super) fn next_profile(&mut self) -> Result<Option<ProfileId>, PartsError> {
        let mut first = self.matches.next_profile();
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
