//! Some rows of a signal, with their values as columns.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Int32Type};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Decimal128Array, Int32Array, ListArray, RecordBatch, StringArray,
};
use arrow_buffer::NullBuffer;
use rustc_hash::FxHashMap;
use segops_model::{Bits, Column, Columns, Flags, Lists, Numbers, Path, TextValues, Texts, Value};

use crate::columns::{ColumnKind, ScalarKind, TypedColumn};
use crate::error::PartsError;
use crate::merge::Keys;

/// Rows in the order of (profile, ts, position), and their values path by path.
#[derive(Debug)]
pub struct SignalBatch {
    keys: Keys,
    paths: Arc<[Path]>,
    /// Of each path.
    columns: Vec<Held>,
}

/// The values of one path.
#[derive(Debug)]
pub(crate) enum Held {
    /// As the events have them.
    Values(Vec<Option<Value>>),
    Scalar(Scalar),
    Items {
        lists: ListArray,
        items: Items,
    },
}

/// Values of one type.
#[derive(Debug)]
pub(crate) enum Scalar {
    Numbers(Decimal128Array),
    Texts { texts: TextArray, numbers: Option<Int32Array>, nulls: Option<NullBuffer> },
    Flags(BooleanArray),
}

#[derive(Debug)]
pub(crate) struct TextArray {
    texts: StringArray,
    identity: Option<u64>,
}

/// The dictionaries that a stream has come to, so that the same one is known again in the next batch.
#[derive(Debug, Default)]
pub(crate) struct Dictionaries {
    /// Of each column, its last one: it is held, so that its place in memory is not another's.
    held: FxHashMap<String, (StringArray, u64)>,
}

impl Dictionaries {
    fn known(&mut self, column: &str, texts: &StringArray) -> TextArray {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let place =
            |texts: &StringArray| (texts.value_data().as_ptr(), texts.value_offsets().as_ptr(), texts.len());
        if let Some((held, identity)) = self.held.get(column)
            && place(held) == place(texts)
        {
            return TextArray { texts: texts.clone(), identity: Some(*identity) };
        }
        let identity = NEXT.fetch_add(1, Ordering::Relaxed);
        self.held.insert(column.to_owned(), (texts.clone(), identity));
        TextArray { texts: texts.clone(), identity: Some(identity) }
    }
}

/// The objects of lists, side by side.
#[derive(Debug)]
pub(crate) struct Items {
    rows: usize,
    paths: Vec<Path>,
    members: Vec<Scalar>,
}

impl SignalBatch {
    /// Of columns one for each path, in their order.
    pub(crate) const fn new(keys: Keys, paths: Arc<[Path]>, columns: Vec<Held>) -> Self {
        Self { keys, paths, columns }
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.profiles.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The profile of each row; ascending.
    #[must_use]
    pub fn profiles(&self) -> &[u64] {
        &self.keys.profiles
    }

    /// The instant of each row, in milliseconds.
    #[must_use]
    pub fn ts_ms(&self) -> &[i64] {
        &self.keys.ts
    }

    /// The position of each row; none where they were not asked for.
    #[must_use]
    pub fn positions(&self) -> &[u64] {
        &self.keys.positions
    }

    /// Whether a path's values come out of a typed column.
    #[must_use]
    pub fn is_typed(&self, path: &Path) -> bool {
        self.held(path).is_some_and(|held| !matches!(held, Held::Values(_)))
    }

    /// What comes of the JSON is whole; of a list a column has the members that it is made of.
    fn held(&self, path: &Path) -> Option<&Held> {
        let of_path = || self.paths.iter().zip(&self.columns).filter(|(of, _)| *of == path);
        let whole = of_path().find(|(_, held)| matches!(held, Held::Values(_)));
        whole.or_else(|| of_path().next()).map(|(_, held)| held)
    }
}

impl Columns for SignalBatch {
    fn rows(&self) -> usize {
        self.len()
    }

    fn paths(&self) -> &[Path] {
        &self.paths
    }

    fn column(&self, path: &Path) -> Column<'_> {
        match self.held(path) {
            None => Column::Nothing,
            Some(Held::Values(values)) => Column::Values(values.iter().map(Option::as_ref).collect()),
            Some(Held::Scalar(scalar)) => scalar.column(),
            Some(Held::Items { lists, items }) => {
                Column::Lists(Lists { starts: lists.value_offsets(), present: bits_of(lists.nulls()), items })
            }
        }
    }
}

impl Held {
    /// The values that a batch has in a typed column, of lists those of the column's members.
    pub(crate) fn of(
        batch: &RecordBatch,
        column: &TypedColumn,
        dictionaries: &mut Dictionaries,
    ) -> Result<Self, PartsError> {
        let name = column.column_name();
        let array = batch.column_by_name(&name);
        let held = array.and_then(|array| match &column.kind {
            ColumnKind::Scalar(kind) => Scalar::of(*kind, array, &name, dictionaries).map(Self::Scalar),
            ColumnKind::Items(_) => Self::of_lists(column, array, &name, dictionaries),
        });
        held.ok_or_else(|| PartsError::Encode(format!("column `{name}` is missing or of another type")))
    }

    fn of_lists(
        column: &TypedColumn,
        array: &ArrayRef,
        name: &str,
        dictionaries: &mut Dictionaries,
    ) -> Option<Self> {
        let lists = array.as_list_opt::<i32>()?.clone();
        let structs = lists.values().as_struct_opt()?;
        let mut items = Items { rows: structs.len(), paths: Vec::new(), members: Vec::new() };
        for field in column.members() {
            let of_field = field.column_name();
            let member = structs.column_by_name(&of_field)?;
            let place = format!("{name}/{of_field}");
            items.members.push(Scalar::of(field.kind, member, &place, dictionaries)?);
            items.paths.push(field.path.clone());
        }
        Some(Self::Items { lists, items })
    }
}

impl Scalar {
    fn of(kind: ScalarKind, array: &ArrayRef, place: &str, dictionaries: &mut Dictionaries) -> Option<Self> {
        match kind {
            ScalarKind::Number => array.as_primitive_opt::<Decimal128Type>().cloned().map(Self::Numbers),
            ScalarKind::Flag => array.as_boolean_opt().cloned().map(Self::Flags),
            ScalarKind::Text => {
                let nulls = array.nulls().cloned();
                if let Some(coded) = array.as_dictionary_opt::<Int32Type>() {
                    let texts = dictionaries.known(place, coded.values().as_string_opt::<i32>()?);
                    return Some(Self::Texts { texts, numbers: Some(coded.keys().clone()), nulls });
                }
                let texts = TextArray { texts: array.as_string_opt::<i32>()?.clone(), identity: None };
                Some(Self::Texts { texts, numbers: None, nulls })
            }
            // A date's text is in the JSON alone.
            ScalarKind::Date => None,
        }
    }

    fn column(&self) -> Column<'_> {
        match self {
            Self::Numbers(numbers) => {
                Column::Numbers(Numbers { billionths: numbers.values(), present: bits_of(numbers.nulls()) })
            }
            Self::Texts { texts, numbers, nulls } => Column::Texts(Texts {
                values: texts,
                numbers: numbers.as_ref().map(|numbers| numbers.values().as_ref()),
                present: bits_of(nulls.as_ref()),
            }),
            Self::Flags(flags) => {
                let values = flags.values();
                Column::Flags(Flags {
                    flags: Bits::new(values.values(), values.offset()),
                    present: bits_of(flags.nulls()),
                })
            }
        }
    }
}

impl TextValues for TextArray {
    fn identity(&self) -> Option<u64> {
        self.identity
    }

    fn count(&self) -> usize {
        self.texts.len()
    }

    fn text(&self, number: usize) -> &str {
        self.texts.value(number)
    }
}

impl Columns for Items {
    fn rows(&self) -> usize {
        self.rows
    }

    fn paths(&self) -> &[Path] {
        &self.paths
    }

    fn column(&self, path: &Path) -> Column<'_> {
        let members = self.paths.iter().zip(&self.members);
        members.into_iter().find(|(of, _)| *of == path).map_or(Column::Nothing, |(_, held)| held.column())
    }
}

fn bits_of(nulls: Option<&NullBuffer>) -> Bits<'_> {
    nulls.map_or_else(Bits::default, |nulls| Bits::new(nulls.validity(), nulls.offset()))
}
