//! Segment's query language for audiences: `event('Shoes Bought').within(7 days).count() >= 1`.
//!
//! The language is the one of the Public API's query language reference.

mod compare;
mod syntax;

use serde_json::Value as Json;

use segops_rules::{
    Aggregate, AggregateCondition, AggregateFunction, Condition, EventCondition, EventFilter, Named,
    Predicate, PropertyTest, SegmentCondition, Span, Subject, Test, TraitCondition, Unit, Window,
};

use super::{Dictionary, Notes, ReadDefinition, all_of, any_of};
use compare::{Comparison, amount_test, comparison, count_test, value_tests};
use syntax::{Argument, Call, Expression, parse};

/// Reads an answer of the Public API with one audience or a list of them, or a bare query.
pub(super) fn read(text: &str, dictionary: &Dictionary) -> Result<Vec<ReadDefinition>, String> {
    if !text.trim_start().starts_with(['{', '[']) {
        return Ok(vec![read_one("Segment audience", text, dictionary)]);
    }
    let json: Json = serde_json::from_str(text).map_err(|error| format!("this is not JSON: {error}"))?;
    let data = json.get("data").unwrap_or(&json);
    let rows = data.get("audiences").or_else(|| data.get("audience")).unwrap_or(data);
    let rows: Vec<&Json> = rows.as_array().map_or_else(|| vec![rows], |rows| rows.iter().collect());
    let mut read = Vec::with_capacity(rows.len());
    for (at, row) in rows.into_iter().enumerate() {
        let definition = row.get("definition").unwrap_or(row);
        let Some(query) = definition.get("query").and_then(Json::as_str) else {
            return Err(format!("audience {} has no `definition.query`", at + 1));
        };
        let name = row.get("name").and_then(Json::as_str);
        let name = name.map_or_else(|| format!("Segment audience {}", at + 1), str::to_owned);
        let kind = definition.get("type").and_then(Json::as_str).unwrap_or("USERS");
        if kind.eq_ignore_ascii_case("ACCOUNTS") {
            let mut notes = Notes::default();
            let when = notes.cannot("", "it is of accounts; profiles are people here");
            read.push(notes.finish(name, when));
            continue;
        }
        read.push(read_one(&name, query, dictionary));
    }
    Ok(read)
}

fn read_one(name: &str, query: &str, dictionary: &Dictionary) -> ReadDefinition {
    let mut reader = Reader { dictionary, notes: Notes::default() };
    let when = match parse(query) {
        Ok(expression) => reader.condition(&expression),
        Err((place, why)) => reader.notes.cannot(&format!("character {place}"), why),
    };
    reader.notes.finish(name.to_owned(), when)
}

struct Reader<'a> {
    dictionary: &'a Dictionary,
    notes: Notes,
}

/// What is asked of an event, as its chain is read.
struct Stream {
    event: EventFilter<Named>,
    window: Window,
}

impl Reader<'_> {
    fn condition(&mut self, expression: &Expression) -> Option<Condition<Named>> {
        match expression {
            Expression::And(parts) => self.conditions(parts).map(all_of),
            Expression::Or(parts) => self.conditions(parts).map(any_of),
            Expression::Not(inner) => Some(Condition::Not(Box::new(self.condition(inner)?))),
            Expression::Accounts(word) => {
                self.notes.cannot("", format!("`{word}` is of accounts; profiles are people here"))
            }
            Expression::Chain(calls) => {
                let first = calls.first()?;
                match first.name.as_str() {
                    "event" => self.event_chain(first, calls.get(1..)?),
                    "trait" => self.trait_chain(first, calls.get(1..)?),
                    other => self.notes.cannot(
                        &first.place(),
                        format!("`{other}` stands where an `event` or a `trait` is expected"),
                    ),
                }
            }
        }
    }

    /// Every part is read, so that everything that cannot be said comes at once.
    fn conditions(&mut self, parts: &[Expression]) -> Option<Vec<Condition<Named>>> {
        let read: Vec<Option<_>> = parts.iter().map(|part| self.condition(part)).collect();
        read.into_iter().collect()
    }

    fn event_chain(&mut self, first: &Call, calls: &[Call]) -> Option<Condition<Named>> {
        let name = self.dictionary.event(first.text()?);
        let event =
            EventFilter { subject: Subject::Events, name: Some(name), predicate: None, sources: Vec::new() };
        let mut stream = Stream { event, window: Window::AllTime };
        let mut at = 0;
        while let Some(call) = calls.get(at).filter(|call| is_filter(&call.name)) {
            self.filter(&mut stream, call)?;
            at += 1;
        }
        let Some(reducer) = calls.get(at) else {
            return self.notes.cannot(&first.place(), "nothing is made of the events, such as `.count()`");
        };
        let rest = calls.get(at + 1..)?;
        // `unique(...)` gives a list, whose length is counted.
        let rest = if reducer.name == "unique" { rest.get(1..).unwrap_or_default() } else { rest };
        let found = match rest {
            [call] => comparison(call, &mut self.notes)?,
            _ => return self.notes.cannot(&reducer.place(), "it is compared with nothing"),
        };
        let function = match reducer.name.as_str() {
            "count" => {
                let count = count_test(&found, &mut self.notes, &reducer.place())?;
                let Stream { event, window } = stream;
                return Some(Condition::Event(EventCondition { event, count, window }));
            }
            "sum" => AggregateFunction::Sum,
            "avg" => AggregateFunction::Average,
            "max" => AggregateFunction::Maximum,
            "min" => AggregateFunction::Minimum,
            "unique" => AggregateFunction::Distinct,
            other => {
                return self.notes.cannot(
                    &reducer.place(),
                    format!("`{other}` over events has no condition in this version of rules"),
                );
            }
        };
        let property = self.reduced_property(reducer)?;
        let test = amount_test(&found, &mut self.notes, &reducer.place())?;
        let Stream { event, window } = stream;
        let aggregate = Aggregate { function, property, by_quantity: false, event, window };
        Some(Condition::Aggregate(Box::new(AggregateCondition { aggregate, test })))
    }

    /// `property('total')` inside a reducer.
    fn reduced_property(&mut self, reducer: &Call) -> Option<segops_model::Path> {
        let Some(Argument::Expression(Expression::Chain(calls), kind)) = reducer.arguments.first() else {
            return self.notes.cannot(&reducer.place(), format!("`{}` needs a property", reducer.name));
        };
        if kind.as_deref().is_some_and(|kind| kind != "number") {
            return self.notes.cannot(&reducer.place(), "text has no least and no greatest here");
        }
        self.path(calls.first()?)
    }

    fn path(&mut self, call: &Call) -> Option<segops_model::Path> {
        let written = match (call.name.as_str(), call.text()?) {
            ("property", name) => name.to_owned(),
            ("context", name) => format!("context.{name}"),
            (other, _) => {
                return self.notes.cannot(&call.place(), format!("`{other}` is no property of the event"));
            }
        };
        match written.parse() {
            Ok(path) => Some(path),
            Err(_) => {
                self.notes.cannot(&call.place(), format!("`{written}` is no property that a rule can name"))
            }
        }
    }

    fn filter(&mut self, stream: &mut Stream, call: &Call) -> Option<()> {
        let is_of_parent = call.arguments.iter().any(|argument| matches!(argument, Argument::OfParent));
        if is_of_parent {
            return self.notes.cannot(
                &call.place(),
                "an event relative to another has no condition in this version of rules",
            );
        }
        match call.name.as_str() {
            "where" => {
                let Some(Argument::Expression(inner, _)) = call.arguments.first() else {
                    return self.notes.cannot(&call.place(), "`where` needs a condition");
                };
                let predicate = self.predicate(inner)?;
                stream.event.predicate = Some(match stream.event.predicate.take() {
                    Some(before) => Predicate::All(vec![before, predicate]),
                    None => predicate,
                });
            }
            "within" => {
                let [Argument::Duration(count, unit)] = call.arguments.as_slice() else {
                    return self.notes.cannot(&call.place(), "`within` needs a time, such as `7 days`");
                };
                stream.window = Window::Last(self.span(*count, unit, call)?);
            }
            "between" => {
                let [Argument::Duration(near, near_unit), Argument::Duration(far, far_unit)] =
                    call.arguments.as_slice()
                else {
                    return self
                        .notes
                        .cannot(&call.place(), "`between` needs two times, such as `7 days, 10 days`");
                };
                let near = self.span(*near, near_unit, call)?;
                let far = self.span(*far, far_unit, call)?;
                stream.window = if near.count == 0 { Window::Last(far) } else { Window::Ago { near, far } };
            }
            _ => {
                return self.notes.cannot(
                    &call.place(),
                    "sources are left out by their ids there; name those that count with `from source`",
                );
            }
        }
        Some(())
    }

    fn span(&mut self, count: u32, unit: &str, call: &Call) -> Option<Span> {
        let unit = match unit.trim_end_matches('s') {
            "hour" => Unit::Hour,
            "day" => Unit::Day,
            other => {
                return self
                    .notes
                    .cannot(&call.place(), format!("the unit `{other}` is neither hours nor days"));
            }
        };
        Some(Span { count, unit })
    }

    fn predicate(&mut self, expression: &Expression) -> Option<Predicate> {
        let mut each = |parts: &[Expression]| -> Option<Vec<Predicate>> {
            let read: Vec<Option<_>> = parts.iter().map(|part| self.predicate(part)).collect();
            read.into_iter().collect()
        };
        match expression {
            Expression::And(parts) => each(parts).map(Predicate::All),
            Expression::Or(parts) => each(parts).map(Predicate::Any),
            Expression::Not(inner) => Some(Predicate::Not(Box::new(self.predicate(inner)?))),
            Expression::Accounts(word) => self.notes.cannot("", format!("`{word}` stands inside `where`")),
            Expression::Chain(calls) => {
                let first = calls.first()?;
                if first.name == "event" {
                    return self.notes.cannot(
                        &first.place(),
                        "an event relative to another has no condition in this version of rules",
                    );
                }
                let property = self.path(first)?;
                let Some([call]) = calls.get(1..) else {
                    return self.notes.cannot(&first.place(), "it is compared with nothing");
                };
                let found = comparison(call, &mut self.notes)?;
                let tests = value_tests(&found, &mut self.notes)?;
                let leaf = |test: Test| {
                    let match_case = compares_text(&test);
                    Predicate::Property(PropertyTest { property: property.clone(), match_case, test })
                };
                Some(tests.predicate(leaf))
            }
        }
    }

    fn trait_chain(&mut self, first: &Call, calls: &[Call]) -> Option<Condition<Named>> {
        let name = first.text()?;
        let [call] = calls else {
            return self.notes.cannot(&first.place(), "it is compared with nothing");
        };
        let found = comparison(call, &mut self.notes)?;
        // An audience is a trait that is true, under its key.
        if let (Some(segment), Comparison::Equals(segops_model::Value::Bool(is_in))) =
            (self.dictionary.names.get(name), &found)
        {
            let leaf = Condition::Segment(SegmentCondition { segment: segment.clone() });
            return Some(if *is_in { leaf } else { Condition::Not(Box::new(leaf)) });
        }
        let path: segops_model::Path = match name.parse() {
            Ok(path) => path,
            Err(_) => {
                return self
                    .notes
                    .cannot(&first.place(), format!("`{name}` is no trait that a rule can name"));
            }
        };
        let tests = value_tests(&found, &mut self.notes)?;
        let leaf = |test: Test| {
            let match_case = compares_text(&test);
            Condition::Trait(TraitCondition { path: path.clone(), match_case, test })
        };
        Some(tests.condition(leaf))
    }
}

fn is_filter(name: &str) -> bool {
    ["where", "within", "between", "sources"].contains(&name)
}

/// Whether a test looks at the letters of a text, which are compared there as they are written.
fn compares_text(test: &Test) -> bool {
    use segops_model::Value::Text;
    match test {
        Test::Is(value) | Test::IsNot(value) => matches!(value, Text(_)),
        Test::In(values) | Test::NotIn(values) => values.iter().any(|value| matches!(value, Text(_))),
        Test::Contains(_) | Test::NotContains(_) | Test::StartsWith(_) | Test::EndsWith(_) => true,
        _ => false,
    }
}
