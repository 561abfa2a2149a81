use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use segops_engine::view;
use segops_model::{ComputedTraitId, DerivedEventId, SegmentId, same_text};

use super::derived_file::{self, DerivedFile};
use super::file::SegmentFile;
use super::trait_file::{EXTENSION, TraitFile};
use crate::cli::client::{Client, typed};
use crate::cli::error::CliError;
use crate::cli::segment::PATH;
use crate::cli::{computed_trait, derived_event};

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

/// A computed trait's file, as it was read.
#[derive(Debug, Clone)]
pub(super) struct LocalTrait {
    pub(super) place: String,
    pub(super) text: String,
    pub(super) file: TraitFile,
}

/// A derived event's file, as it was read.
#[derive(Debug, Clone)]
pub(super) struct LocalDerived {
    pub(super) place: String,
    pub(super) text: String,
    pub(super) file: DerivedFile,
}

/// Everything in the folder: segments, computed traits and derived events.
#[derive(Debug)]
pub(super) struct Locals {
    pub(super) segments: Vec<Local>,
    pub(super) computed_traits: Vec<LocalTrait>,
    pub(super) derived_events: Vec<LocalDerived>,
}

/// The workspace's derived events.
pub(super) fn derived_events(
    client: &Client,
) -> Result<BTreeMap<DerivedEventId, view::DerivedEvent>, CliError> {
    let rows = client.rows(derived_event::PATH, usize::MAX)?;
    let made: Vec<view::DerivedEvent> = typed(rows.into(), derived_event::PATH)?;
    Ok(made.into_iter().map(|made| (made.id, made)).collect())
}

/// The workspace's computed traits.
pub(super) fn computed_traits(
    client: &Client,
) -> Result<BTreeMap<ComputedTraitId, view::ComputedTrait>, CliError> {
    let rows = client.rows(computed_trait::PATH, usize::MAX)?;
    let computed: Vec<view::ComputedTrait> = typed(rows.into(), computed_trait::PATH)?;
    Ok(computed.into_iter().map(|computed| (computed.id, computed)).collect())
}

/// The workspace's segments.
pub(super) fn segments(client: &Client) -> Result<BTreeMap<SegmentId, view::Segment>, CliError> {
    let rows = client.rows(PATH, usize::MAX)?;
    let segments: Vec<view::Segment> = typed(rows.into(), PATH)?;
    Ok(segments.into_iter().map(|segment| (segment.id, segment)).collect())
}

/// Every file in the folder, in the order of their paths. What is wrong with any of them is said at once.
pub(super) fn locals(folder: &Path) -> Result<Locals, CliError> {
    let mut paths = Vec::new();
    find(folder, folder, 0, &mut paths)?;
    paths.sort();
    let mut locals = Locals { segments: Vec::new(), computed_traits: Vec::new(), derived_events: Vec::new() };
    let mut problems = Vec::new();
    for place in paths {
        let path = folder.join(&place);
        let text = std::fs::read_to_string(&path)
            .map_err(CliError::io(format!("cannot read {}", path.display())))?;
        if let Err(found) = locals.take(&place, text) {
            problems.extend(found.into_iter().map(|problem| format!("{place}: {problem}")));
        }
    }
    if problems.is_empty() { Ok(locals) } else { Err(CliError::Rule(problems.join("\n"))) }
}

impl Locals {
    /// Reads a file's text, as its name says; what is wrong with it comes back.
    fn take(&mut self, place: &str, text: String) -> Result<(), Vec<String>> {
        let taken = |other: &str, name: &str| vec![format!("{other} has the name `{name}` too")];
        let place = place.to_owned();
        if place.ends_with(derived_file::EXTENSION) {
            let file = DerivedFile::read(&text)?;
            let other = self.derived_events.iter().find(|other| other.file.name == file.name);
            let clash = other.map(|other| taken(&other.place, &file.name));
            self.derived_events.push(LocalDerived { place, text, file });
            return clash.map_or(Ok(()), Err);
        }
        if place.ends_with(EXTENSION) {
            let file = TraitFile::read(&text)?;
            let other = self.computed_traits.iter().find(|other| same_text(&other.file.name, &file.name));
            let clash = other.map(|other| taken(&other.place, &file.name));
            self.computed_traits.push(LocalTrait { place, text, file });
            return clash.map_or(Ok(()), Err);
        }
        let file = SegmentFile::read(&text)?;
        let other = self.segments.iter().find(|other| same_text(&other.file.name, &file.name));
        let clash = other.map(|other| taken(&other.place, &file.name));
        self.segments.push(Local { place, text, file });
        clash.map_or(Ok(()), Err)
    }
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
        } else if path.extension().is_some_and(|extension| {
            extension == "segment" || extension == EXTENSION || extension == derived_file::EXTENSION
        }) && let Ok(place) = path.strip_prefix(folder)
        {
            let parts: Vec<_> = place.iter().map(|part| part.to_string_lossy().into_owned()).collect();
            found.push(parts.join("/"));
        }
    }
    Ok(())
}
