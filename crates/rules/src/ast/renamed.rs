//! Events under another name: what a filter on one comes to, as a filter of the events that are received. So a rule on
//! one costs what the same rule on the received event costs, and the two share their signals.

use segops_model::Path;

use super::{
    DerivedDefinition, EventFilter, ItemTest, Predicate, PropertyTest, RenamedDefinition, Resolved, Stage,
};

impl<S: Stage> RenamedDefinition<S> {
    /// Where a received event has what a path leads to, if the path starts at a value of the definition's own.
    #[must_use]
    pub fn value(&self, path: &Path) -> Option<Path> {
        let value = self.values.iter().find(|value| value.name == path.root())?;
        Some(path.starting_at(&value.property))
    }

    fn received_path(&self, path: &Path) -> Path {
        self.value(path).unwrap_or_else(|| path.clone())
    }

    fn received_predicate(&self, predicate: &Predicate) -> Predicate {
        let each = |parts: &[Predicate]| parts.iter().map(|part| self.received_predicate(part)).collect();
        match predicate {
            Predicate::All(parts) => Predicate::All(each(parts)),
            Predicate::Any(parts) => Predicate::Any(each(parts)),
            Predicate::None(parts) => Predicate::None(each(parts)),
            Predicate::Not(part) => Predicate::Not(Box::new(self.received_predicate(part))),
            Predicate::Property(test) => Predicate::Property(PropertyTest {
                property: self.received_path(&test.property),
                ..test.clone()
            }),
            Predicate::Item(item) => {
                Predicate::Item(ItemTest { list: self.received_path(&item.list), ..item.clone() })
            }
        }
    }
}

impl EventFilter<Resolved> {
    /// What the event is another name of, if it is one.
    #[must_use]
    pub fn renamed(&self) -> Option<&RenamedDefinition<Resolved>> {
        match &self.derived.as_ref()?.definition {
            DerivedDefinition::Renamed(renamed) => Some(renamed),
            DerivedDefinition::Session(_) | DerivedDefinition::Touch(_) => None,
        }
    }

    /// The filter of received events that it comes to, if it is of events under another name.
    #[must_use]
    pub fn received(&self) -> Option<Self> {
        let renamed = self.renamed()?;
        let asked = self.predicate.as_ref().map(|predicate| renamed.received_predicate(predicate));
        let predicate = match (renamed.event.predicate.clone().map(of_whole_events), asked) {
            (Some(given), Some(asked)) => Some(Predicate::All(vec![asked, given])),
            (given, asked) => asked.or(given),
        };
        Some(Self { predicate, ..renamed.event.clone() })
    }

    /// Where received events have what a path leads to in those that the filter is of.
    #[must_use]
    pub fn received_path(&self, path: &Path) -> Path {
        self.renamed().map_or_else(|| path.clone(), |renamed| renamed.received_path(path))
    }
}

/// A predicate that says which events are meant, and not also which of their line items: an event under another name
/// has all of its lines.
fn of_whole_events(predicate: Predicate) -> Predicate {
    if insists_on_items(&predicate) { Predicate::Any(vec![predicate]) } else { predicate }
}

fn insists_on_items(predicate: &Predicate) -> bool {
    match predicate {
        Predicate::All(parts) => parts.iter().any(insists_on_items),
        Predicate::Item(_) => true,
        Predicate::Any(_) | Predicate::None(_) | Predicate::Not(_) | Predicate::Property(_) => false,
    }
}
