use std::ops::ControlFlow;

use segops_model::Identifier;
use segops_model::ProfileId;

use super::{json_of_identifiers, text_of};
use crate::column::ColumnKind::{Flag, Instant, Json, Number, Text, Whole};
use crate::column::{Cell, Column, Row, column};
use crate::workspace::{Flow, ProfileRow, TraitRow};

pub(super) const PROFILE_COLUMNS: &[Column] = &[
    column("profile", Whole, "the profile's number: profile 17 is p_17 elsewhere"),
    column("identified", Flag, "whether it has an identifier beyond an anonymous one"),
    column("identifiers", Json, "a list of objects with kind and value"),
    column("traits", Json, "its traits as one object"),
    column("merged_profiles", Json, "the numbers that it answers to since merges, as a list"),
    column("events", Whole, "counted events (track, page, screen), duplicates left out"),
    column("first_seen", Instant, "when its first event happened"),
    column("last_seen", Instant, "when its newest event happened"),
    column("reachable_email", Flag, "whether it may be written to by email"),
    column("reachable_sms", Flag, "whether it may be written to by SMS"),
];

pub(super) const IDENTIFIER_COLUMNS: &[Column] = &[
    column("profile", Whole, "the profile's number"),
    column("kind", Text, "user_id, email, phone, anonymous_id, or a kind of the workspace's own"),
    column("value", Text, "in its normal form: an email in lower case"),
];

pub(super) const TRAIT_COLUMNS: &[Column] = &[
    column("profile", Whole, "the profile's number"),
    column("name", Text, "the trait's name"),
    column("value", Text, "as text; lists and objects as JSON"),
    column("number", Number, "the value as a number; null where it is none"),
    column("set_at", Instant, "when the event happened that set it"),
];

impl Row for ProfileRow<'_> {
    fn cell(&self, column: usize) -> Cell<'_> {
        match column {
            0 => Cell::whole(self.profile.0),
            1 => Cell::Flag(self.is_identified),
            2 => {
                let identifiers = self.identifiers.iter();
                Cell::text(json_of_identifiers(
                    identifiers.map(|identifier| (identifier.kind.as_str(), identifier.value.as_str())),
                ))
            }
            3 => {
                let traits = self.traits.iter().map(|(name, value)| (*name, (*value).clone()));
                Cell::text(super::json_of_object(&traits.collect()))
            }
            4 => {
                let numbers: Vec<String> = self.merged.iter().map(|id| id.0.to_string()).collect();
                Cell::text(format!("[{}]", numbers.join(",")))
            }
            5 => Cell::whole(self.events),
            6 => Cell::Instant(self.first_seen),
            7 => Cell::Instant(self.last_seen),
            8 => Cell::Flag(self.reachable_email),
            9 => Cell::Flag(self.reachable_sms),
            _ => Cell::Null,
        }
    }
}

struct IdentifierRow<'a> {
    profile: ProfileId,
    identifier: &'a Identifier,
}

pub(super) fn identifiers(profile: &ProfileRow<'_>, add: &mut dyn FnMut(&dyn Row) -> Flow) -> Flow {
    for identifier in profile.identifiers {
        add(&IdentifierRow { profile: profile.profile, identifier })?;
    }
    ControlFlow::Continue(())
}

impl Row for IdentifierRow<'_> {
    fn cell(&self, column: usize) -> Cell<'_> {
        match column {
            0 => Cell::whole(self.profile.0),
            1 => Cell::text(self.identifier.kind.as_str()),
            2 => Cell::text(self.identifier.value.as_str()),
            _ => Cell::Null,
        }
    }
}

impl Row for TraitRow<'_> {
    fn cell(&self, column: usize) -> Cell<'_> {
        match column {
            0 => Cell::whole(self.profile.0),
            1 => Cell::text(self.name),
            2 => Cell::of(text_of(self.value), Cell::text),
            3 => Cell::of(self.value.as_number(), Cell::Number),
            4 => Cell::Instant(self.set_at),
            _ => Cell::Null,
        }
    }
}
