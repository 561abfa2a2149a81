//! Filters of orders that no order passes.

use segops_model::{Value, fold_case};

use super::Checker;
use crate::ast::{EventFilter, ORDER_STATUSES, Predicate, PropertyTest, Stage, Test};
use crate::nearest::nearest;
use crate::problem::{Code, Problem};

impl Checker<'_> {
    pub(super) fn order_filter<S: Stage>(&mut self, filter: &EventFilter<S>, place: &str) {
        if let Some(name) = &filter.name {
            let problem =
                Problem::error(Code::Unexpected, format!("orders have no event's name, such as `{name}`"));
            self.report(
                problem.place(format!("{place}.name")).suggestion("leave the name out, or the subject"),
            );
        }
        if let Some(predicate) = &filter.predicate {
            self.statuses(predicate, &format!("{place}.where"));
        }
    }

    /// Tests for a status that no order can have.
    fn statuses(&mut self, predicate: &Predicate, place: &str) {
        let each = |checker: &mut Self, parts: &[Predicate], name: &str| {
            for (at, part) in parts.iter().enumerate() {
                checker.statuses(part, &format!("{place}.{name}[{at}]"));
            }
        };
        match predicate {
            Predicate::All(parts) => each(self, parts, "all"),
            Predicate::Any(parts) => each(self, parts, "any"),
            Predicate::None(parts) => each(self, parts, "none"),
            // The depth was checked on the way to here.
            Predicate::Not(part) => self.statuses(part, &format!("{place}.not")),
            Predicate::Item(_) => {}
            Predicate::Property(PropertyTest { property, test, .. }) if property.to_string() == "status" => {
                let place = format!("{place}.property.test");
                match test {
                    Test::Is(value) | Test::IsNot(value) => self.problems_of(check_status(value, &place)),
                    Test::In(values) | Test::NotIn(values) => {
                        self.problems_of(values.iter().filter_map(|value| check_status(value, &place)));
                    }
                    _ => {}
                }
            }
            Predicate::Property(_) => {}
        }
    }
}

fn check_status(value: &Value, place: &str) -> Option<Problem> {
    let text = value.scalar_text()?;
    if ORDER_STATUSES.iter().any(|status| fold_case(&text) == *status) {
        return None;
    }
    let problem = Problem::error(Code::NeverHolds, format!("no order has the status `{text}`"))
        .place(place)
        .expected("`completed`, `partially_refunded`, `refunded` or `cancelled`");
    Some(match nearest(&text.replace(' ', "_"), ORDER_STATUSES) {
        Some(meant) => problem.suggestion(format!("did you mean `{meant}`?")),
        None => problem,
    })
}
