//! What keeps identifiers apart that rows have linked, or will: splits, asked for and under way, and the bars
//! that finished ones leave. The same for the live side and for rebuilds, so that both accept and refuse the
//! same commands.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use segops_model::{Identifier, Instant, Position, ProfileId, SplitId};
use serde::{Deserialize, Serialize};

use crate::{Deletions, IdentityView};

/// Rows that may come in for a profile while its history is read for a split. Past it the reading is begun
/// again, from further on.
pub const SPLIT_ROWS_GATHERED_MAX: usize = 100_000;

/// Splits, bars and deletions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Stored", from = "Stored")]
pub struct Separations {
    waiting: BTreeMap<SplitId, WaitingSplit>,
    bars: BTreeMap<SplitId, Bar>,
    pub deletions: Deletions,
    /// Derived: the sides of bars in force that an identifier is on.
    barred: FxHashMap<Identifier, Vec<(SplitId, Side)>>,
}

/// A split that has been asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingSplit {
    /// Whom it is of; moves along with merges.
    pub profile: ProfileId,
    /// What is taken out.
    pub taken: Vec<Identifier>,
    pub asked_at: Instant,
    pub author: String,
    pub started: Option<StartedSplit>,
}

/// An attempt at it: history before the position is read outside, and rows from there on are gathered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartedSplit {
    pub position: Position,
    /// Rows of the profile since.
    pub rows: usize,
}

/// What a finished split leaves: no row makes one profile of both sides until it is lifted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bar {
    /// The profile that was split, and the one that was made.
    pub from: ProfileId,
    pub to: ProfileId,
    pub kept: Vec<Identifier>,
    pub taken: Vec<Identifier>,
    /// When the split took effect.
    pub at: Instant,
    pub author: String,
    pub lifted_at: Option<Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Kept,
    Taken,
}

/// Why a split, or the lifting of a bar, is refused. Nothing has changed then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SplitRefusal {
    #[error("name at least one identifier to take out, such as anonymous_id:b1")]
    Nothing,
    #[error("`{0}` is not an identifier of the profile; look at the profile to see which it has")]
    NotIts(String),
    #[error("those are all the identifiers of the profile; leave it at least one")]
    Everything,
    #[error("the attempt is no longer current: the profile has changed since; it will be made again")]
    Stale,
    #[error("there is no split {0}; list them to see which there are")]
    NoBar(SplitId),
    #[error("the bar of {0} is lifted already")]
    LiftedAlready(SplitId),
}

/// What a split of a profile would take out: each identifier once, in the profile's own order.
///
/// # Errors
/// It would take nothing, everything, or what is not the profile's.
pub fn check_split(
    view: &impl IdentityView,
    profile: ProfileId,
    identifiers: &[Identifier],
) -> Result<Vec<Identifier>, SplitRefusal> {
    let held = view.identifiers_of(profile);
    if let Some(foreign) = identifiers.iter().find(|identifier| !held.contains(identifier)) {
        return Err(SplitRefusal::NotIts(foreign.to_string()));
    }
    let taken: Vec<_> = held.iter().filter(|held| identifiers.contains(held)).cloned().collect();
    match taken.len() {
        0 => Err(SplitRefusal::Nothing),
        all if all == held.len() => Err(SplitRefusal::Everything),
        _ => Ok(taken),
    }
}

impl Separations {
    /// Takes note of a split that [`check_split`] has let through.
    pub fn ask(&mut self, id: SplitId, split: WaitingSplit) {
        self.waiting.insert(id, split);
    }

    /// From this position on, rows of the profile are gathered for the split; an earlier attempt is over.
    ///
    /// # Errors
    /// Nobody waits for it.
    pub fn start(&mut self, id: SplitId, position: Position) -> Result<&WaitingSplit, SplitRefusal> {
        let split = self.waiting.get_mut(&id).ok_or(SplitRefusal::Stale)?;
        split.started = Some(StartedSplit { position, rows: 0 });
        Ok(split)
    }

    /// The split, if this attempt at it is current.
    ///
    /// # Errors
    /// It is not.
    pub fn current(&self, id: SplitId, started: Position) -> Result<&WaitingSplit, SplitRefusal> {
        let split = self.waiting.get(&id);
        let is_current = |split: &&WaitingSplit| split.started.is_some_and(|at| at.position == started);
        split.filter(is_current).ok_or(SplitRefusal::Stale)
    }

    /// Takes the split out of those that wait, to be carried out.
    ///
    /// # Errors
    /// This attempt at it is not current.
    pub fn take(&mut self, id: SplitId, started: Position) -> Result<WaitingSplit, SplitRefusal> {
        self.current(id, started)?;
        self.waiting.remove(&id).ok_or(SplitRefusal::Stale)
    }

    /// A row has come in for a profile. Returns the started splits that gather it.
    pub fn note_row(&mut self, profile: ProfileId) -> Vec<SplitId> {
        let mut gathering = Vec::new();
        for (id, split) in &mut self.waiting {
            let Some(started) = split.started.as_mut().filter(|_| split.profile == profile) else { continue };
            started.rows += 1;
            if started.rows > SPLIT_ROWS_GATHERED_MAX {
                split.started = None;
            } else {
                gathering.push(*id);
            }
        }
        gathering
    }

    /// Profiles have become one: what was read of them is no longer the whole.
    pub fn note_merge(&mut self, survivor: ProfileId, absorbed: &[ProfileId]) {
        for split in self.waiting.values_mut() {
            if split.profile == survivor || absorbed.contains(&split.profile) {
                split.profile = survivor;
                split.started = None;
            }
        }
    }

    /// Bars the two sides of a split that has been carried out. `owner_of` says whose an identifier is now, and
    /// how many that profile has: other splits of the same profile go on where they still make sense.
    pub fn bar(
        &mut self,
        id: SplitId,
        bar: Bar,
        owner_of: impl Fn(&Identifier) -> Option<(ProfileId, usize)>,
    ) {
        self.waiting.retain(|_, split| {
            if split.profile != bar.from {
                return true;
            }
            split.started = None;
            let owners: Vec<_> = split.taken.iter().map(&owner_of).collect();
            match owners.first().copied().flatten() {
                Some((owner, held)) if owners.iter().all(|other| *other == Some((owner, held))) => {
                    split.profile = owner;
                    held > split.taken.len()
                }
                _ => false,
            }
        });
        self.bars.insert(id, bar);
        self.index(id);
    }

    /// Lets rows link the two sides again.
    ///
    /// # Errors
    /// There is no such bar, or it is lifted already.
    pub fn lift(&mut self, id: SplitId, at: Instant) -> Result<(), SplitRefusal> {
        let bar = self.bars.get_mut(&id).ok_or(SplitRefusal::NoBar(id))?;
        if bar.lifted_at.is_some() {
            return Err(SplitRefusal::LiftedAlready(id));
        }
        bar.lifted_at = Some(at);
        self.unindex(id);
        Ok(())
    }

    /// A profile is gone, with its identifiers: nothing here goes on naming them.
    pub fn forget(&mut self, profile: ProfileId, identifiers: &[Identifier]) {
        self.waiting.retain(|_, split| split.profile != profile);
        for identifier in identifiers {
            self.barred.remove(identifier);
        }
        for bar in self.bars.values_mut() {
            bar.kept.retain(|held| !identifiers.contains(held));
            bar.taken.retain(|held| !identifiers.contains(held));
        }
        let hollow = |bar: &Bar| bar.kept.is_empty() || bar.taken.is_empty();
        let hollows: Vec<_> = self.bars.iter().filter(|(_, bar)| hollow(bar)).map(|(id, _)| *id).collect();
        for id in hollows {
            self.unindex(id);
            self.bars.remove(&id);
        }
    }

    /// Whether profiles with these identifiers must stay apart.
    pub fn keep_apart<'a>(&self, profiles: impl Iterator<Item = &'a [Identifier]>) -> bool {
        if self.barred.is_empty() {
            return false;
        }
        let mut sides: Vec<(SplitId, Side)> = Vec::new();
        for identifier in profiles.flatten() {
            for (id, side) in self.barred.get(identifier).into_iter().flatten() {
                if sides.iter().any(|(other, seen)| other == id && seen != side) {
                    return true;
                }
                if !sides.contains(&(*id, *side)) {
                    sides.push((*id, *side));
                }
            }
        }
        false
    }

    /// Splits that wait for their history, the oldest first.
    #[must_use]
    pub const fn waiting(&self) -> &BTreeMap<SplitId, WaitingSplit> {
        &self.waiting
    }

    /// What finished splits have left, lifted bars too.
    #[must_use]
    pub const fn bars(&self) -> &BTreeMap<SplitId, Bar> {
        &self.bars
    }

    fn index(&mut self, id: SplitId) {
        let Some(bar) = self.bars.get(&id).filter(|bar| bar.lifted_at.is_none()) else { return };
        for (identifiers, side) in [(&bar.kept, Side::Kept), (&bar.taken, Side::Taken)] {
            for identifier in identifiers {
                self.barred.entry(identifier.clone()).or_default().push((id, side));
            }
        }
    }

    fn unindex(&mut self, id: SplitId) {
        let Some(bar) = self.bars.get(&id) else { return };
        for identifier in bar.kept.iter().chain(&bar.taken) {
            if let Some(sides) = self.barred.get_mut(identifier) {
                sides.retain(|(other, _)| *other != id);
                if sides.is_empty() {
                    self.barred.remove(identifier);
                }
            }
        }
    }
}

/// The stored form: what can be derived is left out.
#[derive(Serialize, Deserialize)]
struct Stored {
    waiting: BTreeMap<SplitId, WaitingSplit>,
    bars: BTreeMap<SplitId, Bar>,
    deletions: Deletions,
}

impl From<Separations> for Stored {
    fn from(separations: Separations) -> Self {
        let Separations { waiting, bars, deletions, barred: _ } = separations;
        Self { waiting, bars, deletions }
    }
}

impl From<Stored> for Separations {
    fn from(Stored { waiting, bars, deletions }: Stored) -> Self {
        let mut separations = Self { waiting, bars, deletions, barred: FxHashMap::default() };
        let ids: Vec<_> = separations.bars.keys().copied().collect();
        for id in ids {
            separations.index(id);
        }
        separations
    }
}
