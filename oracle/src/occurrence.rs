//! One chosen event, found by putting all of them in order.

use segops_model::Event;
use segops_rules::{Named, Occurrence, OccurrenceCondition, Rank, Side, Window, WithinCondition};

use crate::filter::{holds, matches, properties_of};
use crate::oracle::Oracle;
use crate::people::Person;
use crate::value::counts;

impl Oracle {
    /// Events in order of time; those of one instant as they came in, each with its place.
    fn in_order<'a>(&'a self, person: &'a Person, now: i64) -> Vec<(usize, &'a Event)> {
        let mut events: Vec<&Event> = self.events_of(person, now).collect();
        events.sort_by_key(|event| event.ts);
        events.into_iter().enumerate().collect()
    }

    fn chosen<'a>(
        &'a self,
        occurrence: &Occurrence<Named>,
        person: &'a Person,
        now: i64,
    ) -> Option<(usize, &'a Event)> {
        let mut events = self.in_order(person, now);
        events.retain(|(_, event)| matches(&occurrence.event, event, &self.sources, &self.calendar));
        let number = match occurrence.rank {
            Rank::First(number) => number,
            Rank::Last(number) => {
                events.reverse();
                number
            }
        };
        events.into_iter().nth(number as usize - 1)
    }

    pub(crate) fn occurrence_passes(
        &self,
        condition: &OccurrenceCondition<Named>,
        person: &Person,
        now: i64,
    ) -> bool {
        let Some((_, event)) = self.chosen(&condition.occurrence, person, now) else { return false };
        let (from, to) = self.calendar.bounds(&condition.window, now);
        let passes = |has| holds(has, &properties_of(event), &self.calendar);
        (from..to).contains(&event.ts.as_ms()) && condition.has.as_ref().is_none_or(passes)
    }

    pub(crate) fn within_passes(
        &self,
        condition: &WithinCondition<Named>,
        person: &Person,
        now: i64,
    ) -> bool {
        let Some((place, chosen)) = self.chosen(&condition.of, person, now) else { return false };
        let last = Window::Last(condition.span);
        let mut count = 0;
        for (other_place, other) in self.in_order(person, now) {
            if !matches(&condition.event, other, &self.sources, &self.calendar) {
                continue;
            }
            let (earlier, later, in_order) = match condition.side {
                Side::After => (chosen, other, place < other_place),
                Side::Before => (other, chosen, other_place < place),
            };
            // At the later one, the earlier one is still within the last span.
            let (from, _) = self.calendar.bounds(&last, later.ts.as_ms());
            count += u64::from(in_order && earlier.ts.as_ms() >= from);
        }
        counts(condition.count, count)
    }
}
