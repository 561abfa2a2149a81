//! Looks at what alarms watch.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan};

use segops_engine::state::{AlarmFinding, AlarmState, AlarmStatus, NumberOf, Watch};
use segops_engine::{Engine, NotComputed, Work, judged};
use segops_model::{Decimal, HOUR_MS, Instant, MINUTE_MS, SourceId};
use segops_query::Analysis;
use segops_sql::{Parameter, Query};

use crate::analyses::{self, Asked};
use crate::computing::{ASKER, of_analysis, of_sql};
use crate::http::App;
use crate::sql::opener;

/// Weeks without which there is nothing to compare with.
const WEEKS_MIN: usize = 2;

/// What holds of what an alarm watches.
///
/// # Errors
/// It was called off, or cannot be measured.
pub(crate) fn look(
    app: &App,
    engine: &Engine,
    alarm: &AlarmState,
    work: &Work,
) -> Result<AlarmFinding, NotComputed> {
    let looking = Looking { app, engine, work, at: engine.now() };
    match &alarm.watch {
        Watch::SegmentSize { segment, bounds } => {
            let segment = engine.segment(&segment.to_string());
            let segment = segment.map_err(|error| NotComputed::Failed(error.to_string()))?;
            let what = format!("members of {}", segment.name);
            let members = Decimal::from_u64(segment.counts.total);
            Ok(judged(&what, bounds, members, alarm.yesterday(looking.at), looking.at))
        }
        Watch::EventVolume { event, weeks, tolerance_percent } => {
            looking.volume(event, *weeks, *tolerance_percent)
        }
        Watch::MissingProperty { event, property, hours, above_percent } => {
            looking.missing(event, property, *hours, *above_percent)
        }
        Watch::SilentSource { source, minutes } => looking.silent(*source, *minutes),
        Watch::Number { of, bounds } => match looking.number(of)? {
            Some(value) => Ok(judged(&alarm.name, bounds, value, alarm.yesterday(looking.at), looking.at)),
            None => {
                Ok(looking.found(AlarmStatus::NoData, format!("{}: there is no number", alarm.name), None))
            }
        },
    }
}

struct Looking<'a> {
    app: &'a App,
    engine: &'a Engine,
    work: &'a Work,
    at: Instant,
}

/// Part of a day: from local midnight to the same time of the day as now.
struct DaySoFar {
    from: Instant,
    until: Instant,
}

impl Looking<'_> {
    const fn found(&self, status: AlarmStatus, message: String, value: Option<Decimal>) -> AlarmFinding {
        AlarmFinding { at: self.at, status, message, value }
    }

    /// Today so far against the same weekday of the weeks before. A week counts where the event was there before it.
    /// Chance alone moves a count by some times its root: what is within three times that is no alarm.
    fn volume(&self, event: &str, weeks: u8, tolerance: u32) -> Result<AlarmFinding, NotComputed> {
        let calendar = self.engine.settings().calendar().map_err(NotComputed::Failed)?;
        let now = calendar.zone.to_datetime(self.at.to_jiff());
        let days: Vec<DaySoFar> = (0..=i64::from(weeks))
            .filter_map(|back| day_so_far(&calendar.zone, now, back.saturating_mul(7).days()))
            .collect();
        let mut columns: Vec<String> = Vec::new();
        for DaySoFar { from, until } in &days {
            columns.push(format!("count(*) FILTER (WHERE ts >= '{from}' AND ts < '{until}')"));
            columns.push(format!("count(*) FILTER (WHERE ts < '{from}')"));
        }
        let columns: Vec<String> =
            columns.iter().enumerate().map(|(at, column)| format!("{column} AS c{at}")).collect();
        let text = format!("SELECT {} FROM events WHERE event = $1", columns.join(", "));
        let counts = self.numbers(&text, vec![Parameter::Text(event.to_owned())])?;
        let counts: Vec<(i128, i128)> = counts
            .chunks_exact(2)
            .filter_map(|pair| Some((whole(*pair.first()?), whole(*pair.last()?))))
            .collect();
        let Some(((today, _), before)) = counts.split_first() else {
            return Err(NotComputed::Failed("the counts are missing".to_owned()));
        };
        let before: Vec<i128> =
            before.iter().filter(|(_, earlier)| *earlier > 0).map(|(count, _)| *count).collect();
        let (day, time) = (now.strftime("%A"), now.strftime("%H:%M"));
        let so_far = format!("{event}: {today} today until {time}");
        let value = Some(Decimal::from_u64(u64::try_from(*today).unwrap_or(0)));
        let (Some(least), Some(greatest)) = (before.iter().min(), before.iter().max()) else {
            let message = format!("{so_far}; it was never seen on a {day} before");
            return Ok(self.found(AlarmStatus::NoData, message, value));
        };
        if before.len() < WEEKS_MIN {
            let message = format!("{so_far}; only one {day} to compare with, and it takes {WEEKS_MIN}");
            return Ok(self.found(AlarmStatus::NoData, message, value));
        }
        let tolerance = i128::from(tolerance);
        let by_chance = |bound: i128, off: i128| off * off <= 9 * bound.max(1);
        let too_few = today * 100 < least * (100 - tolerance) && !by_chance(*least, least - today);
        let too_many = today * 100 > greatest * (100 + tolerance) && !by_chance(*greatest, today - greatest);
        let status = if too_few || too_many { AlarmStatus::Firing } else { AlarmStatus::Ok };
        let usual = if least == greatest { least.to_string() } else { format!("{least} to {greatest}") };
        Ok(self.found(status, format!("{so_far}, usually {usual} on a {day} by then"), value))
    }

    fn missing(
        &self,
        event: &str,
        property: &str,
        hours: u32,
        above_percent: u32,
    ) -> Result<AlarmFinding, NotComputed> {
        let from = self.at.plus_ms(-i64::from(hours) * HOUR_MS);
        let text = format!(
            "SELECT count(*) AS rows, count(*) FILTER (WHERE nullif(trim(property(properties, $2)), '') IS NULL) AS without \
             FROM events WHERE event = $1 AND ts > '{from}' AND ts <= '{}'",
            self.at
        );
        let parameters = [event, property].map(|text| Parameter::Text(text.to_owned())).to_vec();
        let counts = self.numbers(&text, parameters)?;
        let count = |at: usize| counts.get(at).map_or(0, |count| whole(*count));
        let (rows, without) = (count(0), count(1));
        let window = if hours == 1 { "hour".to_owned() } else { format!("{hours} hours") };
        if rows == 0 {
            let message = format!("{event}: there was none in the last {window}");
            return Ok(self.found(AlarmStatus::NoData, message, None));
        }
        let tenths = without * 1_000 / rows;
        let share = format!("{}.{}%", tenths / 10, tenths % 10);
        let status = if without * 100 > rows * i128::from(above_percent) {
            AlarmStatus::Firing
        } else {
            AlarmStatus::Ok
        };
        let message = format!(
            "{event}: {without} of {rows} in the last {window} come without {property} ({share}; at most {above_percent}% are expected)"
        );
        let value = Decimal::from_billionths(without * 100_000_000_000 / rows);
        Ok(self.found(status, message, Some(value)))
    }

    fn silent(&self, source: SourceId, minutes: u32) -> Result<AlarmFinding, NotComputed> {
        let source = self.engine.find_source(&source.to_string());
        let source = source.map_err(|error| NotComputed::Failed(error.to_string()))?;
        let Some(last) = source.last_event_at else {
            let message = format!("{}: no event has ever come in", source.name);
            return Ok(self.found(AlarmStatus::NoData, message, None));
        };
        let silent = self.at.ms_since(last).max(0) / MINUTE_MS;
        let status = if silent >= i64::from(minutes) { AlarmStatus::Firing } else { AlarmStatus::Ok };
        let since = if silent == 1 { "1 minute".to_owned() } else { format!("{silent} minutes") };
        let message = format!("{}: no event for {since}; {minutes} are allowed", source.name);
        let value = Decimal::from_u64(u64::try_from(silent).unwrap_or(0));
        Ok(self.found(status, message, Some(value)))
    }

    fn number(&self, of: &NumberOf) -> Result<Option<Decimal>, NotComputed> {
        match of {
            NumberOf::Query { sql } => Ok(self.numbers(sql, Vec::new())?.first().copied().flatten()),
            NumberOf::Analysis { analysis, at } => {
                let analysis: Analysis = serde_json::from_value(analysis.clone())
                    .map_err(|error| NotComputed::Failed(format!("the analysis is not read: {error}")))?;
                let asked = Asked::default();
                let (_, _, answer) =
                    analyses::run(self.engine, &analysis, &asked, self.app.limits(), self.work)
                        .map_err(of_analysis)?;
                let answer =
                    serde_json::to_value(&answer).map_err(|error| NotComputed::Failed(error.to_string()))?;
                let found = answer.pointer(at).ok_or_else(|| {
                    NotComputed::Failed(format!(
                        "the answer has nothing at `{at}`; look at it with `segops analyse`"
                    ))
                })?;
                match found {
                    serde_json::Value::Null => Ok(None),
                    serde_json::Value::Number(number) => as_decimal(&number.to_string(), at).map(Some),
                    serde_json::Value::String(text) => as_decimal(text, at).map(Some),
                    _ => Err(NotComputed::Failed(format!("there is no number at `{at}`"))),
                }
            }
        }
    }

    fn numbers(&self, text: &str, parameters: Vec<Parameter>) -> Result<Vec<Option<Decimal>>, NotComputed> {
        let sql = self.app.sql().map_err(|problem| NotComputed::Failed(problem.detail))?;
        let query = Query { text: text.to_owned(), parameters, seconds: None, asker: ASKER.to_owned() };
        let begun = |id| {
            let sql = sql.clone();
            // It may have ended by itself.
            self.work.when_cancelled(move || {
                let _ = sql.cancel(id);
            });
        };
        sql.numbers(query, opener(self.engine), begun).map_err(|error| of_sql(&error))
    }
}

fn as_decimal(text: &str, at: &str) -> Result<Decimal, NotComputed> {
    let exact = Decimal::parse(text);
    let rounded = || text.parse::<f64>().ok().and_then(|number| Decimal::parse(&format!("{number:.9}")));
    exact.or_else(rounded).ok_or_else(|| NotComputed::Failed(format!("`{text}` at `{at}` is no number")))
}

fn whole(number: Option<Decimal>) -> i128 {
    number.map_or(0, |number| number.billionths().div_euclid(1_000_000_000))
}

/// The day so long before now, from its midnight to the same time of the day.
fn day_so_far(zone: &TimeZone, now: DateTime, back: Span) -> Option<DaySoFar> {
    let date: Date = now.date().checked_sub(back).ok()?;
    let at = |time: DateTime| {
        let at = zone.to_ambiguous_timestamp(time).compatible().ok()?;
        Some(Instant::from_jiff(at))
    };
    let from = at(date.to_datetime(jiff::civil::Time::midnight()))?;
    Some(DaySoFar { from, until: at(date.to_datetime(now.time()))?.max(from) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_so_far_follows_the_clocks_of_its_day() {
        let zone = TimeZone::get("Europe/Berlin").expect("a zone");
        let now: DateTime = "2026-04-02T14:00:00".parse().expect("a time");
        let day = |back: i64| {
            let day = day_so_far(&zone, now, back.days()).expect("a day");
            (day.from.to_string(), day.until.to_string())
        };
        let pair = |from: &str, until: &str| (from.to_owned(), until.to_owned());
        assert_eq!(day(0), pair("2026-04-01T22:00:00.000Z", "2026-04-02T12:00:00.000Z"));
        // A week before, clocks had not been set forth yet.
        assert_eq!(day(7), pair("2026-03-25T23:00:00.000Z", "2026-03-26T13:00:00.000Z"));
    }

    #[test]
    fn numbers_of_answers_are_read_as_they_are() {
        assert_eq!(as_decimal("12.5", "/a").map(|number| number.to_string()), Ok("12.5".to_owned()));
        assert_eq!(
            as_decimal("0.123456789123", "/a").map(|number| number.to_string()),
            Ok("0.123456789".to_owned())
        );
        assert!(as_decimal("1e400", "/a").is_err() && as_decimal("x", "/a").is_err());
    }
}
