use std::fmt::Debug;
use std::io;
use std::path::Path;

/// The file system, injected: the real one, or one that fails and crashes on demand.
///
/// What each call promises after a crash of the machine is part of the contract, because the journal's
/// own promise rests on it.
pub trait Disk: Send + Sync + Debug {
    /// Opens a file for appending, and makes it if it is not there. A new file's name is durable only after
    /// [`Disk::sync_dir`] of its folder.
    fn open_append(&self, path: &Path) -> io::Result<Box<dyn AppendFile>>;

    /// Opens a file for reading at any offset, also while another handle appends to it.
    fn open_read(&self, path: &Path) -> io::Result<Box<dyn ReadFile>>;

    /// Makes a folder and those above it; they are durable when this returns.
    fn create_dir_all(&self, dir: &Path) -> io::Result<()>;

    /// The names of the files directly in a folder, sorted.
    fn list(&self, dir: &Path) -> io::Result<Vec<String>>;

    /// Makes durable what was appended to a file through any handle.
    fn sync_file(&self, path: &Path) -> io::Result<()>;

    /// Makes durable which names a folder holds: files made, renamed and removed in it.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;

    /// Gives a file another name, in place of any file of that name. Durable after [`Disk::sync_dir`].
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file. Durable after [`Disk::sync_dir`].
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Cuts a file to `bytes`; durable when this returns.
    fn truncate(&self, path: &Path, bytes: u64) -> io::Result<()>;

    /// The file's length in bytes.
    fn len(&self, path: &Path) -> io::Result<u64>;

    /// Whether there is a file of this name.
    fn exists(&self, path: &Path) -> io::Result<bool> {
        match self.len(path) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The whole file. For small files; the journal has its own reader.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let file = self.open_read(path)?;
        let mut bytes = vec![0; usize::try_from(file.len()?).map_err(io::Error::other)?];
        let mut filled = 0;
        while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match file.read_at(rest, filled as u64)? {
                0 => break,
                count => filled += count,
            }
        }
        bytes.truncate(filled);
        Ok(bytes)
    }

    /// Writes a whole file so that after a crash it is there as it was before, or as it is now; durable when
    /// this returns.
    fn write_atomic(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let no_name = || io::Error::new(io::ErrorKind::InvalidInput, "the path names no file in a folder");
        let dir = path.parent().ok_or_else(no_name)?;
        let mut name = path.file_name().ok_or_else(no_name)?.to_owned();
        name.push(".partial");
        let partial = dir.join(name);
        if self.exists(&partial)? {
            self.remove(&partial)?;
        }
        let mut file = self.open_append(&partial)?;
        file.append(bytes)?;
        file.sync()?;
        self.rename(&partial, path)?;
        self.sync_dir(dir)
    }
}

/// A file open for appending.
pub trait AppendFile: Send + Debug {
    /// Writes all of `bytes` at the end. After an error any part of them may have been written.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Makes what was appended durable. After an error nothing is known of what was not durable before.
    fn sync(&mut self) -> io::Result<()>;
}

/// A file open for reading at any offset.
#[expect(clippy::len_without_is_empty, reason = "a length that needs a system call, not a container")]
pub trait ReadFile: Send + Sync + Debug {
    /// Reads into `buffer` from `offset`; fewer bytes than asked are no error, and 0 is the file's end.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// The file's length in bytes now.
    fn len(&self) -> io::Result<u64>;
}
