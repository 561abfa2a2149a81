use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream;
use serde::Deserialize;
use tokio::sync::{Notify, OwnedSemaphorePermit, watch};
use utoipa::IntoParams;

use segops_engine::{Engine, WatchId, view};
use segops_model::{Direction, SegmentId, TransitionId};

use super::authority::Reader;
use super::problem::Problem;
use super::read_body::QueryOf;
use super::state::App;

/// Transitions read at one time.
const READ_ROWS: usize = 1_000;
const KEEP_ALIVE_SECONDS: u64 = 15;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct StreamQuery {
    /// Only those of this segment, by its id or name.
    segment: Option<String>,
    /// Go on after this transition. Without it, and without `Last-Event-ID`, the stream starts with what
    /// happens next.
    #[param(value_type = Option<String>)]
    after: Option<TransitionId>,
    /// Start with the oldest transition that is kept.
    #[serde(default)]
    from_start: bool,
}

/// Who enters and leaves segments, as server-sent events: `id` is the transition's, `event` is `entered` or
/// `exited`. It goes on after `Last-Event-ID`, so that a client that connects again misses nothing and gets
/// nothing twice. A `reset` event says that transitions it has not seen are no longer kept.
#[utoipa::path(get, path = "/api/v1/transitions/stream", tag = "Transitions", params(StreamQuery,
    ("Last-Event-ID" = Option<String>, Header, description = "The last transition that was seen")), responses(
    (status = 200, description = "A stream of transitions", content_type = "text/event-stream", body = view::TransitionView),
    (status = 410, description = "Those after the given one are no longer kept", body = Problem),
    (status = "4XX", body = Problem)))]
pub(crate) async fn stream(
    _: Reader,
    State(app): State<App>,
    QueryOf(query): QueryOf<StreamQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let after = match headers.get("last-event-id").map(|id| id.to_str().unwrap_or_default()) {
        Some("") | None => query.after,
        Some(id) => Some(id.parse().map_err(Problem::bad_request)?),
    };
    let permit = Arc::clone(app.streams())
        .try_acquire_owned()
        .map_err(|_| Problem::too_many_streams(app.limits().streams_max))?;
    let segment = match query.segment {
        Some(name) => Some(app.run(move |engine| engine.segment(&name)).await?.id),
        None => None,
    };
    let engine = app.engine()?.clone();
    let after = if query.from_start { after } else { after.or_else(|| engine.newest_transition()) };
    let mut follower = Follower::new(engine, segment, after, app.stopping(), permit);
    // The first read is done before the answer's head, so that a client behind learns it by the status.
    follower.read().await?;
    let events = stream::unfold(follower, |mut follower| async move {
        let event = follower.next().await?;
        Some((Ok::<_, Infallible>(event), follower))
    });
    let keep_alive = KeepAlive::new().interval(Duration::from_secs(KEEP_ALIVE_SECONDS)).text("keep-alive");
    let no_buffering = [("cache-control", "no-cache"), ("x-accel-buffering", "no")];
    Ok((no_buffering, Sse::new(events).keep_alive(keep_alive)).into_response())
}

/// Reads on from the last transition whenever there are new ones.
struct Follower {
    watch: Watch,
    segment: Option<SegmentId>,
    last: Option<TransitionId>,
    waiting: VecDeque<view::TransitionView>,
    stopping: watch::Receiver<bool>,
    ended: bool,
    _permit: OwnedSemaphorePermit,
}

/// The engine's call when there is something new, taken back when the stream ends.
struct Watch {
    engine: Engine,
    id: WatchId,
    wake: Arc<Notify>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.engine.unwatch(self.id);
    }
}

impl Follower {
    fn new(
        engine: Engine,
        segment: Option<SegmentId>,
        last: Option<TransitionId>,
        stopping: watch::Receiver<bool>,
        permit: OwnedSemaphorePermit,
    ) -> Self {
        let wake = Arc::new(Notify::new());
        let called = Arc::clone(&wake);
        let id = engine.watch_transitions(Arc::new(move || called.notify_one()));
        let watch = Watch { engine, id, wake };
        Self { watch, segment, last, waiting: VecDeque::new(), stopping, ended: false, _permit: permit }
    }

    /// Reads the next transitions; whether there may be more at once. All segments' are read and the others
    /// left out here, so that the place to go on from moves with every one.
    async fn read(&mut self) -> Result<bool, Problem> {
        let engine = self.watch.engine.clone();
        let after = self.last;
        let read = tokio::task::spawn_blocking(move || engine.transitions(after, None, READ_ROWS))
            .await
            .map_err(|error| Problem::internal(&error))?
            .map_err(|gone| Problem::gone(gone.to_string()))?;
        let more = read.len() >= READ_ROWS;
        self.last = read.last().map(|transition| transition.id).or(self.last);
        let wanted =
            |transition: &view::TransitionView| self.segment.is_none_or(|id| transition.segment == id);
        self.waiting.extend(read.into_iter().filter(wanted));
        Ok(more)
    }

    /// The next event; `None` once the stream is over.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(transition) = self.waiting.pop_front() {
                return Some(event_of(&transition));
            }
            if self.ended || *self.stopping.borrow() {
                return None;
            }
            match self.read().await {
                Ok(more) if more || !self.waiting.is_empty() => {}
                Ok(_) => {
                    tokio::select! {
                        () = self.watch.wake.notified() => {}
                        _ = self.stopping.changed() => {}
                    }
                }
                Err(problem) => {
                    self.ended = true;
                    return Some(reset(&problem));
                }
            }
        }
    }
}

fn event_of(transition: &view::TransitionView) -> Event {
    let name = match transition.direction {
        Direction::Entered => "entered",
        Direction::Exited => "exited",
    };
    let data = serde_json::to_string(transition).unwrap_or_default();
    Event::default().id(transition.id.to_string()).event(name).data(data)
}

fn reset(problem: &Problem) -> Event {
    Event::default().event("reset").data(serde_json::to_string(problem).unwrap_or_default())
}
