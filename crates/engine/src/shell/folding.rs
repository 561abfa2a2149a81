//! The fold thread: applies what is durable, and lets the effects go.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};

use segops_collect::{Origin, Rejection};
use segops_model::{Position, ProfileId, SignalId};
use segops_segment::{Keep, SignalRegistry, Timeline};
use segops_store::{FrozenKeyspace, Keyspace, RecordLog, StoreError};

use super::Core;
use super::checkpointer::freeze;
use super::handed::Handed;
use crate::command::{Change, Outcome, Refusal};
use crate::fold::{Effects, Stamp, TurnedAway};
use crate::journal_item::Input;
use crate::parts_backfill::FrozenHistory;
use crate::rebuild::RecordedEnvironment;
use crate::state::{SegmentState, Standings, State};

/// Frames applied under one lock, so that readers get their turn.
const LOCKED_FRAMES_MAX: usize = 256;

/// A frame that is durable, with its input decoded already.
#[derive(Debug)]
pub(crate) struct Durable {
    pub stamp: Stamp,
    pub input: Input,
    /// Bytes of the frame's item.
    pub bytes: u64,
    pub reply: Option<Reply>,
}

/// Whoever waits for a command's outcome.
pub(super) type Reply = Sender<Decided>;

/// A command's outcome; for a mark, the view that it froze.
#[derive(Debug)]
pub(crate) struct Decided {
    pub outcome: Result<Outcome, Refusal>,
    pub marked: Option<Box<Marked>>,
    /// What was recorded up to the command, where a rebuild is to answer for its position.
    pub environment: RecordedEnvironment,
    /// The history up to the command, where that is to be read.
    pub history: Option<Box<FrozenHistory>>,
}

/// The state at a mark: what a rebuild is held against.
#[derive(Debug)]
pub(crate) struct Marked {
    pub stamp: Stamp,
    pub standings: FrozenKeyspace<ProfileId, Standings>,
    pub profiles: u64,
    pub segments: Vec<SegmentState>,
    pub timelines: FrozenKeyspace<(ProfileId, SignalId), Timeline>,
    /// What the timelines' signals stand for, and those that serving rules read, with what they need.
    pub signals: SignalRegistry,
    pub served: Vec<(SignalId, Keep)>,
    pub environment: RecordedEnvironment,
    /// The history up to the mark, where parts are there.
    pub history: Option<Box<FrozenHistory>>,
}

/// What is handed to the fold thread.
#[derive(Debug)]
pub(crate) enum Folding {
    Frames(Vec<Durable>),
    Stop,
}

/// Runs until the journal thread stops.
pub(crate) fn run_fold(core: &Arc<Core>, queue: &Receiver<Folding>) {
    let mut effects = Effects::default();
    let mut handed = Handed::default();
    while let Ok(Folding::Frames(frames)) = queue.recv() {
        let (count, bytes) = (frames.len() as u64, frames.iter().map(|frame| frame.bytes).sum());
        let mut frames = frames.into_iter().peekable();
        while frames.peek().is_some() {
            let mut replies = Vec::new();
            core.historian.wait_for_room();
            let (position, next_due) = {
                let mut fold = core.fold.write();
                for frame in frames.by_ref().take(LOCKED_FRAMES_MAX) {
                    fold.apply(frame.stamp, &frame.input, &core.artefacts, &mut effects);
                    if let Some(reply) = frame.reply {
                        let outcome =
                            effects.outcomes.pop().map_or_else(|| Err(Refusal::StalePriming), |(_, out)| out);
                        let (starts_priming, is_mark) = (starts_priming(&frame.input), is_mark(&frame.input));
                        let environment = frozen_environment(&mut fold.state, starts_priming);
                        let mut history = (starts_priming || is_mark).then(|| {
                            core.historian.hand_over(&mut handed, fold.state.position, fold.state.instant);
                            Box::new(FrozenHistory::of(core.historian.pin(), &mut fold.state))
                        });
                        let marked = is_mark.then(|| Box::new(mark(&mut fold, frame.stamp, history.take())));
                        replies.push((reply, Decided { outcome, marked, environment, history }));
                    }
                    handed.take(frame.stamp.position, frame.input, frame.bytes, &mut effects);
                }
                core.historian.hand_over(&mut handed, fold.state.position, fold.state.instant);
                (fold.state.position, fold.next_due())
            };
            publish(core, &mut effects, position);
            core.note_applied(position, next_due);
            for (reply, decided) in replies {
                let _ = reply.send(decided);
            }
        }
        if core.checkpointer.is_due_after(count, bytes) {
            freeze(core);
        }
    }
}

/// Lets effects go: their inputs are durable.
pub(crate) fn publish(core: &Core, effects: &mut Effects, position: Position) {
    core.transitions.extend(std::mem::take(&mut effects.transitions));
    effects.outcomes.clear();
    // One thread does both.
    let is_wanted = std::mem::take(&mut effects.priming_wanted) | std::mem::take(&mut effects.ranking_wanted);
    if is_wanted {
        core.want_priming();
    }
    if std::mem::take(&mut effects.computing_wanted) {
        core.want_computing();
    }
    let rejections: Vec<_> = effects.turned_away.drain(..).map(rejection_of).collect();
    if let Err(error) = keep_rejections(core, &rejections) {
        tracing::warn!(%error, %position, "rejections could not be kept");
    }
}

/// What a rejection of the fold says of its place begins with this and the journal position.
const AT_POSITION: &str = "journal position ";
/// Rejections looked at in one go.
const LOOKED_AT_ONCE: usize = 1_000;

/// The newest journal position whose rejection is in the log. What was turned away after it was not listed
/// before the process ended.
pub(crate) fn listed_until(log: &mut RecordLog) -> Result<Option<Position>, StoreError> {
    let mut before = None;
    loop {
        let records = log.newest(LOOKED_AT_ONCE, before)?;
        let Some(oldest) = records.last().map(|record| record.sequence) else { return Ok(None) };
        let rejections = records.iter().filter_map(|record| serde_json::from_slice(&record.bytes).ok());
        if let Some(position) = rejections.filter_map(|rejection| position_of(&rejection)).next() {
            return Ok(Some(position));
        }
        before = Some(oldest);
    }
}

fn position_of(rejection: &Rejection) -> Option<Position> {
    let rest = rejection.place.strip_prefix(AT_POSITION)?;
    let digits = rest.split(',').next()?;
    digits.parse().ok().map(Position)
}

fn rejection_of(turned_away: TurnedAway) -> Rejection {
    Rejection {
        code: turned_away.code,
        message: turned_away.reason,
        place: format!("{AT_POSITION}{}, {}", turned_away.position, turned_away.place),
        raw: turned_away.raw,
        source: turned_away.source,
        received_at: turned_away.at,
        origin: Origin::Api { path: "journal".to_owned() },
    }
}

/// Writes rejections to the bounded log.
///
/// # Errors
/// The log cannot be written.
pub(crate) fn keep_rejections(core: &Core, rejections: &[Rejection]) -> Result<(), String> {
    if rejections.is_empty() {
        return Ok(());
    }
    let mut log = core.rejections.lock();
    for rejection in rejections {
        let bytes = serde_json::to_vec(rejection).map_err(|error| error.to_string())?;
        log.append(&bytes).map_err(|error| error.to_string())?;
    }
    log.flush().map_err(|error| error.to_string())
}

fn is_mark(input: &Input) -> bool {
    matches!(input, Input::Command(command) if command.change == Change::Mark)
}

fn starts_priming(input: &Input) -> bool {
    matches!(input, Input::Command(command) if matches!(command.change, Change::StartPriming { .. }))
}

/// What was recorded up to now, for a rebuild that reads it.
pub(crate) fn frozen_environment(state: &mut State, is_read: bool) -> RecordedEnvironment {
    RecordedEnvironment { transitions: is_read.then(|| state.records.freeze()) }
}

/// Freezes a view of the state.
pub(crate) fn mark(
    fold: &mut crate::fold::Fold,
    stamp: Stamp,
    history: Option<Box<FrozenHistory>>,
) -> Marked {
    let (signals, served) = fold.served_signals();
    Marked {
        stamp,
        timelines: fold.state.timelines.freeze(),
        signals,
        served,
        standings: fold.state.standings.freeze(),
        profiles: fold.state.groups.all.len(),
        segments: fold.state.segments.values().cloned().collect(),
        environment: frozen_environment(&mut fold.state, true),
        history,
    }
}
