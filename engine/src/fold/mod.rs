//! The fold: the journal's inputs, in order, make the state and the transitions. It reads its own state, the
//! input, and artefacts that a command names by hash, and nothing else: the same journal gives the same
//! state, however it is cut into batches.
//!
//! One input goes through in this order: timers that are due at or before it fire at their own instants;
//! then identity, the profile's records, and the segments that the change touches.

mod command;
mod decide;
mod delete;
mod event;
mod lifecycle;
mod merge;
mod orders;
mod planted;
mod prime;
mod products;
mod programs;
mod ranking;
mod references;
mod roster;
mod segment_command;
mod split;
mod timers;
mod view;

use segops_collect::RejectionCode;
use segops_identity::Unplaced;
use segops_model::{Event, Instant, Limits, Position, SourceId, Transition};
use segops_segment::{Keep, SignalRegistry};

use crate::artefact::Artefacts;
use crate::command::{Outcome, Refusal};
use crate::journal_item::Input;
use crate::state::State;

pub use planted::PlantedBug;
pub use view::LiveProfile;

use programs::Programs;
use ranking::Rankings;
use roster::Roster;

/// The state and the machinery that evaluates it.
#[derive(Debug)]
pub struct Fold {
    pub state: State,
    limits: Limits,
    signals: SignalRegistry,
    programs: Programs,
    roster: Roster,
    rankings: Rankings,
    matched: Vec<segops_model::SignalId>,
    #[cfg(test)]
    pub(crate) planted: Option<PlantedBug>,
}

/// A frame's place and time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    pub position: Position,
    pub instant: Instant,
}

/// What applying inputs brings about beside the new state. Collected here, and sent on only once the inputs
/// are durable.
#[derive(Debug, Default)]
pub struct Effects {
    pub transitions: Vec<Transition>,
    /// Events that identity could not place, with the reason.
    pub turned_away: Vec<TurnedAway>,
    /// What became of a command, by its position.
    pub outcomes: Vec<(Position, Result<Outcome, Refusal>)>,
    /// Set when a segment waits for its history to be read.
    pub priming_wanted: bool,
    /// Set when a ranking is due to be taken.
    pub ranking_wanted: bool,
}

/// An event that was durable before it was found to belong to nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnedAway {
    pub position: Position,
    /// When it became durable.
    pub at: Instant,
    pub code: RejectionCode,
    pub source: Option<SourceId>,
    pub place: String,
    pub raw: String,
    pub reason: String,
}

impl TurnedAway {
    fn of(stamp: Stamp, event: &Event, unplaced: &Unplaced) -> Self {
        let identifiers: Vec<_> = event.identifiers.iter().map(ToString::to_string).collect();
        // Who was deleted is not named again.
        let (code, raw) = match unplaced {
            Unplaced::NoIdentifier(_) => {
                (RejectionCode::MissingIdentifier, format!("{} {}", event.name, identifiers.join(" ")))
            }
            Unplaced::Deleted => (RejectionCode::DeletedProfile, event.name.to_string()),
        };
        Self {
            position: stamp.position,
            at: stamp.instant,
            code,
            source: Some(event.source),
            place: format!("message {}", event.message_id),
            raw,
            reason: unplaced.to_string(),
        }
    }

    fn unreadable(stamp: Stamp, reason: &str) -> Self {
        let place = "an unreadable item".to_owned();
        Self {
            position: stamp.position,
            at: stamp.instant,
            code: RejectionCode::UnknownFormat,
            source: None,
            place,
            raw: String::new(),
            reason: reason.to_owned(),
        }
    }
}

impl Fold {
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            state: State::new(),
            limits,
            signals: SignalRegistry::new(),
            programs: Programs::default(),
            roster: Roster::default(),
            rankings: Rankings::default(),
            matched: Vec::new(),
            #[cfg(test)]
            planted: None,
        }
    }

    /// The signals that serving rules read, with what they need of each, and what each stands for.
    #[must_use]
    pub fn served_signals(&self) -> (SignalRegistry, Vec<(segops_model::SignalId, Keep)>) {
        (self.signals.clone(), self.programs.served_signals())
    }

    /// How many serving rules read a signal.
    #[must_use]
    pub fn readers_of(&self, signal: segops_model::SignalId) -> u64 {
        self.roster.of_signal(signal).len() as u64
    }

    /// Applies one input.
    pub fn apply(&mut self, stamp: Stamp, input: &Input, artefacts: &dyn Artefacts, effects: &mut Effects) {
        self.fire_timers(stamp, effects);
        match input {
            Input::Event { envelope, event } => self.apply_event(stamp, envelope, event, effects),
            Input::Command(command) => {
                let outcome = self.apply_command(stamp, command, artefacts, effects);
                effects.outcomes.push((stamp.position, outcome));
            }
            Input::Unreadable { reason } => effects.turned_away.push(TurnedAway::unreadable(stamp, reason)),
            Input::Tick => {}
        }
        self.state.position = stamp.position.next();
        self.state.instant = stamp.instant;
        effects.ranking_wanted |= self.rankings.is_due(stamp.instant);
    }

    /// The next instant at which something is due with no new input.
    #[must_use]
    pub fn next_due(&self) -> Option<Instant> {
        let timer = self.state.timers.first().map(|(due, _)| *due);
        let ranking = self.rankings.next_due_after(self.state.instant);
        [timer, ranking].into_iter().flatten().min()
    }
}
