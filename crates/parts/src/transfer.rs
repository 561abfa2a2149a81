//! Takes a history to another place.

use crate::error::PartsError;
use crate::manifest::{Manifest, checksum_of};
use crate::objects::Objects;

/// Copies what the newest version names, and that version last, so that the other place has a whole history or none. Every
/// file is held against its checksum on the way. Nobody may write to either place meanwhile. Says how many files it
/// is made of, and calls `each` with how many are there.
///
/// # Errors
/// A file can't be read or written, is damaged, or the other place has another history.
pub fn copy_history(
    from: &Objects,
    to: &Objects,
    each: &mut dyn FnMut(usize, usize),
) -> Result<usize, PartsError> {
    // What an earlier version named is not taken along, so that nothing is to be removed later.
    let manifest = Manifest { retired: Vec::new(), ..Manifest::newest(from)? };
    let there = Manifest::newest(to)?;
    if there == manifest {
        return Ok(manifest.files().count());
    }
    if there.version > 0 {
        return Err(PartsError::Claimed { place: to.to_string() });
    }
    let parts = manifest
        .parts
        .iter()
        .flat_map(|part| [(&part.path, &part.checksum), (&part.sidecar.path, &part.sidecar.checksum)]);
    let files: Vec<_> =
        parts.chain(manifest.overlay.iter().map(|overlay| (&overlay.path, &overlay.checksum))).collect();
    for (number, (path, checksum)) in files.iter().enumerate() {
        let bytes = from.get(path)?;
        if checksum_of(&bytes) != **checksum {
            return Err(PartsError::damaged(path, "its checksum is wrong"));
        }
        to.put(path, bytes)?;
        each(number + 1, files.len());
    }
    let count = files.len();
    manifest.commit(to)?;
    Ok(count)
}
