use serde::{Deserialize, Serialize};

use segops_model::{Cause, Identifier, Instant, ProfileId, SegmentId};

/// What is known of a profile beside its traits, timelines, orders and memberships.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProfileRecord {
    pub identifiers: Vec<Identifier>,
    /// The anchor of the row that made it: where its id goes in a split, once it is merged away.
    pub anchor: Identifier,
    /// Profiles that became part of this one, with their anchors; their ids keep answering.
    pub absorbed: Vec<(ProfileId, Identifier)>,
    /// Inputs of any kind that are its own. Identifiers without a row are nobody yet.
    pub rows: u64,
    /// Those of them that are counted as events.
    pub events: u64,
    pub first_seen: Instant,
    pub last_seen: Instant,
}

impl ProfileRecord {
    #[must_use]
    pub fn new(seen: Instant, anchor: Identifier) -> Self {
        Self {
            anchor,
            identifiers: Vec::new(),
            absorbed: Vec::new(),
            rows: 0,
            events: 0,
            first_seen: seen,
            last_seen: seen,
        }
    }

    /// Takes back what rows have counted.
    pub fn forget_rows(&mut self) {
        let Self { anchor: _, identifiers: _, absorbed: _, rows, events, first_seen: _, last_seen: _ } = self;
        // The instants are those of the first row that comes.
        (*rows, *events) = (0, 0);
    }

    /// Whether it has an identifier beyond an anonymous one.
    #[must_use]
    pub fn is_identified(&self) -> bool {
        self.identifiers.iter().any(|identifier| !identifier.kind.is_anonymous())
    }
}

/// Where a profile stands with the segments it is in, or may enter or leave as time passes.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(from = "Vec<Standing>", into = "Vec<Standing>")]
pub struct Standings {
    by_segment: Vec<Standing>,
    earliest: Earliest,
}

/// The earliest instant at which any of a profile's verdicts can change, if it has been looked for: of a thousand
/// standings an event changes hundreds.
#[derive(Debug, Clone, Copy)]
enum Earliest {
    Known(Option<Instant>),
    Unknown,
}

impl Default for Earliest {
    fn default() -> Self {
        Self::Known(None)
    }
}

impl PartialEq for Standings {
    /// What has been looked for makes no difference.
    fn eq(&self, other: &Self) -> bool {
        self.by_segment == other.by_segment
    }
}

impl From<Vec<Standing>> for Standings {
    /// In the order of segments, each once.
    fn from(mut by_segment: Vec<Standing>) -> Self {
        by_segment.sort_by_key(|standing| standing.segment);
        by_segment.dedup_by_key(|standing| standing.segment);
        Self { by_segment, earliest: Earliest::Unknown }
    }
}

impl From<Standings> for Vec<Standing> {
    fn from(standings: Standings) -> Self {
        standings.by_segment
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    pub segment: SegmentId,
    pub membership: Option<Membership>,
    /// The next instant at which the verdict can change with no new input, or an earlier one.
    pub due: Option<Instant>,
    /// Whether more matches leave the verdict as it is until then, as [`segops_segment::Judgement`] has it.
    pub is_unmoved: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    pub since: Instant,
    pub cause: Cause,
}

/// Looks up standings from where it found the one before: of a thousand segments an event touches hundreds, and the
/// next is a few places on.
#[derive(Debug, Clone)]
pub struct StandingLookup<'a> {
    standings: &'a [Standing],
    at: usize,
}

impl<'a> StandingLookup<'a> {
    /// Places that are looked at one by one before the rest is searched.
    const STEPS: usize = 8;

    pub fn get(&mut self, segment: SegmentId) -> Option<&'a Standing> {
        let is_before = |standing: &Standing| standing.segment < segment;
        if self.at > 0 && self.standings.get(self.at - 1).is_none_or(|before| before.segment >= segment) {
            self.at = 0;
        }
        for _ in 0..Self::STEPS {
            if !self.standings.get(self.at).is_some_and(is_before) {
                return self.here(segment);
            }
            self.at += 1;
        }
        self.at += self.standings.get(self.at..)?.partition_point(is_before);
        self.here(segment)
    }

    fn here(&self, segment: SegmentId) -> Option<&'a Standing> {
        self.standings.get(self.at).filter(|standing| standing.segment == segment)
    }
}

impl Standing {
    /// Out of a segment, with nothing to wait for.
    #[must_use]
    pub const fn nothing(segment: SegmentId) -> Self {
        Self { segment, membership: None, due: None, is_unmoved: false }
    }
}

impl Standings {
    #[must_use]
    pub fn get(&self, segment: SegmentId) -> Option<&Standing> {
        let at = self.by_segment.binary_search_by_key(&segment, |standing| standing.segment).ok()?;
        self.by_segment.get(at)
    }

    /// For looking up one segment after another, most of them in ascending order.
    #[must_use]
    pub fn lookup(&self) -> StandingLookup<'_> {
        StandingLookup { standings: &self.by_segment, at: 0 }
    }

    #[must_use]
    pub fn is_member(&self, segment: SegmentId) -> bool {
        self.get(segment).is_some_and(|standing| standing.membership.is_some())
    }

    /// Replaces the standing with a segment; one that says nothing is dropped.
    pub fn set(&mut self, standing: Standing) {
        let says_nothing = standing.membership.is_none() && standing.due.is_none();
        let place = self.by_segment.binary_search_by_key(&standing.segment, |held| held.segment);
        let held = place.ok().and_then(|at| self.by_segment.get(at));
        self.note_due(held.and_then(|held| held.due), standing.due);
        match place {
            Ok(at) if says_nothing => {
                self.by_segment.remove(at);
            }
            Ok(at) => {
                if let Some(held) = self.by_segment.get_mut(at) {
                    *held = standing;
                }
            }
            Err(_) if says_nothing => {}
            Err(at) => self.by_segment.insert(at, standing),
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = &Standing> {
        self.by_segment.iter()
    }

    /// The earliest instant at which any verdict can change with no new input.
    #[must_use]
    pub fn earliest(&self) -> Option<Instant> {
        match self.earliest {
            Earliest::Known(earliest) => earliest,
            Earliest::Unknown => self.by_segment.iter().filter_map(|standing| standing.due).min(),
        }
    }

    /// As [`Standings::earliest`], which from here on is known until the standing that it is of changes.
    pub fn find_earliest(&mut self) -> Option<Instant> {
        let earliest = self.earliest();
        self.earliest = Earliest::Known(earliest);
        earliest
    }

    /// One verdict's instant takes the place of another.
    fn note_due(&mut self, old: Option<Instant>, new: Option<Instant>) {
        let Earliest::Known(earliest) = self.earliest else { return };
        if new.is_some_and(|new| earliest.is_none_or(|earliest| new <= earliest)) {
            self.earliest = Earliest::Known(new);
        } else if old.is_some() && old == earliest {
            self.earliest = Earliest::Unknown;
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_segment.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_earliest_instant_is_that_of_all_standings(
            changes in prop::collection::vec((0_u64..8, prop::option::of(1_i64..20), any::<bool>()), 0..60),
        ) {
            let mut standings = Standings::default();
            for (segment, due, asks) in changes {
                let due = due.map(Instant::from_ms);
                standings.set(Standing { due, ..Standing::nothing(SegmentId(segment)) });
                let expected = standings.iter().filter_map(|standing| standing.due).min();
                prop_assert_eq!(standings.earliest(), expected);
                if asks {
                    prop_assert_eq!(standings.find_earliest(), expected);
                }
            }
        }

        #[test]
        fn a_lookup_finds_what_a_search_finds(
            held in prop::collection::btree_set(0_u64..60, 0..60),
            asked in prop::collection::vec(0_u64..64, 0..80),
            is_sorted in any::<bool>(),
        ) {
            let mut standings = Standings::default();
            for segment in held {
                standings.set(Standing { due: Some(Instant::default()), ..Standing::nothing(SegmentId(segment)) });
            }
            let mut asked = asked;
            if is_sorted {
                asked.sort_unstable();
            }
            let mut lookup = standings.lookup();
            for segment in asked.into_iter().map(SegmentId) {
                prop_assert_eq!(lookup.get(segment), standings.get(segment));
            }
        }
    }
}
