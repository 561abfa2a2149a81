//! What a metric is made of: one unit for each order or profile, with a value and its group by every dimension.

use rustc_hash::FxHashMap;
use segops_model::{Decimal, ProfileId};

use crate::groups::{Dimension, Group};
use crate::statistics::{count_f64, to_f64};

/// Groups of one dimension that are told apart; the rest is `others`.
pub(super) const GROUPS_MAX: usize = 30;
/// Dimensions that are looked at, and of which pairs are made.
const DIMENSIONS_MAX: usize = 20;
/// Values of one dimension that are counted before it is known which have most units.
const VALUES_MAX: usize = 5_000;

/// All units of both windows.
#[derive(Debug, Default)]
pub(crate) struct Units {
    is_after: Vec<bool>,
    values: Vec<Decimal>,
    /// Whose each is, by their numbers from 0: those of one profile come together.
    profiles: Vec<usize>,
    last: Option<ProfileId>,
    columns: Vec<Column>,
}

/// Every unit's group by one dimension.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) by: Dimension,
    /// Whether it was asked for, and so stays, whatever its values.
    pub(super) is_asked: bool,
    codes: Vec<u32>,
    keys: FxHashMap<String, u32>,
    groups: Vec<Group>,
}

/// A dimension with few groups.
#[derive(Debug)]
pub(super) struct Grouped {
    pub(super) by: Dimension,
    pub(super) codes: Vec<u32>,
    pub(super) groups: Vec<Group>,
}

impl Units {
    pub(crate) fn new(dimensions: impl Iterator<Item = (Dimension, bool)>) -> Self {
        let column = |(by, is_asked)| Column {
            by,
            is_asked,
            codes: Vec::new(),
            keys: FxHashMap::default(),
            groups: Vec::new(),
        };
        Self { columns: dimensions.map(column).collect(), ..Self::default() }
    }

    /// Adds a unit of a profile, whose others come right before or after, with its group by every dimension in their order.
    pub(crate) fn add(
        &mut self,
        profile: ProfileId,
        is_after: bool,
        value: Decimal,
        groups: impl Iterator<Item = (String, Group)>,
    ) {
        let number = self.profiles.last().copied().unwrap_or_default();
        let is_next = self.last.is_some_and(|last| last != profile);
        self.profiles.push(number + usize::from(is_next));
        self.last = Some(profile);
        self.is_after.push(is_after);
        self.values.push(value);
        for (column, (key, group)) in self.columns.iter_mut().zip(groups) {
            column.add(key, group);
        }
    }

    pub(crate) const fn len(&self) -> usize {
        self.values.len()
    }

    /// Each unit's profile, by its number, whether it is of the second window, and its value.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, bool, Decimal)> {
        let units = self.profiles.iter().zip(&self.is_after).zip(&self.values);
        units.map(|((profile, is_after), value)| (*profile, *is_after, *value))
    }

    /// The dimensions that tell units apart: with at least two groups, and but for those that were asked for not
    /// mostly of values with few units each.
    pub(super) fn grouped(&mut self) -> Vec<Grouped> {
        let columns = std::mem::take(&mut self.columns);
        columns.into_iter().filter_map(Column::grouped).take(DIMENSIONS_MAX).collect()
    }
}

impl Column {
    fn add(&mut self, key: String, group: Group) {
        let next = u32::try_from(self.groups.len()).unwrap_or(u32::MAX);
        let code = match self.keys.get(&key) {
            Some(code) => *code,
            None if self.groups.len() >= VALUES_MAX => u32::MAX,
            None => {
                self.keys.insert(key, next);
                self.groups.push(group);
                next
            }
        };
        self.codes.push(code);
    }

    fn grouped(self) -> Option<Grouped> {
        let mut counts = vec![0_u64; self.groups.len()];
        for code in &self.codes {
            if let Some(count) = counts.get_mut(*code as usize) {
                *count += 1;
            }
        }
        let mut order: Vec<usize> = (0..self.groups.len()).collect();
        let count_of = |at: &usize| counts.get(*at).copied().unwrap_or_default();
        order.sort_by(|left, right| {
            count_of(right)
                .cmp(&count_of(left))
                .then_with(|| self.groups.get(*left).cmp(&self.groups.get(*right)))
        });
        order.truncate(GROUPS_MAX);
        let kept: u64 = order.iter().map(count_of).sum();
        let others = self.codes.len() as u64 - kept;
        let is_scattered = count_f64(others) > to_f64(self.codes.len()) / 2.0;
        if (is_scattered && !self.is_asked) || order.len() + usize::from(others > 0) < 2 {
            return None;
        }
        let rest = u32::try_from(order.len()).unwrap_or(u32::MAX);
        let mut new_codes = vec![rest; self.groups.len()];
        for (new, old) in (0_u32..).zip(&order) {
            if let Some(place) = new_codes.get_mut(*old) {
                *place = new;
            }
        }
        let code = |code: &u32| new_codes.get(*code as usize).copied().unwrap_or(rest);
        let codes = self.codes.iter().map(code).collect();
        let mut groups: Vec<Group> = order.iter().filter_map(|at| self.groups.get(*at).cloned()).collect();
        if others > 0 {
            groups.push(Group::Others);
        }
        Some(Grouped { by: self.by, codes, groups })
    }
}
