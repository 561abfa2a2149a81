//! How a long timeline has come to be what it is, so that what was found out about it can be brought up to date.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};

/// Entries for each of which a late one is remembered.
const ENTRIES_PER_LATE: usize = 16;
/// Late entries that are remembered at most.
const LATE_MAX: usize = 64;

/// Names a point on a course of a timeline through which it has only taken in entries, and let go of its oldest.
/// Between two of the same course lie, beside newer entries, the late ones. Nothing else has the same course; it is no
/// part of what the timeline says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lineage {
    course: u64,
    /// Entries that have come late by then.
    late: u64,
}

/// An entry that was not the newest when it came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Late<T> {
    /// Where it came to lie, and what was there moved up, counted from where the course began.
    pub(crate) index: usize,
    pub(crate) item: T,
}

/// The course, and those that came late last: a few events come in the wrong order, and one of a hundred thousand
/// must not make everything be read anew.
#[derive(Debug)]
pub(super) struct History<T> {
    now: Lineage,
    late: VecDeque<Late<T>>,
}

impl<T: Copy> History<T> {
    pub(super) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let course = NEXT.fetch_add(1, Ordering::Relaxed);
        Self { now: Lineage { course, late: 0 }, late: VecDeque::new() }
    }

    pub(super) const fn now(&self) -> Lineage {
        self.now
    }

    /// Remembers a late entry of a timeline that has so many.
    pub(super) fn note(&mut self, late: Late<T>, entries: usize) {
        self.now.late += 1;
        self.late.push_back(late);
        let most = (entries / ENTRIES_PER_LATE).min(LATE_MAX);
        self.late.drain(..self.late.len().saturating_sub(most));
    }

    /// What has come late since, in the order of arrival; `None` where it is not the same course, or that is not
    /// remembered.
    pub(super) fn since(&self, then: Lineage) -> Option<impl Iterator<Item = Late<T>>> {
        let came = self.now.late.checked_sub(then.late).filter(|_| self.now.course == then.course)?;
        let from = self.late.len().checked_sub(usize::try_from(came).ok()?)?;
        Some(self.late.range(from..).copied())
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.late.capacity() * size_of::<Late<T>>()
    }
}
