use segops_model::Value;

use super::{json_of_object, text_of};
use crate::column::ColumnKind::{Instant, Json, Number, Text, Whole};
use crate::column::{Cell, Column, Row, column};
use crate::workspace::{MembershipRow, ProductRow, ScoreRow, SegmentRow, TransitionRow};

pub(super) const SEGMENT_COLUMNS: &[Column] = &[
    column("segment", Text, "the segment's id, such as seg_12"),
    column("name", Text, "its name"),
    column("description", Text, "empty for none"),
    column("folder", Text, "a path such as Retention/Win-back; empty for none"),
    column("owner", Text, "empty for none"),
    column("status", Text, "draft, priming, live, editing, paused or archived"),
    column("rule", Text, "the serving rule; the newest where none serves"),
    column("version", Whole, "of the rule that serves; null where none does"),
    column("members", Whole, "profiles in it"),
    column("created_at", Instant, "when it was made"),
    column("changed_at", Instant, "when it was changed last"),
];

pub(super) const MEMBERSHIP_COLUMNS: &[Column] = &[
    column("profile", Whole, "the profile's number"),
    column("segment", Text, "the segment's id"),
    column("name", Text, "the segment's name"),
    column("since", Instant, "when the profile came in"),
    column("cause", Text, "why: event, expiry, edit, prime, import, merge, ..."),
];

pub(super) const TRANSITION_COLUMNS: &[Column] = &[
    column("profile", Whole, "the profile's number, as it is since merges"),
    column("segment", Text, "the segment's id"),
    column("name", Text, "the segment's name"),
    column("at", Instant, "when it took effect"),
    column("direction", Text, "entered or exited"),
    column("cause", Text, "why: event, expiry, edit, prime, import, merge, ..."),
    column("version", Whole, "of the segment's rule"),
    column("position", Whole, "the journal position that it came with"),
];

pub(super) const SCORE_COLUMNS: &[Column] = &[
    column("profile", Whole, "the profile's number"),
    column("score", Text, "its name"),
    column("number", Number, "null where the score is a date"),
    column("date", Instant, "null where the score is a number"),
    column("as_of", Instant, "what a recorded value is of; null where it is computed now"),
];

pub(super) const PRODUCT_COLUMNS: &[Column] = &[
    column("product_id", Text, "its id"),
    column("name", Text, "as the catalogue has it: `name`, else `title`"),
    column("brand", Text, "as the catalogue has it"),
    column("category", Text, "as the catalogue has it"),
    column("price", Number, "as the catalogue has it"),
    column("updated_at", Instant, "since when it is so"),
    column("properties", Json, "all that is known of it"),
];

impl Row for SegmentRow<'_> {
    fn cell(&self, column: usize) -> Cell<'_> {
        match column {
            0 => Cell::text(self.segment.to_string()),
            1 => Cell::text(self.name),
            2 => Cell::text(self.description),
            3 => Cell::text(self.folder),
            4 => Cell::text(self.owner),
            5 => Cell::text(self.status),
            6 => Cell::text(self.rule),
            7 => Cell::of(self.version, |version| Cell::Whole(version.0.into())),
            8 => Cell::whole(self.members),
            9 => Cell::Instant(self.created_at),
            10 => Cell::Instant(self.changed_at),
            _ => Cell::Null,
        }
    }
}

impl Row for MembershipRow<'_> {
    fn cell(&self, column: usize) -> Cell<'_> {
        match column {
            0 => Cell::whole(self.profile.0),
            1 => Cell::text(self.segment.to_string()),
            2 => Cell::text(self.name),
            3 => Cell::Instant(self.since),
            4 => Cell::text(self.cause),
            _ => Cell::Null,
        }
    }
}

impl Row for TransitionRow<'_> {
    fn cell(&self, column: usize) -> Cell<'_> {
        match column {
            0 => Cell::whole(self.profile.0),
            1 => Cell::text(self.segment.to_string()),
            2 => Cell::text(self.name),
            3 => Cell::Instant(self.at),
            4 => Cell::text(if self.entered { "entered" } else { "exited" }),
            5 => Cell::text(self.cause),
            6 => Cell::Whole(self.version.0.into()),
            7 => Cell::whole(self.position.0),
            _ => Cell::Null,
        }
    }
}

impl Row for ScoreRow<'_> {
    fn cell(&self, column: usize) -> Cell<'_> {
        match column {
            0 => Cell::whole(self.profile.0),
            1 => Cell::text(self.score),
            2 => Cell::of(self.number, Cell::Number),
            3 => Cell::of(self.date, Cell::Instant),
            4 => Cell::of(self.as_of, Cell::Instant),
            _ => Cell::Null,
        }
    }
}

impl Row for ProductRow<'_> {
    fn cell(&self, column: usize) -> Cell<'_> {
        let text = |name: &str| self.product.get(name).and_then(text_of);
        match column {
            0 => Cell::text(self.id),
            1 => Cell::of(text("name").or_else(|| text("title")), Cell::text),
            2 => Cell::of(text("brand"), Cell::text),
            3 => Cell::of(text("category"), Cell::text),
            4 => Cell::of(self.product.get("price").and_then(Value::as_number), Cell::Number),
            5 => Cell::Instant(self.updated_at),
            6 => Cell::text(json_of_object(self.product)),
            _ => Cell::Null,
        }
    }
}
