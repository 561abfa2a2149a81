//! The one way through history that analyses share: profile after profile, and within a profile event after event
//! in order of (ts, position).
//!
//! The rows of each event name come out of parts ordered by profile, so that nothing is hashed or sorted: the
//! streams are merged. In memory are a batch of each stream, and of one profile its orders and traits.

mod derived;
mod profile;
mod stream;

use segops_model::{Event, Instant, Path, Position, ProfileId};
use segops_rules::{EventFilter, Resolved, Subject};
use segops_segment::{Entry, Matcher};

use crate::check::Range;
use crate::error::AnalysisError;
use crate::setting::Setting;
pub(crate) use profile::{PlacedOrder, Profile};
use stream::Streams;

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
#[derive(Debug)]
pub(crate) struct Row<'a> {
    pub(crate) ts: Instant,
    pub(crate) position: Position,
    /// Which filters it passes: the bit of each is its number.
    pub(crate) signals: u64,
    /// Of an event only the properties that were asked for.
    pub(crate) event: &'a Event,
    /// False for money that went back against an order that is not known.
    pub(crate) is_placed: bool,
}

impl Row<'_> {
    pub(crate) const fn has(&self, signal: usize) -> bool {
        self.signals & (1 << signal) != 0
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
    let zone = &setting.calendar.zone;
    let matchers: Vec<Matcher> =
        reading.signals.iter().map(|signal| Matcher::compile(&signal.filter, zone)).collect();
    let mut streams = Streams::open(setting, reading, &matchers)?;
    let wants_order = |subject: Subject| subject.is_orders();
    let order_signals: Vec<usize> = (0..reading.signals.len())
        .filter(|at| reading.signals.get(*at).is_some_and(|signal| wants_order(signal.filter.subject)))
        .collect();
    let mut last_look = 0;
    while let Some(profile) = streams.next_profile() {
        if streams.rows_read() - last_look >= ROWS_PER_LOOK {
            last_look = streams.rows_read();
            setting.watcher.reached(last_look, streams.rows_total());
            if setting.watcher.is_cancelled() {
                return Err(AnalysisError::Cancelled);
            }
        }
        if !setting.population.holds(profile) {
            streams.skip(profile, &matchers)?;
            continue;
        }
        let profile = streams.gather(profile, &matchers)?;
        visitor.begin(&profile)?;
        let mut made = rows_made(&profile, reading, &order_signals, &matchers).into_iter();
        let mut first = made.next();
        loop {
            let next = streams.next_of(profile.id);
            let made_is_first = match (&first, next) {
                (Some((at, _)), Some((ts, position))) => *at < Entry { ts, position },
                (first, _) => first.is_some(),
            };
            if made_is_first {
                let Some((_, row)) = first else { break };
                visitor.row(&profile, &row)?;
                first = made.next();
            } else if next.is_some() {
                streams.take(&matchers, |row| visitor.row(&profile, row))?;
            } else {
                break;
            }
        }
        visitor.end(&profile)?;
    }
    setting.watcher.reached(streams.rows_total(), streams.rows_total());
    Ok(())
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
