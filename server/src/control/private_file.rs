use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use super::ControlError;

/// Makes a folder that only its owner can read, if it is not there.
pub(crate) fn make_folder(path: &Path) -> Result<(), ControlError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(ControlError::io("cannot make the folder", path))
}

/// Replaces a file in one step with one that only its owner can read: after a crash there is the old
/// content or the new, never a part.
pub(crate) fn replace(path: &Path, content: &[u8]) -> Result<(), ControlError> {
    let failed = || ControlError::io("cannot write", path);
    let folder = path.parent().unwrap_or(Path::new("."));
    let draft = path.with_extension("draft");
    // A draft left by a crash may have another mode; start from none.
    if let Err(error) = fs::remove_file(&draft)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        return Err(failed()(error));
    }
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft).map_err(failed())?;
    file.write_all(content).map_err(failed())?;
    file.sync_all().map_err(failed())?;
    fs::rename(&draft, path).map_err(failed())?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed())
}
