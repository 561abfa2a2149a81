//! What is gathered for one bucket of one row.

use std::collections::BTreeMap;

use segops_model::{Decimal, ProfileId};

use super::Measure;
use crate::amount::average;

/// The gathered events of one bucket of one row.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Cell {
    count: u64,
    customers: u64,
    last_customer: Option<ProfileId>,
    numbers: u64,
    sum: Decimal,
    least: Option<Decimal>,
    greatest: Option<Decimal>,
    /// For a median: every number with how often it came.
    values: BTreeMap<Decimal, u64>,
}

impl Cell {
    /// Takes an event in. Profiles come one after the other, so that each is counted once.
    pub(super) fn event(&mut self, profile: ProfileId, counts: bool) {
        if !counts {
            return;
        }
        self.count += 1;
        if self.last_customer != Some(profile) {
            self.last_customer = Some(profile);
            self.customers += 1;
        }
    }

    /// Takes in so many events of which nobody asks who did them.
    pub(super) const fn events(&mut self, count: u64) {
        self.count += count;
    }

    /// Takes a number in; true if one more has to be kept.
    pub(super) fn number(&mut self, number: Decimal, keep: bool) -> bool {
        self.numbers += 1;
        self.sum = [self.sum, number].into_iter().sum();
        self.least = Some(self.least.map_or(number, |least| least.min(number)));
        self.greatest = Some(self.greatest.map_or(number, |greatest| greatest.max(number)));
        if !keep {
            return false;
        }
        let times = self.values.entry(number).or_default();
        *times += 1;
        *times == 1
    }

    /// Takes in what another cell has of other events.
    pub(super) fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.customers += other.customers;
        self.numbers += other.numbers;
        self.sum = [self.sum, other.sum].into_iter().sum();
        self.least = [self.least, other.least].into_iter().flatten().min();
        self.greatest = [self.greatest, other.greatest].into_iter().flatten().max();
        for (number, times) in &other.values {
            *self.values.entry(*number).or_default() += times;
        }
    }

    pub(super) fn value(&self, measure: &Measure) -> Option<Decimal> {
        match measure {
            Measure::Count => Some(Decimal::from_u64(self.count)),
            Measure::Customers => Some(Decimal::from_u64(self.customers)),
            Measure::Sum(_) | Measure::SumByQuantity(_) => Some(self.sum),
            Measure::Average(_) => average(self.sum, self.numbers),
            Measure::Minimum(_) => self.least,
            Measure::Maximum(_) => self.greatest,
            Measure::Median(_) => self.median(),
        }
    }

    /// The middle number; of an even count the average of the two in the middle.
    fn median(&self) -> Option<Decimal> {
        let (low, high) = (self.numbers.checked_sub(1)? / 2, self.numbers / 2);
        let at = |rank: u64| {
            let mut before = 0;
            self.values.iter().find_map(|(number, times)| {
                before += times;
                (before > rank).then_some(*number)
            })
        };
        average(at(low)?.checked_add(at(high)?)?, 2)
    }
}
