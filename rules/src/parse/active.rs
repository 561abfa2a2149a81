//! `in >= 3 of the last 6 months`, `distinct days with "App Opened" in last 30 days >= 5`, `stopped` and
//! `restarted`: in how many periods, on how many days, and what has changed from one period to the next.

use super::Parser;
use super::event::{Clauses, Counts};
use super::lexer::Kind;
use super::shape::Shape;
use crate::ast::{
    ActiveCondition, ActiveDays, ActivePeriods, ActivityChange, Condition, CountTest, EventFilter, Named,
    PeriodGrid, PeriodRun, Subject,
};
use crate::problem::{Code, Problem};
use crate::time::Unit;

impl Parser<'_> {
    /// Whether `in at least 3 of` or the like comes next.
    pub(super) fn starts_periods(&self) -> bool {
        if !self.is_any_word(0, &["in", "during"]) {
            return false;
        }
        let is_word_for_all = self.is_any_word(1, &["all", "each", "every", "any", "one"])
            && (self.is_word(2, "of") || (self.is_word(2, "one") && self.is_word(3, "of")));
        match self.peek_at(1).kind {
            Kind::Number(_) => self.is_word(2, "of"),
            _ => is_word_for_all || self.is_comparison(1),
        }
    }

    /// Whether a comparison of a count, not a number alone, comes so many tokens ahead.
    fn is_comparison(&self, ahead: usize) -> bool {
        self.operator(ahead).is_some()
            || (self.is_word(ahead, "at") && self.is_any_word(ahead + 1, &["least", "most"]))
            || (self.is_any_word(ahead, &["more", "less", "fewer"]) && self.is_word(ahead + 1, "than"))
            || self.is_word(ahead, "exactly")
            || (self.is_word(ahead, "between") && self.is_word(ahead + 4, "of"))
    }

    /// `in at least 3 of the last 6 months`: how many of which periods.
    pub(super) fn periods(&mut self) -> Option<(CountTest, PeriodRun)> {
        self.bump();
        let (all, any) =
            (self.is_any_word(0, &["all", "each", "every"]), self.is_any_word(0, &["any", "one"]));
        let count = if all || any {
            self.bump();
            self.eat_word("one");
            None
        } else {
            Some(self.count()?)
        };
        if !self.eat_word("of") {
            let message = format!("which periods are meant is not said: {} follows", self.written());
            self.refuse(
                Problem::error(Code::Unexpected, message).expected("`in at least 3 of the last 6 months`"),
            );
            return None;
        }
        let among = self.period_run()?;
        let count = count.unwrap_or(CountTest::AtLeast(if all { u64::from(among.count) } else { 1 }));
        Some((count, among))
    }

    /// `the last 6 months`, `the last 6 calendar months`, `this and the last 5 calendar months`.
    fn period_run(&mut self) -> Option<PeriodRun> {
        let to_date = self.eat_words(&["this", "and"]);
        self.eat_word("the");
        if !self.eat_word("last") && !self.eat_word("past") {
            let message = format!("{} is no run of periods", self.written());
            self.refuse(Problem::error(Code::ExpectedDate, message).expected(
                "`the last 6 months`, `the last 6 calendar months` or `this and the last 5 calendar months`",
            ));
            return None;
        }
        let count = if matches!(self.peek().kind, Kind::Number(_)) { self.span_count()? } else { 1 };
        let is_calendar = self.eat_word("calendar");
        let unit = self.unit()?;
        if to_date && !is_calendar {
            let message = "only periods of the calendar are this one and those before it";
            let span = self.span_from(self.tokens[self.at.saturating_sub(1)].span.0);
            self.report(
                Problem::error(Code::Unexpected, message)
                    .span(span)
                    .suggestion("write `this and the last 5 calendar months`, or `the last 6 months`"),
            );
            return None;
        }
        Some(match (is_calendar, to_date) {
            (false, _) => PeriodRun { count, unit, grid: PeriodGrid::Rolling },
            (true, false) => PeriodRun { count, unit, grid: PeriodGrid::Calendar },
            (true, true) => {
                PeriodRun { count: count.saturating_add(1), unit, grid: PeriodGrid::CalendarToDate }
            }
        })
    }

    /// Whether `on at least 5 days` comes next, not `on 2026-03-01`.
    pub(super) fn starts_days(&self) -> bool {
        self.is_word(0, "on") && (matches!(self.peek_at(1).kind, Kind::Number(_)) || self.is_comparison(1))
    }

    /// `on at least 5 days`: how many different ones.
    pub(super) fn days(&mut self) -> Option<CountTest> {
        self.bump();
        let count = self.count()?;
        let _ = self.eat_word("different") || self.eat_word("distinct") || self.eat_word("separate");
        if !self.eat_word("days") && !self.eat_word("day") {
            let message = format!("how many of what is not said: {} follows", self.written());
            self.refuse(Problem::error(Code::ExpectedUnit, message).expected("`on at least 5 days`"));
            return None;
        }
        Some(count)
    }

    /// Whether `distinct days with`, `stopped "Order Completed"` or the like comes so many tokens ahead.
    pub(super) fn starts_active(&self, ahead: usize) -> bool {
        let doing = usize::from(self.is_word(ahead + 1, "doing"));
        self.days_head(ahead).is_some()
            || (self.is_any_word(ahead, &["stopped", "restarted", "resumed"])
                && self.names_event(ahead + 1 + doing))
    }

    /// `distinct days with`: its unit, and how many tokens it takes.
    fn days_head(&self, ahead: usize) -> Option<(Unit, usize)> {
        let at = ahead + usize::from(self.is_any_word(ahead, &["distinct", "different", "active"]));
        let unit = super::window::unit_named(self.word(at)?)?;
        self.is_word(at + 1, "with").then_some((unit, at + 2 - ahead))
    }

    pub(super) fn active_condition(&mut self) -> Option<(Condition<Named>, Shape)> {
        let start = self.peek().span.0;
        if let Some((unit, tokens)) = self.days_head(0) {
            for _ in 0..tokens {
                self.bump();
            }
            return self.distinct_days(start, unit);
        }
        let has_stopped = self.is_word(0, "stopped");
        let verb = if has_stopped { "stopped" } else { "restarted" };
        self.bump();
        self.eat_word("doing");
        let name = self.event_name(verb)?;
        let clauses = self.clauses(Counts::Refused)?;
        let (event, shapes) = filter_of(name, &clauses);
        let Some(period) = clauses.window else {
            let message = format!("since when it has {verb} is not said: {} follows", self.written());
            self.refuse(
                Problem::error(Code::ExpectedDate, message)
                    .expected("the period, such as `in last 30 days` or `this month`"),
            );
            return None;
        };
        let change = ActivityChange { event, period };
        let leaf =
            if has_stopped { ActiveCondition::Stopped(change) } else { ActiveCondition::Restarted(change) };
        Some((Condition::Active(Box::new(leaf)), Shape { span: self.span_from(start), parts: shapes }))
    }

    fn distinct_days(&mut self, start: usize, unit: Unit) -> Option<(Condition<Named>, Shape)> {
        let name = self.event_name("with")?;
        let clauses = self.clauses(Counts::Awaited)?;
        let (event, shapes) = filter_of(name, &clauses);
        if !self.starts_count() {
            let message = format!("how many there are is compared with nothing: {} follows", self.written());
            self.refuse(
                Problem::error(Code::ExpectedCount, message).expected("a comparison, such as `>= 5`"),
            );
            return None;
        }
        let count = self.count()?;
        if self.word(0).and_then(super::window::unit_named) == Some(unit) {
            self.bump();
        }
        let window = clauses.window.unwrap_or_default();
        let leaf = ActiveCondition::Days(ActiveDays { event, window, unit, count });
        Some((Condition::Active(Box::new(leaf)), Shape { span: self.span_from(start), parts: shapes }))
    }

    /// What `did` says with periods or days among its clauses, if it does.
    pub(super) fn did_actively(
        &mut self,
        start: usize,
        event: &EventFilter<Named>,
        clauses: &Clauses,
    ) -> Option<ActiveCondition<Named>> {
        let leaf = match (clauses.periods, clauses.days) {
            (Some((periods, among)), None) => {
                let each = clauses.count.unwrap_or_default();
                ActiveCondition::Periods(ActivePeriods { event: event.clone(), each, periods, among })
            }
            (None, Some(count)) => {
                let window = clauses.window.clone().unwrap_or_default();
                ActiveCondition::Days(ActiveDays { event: event.clone(), window, unit: Unit::Day, count })
            }
            (Some(_), Some(_)) | (None, None) => return None,
        };
        let is_twice = match &leaf {
            ActiveCondition::Periods(_) => clauses.window.is_some(),
            _ => clauses.count.is_some(),
        };
        if is_twice {
            let span = self.span_from(start);
            let (message, suggestion) = match &leaf {
                ActiveCondition::Periods(_) => {
                    ("this event has two times to be in", "the periods say when; leave the other time out")
                }
                _ => (
                    "this event is counted by times and by days",
                    "for so often on each of several days write `>= 2 times in at least 5 of the last 30 days`",
                ),
            };
            self.report(Problem::error(Code::RepeatedClause, message).span(span).suggestion(suggestion));
        }
        Some(leaf)
    }
}

fn filter_of(name: Option<String>, clauses: &Clauses) -> (EventFilter<Named>, Vec<Shape>) {
    let (predicate, shape) = clauses.predicate.clone().unzip();
    let event = EventFilter {
        subject: Subject::Events,
        name,
        predicate,
        sources: clauses.sources.clone().unwrap_or_default(),
    };
    (event, shape.into_iter().collect())
}
