//! Who did what: people as sets of identifiers, joined event by event in the order of arrival, parted and
//! deleted by hand.

use std::collections::{BTreeMap, BTreeSet};

use segops_model::{Event, EventKind, Identifier, Instant};

use crate::recorded::{Moves, joined};

/// One person: what they are known by, and their events by arrival.
#[derive(Debug, Clone, Default)]
pub(crate) struct Person {
    pub(crate) identifiers: BTreeSet<Identifier>,
    pub(crate) events: BTreeSet<usize>,
    pub(crate) recorded: Moves,
}

/// Everyone, and what keeps them apart.
#[derive(Debug, Clone, Default)]
pub(crate) struct People {
    people: Vec<Person>,
    /// The strongest identifier of each event: whom it goes with when someone is parted.
    strongest: BTreeMap<usize, Identifier>,
    /// Two sides each, of which nobody may have identifiers of both.
    bars: Vec<[BTreeSet<Identifier>; 2]>,
    deleted: Vec<(Identifier, Instant)>,
}

impl People {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Person> {
        self.people.iter()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Person> {
        self.people.iter_mut()
    }

    /// Puts an event where its identifiers say, and joins the people whom it links. An event that identifies
    /// nobody, or someone who was deleted since it happened, belongs to nobody.
    pub(crate) fn place(&mut self, arrival: usize, event: &Event) {
        let (mut used, mut pair) = self.usable(event);
        let Some(strongest) = used.first().cloned() else { return };
        let is_deleted = |identifier: &Identifier| self.was_deleted(identifier, event.ts);
        if is_deleted(&strongest) {
            return;
        }
        if used.iter().take(pair).any(is_deleted) {
            pair = 0;
        }
        used.retain(|identifier| !is_deleted(identifier));
        while used.len() > 1 && !self.may_join(&used, pair.min(used.len())) {
            used.pop();
        }
        let is_known =
            |person: &Person| used.iter().any(|identifier| person.identifiers.contains(identifier));
        let mut whole = Person::default();
        for person in self.people.iter().filter(|person| is_known(person)) {
            whole.identifiers.extend(person.identifiers.iter().cloned());
            whole.events.extend(&person.events);
            whole.recorded = joined(&whole.recorded, &person.recorded);
        }
        self.people.retain(|person| !is_known(person));
        whole.identifiers.extend(used);
        whole.events.insert(arrival);
        self.people.push(whole);
        self.strongest.insert(arrival, strongest);
    }

    /// Makes a person of their own of some identifiers of one, with the events whose strongest identifier is
    /// among them; says which bar that puts up.
    pub(crate) fn part(&mut self, taken: &BTreeSet<Identifier>) -> usize {
        let whole = self.people.iter_mut().find(|person| taken.is_subset(&person.identifiers));
        let whole = whole.expect("someone who is known by all of these");
        let goes = |event: &usize| self.strongest.get(event).is_some_and(|one| taken.contains(one));
        let events = whole.events.iter().copied().filter(goes).collect();
        whole.events.retain(|event| !goes(event));
        whole.identifiers.retain(|identifier| !taken.contains(identifier));
        self.bars.push([whole.identifiers.clone(), taken.clone()]);
        self.people.push(Person { identifiers: taken.clone(), events, recorded: Moves::new() });
        self.bars.len() - 1
    }

    /// Takes a bar down. Nobody is joined by that alone.
    pub(crate) fn lift(&mut self, bar: usize) {
        self.bars[bar] = [BTreeSet::new(), BTreeSet::new()];
    }

    /// Removes someone with all that they did, and turns away what comes in later and happened up to then.
    pub(crate) fn delete(&mut self, of: &Identifier, at: Instant) {
        let gone = self.people.iter().position(|person| person.identifiers.contains(of));
        let gone = self.people.remove(gone.expect("someone who is known by this"));
        for side in self.bars.iter_mut().flatten() {
            side.retain(|identifier| !gone.identifiers.contains(identifier));
        }
        self.deleted.extend(gone.identifiers.into_iter().map(|identifier| (identifier, at)));
    }

    fn was_deleted(&self, identifier: &Identifier, ts: Instant) -> bool {
        self.deleted.iter().any(|(deleted, at)| deleted == identifier && ts <= *at)
    }

    /// The identifiers from the strongest to the weakest, and how many of the first an alias links by intent.
    fn usable(&self, event: &Event) -> (Vec<Identifier>, usize) {
        let mut used: Vec<Identifier> = Vec::new();
        let mut previous = None;
        for sent in &event.identifiers {
            let Some(identifier) = normal(sent) else { continue };
            if event.kind == EventKind::Alias && identifier.kind.as_str() == "previous_id" {
                previous = Some(identifier.value);
            } else if !used.contains(&identifier) {
                used.push(identifier);
            }
        }
        used.sort_by_key(|identifier| (strength(identifier), identifier.kind.clone()));
        let Some(previous) = previous else { return (used, 0) };
        let as_user = Identifier::new("user_id", previous.clone());
        let is_user = used.contains(&as_user)
            || self.people.iter().any(|person| person.identifiers.contains(&as_user))
            || self.was_deleted(&as_user, event.ts);
        let previous = if is_user { as_user } else { Identifier::new("anonymous_id", previous) };
        let own = used.first().filter(|first| first.kind.as_str() == "user_id").cloned();
        if own.as_ref() == Some(&previous) {
            return (used, 0);
        }
        let rest =
            used.into_iter().filter(|identifier| *identifier != previous && Some(identifier) != own.as_ref());
        let mut ordered: Vec<Identifier> = own.iter().cloned().chain([previous.clone()]).collect();
        let pair = ordered.len();
        ordered.extend(rest);
        (ordered, pair)
    }

    /// Whether nobody would have more of a kind than the limit, or than one of those joined has already, and no
    /// bar is in the way.
    fn may_join(&self, used: &[Identifier], pair: usize) -> bool {
        let of_kind = |identifiers: &BTreeSet<Identifier>, kind: &str| {
            identifiers.iter().filter(|identifier| identifier.kind.as_str() == kind).count()
        };
        let joined = |used: &[Identifier]| -> BTreeSet<Identifier> {
            let known =
                self.people.iter().filter(|person| used.iter().any(|one| person.identifiers.contains(one)));
            known.flat_map(|person| &person.identifiers).chain(used).cloned().collect()
        };
        let whole = joined(used);
        if self.bars.iter().any(|sides| sides.iter().all(|side| !side.is_disjoint(&whole))) {
            return false;
        }
        let kinds: BTreeSet<&str> = whole.iter().map(|identifier| identifier.kind.as_str()).collect();
        kinds.into_iter().all(|kind| {
            let known =
                self.people.iter().filter(|person| used.iter().any(|one| person.identifiers.contains(one)));
            let already = known.map(|person| of_kind(&person.identifiers, kind)).max().unwrap_or(0);
            let mut allowed = limit(kind).max(already);
            if kind == "user_id" && pair > 0 {
                allowed = allowed.max(of_kind(&joined(&used[..pair]), kind));
            }
            of_kind(&whole, kind) <= allowed
        })
    }
}

fn strength(identifier: &Identifier) -> u8 {
    match identifier.kind.as_str() {
        "user_id" => 0,
        "email" => 1,
        "phone" => 2,
        "anonymous_id" => 4,
        _ => 3,
    }
}

fn limit(kind: &str) -> usize {
    match kind {
        "user_id" => 1,
        "anonymous_id" => 1_000,
        _ => 5,
    }
}

/// The form by which it is known; `None` for what identifies nobody.
fn normal(identifier: &Identifier) -> Option<Identifier> {
    const NOBODY: [&str; 8] = ["null", "undefined", "none", "unknown", "anonymous", "guest", "test", "-1"];
    let value = identifier.value.trim();
    let lower = value.to_lowercase();
    if value.is_empty() || value.chars().all(|sign| "0-+".contains(sign)) || NOBODY.contains(&lower.as_str())
    {
        return None;
    }
    let value = match identifier.kind.as_str() {
        "email" => {
            let (local, domain) = lower.split_once('@')?;
            let labels: Vec<&str> = domain.split('.').collect();
            let whole = !local.is_empty() && labels.len() > 1 && labels.iter().all(|label| !label.is_empty());
            (whole && !lower.contains(' ')).then(|| lower.clone())?
        }
        "phone" => {
            let digits: String = value.chars().filter(char::is_ascii_digit).collect();
            let international = value.starts_with('+') || digits.starts_with("00");
            let digits = if value.starts_with('+') { &digits } else { digits.trim_start_matches("00") };
            (7..=15)
                .contains(&digits.len())
                .then(|| if international { format!("+{digits}") } else { digits.to_owned() })?
        }
        _ => value.to_owned(),
    };
    Some(Identifier::new(identifier.kind.as_str(), value))
}
