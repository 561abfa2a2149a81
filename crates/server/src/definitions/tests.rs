mod klaviyo;
mod segment;

use std::collections::BTreeMap;

use super::{Dialect, Dictionary, ReadDefinition, read_definitions};

fn dictionary() -> Dictionary {
    let pair = |(id, name): (&str, &str)| (id.to_owned(), name.to_owned());
    Dictionary {
        names: [("M1", "Placed Order"), ("M2", "Viewed Product"), ("L1", "VIP"), ("L2", "Staff")]
            .map(pair)
            .into(),
        events: BTreeMap::from([pair(("Placed Order", "Order Completed"))]),
        value_property: None,
    }
}

fn read(dialect: Dialect, text: &str) -> ReadDefinition {
    let read = read_definitions(dialect, text, &dictionary());
    read.unwrap_or_else(|why| panic!("{why}")).remove(0)
}

/// The rule, and the notes below it.
fn told(read: &ReadDefinition) -> String {
    let mut lines = vec![read.rule_text.clone().unwrap_or_else(|| "no rule".to_owned())];
    lines.extend(read.notes.iter().map(|note| format!("{:?} {}: {}", note.kind, note.place, note.message)));
    lines.join("\n") + "\n"
}
