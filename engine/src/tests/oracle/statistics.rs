//! How often each verdict came out, for each family: rules that nearly always say the same prove little.

use std::collections::BTreeMap;

/// What was asked of one family's rules.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    /// Rules that served in a history: what counts as a case.
    pub(super) rules: u64,
    pub(super) members: u64,
    pub(super) others: u64,
    /// Verdicts that were another than at the comparison before.
    pub(super) flips: u64,
    /// Those of them that came at a verdict's own next instant of change, and not one millisecond before it.
    pub(super) timed: u64,
}

pub(super) type Tallies = BTreeMap<&'static str, Tally>;

/// Adds one run's numbers to another's.
pub(super) fn add(sum: &mut Tallies, other: &Tallies) {
    for (family, tally) in other {
        let held = sum.entry(family).or_default();
        held.rules += tally.rules;
        held.members += tally.members;
        held.others += tally.others;
        held.flips += tally.flips;
        held.timed += tally.timed;
    }
}

/// The numbers as a table.
pub(super) fn table(tallies: &Tallies) -> String {
    let mut table = format!(
        "{:24} {:>8} {:>10} {:>10} {:>6} {:>9} {:>9}\n",
        "family", "cases", "true", "false", "true%", "flips", "by timer"
    );
    for (family, Tally { rules, members, others, flips, timed }) in tallies {
        let share = members * 100 / (members + others).max(1);
        table.push_str(&format!(
            "{family:24} {rules:>8} {members:>10} {others:>10} {share:>5}% {flips:>9} {timed:>9}\n"
        ));
    }
    let cases: u64 = tallies.values().map(|tally| tally.rules).sum();
    table.push_str(&format!("{:24} {cases:>8}", "all"));
    table
}

/// What is too one-sided to prove anything.
pub(super) fn complaints(tallies: &Tallies) -> Vec<String> {
    let mut complaints = Vec::new();
    for (family, tally) in tallies {
        let all = tally.members + tally.others;
        if tally.members * 10 < all {
            complaints.push(format!("{family}: under a tenth of the verdicts are true"));
        }
        if tally.others * 10 < all {
            complaints.push(format!("{family}: under a tenth of the verdicts are false"));
        }
        if tally.flips == 0 {
            complaints.push(format!("{family}: no verdict ever changed"));
        }
    }
    complaints
}
