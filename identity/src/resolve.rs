use segops_model::{EventKind, Identifier, IdentifierKind, Instant, Position, ProfileId};
use serde::{Deserialize, Serialize};

use crate::{DropReason, IdentitySettings, Separations, normalise};

/// The kind under which an alias call carries the id that its user went by before.
pub const PREVIOUS_ID: &str = "previous_id";

/// What resolving reads of the profiles there are.
pub trait IdentityView {
    /// The profile that an identifier points at now: a surviving one, never one that was merged away.
    fn profile_of(&self, identifier: &Identifier) -> Option<ProfileId>;

    /// The identifiers of a surviving profile.
    fn identifiers_of(&self, profile: ProfileId) -> &[Identifier];

    /// What must stay apart, and who was deleted.
    fn separations(&self) -> &Separations;

    /// How many identifiers of a kind a surviving profile has.
    fn count_of_kind(&self, profile: ProfileId, kind: &IdentifierKind) -> usize {
        self.identifiers_of(profile).iter().filter(|identifier| identifier.kind == *kind).count()
    }

    /// Every kind of which a surviving profile has an identifier; each once, in any order.
    fn kinds_of(&self, profile: ProfileId) -> Vec<IdentifierKind> {
        let held = self.identifiers_of(profile).iter();
        let mut kinds: Vec<_> = held.map(|identifier| identifier.kind.clone()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }
}

/// What an event's identifiers come to. Applying it is the caller's; nothing is changed here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolution {
    /// Whose event it is, after the merges.
    pub profile: ProfileId,
    /// The profile is new.
    pub created: bool,
    /// Identifiers that pointed nowhere and now point at the profile.
    pub add: Vec<Identifier>,
    /// Profiles merged into it, ascending.
    pub absorb: Vec<ProfileId>,
    /// What links the profiles that merge: each identifier that pointed at one, and at which. Empty where
    /// nothing merges.
    pub linked: Vec<(Identifier, ProfileId)>,
    /// The row's highest-priority identifier: what decides where the row goes should the profile be split.
    pub anchor: Identifier,
    /// Identifiers that were not used, as the event sent them or, past normalising, as normalised.
    pub dropped: Vec<(Identifier, DropReason)>,
}

/// Why an event is of no profile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unplaced {
    #[error(transparent)]
    NoIdentifier(#[from] NoIdentifier),
    /// Its anchor is an identifier of a person who was deleted after it happened.
    #[error("it is of a person who was deleted, from before the deletion; it was dropped, as it has to be")]
    Deleted,
}

/// No identifier of an event can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "no usable identifier{}; send a user id, an email, a phone number or an anonymous id",
    because(dropped)
)]
pub struct NoIdentifier {
    pub dropped: Vec<(Identifier, DropReason)>,
}

fn because(dropped: &[(Identifier, DropReason)]) -> String {
    let reasons: Vec<String> = dropped
        .iter()
        .map(|(identifier, reason)| format!("{} is {}", identifier.kind.as_str(), reason.label()))
        .collect();
    if reasons.is_empty() { String::new() } else { format!(" ({})", reasons.join(", ")) }
}

/// Finds the profile of an event at a position.
///
/// All profiles that the event's identifiers point at become one: the oldest, which has the lowest id. But
/// where that one would have more identifiers of some kind than its limit (and than any of the profiles has
/// already), the event's lowest-priority identifier is left out and the rest is tried again, down to the
/// highest-priority one alone. So two user ids never become one profile by way of an address that they
/// share or a browser that both used; the event goes to the profile of its highest-priority identifier, and
/// what was left out goes on pointing where it pointed.
///
/// An alias is a deliberate link: between its user id and its previous id, the limit on user ids does not
/// count. A previous id is the user id of that value if one is known, else the anonymous id.
///
/// A bar that a split has left holds like a limit, also against an alias: what would bring its two sides
/// together is left out. An event that happened up to the deletion of the person whom its highest-priority
/// identifier was of is of nobody; in other events, identifiers of the deleted are left out for as long as
/// the events are from before the deletion.
pub fn resolve(
    settings: &IdentitySettings,
    view: &impl IdentityView,
    event_kind: EventKind,
    identifiers: &[Identifier],
    ts: Instant,
    at: Position,
) -> Result<Resolution, Unplaced> {
    let mut row = Row::new(settings, view, event_kind, identifiers, ts);
    row.leave_out_deleted(view, ts)?;
    let Row { mut used, deliberate, mut dropped } = row;
    loop {
        let Some(anchor) = used.first().cloned() else { return Err(NoIdentifier { dropped }.into()) };
        let union = Union::of(view, &used);
        let linked = deliberate.min(used.len());
        let alone = used.len() == 1;
        let barred = !alone && union.crosses_a_bar(view);
        let deliberately = used.get(..linked).unwrap_or_default();
        if alone || (!barred && union.is_within_limits(settings, view, deliberately)) {
            let created = union.profiles.is_empty();
            let linked = if union.profiles.len() > 1 { links(view, &used) } else { Vec::new() };
            let mut profiles = union.profiles.into_iter();
            let profile = profiles.next().unwrap_or(ProfileId(at.0));
            return Ok(Resolution {
                profile,
                created,
                add: union.unknown.into_iter().cloned().collect(),
                absorb: profiles.collect(),
                linked,
                anchor,
                dropped,
            });
        }
        let reason = if barred { DropReason::Barred } else { DropReason::Limit };
        dropped.extend(used.pop().map(|weakest| (weakest, reason)));
    }
}

/// Which profile each identifier points at, where it points at one.
fn links(view: &impl IdentityView, identifiers: &[Identifier]) -> Vec<(Identifier, ProfileId)> {
    identifiers
        .iter()
        .filter_map(|identifier| Some((identifier.clone(), view.profile_of(identifier)?)))
        .collect()
}

/// An event's usable identifiers from the highest priority to the lowest.
struct Row {
    used: Vec<Identifier>,
    /// How many of the first are linked by intent: an alias's pair.
    deliberate: usize,
    dropped: Vec<(Identifier, DropReason)>,
}

impl Row {
    fn new(
        settings: &IdentitySettings,
        view: &impl IdentityView,
        event_kind: EventKind,
        identifiers: &[Identifier],
        ts: Instant,
    ) -> Self {
        let mut dropped = Vec::new();
        let mut used: Vec<Identifier> = Vec::with_capacity(identifiers.len());
        let mut previous = None;
        for sent in identifiers {
            match normalise(settings, sent) {
                Ok(identifier) if event_kind == EventKind::Alias && sent.kind.as_str() == PREVIOUS_ID => {
                    previous = Some(identifier.value);
                }
                Ok(identifier) if used.contains(&identifier) => {}
                Ok(identifier) => used.push(identifier),
                Err(reason) => dropped.push((sent.clone(), reason)),
            }
        }
        // Stable, so that of two identifiers of one kind the one sent first comes first.
        used.sort_by_cached_key(|identifier| (settings.rank(&identifier.kind), identifier.kind.clone()));
        let mut deliberate = 0;
        if let Some(value) = previous {
            let as_user = Identifier::new(IdentifierKind::USER_ID, value.clone());
            let is_user = used.contains(&as_user)
                || view.profile_of(&as_user).is_some()
                || view.separations().deletions.covers(&as_user, ts);
            let previous =
                if is_user { as_user } else { Identifier::new(IdentifierKind::ANONYMOUS_ID, value) };
            let users =
                usize::from(used.first().is_some_and(|first| first.kind.as_str() == IdentifierKind::USER_ID));
            if let Some(at) = used.iter().position(|identifier| *identifier == previous)
                && at >= users
            {
                used.remove(at);
            }
            if !used.contains(&previous) {
                used.insert(users, previous);
                deliberate = users + 1;
            }
        }
        Self { used, deliberate, dropped }
    }

    /// Takes out what was of people who were deleted after the row happened. A row whose own anchor was is
    /// theirs.
    fn leave_out_deleted(&mut self, view: &impl IdentityView, ts: Instant) -> Result<(), Unplaced> {
        let deletions = &view.separations().deletions;
        if self.used.first().is_some_and(|anchor| deletions.covers(anchor, ts)) {
            return Err(Unplaced::Deleted);
        }
        let mut pair = self.used.iter().take(self.deliberate);
        if pair.any(|identifier| deletions.covers(identifier, ts)) {
            self.deliberate = 0;
        }
        let (deleted, used) = std::mem::take(&mut self.used)
            .into_iter()
            .partition(|identifier| deletions.covers(identifier, ts));
        self.used = used;
        self.dropped.extend(Vec::into_iter(deleted).map(|identifier| (identifier, DropReason::Deleted)));
        Ok(())
    }
}

/// What merging everything that some identifiers point at would make.
struct Union<'a> {
    /// Ascending.
    profiles: Vec<ProfileId>,
    unknown: Vec<&'a Identifier>,
}

impl<'a> Union<'a> {
    fn of(view: &impl IdentityView, identifiers: &'a [Identifier]) -> Self {
        let mut profiles = Vec::new();
        let mut unknown = Vec::new();
        for identifier in identifiers {
            match view.profile_of(identifier) {
                Some(profile) => profiles.push(profile),
                None => unknown.push(identifier),
            }
        }
        profiles.sort_unstable();
        profiles.dedup();
        Self { profiles, unknown }
    }

    fn count(&self, view: &impl IdentityView, kind: &IdentifierKind) -> usize {
        let known: usize = self.profiles.iter().map(|profile| view.count_of_kind(*profile, kind)).sum();
        known + self.unknown.iter().filter(|identifier| identifier.kind == *kind).count()
    }

    fn crosses_a_bar(&self, view: &impl IdentityView) -> bool {
        let held = self.profiles.iter().map(|profile| view.identifiers_of(*profile));
        self.profiles.len() > 1 && view.separations().keep_apart(held)
    }

    fn is_within_limits(
        &self,
        settings: &IdentitySettings,
        view: &impl IdentityView,
        deliberate: &[Identifier],
    ) -> bool {
        let mut kinds: Vec<IdentifierKind> =
            self.unknown.iter().map(|identifier| identifier.kind.clone()).collect();
        // One profile that gains nothing of a kind keeps what it has of it, whatever the limit is now.
        if self.profiles.len() > 1 {
            kinds.extend(self.profiles.iter().flat_map(|profile| view.kinds_of(*profile)));
        }
        kinds.sort_unstable();
        kinds.dedup();
        kinds.iter().all(|kind| {
            let already = self.profiles.iter().map(|profile| view.count_of_kind(*profile, kind)).max();
            let mut allowed = settings.limit(kind).max(already.unwrap_or(0));
            if !deliberate.is_empty() && kind.as_str() == IdentifierKind::USER_ID {
                allowed = allowed.max(Union::of(view, deliberate).count(view, kind));
            }
            self.count(view, kind) <= allowed
        })
    }
}
