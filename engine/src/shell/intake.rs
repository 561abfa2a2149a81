//! The journal thread: takes what was handed in, writes it in one order, and syncs once for all who wait.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender};

use segops_collect::{Accepted, FORMAT_SEGMENT_V1};
use segops_model::{Instant, Position};
use segops_store::{JournalWriter, StoreError};

use super::Core;
use super::folding::{Durable, Folding, Reply};
use crate::artefact::not_encoded;
use crate::command::Command;
use crate::error::Busy;
use crate::fold::Stamp;
use crate::journal_item::{
    FORMAT_COMMAND_V1, FORMAT_TICK_V1, Input, KIND_COMMAND, KIND_EVENT, KIND_TICK, encode_event,
};

/// Frames that one sync may cover, so that the first who waits is not kept for ever.
const GROUP_FRAMES_MAX: usize = 16_384;

/// Called once, after the sync that made the items durable, or when that has failed.
pub(crate) struct Done(pub Box<dyn FnOnce(Result<Position, Busy>) + Send>);

impl fmt::Debug for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Done")
    }
}

/// What is handed to the journal thread.
#[derive(Debug)]
pub(crate) enum Intake {
    Events { items: Vec<Accepted>, done: Done },
    Command { command: Box<Command>, reply: Reply },
    Tick,
    Stop,
}

/// Runs until told to stop, or until the journal fails.
pub(crate) fn run_journal(
    core: &Arc<Core>,
    mut writer: JournalWriter,
    queue: &Receiver<Intake>,
    fold: &SyncSender<Folding>,
) {
    while let Ok(first) = queue.recv() {
        let mut group = Group::default();
        let mut stop = !group.take(core, &mut writer, first);
        while !stop && group.durable.len() < GROUP_FRAMES_MAX {
            let Ok(next) = queue.try_recv() else { break };
            stop = !group.take(core, &mut writer, next);
        }
        if let Err(error) = group.failure.take().map_or_else(|| writer.sync(), Err) {
            core.fail(error.to_string());
            let busy = Busy::Failed(error.to_string());
            group.answer(core, &Err(busy));
            drain(core, queue);
            break;
        }
        let durable = writer.durable_position();
        core.durable.store(durable.0, Ordering::Release);
        let frames = std::mem::take(&mut group.durable);
        let sent = frames.is_empty() || fold.send(Folding::Frames(frames)).is_ok();
        group.answer(core, &Ok(durable));
        if stop || !sent {
            break;
        }
    }
    let _ = fold.send(Folding::Stop);
}

/// Refuses what waits after a failure.
fn drain(core: &Core, queue: &Receiver<Intake>) {
    *core.intake.lock() = None;
    while let Ok(intake) = queue.try_recv() {
        if let Intake::Events { items, done } = intake {
            core.queued.fetch_sub(items.len(), Ordering::AcqRel);
            (done.0)(Err(core.failed().unwrap_or(Busy::Stopping)));
        }
    }
}

/// What one sync makes durable.
#[derive(Debug, Default)]
struct Group {
    durable: Vec<Durable>,
    waiting: Vec<(usize, Done)>,
    failure: Option<StoreError>,
}

impl Group {
    /// Appends what was handed in; false to stop.
    fn take(&mut self, core: &Core, writer: &mut JournalWriter, intake: Intake) -> bool {
        match intake {
            Intake::Events { items, done } => {
                let count = items.len();
                for item in items {
                    self.append_event(core, writer, item);
                }
                self.waiting.push((count, done));
            }
            Intake::Command { command, reply } => match serde_json::to_vec(&command) {
                Ok(bytes) => {
                    let input = Input::Command(command);
                    self.append(
                        writer,
                        core.clock.now(),
                        (KIND_COMMAND, FORMAT_COMMAND_V1),
                        &bytes,
                        input,
                        Some(reply),
                    );
                }
                Err(error) => self.failure = Some(not_encoded("input", error)),
            },
            Intake::Tick => {
                self.append(writer, core.clock.now(), (KIND_TICK, FORMAT_TICK_V1), &[], Input::Tick, None);
            }
            Intake::Stop => return false,
        }
        self.failure.is_none()
    }

    fn append_event(&mut self, core: &Core, writer: &mut JournalWriter, item: Accepted) {
        match encode_event(&item.envelope, &item.raw) {
            Ok(bytes) => {
                // Nothing is received after it is journalled, also where the wall clock steps back between.
                let now = core.clock.now().max(item.envelope.received_at);
                let input = Input::Event { envelope: item.envelope, event: item.event };
                self.append(writer, now, (KIND_EVENT, FORMAT_SEGMENT_V1), &bytes, input, None);
            }
            Err(error) => self.failure = Some(not_encoded("input", error)),
        }
    }

    fn append(
        &mut self,
        writer: &mut JournalWriter,
        now: Instant,
        (kind, format): (u8, u8),
        bytes: &[u8],
        input: Input,
        reply: Option<Reply>,
    ) {
        if self.failure.is_some() {
            return;
        }
        match writer.append(now, kind, format, bytes) {
            Ok((position, instant)) => {
                self.durable.push(Durable { stamp: Stamp { position, instant }, input, reply });
            }
            Err(error) => self.failure = Some(error),
        }
    }

    fn answer(&mut self, core: &Core, result: &Result<Position, Busy>) {
        for (count, done) in self.waiting.drain(..) {
            core.queued.fetch_sub(count, Ordering::AcqRel);
            (done.0)(result.clone());
        }
    }
}
