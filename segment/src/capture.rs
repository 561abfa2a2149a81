//! The values that an aggregate reads of an event.

#[cfg(test)]
mod tests;

use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

use segops_model::{Decimal, Event, Object, Path, Position, Value, date_of, fold_case};
use segops_rules::{EventFilter, ItemTest, Predicate, Resolved, same_in_line_items};

use crate::matcher::LinePredicate;
use crate::{Entry, ValueEntry};

/// Values taken of one event; of more, the first count.
pub const VALUES_PER_EVENT_MAX: usize = 1_000;
/// A value stays below this many billionths, so that a sum of 10^9 of them fits 128 bits.
const VALUE_MAX: i128 = 100_000_000_000_000_000_000_000_000_000;

/// Which values of an event are kept with its match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    pub kind: CaptureKind,
    /// To the value; through at most one list.
    pub property: Path,
    /// Whether each value counts times the `quantity` beside it.
    pub by_quantity: bool,
}

/// What a captured value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
}

/// A capture, compiled for one filter.
#[derive(Debug, Clone)]
pub(crate) struct Capturer {
    kind: CaptureKind,
    by_quantity: bool,
    path: Path,
    /// The list that `path` starts in, if it does not start in the event.
    lines: Option<Lines>,
    zone: TimeZone,
    /// Where line items have the same.
    in_line_items: Option<Box<Capturer>>,
}

#[derive(Debug, Clone)]
struct Lines {
    list: Path,
    /// The filter's own tests of this list: a line counts that passes any of them. With none, all count.
    tests: Vec<LinePredicate>,
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
            Some((list, Some(rest))) => {
                let mut items = Vec::new();
                if let Some(predicate) = &filter.predicate {
                    tests_of(predicate, &list, &mut items);
                }
                let tests = items.iter().map(|item| LinePredicate::compile(&item.predicate, zone)).collect();
                (rest, Some(Lines { list, tests }))
            }
            Some((list, None)) => (list, None),
            None => (capture.property.clone(), None),
        };
        let in_line_items = match capture.kind {
            CaptureKind::SharedKeys => same_in_line_items(&capture.property),
            _ => None,
        };
        let in_line_items = in_line_items.map(|property| {
            let capture = Capture { kind: CaptureKind::Keys, property, by_quantity: false };
            Box::new(Self::compile(&capture, filter, zone))
        });
        let (kind, by_quantity) = (capture.kind, capture.by_quantity);
        Self { kind, by_quantity, path, lines, zone: zone.clone(), in_line_items }
    }

    /// The values of an event that matches the filter, in the order that it has them.
    pub(crate) fn values(&self, event: &Event, position: Position, out: &mut Vec<ValueEntry>) {
        out.clear();
        self.take(event, Entry { ts: event.ts, position }, out);
        if let Some(in_line_items) = &self.in_line_items {
            in_line_items.take(event, Entry { ts: event.ts, position }, out);
        }
    }

    fn take(&self, event: &Event, entry: Entry, out: &mut Vec<ValueEntry>) {
        let mut take = |value: Option<&Value>, quantity: Option<&Value>| {
            for value in
                value.map(|value| value.as_list().unwrap_or(std::slice::from_ref(value))).unwrap_or_default()
            {
                let line = out.len();
                if line < VALUES_PER_EVENT_MAX
                    && let (Some(value), Ok(line)) = (self.value(value, quantity), u32::try_from(line))
                {
                    out.push(ValueEntry { entry, line, value });
                }
            }
        };
        let Some(Lines { list, tests }) = &self.lines else {
            take(self.path.in_event(event), event.properties.get("quantity"));
            return;
        };
        let elements = list.in_event(event).and_then(Value::as_list).unwrap_or_default();
        let counts = |line: &&Object| tests.is_empty() || tests.iter().any(|test| test.holds(line));
        for line in elements.iter().filter_map(Value::as_object).filter(counts) {
            take(self.path.in_object(line), line.get("quantity"));
        }
    }

    fn value(&self, value: &Value, quantity: Option<&Value>) -> Option<i128> {
        match self.kind {
            CaptureKind::Dates => date_of(value, &self.zone).map(|date| i128::from(date.as_ms())),
            CaptureKind::Keys | CaptureKind::SharedKeys | CaptureKind::Currencies => {
                value.is_present().then(|| value.scalar_text()).flatten().map(|text| key(&text))
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
