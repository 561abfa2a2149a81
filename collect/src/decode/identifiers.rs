use compact_str::CompactString;
use segops_model::{EventKind, Identifier, IdentifierKind, Limits, Object, Value};

use super::{Item, ItemType};
use crate::json::WireText;
use crate::rejection::quoted;
use crate::{Reason, RejectionCode as Code};

/// Every identifier that the item carries, each once, as sent.
pub(super) fn collect(
    item: &Item,
    kind: EventKind,
    traits: &Object,
    context: &Object,
    limits: &Limits,
) -> Result<Vec<Identifier>, Reason> {
    let mut found = Found { identifiers: Vec::with_capacity(4), limits };
    found.add_text(IdentifierKind::USER_ID, "userId", &item.user_id)?;
    // A group's traits are the company's: its phone number is not the profile's.
    let own = (kind != EventKind::Group).then_some(traits);
    let in_context = context.get("traits").and_then(Value::as_object);
    for name in [IdentifierKind::EMAIL, IdentifierKind::PHONE] {
        let present = |traits: &&Object| traits.get(name).is_some_and(Value::is_present);
        let holder = own.filter(present).or(in_context.filter(present));
        found.add_value(name, holder.and_then(|traits| traits.get(name)))?;
    }
    found.add_external(context)?;
    found.add_text(IdentifierKind::ANONYMOUS_ID, "anonymousId", &item.anonymous_id)?;
    if kind == EventKind::Alias {
        found.add_alias(item)?;
    }
    if found.identifiers.is_empty() {
        return Err(Reason::new(
            Code::MissingIdentifier,
            "the event says nothing of who did it; send `userId` or `anonymousId`, or an email address or \
             phone number in its traits",
        ));
    }
    Ok(found.identifiers)
}

struct Found<'a> {
    identifiers: Vec<Identifier>,
    limits: &'a Limits,
}

impl Found<'_> {
    fn add_text(&mut self, kind: &str, field: &str, text: &WireText) -> Result<(), Reason> {
        match text {
            WireText::Absent => Ok(()),
            WireText::Text(value) => self.add(kind, value.clone()),
            WireText::Wrong(what) => {
                Err(Reason::new(Code::InvalidIdentifier, format!("`{field}` is {what}; send the id as text")))
            }
        }
    }

    /// An identifier in a trait. What is no scalar is a trait like any other, and identifies nobody.
    fn add_value(&mut self, kind: &str, value: Option<&Value>) -> Result<(), Reason> {
        match value {
            Some(Value::Text(text)) if !text.trim().is_empty() => self.add(kind, text.clone()),
            Some(value @ Value::Number(_)) => value.scalar_text().map_or(Ok(()), |text| self.add(kind, text)),
            _ => Ok(()),
        }
    }

    /// `context.externalIds`: `[{"type": …, "id": …}]`, each type a kind of its own.
    fn add_external(&mut self, context: &Object) -> Result<(), Reason> {
        for entry in context.get("externalIds").and_then(Value::as_list).unwrap_or_default() {
            let Some(entry) = entry.as_object() else { continue };
            self.add_typed(entry.get("type"), entry.get("id"))?;
        }
        Ok(())
    }

    fn add_typed(&mut self, kind: Option<&Value>, value: Option<&Value>) -> Result<(), Reason> {
        let Some(kind) = kind.and_then(Value::as_text).map(str::trim).filter(|kind| !kind.is_empty()) else {
            return Ok(());
        };
        // Only an alias call may say that one id was another.
        if kind == IdentifierKind::PREVIOUS_ID {
            return Ok(());
        }
        self.add_value(kind, value)
    }

    fn add_alias(&mut self, item: &Item) -> Result<(), Reason> {
        if item.item_type == ItemType::Merge {
            for entry in item.merge_properties.as_list().unwrap_or_default() {
                let Some(entry) = entry.as_object() else { continue };
                self.add_typed(entry.get("type"), entry.get("value"))?;
            }
            return Ok(());
        }
        let has_other =
            matches!(item.user_id, WireText::Text(_)) || matches!(item.anonymous_id, WireText::Text(_));
        if item.previous_id == WireText::Absent || !has_other {
            return Err(Reason::new(
                Code::MissingPreviousId,
                "an alias call needs both `previousId` and `userId`; send the id before and the id after",
            ));
        }
        self.add_text(IdentifierKind::PREVIOUS_ID, "previousId", &item.previous_id)
    }

    fn add(&mut self, kind: &str, value: CompactString) -> Result<(), Reason> {
        let bytes = value.len().max(kind.len());
        if bytes > self.limits.identifier_bytes_max {
            return Err(Reason::new(
                Code::IdentifierTooLong,
                format!(
                    "the {} {} has {bytes} bytes, and at most {} are taken; send the id alone",
                    quoted(kind),
                    quoted(&value),
                    self.limits.identifier_bytes_max
                ),
            ));
        }
        let identifier = Identifier::new(kind, value);
        if self.identifiers.contains(&identifier) {
            return Ok(());
        }
        if self.identifiers.len() >= self.limits.identifiers_per_event_max {
            return Err(Reason::new(
                Code::TooManyIdentifiers,
                format!(
                    "the event carries more than {} identifiers; send only those of one person",
                    self.limits.identifiers_per_event_max
                ),
            ));
        }
        self.identifiers.push(identifier);
        Ok(())
    }
}
