//! Letting go of files that nothing needs any more.

use std::path::{Path, PathBuf};

use segops_model::Position;

use super::file::{FOLDER, path_of, position_in_name};
use crate::{Disk, StoreError};

/// Bytes that are copied at a time.
const COPIED_BYTES: usize = 1024 * 1024;

/// Removes the files all of whose frames are before a position, oldest first, so that what is left never has a gap. With
/// an archive each is first copied there, durably. The newest file always stays. Gives the position that the journal
/// begins at then, and how many files went.
pub(super) fn drop_before(
    disk: &dyn Disk,
    data: &Path,
    position: Position,
    archive: Option<&Path>,
) -> Result<(Position, usize), StoreError> {
    let dir = data.join(FOLDER);
    let names = disk.list(&dir).map_err(StoreError::io("list", &dir))?;
    let mut firsts: Vec<Position> = names.iter().filter_map(|name| position_in_name(name)).collect();
    firsts.sort_unstable();
    let mut begins_at = firsts.first().copied().unwrap_or_default();
    let mut gone = 0;
    for (first, next) in firsts.iter().zip(firsts.iter().skip(1)).take_while(|(_, next)| **next <= position) {
        let path = path_of(&dir, *first);
        if let Some(archive) = archive {
            copy(disk, &path, archive)?;
        }
        disk.remove(&path).map_err(StoreError::io("remove", &path))?;
        // One after the other: after a crash too the oldest are gone, and none in between.
        disk.sync_dir(&dir).map_err(StoreError::io("sync", &dir))?;
        begins_at = *next;
        gone += 1;
    }
    Ok((begins_at, gone))
}

/// Copies a file into a folder under its own name; one that is there already was copied before a crash, and is written
/// anew.
fn copy(disk: &dyn Disk, path: &Path, folder: &Path) -> Result<(), StoreError> {
    disk.create_dir_all(folder).map_err(StoreError::io("make the folder", folder))?;
    let to = folder.join(path.file_name().unwrap_or_default());
    let mut partial = to.clone().into_os_string();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    if disk.exists(&partial).map_err(StoreError::io("look at", &partial))? {
        disk.remove(&partial).map_err(StoreError::io("remove", &partial))?;
    }
    let from = disk.open_read(path).map_err(StoreError::io("open", path))?;
    let mut copied = disk.open_append(&partial).map_err(StoreError::io("make", &partial))?;
    let mut buffer = vec![0; COPIED_BYTES];
    let mut offset = 0;
    loop {
        let count = from.read_at(&mut buffer, offset).map_err(StoreError::io("read", path))?;
        let Some(bytes) = buffer.get(..count).filter(|bytes| !bytes.is_empty()) else { break };
        copied.append(bytes).map_err(StoreError::io("write to", &partial))?;
        offset += count as u64;
    }
    copied.sync().map_err(StoreError::io("sync", &partial))?;
    disk.rename(&partial, &to).map_err(StoreError::io("name", &to))?;
    disk.sync_dir(folder).map_err(StoreError::io("sync", folder))
}
