//! What signals make of events that are read in columns, profile after profile.

use segops_model::{Instant, Position, ProfileId, SignalId};
use segops_parts::{PartsError, Snapshot};
use segops_segment::{BlockRows, Entry, SignalRegistry, SignalRows, Timeline, ValueEntry};

use super::blocks::{Blocks, Look, NamedReads};

/// Everything that signals find in columns.
pub(super) struct Matches<'a> {
    blocks: Blocks<'a>,
    gathered: Vec<Gathered>,
    /// The place in the block of the profile at hand, if there is anything of it.
    current: Option<usize>,
    /// The place of the first profile that was not taken.
    next: usize,
    timelines: Timelines,
}

/// What one signal has found of a block of profiles.
pub(super) struct Gathered {
    signal: SignalId,
    captures: bool,
    /// Where what each profile has begins, and at last where that of the last one ends.
    starts: Vec<usize>,
    matches: Vec<Entry>,
    values: Vec<ValueEntry>,
}

/// What a timeline is for: one that is only read needs no pieces to be kept in.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    Keep,
    Read,
}

/// Timelines that were let go, for their memory.
#[derive(Default)]
pub(super) struct Timelines {
    spare: Vec<Timeline>,
}

impl<'a> Matches<'a> {
    pub(super) fn open(
        snapshot: &Snapshot,
        registry: &'a SignalRegistry,
        reads: Vec<NamedReads>,
    ) -> Result<Self, PartsError> {
        let blocks =
            Blocks::open(snapshot, registry, reads, Look { orders: true, passes_over_older: false })?;
        let gathered = Gathered::each(registry, blocks.signals());
        Ok(Self { blocks, gathered, current: None, next: 0, timelines: Timelines::default() })
    }

    /// The first profile of which there are rows that were not taken.
    pub(super) fn next_profile(&mut self) -> Result<Option<ProfileId>, PartsError> {
        if self.next >= self.blocks.profiles().len() {
            self.next = 0;
            if self.blocks.advance()? {
                let (profiles, blocks) = (self.blocks.profiles().len(), &self.blocks);
                self.gathered.iter_mut().for_each(|gathered| gathered.gather(profiles, || blocks.rows()));
            }
        }
        Ok(self.blocks.profiles().get(self.next).copied().map(ProfileId))
    }

    /// Takes the rows of a profile, and passes over those of profiles before it.
    pub(super) fn take(&mut self, profile: ProfileId) -> Result<(), PartsError> {
        self.current = None;
        while let Some(first) = self.next_profile()? {
            if first > profile {
                break;
            }
            if first == profile {
                self.current = Some(self.next);
                self.next += 1;
                break;
            }
            let left = self.blocks.profiles().get(self.next..).unwrap_or_default();
            self.next += left.partition_point(|held| *held < profile.0);
        }
        Ok(())
    }

    /// What was found of the profile at hand, as timelines in place of those that are there.
    pub(super) fn put_into(&mut self, timelines: &mut Vec<(SignalId, Timeline)>) {
        self.timelines.take_back(timelines);
        let Some(slot) = self.current else { return };
        for gathered in &mut self.gathered {
            timelines.extend(gathered.timeline(slot, Purpose::Keep, &mut self.timelines));
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

impl Gathered {
    /// Of some signals, as histories have them: those of matches alone, then those of values, each in the order of ids.
    pub(super) fn each(registry: &SignalRegistry, signals: impl Iterator<Item = SignalId>) -> Vec<Self> {
        let of = |signal| {
            let captures = registry.captured(signal).is_some();
            Self { signal, captures, starts: Vec::new(), matches: Vec::new(), values: Vec::new() }
        };
        let mut gathered: Vec<Self> = signals.map(of).collect();
        gathered.sort_by_key(|one| (one.captures, one.signal));
        gathered
    }

    pub(super) const fn signal(&self) -> SignalId {
        self.signal
    }

    /// Takes what there is of a block of so many profiles, in place of what it held.
    pub(super) fn gather<'b, R: Iterator<Item = BlockRows<'b>>>(
        &mut self,
        profiles: usize,
        rows: impl Fn() -> R,
    ) {
        const NOTHING: Entry = Entry { ts: Instant::from_ms(0), position: Position(0) };
        let Self { signal, captures, starts, matches, values } = self;
        let of_signal = |rows: &BlockRows<'b>| rows.signals.iter().find(|of| of.signal == *signal);
        starts.clear();
        starts.resize(profiles + 1, 0);
        for rows in rows() {
            let Some(of_signal) = of_signal(&rows) else { continue };
            for of_profile in rows.profiles {
                if let Some(count) = starts.get_mut(of_profile.slot as usize + 1) {
                    *count += of_profile.range().map(|row| found(of_signal, row)).sum::<usize>();
                }
            }
        }
        let mut total = 0;
        for start in &mut *starts {
            total += *start;
            *start = total;
        }
        matches.clear();
        values.clear();
        match captures {
            false => matches.resize(total, NOTHING),
            true => values.resize(total, ValueEntry { entry: NOTHING, line: 0, value: 0 }),
        }
        // Of each profile, where the next goes.
        let mut ends = starts.clone();
        for rows in rows() {
            let Some(of_signal) = of_signal(&rows) else { continue };
            for of_profile in rows.profiles {
                let Some(end) = ends.get_mut(of_profile.slot as usize) else { continue };
                for row in of_profile.range().filter(|row| of_signal.matches(*row)) {
                    let Some(entry) = rows.entry(row) else { continue };
                    match of_signal.captured(row) {
                        None => put(matches, end, entry),
                        Some(captured) => (0..).zip(captured).for_each(|(line, value)| {
                            put(values, end, ValueEntry { entry, line, value: *value });
                        }),
                    }
                }
            }
        }
    }

    /// Whether it has anything of a profile.
    pub(super) fn has(&self, slot: usize) -> bool {
        !self.range(slot).is_empty()
    }

    /// What it has of a profile; `None` if that is nothing.
    pub(super) fn timeline(
        &mut self,
        slot: usize,
        purpose: Purpose,
        timelines: &mut Timelines,
    ) -> Option<(SignalId, Timeline)> {
        let range = self.range(slot);
        if range.is_empty() {
            return None;
        }
        let mut timeline = timelines.spare_of(self.captures);
        match (self.captures, purpose) {
            (false, Purpose::Keep) => timeline.refill(self.matches.get_mut(range)?),
            (false, Purpose::Read) => timeline.refill_to_read(self.matches.get_mut(range)?),
            (true, Purpose::Keep) => timeline.refill_values(self.values.get_mut(range)?),
            (true, Purpose::Read) => timeline.refill_values_to_read(self.values.get_mut(range)?),
        }
        Some((self.signal, timeline))
    }

    fn range(&self, slot: usize) -> std::ops::Range<usize> {
        match (self.starts.get(slot), self.starts.get(slot + 1)) {
            (Some(start), Some(end)) => *start..*end,
            _ => 0..0,
        }
    }
}

/// How many items a signal has of a row.
fn found(of_signal: &SignalRows, row: usize) -> usize {
    match of_signal.captured(row) {
        _ if !of_signal.matches(row) => 0,
        None => 1,
        Some(captured) => captured.len(),
    }
}

fn put<T>(items: &mut [T], at: &mut usize, item: T) {
    if let Some(place) = items.get_mut(*at) {
        *place = item;
        *at += 1;
    }
}

impl Timelines {
    /// One that was let go of the same kind, for its memory.
    fn spare_of(&mut self, values: bool) -> Timeline {
        let alike = self.spare.iter().rposition(|spare| spare.holds_values() == values);
        alike.map_or_else(Timeline::default, |at| self.spare.swap_remove(at))
    }

    /// Takes timelines back that nobody looks at any more.
    pub(super) fn take_back(&mut self, timelines: &mut Vec<(SignalId, Timeline)>) {
        self.spare.extend(timelines.drain(..).map(|(_, timeline)| timeline));
    }
}
