use crate::ast::Window;
use crate::time::{Span, Unit, Weekday};

pub(super) fn window(window: &Window) -> String {
    match window {
        Window::AllTime | Window::Range { from: None, to: None } => String::new(),
        Window::Last(span) => format!("in last {}", span_text(*span)),
        Window::Ago { near, far } if near.unit == far.unit => {
            format!("between {} and {} ago", near.count, span_text(*far))
        }
        Window::Ago { near, far } => format!("between {} and {} ago", span_text(*near), span_text(*far)),
        Window::Range { from: Some(from), to: Some(to) } => format!("from {from} to {to}"),
        Window::Range { from: Some(from), to: None } => format!("since {from}"),
        Window::Range { from: None, to: Some(to) } => format!("before {to}"),
        Window::Calendar(period) => period.text().to_owned(),
        Window::On(date) => format!("on {date}"),
        Window::SinceWeekday(day) => format!("since {}", weekday_text(*day)),
    }
}

pub(super) fn span_text(span: Span) -> String {
    format!("{} {}{}", span.count, unit_text(span.unit), if span.count == 1 { "" } else { "s" })
}

pub(super) const fn unit_text(unit: Unit) -> &'static str {
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

pub(super) fn weekday_text(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "monday",
        Weekday::Tuesday => "tuesday",
        Weekday::Wednesday => "wednesday",
        Weekday::Thursday => "thursday",
        Weekday::Friday => "friday",
        Weekday::Saturday => "saturday",
        Weekday::Sunday => "sunday",
    }
}
