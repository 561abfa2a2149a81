//! Signals over many events of one name at a time: which of the rows each signal matches, and what it captures of
//! them. The tests are those that single events get; only the way to the values is another.

#[cfg(test)]
pub(crate) mod tests;

use segops_model::{Columns, SignalId};

use super::{Signal, SignalRegistry};
use crate::capture::CaptureMemo;

/// The signals that can match events of one name by nothing but their properties.
#[derive(Debug)]
pub struct NamedSignals<'a> {
    signals: Vec<(SignalId, &'a Signal)>,
}

/// What signals remember from one batch of a stream to the next.
#[derive(Debug, Default)]
pub struct SignalMemos {
    /// Of each signal of the name.
    captures: Vec<CaptureMemo>,
}

/// What one signal makes of some rows.
#[derive(Debug)]
pub struct SignalRows {
    pub signal: SignalId,
    /// Whether each row matches; `None` where all do.
    passes: Option<Vec<bool>>,
    captured: Option<CapturedRows>,
}

/// Captured values, row after row.
#[derive(Debug)]
pub(crate) struct CapturedRows {
    /// Where the values of each row start, and at last where those of the last row end.
    starts: Vec<usize>,
    values: Vec<i128>,
}

impl SignalRegistry {
    /// The signals that can match events of a name. The name is of events, and not empty.
    #[must_use]
    pub fn named(&self, name: &str) -> NamedSignals<'_> {
        let named = self.by_name.get(name).map_or(&[][..], |bucket| bucket.ids());
        let mut ids: Vec<SignalId> = named.iter().chain(self.any_event.ids()).copied().collect();
        ids.sort_unstable();
        NamedSignals { signals: ids.iter().filter_map(|id| Some((*id, self.signals.get(id)?))).collect() }
    }
}

impl NamedSignals<'_> {
    pub fn ids(&self) -> impl Iterator<Item = SignalId> {
        self.signals.iter().map(|(id, _)| *id)
    }

    /// What each of them makes of some rows, of which there are columns for every path that [`SignalRegistry::reads`]
    /// names.
    #[must_use]
    pub fn read(&self, columns: &dyn Columns, memos: &mut SignalMemos) -> Vec<SignalRows> {
        memos.captures.resize_with(self.signals.len(), CaptureMemo::default);
        let of_signal = |((id, signal), memo): (&(SignalId, &Signal), &mut CaptureMemo)| {
            let passes = signal.matcher.passing(columns);
            let capturer = signal.capture.as_ref().map(|(_, capturer)| capturer);
            let captured = capturer.map(|capturer| capturer.captured(columns, passes.as_deref(), memo));
            SignalRows { signal: *id, passes, captured }
        };
        self.signals.iter().zip(&mut memos.captures).map(of_signal).collect()
    }
}

impl SignalRows {
    #[must_use]
    pub fn matches(&self, row: usize) -> bool {
        self.passes.as_ref().is_none_or(|passes| passes.get(row).copied().unwrap_or_default())
    }

    /// Of each row; `None` where all match.
    pub(crate) fn passes(&self) -> Option<&[bool]> {
        self.passes.as_deref()
    }

    /// The values that are captured of a row; `None` for a signal that captures none.
    #[must_use]
    pub fn captured(&self, row: usize) -> Option<&[i128]> {
        self.captured.as_ref().map(|captured| captured.of_row(row).unwrap_or_default())
    }
}

impl CapturedRows {
    /// Of values with their rows, in the order of the rows.
    pub(crate) fn of(rows: usize, found: &[(usize, i128)]) -> Self {
        let mut starts = Vec::with_capacity(rows + 1);
        for (at, (row, _)) in found.iter().enumerate() {
            while starts.len() <= *row {
                starts.push(at);
            }
        }
        starts.resize(rows + 1, found.len());
        Self { starts, values: found.iter().map(|(_, value)| *value).collect() }
    }

    pub(crate) fn of_row(&self, row: usize) -> Option<&[i128]> {
        self.values.get(*self.starts.get(row)?..*self.starts.get(row + 1)?)
    }
}
