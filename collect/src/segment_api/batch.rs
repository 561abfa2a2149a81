use std::fmt;

use segops_model::Value;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::RequestError;
use crate::json::WireText;

/// A batch request's body, its events unread.
#[derive(Debug, Default)]
pub(super) struct Batch<'a> {
    pub(super) items: Vec<&'a RawValue>,
    pub(super) write_key: WireText,
    pub(super) sent_at: Value,
    pub(super) context: Option<&'a RawValue>,
    pub(super) integrations: Option<&'a RawValue>,
}

impl<'a> Batch<'a> {
    pub(super) fn of_body(body: &'a [u8]) -> Result<Self, RequestError> {
        let parts: Parts<'a> = serde_json::from_slice(body).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => no_batch(),
            _ => no_json(&error),
        })?;
        if parts.has_items { Ok(parts.batch) } else { Err(no_batch()) }
    }
}

fn no_batch() -> RequestError {
    RequestError::invalid_body("the body is no batch; send {\"batch\": [event, …]}".to_owned())
}

pub(super) fn no_json(error: &dyn fmt::Display) -> RequestError {
    RequestError::invalid_json(format!("the body is no JSON ({error}); send one JSON object in UTF-8"))
}

struct Parts<'a> {
    batch: Batch<'a>,
    has_items: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Field {
    Batch,
    WriteKey,
    SentAt,
    Context,
    Integrations,
    #[serde(other)]
    Other,
}

impl<'de: 'a, 'a> Deserialize<'de> for Parts<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Parts<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a batch object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Parts<'de>, A::Error> {
                let mut parts = Parts { batch: Batch::default(), has_items: false };
                while let Some(field) = map.next_key::<Field>()? {
                    match field {
                        Field::Batch => {
                            parts.batch.items = map.next_value()?;
                            parts.has_items = true;
                        }
                        Field::WriteKey => parts.batch.write_key = map.next_value()?,
                        Field::SentAt => parts.batch.sent_at = map.next_value()?,
                        Field::Context => parts.batch.context = Some(map.next_value()?),
                        Field::Integrations => parts.batch.integrations = Some(map.next_value()?),
                        Field::Other => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(parts)
            }
        }
        deserializer.deserialize_map(Fields)
    }
}
