//! Arguments as people type them, in the JSON of the API.

use serde_json::{Value, json};

use segops_rules::{Condition, Window};

use crate::cli::error::CliError;

pub(super) fn event(text: &str) -> Value {
    json!({ "text": text })
}

/// `last 90 days`, `from 2026-01-01 to 2026-02-01`, `last month`, `all time`: as rules have it.
pub(super) fn window(text: &str) -> Result<Value, CliError> {
    let read = match text.trim() {
        "all time" => Some(Window::AllTime),
        text => window_of(&format!("in {text}")).or_else(|| window_of(text)),
    };
    let read = read.ok_or_else(|| {
        let expected =
            "write it as in rules: 'last 90 days', 'from 2026-01-01 to 2026-02-01', 'last month', 'all time'";
        CliError::Usage(format!("`{text}` is no window; {expected}"))
    })?;
    serde_json::to_value(read).map_err(|error| CliError::Usage(error.to_string()))
}

fn window_of(text: &str) -> Option<Window> {
    let rule = segops_rules::parse(&format!("everyone where did any event {text}")).ok()?;
    match rule.when {
        Condition::Event(leaf) if leaf.window != Window::AllTime => Some(leaf.window),
        _ => None,
    }
}

/// `7 days`.
pub(super) fn span(text: &str) -> Result<Value, CliError> {
    match window_of(&format!("in last {text}")) {
        Some(Window::Last(span)) => Ok(json!(span)),
        _ => Err(CliError::Usage(format!("`{text}` is no span of time; write it as '7 days' or '2 hours'"))),
    }
}

/// `trait:country`, or a property by its name alone.
pub(super) fn dimension(text: &str) -> Result<Value, CliError> {
    let (kind, name) = text.split_once(':').unwrap_or(("property", text));
    match kind {
        "property" | "trait" | "trait_at_event" => Ok(json!({ kind: name })),
        "segments" => Ok(json!({ "segments": name.split(',').map(str::trim).collect::<Vec<_>>() })),
        other => Err(CliError::Usage(format!(
            "`{other}:` is no kind of dimension; there are property:, trait:, trait_at_event: and segments:"
        ))),
    }
}

/// `count`, `customers`, `sum:total`.
pub(super) fn measure(text: &str) -> Result<Value, CliError> {
    const OF_PROPERTY: &[&str] = &["sum", "average", "minimum", "maximum", "median", "sum_by_quantity"];
    match text.split_once(':') {
        Some((kind, property)) if OF_PROPERTY.contains(&kind) => Ok(json!({ kind: property })),
        None if ["count", "customers"].contains(&text) => Ok(json!(text)),
        _ => Err(CliError::Usage(format!(
            "`{text}` is no measure; there are count, customers, and with a property {}, as in sum:total",
            OF_PROPERTY.join(", ")
        ))),
    }
}

/// `revenue`, `repeat_rate:90`.
pub(super) fn metric(text: &str, from: Option<&str>, to: Option<&str>) -> Result<Value, CliError> {
    let (name, days) = text.split_once(':').unwrap_or((text, "90"));
    let days: u32 = days.parse().map_err(|_| CliError::Usage(format!("`{days}` is no number of days")))?;
    match name {
        "revenue" | "orders" | "average_order_value" | "returning_share" => Ok(json!(name)),
        "repeat_rate" => Ok(json!({ "repeat_rate": { "days": days } })),
        "conversion" => match (from, to) {
            (Some(from), Some(to)) => {
                Ok(json!({ "conversion": { "from": event(from), "to": event(to), "days": days } }))
            }
            _ => Err(CliError::Usage("a conversion needs --from-event and --to-event".to_owned())),
        },
        other => Err(CliError::Usage(format!(
            "`{other}` is no metric; there are revenue, orders, average_order_value, repeat_rate:DAYS, returning_share and \
             conversion:DAYS"
        ))),
    }
}
