use std::path::Path;

use anyhow::{Context, Result};

/// Folders that hold what was built or fetched, or a user's data: nothing in them belongs to the source.
const FOLDERS_SKIPPED: &[&str] = &["target", "node_modules", "__pycache__", "demo-data", "demo-data.making"];

/// Folders whose name opens with a dot and which are source all the same.
const HIDDEN_FOLDERS_READ: &[&str] = &[".cargo", ".ci", ".config", ".github"];

/// The files of the workspace, with their text when they have one.
#[derive(Debug, Default)]
pub(super) struct SourceTree {
    /// Sorted by path.
    pub(super) files: Vec<SourceFile>,
}

#[derive(Debug)]
pub(super) struct SourceFile {
    /// Relative to the root, with `/` between folders.
    pub(super) path: String,
    pub(super) size_bytes: u64,
    /// `None` for a file that is not UTF-8, or too large to be source.
    pub(super) text: Option<String>,
}

impl SourceFile {
    pub(super) fn extension(&self) -> &str {
        self.name().rsplit_once('.').map_or("", |(_, extension)| extension)
    }

    pub(super) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }
}

/// A larger file is data; its size is checked, its text is not.
const TEXT_SIZE_BYTES_MAX: u64 = 4 * 1024 * 1024;

impl SourceTree {
    pub(super) fn read(root: &Path) -> Result<Self> {
        let mut files = Vec::new();
        read_folder(root, "", &mut files)?;
        files.sort_by(|left, right| left.path.cmp(&right.path));
        Ok(Self { files })
    }

    pub(super) fn under<'tree>(&'tree self, folder: &'tree str) -> impl Iterator<Item = &'tree SourceFile> {
        self.files.iter().filter(move |file| file.path.starts_with(folder))
    }
}

fn read_folder(folder: &Path, prefix: &str, files: &mut Vec<SourceFile>) -> Result<()> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    for entry in entries {
        let entry = entry.with_context(|| format!("cannot list {}", folder.display()))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        let kind = entry.file_type().with_context(|| format!("cannot read the type of {path}"))?;
        if kind.is_dir() {
            if is_source_folder(&name) {
                read_folder(&entry.path(), &format!("{path}/"), files)?;
            }
        } else if kind.is_file() && name != ".git" {
            files.push(read_file(&entry.path(), path)?);
        }
    }
    Ok(())
}

fn is_source_folder(name: &str) -> bool {
    let hidden = name.starts_with('.');
    !FOLDERS_SKIPPED.contains(&name) && (!hidden || HIDDEN_FOLDERS_READ.contains(&name))
}

fn read_file(location: &Path, path: String) -> Result<SourceFile> {
    let size_bytes =
        std::fs::metadata(location).with_context(|| format!("cannot read the size of {path}"))?.len();
    let text = if size_bytes <= TEXT_SIZE_BYTES_MAX {
        let bytes = std::fs::read(location).with_context(|| format!("cannot read {path}"))?;
        String::from_utf8(bytes).ok()
    } else {
        None
    };
    Ok(SourceFile { path, size_bytes, text })
}
