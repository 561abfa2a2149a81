use std::path::{Path, PathBuf};
use std::sync::Arc;

use segops_model::Position;

use super::file::{FOLDER, UNFINISHED, is_finished};
use super::{CheckpointContents, CheckpointHead, CheckpointReader, CheckpointWriter};
use crate::{Disk, StoreError};

/// The checkpoints of one data folder. One writer at a time: the caller holds the folder's lock.
#[derive(Debug, Clone)]
pub struct CheckpointFolder {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
}

/// A file that is there, under its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointFile {
    pub path: PathBuf,
    pub head: CheckpointHead,
    pub bytes: u64,
}

impl CheckpointFolder {
    /// Opens the folder, or makes it, and removes what was never finished.
    ///
    /// # Errors
    /// The folder cannot be read or written.
    pub fn open(disk: Arc<dyn Disk>, data: &Path) -> Result<Self, StoreError> {
        let dir = data.join(FOLDER);
        disk.create_dir_all(&dir).map_err(StoreError::io("make the folder", &dir))?;
        let names = disk.list(&dir).map_err(StoreError::io("list", &dir))?;
        for name in names.iter().filter(|name| name.ends_with(UNFINISHED)) {
            let path = dir.join(name);
            disk.remove(&path).map_err(StoreError::io("remove", &path))?;
        }
        Ok(Self { disk, dir })
    }

    /// The folder of a workspace that is only read.
    #[must_use]
    pub fn existing(disk: Arc<dyn Disk>, data: &Path) -> Self {
        Self { disk, dir: data.join(FOLDER) }
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.dir
    }

    /// Every finished file, in the order of positions, and what is wrong with those whose heads cannot be read.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn files(&self) -> Result<(Vec<CheckpointFile>, Vec<StoreError>), StoreError> {
        let names = match self.disk.list(&self.dir) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            listed => listed.map_err(StoreError::io("list", &self.dir))?,
        };
        let (mut files, mut wrong) = (Vec::new(), Vec::new());
        for name in names.iter().filter(|name| is_finished(name)) {
            match self.file_of(self.dir.join(name)) {
                Ok(file) => files.push(file),
                Err(error) => wrong.push(error),
            }
        }
        files.sort_by_key(|file| (file.head.position, !file.head.is_whole()));
        Ok((files, wrong))
    }

    fn file_of(&self, path: PathBuf) -> Result<CheckpointFile, StoreError> {
        let head = *CheckpointReader::open(self.disk.as_ref(), path.clone())?.head();
        if head.path_in(&self.dir) != path {
            return Err(StoreError::CorruptCheckpoint {
                file: path,
                offset: 0,
                what: "it has another's name",
            });
        }
        let bytes = self.disk.len(&path).map_err(StoreError::io("read", &path))?;
        Ok(CheckpointFile { path, head, bytes })
    }

    /// The chains that some files make, by their heads: from the whole file to the newest that builds on it. The one
    /// that reaches furthest comes first, and then each that ends earlier.
    #[must_use]
    pub fn chains(files: &[CheckpointFile]) -> Vec<Vec<CheckpointFile>> {
        let find = |position: Position| files.iter().filter(move |file| file.head.position == position);
        let mut chains = Vec::new();
        for tip in files.iter().rev() {
            let mut chain = vec![tip.clone()];
            while let Some(previous) = chain.last().and_then(|file| file.head.previous) {
                // A file builds on an earlier one, so that this comes to an end.
                let before = find(previous).find(|file| file.head.position < tip.head.position);
                let Some(before) = before.filter(|_| chain.len() <= files.len()) else { break };
                chain.push(before.clone());
            }
            if chain.last().is_some_and(|first| first.head.is_whole()) {
                chain.reverse();
                chains.push(chain);
            }
        }
        chains
    }

    /// Begins a file.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn begin(&self, head: CheckpointHead) -> Result<CheckpointWriter, StoreError> {
        CheckpointWriter::begin(Arc::clone(&self.disk), self.dir.clone(), head)
    }

    /// # Errors
    /// The file cannot be opened, or its head is damaged.
    pub fn read(&self, file: &CheckpointFile) -> Result<CheckpointReader, StoreError> {
        CheckpointReader::open(self.disk.as_ref(), file.path.clone())
    }

    /// Reads a file whole, and says how much it holds.
    ///
    /// # Errors
    /// The file cannot be read, or is damaged: where.
    pub fn check(&self, file: &CheckpointFile) -> Result<CheckpointContents, StoreError> {
        self.read(file)?.check()
    }

    /// Removes every file but some, newest first, so that nothing is left at any time that builds on what is gone.
    ///
    /// # Errors
    /// A file cannot be removed.
    pub fn remove_all_but(&self, kept: &[CheckpointFile]) -> Result<(), StoreError> {
        let mut names = self.disk.list(&self.dir).map_err(StoreError::io("list", &self.dir))?;
        names.sort();
        for name in names.iter().rev().filter(|name| is_finished(name)) {
            let path = self.dir.join(name);
            if !kept.iter().any(|file| file.path == path) {
                self.disk.remove(&path).map_err(StoreError::io("remove", &path))?;
            }
        }
        self.disk.sync_dir(&self.dir).map_err(StoreError::io("sync", &self.dir))
    }
}
