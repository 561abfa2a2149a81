//! What segments are called, what their rules name, and who names them.

use std::collections::BTreeSet;

use segops_model::SegmentId;
use segops_rules::{Resolved, Rule, references};

use super::Fold;
use super::command::check_name;
use crate::command::Refusal;
use crate::state::{SegmentState, State};

impl Fold {
    pub(super) fn check_new_name(&self, name: &str, renamed: Option<SegmentId>) -> Result<(), Refusal> {
        check_name(name)?;
        let named = |segment: &&SegmentState| segops_model::same_text(&segment.name, name.trim());
        match self.state.segments.values().find(named) {
            Some(other) if Some(other.id) != renamed => Err(Refusal::NameTaken(name.to_owned(), other.id)),
            _ => Ok(()),
        }
    }

    /// Everything that a rule names must exist and be live, and must not lead back to the segment itself.
    pub(super) fn check_references(&self, id: SegmentId, rule: &Rule<Resolved>) -> Result<(), Refusal> {
        let named = references(rule);
        if let Some(source) = named.sources.iter().find(|source| !self.state.sources.contains_key(source)) {
            return Err(Refusal::NoSource(source.to_string()));
        }
        if let Some(gone) =
            named.segments.iter().find(|one| **one != id && !self.state.segments.contains_key(one))
        {
            return Err(Refusal::NoSegment(gone.to_string()));
        }
        if let Some(circle) = circle(&self.state, id, &named.segments) {
            return Err(Refusal::Circle(circle));
        }
        self.state.check_all_live(rule)
    }

    /// No segment for which it matters names this one.
    pub(super) fn check_unused(
        &self,
        id: SegmentId,
        matters: impl Fn(&SegmentState) -> bool,
    ) -> Result<(), Refusal> {
        let users = self.users_of(id).filter(|segment| matters(segment));
        let users: Vec<_> = users.map(|segment| segment.name.as_str()).collect();
        if users.is_empty() { Ok(()) } else { Err(Refusal::InUse(users.join(", "))) }
    }

    /// Segments whose rules, in any version that serves or will, name this one.
    pub fn users_of(&self, id: SegmentId) -> impl Iterator<Item = &SegmentState> {
        self.state.segments.values().filter(move |segment| {
            let pending = segment.pending.as_ref().map(|pending| pending.version);
            let used = segment.serving.into_iter().chain(pending).chain([segment.newest()]);
            used.filter_map(|number| segment.version(number))
                .any(|version| references(&version.rule).segments.contains(&id))
        })
    }
}

/// The way from a segment through those that its new rule names back to itself, by their names, if there is
/// one: `A -> B -> A`.
fn circle(state: &State, id: SegmentId, named: &BTreeSet<SegmentId>) -> Option<String> {
    let mut seen = BTreeSet::new();
    let mut ways: Vec<Vec<SegmentId>> = named.iter().map(|first| vec![id, *first]).collect();
    while let Some(way) = ways.pop() {
        let last = *way.last()?;
        if last == id {
            let names = way.iter().map(|one| {
                state.segments.get(one).map_or_else(|| one.to_string(), |segment| segment.name.clone())
            });
            return Some(names.collect::<Vec<_>>().join(" -> "));
        }
        if !seen.insert(last) {
            continue;
        }
        let newest = state.segments.get(&last).and_then(|segment| segment.versions.last());
        for next in newest.into_iter().flat_map(|version| references(&version.rule).segments) {
            let mut longer = way.clone();
            longer.push(next);
            ways.push(longer);
        }
    }
    None
}
