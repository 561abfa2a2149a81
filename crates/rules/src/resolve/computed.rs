//! Computed traits by their names, and what they are made of.

use super::Resolver;
use crate::ast::{
    ComputedCondition, ComputedDefinition, ComputedReference, Condition, Measure, Named, Resolved,
};
use crate::check::check_number_test;
use crate::names::Names;
use crate::problem::{Code, PROBLEMS_MAX, Problem, Severity};

/// Looks up every name in what a computed trait is made of: it resolved, with its warnings, or everything that is
/// wrong with it.
pub fn resolve_definition(
    definition: &ComputedDefinition<Named>,
    names: &dyn Names,
) -> Result<(ComputedDefinition<Resolved>, Vec<Problem>), Vec<Problem>> {
    let mut resolver = Resolver { names, editing: None, problems: Vec::new() };
    let resolved = definition.try_map("definition", &mut |event, property, place| {
        let property = property.map(|property| (property, place));
        let resolved = resolver.filter(event, property, &format!("{place}.event")).ok_or(())?;
        if !definition.is_number() && resolved.derived.is_some() && resolved.renamed().is_none() {
            let message = "a value is chosen of events that were received, and this event is made of several";
            let problem =
                Problem::error(Code::UnsupportedValue, message).place(format!("{place}.event.name"));
            resolver
                .report(problem.expected("a formula, such as `count of \"Session\"`, or a received event"));
            return Err(());
        }
        Ok(resolved)
    });
    let mut problems = resolver.problems;
    problems.truncate(PROBLEMS_MAX);
    let failed = problems.iter().any(|problem| problem.severity == Severity::Error);
    match resolved {
        Ok(definition) if !failed => Ok((definition, problems)),
        _ => Err(problems),
    }
}

impl Resolver<'_> {
    /// The computed trait with what it is made of now. A number is tested as one.
    pub(super) fn computed(
        &mut self,
        leaf: &ComputedCondition<Named>,
        place: &str,
    ) -> Option<Condition<Resolved>> {
        let computed = self.computed_trait(&leaf.computed, &format!("{place}.trait"))?;
        if computed.definition.is_number()
            && let Some(problem) = check_number_test(&leaf.test, &format!("{place}.test"))
        {
            self.report(problem);
            return None;
        }
        let (match_case, test) = (leaf.match_case, leaf.test.clone());
        Some(Condition::Computed(Box::new(ComputedCondition { computed, match_case, test })))
    }

    /// The computed trait that is ranked by, which is a number.
    pub(super) fn computed_measure(&mut self, name: &str, place: &str) -> Option<Measure<Resolved>> {
        let computed = self.computed_trait(name, place)?;
        if computed.definition.is_number() {
            return Some(Measure::Computed(computed));
        }
        let message =
            format!("the computed trait `{name}` is a value of a property, by which nobody is ranked");
        let problem = Problem::error(Code::UnsupportedValue, message).place(place);
        self.report(problem.expected("one that is a number, made by a formula of aggregates"));
        None
    }

    fn computed_trait(&mut self, name: &str, place: &str) -> Option<ComputedReference> {
        let found = self.names.computed_trait(name);
        if found.is_none() {
            let message = format!("there is no computed trait `{name}`");
            let problem = Problem::error(Code::UnknownComputedTrait, message).place(place);
            self.report_unknown(problem, name, |names| names.computed_trait_names());
        }
        found
    }
}
