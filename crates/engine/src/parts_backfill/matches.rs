//! What signals make of events that are read in columns, profile after profile.
//!
//! Of each event name there are as many streams as the history has pieces, each in the order of (profile, ts,
//! position). They are not merged row by row: the profile that comes first is looked for, its rows are taken from
//! every stream that has any, and what a signal found in them is put in the order of time where it is not already.

use std::collections::BTreeMap;

use compact_str::CompactString;
use rustc_hash::FxHashMap;

use segops_model::{Instant, Path, Position, ProfileId, SignalId};
use segops_parts::{PartsError, RowFilter, SignalBatch, SignalRequest, SignalStream, Snapshot};
use segops_segment::{Entry, NamedSignals, SignalMemos, SignalRegistry, SignalRows, Timeline, ValueEntry};

/// Where a stream stands that has no more rows: behind every profile.
const END: u64 = u64::MAX;

/// Everything that signals find in columns.
pub(super) struct Matches<'a> {
    names: Vec<Named<'a>>,
    cursors: Vec<Cursor>,
    /// The profile that each cursor stands at.
    heads: Vec<u64>,
    /// Cursors that a profile's rows are taken from, for its memory.
    due: Vec<usize>,
    found: Vec<Found>,
    /// Timelines that were let go, for their memory.
    spare: Vec<Timeline>,
}

/// One event name.
struct Named<'a> {
    signals: NamedSignals<'a>,
    /// Where each of its signals puts what it finds.
    places: Vec<usize>,
}

/// One stream, with the rows that it is at.
struct Cursor {
    named: usize,
    stream: SignalStream,
    memos: SignalMemos,
    batch: Option<(SignalBatch, Vec<SignalRows>)>,
    at: usize,
}

/// What one signal has found of the profile at hand.
struct Found {
    signal: SignalId,
    matches: Vec<Entry>,
    values: Vec<ValueEntry>,
}

/// What is read of one event name.
#[derive(Debug)]
pub(super) struct NamedReads {
    pub(super) name: CompactString,
    pub(super) paths: Vec<Path>,
    pub(super) filter: RowFilter,
}

impl<'a> Matches<'a> {
    pub(super) fn open(
        snapshot: &Snapshot,
        registry: &'a SignalRegistry,
        reads: Vec<NamedReads>,
    ) -> Result<Self, PartsError> {
        // As histories have them: signals of matches alone, then those of values, each in the order of ids.
        let mut ids: Vec<SignalId> = registry.ids().collect();
        ids.sort_by_key(|id| (registry.captured(*id).is_some(), *id));
        let place_of: FxHashMap<SignalId, usize> = ids.iter().enumerate().map(|(at, id)| (*id, at)).collect();
        let found = ids.into_iter().map(|signal| Found { signal, matches: Vec::new(), values: Vec::new() });
        let mut matches = Self {
            names: Vec::new(),
            cursors: Vec::new(),
            heads: Vec::new(),
            due: Vec::new(),
            found: found.collect(),
            spare: Vec::new(),
        };
        for NamedReads { name, paths, filter } in reads {
            let signals = registry.named(&name);
            let places = signals.ids().filter_map(|id| place_of.get(&id).copied()).collect();
            let request = SignalRequest { event: name.to_string(), paths, filter };
            let streams = snapshot.streams(&request)?;
            let named = matches.names.len();
            matches.names.push(Named { signals, places });
            for stream in streams {
                matches.cursors.push(Cursor {
                    named,
                    stream,
                    memos: SignalMemos::default(),
                    batch: None,
                    at: 0,
                });
                matches.heads.push(END);
                matches.load(matches.cursors.len() - 1)?;
            }
        }
        Ok(matches)
    }

    /// The first profile of which there are rows that were not taken.
    pub(super) fn next_profile(&self) -> Option<ProfileId> {
        self.heads.iter().copied().min().filter(|profile| *profile != END).map(ProfileId)
    }

    /// Takes the rows of a profile, and passes over those of profiles before it.
    pub(super) fn take(&mut self, ProfileId(profile): ProfileId) -> Result<(), PartsError> {
        let mut due = std::mem::take(&mut self.due);
        due.clear();
        due.extend((0..).zip(&self.heads).filter(|(_, head)| **head <= profile).map(|(number, _)| number));
        for number in &due {
            while self.heads.get(*number).is_some_and(|head| *head <= profile) {
                self.take_from(*number, profile)?;
            }
        }
        self.due = due;
        Ok(())
    }

    /// Takes the rows of one profile that a cursor's batch begins with, as far as it has them.
    fn take_from(&mut self, number: usize, wanted: u64) -> Result<(), PartsError> {
        let Self { names, cursors, heads, found, .. } = self;
        let (Some(cursor), Some(head)) = (cursors.get_mut(number), heads.get_mut(number)) else {
            return Ok(());
        };
        let Some((batch, signals)) = &cursor.batch else { return Ok(()) };
        let (profiles, profile, start) = (batch.profiles(), *head, cursor.at);
        let others = profiles.get(start..).unwrap_or_default().iter().position(|other| *other != profile);
        let end = others.map_or(profiles.len(), |rows| start + rows);
        if profile == wanted
            && let Some(named) = names.get(cursor.named)
        {
            for (rows, place) in signals.iter().zip(&named.places) {
                if let Some(found) = found.get_mut(*place) {
                    found.add(batch, rows, start, end);
                }
            }
        }
        cursor.at = end;
        match profiles.get(end) {
            Some(next) => *head = *next,
            None => self.load(number)?,
        }
        Ok(())
    }

    /// Goes on to a cursor's next batch.
    fn load(&mut self, number: usize) -> Result<(), PartsError> {
        let Self { names, cursors, heads, .. } = self;
        let (Some(cursor), Some(head)) = (cursors.get_mut(number), heads.get_mut(number)) else {
            return Ok(());
        };
        let batch = cursor.stream.next_batch()?;
        *head = batch.as_ref().and_then(|batch| batch.profiles().first().copied()).unwrap_or(END);
        cursor.at = 0;
        cursor.batch = batch.zip(names.get(cursor.named)).map(|(batch, named)| {
            let signals = named.signals.read(&batch, &mut cursor.memos);
            (batch, signals)
        });
        Ok(())
    }

    /// What was found of the profile at hand, as timelines in place of those that are there.
    pub(super) fn put_into(&mut self, timelines: &mut Vec<(SignalId, Timeline)>) {
        self.spare.extend(timelines.drain(..).map(|(_, timeline)| timeline));
        for found in &mut self.found {
            if found.matches.is_empty() && found.values.is_empty() {
                continue;
            }
            let mut timeline = self.spare.pop().unwrap_or_default();
            if found.values.is_empty() {
                timeline.refill(&mut found.matches);
            } else {
                timeline.refill_values(&mut found.values);
            }
            timelines.push((found.signal, timeline));
        }
    }

    /// Adds what was found of the profile at hand to timelines that were put together otherwise.
    pub(super) fn add_to(&mut self, timelines: &mut Vec<(SignalId, Timeline)>) {
        let mut own = Vec::new();
        self.put_into(&mut own);
        for (signal, timeline) in own {
            match timelines.iter_mut().find(|(held, _)| *held == signal) {
                Some((_, held)) => held.merge(&timeline),
                None => timelines.push((signal, timeline)),
            }
        }
        timelines.sort_by_key(|(signal, timeline)| (timeline.holds_values(), *signal));
    }
}

impl Found {
    /// Adds what a signal makes of some rows of a profile.
    fn add(&mut self, batch: &SignalBatch, rows: &SignalRows, start: usize, end: usize) {
        let (Some(ts), Some(positions)) = (batch.ts_ms().get(start..end), batch.positions().get(start..end))
        else {
            return;
        };
        for (row, (ts, position)) in (start..).zip(ts.iter().zip(positions)) {
            if !rows.matches(row) {
                continue;
            }
            let entry = Entry { ts: Instant::from_ms(*ts), position: Position(*position) };
            match rows.captured(row) {
                None => self.matches.push(entry),
                Some(values) => {
                    let values = (0_u32..).zip(values);
                    self.values.extend(values.map(|(line, value)| ValueEntry { entry, line, value: *value }));
                }
            }
        }
    }
}

/// The instant that rows of a name have to be after, for those of its signals that look back farthest.
pub(super) fn looks_back_to(
    registry: &SignalRegistry,
    name: &str,
    back: &BTreeMap<SignalId, Instant>,
) -> Option<Instant> {
    let ids = registry.named(name);
    let each = ids.ids().map(|id| back.get(&id).copied());
    each.min().flatten()
}
