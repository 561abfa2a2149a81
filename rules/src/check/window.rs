//! Windows that no instant can be in.

use jiff::tz::TimeZone;

use segops_model::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS};

use crate::ast::Window;
use crate::problem::{Code, Problem};
use crate::time::{Moment, Span, Unit};

const SPAN_YEARS_MAX: u64 = 100;
/// The offsets of two time zones differ by at most 26 hours.
const ZONES_MS_MAX: i64 = 26 * HOUR_MS;

pub(super) fn check_window(window: &Window, place: &str) -> Vec<Problem> {
    match window {
        Window::AllTime | Window::Calendar(_) | Window::On(_) | Window::SinceWeekday(_) => Vec::new(),
        Window::Last(span) => check_span(*span, &format!("{place}.last")),
        Window::Ago { near, far } => {
            let mut problems = check_span(*near, &format!("{place}.ago.near"));
            problems.extend(check_span(*far, &format!("{place}.ago.far")));
            if problems.is_empty() && longest_ms(*far) <= shortest_ms(*near) {
                problems.push(
                    Problem::error(Code::NeverHolds, "nothing is in this time: it ends before it starts")
                        .place(format!("{place}.ago"))
                        .suggestion("write the nearer time first: `between 30 and 60 days ago`"),
                );
            }
            problems
        }
        Window::Range { from: None, to: None } => vec![
            Problem::error(Code::AlwaysHolds, "a range needs a start or an end")
                .place(format!("{place}.range"))
                .suggestion("for all time use `all_time`, or leave the window out"),
        ],
        Window::Range { from: Some(from), to: Some(to) } if surely_at_or_after(from, to) => vec![
            Problem::error(
                Code::NeverHolds,
                "nothing is in this time: its end, which does not count, is not after its start",
            )
            .place(format!("{place}.range"))
            .suggestion("write the earlier date first; for one day write `on`"),
        ],
        Window::Range { .. } => Vec::new(),
    }
}

/// Whether the first is not before the second, in every time zone.
pub(super) fn surely_at_or_after(first: &Moment, second: &Moment) -> bool {
    let difference = first.instant(&TimeZone::UTC).ms_since(second.instant(&TimeZone::UTC));
    let same_clock = matches!(first, Moment::Instant(_)) == matches!(second, Moment::Instant(_));
    if same_clock { difference >= 0 } else { difference >= ZONES_MS_MAX }
}

pub(super) fn check_span(span: Span, place: &str) -> Vec<Problem> {
    if span.count == 0 {
        return vec![
            Problem::error(Code::NeverHolds, "a time span of 0 holds nothing")
                .place(place)
                .expected("at least 1")
                .suggestion("from now on back write `in last 30 days`"),
        ];
    }
    let too_long = match span.unit {
        Unit::Year => u64::from(span.count) > SPAN_YEARS_MAX,
        Unit::Quarter => u64::from(span.count) > SPAN_YEARS_MAX * 4,
        Unit::Month => u64::from(span.count) > SPAN_YEARS_MAX * 12,
        _ => shortest_ms(span) > 36_525 * DAY_MS,
    };
    if too_long {
        return vec![
            Problem::error(Code::TooLong, format!("a time span is at most {SPAN_YEARS_MAX} years"))
                .place(place)
                .suggestion("for all time leave the time out"),
        ];
    }
    Vec::new()
}

/// The least milliseconds a span can be.
pub(super) fn shortest_ms(span: Span) -> i64 {
    match months(span) {
        Some(1) => 28 * DAY_MS,
        // A month is 30.436875 days on average, and a run of months is never three days off.
        Some(months) => months * 2_629_746 * SECOND_MS - 3 * DAY_MS,
        None => exact_ms(span),
    }
}

/// The most milliseconds a span can be.
pub(super) fn longest_ms(span: Span) -> i64 {
    match months(span) {
        Some(1) => 31 * DAY_MS + HOUR_MS,
        Some(months) => months * 2_629_746 * SECOND_MS + 3 * DAY_MS,
        None => exact_ms(span),
    }
}

fn months(span: Span) -> Option<i64> {
    match span.unit {
        Unit::Month => Some(i64::from(span.count)),
        Unit::Quarter => Some(3 * i64::from(span.count)),
        Unit::Year => Some(12 * i64::from(span.count)),
        _ => None,
    }
}

fn exact_ms(span: Span) -> i64 {
    let unit = match span.unit {
        Unit::Second => SECOND_MS,
        Unit::Minute => MINUTE_MS,
        Unit::Hour => HOUR_MS,
        Unit::Week => 7 * DAY_MS,
        Unit::Day | Unit::Month | Unit::Quarter | Unit::Year => DAY_MS,
    };
    i64::from(span.count) * unit
}
