//! Derived events by their names, and what they are made of.

use super::{Owner, Resolver};
use crate::ast::{DerivedDefinition, DerivedReference, EventFilter, Named, Resolved};
use crate::names::Names;
use crate::problem::{Code, PROBLEMS_MAX, Problem, Severity};

/// Looks up every name in what a derived event is made of: it resolved, with its warnings, or everything that is
/// wrong with it.
pub fn resolve_derived(
    definition: &DerivedDefinition<Named>,
    names: &dyn Names,
) -> Result<(DerivedDefinition<Resolved>, Vec<Problem>), Vec<Problem>> {
    let mut resolver = Resolver { names, editing: None, problems: Vec::new() };
    let resolved = definition.try_map(|event, place| {
        let made = event.name.as_deref().and_then(|name| names.derived_event(name).map(|_| name));
        if let Some(name) = made {
            let message = format!("`{name}` is a derived event, and one is made of received events only");
            let problem = Problem::error(Code::UnsupportedValue, message).place(format!("{place}.name"));
            resolver.report(problem.suggestion("name the events that it is made of itself"));
            return Err(());
        }
        resolver.filter(event, None, place).ok_or(())
    });
    if let DerivedDefinition::Renamed(renamed) = definition {
        let owner = Owner::Event(renamed.event.name.as_deref());
        let is_seen = renamed.event.name.as_deref().is_none_or(|name| names.event_exists(name));
        for (at, value) in renamed.values.iter().enumerate().filter(|_| is_seen) {
            let place = format!("definition.renamed.values[{at}].property");
            resolver.property(&value.property.to_string(), owner, &place);
        }
    }
    let mut problems = resolver.problems;
    problems.truncate(PROBLEMS_MAX);
    let failed = problems.iter().any(|problem| problem.severity == Severity::Error);
    match resolved {
        Ok(definition) if !failed => Ok((definition, problems)),
        _ => Err(problems),
    }
}

impl Resolver<'_> {
    /// The derived event that a filter names, if it names one.
    pub(super) fn derived(
        &mut self,
        filter: &EventFilter<Named>,
        place: &str,
    ) -> Option<Box<DerivedReference>> {
        let name = filter.name.as_deref().filter(|_| !filter.subject.is_orders())?;
        let found = self.names.derived_event(name)?;
        if !filter.sources.is_empty() {
            let message = format!("of `{name}`, a derived event, no source can be named");
            let problem = Problem::error(Code::UnsupportedValue, message).place(format!("{place}.sources"));
            self.report(problem.suggestion("say `from source` where the derived event is defined"));
        }
        Some(Box::new(found))
    }
}
