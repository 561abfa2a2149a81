//! What derived events are made of, in the one form that is read back the same.

use std::fmt;

use super::window::span_text;
use super::{clauses_when, named_event, path};
use crate::ast::{
    DerivedDefinition, EventFilter, Named, RenamedDefinition, RenamedValue, SessionDefinition, SessionStands,
    TouchDefinition,
};

impl fmt::Display for DerivedDefinition<Named> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session(session) => f.write_str(&sessions(session)),
            Self::Touch(touch) => f.write_str(&touched(touch)),
            Self::Renamed(renamed) => f.write_str(&under_another_name(renamed)),
        }
    }
}

fn sessions(session: &SessionDefinition<Named>) -> String {
    let mut text = format!("sessions of {} with gap of {}", inputs(&session.events), span_text(session.gap));
    let said = [
        (session.split_at_midnight, ", split at midnight"),
        (session.split_at_campaign, ", split at campaign"),
        (session.stands == SessionStands::AtEnd, ", counted at end"),
    ];
    said.iter().filter(|(is_said, _)| *is_said).for_each(|(_, words)| text.push_str(words));
    text
}

fn touched(touch: &TouchDefinition<Named>) -> String {
    let (choice, touches) = (touch.choice.word(), inputs(&touch.touches));
    format!("{choice} touch of {touches} before {} within {}", input(&touch.outcome), span_text(touch.within))
}

fn under_another_name(renamed: &RenamedDefinition<Named>) -> String {
    let value = |RenamedValue { name, property }: &RenamedValue| {
        let said = path(&property.to_string());
        if property.last() == name { said } else { format!("{said} as {}", path(name)) }
    };
    let values: Vec<String> = renamed.values.iter().map(value).collect();
    let with = if values.is_empty() { String::new() } else { format!(" with {}", values.join(", ")) };
    format!("each {}{with}", input(&renamed.event))
}

fn inputs(events: &[EventFilter<Named>]) -> String {
    match events {
        [only] => input(only),
        several => {
            // In a list a comma ends an event, so that one of several sources is written once for each.
            let each = several.iter().flat_map(|event| match event.sources.len() {
                0 | 1 => vec![event.clone()],
                _ => event.sources.iter().map(|source| of_source(event, source)).collect(),
            });
            let texts: Vec<String> = each.map(|event| input(&event)).collect();
            format!("({})", texts.join(", "))
        }
    }
}

fn of_source(event: &EventFilter<Named>, source: &str) -> EventFilter<Named> {
    EventFilter { sources: vec![source.to_owned()], ..event.clone() }
}

fn input(event: &EventFilter<Named>) -> String {
    format!("{}{}", named_event(event), clauses_when(event, "", false))
}
