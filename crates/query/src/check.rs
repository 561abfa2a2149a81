//! Turns definitions into what can be run, and gathers everything that is wrong with them.

use segops_model::{Instant, Path};
use segops_rules::{
    Code, Condition, CountTest, EventCondition, EventFilter, Named, Problem, RULE_FORMAT, Resolved, Rule,
    Severity, Span, Window, nearest,
};
use segops_segment::{WindowBounds, reads_products};

use crate::error::AnalysisError;
use crate::event_definition::EventDefinition;
use crate::setting::Setting;

/// A filter as it was written, for rules that answers come with, and as it is run.
#[derive(Debug, Clone)]
pub(crate) struct CheckedEvent {
    pub(crate) named: EventFilter<Named>,
    pub(crate) resolved: EventFilter<Resolved>,
}

/// The instants of an analysis: from the first on, before the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) from: Instant,
    pub(crate) until: Instant,
}

impl Range {
    pub(crate) fn holds(self, ts: Instant) -> bool {
        self.from <= ts && ts < self.until
    }
}

/// Gathers problems, each with its place in the definition.
pub(crate) struct Checker<'a> {
    pub(crate) setting: &'a Setting<'a>,
    problems: Vec<Problem>,
}

impl<'a> Checker<'a> {
    pub(crate) const fn new(setting: &'a Setting<'a>) -> Self {
        Self { setting, problems: Vec::new() }
    }

    /// The warnings, unless something is wrong.
    pub(crate) fn finish(self) -> Result<Vec<Problem>, AnalysisError> {
        if self.problems.iter().any(|problem| problem.severity == Severity::Error) {
            return Err(AnalysisError::Definition(self.problems));
        }
        Ok(self.problems)
    }

    pub(crate) fn refuse(
        &mut self,
        code: Code,
        place: &str,
        message: impl Into<String>,
        expected: impl Into<String>,
    ) {
        self.problems.push(Problem {
            code,
            severity: Severity::Error,
            message: message.into(),
            span: None,
            place: Some(place.to_owned()),
            expected: Some(expected.into()),
            suggestion: None,
        });
    }

    pub(crate) fn warn(&mut self, code: Code, place: &str, message: String, suggestion: Option<String>) {
        self.problems.push(Problem {
            code,
            severity: Severity::Warning,
            message,
            span: None,
            place: Some(place.to_owned()),
            expected: None,
            suggestion,
        });
    }

    /// A number that may not be greater or less.
    pub(crate) fn within(&mut self, place: &str, what: &str, number: usize, from: usize, to: usize) -> bool {
        if (from..=to).contains(&number) {
            return true;
        }
        let code = if number > to { Code::TooMany } else { Code::EmptyList };
        self.refuse(code, place, format!("{number} {what}"), format!("from {from} to {to}"));
        false
    }

    pub(crate) fn event(&mut self, definition: &EventDefinition, place: &str) -> Option<CheckedEvent> {
        let names = self.setting.names;
        let named = match definition
            .filter(|name| names.event_exists(name) || names.derived_event(name).is_some())
        {
            Ok(named) => named,
            Err(problems) => {
                if let EventDefinition::Text(text) = definition
                    && let Some(near) = nearest(text, names.event_names())
                {
                    let message = format!("there is no event `{text}`");
                    self.refuse(
                        Code::UnknownEvent,
                        place,
                        message,
                        format!("an event's name, such as `{near}`"),
                    );
                    return None;
                }
                let placed =
                    problems.into_iter().map(|problem| Problem { place: Some(place.to_owned()), ..problem });
                self.problems.extend(placed);
                return None;
            }
        };
        let event =
            EventCondition { event: named.clone(), count: CountTest::default(), window: Window::AllTime };
        let rule =
            Rule { version: RULE_FORMAT, base: segops_rules::Base::Everyone, when: Condition::Event(event) };
        let (resolved, problems) = match segops_rules::resolve_within(&rule, names, None, self.setting.limits)
        {
            Ok((rule, warnings)) => (Some(rule), warnings),
            Err(problems) => (None, problems),
        };
        for mut problem in problems {
            let inner = problem.place.as_deref().unwrap_or_default();
            let inner = inner.strip_prefix("when.event.event").unwrap_or_default();
            problem.place = Some(format!("{place}{inner}"));
            self.problems.push(problem);
        }
        match resolved?.when {
            Condition::Event(leaf) => {
                if reads_products(&leaf.event, None) {
                    let message = "a filter on the product catalogue can't be used in analyses";
                    self.refuse(
                        Code::UnsupportedPath,
                        place,
                        message,
                        "properties that the event itself has",
                    );
                    return None;
                }
                Some(CheckedEvent { named, resolved: leaf.event })
            }
            _ => {
                let message = "segments' transitions can't be used in analyses";
                self.refuse(Code::ExpectedEvent, place, message, "an event that a profile did, or orders");
                None
            }
        }
    }

    /// Notes a property that no event of the filter ever had.
    pub(crate) fn property(&mut self, path: &Path, filter: Option<&CheckedEvent>, place: &str) {
        let names = self.setting.names;
        if filter.is_some_and(|filter| filter.resolved.subject.is_orders()) {
            return;
        }
        let text = path.to_string();
        let derived = filter.and_then(|filter| filter.resolved.derived.as_deref());
        let event = match derived.map(|made| &made.definition) {
            Some(definition) if definition.has_field(&text) => return,
            Some(definition) if definition.outcome().is_none() => Some(""),
            Some(definition) => definition.outcome().and_then(|outcome| outcome.name.as_deref()),
            None => filter.and_then(|filter| filter.resolved.name.as_deref()),
        };
        if names.property_exists(event, &text) {
            return;
        }
        let near = nearest(&text, names.property_names(event));
        let of = event.map_or_else(|| "no event".to_owned(), |event| format!("no `{event}`"));
        let suggestion = near.map(|near| format!("did you mean `{near}`?"));
        self.warn(Code::UnknownProperty, place, format!("{of} ever had a property `{text}`"), suggestion);
    }

    pub(crate) fn trait_path(&mut self, path: &Path, place: &str) {
        let names = self.setting.names;
        let text = path.to_string();
        if !names.trait_exists(&text) {
            let suggestion =
                nearest(&text, names.trait_names()).map(|near| format!("did you mean `{near}`?"));
            self.warn(Code::UnknownTrait, place, format!("no profile ever had a trait `{text}`"), suggestion);
        }
    }

    pub(crate) fn segment(&mut self, name: &str, place: &str) {
        let names = self.setting.names;
        if names.segment(name).is_some() {
            return;
        }
        self.problems.push(Problem {
            code: Code::UnknownSegment,
            severity: Severity::Error,
            message: format!("there is no segment `{name}`"),
            span: None,
            place: Some(place.to_owned()),
            expected: Some("the name or the id of a segment".to_owned()),
            suggestion: nearest(name, names.segment_names()).map(|near| format!("did you mean `{near}`?")),
        });
    }

    /// The instants of a window: an open start is the first row's, and nothing lies after now.
    pub(crate) fn range(&mut self, window: &Window, place: &str) -> Range {
        let (after, until) = WindowBounds::new(window, self.setting.calendar).bounds(self.setting.now);
        let oldest = self.setting.snapshot.oldest_ts().unwrap_or(self.setting.now);
        let from = if after < Instant::MIN { oldest } else { after.plus_ms(1) };
        let until = until.min(self.setting.now).plus_ms(1);
        if from >= until && window != &Window::AllTime {
            let message = "the window holds no instant up to now";
            self.refuse(
                Code::NeverHolds,
                place,
                message,
                "a window that starts before now, and before its end",
            );
        }
        Range { from: from.min(until), until }
    }

    /// A span that must be longer than nothing.
    pub(crate) fn span(&mut self, span: Span, place: &str) {
        if span.count == 0 {
            self.refuse(Code::NeverHolds, place, "a span of nothing", "a span such as 7 days");
        }
    }
}
