//! What is wrong with a rule, said so that a person can mend it and a program can point at it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A range of bytes in the rule's text.
pub type TextSpan = (usize, usize);

/// Problems reported at once; a text with more has lost its thread, and the rest would be noise.
pub(crate) const PROBLEMS_MAX: usize = 50;

/// One thing that is wrong, or looks wrong, in a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    pub code: Code,
    pub severity: Severity,
    /// What is wrong, as a sentence without its full stop.
    pub message: String,
    /// Where in the text, in bytes, if the rule was given as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span: Option<TextSpan>,
    /// Where in the tree, such as `when.all[1].event.count`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// What could stand there instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What to do: a nearest name, or a text to write.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The rule cannot be used.
    Error,
    /// The rule can be used, but may not mean what its author thinks.
    Warning,
}

/// The kind of problem, for programs. Codes are never renamed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    UnexpectedCharacter,
    UnclosedText,
    BadEscape,
    MissingQuotes,
    ExpectedCondition,
    ExpectedEvent,
    ExpectedName,
    ExpectedValue,
    ExpectedCount,
    ExpectedList,
    ExpectedDate,
    ExpectedUnit,
    UnknownOperator,
    UnknownUnit,
    UnclosedParenthesis,
    UnopenedParenthesis,
    Unexpected,
    RepeatedClause,
    BadNumber,
    BadDate,
    BadPath,
    BadPattern,
    BadJson,
    UnknownVersion,
    EmptyGroup,
    EmptyList,
    EmptyText,
    TooLong,
    TooDeep,
    TooMany,
    NeverHolds,
    AlwaysHolds,
    UnsupportedValue,
    UnsupportedPath,
    UnknownSegment,
    UnknownSource,
    SegmentCycle,
    SameRule,
    UnknownEvent,
    UnknownProperty,
    UnknownTrait,
    UnknownScore,
    AmbiguousName,
    BadSequence,
}

impl Problem {
    pub(crate) fn error(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            span: None,
            place: None,
            expected: None,
            suggestion: None,
        }
    }

    pub(crate) fn warning(code: Code, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// That a segment has a rule of the same meaning already.
    #[must_use]
    pub fn same_rule(segment: &str) -> Self {
        Self::warning(Code::SameRule, format!("the segment `{segment}` has the same rule already"))
            .suggestion("use that one, unless they are meant to part later")
    }

    pub(crate) fn span(mut self, span: TextSpan) -> Self {
        self.span = Some(span);
        self
    }

    pub(crate) fn place(mut self, place: impl Into<String>) -> Self {
        self.place = Some(place.into());
        self
    }

    pub(crate) fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    pub(crate) fn suggestion(mut self, suggestion: impl Into<String>) -> Self {
        self.suggestion = Some(suggestion.into());
        self
    }

    /// The problem with the line of the rule that it is in, and marks under the place.
    #[must_use]
    pub fn report(&self, text: &str) -> String {
        let Some((start, end)) = self.span else { return self.to_string() };
        let start = floor_char_boundary(text, start);
        let end = floor_char_boundary(text, end).max(start);
        let line_start = text.get(..start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
        let line_end =
            text.get(start..).and_then(|after| after.find('\n')).map_or(text.len(), |at| start + at);
        let count = |from: usize, to: usize| text.get(from..to).map_or(0, |part| part.chars().count());
        let line = text.get(line_start..line_end).unwrap_or_default().replace('\t', " ");
        let marks = count(start, end.min(line_end)).max(1);
        format!("{self}\n  | {line}\n  | {}{}", " ".repeat(count(line_start, start)), "^".repeat(marks))
    }
}

fn floor_char_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{severity}: {}", self.message)?;
        if let Some(expected) = &self.expected {
            write!(f, "; expected {expected}")?;
        }
        if let Some(suggestion) = &self.suggestion {
            write!(f, "; {suggestion}")?;
        }
        match (&self.place, self.span) {
            (Some(place), None) => write!(f, " (at {place})"),
            _ => Ok(()),
        }
    }
}

impl std::error::Error for Problem {}
