use std::cell::OnceCell;
use std::ops::ControlFlow;

use segops_model::{Object, Value};
use segops_segment::{Order, OrderKey, OrderOccurrence};

use super::{json_of_object, text_of};
use crate::column::ColumnKind::{Flag, Instant, Json, Number, Text, Whole};
use crate::column::{Cell, Column, Row, column};
use crate::workspace::{Flow, OrderRow};

pub(super) const ORDER_COLUMNS: &[Column] = &[
    column("profile", Whole, "the profile's number"),
    column("order_id", Text, "as its events name it; `event N` where they name none"),
    column("status", Text, "completed, partially_refunded, refunded or cancelled"),
    column("completed_at", Instant, "when it was first completed"),
    column("value", Number, "before refunds and cancellation, in its currency"),
    column("refunded", Number, "what went back of the value, in its currency"),
    column("net", Number, "what is left: what spending is summed from, in its currency"),
    column("currency", Text, "as the event says; null where it says none"),
    column("discount", Number, "on the order as a whole, in its currency; null where none is known"),
    column("item_count", Number, "articles; null where no event lists any"),
    column("placed", Flag, "false for money that went back against an order that is not known"),
    column("test", Flag, "whether it is marked as a test: rules leave those out"),
    column("reversed_at", Instant, "the newest refund or cancellation; null where there is none"),
    column("properties", Json, "what its completion said, and all the above; its lines are `items`"),
];

pub(super) const LINE_COLUMNS: &[Column] = &[
    column("profile", Whole, "the profile's number"),
    column("order_id", Text, "the order's"),
    column("line", Whole, "1 for the first of an order"),
    column("completed_at", Instant, "when the order was first completed"),
    column("status", Text, "the order's"),
    column("currency", Text, "the order's"),
    column("product_id", Text, "as the line says"),
    column("sku", Text, "as the line says"),
    column("variant", Text, "as the line says"),
    column("name", Text, "as the line says"),
    column("brand", Text, "as the line says"),
    column("category", Text, "as the line says"),
    column("quantity", Number, "articles; null where the line says nothing, which counts as one"),
    column("price", Number, "of one article, in the order's currency"),
    column("value", Number, "price times quantity"),
    column("allocated_discount", Number, "the line's part of the order's discount"),
    column("net", Number, "what is left of the value"),
    column("properties", Json, "all that the line says, and what was computed of it"),
];

/// An order, with what is computed of it at most once.
struct OrderCells<'a> {
    row: &'a OrderRow<'a>,
    order: &'a Order,
    occurrence: OnceCell<Option<OrderOccurrence>>,
}

fn name_of(key: &OrderKey) -> String {
    match key {
        OrderKey::Id(id) => id.to_string(),
        OrderKey::Event(position) => format!("event {position}"),
    }
}

pub(super) fn order(row: &OrderRow<'_>, add: &mut dyn FnMut(&dyn Row) -> Flow) -> Flow {
    let Some(order) = row.facts.order(row.key) else { return ControlFlow::Continue(()) };
    add(&OrderCells { row, order: &order, occurrence: OnceCell::new() })
}

impl OrderCells<'_> {
    fn occurrence(&self) -> Option<&OrderOccurrence> {
        self.occurrence.get_or_init(|| self.row.facts.occurrence(self.row.key)).as_ref()
    }

    fn property(&self, name: &str) -> Option<&Value> {
        self.occurrence()?.event().properties.get(name)
    }
}

impl Row for OrderCells<'_> {
    fn cell(&self, column: usize) -> Cell<'_> {
        let number = |name: &str| Cell::of(self.property(name).and_then(Value::as_number), Cell::Number);
        match column {
            0 => Cell::whole(self.row.profile.0),
            1 => Cell::text(name_of(self.row.key)),
            2 => Cell::text(self.order.status.as_text()),
            3 => Cell::Instant(self.order.completed_at),
            4 => Cell::Number(self.order.value),
            5 => Cell::Number(self.order.refunded),
            6 => Cell::Number(self.order.net),
            7 => Cell::of(self.order.currency.as_deref(), Cell::text),
            8 => number("discount"),
            9 => number("item_count"),
            10 => Cell::of(self.occurrence(), |occurrence| Cell::Flag(occurrence.is_placed())),
            11 => Cell::of(self.occurrence(), |occurrence| Cell::Flag(occurrence.is_test())),
            12 => Cell::of(self.order.reversed_at, Cell::Instant),
            13 => Cell::of(self.occurrence(), |one| Cell::text(json_of_object(&one.event().properties))),
            _ => Cell::Null,
        }
    }
}

struct LineCells<'a> {
    row: &'a OrderRow<'a>,
    order: &'a Order,
    number: u64,
    line: &'a Object,
}

pub(super) fn lines(row: &OrderRow<'_>, add: &mut dyn FnMut(&dyn Row) -> Flow) -> Flow {
    let (Some(order), Some(occurrence)) = (row.facts.order(row.key), row.facts.occurrence(row.key)) else {
        return ControlFlow::Continue(());
    };
    let items = occurrence.event().properties.get("items").and_then(Value::as_list).unwrap_or_default();
    for (number, line) in (1_u64..).zip(items.iter().filter_map(Value::as_object)) {
        add(&LineCells { row, order: &order, number, line })?;
    }
    ControlFlow::Continue(())
}

impl Row for LineCells<'_> {
    fn cell(&self, column: usize) -> Cell<'_> {
        let text = |name: &str| Cell::of(self.line.get(name).and_then(text_of), Cell::text);
        let number = |name: &str| Cell::of(self.line.get(name).and_then(Value::as_number), Cell::Number);
        match column {
            0 => Cell::whole(self.row.profile.0),
            1 => Cell::text(name_of(self.row.key)),
            2 => Cell::whole(self.number),
            3 => Cell::Instant(self.order.completed_at),
            4 => Cell::text(self.order.status.as_text()),
            5 => Cell::of(self.order.currency.as_deref(), Cell::text),
            6 => text("product_id"),
            7 => text("sku"),
            8 => text("variant"),
            9 => text("name"),
            10 => text("brand"),
            11 => text("category"),
            12 => number("quantity"),
            13 => number("price"),
            14 => number("value"),
            15 => number("allocated_discount"),
            16 => number("net"),
            17 => Cell::text(json_of_object(self.line)),
            _ => Cell::Null,
        }
    }
}
