//! Derived events, made by going through everything that someone has done, and put among it.

use std::collections::BTreeMap;

use segops_model::{Decimal, Event, Instant, Object, Value};
use segops_rules::{
    DerivedDefinition, EventFilter, Named, RenamedDefinition, Rule, SessionDefinition, SessionStands, Span,
    TouchChoice, TouchDefinition, Unit,
};

use crate::Oracle;
use crate::calendar::{Period, date_of_wall, wall_of_date};
use crate::filter::{matches, properties_of, reached};
use crate::order::worth;
use crate::value::shown;

/// What marks an event that nobody has sent.
const MARK: &str = "derived";
/// What marks one that is an event itself, under another name.
const RENAMED: &str = "derived: renamed";
/// What marks one that stands at another instant than the event that it comes with.
const LATER: &str = "derived: later";
const PARTS: [&str; 5] = ["source", "medium", "name", "term", "content"];

pub(crate) fn is_derived(event: &Event) -> bool {
    event.message_id.starts_with(MARK)
}

/// Whether it is put together from several events, so that it is about no product.
pub(crate) fn is_put_together(event: &Event) -> bool {
    is_derived(event) && event.message_id != RENAMED
}

/// The place of the event that the one at a place stands with: neither is later than the other.
pub(crate) fn stands_at(events: &[&Event], place: usize) -> usize {
    let mut at = place;
    while is_derived(events[at]) && events[at].message_id != LATER {
        at -= 1;
    }
    at
}

impl Oracle {
    /// Whether a rule, or any that it may speak of, can be about derived events that are not there yet.
    pub(crate) fn lacks_derived(&self, rule: &Rule<Named>) -> bool {
        let rules = std::iter::once(rule).chain(self.segments.values());
        let said: String = rules.map(|rule| format!("{rule:?}")).collect();
        let is_named = self.derived_events.keys().any(|name| said.contains(&format!("{name:?}")));
        is_named && !self.events.iter().any(is_derived)
    }

    /// Puts the derived events of everyone, by what they have done up to an instant, right behind the event that
    /// each stands with.
    pub(crate) fn derive(&mut self, at: Instant) {
        let mut behind: BTreeMap<usize, Vec<Event>> = BTreeMap::new();
        for person in self.people.iter() {
            let mut done: Vec<(usize, &Event)> = person
                .events
                .iter()
                .map(|arrival| (*arrival, &self.events[*arrival]))
                .filter(|(_, event)| event.ts <= at)
                .collect();
            done.sort_by_key(|(arrival, event)| (event.ts, *arrival));
            for (name, definition) in &self.derived_events {
                let made = match definition {
                    DerivedDefinition::Session(session) => self.sessions(session, &done),
                    DerivedDefinition::Touch(touch) => self.touched(touch, &done),
                    DerivedDefinition::Renamed(renamed) => {
                        for (arrival, event) in self.renamed(renamed, &done) {
                            let (message_id, name) = (RENAMED.into(), name.as_str().into());
                            behind.entry(arrival).or_default().push(Event { message_id, name, ..event });
                        }
                        continue;
                    }
                };
                for (arrival, ts, properties) in made {
                    let base = &self.events[arrival];
                    let event = Event {
                        message_id: if ts == base.ts { MARK.into() } else { LATER.into() },
                        name: name.as_str().into(),
                        kind: segops_model::EventKind::Track,
                        ts,
                        properties,
                        context: Object::new(),
                        traits: Object::new(),
                        ..base.clone()
                    };
                    behind.entry(arrival).or_default().push(event);
                }
            }
        }
        let (mut events, mut moved) = (Vec::new(), BTreeMap::new());
        for (arrival, event) in self.events.iter().enumerate() {
            let first = events.len();
            events.push(event.clone());
            events.extend(behind.remove(&arrival).unwrap_or_default());
            moved.insert(arrival, first..events.len());
        }
        self.events = events;
        for person in self.people.iter_mut() {
            person.events = person.events.iter().flat_map(|arrival| moved[arrival].clone()).collect();
        }
    }

    fn is_any(&self, filters: &[EventFilter<Named>], event: &Event) -> bool {
        filters.iter().any(|filter| matches(filter, event, &self.sources, &self.calendar))
    }

    fn renamed(&self, renamed: &RenamedDefinition<Named>, done: &[(usize, &Event)]) -> Vec<(usize, Event)> {
        let is_meant = |event: &Event| self.is_any(std::slice::from_ref(&renamed.event), event);
        let meant = done.iter().filter(|(_, event)| is_meant(event));
        let with_values = |(arrival, event): &(usize, &Event)| {
            let (all, mut called) = (properties_of(event), (*event).clone());
            for value in &renamed.values {
                let found = reached(&all, &value.property.to_string()).into_iter().next();
                called.properties.set(&value.name, found.unwrap_or(Value::Null));
            }
            (*arrival, called)
        };
        meant.map(with_values).collect()
    }

    fn sessions(
        &self,
        session: &SessionDefinition<Named>,
        done: &[(usize, &Event)],
    ) -> Vec<(usize, Instant, Object)> {
        let gap = ms(session.gap);
        let day = |event: &Event| self.calendar.starts(Period::Day, event.ts.as_ms()).1;
        let mut sessions: Vec<Vec<(usize, &Event)>> = Vec::new();
        for (arrival, event) in done.iter().filter(|(_, event)| self.is_any(&session.events, event)) {
            let goes_on = sessions.last().is_some_and(|held| {
                let (first, last) = (held[0].1, held[held.len() - 1].1);
                let other_day = session.split_at_midnight && day(first) != day(event);
                let (named, before) = (campaign(event), campaign(first));
                let other_campaign = session.split_at_campaign && !named.is_empty() && named != before;
                event.ts.as_ms() - last.ts.as_ms() < gap && !other_day && !other_campaign
            });
            match sessions.last_mut().filter(|_| goes_on) {
                Some(held) => held.push((*arrival, event)),
                None => sessions.push(vec![(*arrival, event)]),
            }
        }
        let mut made = Vec::new();
        for (at, held) in sessions.iter().enumerate() {
            let (first, last) = (held[0], held[held.len() - 1]);
            let properties = session_properties(held);
            if session.stands == SessionStands::AtStart {
                made.push((first.0, first.1.ts, properties));
                continue;
            }
            let mut ends = vec![last.1.ts.as_ms() + gap];
            ends.extend(sessions.get(at + 1).map(|next| next[0].1.ts.as_ms()));
            if session.split_at_midnight {
                let today = date_of_wall(self.calendar.wall(day(first.1)));
                let tomorrow = today.tomorrow().expect("a day after");
                ends.push(self.calendar.first_instant(wall_of_date(tomorrow)));
            }
            made.push((last.0, Instant::from_ms(ends.into_iter().min().unwrap_or_default()), properties));
        }
        made
    }

    fn touched(
        &self,
        touch: &TouchDefinition<Named>,
        done: &[(usize, &Event)],
    ) -> Vec<(usize, Instant, Object)> {
        let outcomes = done.iter().enumerate();
        let outcomes =
            outcomes.filter(|(_, (_, event))| self.is_any(std::slice::from_ref(&touch.outcome), event));
        let mut made = Vec::new();
        for (at, (arrival, outcome)) in outcomes {
            let age = |event: &Event| outcome.ts.as_ms() - event.ts.as_ms();
            let mut touches = done[..=at]
                .iter()
                .filter(|(_, event)| self.is_any(&touch.touches, event) && age(event) < ms(touch.within));
            let chosen = match touch.choice {
                TouchChoice::First => touches.next(),
                TouchChoice::Last => touches.next_back(),
            };
            let mut properties = outcome.properties.clone();
            properties.set("touch", Value::Null);
            if let Some((_, event)) = chosen {
                let mut told = came_from(event);
                told.set("at", Value::text(event.ts.to_string()));
                told.set("event", Value::Text(event.name.clone()));
                told.set(
                    "seconds_before",
                    Value::Number(Decimal::from_billionths(i128::from(age(event)) * 1_000_000)),
                );
                if let Some(page) = page(event) {
                    told.set("page", Value::text(page));
                }
                properties.set("touch", Value::Object(told));
            }
            made.push((*arrival, outcome.ts, properties));
        }
        made
    }
}

fn session_properties(held: &[(usize, &Event)]) -> Object {
    let number = |count: usize| Value::Number(Decimal::from_u64(count as u64));
    let events: Vec<&Event> = held.iter().map(|(_, event)| *event).collect();
    let (first, last) = (events[0], events[events.len() - 1]);
    let pages: Vec<String> = events.iter().filter_map(|event| page(event)).collect();
    let orders: Vec<&&Event> = events.iter().filter(|event| event.name == "Order Completed").collect();
    let spent: i128 = orders.iter().map(|order| worth(&order.properties).unwrap_or(0)).sum();
    let mut told = Object::new();
    told.set("started_at", Value::text(first.ts.to_string()));
    told.set("ended_at", Value::text(last.ts.to_string()));
    let lasted = i128::from(last.ts.as_ms() - first.ts.as_ms()) * 1_000_000;
    told.set("duration_seconds", Value::Number(Decimal::from_billionths(lasted)));
    told.set("event_count", number(events.len()));
    told.set("page_count", number(events.iter().filter(|event| event.name == "Page Viewed").count()));
    told.set("order_count", number(orders.len()));
    told.set("has_order", Value::Bool(!orders.is_empty()));
    told.set("order_value", Value::Number(Decimal::from_billionths(spent)));
    if let (Some(entry), Some(exit)) = (pages.first(), pages.last()) {
        told.set("entry_page", Value::text(entry.as_str()));
        told.set("exit_page", Value::text(exit.as_str()));
    }
    let campaigns = events.iter().map(|event| campaign(event));
    let campaign = campaigns.into_iter().find(|campaign| !campaign.is_empty()).unwrap_or_default();
    let referrer = events.iter().find_map(|event| referrer(event));
    say_origin(&mut told, campaign, referrer);
    told
}

fn came_from(event: &Event) -> Object {
    let mut told = Object::new();
    say_origin(&mut told, campaign(event), referrer(event));
    told
}

fn say_origin(told: &mut Object, campaign: Object, referrer: Option<String>) {
    let channel = match (campaign.get("medium").and_then(shown), &referrer) {
        (Some(medium), _) => medium.to_lowercase(),
        (None, _) if !campaign.is_empty() => "campaign".to_owned(),
        (None, Some(referrer)) if referrer.contains("google") => "organic".to_owned(),
        (None, Some(referrer)) if referrer.contains("facebook") => "social".to_owned(),
        (None, Some(_)) => "referral".to_owned(),
        (None, None) => "direct".to_owned(),
    };
    told.set("channel", Value::text(channel));
    if !campaign.is_empty() {
        told.set("campaign", Value::Object(campaign));
    }
    if let Some(referrer) = referrer {
        told.set("referrer", Value::text(referrer));
    }
}

fn text_at(event: &Event, paths: &[&str]) -> Option<String> {
    let all = properties_of(event);
    paths.iter().find_map(|path| {
        let values = reached(&all, path);
        let text = values.first().and_then(shown)?;
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    })
}

fn page(event: &Event) -> Option<String> {
    text_at(event, &["path", "context.page.path", "url", "context.page.url"])
}

fn campaign(event: &Event) -> Object {
    let said = PARTS.iter().filter_map(|part| {
        Some((*part, Value::text(text_at(event, &[&format!("context.campaign.{part}")])?)))
    });
    said.collect()
}

/// Another site than the one that the event was on.
fn referrer(event: &Event) -> Option<String> {
    let site = |url: String| {
        let start = url.find("://")? + 3;
        let name = url[start..].split(|sign| "/?#:".contains(sign)).next()?.to_lowercase();
        let name = name.trim_start_matches("www.").to_owned();
        (!name.is_empty()).then_some(name)
    };
    let from = text_at(event, &["referrer", "context.page.referrer"])?;
    let own = text_at(event, &["context.page.url", "url"]).and_then(site);
    let other = site(from.clone())?;
    (own.as_ref() != Some(&other)).then_some(from)
}

fn ms(span: Span) -> i64 {
    let seconds = match span.unit {
        Unit::Second => 1,
        Unit::Minute => 60,
        Unit::Hour => 60 * 60,
        Unit::Day => 24 * 60 * 60,
        Unit::Week => 7 * 24 * 60 * 60,
        other => panic!("no derived event waits for a {other:?}"),
    };
    i64::from(span.count) * seconds * 1_000
}
