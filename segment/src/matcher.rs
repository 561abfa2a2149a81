//! Whether one event passes a rule's filter.

#[cfg(test)]
mod tests;

use compact_str::CompactString;
use jiff::tz::TimeZone;

use segops_model::{Event, Object, Path, SourceId, Value};
use segops_rules::{EventFilter, Predicate, Resolved};

use crate::path_test::PathTest;

/// An event filter, compiled.
#[derive(Debug, Clone)]
pub struct Matcher {
    name: Option<CompactString>,
    /// Sorted; empty means every source.
    sources: Vec<SourceId>,
    predicate: Option<Node>,
}

#[derive(Debug, Clone)]
enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    Property(PathTest),
    Item { list: Path, predicate: Box<Node> },
}

/// A filter's test of one line item, compiled.
#[derive(Debug, Clone)]
pub(crate) struct LinePredicate(Node);

impl LinePredicate {
    pub(crate) fn compile(predicate: &Predicate, zone: &TimeZone) -> Self {
        Self(Node::compile(predicate, zone))
    }

    pub(crate) fn holds(&self, line: &Object) -> bool {
        self.0.holds(Scope::Item(line))
    }
}

/// Where a property's path starts.
#[derive(Debug, Clone, Copy)]
enum Scope<'a> {
    Event(&'a Event),
    Item(&'a Object),
}

impl Matcher {
    /// Dates without an offset, in rule and event, are local to `zone`.
    #[must_use]
    pub fn compile(filter: &EventFilter<Resolved>, zone: &TimeZone) -> Self {
        let mut sources = filter.sources.clone();
        sources.sort_unstable();
        Self {
            name: filter.name.as_deref().map(CompactString::from),
            sources,
            predicate: filter.predicate.as_ref().map(|predicate| Node::compile(predicate, zone)),
        }
    }

    /// Only what counts as an event can match: identify, group and alias calls never do. Names compare
    /// exactly.
    #[must_use]
    pub fn matches(&self, event: &Event) -> bool {
        event.kind.is_counted()
            && self.name.as_ref().is_none_or(|name| *name == event.name)
            && (self.sources.is_empty() || self.sources.binary_search(&event.source).is_ok())
            && self.predicate.as_ref().is_none_or(|predicate| predicate.holds(Scope::Event(event)))
    }
}

impl Node {
    fn compile(predicate: &Predicate, zone: &TimeZone) -> Self {
        let each = |predicates: &[Predicate]| -> Vec<Self> {
            predicates.iter().map(|predicate| Self::compile(predicate, zone)).collect()
        };
        match predicate {
            Predicate::All(predicates) => Self::All(each(predicates)),
            Predicate::Any(predicates) => Self::Any(each(predicates)),
            Predicate::None(predicates) => Self::Not(Box::new(Self::Any(each(predicates)))),
            Predicate::Not(predicate) => Self::Not(Box::new(Self::compile(predicate, zone))),
            Predicate::Property(property) => Self::Property(PathTest::compile(
                &property.property,
                &property.test,
                property.match_case,
                zone,
            )),
            Predicate::Item(item) => Self::Item {
                list: without_each(&item.list),
                predicate: Box::new(Self::compile(&item.predicate, zone)),
            },
        }
    }

    fn holds(&self, scope: Scope<'_>) -> bool {
        match self {
            Self::All(nodes) => nodes.iter().all(|node| node.holds(scope)),
            Self::Any(nodes) => nodes.iter().any(|node| node.holds(scope)),
            Self::Not(node) => !node.holds(scope),
            Self::Property(test) => test.holds(scope.value(test.path())),
            Self::Item { list, predicate } => {
                let elements = scope.value(list).and_then(Value::as_list).unwrap_or_default();
                let mut items = elements.iter().filter_map(Value::as_object);
                items.any(|item| predicate.holds(Scope::Item(item)))
            }
        }
    }
}

impl<'a> Scope<'a> {
    fn value(self, path: &Path) -> Option<&'a Value> {
        match self {
            Self::Event(event) => path.in_event(event),
            Self::Item(item) => path.in_object(item),
        }
    }
}

/// A list's path, also where it was written `products[]`.
fn without_each(path: &Path) -> Path {
    match path.split_list() {
        Some((list, None)) => list,
        _ => path.clone(),
    }
}
