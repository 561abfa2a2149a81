use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use segops_engine::view;
use segops_model::{SegmentId, same_text};

use super::file::SegmentFile;
use crate::cli::client::{Client, typed};
use crate::cli::error::CliError;
use crate::cli::segment::PATH;

/// How deep folders within folders are read.
const DEPTH_MAX: usize = 16;

/// A file of the folder, as it was read.
#[derive(Debug, Clone)]
pub(super) struct Local {
    /// Its path inside the folder, with `/`.
    pub(super) place: String,
    pub(super) text: String,
    pub(super) file: SegmentFile,
}

/// The workspace's segments.
pub(super) fn segments(client: &Client) -> Result<BTreeMap<SegmentId, view::Segment>, CliError> {
    let rows = client.rows(PATH, usize::MAX)?;
    let segments: Vec<view::Segment> = typed(rows.into(), PATH)?;
    Ok(segments.into_iter().map(|segment| (segment.id, segment)).collect())
}

/// Every segment's file in the folder, in the order of their paths. What is wrong with any of them is said
/// at once.
pub(super) fn locals(folder: &Path) -> Result<Vec<Local>, CliError> {
    let mut paths = Vec::new();
    find(folder, folder, 0, &mut paths)?;
    paths.sort();
    let (mut locals, mut problems): (Vec<Local>, Vec<String>) = (Vec::new(), Vec::new());
    for place in paths {
        let path = folder.join(&place);
        let text = std::fs::read_to_string(&path)
            .map_err(CliError::io(format!("cannot read {}", path.display())))?;
        match SegmentFile::read(&text) {
            Ok(file) => {
                if let Some(other) = locals.iter().find(|other| same_text(&other.file.name, &file.name)) {
                    problems.push(format!("{place}: {} has the name `{}` too", other.place, file.name));
                }
                locals.push(Local { place, text, file });
            }
            Err(found) => problems.extend(found.into_iter().map(|problem| format!("{place}: {problem}"))),
        }
    }
    if problems.is_empty() { Ok(locals) } else { Err(CliError::Rule(problems.join("\n"))) }
}

fn find(folder: &Path, inner: &Path, depth: usize, found: &mut Vec<String>) -> Result<(), CliError> {
    let what = || format!("cannot read the folder {}", inner.display());
    if depth > DEPTH_MAX {
        return Err(CliError::Usage(format!("{} is more than {DEPTH_MAX} folders deep", inner.display())));
    }
    for entry in std::fs::read_dir(inner).map_err(CliError::io(what()))? {
        let path: PathBuf = entry.map_err(CliError::io(what()))?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if hidden || path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            find(folder, &path, depth + 1, found)?;
        } else if path.extension().is_some_and(|extension| extension == "segment")
            && let Ok(place) = path.strip_prefix(folder)
        {
            let parts: Vec<_> = place.iter().map(|part| part.to_string_lossy().into_owned()).collect();
            found.push(parts.join("/"));
        }
    }
    Ok(())
}
