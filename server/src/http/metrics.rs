//! Numbers for Prometheus, in its text format.

use std::fmt::{self, Display, Write};

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use segops_engine::view::{LastVerified, Segment, Status};

use super::authority::Reader;
use super::problem::Problem;
use super::state::App;

const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Numbers of the workspace in the text format of Prometheus. A scraper sends a token as any other reader does.
#[utoipa::path(get, path = "/metrics", tag = "Health", responses(
    (status = 200, body = String, content_type = "text/plain"), (status = "4XX", body = Problem)))]
pub(crate) async fn metrics(_: Reader, State(app): State<App>) -> Result<Response, Problem> {
    let text = app.run(|engine| Ok(text(&engine.status(), &engine.segments()))).await?;
    Ok(([(header::CONTENT_TYPE, TEXT_FORMAT)], text).into_response())
}

fn text(status: &Status, segments: &[Segment]) -> String {
    let mut page = Page::default();
    page.counter("events_accepted_total", "Events taken in, duplicates not counted.", status.events);
    page.counter("events_duplicate_total", "Events left out as duplicates.", status.duplicates);
    page.counter(
        "events_rejected_total",
        "Events and rows turned away, with their reasons.",
        status.rejections,
    );
    page.counter("merges_total", "Profiles that became part of another.", status.merges);
    page.counter("transitions_total", "Profiles that entered or left a segment.", status.transitions);
    page.gauge("profiles", "Profiles.", status.profiles);
    page.gauge("identifiers", "Identifiers that point at a profile.", status.identifiers);
    page.gauge("segments", "Segments.", status.segments);
    page.gauge(
        "timers",
        "Profiles with an instant at which a membership can change by itself.",
        status.timers,
    );
    page.gauge("journal_bytes", "Bytes of the journal on disk.", status.journal_bytes);
    page.gauge("journal_position", "The next journal position to be written.", status.durable_position);
    page.gauge("applied_position", "The next journal position to be applied.", status.applied_position);
    let behind = status.durable_position.0.saturating_sub(status.applied_position.0);
    page.gauge("fold_lag_frames", "Durable frames that are not applied yet.", behind);
    page.gauge(
        "up",
        "1 while input is accepted, 0 once the journal has failed.",
        u8::from(status.failure.is_none()),
    );
    page.head("segment_members", "gauge", "Members of each segment.");
    for segment in segments {
        let labels = format!("{{segment=\"{}\",name=\"{}\"}}", segment.id, escaped(&segment.name));
        page.line("segment_members", &labels, segment.counts.total);
    }
    verified(&mut page, status.verified.as_ref());
    page.0
}

/// The checks of live against a rebuild: absent until there was one, so that an alarm can ask for its age.
fn verified(page: &mut Page, last: Option<&LastVerified>) {
    let Some(last) = last else { return };
    page.counter("verify_runs_total", "Checks of live against a rebuild since the start.", last.runs);
    page.counter("verify_failed_runs_total", "Checks that found differences.", last.failed_runs);
    page.gauge("verify_agrees", "1 if the newest check found live as rebuilt.", u8::from(last.agrees));
    page.gauge("verify_differences", "What the newest check found.", last.differences);
    let seconds = Thousandths(last.at.as_ms());
    page.gauge("verify_timestamp_seconds", "The instant that the newest check was made for.", seconds);
    let took = Thousandths(i64::try_from(last.took_ms).unwrap_or(i64::MAX));
    page.gauge("verify_duration_seconds", "How long the newest check took.", took);
    page.head("verify_scope", "gauge", "What the newest check looked at, and from which history.");
    let labels = format!("{{scope=\"{}\",from=\"{}\"}}", escaped(&last.scope), escaped(&last.from));
    page.line("verify_scope", &labels, 1);
}

#[derive(Default)]
struct Page(String);

impl Page {
    fn counter(&mut self, name: &str, help: &str, value: impl Display) {
        self.head(name, "counter", help);
        self.line(name, "", value);
    }

    fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.head(name, "gauge", help);
        self.line(name, "", value);
    }

    fn head(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a text does not fail.
        let _ = writeln!(self.0, "# HELP segops_{name} {help}\n# TYPE segops_{name} {kind}");
    }

    fn line(&mut self, name: &str, labels: &str, value: impl Display) {
        let _ = writeln!(self.0, "segops_{name}{labels} {value}");
    }
}

/// Milliseconds, written as seconds.
struct Thousandths(i64);

impl Display for Thousandths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.0.div_euclid(1_000), self.0.rem_euclid(1_000))
    }
}

fn escaped(label: &str) -> String {
    label.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
