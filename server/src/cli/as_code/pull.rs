use std::collections::BTreeSet;

use clap::Args;
use serde_json::json;

use segops_engine::view;
use segops_model::same_text;

use super::Folder;
use super::file::SegmentFile;
use super::lock::{Lock, Locked, sha256};
use super::remote::segments;
use crate::cli::client::Client;
use crate::cli::error::CliError;
use crate::cli::output::{Output, counted};

/// Write the workspace's segments into a folder, one text file each.
///
/// A file that was changed since the last pull or apply is left alone, and named. Archived segments are
/// written only where they have a file already.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  segops segment pull segments --data shop\n  segops segment pull segments --force --data shop"
)]
pub(crate) struct Pull {
    #[command(flatten)]
    folder: Folder,
    /// Overwrite files that were changed here.
    #[arg(long)]
    force: bool,
}

/// What a pull did with the files.
#[derive(Debug, Default)]
struct Pulled {
    written: Vec<String>,
    unchanged: usize,
    kept: Vec<String>,
}

impl Pull {
    pub(crate) fn run(self, client: &Client, out: &mut Output) -> Result<(), CliError> {
        let folder = &self.folder.folder;
        std::fs::create_dir_all(folder)
            .map_err(CliError::io(format!("cannot make the folder {}", folder.display())))?;
        let mut lock = Lock::read(folder)?;
        let mut pulled = Pulled::default();
        let mut taken: BTreeSet<String> = lock.segments.values().map(|locked| locked.file.clone()).collect();
        for segment in segments(client)?.values() {
            if segment.state == view::Lifecycle::Archived && !lock.segments.contains_key(&segment.id) {
                continue;
            }
            self.write(segment, &mut lock, &mut taken, &mut pulled)?;
        }
        lock.write(folder)?;
        if out.json {
            return out.print_json(
                &json!({ "written": pulled.written, "unchanged": pulled.unchanged, "kept": pulled.kept }),
            );
        }
        for place in &pulled.written {
            out.line(format!("wrote {place}"))?;
        }
        for place in &pulled.kept {
            out.warning(&format!("kept {place}, which was changed here; --force overwrites it"))?;
        }
        let files = counted(pulled.written.len() as u64, "file", "files");
        out.line(format!("{files} written, {} as they were.", pulled.unchanged))
    }

    fn write(
        &self,
        segment: &view::Segment,
        lock: &mut Lock,
        taken: &mut BTreeSet<String>,
        pulled: &mut Pulled,
    ) -> Result<(), CliError> {
        let file = SegmentFile::of(segment).map_err(|problems| {
            CliError::Rule(format!(
                "the rule of `{}` is not understood: {}",
                segment.name,
                problems.join("; ")
            ))
        })?;
        let text = file.write();
        let known = lock.segments.get(&segment.id).cloned();
        let place = match &known {
            Some(locked) => locked.file.clone(),
            None => free_place(&file.usual_place(), segment, taken),
        };
        let path = self.folder.folder.join(&place);
        let there = match std::fs::read_to_string(&path) {
            Ok(there) => Some(there),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(CliError::io(format!("cannot read {}", path.display()))(error)),
        };
        let unchanged_here = |there: &String| {
            *there == text || known.as_ref().is_some_and(|locked| locked.sha256 == sha256(there))
        };
        if !self.force && there.as_ref().is_some_and(|there| !unchanged_here(there)) {
            pulled.kept.push(place);
            return Ok(());
        }
        if there.as_ref() == Some(&text) {
            pulled.unchanged += 1;
        } else {
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)
                    .map_err(CliError::io(format!("cannot make the folder {}", parent.display())))?;
            }
            std::fs::write(&path, &text).map_err(CliError::io(format!("cannot write {}", path.display())))?;
            pulled.written.push(place.clone());
        }
        let locked = Locked { file: place, changed_at: segment.changed_at, sha256: sha256(&text) };
        lock.segments.insert(segment.id, locked);
        Ok(())
    }
}

/// The usual place, or one with the segment's id where another segment has it.
fn free_place(usual: &str, segment: &view::Segment, taken: &mut BTreeSet<String>) -> String {
    let is_taken = |place: &str, taken: &BTreeSet<String>| taken.iter().any(|held| same_text(held, place));
    let place = if is_taken(usual, taken) {
        format!("{}-{}.segment", usual.trim_end_matches(".segment"), segment.id)
    } else {
        usual.to_owned()
    };
    taken.insert(place.clone());
    place
}
