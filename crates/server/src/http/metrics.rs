//! Numbers for Prometheus, in its text format.

use std::fmt::{self, Display, Write};

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use segops_engine::Engine;
use segops_engine::view::{
    Alarm, AlarmStatus, CheckpointSummary, LastVerified, PartsSummary, Segment, Status,
};

use super::authority::Reader;
use super::problem::Problem;
use super::state::App;

const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Numbers of the workspace in the text format of Prometheus. A scraper sends a token as any other reader does.
#[utoipa::path(get, path = "/metrics", tag = "Health", responses(
    (status = 200, body = String, content_type = "text/plain"), (status = "4XX", body = Problem)))]
pub(crate) async fn metrics(_: Reader, State(app): State<App>) -> Result<Response, Problem> {
    let read = |engine: &Engine| Ok(text(&engine.status(), &engine.segments(), &engine.alarms()));
    let text = app.run(read).await?;
    Ok(([(header::CONTENT_TYPE, TEXT_FORMAT)], text).into_response())
}

fn text(status: &Status, segments: &[Segment], watched: &[Alarm]) -> String {
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
    parts(&mut page, &status.parts, status.applied_position.0);
    checkpoint(&mut page, &status.checkpoint);
    page.head("segment_members", "gauge", "Members of each segment.");
    for segment in segments {
        let labels = format!("{{segment=\"{}\",name=\"{}\"}}", segment.id, escaped(&segment.name));
        page.line("segment_members", &labels, segment.counts.total);
    }
    alarms(&mut page, watched);
    verified(&mut page, status.verified.as_ref());
    page.0
}

/// Each alarm with its owner: whether it fires and nobody has snoozed it, and whether there is nothing to measure.
fn alarms(page: &mut Page, alarms: &[Alarm]) {
    let labels = |alarm: &Alarm| {
        let (name, owner) = (escaped(&alarm.name), escaped(&alarm.owner));
        format!("{{alarm=\"{}\",name=\"{name}\",owner=\"{owner}\"}}", alarm.id)
    };
    page.head("alarm_firing", "gauge", "1 while an alarm fires and is not snoozed.");
    for alarm in alarms {
        page.line("alarm_firing", &labels(alarm), u8::from(alarm.calls()));
    }
    page.head("alarm_no_data", "gauge", "1 while an alarm has nothing to measure, or cannot.");
    for alarm in alarms {
        page.line("alarm_no_data", &labels(alarm), u8::from(alarm.status == Some(AlarmStatus::NoData)));
    }
    page.head("alarm_value", "gauge", "What an alarm has measured.");
    for alarm in alarms {
        if let Some(value) = alarm.value {
            page.line("alarm_value", &labels(alarm), value);
        }
    }
}

/// The history in parts, and how far it is behind.
fn parts(page: &mut Page, parts: &PartsSummary, applied_position: u64) {
    page.gauge("parts_rows", "Rows of the history in parts.", parts.rows);
    page.gauge("parts_bytes", "Bytes of parts and their sidecars.", parts.bytes);
    page.gauge("parts_files", "Parts.", parts.files);
    page.gauge("parts_level0_files", "Parts that wait to be split by month.", parts.level0_files);
    page.gauge(
        "parts_pending_changes",
        "Merges, splits and deletions that are applied as rows are read.",
        parts.pending_changes,
    );
    page.gauge("tail_rows", "Rows in memory that no part holds yet.", parts.tail_rows);
    page.gauge("tail_bytes", "Bytes of these rows as they came in.", parts.tail_bytes);
    let behind = applied_position.saturating_sub(parts.held_until.0);
    page.gauge("parts_lag_frames", "Applied frames that no part holds yet.", behind);
    let about = "Reads from the bucket that the history is in.";
    page.counter("history_fetches_total", about, parts.fetches);
    page.counter("history_fetched_bytes_total", "Bytes of these reads.", parts.fetched_bytes);
    let is_written = u8::from(parts.failure.is_none());
    page.gauge("parts_up", "1 while the history is written to parts, 0 while it cannot be.", is_written);
}

/// The newest checkpoint, and what a start would have to replay. Its position and instant are absent until there is one,
/// so that an alarm can ask for its age.
fn checkpoint(page: &mut Page, checkpoint: &CheckpointSummary) {
    if let (Some(position), Some(at)) = (checkpoint.position, checkpoint.at) {
        page.gauge("checkpoint_position", "Everything before this journal position is in it.", position);
        let seconds = Thousandths(at.as_ms());
        page.gauge("checkpoint_timestamp_seconds", "The instant of the newest input in it.", seconds);
    }
    page.gauge("checkpoint_bytes", "Bytes of the checkpoint's files.", checkpoint.bytes);
    page.gauge("checkpoint_files", "Its files: a whole one, and changes.", checkpoint.files);
    page.gauge("checkpoint_lag_frames", "Inputs since, which a start replays.", checkpoint.frames_since);
    page.gauge("checkpoint_lag_bytes", "Bytes of these inputs in the journal.", checkpoint.bytes_since);
    let milliseconds = |ms: u64| Thousandths(i64::try_from(ms).unwrap_or(i64::MAX));
    let (pause, took) = (milliseconds(checkpoint.last_pause_ms), milliseconds(checkpoint.last_took_ms));
    page.gauge("checkpoint_pause_seconds", "How long inputs waited for the newest one.", pause);
    page.gauge("checkpoint_duration_seconds", "How long the newest one took.", took);
    let is_made = u8::from(checkpoint.failure.is_none());
    page.gauge("checkpoint_up", "1 while checkpoints are made, 0 where the newest try has failed.", is_made);
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
