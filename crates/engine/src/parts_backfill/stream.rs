//! The events of one name, profile after profile, as the signals need them.

use std::collections::BTreeSet;
use std::iter::Peekable;
use std::vec::IntoIter;

use compact_str::CompactString;

use segops_model::{Event, EventKind, Instant, Object, Path, Position, ProfileId, SourceId, Value};
use segops_parts::{
    PartRow, PartsError, PathColumn, RowFilter, RowScan, SignalBatch, SignalRequest, SignalScan, Snapshot,
};
use segops_segment::EventReads;

/// Rows in the order of (profile, ts, position).
pub(super) enum Stream {
    Whole(Box<WholeEvents>),
    Bare(Box<BareEvents>),
}

impl Stream {
    pub(super) fn open(
        snapshot: &Snapshot,
        name: &str,
        reads: EventReads,
        filter: RowFilter,
    ) -> Result<Self, PartsError> {
        match reads {
            EventReads::Whole => {
                let scan = snapshot.rows(Some(&[name.to_owned()]), filter)?;
                let rows = Vec::new().into_iter().peekable();
                Ok(Self::Whole(Box::new(WholeEvents { scan, rows })))
            }
            EventReads::Paths(paths) => {
                Ok(Self::Bare(Box::new(BareEvents::open(snapshot, name, paths, filter)?)))
            }
        }
    }

    /// Hands out the events of a profile. Those of profiles before it are passed over.
    pub(super) fn take(
        &mut self,
        profile: ProfileId,
        each: &mut dyn FnMut(&Event, Position),
    ) -> Result<(), PartsError> {
        match self {
            Self::Whole(events) => events.take(profile, each),
            Self::Bare(events) => events.take(profile, each),
        }
    }
}

pub(super) struct WholeEvents {
    scan: RowScan,
    rows: Peekable<IntoIter<PartRow>>,
}

impl WholeEvents {
    fn take(&mut self, profile: ProfileId, each: &mut dyn FnMut(&Event, Position)) -> Result<(), PartsError> {
        loop {
            while let Some(row) = self.rows.next_if(|row| row.profile <= profile) {
                if row.profile == profile {
                    each(&row.event, row.position);
                }
            }
            if self.rows.peek().is_some() {
                return Ok(());
            }
            let Some(rows) = self.scan.next_rows()? else { return Ok(()) };
            self.rows = rows.into_iter().peekable();
        }
    }
}

/// Events with nothing but what is looked at.
pub(super) struct BareEvents {
    scan: SignalScan,
    /// Where the value of each column stands in an event; a list stands whole.
    places: Vec<Path>,
    batch: Option<SignalBatch>,
    at: usize,
    event: Event,
}

impl BareEvents {
    fn open(
        snapshot: &Snapshot,
        name: &str,
        paths: BTreeSet<Path>,
        filter: RowFilter,
    ) -> Result<Self, PartsError> {
        let paths: Vec<Path> = paths.into_iter().collect();
        let places =
            paths.iter().map(|path| path.split_list().map_or_else(|| path.clone(), |(list, _)| list));
        let places = places.collect();
        let scan = snapshot.scan(&SignalRequest { event: name.to_owned(), paths, filter })?;
        Ok(Self { scan, places, batch: None, at: 0, event: event_of(name) })
    }

    fn take(&mut self, profile: ProfileId, each: &mut dyn FnMut(&Event, Position)) -> Result<(), PartsError> {
        loop {
            if let Some(batch) = &self.batch {
                while let Some(owner) = batch.profiles().get(self.at).filter(|owner| **owner <= profile.0) {
                    if *owner == profile.0 {
                        let position = fill(&mut self.event, batch, &self.places, self.at);
                        each(&self.event, position);
                    }
                    self.at += 1;
                }
                if self.at < batch.len() {
                    return Ok(());
                }
            }
            let Some(batch) = self.scan.next_batch()? else {
                self.batch = None;
                return Ok(());
            };
            (self.batch, self.at) = (Some(batch), 0);
        }
    }
}

fn event_of(name: &str) -> Event {
    Event {
        message_id: CompactString::default(),
        source: SourceId(0),
        kind: EventKind::Track,
        name: name.into(),
        ts: Instant::MIN,
        received_at: Instant::MIN,
        clamped: false,
        identifiers: Vec::new(),
        properties: Object::new(),
        traits: Object::new(),
        group_traits: Object::new(),
        context: Object::new(),
    }
}

/// Gives an event the time and the values of a row; its position.
fn fill(event: &mut Event, batch: &SignalBatch, places: &[Path], row: usize) -> Position {
    event.ts = Instant::from_ms(batch.ts_ms().get(row).copied().unwrap_or_default());
    event.properties = Object::new();
    // What is read of JSON is whole, and goes over what a column has of the same list.
    for is_typed in [true, false] {
        for (column, place) in batch.columns().iter().zip(places) {
            if matches!(column, PathColumn::Typed { .. }) == is_typed
                && let Some(value) = column.value(row)
            {
                put(&mut event.properties, &place.to_string(), value);
            }
        }
    }
    Position(batch.positions().get(row).copied().unwrap_or_default())
}

/// Puts a value where names lead. An object that stands there already has the value in it.
fn put(object: &mut Object, path: &str, value: Value) {
    let Some((first, rest)) = path.split_once('.') else {
        object.set(path, value);
        return;
    };
    let mut inner = match object.remove(first) {
        Some(Value::Object(inner)) => inner,
        _ => Object::new(),
    };
    put(&mut inner, rest, value);
    object.set(first, Value::Object(inner));
}
