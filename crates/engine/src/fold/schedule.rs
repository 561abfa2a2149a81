//! What is computed outside on a schedule: when the next of it is due.

use jiff::tz::TimeZone;

use segops_model::Instant;

use super::Fold;

/// When something is due next. Derived from the definitions, and made anew after every command.
#[derive(Debug, Default)]
pub(super) struct Scheduled {
    next_due: Option<Instant>,
}

impl Scheduled {
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.next_due.is_some_and(|due| due <= now)
    }

    /// The next instant after this one at which something falls due.
    pub(super) fn next_due_after(&self, now: Instant) -> Option<Instant> {
        self.next_due.filter(|due| *due > now)
    }
}

impl Fold {
    pub(super) fn refresh_schedule(&mut self) {
        let results = self.state.results.values().filter_map(|result| self.result_due(result));
        let alarms = self.state.alarms.values().filter_map(|alarm| self.alarm_due(alarm));
        self.scheduled.next_due = results.chain(alarms).min();
    }

    /// The zone whose hours schedules speak of.
    pub(super) fn schedule_zone(&self) -> TimeZone {
        self.state.settings.calendar().map_or(TimeZone::UTC, |calendar| calendar.zone)
    }
}
