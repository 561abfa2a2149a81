//! The parts of one workspace: what a flush adds, what a reader sees, what is held.

use std::sync::{Arc, Weak};

use parking_lot::{Mutex, MutexGuard, RwLock};
use segops_model::{Clock, Position};

use crate::error::PartsError;
use crate::layout::Layout;
use crate::manifest::{Manifest, PartEntry, Retired, versions};
use crate::objects::Objects;
use crate::opened::Files;
use crate::options::PartsOptions;
use crate::overlay::Overlay;
use crate::row::PartRow;
use crate::snapshot::{Snapshot, Tail};
use crate::write::PartWriter;

/// Rows that are made columns at one time.
const ENCODED_ROWS: usize = 8_192;

/// The history of a workspace in parts. Readers take snapshots on any thread; one takes rows in at a time, and one
/// compacts, each without waiting for the other but while a manifest is committed.
#[derive(Debug)]
pub struct Parts {
    pub(crate) files: Arc<Files>,
    pub(crate) options: PartsOptions,
    pub(crate) clock: Arc<dyn Clock>,
    current: RwLock<Current>,
    /// Held while a manifest is made and committed.
    writing: Mutex<()>,
    /// Held for a compaction, during which rows may be taken in all the same.
    pub(crate) compacting: Mutex<()>,
    /// Versions that a snapshot of this process may still read.
    read: Mutex<Vec<Weak<Manifest>>>,
}

#[derive(Debug, Clone)]
pub(crate) struct Current {
    pub(crate) manifest: Arc<Manifest>,
    pub(crate) overlay: Arc<Overlay>,
}

/// The right to write.
pub(crate) type Writing<'a> = MutexGuard<'a, ()>;

impl Parts {
    /// Opens what is there, or an empty history.
    ///
    /// # Errors
    /// The newest manifest can't be read.
    pub fn open(objects: Objects, clock: Arc<dyn Clock>, options: PartsOptions) -> Result<Self, PartsError> {
        let current = Current::newest(&objects)?;
        Ok(Self {
            files: Arc::new(Files::new(objects, &options)),
            options,
            clock,
            read: Mutex::new(vec![Arc::downgrade(&current.manifest)]),
            current: RwLock::new(current),
            writing: Mutex::new(()),
            compacting: Mutex::new(()),
        })
    }

    /// Parts hold every row before this position, durably. After a crash, what came in from here on is to be
    /// handed over again.
    #[must_use]
    pub fn held_until(&self) -> Position {
        self.current.read().manifest.held_until
    }

    /// The history as it stands now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let Current { manifest, overlay } = self.current.read().clone();
        Snapshot::new(Arc::clone(&self.files), manifest, overlay, self.options.batch_rows)
    }

    /// Takes rows in: all that came in from [`Parts::held_until`] up to the tail's position, as they came in, with
    /// all that happened to profiles. They are durable when this returns. What is held already is left out, so
    /// that handing over the same again does no harm.
    ///
    /// # Errors
    /// They can't be written; then nothing has changed, or all of it has: ask [`Parts::held_until`].
    pub fn flush(&self, tail: &Tail) -> Result<(), PartsError> {
        let writing = self.begin_writing()?;
        let Current { manifest, overlay } = self.current.read().clone();
        let (from, until) = (manifest.held_until, tail.until);
        let positions = tail.rows().map(|row| row.position);
        let positions = positions.chain(tail.changes.iter().map(|change| change.position));
        if let Some(position) = positions.max().filter(|position| *position >= until) {
            return Err(PartsError::BeyondFlush { position, until });
        }
        if until <= from {
            return Ok(());
        }
        let mut rows: Vec<&PartRow> = tail.rows().filter(|row| row.position >= from).collect();
        rows.sort_unstable_by(|left, right| {
            left.event.name.cmp(&right.event.name).then_with(|| left.key().cmp(&right.key()))
        });
        let mut next = Manifest::clone(&manifest);
        let rows_max = usize::try_from(self.options.part_rows_max).unwrap_or(usize::MAX).max(1);
        for rows in rows.chunks(rows_max) {
            next.parts.push(self.write_level0(rows)?);
        }
        let changes: Vec<_> = tail.changes.iter().filter(|change| change.position >= from).cloned().collect();
        let overlay = if changes.is_empty() { overlay } else { Arc::new(overlay.with(&changes)) };
        next.held_until = until;
        self.commit(&writing, next, overlay)
    }

    fn write_level0(&self, rows: &[&PartRow]) -> Result<PartEntry, PartsError> {
        let layout = Layout::for_rows(rows);
        let mut writer = PartWriter::new(layout.clone(), &self.options)?;
        for rows in rows.chunks(ENCODED_ROWS) {
            writer.push(&layout.encode(rows)?)?;
        }
        writer.finish()?.store(&self.files.objects, 0, None, Position(0))
    }

    /// Waits for its turn, and looks at what is there now: an earlier write may have been done although it was
    /// reported as failed. Once another process has written, this one never may again.
    pub(crate) fn begin_writing(&self) -> Result<Writing<'_>, PartsError> {
        let writing = self.writing.lock();
        let newest = versions(&self.files.objects)?.last().map_or(0, |(version, _)| *version);
        if newest != self.current.read().manifest.version {
            let current = Current::newest(&self.files.objects)?;
            // Not by us: two must not take turns.
            if current.manifest.writer != self.options.writer {
                return Err(PartsError::Conflict(current.manifest.version));
            }
            self.set_current(current);
        }
        Ok(writing)
    }

    pub(crate) fn current(&self) -> Current {
        self.current.read().clone()
    }

    /// Makes a manifest the newest version, with the overlay that goes with it.
    pub(crate) fn commit(
        &self,
        _writing: &Writing<'_>,
        mut next: Manifest,
        overlay: Arc<Overlay>,
    ) -> Result<(), PartsError> {
        let before = self.current();
        next.version = before.manifest.version + 1;
        next.writer.clone_from(&self.options.writer);
        next.overlay = if Arc::ptr_eq(&overlay, &before.overlay) {
            before.manifest.overlay.clone()
        } else {
            overlay.store(&self.files.objects)?
        };
        let now = self.clock.now();
        let named: rustc_hash::FxHashSet<String> = next.files().map(str::to_owned).collect();
        next.retired.retain(|retired| {
            now.ms_since(retired.at) < self.options.grace_ms && !named.contains(&retired.path)
        });
        let gone = before.manifest.files().filter(|path| !named.contains(*path));
        next.retired.extend(gone.map(|path| Retired { path: path.to_owned(), at: now }));
        match next.commit(&self.files.objects) {
            // A put that was done, was told as failed and was tried again is in its own way.
            Err(PartsError::Conflict(_)) if self.is_ours(&next) => {}
            committed => committed?,
        }
        self.set_current(Current { manifest: Arc::new(next), overlay });
        Ok(())
    }

    fn is_ours(&self, next: &Manifest) -> bool {
        !next.writer.is_empty() && Manifest::newest(&self.files.objects).is_ok_and(|newest| newest == *next)
    }

    fn set_current(&self, current: Current) {
        let mut read = self.read.lock();
        read.retain(|manifest| manifest.strong_count() > 0);
        read.push(Arc::downgrade(&current.manifest));
        *self.current.write() = current;
    }

    /// Every version that someone in this process may read, the current one among them.
    pub(crate) fn read_versions(&self) -> Vec<Arc<Manifest>> {
        self.read.lock().iter().filter_map(Weak::upgrade).collect()
    }
}

impl Current {
    fn newest(objects: &Objects) -> Result<Self, PartsError> {
        let manifest = Manifest::newest(objects)?;
        let overlay = Overlay::load(objects, manifest.overlay.as_ref())?;
        Ok(Self { manifest: Arc::new(manifest), overlay })
    }
}
