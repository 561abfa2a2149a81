//! The streams that a walk goes through: of each event name one for each piece of the history, and one each for orders
//! and for traits.

use compact_str::CompactString;
use segops_model::{Event, EventKind, Instant, Object, Path, Position, ProfileId, SourceId};
use segops_parts::{Bucket, PartRow, RowFilter, RowScan, SignalRequest, SignalStream, Snapshot};
use segops_rules::Predicate;
use segops_segment::Matcher;
use std::sync::Arc;

use super::batch::{Batch, BatchRows};
use super::derived::Derivations;
use super::profile::{Profile, Traits, orders_of};
use super::{Reading, Way, profile_id};
use crate::error::AnalysisError;
use crate::setting::Population;

/// The events that make orders what they are.
const ORDER_EVENTS: [&str; 4] = ["Order Completed", "Order Updated", "Order Refunded", "Order Cancelled"];
/// What identify, group and alias calls are called.
const NO_EVENT: &str = "";
/// Where a stream stands that has no more rows: behind every profile.
const END: u64 = u64::MAX;

/// Everything that a walk reads.
pub(super) struct Streams {
    events: EventStreams,
    orders: Option<RowStream>,
    traits: Option<RowStream>,
    derivations: Derivations,
    /// What derived events are made of.
    inputs: Option<RowStream>,
    rows_read: u64,
    rows_total: u64,
}

/// The events themselves.
pub(super) struct EventStreams {
    streams: Vec<EventStream>,
    /// The profile that each stream stands at.
    heads: Vec<u64>,
    /// The batches that rows of the profile at hand are in.
    held: Vec<Arc<Batch>>,
    rows: Vec<Place>,
}

/// Where a row of the profile at hand is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) ts: Instant,
    pub(super) position: Position,
    batch: usize,
    pub(super) row: usize,
}

/// The events of one name in one piece of the history.
struct EventStream {
    name: CompactString,
    signals: Vec<usize>,
    source: Source,
    batch: Option<Arc<Batch>>,
    at: usize,
}

enum Source {
    /// Some columns, where they are all that is looked at.
    Columns(SignalStream),
    /// Whole rows, where it matters which source an event came from.
    Rows(RowScan),
}

impl Streams {
    pub(super) fn open(
        way: &Way<'_>,
        reading: &Reading,
        matchers: &[Matcher],
        bucket: Option<Bucket>,
    ) -> Result<Self, AnalysisError> {
        let snapshot = way.snapshot;
        let up_to_now = RowFilter { before: Some(way.now.plus_ms(1)), from: None, bucket };
        let (events, mut rows_total) = EventStreams::open(snapshot, reading, matchers, bucket, true)?;
        let wants_orders = reading.orders || reading.signals.iter().any(|one| one.filter.subject.is_orders());
        let mut rows_of = |names: &[String]| -> Result<RowStream, AnalysisError> {
            rows_total += snapshot.row_count(Some(names));
            RowStream::open(snapshot.rows(Some(names), up_to_now)?)
        };
        let orders = if wants_orders { Some(rows_of(&ORDER_EVENTS.map(str::to_owned))?) } else { None };
        let traits = if reading.traits { Some(rows_of(&[NO_EVENT.to_owned()])?) } else { None };
        let derivations = Derivations::of(way.zone, reading);
        let names = snapshot.names().into_iter().filter(|name| name != NO_EVENT).collect();
        let inputs = match derivations.is_empty() {
            true => None,
            false => Some(rows_of(&derivations.names(names))?),
        };
        Ok(Self { events, orders, traits, derivations, inputs, rows_read: 0, rows_total })
    }

    pub(super) const fn rows_read(&self) -> u64 {
        self.rows_read
    }

    pub(super) fn rows_total(&self) -> u64 {
        self.rows_total.max(self.rows_read)
    }

    /// The next profile of which there is anything but traits, or traits.
    pub(super) fn next_profile(&self) -> Option<ProfileId> {
        let rows =
            [&self.orders, &self.traits, &self.inputs].into_iter().flatten().filter_map(RowStream::profile);
        self.events.next_profile().into_iter().chain(rows).min().map(profile_id)
    }

    /// Passes over a profile's rows.
    pub(super) fn skip(&mut self, profile: ProfileId, matchers: &[Matcher]) -> Result<(), AnalysisError> {
        self.gather(profile, matchers).map(drop)
    }

    /// The profile's orders and traits, and its derived events; its events are in [`Streams::events`] until the next.
    pub(super) fn gather(
        &mut self,
        profile: ProfileId,
        matchers: &[Matcher],
    ) -> Result<Profile, AnalysisError> {
        self.rows_read += self.events.gather(profile, matchers)?;
        let mut rows = Vec::new();
        if let Some(stream) = &mut self.orders {
            stream.take(profile, &mut rows)?;
            self.rows_read += rows.len() as u64;
        }
        let orders = orders_of(&rows);
        rows.clear();
        if let Some(stream) = &mut self.traits {
            stream.take(profile, &mut rows)?;
            self.rows_read += rows.len() as u64;
        }
        let traits = Traits::of(std::mem::take(&mut rows));
        if let Some(stream) = &mut self.inputs {
            stream.take(profile, &mut rows)?;
            self.rows_read += rows.len() as u64;
        }
        let derived = self.derivations.rows(&rows, matchers);
        Ok(Profile { id: profile, orders, traits, derived })
    }

    /// The events of the profile that was gathered last.
    pub(super) const fn events(&self) -> &EventStreams {
        &self.events
    }
}

impl EventStreams {
    /// With how many rows there are at most. Where nobody asks for the order of events, rows come without positions.
    pub(super) fn open(
        snapshot: &Snapshot,
        reading: &Reading,
        matchers: &[Matcher],
        bucket: Option<Bucket>,
        in_order: bool,
    ) -> Result<(Self, u64), AnalysisError> {
        let filter = RowFilter { from: Some(reading.range.from), before: Some(reading.range.until), bucket };
        let mut opened = Self { streams: Vec::new(), heads: Vec::new(), held: Vec::new(), rows: Vec::new() };
        let mut rows_total = 0;
        for name in snapshot.names().into_iter().filter(|name| name != NO_EVENT) {
            let wanted = |at: &usize| {
                let filter = reading.signals.get(*at).map(|signal| &signal.filter);
                filter.is_some_and(|filter| {
                    let is_received = filter.subject.is_events() && filter.derived.is_none();
                    is_received && filter.name.as_ref().is_none_or(|wanted| *wanted == name)
                })
            };
            let signals: Vec<usize> = (0..matchers.len()).filter(wanted).collect();
            if signals.is_empty() {
                continue;
            }
            rows_total += snapshot.row_count(Some(std::slice::from_ref(&name)));
            for source in sources(snapshot, reading, &name, &signals, (filter, in_order))? {
                let (name, signals) = (name.as_str().into(), signals.clone());
                opened.streams.push(EventStream { name, signals, source, batch: None, at: 0 });
                opened.heads.push(END);
                opened.load(opened.streams.len() - 1, matchers)?;
            }
        }
        Ok((opened, rows_total))
    }

    fn next_profile(&self) -> Option<u64> {
        self.heads.iter().copied().min().filter(|profile| *profile != END)
    }

    /// Finds a profile's rows that pass any filter, and goes on behind all its rows, of which it gives the number.
    fn gather(&mut self, ProfileId(profile): ProfileId, matchers: &[Matcher]) -> Result<u64, AnalysisError> {
        self.held.clear();
        self.rows.clear();
        let mut passed = 0;
        for number in 0..self.heads.len() {
            while self.heads.get(number) == Some(&profile) {
                let Some(stream) = self.streams.get_mut(number) else { break };
                let Some(batch) = &stream.batch else { break };
                let run = batch.run(stream.at);
                passed += run.len() as u64;
                stream.at = run.end;
                let held = self.held.len();
                batch.add_places(run, held, &mut self.rows);
                if self.rows.last().is_some_and(|place| place.batch == held) {
                    self.held.push(Arc::clone(batch));
                }
                match (batch.profile(stream.at), self.heads.get_mut(number)) {
                    (Some(next), Some(head)) => *head = next,
                    _ => self.load(number, matchers)?,
                }
            }
        }
        if !self.rows.is_sorted() {
            self.rows.sort_unstable();
        }
        Ok(passed)
    }

    /// Where the rows are of the profile that was gathered last, in the order of time.
    pub(super) fn places(&self) -> &[Place] {
        &self.rows
    }

    pub(super) fn batch(&self, place: &Place) -> Option<&Batch> {
        self.held.get(place.batch).map(AsRef::as_ref)
    }

    /// Shows every batch, in no order of profiles, with nobody outside a population passing any filter.
    pub(super) fn each_batch(
        &mut self,
        matchers: &[Matcher],
        population: &Population,
        mut show: impl FnMut(&Batch) -> Result<(), AnalysisError>,
    ) -> Result<(), AnalysisError> {
        for number in 0..self.streams.len() {
            while let Some(batch) = self.streams.get_mut(number).and_then(|stream| stream.batch.take()) {
                if let Some(mut batch) = Arc::into_inner(batch) {
                    batch.restrict(population);
                    show(&batch)?;
                }
                self.load(number, matchers)?;
            }
        }
        Ok(())
    }

    /// Goes on to a stream's next batch that has rows.
    fn load(&mut self, number: usize, matchers: &[Matcher]) -> Result<(), AnalysisError> {
        let Self { streams, heads, .. } = self;
        let (Some(stream), Some(head)) = (streams.get_mut(number), heads.get_mut(number)) else {
            return Ok(());
        };
        stream.at = 0;
        // Memory of the batch before goes before the next is read.
        stream.batch = None;
        let rows = match &mut stream.source {
            Source::Columns(source) => source.next_batch()?.map(BatchRows::Columns),
            Source::Rows(scan) => loop {
                match scan.next_rows()? {
                    Some(rows) if rows.is_empty() => {}
                    rows => break rows.map(BatchRows::Whole),
                }
            },
        };
        let batch = rows.map(|rows| Batch::new(stream.name.clone(), rows, &stream.signals, matchers));
        *head = batch.as_ref().and_then(|batch| batch.profile(0)).unwrap_or(END);
        stream.batch = batch.map(Arc::new);
        Ok(())
    }
}

impl Place {
    pub(super) const fn new(ts: Instant, position: Position, batch: usize, row: usize) -> Self {
        Self { ts, position, batch, row }
    }
}

fn sources(
    snapshot: &Snapshot,
    reading: &Reading,
    name: &str,
    signals: &[usize],
    (filter, in_order): (RowFilter, bool),
) -> Result<Vec<Source>, AnalysisError> {
    let of_name = || signals.iter().filter_map(|at| reading.signals.get(*at));
    if of_name().any(|signal| !signal.filter.sources.is_empty()) {
        return Ok(vec![Source::Rows(snapshot.rows(Some(&[name.to_owned()]), filter)?)]);
    }
    let mut paths: Vec<Path> = Vec::new();
    for signal in of_name() {
        paths.extend(signal.paths.iter().cloned());
        if let Some(predicate) = &signal.filter.predicate {
            paths_of(predicate, &mut paths);
        }
    }
    paths.sort();
    paths.dedup();
    let request =
        SignalRequest { event: name.to_owned(), paths, filter, positions: in_order, earlier_rows: false };
    Ok(snapshot.streams(&request)?.into_iter().map(Source::Columns).collect())
}

pub(super) fn bare(name: &str) -> Event {
    Event {
        message_id: CompactString::default(),
        source: SourceId(0),
        kind: EventKind::Track,
        name: name.into(),
        ts: Instant::default(),
        received_at: Instant::default(),
        clamped: false,
        identifiers: Vec::new(),
        properties: Object::new(),
        traits: Object::new(),
        group_traits: Object::new(),
        context: Object::new(),
    }
}

/// Every path that a predicate looks at, from the event on.
fn paths_of(predicate: &Predicate, out: &mut Vec<Path>) {
    match predicate {
        Predicate::All(parts) | Predicate::Any(parts) | Predicate::None(parts) => {
            parts.iter().for_each(|part| paths_of(part, out));
        }
        Predicate::Not(part) => paths_of(part, out),
        Predicate::Property(test) => out.push(test.property.clone()),
        Predicate::Item(item) => {
            let list = item.list.split_list().map_or_else(|| item.list.clone(), |(list, _)| list);
            let mut within = Vec::new();
            paths_of(&item.predicate, &mut within);
            if within.is_empty() {
                out.push(Path::joined(&list, None));
            }
            out.extend(within.iter().map(|path| Path::joined(&list, Some(path))));
        }
    }
}

/// Whole rows, those of one profile at a time.
struct RowStream {
    scan: RowScan,
    rows: std::vec::IntoIter<PartRow>,
    next: Option<PartRow>,
}

impl RowStream {
    fn open(scan: RowScan) -> Result<Self, AnalysisError> {
        let mut stream = Self { scan, rows: Vec::new().into_iter(), next: None };
        stream.advance()?;
        Ok(stream)
    }

    fn profile(&self) -> Option<u64> {
        self.next.as_ref().map(|row| row.profile.0)
    }

    fn advance(&mut self) -> Result<(), AnalysisError> {
        loop {
            self.next = self.rows.next();
            if self.next.is_some() {
                return Ok(());
            }
            match self.scan.next_rows()? {
                Some(rows) => self.rows = rows.into_iter(),
                None => return Ok(()),
            }
        }
    }

    /// Takes the rows of a profile, if its are next.
    fn take(&mut self, profile: ProfileId, out: &mut Vec<PartRow>) -> Result<(), AnalysisError> {
        while let Some(row) = self.next.take_if(|row| row.profile == profile) {
            out.push(row);
            self.advance()?;
        }
        Ok(())
    }
}
