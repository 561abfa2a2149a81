use super::{Owner, Resolver};
use crate::ast::{ActiveCondition, Named, OccurrenceCondition, Resolved, WithinCondition};

impl Resolver<'_> {
    pub(super) fn occurrence_condition(
        &mut self,
        leaf: &OccurrenceCondition<Named>,
        place: &str,
    ) -> Option<OccurrenceCondition<Resolved>> {
        let filter = &leaf.occurrence.event;
        let event = self.filter(filter, None, &format!("{place}.occurrence.event"));
        let is_seen = filter.name.as_deref().is_none_or(|name| self.names.event_exists(name));
        if let (Some(has), true) = (&leaf.has, is_seen) {
            self.properties(has, Owner::Event(filter.name.as_deref()), None, &format!("{place}.has"));
        }
        Some(leaf.with(event?))
    }

    pub(super) fn within_condition(
        &mut self,
        leaf: &WithinCondition<Named>,
        place: &str,
    ) -> Option<WithinCondition<Resolved>> {
        let event = self.filter(&leaf.event, None, &format!("{place}.event"));
        let of = self.filter(&leaf.of.event, None, &format!("{place}.of.event"));
        Some(leaf.with(event?, of?))
    }

    pub(super) fn active_condition(
        &mut self,
        leaf: &ActiveCondition<Named>,
        place: &str,
    ) -> Option<ActiveCondition<Resolved>> {
        let event = self.filter(leaf.event(), None, &format!("{place}.{}.event", leaf.name()))?;
        Some(leaf.with(event))
    }
}
