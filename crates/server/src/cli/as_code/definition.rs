//! What kinds of definitions differ in as files: where the lock has them, and what follows an edit.

use std::collections::BTreeMap;

use segops_model::same_text;
use segops_rules::{Named, Rule, named_references};

use super::lock::{Lock, LockedDefinition};
use crate::cli::client::{Client, typed};
use crate::cli::computed_trait::ComputedTraits;
use crate::cli::definition::{Defined, Kind, all, one};
use crate::cli::derived_event::DerivedEvents;

/// A kind of definitions that files can be of.
pub(super) trait FileKind: Kind {
    fn locked(lock: &Lock) -> &BTreeMap<Self::Id, LockedDefinition>;
    fn locked_mut(lock: &mut Lock) -> &mut BTreeMap<Self::Id, LockedDefinition>;

    /// Whether a rule that is in the files refers to a definition of this name, as far as can be told.
    fn may_be_named_in(rule: &Rule<Named>, name: &str) -> bool;

    /// Notes in the lock what else has a new version because one was edited, but for segments.
    fn note_followers(_: &Client, _: &mut Lock) {}
}

impl FileKind for ComputedTraits {
    fn locked(lock: &Lock) -> &BTreeMap<Self::Id, LockedDefinition> {
        &lock.computed_traits
    }

    fn locked_mut(lock: &mut Lock) -> &mut BTreeMap<Self::Id, LockedDefinition> {
        &mut lock.computed_traits
    }

    fn may_be_named_in(rule: &Rule<Named>, name: &str) -> bool {
        named_references(rule).computed_traits.iter().any(|named| same_text(named, name))
    }
}

impl FileKind for DerivedEvents {
    fn locked(lock: &Lock) -> &BTreeMap<Self::Id, LockedDefinition> {
        &lock.derived_events
    }

    fn locked_mut(lock: &mut Lock) -> &mut BTreeMap<Self::Id, LockedDefinition> {
        &mut lock.derived_events
    }

    fn may_be_named_in(_: &Rule<Named>, _: &str) -> bool {
        true
    }

    /// An edit is a new version of each computed trait that names it.
    fn note_followers(client: &Client, lock: &mut Lock) {
        for (computed, locked) in &mut lock.computed_traits {
            let now = client.get(one::<ComputedTraits>(&computed.to_string())).ok();
            let now: Option<Defined<ComputedTraits>> =
                now.and_then(|now| typed(now, &all::<ComputedTraits>()).ok());
            if let Some(now) = now.filter(|now| now.version == locked.version + 1)
                && now.versions.iter().rev().nth(1).is_some_and(|one| one.definition == now.definition)
            {
                locked.version = now.version;
            }
        }
    }
}
