//! Questions about who is who, and what changes it by hand: why profiles have merged, splits, deletions.

use std::time::Duration;

use segops_identity::{Bar, IdentifierHash, WaitingSplit, normalise};
use segops_model::{EventKind, Identifier, ProfileId, SplitId};
use segops_store::Keyspace;

use crate::command::{Change, Outcome, Refusal};
use crate::engine::Engine;
use crate::error::{Busy, EngineError};
use crate::state::{Merge, State};
use crate::view;
use crate::work::Work;

impl Engine {
    /// The merges that made a profile, the oldest first.
    ///
    /// # Errors
    /// There is no such profile.
    pub fn profile_merges(&self, id: ProfileId) -> Result<Vec<view::ProfileMerge>, EngineError> {
        let fold = self.core().fold.read();
        let id = known(&fold.state, id)?;
        let merges = fold.state.merges.get(&id).into_iter().flatten();
        Ok(merges.map(|merge| merge_view(&fold.state, merge)).collect())
    }

    /// Asks for identifiers to become a profile of their own. It takes effect once history has been read; see
    /// [`Engine::wait_split`].
    ///
    /// # Errors
    /// There is no such profile, or the identifiers are not its own, or all that it has.
    pub fn split_profile(
        &self,
        author: &str,
        profile: ProfileId,
        identifiers: &[Identifier],
    ) -> Result<view::Split, EngineError> {
        let (profile, identifiers) = {
            let fold = self.core().fold.read();
            let settings = &fold.state.settings.identity;
            // What cannot be read as an identifier is none of the profile's, and is refused as such.
            let read = |given: &Identifier| normalise(settings, given).unwrap_or_else(|_| given.clone());
            (known(&fold.state, profile)?, identifiers.iter().map(read).collect())
        };
        let asked = self.change(author, Change::SplitProfile { profile, identifiers })?;
        let Outcome::SplitAsked(id) = asked else {
            return Err(EngineError::Damaged("a split was answered in an odd way".to_owned()));
        };
        self.split(id)
    }

    /// Every split, the oldest first.
    #[must_use]
    pub fn splits(&self) -> Vec<view::Split> {
        let fold = self.core().fold.read();
        let separations = &fold.state.separations;
        let waiting = separations.waiting().iter().map(|(id, split)| waiting_view(*id, split));
        let mut splits: Vec<_> = waiting.collect();
        splits.extend(separations.bars().iter().map(|(id, bar)| bar_view(*id, bar)));
        splits.sort_by_key(|split| split.id);
        splits
    }

    /// # Errors
    /// There is no such split.
    pub fn split(&self, id: SplitId) -> Result<view::Split, EngineError> {
        let fold = self.core().fold.read();
        let separations = &fold.state.separations;
        let waiting = separations.waiting().get(&id).map(|split| waiting_view(id, split));
        let split = waiting.or_else(|| separations.bars().get(&id).map(|bar| bar_view(id, bar)));
        split.ok_or_else(|| {
            EngineError::NotFound(format!(
                "there is no split {id}: it was never asked for, or its profile has been split otherwise or deleted; \
                 list them to see which there are"
            ))
        })
    }

    /// Blocks until a split has taken effect.
    ///
    /// # Errors
    /// It no longer makes sense, the engine ended, or the work was cancelled.
    pub fn wait_split(&self, id: SplitId, work: &Work) -> Result<view::Split, EngineError> {
        loop {
            let split = self.split(id)?;
            if split.status != view::SplitStatus::Waiting {
                return Ok(split);
            }
            let core = self.core();
            if let Some(failed) = core.failed() {
                return Err(failed.into());
            }
            if core.is_stopping() {
                return Err(Busy::Stopping.into());
            }
            work.reach(0)?;
            let mut applied = core.applied.lock();
            core.applied_moved.wait_for(&mut applied, Duration::from_millis(100));
        }
    }

    /// Lets rows link the two sides of a split again. The next row that does makes them one profile.
    ///
    /// # Errors
    /// There is no such bar, or it is lifted already.
    pub fn lift_bar(&self, author: &str, id: SplitId) -> Result<view::Split, EngineError> {
        self.change(author, Change::LiftBar { split: id })?;
        self.split(id)
    }

    /// What deleting a profile would remove.
    ///
    /// # Errors
    /// There is no such profile.
    pub fn deletion_preview(&self, id: ProfileId) -> Result<view::DeletionPreview, EngineError> {
        let fold = self.core().fold.read();
        deletion_preview(&fold.state, known(&fold.state, id)?)
    }

    /// Deletes a profile and everything that is kept of it.
    ///
    /// # Errors
    /// There is no such profile, or it has changed in this very moment.
    pub fn delete_profile(&self, author: &str, id: ProfileId) -> Result<view::Deletion, EngineError> {
        let removed = self.deletion_preview(id)?;
        let identifiers = removed.identifiers.iter().map(IdentifierHash::of).collect();
        let change = Change::DeleteProfile { profile: removed.profile, identifiers };
        match self.change(author, change)? {
            Outcome::Done { instant: at, .. } => Ok(view::Deletion { removed, at }),
            _ => Err(EngineError::Damaged("a deletion was answered in an odd way".to_owned())),
        }
    }
}

/// The surviving profile of an id, or why there is none.
pub(crate) fn known(state: &State, id: ProfileId) -> Result<ProfileId, EngineError> {
    if let Some(at) = state.separations.deletions.of_profile(id) {
        return Err(EngineError::NotFound(format!(
            "profile {id} was deleted at {at}, and nothing of it is left"
        )));
    }
    state.existing(id).map_err(|_| Refusal::NoProfile(id).into())
}

fn merge_view(state: &State, merge: &Merge) -> view::ProfileMerge {
    let name = if merge.event.is_empty() { call(merge.kind).to_owned() } else { merge.event.to_string() };
    let source_name = state.sources.get(&merge.source).map(|source| source.name.clone()).unwrap_or_default();
    let linked = merge.linked.iter().map(|(identifier, profile)| view::LinkedIdentifier {
        identifier: identifier.clone(),
        profile: *profile,
    });
    let mut view = view::ProfileMerge {
        position: merge.position,
        at: merge.instant,
        survivor: merge.survivor,
        absorbed: merge.absorbed.clone(),
        linked: linked.collect(),
        event: view::MergingEvent {
            message_id: merge.message_id.to_string(),
            name,
            source: merge.source,
            source_name,
            ts: merge.ts,
        },
        sentence: String::new(),
    };
    view.sentence = sentence(&view);
    view
}

/// "p_7 became part of p_3 at ..., by the event `Order Completed` of ... (message m1, from Shop): it carried
/// user_id:u1, which was of p_3, and anonymous_id:b1, which was of p_7."
fn sentence(merge: &view::ProfileMerge) -> String {
    let absorbed: Vec<_> = merge.absorbed.iter().map(ToString::to_string).collect();
    let linked =
        merge.linked.iter().map(|link| format!("{}, which was of {}", link.identifier, link.profile));
    let event = &merge.event;
    format!(
        "{} became part of {} at {}, by the event `{}` of {} (message {}, from {}): it carried {}.",
        listed(&absorbed),
        merge.survivor,
        merge.at,
        event.name,
        event.ts,
        event.message_id,
        event.source_name,
        listed(&linked.collect::<Vec<_>>()),
    )
}

fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

const fn call(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Track => "track",
        EventKind::Identify => "identify",
        EventKind::Page => "page",
        EventKind::Screen => "screen",
        EventKind::Group => "group",
        EventKind::Alias => "alias",
    }
}

fn waiting_view(id: SplitId, split: &WaitingSplit) -> view::Split {
    view::Split {
        id,
        status: view::SplitStatus::Waiting,
        profile: split.profile,
        identifiers: split.taken.clone(),
        made: None,
        author: split.author.clone(),
        at: split.asked_at,
        lifted_at: None,
    }
}

fn bar_view(id: SplitId, bar: &Bar) -> view::Split {
    let status = if bar.lifted_at.is_some() { view::SplitStatus::Lifted } else { view::SplitStatus::Barred };
    view::Split {
        id,
        status,
        profile: bar.from,
        identifiers: bar.taken.clone(),
        made: Some(bar.to),
        author: bar.author.clone(),
        at: bar.at,
        lifted_at: bar.lifted_at,
    }
}

fn deletion_preview(state: &State, profile: ProfileId) -> Result<view::DeletionPreview, EngineError> {
    let record = state.profiles.get(&profile).ok_or(Refusal::NoProfile(profile))?;
    let traits = state.traits.get(&profile).map_or(0, |traits| traits.iter().count());
    let orders = state.order_keys.get(&profile).map_or(0, Vec::len);
    let standings = state.standings.get(&profile).into_iter().flat_map(crate::state::Standings::iter);
    let segments = standings.filter(|standing| standing.membership.is_some());
    Ok(view::DeletionPreview {
        profile,
        merged_ids: record.absorbed.iter().map(|(id, _)| *id).collect(),
        identifiers: record.identifiers.clone(),
        rows: record.rows,
        traits: traits as u64,
        orders: orders as u64,
        segments: segments
            .filter_map(|standing| state.segments.get(&standing.segment))
            .map(|segment| segment.name.clone())
            .collect(),
    })
}
