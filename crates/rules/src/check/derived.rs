//! Definitions of events that there can never be, or that are made of what is not known when an event comes in.

use segops_model::{Limits, Path};

use super::Checker;
use crate::ast::{
    DERIVED_INPUTS_MAX, DERIVED_VALUES_MAX, DerivedDefinition, EventFilter, Predicate, RenamedValue, Stage,
};
use crate::problem::{Code, Problem};
use crate::time::{Span, Unit};

/// The longest gap within a session.
const GAP_HOURS_MAX: i64 = 24;
/// The longest time before an outcome.
const TOUCH_DAYS_MAX: i64 = 366;
/// What is read of every event by these names, so that no value can be called so.
const TAKEN_NAMES: [&str; 5] = ["context", "products", "quantity", "product", "current_product"];

/// Everything that is wrong with what a derived event is to be made of, each with its place.
pub(crate) fn check_derived<S: Stage>(definition: &DerivedDefinition<S>, limits: &Limits) -> Vec<Problem> {
    let mut checker = Checker::new(limits);
    match definition {
        DerivedDefinition::Session(session) => {
            checker.inputs(&session.events, "definition.session.events");
            let longest = GAP_HOURS_MAX * 3_600;
            checker.span(session.gap, longest, "24 hours", "definition.session.gap");
        }
        DerivedDefinition::Touch(touch) => {
            checker.inputs(&touch.touches, "definition.touch.touches");
            checker.input(&touch.outcome, "definition.touch.outcome");
            if touch.outcome.name.is_none() {
                let problem = Problem::error(Code::ExpectedEvent, "an outcome is one event by its name");
                checker.report(
                    problem
                        .place("definition.touch.outcome")
                        .expected("such as `before \"Order Completed\"`"),
                );
            }
            let longest = TOUCH_DAYS_MAX * 24 * 3_600;
            checker.span(touch.within, longest, "366 days", "definition.touch.within");
        }
        DerivedDefinition::Renamed(renamed) => {
            checker.input(&renamed.event, "definition.renamed.event");
            checker.values(&renamed.values, "definition.renamed.values");
        }
    }
    checker.problems
}

impl Checker<'_> {
    fn inputs<S: Stage>(&mut self, events: &[EventFilter<S>], place: &str) {
        if !(1..=DERIVED_INPUTS_MAX).contains(&events.len()) {
            let message = format!("a derived event is made of {} kinds of events", events.len());
            let problem = Problem::error(Code::TooMany, message).place(place);
            self.report(problem.expected(format!("1 to {DERIVED_INPUTS_MAX}")));
        }
        for (at, event) in events.iter().enumerate() {
            self.input(event, &format!("{place}[{at}]"));
        }
    }

    fn input<S: Stage>(&mut self, event: &EventFilter<S>, place: &str) {
        self.filter(event, place, 0);
        let reads_catalogue = event.predicate.as_ref().is_some_and(reads_products);
        if reads_catalogue {
            let message = "a derived event is made of what its events brought along, not of the catalogue";
            let problem = Problem::error(Code::UnsupportedPath, message).place(format!("{place}.where"));
            self.report(problem.suggestion("ask for products in rules about the events themselves"));
        }
    }

    fn values(&mut self, values: &[RenamedValue], place: &str) {
        if values.len() > DERIVED_VALUES_MAX {
            let message = format!("an event has {} values of its own", values.len());
            let problem = Problem::error(Code::TooMany, message).place(place);
            self.report(problem.expected(format!("at most {DERIVED_VALUES_MAX}")));
        }
        for (at, RenamedValue { name, property }) in values.iter().enumerate() {
            let (named, from) = (format!("{place}[{at}].name"), format!("{place}[{at}].property"));
            let is_one_name = name.parse::<Path>().is_ok_and(|path| path == Path::of_name(name));
            if !is_one_name || name.trim() != name {
                let problem = Problem::error(Code::BadPath, format!("`{name}` is no name of a value"));
                self.report(
                    problem.place(named).expected("one name without `.`, `[` and `]`, such as `worth`"),
                );
            } else if TAKEN_NAMES.contains(&name.as_str()) {
                let message = format!("every event may have `{name}`, so that no value can be called so");
                let problem = Problem::error(Code::UnsupportedPath, message).place(named);
                self.report(problem.suggestion(format!("give it another name: `{property} as ...`")));
            } else if values.iter().take(at).any(|earlier| earlier.name == *name) {
                let problem = Problem::error(Code::RepeatedClause, format!("two values are called `{name}`"));
                let suggestion = format!("give one of them another name: `{property} as ...`");
                self.report(problem.place(named).suggestion(suggestion));
            }
            if property.split_list().is_some() || is_product(property) {
                let message = format!("`{property}` is no single value that an event brings along");
                let problem = Problem::error(Code::UnsupportedPath, message).place(from);
                self.report(
                    problem.expected("a path such as `price`, without `[]`, and not into the catalogue"),
                );
            }
        }
    }

    fn span(&mut self, span: Span, longest_seconds: i64, longest: &str, place: &str) {
        let seconds = seconds_of(span);
        if seconds.is_some_and(|seconds| (1..=longest_seconds).contains(&seconds)) {
            return;
        }
        let problem = Problem::error(Code::BadNumber, "this time is of no use here").place(place);
        self.report(problem.expected(format!("1 second to {longest}, not in months or years")));
    }
}

/// None for what follows the calendar.
fn seconds_of(span: Span) -> Option<i64> {
    let each = match span.unit {
        Unit::Second => 1,
        Unit::Minute => 60,
        Unit::Hour => 3_600,
        Unit::Day => 86_400,
        Unit::Week => 604_800,
        Unit::Month | Unit::Quarter | Unit::Year => return None,
    };
    Some(i64::from(span.count) * each)
}

fn is_product(path: &Path) -> bool {
    matches!(path.root(), "product" | "current_product")
}

fn reads_products(predicate: &Predicate) -> bool {
    match predicate {
        Predicate::All(parts) | Predicate::Any(parts) | Predicate::None(parts) => {
            parts.iter().any(reads_products)
        }
        Predicate::Not(part) => reads_products(part),
        Predicate::Property(test) => is_product(&test.property),
        Predicate::Item(item) => reads_products(&item.predicate),
    }
}
