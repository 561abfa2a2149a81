use serde_json::value::RawValue;

use super::batch::Batch;
use crate::json::{RawMembers, write_key};

/// What a batch says once for all of its events.
pub(super) struct Shared<'a> {
    context: RawMembers<'a>,
    integrations: RawMembers<'a>,
    /// How many bytes an event may grow by.
    pub(super) bytes: usize,
}

impl<'a> Shared<'a> {
    pub(super) fn of(batch: &Batch<'a>) -> Self {
        let read = |raw: Option<&'a RawValue>| -> RawMembers<'a> {
            raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
        };
        let bytes = [batch.context, batch.integrations].iter().flatten().map(|raw| raw.get().len()).sum();
        Self { context: read(batch.context), integrations: read(batch.integrations), bytes }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.context.0.is_empty() && self.integrations.0.is_empty()
    }

    /// The event with the shared members that it lacks.
    pub(super) fn merged(&self, item: RawMembers<'_>) -> Vec<u8> {
        let mut own_context = None;
        let mut own_integrations = None;
        let mut rest = RawMembers::default();
        for (key, value) in item.0 {
            match key.as_ref() {
                "context" => own_context = Some(value),
                "integrations" => own_integrations = Some(value),
                _ => rest.0.push((key, value)),
            }
        }
        let mut out = Vec::new();
        rest.write(&mut out);
        out.pop();
        for (name, shared, own) in
            [("context", &self.context, own_context), ("integrations", &self.integrations, own_integrations)]
        {
            if out.len() > 1 {
                out.push(b',');
            }
            write_key(name, &mut out);
            write_filled(shared, own, &mut out);
        }
        out.push(b'}');
        out
    }
}

fn write_filled(shared: &RawMembers<'_>, own: Option<&RawValue>, out: &mut Vec<u8>) {
    let members = match own.map(|raw| (raw, serde_json::from_str::<RawMembers<'_>>(raw.get()))) {
        None => RawMembers::default(),
        Some((_, Ok(members))) => members,
        Some((raw, Err(_))) if matches!(raw.get(), "null" | "[]") => RawMembers::default(),
        // What is no object is for the decoder to refuse.
        Some((raw, Err(_))) => return out.extend_from_slice(raw.get().as_bytes()),
    };
    let own_names: std::collections::HashSet<&str> = members.0.iter().map(|(key, _)| key.as_ref()).collect();
    let missing = shared.0.iter().filter(|(key, _)| !own_names.contains(key.as_ref()));
    let filled = RawMembers(missing.chain(&members.0).map(|(key, value)| (key.clone(), *value)).collect());
    filled.write(out);
}
