//! Funnels: how many go from step to step, how long it takes them, and who is lost where.

mod attempt;
mod rule;
mod run;

#[cfg(test)]
mod tests;

use segops_model::Path;
use segops_rules::{Code, Problem, Span, Window};
use serde::{Deserialize, Serialize};

use crate::check::{CheckedEvent, Checker, Range};
use crate::error::AnalysisError;
use crate::event_definition::EventDefinition;
use crate::groups::{Breakdown, Group};
use crate::setting::Setting;
use crate::trend::{all, last_90_days};
pub(crate) use run::{customers, run};

const STEPS_MAX: usize = 20;
const EXCLUSIONS_MAX: usize = 20;
const TOP_MAX: usize = 1_000;

/// The way that customers are to go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Funnel {
    pub steps: Vec<FunnelStep>,
    #[serde(default)]
    pub order: StepOrder,
    /// All steps happen in less than this after the first one. Either this, or a `within` for each step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversion_window: Option<Span>,
    /// All steps have the same value of this property, or of the one of that name in a line item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same: Option<Path>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<Exclusion>,
    /// Every step lies in it.
    #[serde(default = "last_90_days")]
    pub window: Window,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breakdown: Option<Breakdown>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FunnelStep {
    pub event: EventDefinition,
    /// In less than this after the step before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Span>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepOrder {
    /// One after the other.
    #[default]
    Ordered,
    /// In any order: what counts is how many of the steps were done.
    AnyOrder,
}

/// What ends an attempt when it happens between two steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exclusion {
    pub event: EventDefinition,
    /// Between this step, counted from 1, and the next; absent: between any two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<usize>,
}

/// A funnel's numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FunnelAnswer {
    pub rows: Vec<FunnelRow>,
    /// Attempts that were left out, of profiles with more values of the property held constant than are kept.
    pub values_left_out: u64,
    pub warnings: Vec<Problem>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FunnelRow {
    pub group: Group,
    pub steps: Vec<FunnelCount>,
    /// From the first to the last step, of those who came that far.
    pub to_convert: Option<Durations>,
}

/// How many profiles came to a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FunnelCount {
    /// From 1 on; in any order, how many different steps.
    pub step: usize,
    pub customers: u64,
    /// Of those who came to the first step, and to the step before.
    pub of_first: f64,
    pub of_previous: f64,
    /// Came to this step, and not to the next.
    pub dropped: u64,
    /// Of these, those who may still go on: their time is not over.
    pub still_open: u64,
    /// Since the step before; in any order, since the first of the steps.
    pub duration: Option<Durations>,
}

/// Middle and late durations. Quantiles are exact, between neighbours in proportion.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Durations {
    pub median_ms: f64,
    pub p90_ms: f64,
}

/// Which profiles of a funnel are meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FunnelCell {
    /// From 1 on.
    pub step: usize,
    #[serde(default)]
    pub outcome: FunnelOutcome,
    #[serde(default = "all")]
    pub group: Group,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FunnelOutcome {
    /// Came to the step, or farther.
    #[default]
    Reached,
    /// Came to the step, and no farther.
    Dropped,
}

/// A funnel whose definition holds together.
struct Checked {
    steps: Vec<CheckedEvent>,
    exclusions: Vec<(CheckedEvent, Option<usize>)>,
    range: Range,
    warnings: Vec<Problem>,
}

fn check(funnel: &Funnel, setting: &Setting<'_>) -> Result<Checked, AnalysisError> {
    let mut checker = Checker::new(setting);
    checker.within("steps", "steps", funnel.steps.len(), 1, STEPS_MAX);
    checker.within("exclude", "exclusions", funnel.exclude.len(), 0, EXCLUSIONS_MAX);
    let (mut steps, mut exclusions) = (Vec::new(), Vec::new());
    for (at, step) in funnel.steps.iter().take(STEPS_MAX).enumerate() {
        let place = format!("steps[{at}]");
        let event = checker.event(&step.event, &format!("{place}.event"));
        if let (Some(event), Some(same)) = (&event, &funnel.same)
            && segops_rules::same_in_line_items(same).is_none()
        {
            checker.property(same, Some(event), "same");
        }
        steps.extend(event);
        check_within(step, at, funnel, &mut checker, &format!("{place}.within"));
    }
    for (at, exclusion) in funnel.exclude.iter().take(EXCLUSIONS_MAX).enumerate() {
        let event = checker.event(&exclusion.event, &format!("exclude[{at}].event"));
        exclusions.extend(event.map(|event| (event, exclusion.after.map(|after| after.saturating_sub(1)))));
        let last = funnel.steps.len().saturating_sub(1);
        if exclusion.after.is_some_and(|after| after == 0 || after > last) {
            let message = "there is no next step after that one";
            checker.refuse(
                Code::UnsupportedValue,
                &format!("exclude[{at}].after"),
                message,
                format!("from 1 to {last}"),
            );
        }
        if exclusion.after.is_some() && funnel.order == StepOrder::AnyOrder {
            let message = "steps in any order have no next step";
            checker.refuse(
                Code::Unexpected,
                &format!("exclude[{at}].after"),
                message,
                "an exclusion without `after`",
            );
        }
    }
    if let Some(span) = funnel.conversion_window {
        checker.span(span, "conversion_window");
    }
    if let Some(breakdown) = &funnel.breakdown {
        checker.within("breakdown.top", "groups", breakdown.top, 1, TOP_MAX);
        breakdown.by.check(&mut checker, &steps.iter().take(1).collect::<Vec<_>>(), "breakdown.by");
    }
    let range = checker.range(&funnel.window, "window");
    Ok(Checked { steps, exclusions, range, warnings: checker.finish()? })
}

fn check_within(step: &FunnelStep, at: usize, funnel: &Funnel, checker: &mut Checker<'_>, place: &str) {
    let Some(span) = step.within else { return };
    checker.span(span, place);
    if at == 0 {
        checker.refuse(
            Code::Unexpected,
            place,
            "the first step has none before it",
            "`within` from the second step on",
        );
    }
    if funnel.conversion_window.is_some() {
        let message = "a funnel has either a conversion window or a time for each step";
        checker.refuse(Code::RepeatedClause, place, message, "one of `conversion_window` and `within`");
    }
    if funnel.order == StepOrder::AnyOrder {
        let message = "steps in any order have none before them";
        checker.refuse(Code::Unexpected, place, message, "`conversion_window` for the whole");
    }
}
