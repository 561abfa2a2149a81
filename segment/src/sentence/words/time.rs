//! Instants, spans and windows.

use jiff::civil;

use segops_model::{DAY_MS, Instant};
use segops_rules::{CalendarPeriod, Moment, Span, Unit, Weekday, Window};

use super::Words;
use crate::Entry;
use crate::explain::ConditionExplanation;

/// Dates told of the events that prove a condition; of more only the newest.
const EVIDENCE_TOLD: usize = 5;
const NEWEST_TOLD: usize = 3;
/// Of windows shorter than this the times matter.
const TIMES_BELOW_MS: i64 = 3 * DAY_MS;

impl Words<'_> {
    /// `12 Aug`; in another year than now's `12 Aug 2025`.
    pub(in crate::sentence) fn day(&self, at: Instant) -> String {
        self.date_text(self.local(at).date())
    }

    /// `11 Nov at 14:03`.
    pub(in crate::sentence) fn moment(&self, at: Instant) -> String {
        format!("{} at {}", self.day(at), self.local(at).strftime("%H:%M"))
    }

    pub(in crate::sentence) fn date_text(&self, date: civil::Date) -> String {
        let this_year = self.local(self.now()).year();
        let format = if date.year() == this_year { "%-d %b" } else { "%-d %b %Y" };
        date.strftime(format).to_string()
    }

    /// When the events happened that prove a condition: `: 12 Aug, 3 Sep`, or of many `, the newest on 3 Sep`;
    /// nothing where there are none.
    pub(in crate::sentence) fn evidence(&self, found: &ConditionExplanation, are_all: bool) -> String {
        let all = found.evidence.len();
        let told = if are_all && all <= EVIDENCE_TOLD { all } else { all.min(NEWEST_TOLD) };
        let mut entries: Vec<Entry> = found.evidence.iter().take(told).copied().collect();
        entries.reverse();
        if entries.is_empty() {
            return String::new();
        }
        let days: Vec<String> = entries.iter().map(|entry| self.day(entry.ts)).collect();
        let is_short = found.window.is_some_and(|window| {
            window.after.is_some_and(|after| window.until.ms_since(after) < TIMES_BELOW_MS)
        });
        let share_days = days.windows(2).any(|pair| matches!(pair, [first, second] if first == second));
        let texts = if is_short || share_days {
            entries.iter().map(|entry| self.moment(entry.ts)).collect()
        } else {
            days
        };
        if are_all && told == all {
            format!(": {}", texts.join(", "))
        } else {
            format!(", the newest on {}", texts.join(", "))
        }
    }

    fn local(&self, at: Instant) -> civil::DateTime {
        self.zone().to_datetime(at.to_jiff())
    }
}

/// A moment as a rule has it.
pub(in crate::sentence) fn moment_text(moment: &Moment, words: &Words<'_>) -> String {
    match moment {
        Moment::Date(date) => words.date_text(*date),
        Moment::Local(_) | Moment::Instant(_) => words.moment(moment.instant(words.zone())),
    }
}

/// `90 days`, `day`: what comes after "the last".
fn span_text(span: Span) -> String {
    let unit = unit_text(span.unit);
    if span.count == 1 { unit.to_owned() } else { format!("{} {unit}s", span.count) }
}

pub(in crate::sentence) const fn unit_text(unit: Unit) -> &'static str {
    match unit {
        Unit::Second => "second",
        Unit::Minute => "minute",
        Unit::Hour => "hour",
        Unit::Day => "day",
        Unit::Week => "week",
        Unit::Month => "month",
        Unit::Quarter => "quarter",
        Unit::Year => "year",
    }
}

/// `90 days`, `1 day`.
pub(in crate::sentence) fn counted_span(span: Span) -> String {
    let text = span_text(span);
    if span.count == 1 { format!("1 {text}") } else { text }
}

/// When the events happened: `in the last 90 days`, `so far`.
pub(in crate::sentence) fn window_text(window: &Window, words: &Words<'_>) -> String {
    match window {
        Window::AllTime | Window::Range { from: None, to: None } => "so far".to_owned(),
        Window::Last(span) => format!("in the last {}", span_text(*span)),
        Window::Ago { near, far } if near.unit == far.unit => {
            format!("between {} and {} ago", near.count, span_text(*far))
        }
        Window::Ago { near, far } if near.count == 1 => {
            format!("between 1 {} and {} ago", span_text(*near), span_text(*far))
        }
        Window::Ago { near, far } => format!("between {} and {} ago", span_text(*near), span_text(*far)),
        Window::Range { from: Some(from), to: None } => format!("since {}", moment_text(from, words)),
        Window::Range { from: None, to: Some(to) } => format!("before {}", moment_text(to, words)),
        Window::Range { from: Some(from), to: Some(to) } => {
            format!("from {} to before {}", moment_text(from, words), moment_text(to, words))
        }
        Window::Calendar(period) => period_text(*period).to_owned(),
        Window::On(date) => format!("on {}", words.date_text(*date)),
        Window::SinceWeekday(weekday) => format!("since {}", weekday_text(*weekday)),
    }
}

const fn period_text(period: CalendarPeriod) -> &'static str {
    match period {
        CalendarPeriod::Today => "today",
        CalendarPeriod::Yesterday => "yesterday",
        CalendarPeriod::ThisWeek => "this week",
        CalendarPeriod::LastWeek => "last week",
        CalendarPeriod::ThisMonth => "this month",
        CalendarPeriod::LastMonth => "last month",
        CalendarPeriod::ThisQuarter => "this quarter",
        CalendarPeriod::LastQuarter => "last quarter",
        CalendarPeriod::ThisYear => "this year",
        CalendarPeriod::LastYear => "last year",
    }
}

const fn weekday_text(weekday: Weekday) -> &'static str {
    match weekday {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    }
}
