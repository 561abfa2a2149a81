//! Whether something lies in a window, where each thing is an instant, and when that changes: shared by dates,
//! anniversaries and changes of a trait.

use segops_model::Instant;

use crate::WindowBounds;
use crate::evaluate::Outcome;

/// How often the search for the instant at which the answer changes goes on to the next thing. Past it, the
/// instant reached so far is given: too early, never too late.
const STEPS_MAX: usize = 64;

/// Instants in order, however they are found.
pub(crate) trait Occurrences {
    /// The newest in `(after, until]`.
    fn newest_in(&self, after_exclusive: Instant, until_inclusive: Instant) -> Option<Instant>;
    /// The oldest after an instant.
    fn first_after(&self, after_exclusive: Instant) -> Option<Instant>;
}

/// Whether at least one lies in the window, and the exact instant at which that becomes otherwise.
pub(crate) fn occurs_within(window: &WindowBounds, things: &impl Occurrences, now: Instant) -> Outcome {
    let inside = |now| {
        let (after, until) = window.bounds(now);
        things.newest_in(after, until)
    };
    let mut newest = inside(now);
    let holds = newest.is_some();
    let mut at = now;
    for _ in 0..STEPS_MAX {
        let next = match newest {
            // Until the newest inside has left, something is inside.
            Some(newest) => window.leaves_at(newest),
            None => next_to_enter(window, things, at),
        };
        let Some(next) = next.filter(|next| *next > at) else { return Outcome::settled(holds) };
        at = next;
        newest = inside(at);
        if newest.is_some() != holds {
            break;
        }
    }
    Outcome { holds, next_change: Some(at) }
}

/// With nothing inside, the first instant at which something is. What the newer edge has passed is gone.
fn next_to_enter(window: &WindowBounds, things: &impl Occurrences, now: Instant) -> Option<Instant> {
    let mut passed = window.bounds(now).1;
    for _ in 0..STEPS_MAX {
        let next = things.first_after(passed)?;
        if let Some(enters) = window.enters_at(next) {
            return Some(enters);
        }
        // The window's older edge passes it no later than the newer one does: it is never inside.
        passed = next;
    }
    window.reached_by_until(passed)
}

/// Some instants, in any order.
impl Occurrences for Vec<Instant> {
    fn newest_in(&self, after_exclusive: Instant, until_inclusive: Instant) -> Option<Instant> {
        let inside = |instant: &Instant| *instant > after_exclusive && *instant <= until_inclusive;
        self.iter().copied().filter(inside).max()
    }

    fn first_after(&self, after_exclusive: Instant) -> Option<Instant> {
        self.iter().copied().filter(|instant| *instant > after_exclusive).min()
    }
}
