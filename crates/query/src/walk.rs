//! The one way through history that analyses share: profile after profile, and within a profile event after event
//! in order of (ts, position).
//!
//! The rows of each event name come out of parts ordered by profile, so that nothing is hashed or sorted: the
//! streams are merged. In memory are a batch of each stream, and of one profile its orders and traits.
//!
//! Where the history is divided into buckets of profiles, several visitors can go through it side by side, each
//! through profiles of its own ([`walk_side_by_side`]).

mod batch;
mod derived;
mod profile;
mod stream;

use std::cell::OnceCell;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::tz::TimeZone;
use segops_model::{Event, Instant, Path, Position, ProfileId};
use segops_parts::{Bucket, Snapshot, side_by_side};
use segops_rules::{EventFilter, Resolved, Subject};
use segops_segment::{Entry, Matcher};

use crate::check::Range;
use crate::error::AnalysisError;
use crate::setting::{Population, Setting, Watcher};
pub(crate) use batch::Batch;
pub(crate) use profile::{PlacedOrder, Profile};
use stream::{EventStreams, Streams};

/// Rows between two looks at whether the work was called off.
const ROWS_PER_LOOK: u64 = 4_096;

/// What an analysis wants to see.
#[derive(Debug)]
pub(crate) struct Reading {
    /// At most 64: each has a bit of its own in [`Row::signals`].
    pub(crate) signals: Vec<Signal>,
    /// When the events and orders that it wants happened.
    pub(crate) range: Range,
    /// Whether it wants each profile's orders, of all time up to now.
    pub(crate) orders: bool,
    /// Whether it wants each profile's traits.
    pub(crate) traits: bool,
}

/// Some events or orders, with the properties that are looked at beside those of the filter.
#[derive(Debug)]
pub(crate) struct Signal {
    pub(crate) filter: EventFilter<Resolved>,
    pub(crate) paths: Vec<Path>,
}

/// One event, or one order as it stands, in the order of time.
pub(crate) struct Row<'a> {
    pub(crate) ts: Instant,
    pub(crate) position: Position,
    /// Which filters it passes: the bit of each is its number.
    pub(crate) signals: u64,
    /// False for money that went back against an order that is not known.
    pub(crate) is_placed: bool,
    of: RowOf<'a>,
}

/// What a row is of.
enum RowOf<'a> {
    Event(&'a Event),
    /// Put together when it is asked for.
    Batch {
        batch: &'a Batch,
        row: usize,
        event: OnceCell<Event>,
    },
}

impl<'a> Row<'a> {
    const fn of_event(at: Entry, signals: u64, event: &'a Event, is_placed: bool) -> Self {
        Row { ts: at.ts, position: at.position, signals, is_placed, of: RowOf::Event(event) }
    }

    /// A row of a batch that passes some filters.
    pub(crate) const fn of_batch(at: Entry, signals: u64, batch: &'a Batch, row: usize) -> Self {
        let of = RowOf::Batch { batch, row, event: OnceCell::new() };
        Row { ts: at.ts, position: at.position, signals, is_placed: true, of }
    }

    pub(crate) const fn has(&self, signal: usize) -> bool {
        self.signals & (1 << signal) != 0
    }

    /// The event; of a received one only the properties that were asked for.
    pub(crate) fn event(&self) -> &Event {
        match &self.of {
            RowOf::Event(event) => event,
            RowOf::Batch { batch, row, event } => event.get_or_init(|| batch.event(*row)),
        }
    }
}

/// What an analysis does with what it sees.
pub(crate) trait Visitor {
    fn begin(&mut self, _: &Profile) -> Result<(), AnalysisError> {
        Ok(())
    }

    fn row(&mut self, _: &Profile, _: &Row<'_>) -> Result<(), AnalysisError> {
        Ok(())
    }

    /// Every row of the profile was seen.
    fn end(&mut self, _: &Profile) -> Result<(), AnalysisError> {
        Ok(())
    }
}

/// Shows a visitor everything that it wants to see of the setting's population.
pub(crate) fn walk(
    setting: &Setting<'_>,
    reading: &Reading,
    visitor: &mut dyn Visitor,
) -> Result<(), AnalysisError> {
    Way::of(setting).go(reading, None, visitor)
}

/// As [`walk`], with a visitor for each bucket of profiles, as many at a time as there are processors. What each comes
/// to is given in the order of the buckets.
pub(crate) fn walk_side_by_side<V: Visitor, T: Send>(
    setting: &Setting<'_>,
    reading: &Reading,
    visitor: impl Fn() -> V + Sync,
    finish: impl Fn(V) -> T + Sync,
) -> Result<Vec<T>, AnalysisError> {
    let way = Way::of(setting);
    side_by_side(way.snapshot.buckets(), |bucket| {
        let mut visitor = visitor();
        way.go(reading, bucket, &mut visitor)?;
        Ok(finish(visitor))
    })
}

/// Shows batch after batch of received events, in no order of profiles or time: for what neither matters to. Nobody
/// outside the population is in them.
pub(crate) fn batches_side_by_side<T: Send>(
    setting: &Setting<'_>,
    reading: &Reading,
    begin: impl Fn() -> T + Sync,
    see: impl Fn(&mut T, &Batch) -> Result<(), AnalysisError> + Sync,
) -> Result<Vec<T>, AnalysisError> {
    let way = Way::of(setting);
    let matchers = way.matchers(reading);
    side_by_side(way.snapshot.buckets(), |bucket| {
        let (mut streams, total) = EventStreams::open(way.snapshot, reading, &matchers, bucket, false)?;
        let mut seen = begin();
        streams.each_batch(&matchers, way.population, |batch| {
            way.reached(batch.len() as u64, total)?;
            see(&mut seen, batch)
        })?;
        Ok(seen)
    })
}

/// What ways through history need of a setting.
struct Way<'a> {
    snapshot: &'a Snapshot,
    zone: &'a TimeZone,
    now: Instant,
    population: &'a Population,
    watcher: &'a dyn Watcher,
    /// Rows that all of them have read.
    rows_read: AtomicU64,
}

impl<'a> Way<'a> {
    fn of(setting: &Setting<'a>) -> Self {
        Self {
            snapshot: setting.snapshot,
            zone: &setting.calendar.zone,
            now: setting.now,
            population: setting.population,
            watcher: setting.watcher,
            rows_read: AtomicU64::new(0),
        }
    }

    /// Notes how many more rows were read.
    fn reached(&self, more: u64, total: u64) -> Result<(), AnalysisError> {
        let read = self.rows_read.fetch_add(more, Ordering::Relaxed) + more;
        self.watcher.reached(read, total.max(read));
        if self.watcher.is_cancelled() { Err(AnalysisError::Cancelled) } else { Ok(()) }
    }

    fn matchers(&self, reading: &Reading) -> Vec<Matcher> {
        let compile = |signal: &Signal| Matcher::compile(&signal.filter, self.zone);
        reading.signals.iter().map(compile).collect()
    }

    fn go(
        &self,
        reading: &Reading,
        bucket: Option<Bucket>,
        visitor: &mut dyn Visitor,
    ) -> Result<(), AnalysisError> {
        let matchers = self.matchers(reading);
        let mut streams = Streams::open(self, reading, &matchers, bucket)?;
        let is_of_orders =
            |at: &usize| reading.signals.get(*at).is_some_and(|signal| signal.filter.subject.is_orders());
        let order_signals: Vec<usize> = (0..reading.signals.len()).filter(is_of_orders).collect();
        let mut last_look = 0;
        while let Some(profile) = streams.next_profile() {
            let since_look = streams.rows_read() - last_look;
            if since_look >= ROWS_PER_LOOK {
                last_look = streams.rows_read();
                self.reached(since_look, streams.rows_total())?;
            }
            if !self.population.holds(profile) {
                streams.skip(profile, &matchers)?;
                continue;
            }
            let profile = streams.gather(profile, &matchers)?;
            visitor.begin(&profile)?;
            let mut made = rows_made(&profile, reading, &order_signals, &matchers).into_iter();
            let mut first = made.next();
            for place in streams.events().places() {
                let at = Entry { ts: place.ts, position: place.position };
                while let Some((_, row)) = first.take_if(|(made_at, _)| *made_at < at) {
                    visitor.row(&profile, &row)?;
                    first = made.next();
                }
                let Some(batch) = streams.events().batch(place) else { continue };
                let signals = batch.signals(place.row);
                visitor.row(&profile, &Row::of_batch(at, signals, batch, place.row))?;
            }
            for (_, row) in first.into_iter().chain(made) {
                visitor.row(&profile, &row)?;
            }
            visitor.end(&profile)?;
        }
        let total = streams.rows_total();
        self.watcher.reached(total, total);
        Ok(())
    }
}

/// What is made of a profile's events and passes a filter: orders and derived events, in the order of time.
fn rows_made<'a>(
    profile: &'a Profile,
    reading: &Reading,
    order_signals: &[usize],
    matchers: &[Matcher],
) -> Vec<(Entry, Row<'a>)> {
    let orders = profile.orders.iter().filter_map(|order| {
        let signals = of_order(order, order_signals, reading, matchers);
        (signals != 0).then(|| (order.at, order.row(signals)))
    });
    let derived = profile.derived.iter().map(|derived| (derived.at, derived.row()));
    let mut made: Vec<_> = orders.chain(derived).filter(|(at, _)| reading.range.holds(at.ts)).collect();
    made.sort_by_key(|(at, _)| *at);
    made
}

fn of_order(order: &PlacedOrder, among: &[usize], reading: &Reading, matchers: &[Matcher]) -> u64 {
    let mut signals = 0;
    for at in among {
        let (Some(signal), Some(matcher)) = (reading.signals.get(*at), matchers.get(*at)) else { continue };
        let counts = signal.filter.subject == Subject::AllOrders || !order.is_test;
        if counts && matcher.matches(&order.event) {
            signals |= 1 << at;
        }
    }
    signals
}

/// One profile id as parts have it.
const fn profile_id(number: u64) -> ProfileId {
    ProfileId(number)
}
