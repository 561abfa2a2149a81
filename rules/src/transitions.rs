//! Transitions asked for as events: `did "Segment Entered" where segment is "VIP"` is the condition `entered
//! segment "VIP"`, so that what was recorded is kept in one place and read in one way.

use segops_model::{Direction, Value};

use crate::ast::{Condition, EventCondition, Named, Predicate, PropertyTest, Test, TransitionCondition};
use crate::check::{SEGMENT_ENTERED, SEGMENT_EXITED};

/// The condition that an event's stands for, or the event's own.
pub(crate) fn condition_of_event(event: EventCondition<Named>) -> Condition<Named> {
    let direction = match event.event.name.as_deref() {
        Some(SEGMENT_ENTERED) => Direction::Entered,
        Some(SEGMENT_EXITED) => Direction::Exited,
        _ => return Condition::Event(event),
    };
    match segment_of(event.event.predicate.as_ref()) {
        Some(segment) if event.event.sources.is_empty() => Condition::Transition(TransitionCondition {
            segment,
            direction,
            count: event.count,
            window: event.window,
        }),
        _ => Condition::Event(event),
    }
}

fn segment_of(predicate: Option<&Predicate>) -> Option<String> {
    let Predicate::Property(PropertyTest { property, test, .. }) = predicate? else { return None };
    let is_segment = ["segment", "segment_id", "segment_name"].contains(&property.to_string().as_str());
    match test {
        Test::Is(Value::Text(name)) if is_segment => Some(name.to_string()),
        _ => None,
    }
}
