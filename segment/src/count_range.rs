//! A comparison of a count, as a range or the negation of one.

use segops_rules::CountTest;

/// The counts that satisfy a test: those from `least` to `most`, or with `negated` all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CountRange {
    least: u64,
    /// `None` is without end; below `least` nothing is inside.
    most: Option<u64>,
    negated: bool,
}

impl CountRange {
    pub(crate) const fn new(test: CountTest) -> Self {
        const EMPTY: (u64, Option<u64>) = (1, Some(0));
        let mut negated = false;
        let (least, most) = match test {
            CountTest::AtLeast(n) => (n, None),
            CountTest::MoreThan(u64::MAX) | CountTest::LessThan(0) => EMPTY,
            CountTest::MoreThan(n) => (n + 1, None),
            CountTest::Exactly(n) => (n, Some(n)),
            CountTest::Not(n) => {
                negated = true;
                (n, Some(n))
            }
            CountTest::AtMost(n) => (0, Some(n)),
            CountTest::LessThan(n) => (0, Some(n - 1)),
            CountTest::Between(from, to) => (from, Some(to)),
        };
        Self { least, most, negated }
    }

    pub(crate) const fn is_negated(self) -> bool {
        self.negated
    }

    /// The range itself, without the negation.
    pub(crate) const fn positive(self) -> Self {
        Self { negated: false, ..self }
    }

    pub(crate) const fn holds(self, count: u64) -> bool {
        let inside = self.least <= count
            && match self.most {
                None => true,
                Some(most) => count <= most,
            };
        inside != self.negated
    }

    /// How many of the newest entries decide the test where only the oldest ever leave: one more than
    /// the greatest count that makes a difference.
    pub(crate) const fn newest_needed(self) -> u64 {
        match self.most {
            None => self.least,
            Some(most) if most < self.least => 0,
            Some(most) => most.saturating_add(1),
        }
    }

    /// By how much a count must at least fall before the test can give another answer.
    pub(crate) const fn fall_to_change(self, count: u64) -> Option<u64> {
        match self.most {
            Some(most) if most < self.least => None,
            Some(most) if count > most => Some(count - most),
            _ if count >= self.least && self.least > 0 => Some((count - self.least).saturating_add(1)),
            _ => None,
        }
    }

    /// By how much a count must at least rise before the test can give another answer.
    pub(crate) const fn rise_to_change(self, count: u64) -> Option<u64> {
        match self.most {
            Some(most) if most < self.least => None,
            _ if count < self.least => Some(self.least - count),
            Some(most) if count <= most => Some((most - count).saturating_add(1)),
            _ => None,
        }
    }
}
