//! Sessions: runs of events without a long gap, cut at midnights and campaigns where the definition says so.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;

use segops_model::{Decimal, Instant, Object, Value};
use segops_rules::{Resolved, SessionDefinition, SessionStands};

use super::visit::{Campaign, Visit, channel};
use super::{
    DERIVED_FACTS_MAX, Derivation, DerivedChange, DerivedFact, DerivedFacts, DerivedOccurrence, span_ms,
};
use crate::Entry;
use crate::calendar::Period;

type Inputs = std::collections::BTreeMap<Entry, Visit>;

pub(super) fn add(
    definition: &SessionDefinition<Resolved>,
    derivation: &Derivation,
    facts: &mut DerivedFacts,
    fact: DerivedFact,
) -> DerivedChange {
    let (at, Some(visit)) = (fact.at, fact.input) else { return DerivedChange::default() };
    let inputs = &mut facts.inputs;
    let oldest = inputs.first_key_value().map(|(oldest, _)| *oldest);
    let is_full = inputs.len() >= DERIVED_FACTS_MAX;
    if inputs.contains_key(&at) || (is_full && oldest.is_some_and(|oldest| at < oldest)) {
        return DerivedChange::default();
    }
    let earlier = inputs.range(..at).next_back().map(|(entry, _)| *entry);
    let later = inputs.range(at..).next().map(|(entry, _)| *entry);
    let dropped = oldest.filter(|_| is_full);
    let runs = Runs { definition, gap_ms: span_ms(definition.gap), zone: derivation.zone() };
    let before = runs.around(inputs, &[earlier, later, dropped]);
    inputs.insert(at, visit);
    if let Some(dropped) = dropped {
        inputs.remove(&dropped);
    }
    let first = inputs.first_key_value().map(|(first, _)| *first).filter(|_| dropped.is_some());
    let after = runs.around(inputs, &[Some(at), earlier, later, first]);
    DerivedChange { before, after }
}

pub(super) fn all(
    definition: &SessionDefinition<Resolved>,
    derivation: &Derivation,
    facts: &DerivedFacts,
) -> Vec<DerivedOccurrence> {
    let runs = Runs { definition, gap_ms: span_ms(definition.gap), zone: derivation.zone() };
    let mut sessions = Vec::new();
    let mut run: Vec<(&Entry, &Visit)> = Vec::new();
    for event in &facts.inputs {
        if run.last().is_some_and(|(last, _)| runs.is_over(last.ts, event.0.ts)) {
            runs.cut(&run, &mut sessions);
            run.clear();
        }
        run.push(event);
    }
    runs.cut(&run, &mut sessions);
    sessions
}

/// Events with less than the gap between them.
struct Runs<'a> {
    definition: &'a SessionDefinition<Resolved>,
    gap_ms: i64,
    zone: &'a TimeZone,
}

impl Runs<'_> {
    const fn is_over(&self, last: Instant, next: Instant) -> bool {
        next.ms_since(last) >= self.gap_ms
    }

    /// The sessions of the runs that hold any of some events, as far as those are there.
    fn around(&self, inputs: &Inputs, events: &[Option<Entry>]) -> Vec<DerivedOccurrence> {
        let mut sessions = Vec::new();
        let mut starts = BTreeSet::new();
        for event in events.iter().flatten().filter(|event| inputs.contains_key(event)) {
            let mut start = *event;
            for (earlier, _) in inputs.range(..*event).rev() {
                if self.is_over(earlier.ts, start.ts) {
                    break;
                }
                start = *earlier;
            }
            if !starts.insert(start) {
                continue;
            }
            let mut run: Vec<(&Entry, &Visit)> = Vec::new();
            for event in inputs.range(start..) {
                if run.last().is_some_and(|(last, _)| self.is_over(last.ts, event.0.ts)) {
                    break;
                }
                run.push(event);
            }
            self.cut(&run, &mut sessions);
        }
        sessions
    }

    /// Cuts a run into its sessions.
    fn cut(&self, run: &[(&Entry, &Visit)], sessions: &mut Vec<DerivedOccurrence>) {
        let mut rest = run;
        while let Some(((first, visit), later)) = rest.split_first() {
            let midnight = self.midnight_after(first.ts);
            let campaign = visit.campaign.as_deref();
            let goes_on = |(entry, visit): &&(&Entry, &Visit)| {
                let named = visit.campaign.as_deref();
                let is_other = self.definition.split_at_campaign && named.is_some() && named != campaign;
                midnight.is_none_or(|midnight| entry.ts < midnight) && !is_other
            };
            let length = 1 + later.iter().take_while(goes_on).count();
            let (session, others) = rest.split_at(length);
            let next = others.first().map(|(entry, _)| entry.ts);
            sessions.extend(self.session(session, midnight, next));
            rest = others;
        }
    }

    /// The next local midnight, where sessions end there.
    fn midnight_after(&self, ts: Instant) -> Option<Instant> {
        self.definition.split_at_midnight.then(|| Period::Day.start(self.zone, ts, 1)).flatten()
    }

    fn session(
        &self,
        events: &[(&Entry, &Visit)],
        midnight: Option<Instant>,
        next: Option<Instant>,
    ) -> Option<DerivedOccurrence> {
        let ((first, _), (last, _)) = (events.first()?, events.last()?);
        let entry = match self.definition.stands {
            SessionStands::AtStart => **first,
            SessionStands::AtEnd => {
                let passed = last.ts.plus_ms(self.gap_ms);
                let ts = [midnight, next].into_iter().flatten().fold(passed, Instant::min);
                Entry { ts, position: last.position }
            }
        };
        let visits = || events.iter().map(|(_, visit)| *visit);
        Some(DerivedOccurrence::new(entry, properties(first.ts, last.ts, visits)))
    }
}

fn properties<'a, I: DoubleEndedIterator<Item = &'a Visit>>(
    first: Instant,
    last: Instant,
    visits: impl Fn() -> I,
) -> Object {
    let count = |number: usize| Value::Number(Decimal::from_u64(number as u64));
    let campaign: Option<&Campaign> = visits().find_map(|visit| visit.campaign.as_deref());
    let referrer = visits().find_map(|visit| visit.referrer.clone());
    let orders = visits().filter_map(|visit| visit.order);
    let mut properties = Object::new();
    properties.set("started_at", Value::text(first.to_string()));
    properties.set("ended_at", Value::text(last.to_string()));
    properties.set("duration_seconds", Value::Number(seconds(last.ms_since(first))));
    properties.set("event_count", count(visits().count()));
    properties.set("page_count", count(visits().filter(|visit| visit.is_page).count()));
    properties.set("order_count", count(visits().filter(|visit| visit.order.is_some()).count()));
    properties.set("has_order", Value::Bool(visits().any(|visit| visit.order.is_some())));
    properties.set("order_value", Value::Number(orders.sum()));
    properties.set("channel", channel(campaign, referrer.as_deref()));
    let texts = [
        ("entry_page", visits().find_map(|visit| visit.page.clone())),
        ("exit_page", visits().rev().find_map(|visit| visit.page.clone())),
        ("referrer", referrer),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            properties.set(name, Value::Text(text));
        }
    }
    if let Some(campaign) = campaign {
        properties.set("campaign", Value::Object(campaign.object()));
    }
    properties
}

pub(super) fn seconds(ms: i64) -> Decimal {
    Decimal::from_billionths(i128::from(ms) * 1_000_000)
}
