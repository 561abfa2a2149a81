//! Opened parts: their footers and sidecars' indexes, kept in memory within a budget of bytes.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use rustc_hash::FxHashMap;

use crate::error::PartsError;
use crate::manifest::PartEntry;
use crate::objects::Objects;
use crate::options::PartsOptions;
use crate::part_file::PartFile;

/// Opened parts, shared by all snapshots. Those that were used last stay open.
#[derive(Debug)]
pub(crate) struct Files {
    pub(crate) objects: Objects,
    read_ahead_bytes: u64,
    bytes_max: usize,
    opened: Mutex<Opened>,
}

#[derive(Debug, Default)]
struct Opened {
    files: FxHashMap<String, Held>,
    /// By when they were last used.
    used: BTreeMap<u64, String>,
    bytes: usize,
    uses: u64,
}

#[derive(Debug)]
struct Held {
    file: Arc<PartFile>,
    bytes: usize,
    used: u64,
}

impl Files {
    pub(crate) fn new(objects: Objects, options: &PartsOptions) -> Self {
        let PartsOptions { read_ahead_bytes, opened_bytes_max, .. } = *options;
        Self { objects, read_ahead_bytes, bytes_max: opened_bytes_max, opened: Mutex::default() }
    }

    pub(crate) fn open(&self, entry: &PartEntry) -> Result<Arc<PartFile>, PartsError> {
        if let Some(file) = self.opened.lock().get(&entry.path) {
            return Ok(file);
        }
        let file = Arc::new(PartFile::open(&self.objects, entry, self.read_ahead_bytes)?);
        let mut opened = self.opened.lock();
        opened.add(entry.path.clone(), Arc::clone(&file));
        opened.keep_within(self.bytes_max);
        Ok(file)
    }

    /// Forgets files that nobody may ask for any more.
    pub(crate) fn retain(&self, is_needed: impl Fn(&str) -> bool) {
        let mut opened = self.opened.lock();
        let gone: Vec<String> = opened.files.keys().filter(|path| !is_needed(path)).cloned().collect();
        gone.iter().for_each(|path| opened.remove(path));
    }
}

impl Opened {
    fn get(&mut self, path: &str) -> Option<Arc<PartFile>> {
        let held = self.files.get_mut(path)?;
        self.uses += 1;
        if let Some(path) = self.used.remove(&held.used) {
            self.used.insert(self.uses, path);
        }
        held.used = self.uses;
        Some(Arc::clone(&held.file))
    }

    fn add(&mut self, path: String, file: Arc<PartFile>) {
        self.remove(&path);
        self.uses += 1;
        let bytes = file.memory_bytes();
        self.bytes += bytes;
        self.used.insert(self.uses, path.clone());
        self.files.insert(path, Held { file, bytes, used: self.uses });
    }

    fn remove(&mut self, path: &str) {
        if let Some(held) = self.files.remove(path) {
            self.used.remove(&held.used);
            self.bytes -= held.bytes;
        }
    }

    /// The one that was used last stays, however large it is.
    fn keep_within(&mut self, bytes_max: usize) {
        while self.bytes > bytes_max && self.files.len() > 1 {
            let Some(path) = self.used.first_key_value().map(|(_, path)| path.clone()) else { return };
            self.remove(&path);
        }
    }
}
