use serde::{Deserialize, Serialize};

use segops_model::{Cause, Identifier, Instant, ProfileId, SegmentId};

use crate::reach;

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
    pub email_opted_out: bool,
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
            email_opted_out: false,
        }
    }

    /// Takes back what rows have counted.
    pub fn forget_rows(&mut self) {
        let Self {
            anchor: _,
            identifiers: _,
            absorbed: _,
            rows,
            events,
            first_seen: _,
            last_seen: _,
            email_opted_out,
        } = self;
        // The instants are those of the first row that comes.
        (*rows, *events, *email_opted_out) = (0, 0, false);
    }

    /// Whether it has an identifier beyond an anonymous one.
    #[must_use]
    pub fn is_identified(&self) -> bool {
        self.identifiers.iter().any(|identifier| !identifier.kind.is_anonymous())
    }

    #[must_use]
    pub fn reach(&self) -> reach::Reach {
        reach::of(&self.identifiers, self.email_opted_out)
    }
}

/// Where a profile stands with the segments it is in, or may enter or leave as time passes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Standings {
    by_segment: Vec<Standing>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    pub segment: SegmentId,
    pub membership: Option<Membership>,
    /// The next instant at which the verdict can change with no new input.
    pub due: Option<Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    pub since: Instant,
    pub cause: Cause,
}

impl Standings {
    #[must_use]
    pub fn get(&self, segment: SegmentId) -> Option<&Standing> {
        let at = self.by_segment.binary_search_by_key(&segment, |standing| standing.segment).ok()?;
        self.by_segment.get(at)
    }

    #[must_use]
    pub fn is_member(&self, segment: SegmentId) -> bool {
        self.get(segment).is_some_and(|standing| standing.membership.is_some())
    }

    /// Replaces the standing with a segment; one that says nothing is dropped.
    pub fn set(&mut self, standing: Standing) {
        let says_nothing = standing.membership.is_none() && standing.due.is_none();
        match self.by_segment.binary_search_by_key(&standing.segment, |held| held.segment) {
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
        self.by_segment.iter().filter_map(|standing| standing.due).min()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_segment.is_empty()
    }
}
