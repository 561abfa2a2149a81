//! Values of events as measures and groups take them.

use jiff::tz::TimeZone;
use segops_model::{Decimal, Event, Object, Path, Value, fold_case};
use segops_segment::{LineFilter, VALUES_PER_EVENT_MAX};

use crate::check::CheckedEvent;

/// A number stays below this, so that a sum of 10^9 of them fits 128 bits; as aggregates of rules have it.
const NUMBER_MAX: i128 = 100_000_000_000_000_000_000_000_000_000;
/// Bytes of a value by which is grouped; of longer ones the beginning counts.
const LABEL_BYTES_MAX: usize = 256;

/// Reads a property of events that pass a filter: of line items those lines that the filter's own tests of the
/// list let pass, or all.
#[derive(Debug, Clone)]
pub(crate) struct ValueReader {
    /// From the event, or from a line on.
    path: Path,
    pub(crate) lines: Option<LineReader>,
    by_quantity: bool,
}

/// The lines of a list.
#[derive(Debug, Clone)]
pub(crate) struct LineReader {
    pub(crate) list: Path,
    filter: LineFilter,
}

impl ValueReader {
    pub(crate) fn new(property: &Path, by_quantity: bool, filter: &CheckedEvent, zone: &TimeZone) -> Self {
        match property.split_list() {
            Some((list, Some(path))) => {
                let filter = LineFilter::compile(list.clone(), &filter.resolved, zone);
                Self { path, lines: Some(LineReader { list, filter }), by_quantity }
            }
            Some((list, None)) => Self { path: list, lines: None, by_quantity },
            None => Self { path: property.clone(), lines: None, by_quantity },
        }
    }

    /// The path from the event on, where it does not lead through a list.
    pub(crate) const fn own_path(&self) -> Option<&Path> {
        if self.lines.is_none() { Some(&self.path) } else { None }
    }

    /// Every number that an event has there.
    pub(crate) fn numbers(&self, event: &Event, mut each: impl FnMut(Decimal)) {
        let mut left = VALUES_PER_EVENT_MAX;
        match &self.lines {
            None => self.numbers_of(
                self.path.in_event(event),
                event.properties.get("quantity"),
                &mut left,
                &mut each,
            ),
            Some(lines) => {
                for line in lines.filter.lines(event) {
                    self.numbers_in_line(line, &mut left, &mut each);
                }
            }
        }
    }

    fn numbers_in_line(&self, line: &Object, left: &mut usize, each: &mut impl FnMut(Decimal)) {
        self.numbers_of(self.path.in_object(line), line.get("quantity"), left, each);
    }

    fn numbers_of(
        &self,
        value: Option<&Value>,
        quantity: Option<&Value>,
        left: &mut usize,
        each: &mut impl FnMut(Decimal),
    ) {
        for value in value.into_iter().flat_map(elements) {
            if *left == 0 {
                return;
            }
            let Some(mut number) = value.as_number() else { continue };
            if self.by_quantity {
                let quantity = quantity.and_then(Value::as_number).unwrap_or(Decimal::ONE);
                let Some(product) = number.checked_mul(quantity) else { continue };
                number = product;
            }
            if number.billionths().abs() < NUMBER_MAX {
                *left -= 1;
                each(number);
            }
        }
    }

    /// Every different value that an event has there, as text with case folded, and as it was sent; none where
    /// there is none.
    pub(crate) fn labels(&self, event: &Event, mut each: impl FnMut(Label)) {
        let mut seen: Vec<Label> = Vec::new();
        let mut take = |value: Option<&Value>| {
            for label in value.into_iter().flat_map(elements).filter_map(Label::of) {
                if seen.len() < VALUES_PER_EVENT_MAX && !seen.iter().any(|known| known.key == label.key) {
                    seen.push(label);
                }
            }
        };
        match &self.lines {
            None => take(self.path.in_event(event)),
            Some(lines) => lines.filter.lines(event).for_each(|line| take(self.path.in_object(line))),
        }
        seen.into_iter().for_each(&mut each);
    }

    /// For each line the labels that it has here, and the numbers that another reader of the same list has of it.
    pub(crate) fn labelled_numbers(
        &self,
        numbers: &Self,
        event: &Event,
        mut each: impl FnMut(Option<Label>, Decimal),
    ) {
        let Some(lines) = &self.lines else { return };
        let mut left = VALUES_PER_EVENT_MAX;
        for line in lines.filter.lines(event) {
            let labels = self.path.in_object(line).into_iter().flat_map(elements).filter_map(Label::of);
            let labels: Vec<Label> = labels.collect();
            numbers.numbers_in_line(line, &mut left, &mut |number| {
                if labels.is_empty() {
                    each(None, number);
                }
                labels.iter().for_each(|label| each(Some(label.clone()), number));
            });
        }
    }

    /// Whether both read lines of one list.
    pub(crate) fn shares_lines_with(&self, other: &Self) -> bool {
        match (&self.lines, &other.lines) {
            (Some(one), Some(two)) => one.list == two.list,
            _ => false,
        }
    }
}

/// A value itself, or the elements of a list.
fn elements(value: &Value) -> &[Value] {
    value.as_list().unwrap_or(std::slice::from_ref(value))
}

/// A value by which is grouped. Texts that differ in case alone are one group, and so are a number and its text,
/// as rules compare them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Label {
    pub(crate) key: String,
    pub(crate) shown: String,
}

impl Label {
    /// `None` for what is missing: unset, blank, or no single value.
    pub(crate) fn of(value: &Value) -> Option<Self> {
        if !value.is_present() {
            return None;
        }
        let text = value.scalar_text()?;
        Some(Self::of_text(&text))
    }

    pub(crate) fn of_text(text: &str) -> Self {
        let mut end = text.len().min(LABEL_BYTES_MAX);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let shown = text.get(..end).unwrap_or_default().to_owned();
        Self { key: fold_case(&shown).into_owned(), shown }
    }
}
