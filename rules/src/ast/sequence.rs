//! Events in an order, with what must not happen between them or after the last.

use serde::{Deserialize, Serialize};

use segops_model::Path;

use super::{CountTest, EventFilter, Stage, Window};
use crate::time::Span;

/// How often the profile did one thing after another in a window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", deny_unknown_fields)]
pub struct SequenceCondition<S: Stage> {
    /// In their order. The first one is an event.
    pub steps: Vec<SequenceStep<S>>,
    /// The property of which all events of one completion have the same value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same: Option<Path>,
    /// How many completions.
    #[serde(default)]
    pub count: CountTest,
    /// Every event of a completion lies in it.
    #[serde(default)]
    pub window: Window,
}

/// One step of a sequence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", deny_unknown_fields)]
pub struct SequenceStep<S: Stage> {
    /// Whether the step is that no such event happened.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub absent: bool,
    pub event: EventFilter<S>,
    /// How long after the event before it the event happened, or for how long none did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Span>,
}

impl<S: Stage> SequenceCondition<S> {
    /// The same sequence, with the events of another stage.
    pub(crate) fn try_map<T: Stage, E>(
        &self,
        mut map: impl FnMut(usize, &EventFilter<S>) -> Result<EventFilter<T>, E>,
    ) -> Result<SequenceCondition<T>, E> {
        let steps = self.steps.iter().enumerate().map(|(at, step)| {
            Ok(SequenceStep { absent: step.absent, event: map(at, &step.event)?, within: step.within })
        });
        Ok(SequenceCondition {
            steps: steps.collect::<Result<_, E>>()?,
            same: self.same.clone(),
            count: self.count,
            window: self.window.clone(),
        })
    }
}

/// Where line items have the property that the events of a sequence share: `products[].product_id` for
/// `product_id`.
#[must_use]
pub fn same_in_line_items(same: &Path) -> Option<Path> {
    let is_one_name = same.split_list().is_none() && *same == Path::of_name(same.root());
    is_one_name.then(|| Path::joined(&Path::of_name(LINE_ITEMS), Some(same)))
}

/// The list that ecommerce events have their line items in.
const LINE_ITEMS: &str = "products";
