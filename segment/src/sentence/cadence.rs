use segops_model::{DAY_MS, HOUR_MS, MINUTE_MS};
use segops_rules::{CadenceCondition, CadenceTest, Named};

use super::phrase::Phrase;
use super::words::{Events, Words};
use crate::explain::{ConditionExplanation, Observed};

/// How long ago the newest event was, against the usual gap.
pub(super) fn phrase(
    leaf: &CadenceCondition<Named>,
    found: &ConditionExplanation,
    wanted: bool,
    words: &Words<'_>,
) -> Phrase {
    let Some(Observed::Cadence { newest, median_gap_ms, .. }) = found.observed else {
        return Phrase::of_text(found);
    };
    let events = Events::of(&leaf.event, words);
    let is_met = found.holds == wanted;
    let (how, waits) = match leaf.test {
        CadenceTest::LessThan(_) => ("under", false),
        CadenceTest::AtMost(_) => ("at most", false),
        CadenceTest::MoreThan(_) => ("over", true),
        CadenceTest::AtLeast(_) => ("at least", true),
    };
    let (Some(newest), Some(gap_ms)) = (newest, median_gap_ms) else {
        let what = format!("too few {}{} for a usual time between them", events.many, events.which);
        let need = format!("{} of them", leaf.events_min);
        return Phrase::needing(&what, Some(&need).filter(|_| !is_met).map(String::as_str), is_met, found);
    };
    let what = format!(
        "last {}{} on {}, {} ago, where {} is usual",
        events.one,
        events.which,
        words.day(newest),
        duration_text(words.now().ms_since(newest)),
        duration_text(gap_ms),
    );
    let factor = leaf.test.factor();
    let not = if wanted { "" } else { "anything but " };
    let need = format!("{not}{how} {factor} times that");
    let phrase = Phrase::needing(&what, Some(&need), is_met, found);
    let is_overdue = waits == wanted;
    let again = format!("they {}", events.act);
    let next = format!("with the next {}", events.one);
    match (is_met, is_overdue) {
        // Waiting brings it about, and the next event ends it; or the other way round.
        (false, true) => phrase.unless(Some(format!("{again} before"))),
        (true, true) | (false, false) => phrase.changing(Some(next)),
        (true, false) => phrase.unless(Some(format!("{again} again"))),
    }
}

/// `12 days`, `3 hours`: the greatest unit of which there are two.
fn duration_text(ms: i64) -> String {
    let units = [("day", DAY_MS), ("hour", HOUR_MS), ("minute", MINUTE_MS)];
    let (unit, unit_ms) =
        units.into_iter().find(|(_, unit_ms)| ms >= 2 * unit_ms).unwrap_or(("second", 1_000));
    let count = (ms + unit_ms / 2) / unit_ms;
    if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") }
}
