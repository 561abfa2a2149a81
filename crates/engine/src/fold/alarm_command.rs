//! Commands on alarms: what they watch, who snoozes them, and what was found.

use segops_model::{AlarmId, Instant};

use super::command::{check_name, done};
use super::{Fold, Stamp};
use crate::command::{AlarmChange, Change, Outcome, Refusal};
use crate::schedule::Schedule;
use crate::state::{AlarmFinding, AlarmStanding, AlarmState, Bounds, NumberOf, Watch};

/// Characters of what was found that are kept.
const MESSAGE_CHARACTERS_MAX: usize = 2_000;
/// Standings of one alarm that are kept.
const STANDINGS_KEPT_MAX: usize = 500;
/// Readings of one alarm that are kept: those of two days, at every five minutes.
const READINGS_KEPT_MAX: usize = 600;
/// Weeks that are compared with.
const WEEKS: std::ops::RangeInclusive<u8> = 2..=12;
/// Hours in which properties are looked for.
const HOURS: std::ops::RangeInclusive<u32> = 1..=720;
/// Minutes without an event: up to 60 days.
const SILENT_MINUTES: std::ops::RangeInclusive<u32> = 1..=86_400;

impl Fold {
    /// A command on an alarm.
    pub(super) fn change_alarm(
        &mut self,
        stamp: Stamp,
        author: &str,
        change: &Change,
    ) -> Result<Outcome, Refusal> {
        match change {
            Change::CreateAlarm { name, owner, watch, schedule } => {
                self.create_alarm(stamp, author, (name, owner), watch, *schedule)
            }
            Change::EditAlarm { alarm, change } => self.edit_alarm(stamp, *alarm, change),
            Change::DeleteAlarm { alarm } => {
                self.alarm_mut(*alarm)?;
                self.state.alarms.remove(alarm);
                Ok(done(stamp))
            }
            Change::SnoozeAlarm { alarm, until } => {
                self.alarm_mut(*alarm)?.snoozed_until = *until;
                Ok(done(stamp))
            }
            Change::AskAlarm { alarm } => {
                self.alarm_mut(*alarm)?.asked_at.get_or_insert(stamp.instant);
                Ok(done(stamp))
            }
            Change::RecordAlarm { alarm, version, finding } => {
                self.record_alarm(stamp, *alarm, *version, finding)
            }
            _ => Ok(done(stamp)),
        }
    }

    /// A new alarm is looked at at once.
    fn create_alarm(
        &mut self,
        stamp: Stamp,
        author: &str,
        (name, owner): (&str, &str),
        watch: &Watch,
        schedule: Schedule,
    ) -> Result<Outcome, Refusal> {
        self.check_alarm_name(name, None)?;
        if self.state.alarms.len() >= self.limits.alarms_max {
            return Err(Refusal::TooManyAlarms(self.limits.alarms_max));
        }
        self.check_watch(watch, schedule)?;
        let id = AlarmId(stamp.position.0);
        let alarm = AlarmState {
            id,
            name: name.trim().to_owned(),
            owner: owner.to_owned(),
            author: author.to_owned(),
            created_at: stamp.instant,
            changed_at: stamp.instant,
            version: 1,
            watch: watch.clone(),
            schedule,
            snoozed_until: None,
            asked_at: Some(stamp.instant),
            looked_at: None,
            standings: Vec::new(),
            readings: Vec::new(),
        };
        self.state.alarms.insert(id, alarm);
        Ok(Outcome::AlarmCreated(id))
    }

    /// Another name, owner, schedule, or something else to watch, which is looked at at once: what was read of what it
    /// watched before is no yesterday's of it.
    fn edit_alarm(&mut self, stamp: Stamp, id: AlarmId, change: &AlarmChange) -> Result<Outcome, Refusal> {
        let held = self.alarm_mut(id)?.clone();
        let name = change.name.as_ref().unwrap_or(&held.name).trim().to_owned();
        let watch = change.watch.as_ref().unwrap_or(&held.watch).clone();
        let schedule = change.schedule.unwrap_or(held.schedule);
        self.check_alarm_name(&name, Some(id))?;
        self.check_watch(&watch, schedule)?;
        let alarm = self.alarm_mut(id)?;
        alarm.changed_at = stamp.instant;
        alarm.name = name;
        alarm.schedule = schedule;
        if let Some(owner) = &change.owner {
            owner.clone_into(&mut alarm.owner);
        }
        if alarm.watch != watch {
            alarm.watch = watch;
            alarm.version += 1;
            alarm.asked_at = Some(stamp.instant);
            alarm.readings.clear();
        }
        Ok(done(stamp))
    }

    /// What was found holds until the next look. What was found of another watch does not count.
    fn record_alarm(
        &mut self,
        stamp: Stamp,
        id: AlarmId,
        version: u32,
        finding: &AlarmFinding,
    ) -> Result<Outcome, Refusal> {
        let alarm = self.alarm_mut(id)?;
        alarm.looked_at = Some(stamp.instant);
        if version != alarm.version {
            return Ok(done(stamp));
        }
        alarm.asked_at = None;
        if let Some(value) = finding.value {
            alarm.readings.push((finding.at, value));
            let past = alarm.readings.len().saturating_sub(READINGS_KEPT_MAX);
            alarm.readings.drain(..past);
        }
        let message: String = finding.message.chars().take(MESSAGE_CHARACTERS_MAX).collect();
        let (status, value) = (finding.status, finding.value);
        match alarm.standings.last_mut() {
            Some(standing) if standing.status == status => {
                (standing.message, standing.value) = (message, value);
            }
            _ => alarm.standings.push(AlarmStanding { since: stamp.instant, status, message, value }),
        }
        let past = alarm.standings.len().saturating_sub(STANDINGS_KEPT_MAX);
        alarm.standings.drain(..past);
        Ok(done(stamp))
    }

    /// The alarms that are to be looked at now, those first that have waited longest.
    #[must_use]
    pub fn due_alarms(&self) -> Vec<AlarmId> {
        let now = self.state.instant;
        let due = self.state.alarms.values().filter_map(|alarm| Some((self.alarm_due(alarm)?, alarm.id)));
        let mut due: Vec<_> = due.filter(|(at, _)| *at <= now).collect();
        due.sort_unstable();
        due.into_iter().map(|(_, id)| id).collect()
    }

    /// When an alarm is to be looked at next.
    #[must_use]
    pub fn alarm_due(&self, alarm: &AlarmState) -> Option<Instant> {
        let zone = self.schedule_zone();
        let scheduled = || alarm.schedule.next_after(&zone, alarm.looked_at.unwrap_or(alarm.created_at));
        alarm.asked_at.or_else(scheduled)
    }

    fn alarm_mut(&mut self, id: AlarmId) -> Result<&mut AlarmState, Refusal> {
        self.state.alarms.get_mut(&id).ok_or_else(|| Refusal::NoAlarm(id.to_string()))
    }

    fn check_alarm_name(&self, name: &str, renamed: Option<AlarmId>) -> Result<(), Refusal> {
        check_name(name)?;
        match self.state.find_alarm_named(name.trim()) {
            Some(other) if Some(other.id) != renamed => {
                Err(Refusal::AlarmNameTaken(name.to_owned(), other.id))
            }
            _ => Ok(()),
        }
    }

    fn check_watch(&self, watch: &Watch, schedule: Schedule) -> Result<(), Refusal> {
        schedule.check().map_err(Refusal::BadAlarm)?;
        let bad = |message: String| Err(Refusal::BadAlarm(message));
        match watch {
            Watch::SegmentSize { segment, bounds } => {
                if !self.state.segments.contains_key(segment) {
                    return Err(Refusal::NoSegment(segment.to_string()));
                }
                check_bounds(bounds)
            }
            Watch::EventVolume { weeks, .. } if !WEEKS.contains(weeks) => bad(format!(
                "{weeks} weeks cannot be compared with; expected {} to {}",
                WEEKS.start(),
                WEEKS.end()
            )),
            Watch::MissingProperty { hours, .. } if !HOURS.contains(hours) => {
                bad(format!("{hours} hours are no window; expected {} to {}", HOURS.start(), HOURS.end()))
            }
            Watch::MissingProperty { above_percent, .. } if *above_percent >= 100 => {
                bad("no share is above 100%; expected 0 to 99".to_owned())
            }
            Watch::EventVolume { event, .. } | Watch::MissingProperty { event, .. } => {
                if event.trim().is_empty() {
                    return bad("the event has no name".to_owned());
                }
                Ok(())
            }
            Watch::SilentSource { source, minutes } => {
                if !self.state.sources.contains_key(source) {
                    return Err(Refusal::NoSource(source.to_string()));
                }
                if !SILENT_MINUTES.contains(minutes) {
                    return bad(format!(
                        "{minutes} minutes are no silence; expected {} to {}",
                        SILENT_MINUTES.start(),
                        SILENT_MINUTES.end()
                    ));
                }
                Ok(())
            }
            Watch::Number { of, bounds } => {
                let bytes_max = self.limits.sql_bytes_max;
                match of {
                    NumberOf::Query { sql } if sql.trim().is_empty() || sql.len() > bytes_max => {
                        return bad(format!("the query has no text, or more than {bytes_max} bytes"));
                    }
                    NumberOf::Analysis { analysis, at } => {
                        if !at.is_empty() && !at.starts_with('/') {
                            return bad(format!(
                                "`{at}` is no place; expected a JSON pointer such as `/trend/series/0/total`"
                            ));
                        }
                        if analysis.to_string().len() > bytes_max {
                            return bad(format!("the analysis has more than {bytes_max} bytes"));
                        }
                    }
                    NumberOf::Query { .. } => {}
                }
                check_bounds(bounds)
            }
        }
    }
}

fn check_bounds(bounds: &Bounds) -> Result<(), Refusal> {
    match bounds {
        Bounds { above: None, below: None, moved_percent: None } => Err(Refusal::BadAlarm(
            "nothing makes it fire; expected one of `above`, `below` and `moved_percent`".to_owned(),
        )),
        Bounds { above: Some(above), below: Some(below), .. } if above < below => Err(Refusal::BadAlarm(
            format!("every number is above {above} or below {below}; expected `above` to be the greater"),
        )),
        _ => Ok(()),
    }
}
