//! The verifier: holds one live segment after another against a rebuild, slowly and in the background, so that
//! a mistake is found while nobody asks.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use segops_model::SegmentId;

use super::Core;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::verify::Scope;
use crate::view::{LastVerified, VerifyReport};
use crate::work::Work;

/// What checks have found since the process started.
#[derive(Debug, Default)]
pub(crate) struct Verified(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    last: Option<VerifyReport>,
    runs: u64,
    failed_runs: u64,
}

impl Verified {
    pub(crate) fn note(&self, report: &VerifyReport) {
        let mut held = self.0.lock();
        held.runs += 1;
        held.failed_runs += u64::from(!report.agrees());
        held.last = Some(report.clone());
    }

    pub(crate) fn last(&self) -> Option<VerifyReport> {
        self.0.lock().last.clone()
    }

    pub(crate) fn summary(&self) -> Option<LastVerified> {
        let held = self.0.lock();
        let last = held.last.as_ref()?;
        Some(LastVerified {
            from: last.from.clone(),
            scope: last.scope.clone(),
            at: last.at,
            took_ms: last.took_ms,
            agrees: last.agrees(),
            differences: last.differences,
            runs: held.runs,
            failed_runs: held.failed_runs,
        })
    }
}

/// Runs until the engine stops: waits, and checks one segment. It holds no engine while it waits, so that the
/// last one dropped ends it.
pub(crate) fn run_verifier(
    core: &Arc<Core>,
    engine: &dyn Fn() -> Option<Engine>,
    every: Duration,
    work: &Work,
) {
    let mut last: Option<SegmentId> = None;
    loop {
        {
            let mut waiting = core.verifying.lock();
            if !core.is_stopping() {
                core.verifying_moved.wait_for(&mut waiting, every);
            }
        }
        if core.is_stopping() {
            return;
        }
        let Some(engine) = engine() else { return };
        let Some(segment) = engine.next_to_verify(last) else { continue };
        last = Some(segment);
        match engine.verify_scope(Scope::Segment(segment), work) {
            Ok(report) if report.agrees() => {
                tracing::debug!(%segment, took_ms = report.took_ms, "live is as rebuilt");
            }
            Ok(report) => {
                let differences = report.differences;
                tracing::error!(%segment, scope = report.scope, differences, "live differs from a rebuild");
            }
            // The journal's failure is told by those who write; a cancelled check by nobody.
            Err(EngineError::Cancelled(_) | EngineError::Busy(_)) => {}
            Err(error) => tracing::warn!(%segment, %error, "a check ended early"),
        }
    }
}
