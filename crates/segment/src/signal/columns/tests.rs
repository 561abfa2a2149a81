use proptest::prelude::*;

use segops_model::{
    Bits, Column, Columns, Event, Flags, Instant, Lists, Numbers, Path, Position, TextValues, Texts, Value,
};
use segops_rules::EventFilter;

use super::super::SignalRegistry;
use super::super::tests::{any_event_of, any_filter};
use super::SignalMemos;
use crate::sample::{event, list, zone};
use crate::{Capture, CaptureKind};

/// Events as columns, without any storage: of values of one type as such, and of others as they are.
pub(crate) struct Listed {
    events: Vec<Event>,
    paths: Vec<Path>,
    stored: Vec<Stored>,
}

enum Stored {
    Values(Vec<Option<Value>>),
    Numbers(Vec<i128>, Vec<u8>),
    /// With a dictionary of the different texts, or a text for each row.
    Texts(TextList, Option<Vec<i32>>, Vec<u8>),
    Flags(Vec<u8>, Vec<u8>),
    Lists(Vec<i32>, Vec<u8>, Box<Listed>),
}

struct TextList(Vec<String>);

impl TextValues for TextList {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn text(&self, number: usize) -> &str {
        &self.0[number]
    }
}

fn bits(flags: impl Iterator<Item = bool>) -> Vec<u8> {
    let flags: Vec<bool> = flags.collect();
    let byte = |flags: &[bool]| flags.iter().rev().fold(0, |byte, flag| byte << 1 | u8::from(*flag));
    flags.chunks(8).map(byte).collect()
}

impl Stored {
    fn of(values: Vec<Option<Value>>, with_dictionary: bool) -> Self {
        let present = bits(values.iter().map(Option::is_some));
        let held = || values.iter().flatten();
        if held().all(|value| matches!(value, Value::Number(_))) {
            let units = |value: &Option<Value>| {
                value.as_ref().and_then(Value::as_number).unwrap_or_default().billionths()
            };
            return Self::Numbers(values.iter().map(units).collect(), present);
        }
        if held().all(|value| matches!(value, Value::Bool(_))) {
            return Self::Flags(bits(values.iter().map(|value| *value == Some(Value::Bool(true)))), present);
        }
        if held().all(|value| matches!(value, Value::Text(_))) {
            let text = |value: &Option<Value>| {
                value.as_ref().and_then(Value::as_text).unwrap_or_default().to_owned()
            };
            let texts: Vec<String> = values.iter().map(text).collect();
            if !with_dictionary {
                return Self::Texts(TextList(texts), None, present);
            }
            let mut different = texts.clone();
            different.sort();
            different.dedup();
            let number = |text: &String| i32::try_from(different.binary_search(text).unwrap()).unwrap();
            let numbers = texts.iter().map(number).collect();
            return Self::Texts(TextList(different), Some(numbers), present);
        }
        let is_of_objects = |value: &Value| {
            value.as_list().is_some_and(|list| list.iter().all(|item| item.as_object().is_some()))
        };
        if held().all(is_of_objects) {
            let mut starts = vec![0];
            let mut items = Vec::new();
            for value in &values {
                items.extend(value.iter().flat_map(|value| value.as_list().unwrap()).cloned());
                starts.push(i32::try_from(items.len()).unwrap());
            }
            let events = items.into_iter().map(|item| Event {
                properties: item.as_object().unwrap().clone(),
                ..event("Item", Instant::from_ms(0), &[])
            });
            return Self::Lists(starts, present, Box::new(Listed::of(events.collect(), with_dictionary)));
        }
        Self::Values(values)
    }
}

impl Listed {
    pub(crate) fn of(events: Vec<Event>, with_dictionary: bool) -> Self {
        let names = events.iter().flat_map(|event| event.properties.iter().map(|(name, _)| name.to_owned()));
        let names: std::collections::BTreeSet<String> = names.collect();
        let mut paths: Vec<Path> = names.iter().map(|name| Path::of_name(name)).collect();
        paths.extend(events.first().map(|_| "context.page".parse::<Path>().unwrap()));
        let values = |path: &Path| {
            let value = |event: &Event| path.in_event(event).filter(|value| **value != Value::Null).cloned();
            events.iter().map(value).collect()
        };
        let stored = paths.iter().map(|path| Stored::of(values(path), with_dictionary)).collect();
        Self { events, paths, stored }
    }
}

impl Columns for Listed {
    fn rows(&self) -> usize {
        self.events.len()
    }

    fn paths(&self) -> &[Path] {
        &self.paths
    }

    fn column(&self, path: &Path) -> Column<'_> {
        let Some(at) = self.paths.iter().position(|of| of == path) else { return Column::Nothing };
        let all = |bits| Bits::new(bits, 0);
        match &self.stored[at] {
            Stored::Values(values) => Column::Values(values.iter().map(Option::as_ref).collect()),
            Stored::Numbers(billionths, present) => {
                Column::Numbers(Numbers { billionths, present: all(present) })
            }
            Stored::Texts(values, numbers, present) => {
                Column::Texts(Texts { values, numbers: numbers.as_deref(), present: all(present) })
            }
            Stored::Flags(flags, present) => {
                Column::Flags(Flags { flags: all(flags), present: all(present) })
            }
            Stored::Lists(starts, present, items) => {
                Column::Lists(Lists { starts, present: all(present), items: items.as_ref() })
            }
        }
    }
}

fn any_capture() -> impl Strategy<Value = Capture> {
    let kind = prop::sample::select(vec![
        CaptureKind::Numbers,
        CaptureKind::Dates,
        CaptureKind::Keys,
        CaptureKind::SharedKeys,
    ]);
    let paths = prop::sample::select(vec!["colour", "size", "tags", "products[].colour"]);
    (kind, paths, any::<bool>()).prop_map(|(kind, path, by_quantity)| Capture {
        by_quantity,
        ..Capture::of_kind(kind, path.parse().unwrap())
    })
}

/// Events with values of all types, or of one.
fn any_events() -> impl Strategy<Value = Vec<Event>> {
    let palettes = vec![
        vec![
            "Red".into(),
            "10".into(),
            10.into(),
            Value::Bool(true),
            Value::Null,
            list(&["blue".into(), "red".into()]),
        ],
        vec!["Red".into(), "10".into(), "10.0".into(), "blue".into(), "TRUE".into(), Value::Null],
        vec![10.into(), 7.into(), Value::Null],
        vec![Value::Bool(true), Value::Bool(false), Value::Null],
    ];
    prop::sample::select(palettes).prop_flat_map(|values| prop::collection::vec(any_event_of(values), 0..12))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn columns_give_what_single_events_give(
        filters in prop::collection::vec((any_filter(), prop::option::of(any_capture())), 1..6),
        events in any_events(),
        with_dictionary in any::<bool>(),
    ) {
        let mut registry = SignalRegistry::new();
        for (filter, capture) in filters {
            let filter = EventFilter { sources: Vec::new(), ..filter };
            match capture {
                None => registry.intern(&filter, &zone("UTC")),
                Some(capture) => registry.intern_values(&filter, capture, &zone("UTC")),
            };
        }
        for name in ["Viewed", "Bought", "Other"] {
            let of_name = events.iter().filter(|event| event.name == name && event.kind.is_counted());
            let columns = Listed::of(of_name.cloned().collect(), with_dictionary);
            let read = registry.named(name).read(&columns, &mut SignalMemos::default());
            for (row, event) in columns.events.iter().enumerate() {
                let (mut matching, mut values) = (Vec::new(), Vec::new());
                registry.matching(event, &mut matching);
                let by_columns: Vec<_> =
                    read.iter().filter(|rows| rows.matches(row)).map(|rows| rows.signal).collect();
                prop_assert_eq!(&by_columns, &matching);
                for rows in read.iter().filter(|rows| rows.matches(row)) {
                    let captures = registry.capture(rows.signal, event, Position(7), &mut values);
                    let captured: Option<Vec<i128>> = captures.then(|| values.iter().map(|one| one.value).collect());
                    prop_assert_eq!(rows.captured(row).map(<[i128]>::to_vec), captured);
                    prop_assert!(values.iter().map(|one| one.line).eq(0..u32::try_from(values.len()).unwrap()));
                }
            }
        }
    }
}
