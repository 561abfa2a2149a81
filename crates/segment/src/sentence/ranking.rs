use segops_model::{Decimal, Path};
use segops_rules::{AggregateFunction, Measure, Named, RankingCondition, RankingEnd};

use super::aggregate::{aggregate_name, amount_property};
use super::computed::parts_text;
use super::phrase::Phrase;
use super::words::{Events, Words, counted, grouped, name_of, rounded};
use crate::explain::{ConditionExplanation, Observed};

/// What the profile has, and where the ranking has been cut.
pub(super) fn phrase(
    leaf: &RankingCondition<Named>,
    found: &ConditionExplanation,
    wanted: bool,
    words: &Words<'_>,
) -> Phrase {
    let Some(Observed::Ranked { value, threshold, as_of, population, due_at, several_currencies, parts }) =
        &found.observed
    else {
        return Phrase::of_text(found);
    };
    let told = Told { leaf, value: *value, threshold: *threshold, words };
    let is_met = found.holds == wanted;
    let what = told.found();
    let place = format!("the {} {}%", leaf.end.word(), leaf.percent);
    let need = match (threshold, as_of) {
        (Some(threshold), Some(as_of)) => {
            let among = grouped(population.unwrap_or_default());
            let reach = told.reach(*threshold, wanted);
            let outside = if wanted { "" } else { "outside " };
            format!("{reach}, {outside}{place} of the {among} ranked on {}", words.moment(*as_of))
        }
        (None, _) if *several_currencies => {
            format!("a place in {place}, which there is not: money is in several currencies")
        }
        (None, Some(as_of)) => {
            format!("a place in {place}; there was nobody to rank on {}", words.moment(*as_of))
        }
        (_, None) => format!("a place in {place}, which was not taken yet"),
    };
    let unless = leaf
        .by
        .filter()
        .zip(told.window())
        .and_then(|(filter, window)| Events::of(filter, words).keeping(window, is_met));
    let deadline =
        found.evidence_expires_at.filter(|_| !is_met).map(|at| format!(" before {}", words.moment(at)));
    let change = threshold.and_then(|threshold| told.change(threshold, is_met, wanted));
    let change = change.map(|change| match deadline {
        Some(deadline) if change.starts_with("with ") => format!("{change}{deadline}"),
        _ => change,
    });
    let made_of = match &leaf.by {
        Measure::Computed(_) => parts_text(parts, &Path::of_name("number"), words),
        _ => String::new(),
    };
    let anew = due_at.map(|at| (at, "when everyone is ranked anew".to_owned()));
    let mut phrase = Phrase::needing(&what, Some(&need), is_met, found);
    phrase.found.push_str(&made_of);
    phrase.unless(unless).changing(change).could_change(anew)
}

struct Told<'a> {
    leaf: &'a RankingCondition<Named>,
    value: Option<Decimal>,
    threshold: Option<Decimal>,
    words: &'a Words<'a>,
}

impl Told<'_> {
    fn found(&self) -> String {
        match (&self.leaf.by, self.value) {
            (Measure::Count(count), value) => {
                let events = Events::of(&count.event, self.words);
                let count_text =
                    value.map_or_else(|| format!("no {}", events.many), |value| self.counted(value, &events));
                format!("{count_text}{} {}", events.which, events.when(&count.window, self.words))
            }
            (Measure::Aggregate(aggregate), Some(value)) => {
                format!("{} is {}", aggregate_name(aggregate, self.words), self.number(value))
            }
            (Measure::Aggregate(aggregate), None) => {
                let events = Events::of(&aggregate.event, self.words);
                let when = events.when(&aggregate.window, self.words);
                format!("nothing to rank, with no {}{} {when}", events.many, events.which)
            }
            (Measure::Trait(path), Some(value)) => format!("{} is {}", name_of(path), self.number(value)),
            (Measure::Trait(path), None) => format!("{} is no number that is known", name_of(path)),
            (Measure::Score(score), Some(value)) => format!("the score {score} is {}", self.number(value)),
            (Measure::Computed(name), Some(value)) => format!("{name} is {}", self.number(value)),
            (Measure::Computed(name), None) => format!("{name} is no number to rank"),
            (Measure::Score(score), None) => format!("no number is known for the score {score}"),
        }
    }

    fn counted(&self, count: Decimal, events: &Events) -> String {
        match count.to_i64().and_then(|count| u64::try_from(count).ok()) {
            Some(count) => counted(count, false, &events.one, &events.many),
            None => format!("{} {}", self.number(count), events.many),
        }
    }

    fn number(&self, value: Decimal) -> String {
        let threshold: Vec<Decimal> = self.threshold.into_iter().collect();
        self.amount(rounded(value, &threshold))
    }

    fn amount(&self, number: Decimal) -> String {
        let property = match &self.leaf.by {
            Measure::Aggregate(aggregate) => amount_property(aggregate),
            Measure::Count(_) | Measure::Computed(_) => Path::of_name("number"),
            Measure::Trait(path) => path.clone(),
            Measure::Score(score) => Path::of_name(score),
        };
        self.words.amount(&property, number)
    }

    const fn window(&self) -> Option<&segops_rules::Window> {
        match &self.leaf.by {
            Measure::Aggregate(aggregate) => Some(&aggregate.window),
            Measure::Count(count) => Some(&count.window),
            Measure::Trait(_) | Measure::Score(_) | Measure::Computed(_) => None,
        }
    }

    /// `600.00 EUR or more`.
    fn reach(&self, threshold: Decimal, wanted: bool) -> String {
        let value: Vec<Decimal> = self.value.into_iter().collect();
        let number = self.amount(rounded(threshold, &value));
        match (self.leaf.end, wanted) {
            (RankingEnd::Top, true) => format!("{number} or more"),
            (RankingEnd::Bottom, true) => format!("{number} or less"),
            (RankingEnd::Top, false) => format!("under {number}"),
            (RankingEnd::Bottom, false) => format!("over {number}"),
        }
    }

    /// What would bring the profile in, or out, while the threshold stays.
    fn change(&self, threshold: Decimal, is_met: bool, wanted: bool) -> Option<String> {
        if is_met {
            let Measure::Trait(path) = &self.leaf.by else { return None };
            return Some(format!("once {} changes", name_of(path)));
        }
        let rises = (self.leaf.end == RankingEnd::Top) == wanted;
        let reach = self.reach(threshold, wanted);
        let gap = threshold
            .checked_sub(self.value.unwrap_or_default())
            .filter(|gap| rises && wanted && !gap.is_negative());
        match (&self.leaf.by, gap) {
            (Measure::Trait(path), _) => Some(format!("once {} is {reach}", name_of(path))),
            (Measure::Count(count), Some(gap)) => {
                let events = Events::of(&count.event, self.words);
                let such = if events.which.is_empty() { "" } else { "such " };
                let noun = if gap == Decimal::ONE { events.one } else { events.many };
                let more = if self.value.is_some() { "more " } else { "" };
                Some(format!("with {} {more}{such}{noun}", self.amount(gap)))
            }
            (Measure::Aggregate(aggregate), Some(gap)) if aggregate.function == AggregateFunction::Sum => {
                Some(format!("with {} more", self.amount(gap)))
            }
            _ => None,
        }
    }
}
