use super::{clauses, clauses_when, count, named_event, span_text, unit_text};
use crate::ast::{ActiveCondition, ActivePeriods, CountTest, Named, PeriodGrid, PeriodRun};
use crate::time::Span;

pub(super) fn active_condition(leaf: &ActiveCondition<Named>, verb: &str, closed: bool) -> String {
    match leaf {
        ActiveCondition::Periods(leaf) => periods(leaf, verb, closed),
        ActiveCondition::Days(leaf) => format!(
            "distinct {}s with {}{} {}",
            unit_text(leaf.unit),
            named_event(&leaf.event),
            clauses(&leaf.event, &leaf.window, true),
            count(leaf.count, "")
        ),
        ActiveCondition::Stopped(leaf) => {
            format!("stopped {}{}", named_event(&leaf.event), clauses(&leaf.event, &leaf.period, closed))
        }
        ActiveCondition::Restarted(leaf) => {
            format!("restarted {}{}", named_event(&leaf.event), clauses(&leaf.event, &leaf.period, closed))
        }
    }
}

fn periods(leaf: &ActivePeriods<Named>, verb: &str, closed: bool) -> String {
    let mut text = format!("{verb} {}", named_event(&leaf.event));
    if leaf.each != CountTest::default() {
        text.push_str(&format!(" {}", count(leaf.each, "time")));
    }
    let among = format!("in {} of {}", count(leaf.periods, ""), run(leaf.among));
    text.push_str(&clauses_when(&leaf.event, &among, closed));
    text
}

fn run(run: PeriodRun) -> String {
    let unit = unit_text(run.unit);
    let calendar = |count: u32| format!("{count} calendar {unit}{}", if count == 1 { "" } else { "s" });
    match run.grid {
        PeriodGrid::Rolling => format!("the last {}", span_text(Span { count: run.count, unit: run.unit })),
        PeriodGrid::Calendar => format!("the last {}", calendar(run.count)),
        PeriodGrid::CalendarToDate => format!("this and the last {}", calendar(run.count.saturating_sub(1))),
    }
}
