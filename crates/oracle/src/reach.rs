//! What was said of addresses, and who was listed, by going through all of it.

use std::collections::BTreeSet;

use segops_model::{ConsentChannel, ConsentState, ConsentStatement, Event, Identifier, Instant, Value};
use segops_rules::{ReachCondition, ReachTest};

use crate::Oracle;
use crate::people::{Person, normal};

/// Something that was said of an identifier.
#[derive(Debug, Clone)]
pub(crate) struct Word {
    pub(crate) of: Identifier,
    statement: ConsentStatement,
}

/// Who was put into a list or taken out, and when.
#[derive(Debug, Clone)]
pub(crate) struct Listing {
    at: i64,
    list: String,
    pub(crate) entry: Identifier,
    is_in: bool,
}

impl Oracle {
    /// Takes in what was said of an address.
    pub fn hear(&mut self, statement: ConsentStatement) {
        let sent = Identifier::new(kind_of(statement.channel), statement.address.clone());
        let of = normal(&sent).expect("an address");
        if !self.people.was_deleted(&of, statement.ts) {
            self.words.push(Word { of, statement });
        }
    }

    /// Puts someone into a list, or takes them out.
    pub fn list(&mut self, at: Instant, list: &str, entry: &Identifier, is_in: bool) {
        let entry = normal(entry).expect("an identifier");
        self.listings.push(Listing { at: at.as_ms(), list: list.to_owned(), entry, is_in });
    }

    /// An event by which people subscribe or leave, or that says that mail does not arrive; of the address
    /// that it names, or of all that the person has, or of those that they will have. It has been placed.
    pub(crate) fn hear_event(&mut self, event: &Event) {
        let said: &[ConsentState] = match event.name.as_str() {
            "Subscribed" => &[ConsentState::OptedIn],
            "Unsubscribed" => &[ConsentState::OptedOut],
            "Email Marked as Spam" => &[ConsentState::OptedOut, ConsentState::Suppressed],
            "Email Bounced" => &[ConsentState::Suppressed],
            _ => return,
        };
        let Some(strongest) = self.people.strongest_of(self.events.len()).cloned() else { return };
        let is_email = |identifier: &&Identifier| identifier.kind.as_str() == "email";
        let mut of: Vec<Identifier> = event.identifiers.iter().filter(is_email).filter_map(normal).collect();
        if of.is_empty() {
            let whose = self.people.iter().find(|person| person.identifiers.contains(&strongest));
            let held = whose.into_iter().flat_map(|person| &person.identifiers);
            of = held.filter(is_email).cloned().collect();
        }
        if of.is_empty() {
            of.push(strongest);
        }
        let topic = event.properties.get("topic").and_then(Value::as_text);
        for identifier in of {
            if self.people.was_deleted(&identifier, event.ts) {
                continue;
            }
            for state in said {
                let statement = ConsentStatement {
                    channel: ConsentChannel::Email,
                    address: identifier.value.clone(),
                    topic: topic.map(Into::into),
                    store: None,
                    state: *state,
                    ts: event.ts,
                };
                self.words.push(Word { of: identifier.clone(), statement });
            }
        }
    }

    pub(crate) fn is_listed(&self, list: &str, person: &Person, now: i64) -> bool {
        let mut inside: BTreeSet<&Identifier> = BTreeSet::new();
        for one in self.listings.iter().filter(|one| one.list == list && one.at <= now) {
            if one.is_in {
                inside.insert(&one.entry)
            } else {
                inside.remove(&one.entry)
            };
        }
        person.identifiers.iter().any(|identifier| inside.contains(identifier))
    }

    pub(crate) fn reaches(&self, condition: &ReachCondition, person: &Person, now: i64) -> bool {
        let asked = ConsentChannel::ALL.into_iter();
        asked.filter(|channel| condition.channel.is_none_or(|one| one == *channel)).any(|channel| {
            let is_address = |one: &&Identifier| one.kind.as_str() == kind_of(channel);
            person.identifiers.iter().filter(is_address).any(|address| {
                let said: Vec<&ConsentStatement> = self
                    .words
                    .iter()
                    .filter(|word| word.statement.channel == channel && word.statement.ts.as_ms() <= now)
                    .filter(|word| {
                        word.of == *address
                            || (person.identifiers.contains(&word.of) && !is_address(&&word.of))
                    })
                    .map(|word| &word.statement)
                    .collect();
                let valid = kind_of(channel) != "phone" || address.value.starts_with('+');
                passes(condition, &said, valid)
            })
        })
    }

    /// How many of some people can be reached at an instant, by email and by SMS.
    #[must_use]
    pub fn reachable(&self, people: &BTreeSet<BTreeSet<Identifier>>, at: Instant) -> (u64, u64) {
        let count = |channel| {
            let asked = ReachCondition {
                test: ReachTest::Reachable,
                channel: Some(channel),
                topic: None,
                store: None,
            };
            let among = self.people.iter().filter(|person| people.contains(&person.identifiers));
            among.filter(|person| self.reaches(&asked, person, at.as_ms())).count() as u64
        };
        (count(ConsentChannel::Email), count(ConsentChannel::Sms))
    }
}

fn kind_of(channel: ConsentChannel) -> &'static str {
    match channel {
        ConsentChannel::Email => "email",
        ConsentChannel::Sms | ConsentChannel::Whatsapp | ConsentChannel::Phone => "phone",
        ConsentChannel::Push => "push_token",
    }
}

fn passes(condition: &ReachCondition, said: &[&ConsentStatement], valid: bool) -> bool {
    let suppressed = {
        let about = said
            .iter()
            .filter(|one| matches!(one.state, ConsentState::Suppressed | ConsentState::Unsuppressed));
        let newest = about.map(|one| one.ts).max();
        said.iter().any(|one| Some(one.ts) == newest && one.state == ConsentState::Suppressed)
    };
    let of = |topic: Option<&str>, store: Option<&str>| {
        let same = |held: Option<&str>, asked: Option<&str>| {
            held.map(str::to_lowercase) == asked.map(str::to_lowercase)
        };
        let words: Vec<&&ConsentStatement> = said
            .iter()
            .filter(|one| matches!(one.state, ConsentState::OptedIn | ConsentState::OptedOut))
            .filter(|one| same(one.topic.as_deref(), topic) && same(one.store.as_deref(), store))
            .collect();
        let newest = words.iter().map(|one| one.ts).max()?;
        let out = words.iter().any(|one| one.ts == newest && one.state == ConsentState::OptedOut);
        Some((newest, out))
    };
    let (topic, store) = (condition.topic.as_deref(), condition.store.as_deref());
    // An opt-out from something wider counts until something narrower is said later.
    let mut scopes = vec![of(None, None)];
    if store.is_some() {
        scopes.push(of(None, store));
    }
    if topic.is_some() {
        scopes.push(of(topic, None));
    }
    if topic.is_some() && store.is_some() {
        scopes.push(of(topic, store));
    }
    let mut held: Option<(Instant, bool)> = None;
    for scope in scopes.into_iter().flatten() {
        held = match held {
            Some((ts, true)) if ts >= scope.0 => held,
            _ => Some(scope),
        };
    }
    match condition.test {
        ReachTest::HasAddress => valid,
        ReachTest::Reachable => valid && !suppressed && held.is_none_or(|(_, out)| !out),
        ReachTest::Consented => held.is_some_and(|(_, out)| !out),
        ReachTest::OptedOut => held.is_some_and(|(_, out)| out),
        ReachTest::Suppressed => suppressed,
    }
}
