use serde_json::Value as Json;

use segops_rules::{Condition, CountTest, Named, SequenceCondition, SequenceStep, Span, Unit};

use super::dates::window;
use super::{Reader, text};

impl Reader<'_> {
    /// Steps in order, each of which happened or did not after the one before.
    pub(super) fn funnel(&mut self, json: &Json, place: &str) -> Option<Condition<Named>> {
        let rows = json.get("steps").and_then(Json::as_array).cloned().unwrap_or_default();
        let steps: Vec<Option<SequenceStep<Named>>> = rows
            .iter()
            .enumerate()
            .map(|(at, row)| {
                let event = self.event_filter(row, &format!("{place}.steps[{at}]"))?;
                let absent = row.get("metric_exists").and_then(Json::as_bool) == Some(false);
                Some(SequenceStep { absent, event, within: None })
            })
            .collect();
        let frame = json.get("timeframe_filter").unwrap_or(&Json::Null);
        let window = window(frame, &mut self.notes, &format!("{place}.timeframe_filter"));
        let completion = match text(json, "completion_window_seconds") {
            "" => None,
            written => match completion_window(written) {
                Some(span) => Some(span),
                None => {
                    let message = format!("the completion window `{written}` is not known");
                    return self.notes.cannot(&format!("{place}.completion_window_seconds"), message);
                }
            },
        };
        let mut steps: Vec<SequenceStep<Named>> = steps.into_iter().collect::<Option<_>>()?;
        match steps.first() {
            None => return self.notes.cannot(place, "there are no steps"),
            Some(first) if first.absent => {
                return self.notes.cannot(
                    &format!("{place}.steps[0]"),
                    "a step that did not happen comes after one that did",
                );
            }
            Some(_) if steps.len() == 1 => {
                return self.notes.cannot(place, "one step is no sequence; write a condition on its event");
            }
            Some(_) => {}
        }
        if let Some(span) = completion {
            // One time for all steps is that of the second event, where there are but two.
            if steps.iter().filter(|step| !step.absent).count() > 2 {
                return self.notes.cannot(
                    &format!("{place}.completion_window_seconds"),
                    "one time for all steps together cannot be said of more than two; a step's time counts from the one before it",
                );
            }
            if let Some(last) = steps.last_mut() {
                last.within = Some(span);
            }
        }
        self.notes.assumed(place, "every step lies in the timeframe, and each is later than the one before");
        if steps.last().is_some_and(|step| step.absent && step.within.is_some()) {
            self.notes
                .differs(place, "that a last step did not happen is certain only when its time is over");
        }
        let window = window?;
        Some(Condition::Sequence(Box::new(SequenceCondition {
            steps,
            same: None,
            count: CountTest::default(),
            window,
        })))
    }
}

/// `DAYS_30`, `HOURS_1`.
fn completion_window(written: &str) -> Option<Span> {
    let (unit, count) = written.split_once('_')?;
    let unit = match unit {
        "HOURS" => Unit::Hour,
        "DAYS" => Unit::Day,
        "WEEKS" => Unit::Week,
        "YEARS" => Unit::Year,
        _ => return None,
    };
    Some(Span { count: count.parse().ok()?, unit })
}
