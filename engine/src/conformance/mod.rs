//! Conformance cases: a rule, events, and who must be a member when. Each is run the ways in which the engine
//! can answer, in simulated time and in memory: live from before the first event, by a preview from the
//! journal, and by a segment that is made only when it is asked for.
//!
//! The format is described in `docs/conformance.md`.

mod case;
mod happening;
mod run;
mod scratch;

pub use case::{Case, Check, NestedSegment};
pub use run::{Disagreement, run_case};
