use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

use super::output::number;

/// A bar on the terminal for what takes a while; nothing where the output goes elsewhere.
#[derive(Debug)]
pub(crate) struct Bar(ProgressBar);

impl Bar {
    /// `bytes` says that what is counted are bytes.
    pub(crate) fn new(what: &'static str, bytes: bool) -> Self {
        let bar = if std::io::stderr().is_terminal() { ProgressBar::new(0) } else { ProgressBar::hidden() };
        let template = if bytes {
            "{msg} [{bar:30}] {percent}% {eta}"
        } else {
            "{msg} [{bar:30}] {human_pos} of {human_len} ({per_sec})"
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(what);
        Self(bar)
    }

    pub(crate) fn update(&self, done: u64, total: u64) {
        self.0.set_length(total.max(done));
        self.0.set_position(done);
    }

    /// Shows that something still goes on.
    pub(crate) fn tick(&self) {
        self.0.tick();
    }

    /// Names the file, and how many rows a second it is read at.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rate for the eye"
    )]
    pub(crate) fn say_rows(&self, file: &str, rows: u64) {
        let seconds = self.0.elapsed().as_secs_f64().max(0.001);
        let rate = (rows as f64 / seconds) as u64;
        self.0.set_message(format!("{file}: {} rows, {} a second", number(rows), number(rate)));
    }

    pub(crate) fn finish(self) {
        self.0.finish_and_clear();
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
