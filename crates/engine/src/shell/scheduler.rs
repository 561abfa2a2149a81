//! The scheduler: has what is due computed, one after the other, and journals what comes out. When something is due
//! is the fold's to say; how it is computed is plugged in. Alarms come first: they are quick.

use std::sync::Arc;

use segops_model::{AlarmId, ResultId};

use super::Core;
use super::primer::{ENGINE, command};
use crate::command::{Change, Refusal};
use crate::engine::Engine;
use crate::error::{Busy, EngineError};
use crate::results::{Computing, NotComputed, record};
use crate::state::{AlarmFinding, AlarmStatus};
use crate::work::Work;

/// What is computed at the moment.
#[derive(Debug)]
pub(crate) struct Running {
    /// None while alarms are looked at.
    result: Option<ResultId>,
    pub(crate) work: Arc<Work>,
}

impl Running {
    pub(crate) fn is_of(&self, result: ResultId) -> bool {
        self.result == Some(result)
    }
}

/// Something that is due.
#[derive(Debug, Clone, Copy)]
enum Due {
    Alarm(AlarmId),
    Result(ResultId),
}

/// Runs until the engine stops. It holds no engine while it waits, so that the last one dropped ends it.
pub(crate) fn run_scheduler(
    core: &Arc<Core>,
    engine: &dyn Fn() -> Option<Engine>,
    computing: &dyn Computing,
) {
    while !core.is_stopping() && core.failed().is_none() {
        if let Some(due) = next_due(core) {
            let Some(engine) = engine() else { return };
            let done = match due {
                Due::Alarm(alarm) => look(core, &engine, alarm, computing),
                Due::Result(result) => compute_result(core, &engine, result, computing),
            };
            match done {
                Ok(()) => continue,
                // It was deleted meanwhile, and is due no more.
                Err(EngineError::Refused(refusal)) => {
                    tracing::info!(?due, %refusal, "what was computed is not wanted any more");
                    continue;
                }
                Err(error) => {
                    if !core.is_stopping() && core.failed().is_none() {
                        core.fail(error.to_string());
                    }
                    return;
                }
            }
        }
        let mut wanted = core.computing_wanted.lock();
        while !*wanted && !core.is_stopping() {
            core.computing_moved.wait(&mut wanted);
        }
        *wanted = false;
    }
}

fn next_due(core: &Core) -> Option<Due> {
    let fold = core.fold.read();
    let alarm = fold.due_alarms().first().copied().map(Due::Alarm);
    alarm.or_else(|| fold.due_results().first().copied().map(Due::Result))
}

/// Has something computed that whoever stops the engine can call off.
fn run<T>(
    core: &Core,
    result: Option<ResultId>,
    compute: impl FnOnce(&Work) -> Result<T, NotComputed>,
) -> Result<T, NotComputed> {
    let work = Arc::new(Work::new());
    *core.running.lock() = Some(Running { result, work: Arc::clone(&work) });
    // Who stops it calls off what runs; between that look and this, nothing did.
    let computed = if core.is_stopping() { Err(NotComputed::Cancelled) } else { compute(&work) };
    *core.running.lock() = None;
    computed
}

fn compute_result(
    core: &Core,
    engine: &Engine,
    result: ResultId,
    computing: &dyn Computing,
) -> Result<(), EngineError> {
    let known = core.fold.read().state.results.get(&result).cloned();
    let known = known.ok_or_else(|| Refusal::NoResult(result.to_string()))?;
    let computed = run(core, Some(result), |work| computing.result(engine, &known.definition, work));
    let (version, name) = (known.version, known.name);
    let message = match computed {
        Ok(computed) => match record(core, result, version, computed) {
            // It cannot be used, or is gone.
            Err(EngineError::Refused(refusal)) => refusal.to_string(),
            recorded => return recorded,
        },
        // The attempt counts for nothing where the engine is stopping: it is made again.
        Err(NotComputed::Cancelled) if core.is_stopping() => return Err(Busy::Stopping.into()),
        Err(failed) => failed.to_string(),
    };
    tracing::warn!(%result, name, reason = message, "a recorded result was not computed");
    command(core, ENGINE, Change::FailResult { result, version, message })?.outcome?;
    Ok(())
}

/// Looks at an alarm. What cannot be measured is no alarm, and said.
fn look(core: &Core, engine: &Engine, alarm: AlarmId, computing: &dyn Computing) -> Result<(), EngineError> {
    let known = core.fold.read().state.alarms.get(&alarm).cloned();
    let known = known.ok_or_else(|| Refusal::NoAlarm(alarm.to_string()))?;
    let finding = match run(core, None, |work| computing.look(engine, &known, work)) {
        Ok(finding) => finding,
        Err(NotComputed::Cancelled) if core.is_stopping() => return Err(Busy::Stopping.into()),
        Err(failed) => AlarmFinding {
            at: engine.now(),
            status: AlarmStatus::NoData,
            message: format!("it cannot be measured: {failed}"),
            value: None,
        },
    };
    if known.status() != Some(finding.status) && finding.status == AlarmStatus::Firing {
        tracing::warn!(%alarm, name = known.name, owner = known.owner, found = finding.message, "an alarm fires");
    }
    command(core, ENGINE, Change::RecordAlarm { alarm, version: known.version, finding })?.outcome?;
    Ok(())
}
