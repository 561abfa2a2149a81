//! Files that no manifest names any more, removed once nobody can be reading them.

use rustc_hash::{FxHashMap, FxHashSet};
use segops_model::Instant;

use crate::error::PartsError;
use crate::manifest::versions;
use crate::parts::Parts;

impl Parts {
    /// Removes what has been of no use for longer than the grace: files that an earlier version named, files of
    /// writes that came to nothing, earlier manifests. What a snapshot of this process reads stays. Says how
    /// many files went.
    ///
    /// # Errors
    /// Files can't be listed or removed.
    pub fn collect_garbage(&self) -> Result<u64, PartsError> {
        // What a compaction in progress has written is in no manifest yet.
        let _compacting = self.compacting.lock();
        let _writing = self.begin_writing()?;
        let current = self.current().manifest;
        let read = self.read_versions();
        let mut needed: FxHashSet<&str> = FxHashSet::default();
        for manifest in &read {
            needed.extend(manifest.files());
        }
        let retired: FxHashMap<&str, Instant> =
            current.retired.iter().map(|retired| (retired.path.as_str(), retired.at)).collect();
        let objects = &self.files.objects;
        let newest = versions(objects)?.pop().map(|(_, path)| path);
        let now = self.clock.now();
        let mut removed = 0;
        for folder in ["parts", "overlay", "manifest", "sql"] {
            for listed in objects.list(folder)? {
                let path = listed.path.as_str();
                let unused_since = retired.get(path).copied().unwrap_or(listed.modified_at);
                let is_kept = needed.contains(path)
                    || newest.as_deref() == Some(path)
                    || now.ms_since(unused_since) < self.options.grace_ms;
                if !is_kept {
                    objects.delete(path)?;
                    removed += 1;
                }
            }
        }
        self.files.retain(|path| needed.contains(path));
        Ok(removed)
    }
}
