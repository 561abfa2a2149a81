use segops_rules::{ActiveCondition, Named, PeriodGrid, Unit};

use super::phrase::Phrase;
use super::words::{Events, Need, Words, counted, unit_text, window_text};
use crate::explain::{ConditionExplanation, Observed};

/// In how many periods the profile did something, and whether it stopped or started again.
pub(super) fn phrase(
    leaf: &ActiveCondition<Named>,
    found: &ConditionExplanation,
    wanted: bool,
    words: &Words<'_>,
) -> Phrase {
    let Some(Observed::Periods { active, counts }) = &found.observed else {
        return Phrase::of_text(found);
    };
    let events = Events::of(leaf.event(), words);
    let is_met = found.holds == wanted;
    let (what, need) = match leaf {
        ActiveCondition::Periods(periods) => {
            let among = periods.among;
            let grid = match among.grid {
                PeriodGrid::Rolling => "last",
                PeriodGrid::Calendar => "last whole",
                PeriodGrid::CalendarToDate => "last, the one under way included,",
            };
            let each = Need::of(periods.each, true);
            let each = if each == Need::AT_LEAST_ONE {
                format!("{}{}", events.many, events.which)
            } else {
                format!("{} {}{}", each.text(), events.many, events.which)
            };
            let of = format!("{} of the {grid} {} {}s", active, among.count, unit_text(among.unit));
            (format!("{each} in {of}"), Some(Need::of(periods.periods, wanted).text()))
        }
        ActiveCondition::Days(days) => {
            let unit = unit_text(days.unit);
            let number = counted(*active, false, unit, &format!("{unit}s"));
            let of = if days.unit == Unit::Day { "on" } else { "in" };
            let what =
                format!("{}{} {of} {number} {}", events.many, events.which, window_text(&days.window, words));
            (what, Some(Need::of(days.count, wanted).text()))
        }
        ActiveCondition::Stopped(change) | ActiveCondition::Restarted(change) => {
            let now = counted(counts.first().copied().unwrap_or_default(), false, &events.one, &events.many);
            let before =
                counted(counts.get(1).copied().unwrap_or_default(), false, &events.one, &events.many);
            let period = window_text(&change.period, words);
            let what = format!("{now}{} {period}, and {before} in the same time before", events.which);
            let need = match (leaf, wanted) {
                (ActiveCondition::Stopped(_), true) => "some before and none since",
                (ActiveCondition::Stopped(_), false) => "anything but some before and none since",
                (_, true) => "some now, none right before, and some long before",
                (_, false) => "anything but a new start",
            };
            (what, Some(need.to_owned()))
        }
    };
    Phrase::needing(&what, need.as_deref(), is_met, found)
}
