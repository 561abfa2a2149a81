use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use segops_engine::view;
use segops_model::{SegmentId, same_text};

use super::definition_file::DefinitionFile;
use super::file::SegmentFile;
use crate::cli::client::{Client, typed};
use crate::cli::computed_trait::ComputedTraits;
use crate::cli::definition::{Defined, Kind, all};
use crate::cli::derived_event::DerivedEvents;
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

/// A definition's file, as it was read.
#[derive(Debug, Clone)]
pub(super) struct LocalDefinition<K: Kind> {
    pub(super) place: String,
    pub(super) text: String,
    pub(super) file: DefinitionFile<K>,
}

/// Everything in the folder: segments, computed traits and derived events.
#[derive(Debug)]
pub(super) struct Locals {
    pub(super) segments: Vec<Local>,
    pub(super) computed_traits: Vec<LocalDefinition<ComputedTraits>>,
    pub(super) derived_events: Vec<LocalDefinition<DerivedEvents>>,
}

/// The workspace's definitions of a kind.
pub(super) fn definitions<K: Kind>(client: &Client) -> Result<BTreeMap<K::Id, Defined<K>>, CliError> {
    let place = all::<K>();
    let found: Vec<Defined<K>> = typed(client.rows(&place, usize::MAX)?.into(), &place)?;
    Ok(found.into_iter().map(|defined| (defined.id, defined)).collect())
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
        if place.ends_with(DerivedEvents::EXTENSION) {
            return take_definition(&mut self.derived_events, place, text);
        }
        if place.ends_with(ComputedTraits::EXTENSION) {
            return take_definition(&mut self.computed_traits, place, text);
        }
        let file = SegmentFile::read(&text)?;
        let other = self.segments.iter().find(|other| same_text(&other.file.name, &file.name));
        let clash = other.map(|other| taken(&other.place, &file.name));
        self.segments.push(Local { place: place.to_owned(), text, file });
        clash.map_or(Ok(()), Err)
    }
}

fn take_definition<K: Kind>(
    locals: &mut Vec<LocalDefinition<K>>,
    place: &str,
    text: String,
) -> Result<(), Vec<String>> {
    let file = DefinitionFile::read(&text)?;
    let other = locals.iter().find(|other| K::is_same_name(&other.file.name, &file.name));
    let clash = other.map(|other| taken(&other.place, &file.name));
    locals.push(LocalDefinition { place: place.to_owned(), text, file });
    clash.map_or(Ok(()), Err)
}

fn taken(other: &str, name: &str) -> Vec<String> {
    vec![format!("{other} has the name `{name}` too")]
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
            ["segment", ComputedTraits::EXTENSION, DerivedEvents::EXTENSION]
                .iter()
                .any(|one| extension == *one)
        }) && let Ok(place) = path.strip_prefix(folder)
        {
            let parts: Vec<_> = place.iter().map(|part| part.to_string_lossy().into_owned()).collect();
            found.push(parts.join("/"));
        }
    }
    Ok(())
}
