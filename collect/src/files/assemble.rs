use compact_str::CompactString;
use segops_model::{Channel, Decimal, Envelope, IdentifierKind, Limits, Object, Value};

use super::FileContext;
use super::cells::Row;
use super::message_id;
use super::plan::{Named, Plan, PropertyPlan};
use super::values::{Reading, identifier_text};
use crate::rejection::quoted;
use crate::{Accepted, FORMAT_SEGMENT_V1, Reason, RejectionCode as Code, decode};

/// Why rows became no event: the row that is at fault, if one is.
pub(super) type Fault = (Option<usize>, Reason);

/// Makes one event of the rows of a group (of one row, where rows are not grouped).
///
/// What the order says once is taken from the first row that says it: exports leave it blank in the rows
/// that follow.
pub(super) fn assemble(plan: &Plan, context: &FileContext, rows: &[Row]) -> Result<Accepted, Fault> {
    let rows = Rows { plan, rows, reading: plan.reading() };
    let raw = serde_json::to_vec(&rows.item(&context.limits)?)
        .map_err(|error| (None, Reason::new(Code::InvalidValue, error.to_string())))?;
    let first = rows.rows.first().map_or(0, |row| row.number);
    accept(raw.into_boxed_slice(), first, context).map_err(|reason| (None, reason))
}

/// Decodes a raw item that came from a file's row.
pub(super) fn accept(raw: Box<[u8]>, row: u64, context: &FileContext) -> Result<Accepted, Reason> {
    let envelope = Envelope {
        source: context.source,
        channel: Channel::File,
        received_at: context.received_at,
        sent_at: None,
        client_ip: None,
        fallback_message_id: compact_str::format_compact!("{}:{row}", context.file_hash),
    };
    let event = decode(FORMAT_SEGMENT_V1, &raw, &envelope, &context.limits)?;
    Ok(Accepted { envelope, raw, event })
}

/// The text that rows of one group share; an error for a row that has none.
pub(super) fn group_key(plan: &Plan, row: &Row) -> Result<String, Reason> {
    let reading = plan.reading();
    let values: Vec<CompactString> = plan
        .group_by
        .iter()
        .map(|named| reading.present(row.value(&named.column)).scalar_text().unwrap_or_default())
        .collect();
    if values.iter().all(CompactString::is_empty) {
        let names: Vec<&str> = plan.group_by.iter().map(|named| named.name.as_str()).collect();
        return Err(Reason::new(
            Code::InvalidValue,
            format!("the row says nothing in {}, which rows are grouped by", names.join(", ")),
        ));
    }
    Ok(message_id::joined(&values))
}

impl Plan {
    fn reading(&self) -> Reading<'_> {
        Reading { missing: &self.missing, decimal_comma: self.decimal_comma, zone: &self.zone }
    }
}

struct Rows<'a> {
    plan: &'a Plan,
    rows: &'a [Row],
    reading: Reading<'a>,
}

impl Rows<'_> {
    /// The Segment-shaped event.
    fn item(&self, limits: &Limits) -> Result<Object, Fault> {
        let mut item = Object::new();
        item.set("type", Value::text(self.plan.item_type));
        if let Some(name) = self.event_name()? {
            item.set("event", Value::Text(name));
        }
        if let Some(id) = self.message_id(limits)? {
            item.set("messageId", Value::Text(id));
        }
        if let Some(timestamp) = self.timestamp()? {
            item.set("timestamp", timestamp);
        }
        self.set_identifiers(&mut item)?;
        let mut properties = self.plan.constants.clone();
        self.set_rest(&mut properties);
        self.set_properties(&self.plan.properties, &mut properties)?;
        if !self.plan.items.is_empty() {
            self.set_items(&mut properties)?;
        }
        if !properties.is_empty() {
            item.set("properties", Value::Object(properties));
        }
        let mut traits = Object::new();
        self.set_properties(&self.plan.traits, &mut traits)?;
        if !traits.is_empty() {
            item.set("traits", Value::Object(traits));
        }
        Ok(item)
    }

    /// The first value among the rows, and the row that has it.
    fn first(&self, named: &Named) -> Option<(usize, Value)> {
        self.rows.iter().enumerate().find_map(|(at, row)| {
            match self.reading.present(row.value(&named.column)) {
                Value::Null => None,
                value => Some((at, value)),
            }
        })
    }

    fn event_name(&self) -> Result<Option<CompactString>, Fault> {
        let Some((rule, column)) = &self.plan.event else { return Ok(None) };
        let Some(column) = column else { return Ok(rule.name.as_deref().map(Into::into)) };
        let (at, text) = match self.first(column) {
            Some((at, value)) => (Some(at), value.scalar_text().unwrap_or_default()),
            None => (None, CompactString::default()),
        };
        let fits = |wanted: Option<&str>, test: fn(&str, &str) -> bool| {
            wanted.is_some_and(|wanted| test(&text, wanted))
        };
        let case = rule.cases.iter().find(|case| {
            fits(case.equals.as_deref(), |text, wanted| text == wanted)
                || fits(case.starts_with.as_deref(), |text, wanted| text.starts_with(wanted))
        });
        if let Some(name) = case.map(|case| &case.name).or(rule.name.as_ref()) {
            return Ok(Some(name.as_str().into()));
        }
        if rule.cases.is_empty() && !text.is_empty() {
            return Ok(Some(text));
        }
        Err((
            at,
            Reason::new(
                Code::MissingEventName,
                format!("{} in column {} names no event of the mapping", quoted(&text), quoted(&column.name)),
            ),
        ))
    }

    fn message_id(&self, limits: &Limits) -> Result<Option<CompactString>, Fault> {
        if self.plan.id_columns.is_empty() {
            return Ok(None);
        }
        let value = |named: &Named| self.first(named).and_then(|(_, value)| value.scalar_text());
        let values: Vec<CompactString> =
            self.plan.id_columns.iter().map(|named| value(named).unwrap_or_default()).collect();
        if values.iter().all(CompactString::is_empty) {
            let reason = "the row says nothing in the id columns, so a second import could not know it again";
            return Err((None, Reason::new(Code::InvalidValue, reason)));
        }
        Ok(Some(message_id::of_values(&self.plan.name, &values, limits.message_id_bytes_max)))
    }

    fn timestamp(&self) -> Result<Option<Value>, Fault> {
        if self.plan.time.is_empty() {
            return Ok(None);
        }
        let parts: Vec<(usize, Value)> =
            self.plan.time.iter().filter_map(|named| self.first(named)).collect();
        let Some((at, first)) = parts.first() else {
            return Err((
                None,
                Reason::new(Code::InvalidTimestamp, "the row has no time; fill the time column"),
            ));
        };
        let value = if parts.len() == 1 {
            first.clone()
        } else {
            let texts: Vec<CompactString> =
                parts.iter().filter_map(|(_, value)| value.scalar_text()).collect();
            Value::text(texts.join(" "))
        };
        match self.reading.instant(&value, &self.plan.time_formats) {
            Some(instant) => Ok(Some(Value::text(instant.to_string()))),
            None => {
                let shown = quoted(&value.scalar_text().unwrap_or_default());
                let expected = match self.plan.time_formats.as_slice() {
                    [] => "ISO 8601 or an epoch number; name another format in `time.formats`".to_owned(),
                    formats => formats.join(" or "),
                };
                let message = format!("{shown} is no time that can be read; expected {expected}");
                Err((Some(*at), Reason::new(Code::InvalidTimestamp, message)))
            }
        }
    }

    fn set_identifiers(&self, item: &mut Object) -> Result<(), Fault> {
        let mut context_traits = Object::new();
        let mut external = Vec::new();
        for identifier in &self.plan.identifiers {
            let text = |value: &Value| identifier_text(value, identifier.numeric);
            let Some((first_at, value)) = self.first(&identifier.from) else { continue };
            let Some(id) = text(&value) else {
                let message =
                    format!("column {} holds no id but a list or object", quoted(&identifier.from.name));
                return Err((Some(first_at), Reason::new(Code::InvalidIdentifier, message)));
            };
            for (at, row) in self.rows.iter().enumerate().skip(first_at + 1) {
                let other = text(&self.reading.present(row.value(&identifier.from.column)));
                if other.as_ref().is_some_and(|other| *other != id) {
                    let message = format!(
                        "the rows of one group name two customers in column {}: {} and {}",
                        quoted(&identifier.from.name),
                        quoted(&id),
                        quoted(&other.unwrap_or_default())
                    );
                    return Err((Some(at), Reason::new(Code::InvalidIdentifier, message)));
                }
            }
            match identifier.kind.as_str() {
                IdentifierKind::USER_ID => item.set("userId", Value::Text(id)),
                IdentifierKind::ANONYMOUS_ID => item.set("anonymousId", Value::Text(id)),
                kind @ (IdentifierKind::EMAIL | IdentifierKind::PHONE) => {
                    context_traits.set(kind, Value::Text(id));
                }
                kind => external.push(Value::Object(
                    [("type", Value::text(kind)), ("id", Value::Text(id))].into_iter().collect(),
                )),
            }
        }
        let mut context = Object::new();
        if !context_traits.is_empty() {
            context.set("traits", Value::Object(context_traits));
        }
        if !external.is_empty() {
            context.set("externalIds", Value::List(external));
        }
        if !context.is_empty() {
            item.set("context", Value::Object(context));
        }
        Ok(())
    }

    fn set_rest(&self, properties: &mut Object) {
        let Some(mapped) = &self.plan.mapped_members else { return };
        for (key, value) in self.rows.iter().rev().filter_map(Row::members).flat_map(Object::iter) {
            if !mapped.contains(key) && !self.reading.present(value.clone()).eq(&Value::Null) {
                properties.set(key, value.clone());
            }
        }
    }

    fn set_properties(&self, plans: &[PropertyPlan], into: &mut Object) -> Result<(), Fault> {
        for plan in plans {
            let Some((at, value)) = self.first(&plan.from) else { continue };
            let value = self.typed(plan, value).map_err(|reason| (Some(at), reason))?;
            set_path(into, &plan.target, value);
        }
        Ok(())
    }

    fn set_items(&self, properties: &mut Object) -> Result<(), Fault> {
        let mut items = Vec::with_capacity(self.rows.len());
        let mut sums = vec![Decimal::ZERO; self.plan.sums.len()];
        for (at, row) in self.rows.iter().enumerate() {
            let mut item = Object::new();
            for plan in &self.plan.items {
                let value = self.reading.present(row.value(&plan.from.column));
                if value != Value::Null {
                    let value = self.typed(plan, value).map_err(|reason| (Some(at), reason))?;
                    set_path(&mut item, &plan.target, value);
                }
            }
            for (sum, of) in sums.iter_mut().zip(&self.plan.sums) {
                let product = product(&item, &of.multiply).map_err(|reason| (Some(at), reason))?;
                *sum = sum.checked_add(product).ok_or_else(|| (Some(at), too_large(&of.property)))?;
            }
            if !item.is_empty() {
                items.push(Value::Object(item));
            }
        }
        properties.set("products", Value::List(items));
        for (sum, of) in sums.into_iter().zip(&self.plan.sums) {
            let target: Vec<String> = of.property.split('.').map(str::to_owned).collect();
            set_path(properties, &target, Value::Number(sum));
        }
        Ok(())
    }

    fn typed(&self, plan: &PropertyPlan, value: Value) -> Result<Value, Reason> {
        let shown = value.scalar_text().unwrap_or_else(|| "a list or object".into());
        self.reading.typed(value, plan.value_type, plan.format.as_deref()).map_err(|expected| {
            Reason::new(
                Code::InvalidValue,
                format!(
                    "column {} holds {}, and the mapping expects {expected}; correct the row, or map it as text",
                    quoted(&plan.from.name),
                    quoted(&shown)
                ),
            )
        })
    }
}

/// The product of an item's numbers; nothing where one of them is missing.
fn product(item: &Object, factors: &[String]) -> Result<Decimal, Reason> {
    let mut product = Decimal::ONE;
    for factor in factors {
        let Some(value) = item.get(factor) else { return Ok(Decimal::ZERO) };
        let number = value.as_number().ok_or_else(|| {
            let message = format!("{} of a line item is no number, and a sum needs it", quoted(factor));
            Reason::new(Code::InvalidValue, message)
        })?;
        product = product.checked_mul(number).ok_or_else(|| too_large(factor))?;
    }
    Ok(product)
}

fn too_large(name: &str) -> Reason {
    Reason::new(Code::InvalidValue, format!("the sum over {} is too large a number", quoted(name)))
}

fn set_path(object: &mut Object, path: &[String], value: Value) {
    match path {
        [] => {}
        [name] => object.set(name.as_str(), value),
        [name, rest @ ..] => {
            let mut inner = match object.remove(name) {
                Some(Value::Object(inner)) => inner,
                _ => Object::new(),
            };
            set_path(&mut inner, rest, value);
            object.set(name.as_str(), Value::Object(inner));
        }
    }
}
