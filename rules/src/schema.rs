//! The JSON Schema of a rule's JSON form. It is found by asking the types that read a rule what they expect,
//! so that it has every condition that they have.

mod trace;

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use trace::{Shape, Step, trace};

use crate::ast::RULE_FORMAT;

/// The schema (draft 2020-12) of a rule with names for what it refers to, as it is sent. What a schema cannot
/// say is checked beyond it: see [`check`](crate::check).
#[must_use]
pub fn json_schema() -> Json {
    let mut builder = Builder::default();
    let root = builder.schema(&mut Vec::new());
    // A rule without a version is of the current format.
    if let Some(rule) = builder.definitions.get_mut("Rule") {
        rule["properties"]["version"] = json!({ "const": RULE_FORMAT });
        if let Some(required) = rule["required"].as_array_mut() {
            required.retain(|field| field != "version");
        }
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A SegOps rule",
        "$ref": root["$ref"],
        "$defs": builder.definitions,
    })
}

#[derive(Default)]
struct Builder {
    definitions: BTreeMap<String, Json>,
    /// The definition of each type that has a name, by the name and its parts.
    known: BTreeMap<(&'static str, Vec<&'static str>), String>,
}

impl Builder {
    /// The schema of what is read at the end of a way from the rule's start.
    fn schema(&mut self, way: &mut Vec<Step>) -> Json {
        match trace(way) {
            Shape::Text(said) => described(json!({ "type": "string" }), &said),
            Shape::Whole => json!({ "type": "integer", "minimum": 0 }),
            Shape::Integer => json!({ "type": "integer" }),
            Shape::Number => json!({ "type": "number" }),
            Shape::Bool => json!({ "type": "boolean" }),
            Shape::Nothing => json!({ "type": "null" }),
            Shape::Anything(said) => described(json!({}), &said),
            Shape::Optional => {
                let inner = self.inside(way, Step::Inner);
                json!({ "anyOf": [inner, { "type": "null" }] })
            }
            Shape::List => json!({ "type": "array", "items": self.inside(way, Step::Element) }),
            Shape::Tuple(length) => {
                let places: Vec<Json> = (0..length).map(|at| self.inside(way, Step::Place(at))).collect();
                json!({ "type": "array", "prefixItems": places, "minItems": length, "maxItems": length })
            }
            Shape::Struct(name, fields) => self.named(name, fields, |builder| builder.object(way, fields)),
            Shape::Enum(name, variants) => {
                self.named(name, variants, |builder| builder.alternatives(way, variants))
            }
        }
    }

    fn inside(&mut self, way: &mut Vec<Step>, step: Step) -> Json {
        way.push(step);
        let schema = self.schema(way);
        way.pop();
        schema
    }

    /// A reference to the definition of a type, which is made where it is met first.
    fn named(
        &mut self,
        name: &'static str,
        parts: &'static [&'static str],
        make: impl FnOnce(&mut Self) -> Json,
    ) -> Json {
        let key = (name, parts.to_vec());
        if let Some(known) = self.known.get(&key) {
            return json!({ "$ref": format!("#/$defs/{known}") });
        }
        let taken = |name: &str| self.known.values().any(|known| known == name);
        let free = (2..).map(|number| format!("{name}{number}"));
        let label =
            std::iter::once(name.to_owned()).chain(free).find(|name| !taken(name)).unwrap_or_default();
        self.known.insert(key, label.clone());
        let schema = make(self);
        self.definitions.insert(label.clone(), schema);
        json!({ "$ref": format!("#/$defs/{label}") })
    }

    fn object(&mut self, way: &mut Vec<Step>, fields: &'static [&'static str]) -> Json {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for field in fields {
            properties.insert((*field).to_owned(), self.inside(way, Step::Field(field)));
            if trace::needs(way, field) {
                required.push(*field);
            }
        }
        json!({
            "type": "object", "properties": properties, "required": required,
            "additionalProperties": !trace::is_closed(way),
        })
    }

    fn alternatives(&mut self, way: &mut Vec<Step>, variants: &'static [&'static str]) -> Json {
        let mut words = Vec::new();
        let mut alternatives = Vec::new();
        for variant in variants {
            way.push(Step::Variant(variant));
            if trace(way) == Shape::Nothing {
                words.push(*variant);
            } else {
                let inner = self.schema(way);
                alternatives.push(json!({
                    "type": "object", "properties": { *variant: inner }, "required": [variant],
                    "additionalProperties": false,
                }));
            }
            way.pop();
        }
        if alternatives.is_empty() {
            return json!({ "enum": words });
        }
        if !words.is_empty() {
            alternatives.insert(0, json!({ "enum": words }));
        }
        json!({ "oneOf": alternatives })
    }
}

/// A schema with what its reader says that it expects, where that says more than the type.
fn described(mut schema: Json, said: &str) -> Json {
    if !said.is_empty() && said != "a string" && said != "any value" {
        schema["description"] = said.into();
    }
    schema
}
