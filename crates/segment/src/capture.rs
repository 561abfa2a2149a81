//! The values that an aggregate reads of an event.

#[cfg(test)]
mod tests;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use segops_model::{
    Column, Columns, Decimal, Event, Object, Path, Position, TextMemo, Value, date_of, fold_case,
};
use segops_rules::{EventFilter, ItemTest, Predicate, Resolved, StateTest, same_in_line_items};

use crate::matcher::LinePredicate;
use crate::signal::CapturedRows;
use crate::{Entry, ValueEntry, ValueTest};

/// Values taken of one event; of more, the first count.
pub const VALUES_PER_EVENT_MAX: usize = 1_000;
/// The property by which a value counts more than once.
const QUANTITY: &str = "quantity";
/// A value stays below this many billionths, so that a sum of 10^9 of them fits 128 bits.
const VALUE_MAX: i128 = 100_000_000_000_000_000_000_000_000_000;

/// Which values of an event are kept with its match.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capture {
    pub kind: CaptureKind,
    /// To the value; through at most one list.
    pub property: Path,
    /// Whether each value counts times the `quantity` beside it.
    pub by_quantity: bool,
    /// What each value is asked, of those that are tested.
    pub test: Option<StateTest>,
}

/// What a captured value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaptureKind {
    /// Billionths of a number.
    Numbers,
    /// As numbers; of orders, also of money that went back against one that is not known.
    Amounts,
    /// The milliseconds of an instant.
    Dates,
    /// A 128-bit hash of the value as text, the same for texts that differ in case alone and for a number
    /// and its text: a value of any length takes as much memory as another.
    Keys,
    /// As `Keys`, of the property itself and of that of the same name in every line item.
    SharedKeys,
    /// As keys; of orders, also of money that went back against one that is not known.
    Currencies,
    /// As keys, with whether the value passes the capture's test in the lowest bit.
    Tested,
}

impl Capture {
    #[must_use]
    pub const fn of_kind(kind: CaptureKind, property: Path) -> Self {
        Self { kind, property, by_quantity: false, test: None }
    }
}

/// A capture, compiled for one filter.
#[derive(Debug, Clone)]
pub(crate) struct Capturer {
    kind: CaptureKind,
    by_quantity: bool,
    path: Path,
    /// The list that `path` starts in, if it does not start in the event.
    lines: Option<LineFilter>,
    zone: TimeZone,
    test: Option<ValueTest>,
    /// Where line items have the same.
    in_line_items: Option<Box<Capturer>>,
}

/// What was kept of texts that rows share.
type KeyMemo = TextMemo<Option<i128>>;

/// The same for both of the places that values can be in.
#[derive(Debug, Default)]
pub(crate) struct CaptureMemo {
    own: KeyMemo,
    in_line_items: KeyMemo,
}

/// What is kept of one event, numbered from `line` on.
struct Numbered<'a> {
    line: usize,
    each: &'a mut dyn FnMut(u32, &Value, i128),
}

/// Which lines of a list count for an event that matches a filter.
#[derive(Debug, Clone)]
pub struct LineFilter {
    list: Path,
    /// The filter's own tests of this list: a line counts that passes any of them. With none, all count.
    tests: Vec<LinePredicate>,
}

impl LineFilter {
    /// Of the list at a path without `[]`.
    #[must_use]
    pub fn compile(list: Path, filter: &EventFilter<Resolved>, zone: &TimeZone) -> Self {
        let mut items = Vec::new();
        if let Some(predicate) = &filter.predicate {
            tests_of(predicate, &list, &mut items);
        }
        let tests = items.iter().map(|item| LinePredicate::compile(&item.predicate, zone)).collect();
        Self { list, tests }
    }

    /// The lines that count, in the order that the event has them.
    pub fn lines<'a>(&'a self, event: &'a Event) -> impl Iterator<Item = &'a Object> {
        self.lines_of(self.list.in_event(event))
    }

    /// Which of many lines count; `None` where all do.
    fn counting(&self, lines: &dyn Columns) -> Option<Vec<bool>> {
        let mut tests = self.tests.iter().map(|test| test.passing(lines));
        let mut counting = tests.next()?;
        for also in tests {
            counting.iter_mut().zip(also).for_each(|(counts, also)| *counts |= also);
        }
        Some(counting)
    }

    /// As [`LineFilter::lines`], of the value that an event has at the list's path.
    fn lines_of<'a>(&'a self, list: Option<&'a Value>) -> impl Iterator<Item = &'a Object> {
        let elements = list.and_then(Value::as_list).unwrap_or_default();
        let counts = |line: &&Object| self.tests.is_empty() || self.tests.iter().any(|test| test.holds(line));
        elements.iter().filter_map(Value::as_object).filter(counts)
    }
}

impl CaptureKind {
    /// Whether it is of money that went back against an order that is not known, too.
    pub(crate) const fn is_of_reversals(self) -> bool {
        matches!(self, Self::Amounts | Self::Currencies)
    }
}

impl Capturer {
    pub(crate) fn compile(capture: &Capture, filter: &EventFilter<Resolved>, zone: &TimeZone) -> Self {
        let (path, lines) = match capture.property.split_list() {
            Some((list, Some(rest))) => (rest, Some(LineFilter::compile(list, filter, zone))),
            Some((list, None)) => (list, None),
            None => (capture.property.clone(), None),
        };
        let in_line_items = match capture.kind {
            CaptureKind::SharedKeys => same_in_line_items(&capture.property),
            _ => None,
        };
        let in_line_items = in_line_items.map(|property| {
            let capture = Capture::of_kind(CaptureKind::Keys, property);
            Box::new(Self::compile(&capture, filter, zone))
        });
        let (kind, by_quantity) = (capture.kind, capture.by_quantity);
        let test = capture.test.as_ref().map(|state| ValueTest::compile(&state.test, state.match_case, zone));
        Self { kind, by_quantity, path, lines, zone: zone.clone(), test, in_line_items }
    }

    /// The values of an event that matches the filter, in the order that it has them.
    pub(crate) fn values(&self, event: &Event, position: Position, out: &mut Vec<ValueEntry>) {
        out.clear();
        self.take(event, Entry { ts: event.ts, position }, out);
        if let Some(in_line_items) = &self.in_line_items {
            in_line_items.take(event, Entry { ts: event.ts, position }, out);
        }
    }

    /// The value itself that is kept under this number of an event's.
    pub(crate) fn value_at(&self, event: &Event, line: u32) -> Option<Value> {
        let mut found = None;
        self.visit(event, 0, &mut |number, value, _| {
            if number == line {
                found = Some(value.clone());
            }
        });
        found
    }

    fn take(&self, event: &Event, entry: Entry, out: &mut Vec<ValueEntry>) {
        let first = out.len();
        self.visit(event, first, &mut |line, _, value| out.push(ValueEntry { entry, line, value }));
    }

    /// Goes through the values that are kept, with their numbers from `line` on, and what is kept of each.
    fn visit(&self, event: &Event, first: usize, each: &mut dyn FnMut(u32, &Value, i128)) {
        let mut numbered = Numbered { line: first, each };
        match &self.lines {
            None => self.keep(self.path.in_event(event), event.properties.get(QUANTITY), &mut numbered),
            Some(lines) => {
                for line in lines.lines(event) {
                    self.keep(self.path.in_object(line), line.get(QUANTITY), &mut numbered);
                }
            }
        }
    }

    /// Keeps a value, or each element of a list.
    fn keep(&self, value: Option<&Value>, quantity: Option<&Value>, numbered: &mut Numbered<'_>) {
        let values = value.map(|value| value.as_list().unwrap_or(std::slice::from_ref(value)));
        for value in values.unwrap_or_default() {
            if numbered.line < VALUES_PER_EVENT_MAX
                && let (Some(kept), Ok(number)) = (self.value(value, quantity), u32::try_from(numbered.line))
            {
                (numbered.each)(number, value, kept);
                numbered.line += 1;
            }
        }
    }

    /// The values of each row that passes, in the order in which an event has them.
    pub(crate) fn captured(
        &self,
        columns: &dyn Columns,
        passes: Option<&[bool]>,
        memo: &mut CaptureMemo,
    ) -> CapturedRows {
        let mut found: Vec<(usize, i128)> = Vec::with_capacity(columns.rows());
        self.take_rows(columns, passes, &|_| 0, &mut memo.own, &mut found);
        let own = CapturedRows::of(columns.rows(), &found);
        let Some(in_line_items) = &self.in_line_items else { return own };
        let of_event = found.len();
        let count = |row| own.of_row(row).map_or(0, <[i128]>::len);
        in_line_items.take_rows(columns, passes, &count, &mut memo.in_line_items, &mut found);
        if found.len() == of_event {
            return own;
        }
        // Within a row, what comes of the line items comes after.
        found.sort_by_key(|(row, _)| *row);
        CapturedRows::of(columns.rows(), &found)
    }

    fn take_rows(
        &self,
        columns: &dyn Columns,
        passes: Option<&[bool]>,
        first: &dyn Fn(usize) -> usize,
        memo: &mut KeyMemo,
        found: &mut Vec<(usize, i128)>,
    ) {
        let rows = columns.rows();
        let is_wanted =
            |row: &usize| passes.is_none_or(|passes| passes.get(*row).copied().unwrap_or_default());
        let wanted = (0..rows).filter(is_wanted);
        let Some(lines) = &self.lines else {
            let values = columns.column(&self.path);
            let quantity = self.by_quantity.then(|| columns.column(&Path::of_name(QUANTITY)));
            match self.kept_of(&values, quantity.as_ref(), memo) {
                Some(mut kept) => {
                    let is_room = |row: &usize| first(*row) < VALUES_PER_EVENT_MAX;
                    found.extend(wanted.filter(is_room).filter_map(|row| Some((row, kept(row)?))));
                }
                None => {
                    for row in wanted {
                        let quantity = quantity.as_ref().and_then(|column| column.value(row));
                        self.keep_row(row, values.value(row).as_ref(), quantity.as_ref(), first(row), found);
                    }
                }
            }
            return;
        };
        match columns.column(&lines.list) {
            Column::Lists(lists) => {
                let counting = lines.counting(lists.items);
                let values = lists.items.column(&self.path);
                let quantity = self.by_quantity.then(|| lists.items.column(&Path::of_name(QUANTITY)));
                let counts = |item: &usize| {
                    counting.as_ref().is_none_or(|counting| counting.get(*item).copied().unwrap_or_default())
                };
                let mut kept = self.kept_of(&values, quantity.as_ref(), memo);
                for row in wanted {
                    let counting = lists.at(row).into_iter().flatten().filter(counts);
                    let mut line = first(row);
                    for item in counting {
                        let Some(kept) = &mut kept else {
                            let quantity = quantity.as_ref().and_then(|column| column.value(item));
                            let value = values.value(item);
                            line = self.keep_row(row, value.as_ref(), quantity.as_ref(), line, found);
                            continue;
                        };
                        if line < VALUES_PER_EVENT_MAX
                            && let Some(kept) = kept(item)
                        {
                            found.push((row, kept));
                            line += 1;
                        }
                    }
                }
            }
            column => {
                for row in wanted {
                    let list = column.value(row);
                    let mut each = |_: u32, _: &Value, kept: i128| found.push((row, kept));
                    let mut numbered = Numbered { line: first(row), each: &mut each };
                    for line in lines.lines_of(list.as_ref()) {
                        self.keep(self.path.in_object(line), line.get(QUANTITY), &mut numbered);
                    }
                }
            }
        }
    }

    /// Keeps what a row has, numbered from `first` on, and gives the number after it.
    fn keep_row(
        &self,
        row: usize,
        value: Option<&Value>,
        quantity: Option<&Value>,
        first: usize,
        found: &mut Vec<(usize, i128)>,
    ) -> usize {
        let mut each = |_: u32, _: &Value, kept: i128| found.push((row, kept));
        let mut numbered = Numbered { line: first, each: &mut each };
        self.keep(value, quantity, &mut numbered);
        numbered.line
    }

    /// What is kept of each row of a column where it has single values of one type; `None` where each has to be
    /// looked at by itself.
    fn kept_of<'a>(
        &'a self,
        values: &'a Column<'a>,
        quantities: Option<&'a Column<'a>>,
        memo: &'a mut KeyMemo,
    ) -> Option<Box<dyn FnMut(usize) -> Option<i128> + 'a>> {
        match (self.kind, values, quantities) {
            (_, Column::Nothing, _) => Some(Box::new(|_| None)),
            (CaptureKind::Numbers | CaptureKind::Amounts, Column::Numbers(numbers), None) => {
                Some(Box::new(|row| numbers.at(row).filter(|billionths| billionths.abs() < VALUE_MAX)))
            }
            (
                CaptureKind::Numbers | CaptureKind::Amounts,
                Column::Numbers(numbers),
                Some(Column::Numbers(quantities)),
            ) => Some(Box::new(|row| {
                let number = Decimal::from_billionths(numbers.at(row)?);
                // A line without a quantity is one.
                let quantity = quantities.at(row).map_or(Decimal::ONE, Decimal::from_billionths);
                let billionths = number.checked_mul(quantity)?.billionths();
                (billionths.abs() < VALUE_MAX).then_some(billionths)
            })),
            (CaptureKind::Numbers | CaptureKind::Amounts, ..) => None,
            (_, Column::Texts(texts), _) if texts.numbers.is_none() => {
                Some(Box::new(|row| self.value(&Value::text(texts.at(row)?), None)))
            }
            (_, Column::Texts(texts), _) => {
                memo.turn_to(texts);
                Some(Box::new(|row| {
                    memo.of(texts, row, |text| self.value(&Value::text(text), None)).flatten()
                }))
            }
            _ => None,
        }
    }

    fn value(&self, value: &Value, quantity: Option<&Value>) -> Option<i128> {
        match self.kind {
            CaptureKind::Dates => date_of(value, &self.zone).map(|date| i128::from(date.as_ms())),
            CaptureKind::Keys | CaptureKind::SharedKeys | CaptureKind::Currencies => {
                value.is_present().then(|| value.scalar_text()).flatten().map(|text| key(&text))
            }
            CaptureKind::Tested => {
                let text = value.is_present().then(|| value.scalar_text()).flatten()?;
                let passes = self.test.as_ref().is_some_and(|test| test.holds(Some(value)));
                Some((key(&text) & !1) | i128::from(passes))
            }
            CaptureKind::Numbers | CaptureKind::Amounts => {
                let mut number = value.as_number()?;
                if self.by_quantity {
                    // A line without a quantity is one.
                    let quantity = quantity.and_then(Value::as_number).unwrap_or(Decimal::ONE);
                    number = number.checked_mul(quantity)?;
                }
                let billionths = number.billionths();
                (billionths.abs() < VALUE_MAX).then_some(billionths)
            }
        }
    }
}

/// The tests of one list that a predicate insists on.
fn tests_of<'a>(predicate: &'a Predicate, list: &Path, out: &mut Vec<&'a ItemTest>) {
    match predicate {
        Predicate::All(parts) => parts.iter().for_each(|part| tests_of(part, list, out)),
        Predicate::Item(item) if item.list == *list => out.push(item),
        _ => {}
    }
}

fn key(text: &str) -> i128 {
    let digest = Sha256::digest(fold_case(text).as_bytes());
    digest.iter().take(16).fold(0, |key, byte| (key << 8) | i128::from(*byte))
}
