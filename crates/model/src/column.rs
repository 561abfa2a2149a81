//! Values of many events side by side, as history has them: what is looked at there without an event being put
//! together.

use std::ops::Range;

use crate::{Decimal, Object, Path, Value};

/// Rows of which the values are asked path by path.
pub trait Columns {
    fn rows(&self) -> usize;
    /// The paths that there are columns of, none of them through a list.
    fn paths(&self) -> &[Path];
    /// The values at a path, which does not lead through a list: what is within a list is asked of its items.
    fn column(&self, path: &Path) -> Column<'_>;
}

/// The values that some rows have at one path.
#[derive(Debug, Clone)]
pub enum Column<'a> {
    /// No row has any.
    Nothing,
    /// As events have them.
    Values(Vec<Option<&'a Value>>),
    Numbers(Numbers<'a>),
    Texts(Texts<'a>),
    Flags(Flags<'a>),
    /// Lists of objects.
    Lists(Lists<'a>),
}

/// A bit of each row; with no bits at all every row has one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bits<'a> {
    held: Option<(&'a [u8], usize)>,
}

/// Numbers in billionths; what stands in the place of a missing one means nothing.
#[derive(Debug, Clone, Copy)]
pub struct Numbers<'a> {
    pub billionths: &'a [i128],
    pub present: Bits<'a>,
}

/// Texts that are told apart by their numbers.
pub trait TextValues {
    /// Another for other texts, where it is known: the same number is then the same text, in whatever batch of rows.
    fn identity(&self) -> Option<u64> {
        None
    }
    fn count(&self) -> usize;
    /// The text with a number below the count.
    fn text(&self, number: usize) -> &str;
}

/// One text of each row.
#[derive(Clone, Copy)]
pub struct Texts<'a> {
    pub values: &'a dyn TextValues,
    /// The number of each row's text; without them it is the row's own number.
    pub numbers: Option<&'a [i32]>,
    pub present: Bits<'a>,
}

#[derive(Debug, Clone, Copy)]
pub struct Flags<'a> {
    pub flags: Bits<'a>,
    pub present: Bits<'a>,
}

/// The lists of rows, with the items of all of them side by side.
#[derive(Clone, Copy)]
pub struct Lists<'a> {
    /// Where the items of each row start, and at last where those of the last row end.
    pub starts: &'a [i32],
    pub present: Bits<'a>,
    pub items: &'a dyn Columns,
}

/// What something came to for texts that are told apart by their numbers, for as long as they are the same texts.
#[derive(Debug, Clone)]
pub struct TextMemo<T> {
    identity: Option<u64>,
    known: Vec<Option<T>>,
}

impl<T> Default for TextMemo<T> {
    fn default() -> Self {
        Self { identity: None, known: Vec::new() }
    }
}

impl<T: Clone> TextMemo<T> {
    /// Goes on with some texts: what is known of others is forgotten.
    pub fn turn_to(&mut self, texts: &Texts<'_>) {
        let identity = texts.values.identity();
        if identity.is_none() || identity != self.identity {
            self.known.clear();
            self.identity = identity;
        }
        self.known.resize(texts.values.count(), None);
    }

    /// What a row's text comes to, of the texts that it was turned to last; `None` where the row has none.
    pub fn of(&mut self, texts: &Texts<'_>, row: usize, of: impl FnOnce(&str) -> T) -> Option<T> {
        let number = texts.number(row)?;
        let known = self.known.get_mut(number)?;
        Some(known.get_or_insert_with(|| of(texts.values.text(number))).clone())
    }
}

impl<'a> Bits<'a> {
    /// Bits from an offset on, the lowest of a byte first.
    #[must_use]
    pub const fn new(bytes: &'a [u8], offset: usize) -> Self {
        Self { held: Some((bytes, offset)) }
    }

    /// Whether every row has its bit, without a look at each.
    #[must_use]
    pub const fn are_all(&self) -> bool {
        self.held.is_none()
    }

    #[must_use]
    #[inline]
    pub fn has(&self, row: usize) -> bool {
        self.held.is_none_or(|(bytes, offset)| {
            bytes.get((offset + row) / 8).is_some_and(|byte| byte >> ((offset + row) % 8) & 1 == 1)
        })
    }
}

impl Numbers<'_> {
    #[must_use]
    #[inline]
    pub fn at(&self, row: usize) -> Option<i128> {
        self.present.has(row).then(|| self.billionths.get(row).copied())?
    }
}

impl<'a> Texts<'a> {
    /// The number of a row's text.
    #[must_use]
    #[inline]
    pub fn number(&self, row: usize) -> Option<usize> {
        if !self.present.has(row) {
            return None;
        }
        match self.numbers {
            None => Some(row),
            Some(numbers) => usize::try_from(*numbers.get(row)?).ok(),
        }
    }

    #[must_use]
    pub fn at(&self, row: usize) -> Option<&'a str> {
        self.number(row).map(|number| self.values.text(number))
    }

    /// What something comes to for each row's text, computed once for each text that some row has.
    #[must_use]
    pub fn map<T: Clone>(&self, rows: usize, missing: &T, mut of: impl FnMut(&str) -> T) -> Vec<T> {
        if self.numbers.is_none() {
            return (0..rows).map(|row| self.at(row).map_or_else(|| missing.clone(), &mut of)).collect();
        }
        let mut known: Vec<Option<T>> = vec![None; self.values.count()];
        let mut of_row = |row: usize| {
            let number = self.number(row)?;
            let known = known.get_mut(number)?;
            Some(known.get_or_insert_with(|| of(self.values.text(number))).clone())
        };
        (0..rows).map(|row| of_row(row).unwrap_or_else(|| missing.clone())).collect()
    }
}

impl std::fmt::Debug for Texts<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Texts").field("numbers", &self.numbers).finish_non_exhaustive()
    }
}

impl Flags<'_> {
    #[must_use]
    pub fn at(&self, row: usize) -> Option<bool> {
        self.present.has(row).then(|| self.flags.has(row))
    }
}

impl Lists<'_> {
    /// The items of a row's list; `None` where it has none.
    #[must_use]
    #[inline]
    pub fn at(&self, row: usize) -> Option<Range<usize>> {
        if !self.present.has(row) {
            return None;
        }
        let (start, end) = (*self.starts.get(row)?, *self.starts.get(row + 1)?);
        Some(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
    }

    /// The list itself, of objects with those members that there are columns of.
    #[must_use]
    pub fn value(&self, row: usize) -> Option<Value> {
        let columns: Vec<_> = self.items.paths().iter().map(|path| (path, self.items.column(path))).collect();
        let item = |at: usize| {
            let mut object = Object::new();
            for (path, column) in &columns {
                if let Some(value) = column.value(at) {
                    object.set_at(path, value);
                }
            }
            Value::Object(object)
        };
        Some(Value::List(self.at(row)?.map(item).collect()))
    }
}

impl std::fmt::Debug for Lists<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lists").field("starts", &self.starts).finish_non_exhaustive()
    }
}

impl Column<'_> {
    /// The value of one row; `None` where it has none, or null.
    #[must_use]
    pub fn value(&self, row: usize) -> Option<Value> {
        match self {
            Self::Nothing => None,
            Self::Values(values) => values.get(row).copied().flatten().cloned(),
            Self::Numbers(numbers) => {
                numbers.at(row).map(|units| Value::Number(Decimal::from_billionths(units)))
            }
            Self::Texts(texts) => texts.at(row).map(Value::text),
            Self::Flags(flags) => flags.at(row).map(Value::Bool),
            Self::Lists(lists) => lists.value(row),
        }
    }
}
