//! Alarms: what they watch, how they stand, and who has them hold still.
//!
//! Looking is done by whoever is plugged in by [`Engine::compute_with`], when an alarm is due; what was found is
//! journalled, so that a restart, and a replay, know it.

use segops_model::{AlarmId, Decimal, Instant};

use crate::command::{AlarmChange, Change, Outcome, Refusal};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::fold::Fold;
use crate::schedule::Schedule;
use crate::state::{AlarmFinding, AlarmState, AlarmStatus, Bounds, Watch};
use crate::view::{self, WatchView};

/// An alarm to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct NewAlarm {
    pub name: String,
    pub owner: String,
    pub watch: WatchView,
    pub schedule: Schedule,
}

/// What is to be another in an alarm: all that is given.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AlarmEdit {
    pub name: Option<String>,
    pub owner: Option<String>,
    pub watch: Option<WatchView>,
    pub schedule: Option<Schedule>,
}

impl Engine {
    #[must_use]
    pub fn alarms(&self) -> Vec<view::Alarm> {
        let fold = self.core().fold.read();
        fold.state.alarms.values().map(|alarm| shown(&fold, alarm, self.now())).collect()
    }

    /// # Errors
    /// There is no such alarm.
    pub fn alarm(&self, name_or_id: &str) -> Result<view::Alarm, EngineError> {
        let fold = self.core().fold.read();
        Ok(shown(&fold, found(&fold, name_or_id)?, self.now()))
    }

    /// Makes an alarm, which is looked at at once.
    ///
    /// # Errors
    /// The name is taken, or what it is to watch cannot be.
    pub fn create_alarm(&self, author: &str, new: NewAlarm) -> Result<view::Alarm, EngineError> {
        let watch = self.resolved_watch(&new.watch)?;
        let change = Change::CreateAlarm { name: new.name, owner: new.owner, watch, schedule: new.schedule };
        let Outcome::AlarmCreated(id) = self.change(author, change)? else {
            return Err(EngineError::NotFound("the alarm".to_owned()));
        };
        self.alarm(&id.to_string())
    }

    /// # Errors
    /// There is no such alarm, the name is taken, or what it is to watch cannot be.
    pub fn edit_alarm(
        &self,
        author: &str,
        name_or_id: &str,
        edit: AlarmEdit,
    ) -> Result<view::Alarm, EngineError> {
        let alarm = self.alarm_id(name_or_id)?;
        let watch = edit.watch.as_ref().map(|watch| self.resolved_watch(watch)).transpose()?;
        let change =
            Box::new(AlarmChange { name: edit.name, owner: edit.owner, watch, schedule: edit.schedule });
        self.change(author, Change::EditAlarm { alarm, change })?;
        self.alarm(&alarm.to_string())
    }

    /// # Errors
    /// There is no such alarm.
    pub fn delete_alarm(&self, author: &str, name_or_id: &str) -> Result<(), EngineError> {
        let alarm = self.alarm_id(name_or_id)?;
        self.change(author, Change::DeleteAlarm { alarm }).map(drop)
    }

    /// Has an alarm be quiet until an instant, or no longer. It is looked at all the same.
    ///
    /// # Errors
    /// There is no such alarm.
    pub fn snooze_alarm(
        &self,
        author: &str,
        name_or_id: &str,
        until: Option<Instant>,
    ) -> Result<view::Alarm, EngineError> {
        let alarm = self.alarm_id(name_or_id)?;
        self.change(author, Change::SnoozeAlarm { alarm, until })?;
        self.alarm(&alarm.to_string())
    }

    /// Has an alarm looked at as soon as can be.
    ///
    /// # Errors
    /// There is no such alarm.
    pub fn check_alarm(&self, author: &str, name_or_id: &str) -> Result<view::Alarm, EngineError> {
        let alarm = self.alarm_id(name_or_id)?;
        self.change(author, Change::AskAlarm { alarm })?;
        self.alarm(&alarm.to_string())
    }

    fn alarm_id(&self, name_or_id: &str) -> Result<AlarmId, EngineError> {
        Ok(found(&self.core().fold.read(), name_or_id)?.id)
    }

    fn resolved_watch(&self, watch: &WatchView) -> Result<Watch, EngineError> {
        Ok(match watch.clone() {
            WatchView::SegmentSize { segment, bounds } => {
                Watch::SegmentSize { segment: self.with_segment(&segment, |segment| segment.id)?, bounds }
            }
            WatchView::EventVolume { event, weeks, tolerance_percent } => {
                Watch::EventVolume { event, weeks, tolerance_percent }
            }
            WatchView::MissingProperty { event, property, hours, above_percent } => {
                Watch::MissingProperty { event, property, hours, above_percent }
            }
            WatchView::SilentSource { source, minutes } => {
                Watch::SilentSource { source: self.find_source(&source)?.id, minutes }
            }
            WatchView::Number { of, bounds } => Watch::Number { of, bounds },
        })
    }
}

/// What a number and yesterday's make of an alarm.
#[must_use]
pub fn judged(
    what: &str,
    bounds: &Bounds,
    value: Decimal,
    yesterday: Option<Decimal>,
    at: Instant,
) -> AlarmFinding {
    let Bounds { above, below, moved_percent } = bounds;
    let mut fires = Vec::new();
    let mut holds = Vec::new();
    if let Some(above) = above {
        let text = format!("above {above}");
        if value > *above { fires.push(text) } else { holds.push(format!("not {text}")) }
    }
    if let Some(below) = below {
        let text = format!("below {below}");
        if value < *below { fires.push(text) } else { holds.push(format!("not {text}")) }
    }
    let mut is_unknown = false;
    match (moved_percent, yesterday) {
        (Some(percent), Some(before)) => {
            let (now, then) = (value.billionths(), before.billionths());
            let change = (now - then).unsigned_abs();
            let allowed = then.unsigned_abs().saturating_mul(u128::from(*percent)) / 100;
            let text = format!("{before} yesterday, {}", moved(now, then));
            if change > allowed {
                fires.push(format!("{text}, which is more than {percent}%"));
            } else {
                holds.push(text);
            }
        }
        (Some(_), None) => {
            is_unknown = true;
            holds.push("nothing was measured yesterday at this time".to_owned());
        }
        (None, _) => {}
    }
    let status = match (fires.is_empty(), is_unknown && above.is_none() && below.is_none()) {
        (false, _) => AlarmStatus::Firing,
        (true, true) => AlarmStatus::NoData,
        (true, false) => AlarmStatus::Ok,
    };
    let why = if fires.is_empty() { holds } else { fires };
    AlarmFinding { at, status, message: format!("{what}: {value}; {}", why.join(", ")), value: Some(value) }
}

/// By how much a number has moved, in percent with one digit.
fn moved(now: i128, then: i128) -> String {
    if then == 0 {
        return if now == 0 { "as before".to_owned() } else { "and none to compare with".to_owned() };
    }
    let tenths = (now - then).saturating_mul(1_000) / then.abs();
    let sign = if tenths < 0 { "-" } else { "+" };
    format!("{sign}{}.{}%", tenths.abs() / 10, tenths.abs() % 10)
}

fn found<'a>(fold: &'a Fold, name_or_id: &str) -> Result<&'a AlarmState, EngineError> {
    let alarm = fold.state.find_alarm(name_or_id);
    alarm.ok_or_else(|| Refusal::NoAlarm(name_or_id.to_owned()).into())
}

fn shown(fold: &Fold, alarm: &AlarmState, now: Instant) -> view::Alarm {
    let watch = match alarm.watch.clone() {
        Watch::SegmentSize { segment, bounds } => WatchView::SegmentSize {
            segment: fold
                .state
                .segments
                .get(&segment)
                .map_or_else(|| segment.to_string(), |one| one.name.clone()),
            bounds,
        },
        Watch::EventVolume { event, weeks, tolerance_percent } => {
            WatchView::EventVolume { event, weeks, tolerance_percent }
        }
        Watch::MissingProperty { event, property, hours, above_percent } => {
            WatchView::MissingProperty { event, property, hours, above_percent }
        }
        Watch::SilentSource { source, minutes } => WatchView::SilentSource {
            source: fold
                .state
                .sources
                .get(&source)
                .map_or_else(|| source.to_string(), |one| one.name.clone()),
            minutes,
        },
        Watch::Number { of, bounds } => WatchView::Number { of, bounds },
    };
    let newest = alarm.standings.last();
    view::Alarm {
        id: alarm.id,
        name: alarm.name.clone(),
        owner: alarm.owner.clone(),
        watch,
        schedule: alarm.schedule,
        status: alarm.status(),
        since: newest.map(|standing| standing.since),
        is_waiting: fold.alarm_due(alarm).is_some_and(|due| due <= fold.state.instant),
        message: newest.map(|standing| standing.message.clone()),
        value: newest.and_then(|standing| standing.value),
        snoozed_until: alarm.snoozed_until.filter(|until| *until > now),
        looked_at: alarm.looked_at,
        next_at: fold.alarm_due(alarm),
        author: alarm.author.clone(),
        created_at: alarm.created_at,
        changed_at: alarm.changed_at,
        history: alarm.standings.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bounds: &Bounds, value: &str, yesterday: Option<&str>, expected: (AlarmStatus, &str)) {
        let number = |text: &str| Decimal::parse(text).expect("a number");
        let found = judged("Buyers", bounds, number(value), yesterday.map(number), Instant::from_ms(0));
        assert_eq!((found.status, found.message.as_str()), expected);
    }

    #[test]
    fn a_number_is_held_against_what_is_given() {
        let number = Decimal::parse;
        let above = Bounds { above: number("100"), ..Bounds::default() };
        check(&above, "100", None, (AlarmStatus::Ok, "Buyers: 100; not above 100"));
        check(&above, "100.5", None, (AlarmStatus::Firing, "Buyers: 100.5; above 100"));
        let both = Bounds { above: number("100"), below: number("10"), ..Bounds::default() };
        check(&both, "9", None, (AlarmStatus::Firing, "Buyers: 9; below 10"));
        let moved = Bounds { moved_percent: Some(20), ..Bounds::default() };
        check(&moved, "120", Some("100"), (AlarmStatus::Ok, "Buyers: 120; 100 yesterday, +20.0%"));
        let told = "Buyers: 79; 100 yesterday, -21.0%, which is more than 20%";
        check(&moved, "79", Some("100"), (AlarmStatus::Firing, told));
        let told = "Buyers: 5; 0 yesterday, and none to compare with, which is more than 20%";
        check(&moved, "5", Some("0"), (AlarmStatus::Firing, told));
        let told = "Buyers: 79; nothing was measured yesterday at this time";
        check(&moved, "79", None, (AlarmStatus::NoData, told));
    }
}
