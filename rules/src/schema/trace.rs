//! Finding out what a type reads: a reader that gives nothing, and notes what it is asked for at the end of a
//! way through the type.

use std::cell::RefCell;

use serde::Deserialize;
use serde::de::value::StrDeserializer;
use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, Expected, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use crate::ast::{Named, Rule};

/// A step into a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Field(&'static str),
    Variant(&'static str),
    /// An element of a list.
    Element,
    /// A place of a tuple.
    Place(usize),
    /// What is there where something is.
    Inner,
    /// Every field but this one, to see whether it may be left out.
    AllBut(&'static str),
    /// A field that there is not, to see whether that is refused.
    Stranger,
}

/// What is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shape {
    /// With what the reader says that it expects.
    Text(String),
    Whole,
    Integer,
    Number,
    Bool,
    Nothing,
    Anything(String),
    Optional,
    List,
    Tuple(usize),
    Struct(&'static str, &'static [&'static str]),
    Enum(&'static str, &'static [&'static str]),
}

/// What a rule's reader asks for at the end of a way.
pub(super) fn trace(way: &[Step]) -> Shape {
    follow(way).unwrap_or_else(|| Shape::Anything(String::new()))
}

/// Whether the struct at the end of a way cannot be without a field.
pub(super) fn needs(way: &[Step], field: &'static str) -> bool {
    let way: Vec<Step> = way.iter().copied().chain([Step::AllBut(field)]).collect();
    follow(&way).is_none()
}

/// Whether the struct at the end of a way refuses fields that it does not have.
pub(super) fn is_closed(way: &[Step]) -> bool {
    let way: Vec<Step> = way.iter().copied().chain([Step::Stranger]).collect();
    follow(&way).is_none()
}

fn follow(way: &[Step]) -> Option<Shape> {
    let found = RefCell::new(None);
    // It always stops with an error: what is found is noted beside.
    let _ = Rule::<Named>::deserialize(Tracer { way, found: &found });
    found.into_inner()
}

/// The reading ends here.
#[derive(Debug)]
struct Stop;

impl std::fmt::Display for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("stop")
    }
}

impl std::error::Error for Stop {}

impl de::Error for Stop {
    fn custom<T: std::fmt::Display>(_: T) -> Self {
        Self
    }
}

#[derive(Debug, Clone, Copy)]
struct Tracer<'t> {
    way: &'t [Step],
    found: &'t RefCell<Option<Shape>>,
}

impl Tracer<'_> {
    fn note<T>(self, shape: Shape) -> Result<T, Stop> {
        *self.found.borrow_mut() = Some(shape);
        Err(Stop)
    }

    /// A leaf is at the way's end, or the way leads nowhere.
    fn leaf<T>(self, shape: Shape) -> Result<T, Stop> {
        if self.way.is_empty() { self.note(shape) } else { Err(Stop) }
    }
}

macro_rules! leaves {
    ($($method:ident => $shape:expr;)*) => {
        $(fn $method<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Stop> {
            self.leaf($shape)
        })*
    };
}

impl<'de> Deserializer<'de> for Tracer<'_> {
    type Error = Stop;

    leaves! {
        deserialize_bool => Shape::Bool;
        deserialize_i8 => Shape::Integer;
        deserialize_i16 => Shape::Integer;
        deserialize_i32 => Shape::Integer;
        deserialize_i64 => Shape::Integer;
        deserialize_i128 => Shape::Integer;
        deserialize_u8 => Shape::Whole;
        deserialize_u16 => Shape::Whole;
        deserialize_u32 => Shape::Whole;
        deserialize_u64 => Shape::Whole;
        deserialize_u128 => Shape::Whole;
        deserialize_f32 => Shape::Number;
        deserialize_f64 => Shape::Number;
        deserialize_unit => Shape::Nothing;
        deserialize_map => Shape::Anything(String::new());
        deserialize_bytes => Shape::Anything(String::new());
        deserialize_byte_buf => Shape::Anything(String::new());
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        self.leaf(Shape::Anything(expected(&visitor)))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Stop> {
        self.leaf(Shape::Anything(String::new()))
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        self.leaf(Shape::Text(expected(&visitor)))
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        self.leaf(Shape::Text(expected(&visitor)))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        self.leaf(Shape::Text(expected(&visitor)))
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        self.leaf(Shape::Text(expected(&visitor)))
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, _: V) -> Result<V::Value, Stop> {
        self.leaf(Shape::Nothing)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Stop> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        match self.way {
            [] => self.note(Shape::Optional),
            [Step::Inner, rest @ ..] => visitor.visit_some(Self { way: rest, ..self }),
            _ => Err(Stop),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        match self.way {
            [] => self.note(Shape::List),
            [Step::Element, rest @ ..] => {
                visitor.visit_seq(Places { left: 0, at: Self { way: rest, ..self } })
            }
            _ => Err(Stop),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Stop> {
        match self.way {
            [] => self.note(Shape::Tuple(length)),
            [Step::Place(place), rest @ ..] => {
                visitor.visit_seq(Places { left: *place, at: Self { way: rest, ..self } })
            }
            _ => Err(Stop),
        }
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Stop> {
        self.deserialize_tuple(length, visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        match self.way {
            [] => self.note(Shape::Struct(name, fields)),
            [Step::Field(field), rest @ ..] => {
                visitor.visit_map(OneField { name: Some(field), at: Self { way: rest, ..self } })
            }
            [Step::Stranger] => {
                visitor.visit_map(OneField { name: Some("\u{0}"), at: Self { way: &[], ..self } })
            }
            [Step::AllBut(left_out)] => {
                let others = fields.iter().filter(|field| **field != *left_out);
                let whole = visitor.visit_map(Samples { fields: others.copied().collect(), depth: 0 });
                if whole.is_ok() { self.note(Shape::Nothing) } else { Err(Stop) }
            }
            _ => Err(Stop),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        match self.way {
            [] => self.note(Shape::Enum(name, variants)),
            [Step::Variant(variant), rest @ ..] => {
                visitor.visit_enum(OneVariant { variant, at: Self { way: rest, ..self } })
            }
            _ => Err(Stop),
        }
    }
}

fn expected(visitor: &dyn Expected) -> String {
    visitor.to_string()
}

/// Examples first, as many as come before the place that is asked for.
struct Places<'t> {
    left: usize,
    at: Tracer<'t>,
}

impl<'de> SeqAccess<'de> for Places<'_> {
    type Error = Stop;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Stop> {
        if self.left > 0 {
            self.left -= 1;
            return seed.deserialize(Sample { depth: 0 }).map(Some);
        }
        seed.deserialize(self.at).map(Some)
    }
}

struct OneField<'t> {
    name: Option<&'static str>,
    at: Tracer<'t>,
}

impl<'de> MapAccess<'de> for OneField<'_> {
    type Error = Stop;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Stop> {
        let name = self.name.take().ok_or(Stop)?;
        seed.deserialize(StrDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Stop> {
        seed.deserialize(self.at)
    }
}

struct OneVariant<'t> {
    variant: &'static str,
    at: Tracer<'t>,
}

impl<'de, 't> EnumAccess<'de> for OneVariant<'t> {
    type Error = Stop;
    type Variant = Tracer<'t>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Tracer<'t>), Stop> {
        Ok((seed.deserialize(StrDeserializer::new(self.variant))?, self.at))
    }
}

impl<'de> VariantAccess<'de> for Tracer<'_> {
    type Error = Stop;

    fn unit_variant(self) -> Result<(), Stop> {
        self.leaf(Shape::Nothing)
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Stop> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Stop> {
        self.deserialize_tuple(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        self.deserialize_struct("Parts", fields, visitor)
    }
}

/// A reader that gives the least that can be read of anything: a first variant, an empty list, a text that is a
/// date, a name and a path as well.
#[derive(Debug, Clone, Copy)]
struct Sample {
    depth: usize,
}

const SAMPLE_TEXT: &str = "2026-03-01";
const SAMPLE_DEPTH_MAX: usize = 16;

macro_rules! sample_numbers {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
            visitor.visit_u64(1)
        })*
    };
}

macro_rules! sample_texts {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
            visitor.visit_str(SAMPLE_TEXT)
        })*
    };
}

impl<'de> Deserializer<'de> for Sample {
    type Error = Stop;

    sample_numbers! {
        deserialize_any deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64
    }

    sample_texts! {
        deserialize_char deserialize_str deserialize_string deserialize_identifier deserialize_bytes
        deserialize_byte_buf
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_bool(true)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_unit()
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_unit()
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_none()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Stop> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_seq(SamplePlaces { left: 0, depth: self.depth })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_map(Samples { fields: Vec::new(), depth: self.depth })
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_seq(SamplePlaces { left: length, depth: self.depth })
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Stop> {
        self.deserialize_tuple(length, visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        if self.depth > SAMPLE_DEPTH_MAX {
            return Err(Stop);
        }
        visitor.visit_map(Samples { fields: fields.to_vec(), depth: self.depth + 1 })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        if self.depth > SAMPLE_DEPTH_MAX {
            return Err(Stop);
        }
        let variant = variants.first().ok_or(Stop)?;
        visitor.visit_enum(SampleVariant { variant, depth: self.depth + 1 })
    }
}

struct SamplePlaces {
    left: usize,
    depth: usize,
}

impl<'de> SeqAccess<'de> for SamplePlaces {
    type Error = Stop;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Stop> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        seed.deserialize(Sample { depth: self.depth }).map(Some)
    }
}

/// Fields with examples, the last of the list first.
struct Samples {
    fields: Vec<&'static str>,
    depth: usize,
}

impl<'de> MapAccess<'de> for Samples {
    type Error = Stop;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Stop> {
        let Some(field) = self.fields.pop() else { return Ok(None) };
        seed.deserialize(StrDeserializer::new(field)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Stop> {
        seed.deserialize(Sample { depth: self.depth })
    }
}

struct SampleVariant {
    variant: &'static str,
    depth: usize,
}

impl<'de> EnumAccess<'de> for SampleVariant {
    type Error = Stop;
    type Variant = Sample;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Sample), Stop> {
        Ok((seed.deserialize(StrDeserializer::new(self.variant))?, Sample { depth: self.depth }))
    }
}

impl<'de> VariantAccess<'de> for Sample {
    type Error = Stop;

    fn unit_variant(self) -> Result<(), Stop> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Stop> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Stop> {
        self.deserialize_tuple(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        visitor.visit_map(Samples { fields: fields.to_vec(), depth: self.depth })
    }
}
