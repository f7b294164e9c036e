//! Files as a dependency: what the journals, cursors and locks need, no more.
//!
//! A call that a signal interrupted is made again by the port: no error from here is
//! [`io::ErrorKind::Interrupted`]. All other errors are the caller's to judge.

use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;

use futures_util::Stream;

/// Which file it is, and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileStat {
    /// The file's identity within its file system; changes when a path is
    /// replaced by rename.
    pub inode: u64,
    /// Length in bytes.
    pub len: u64,
}

/// A file opened for appending and for reading at an offset.
pub trait AppendFile: Send {
    /// The identity and length of the *open* file, also after its path was
    /// replaced.
    ///
    /// # Errors
    /// The file system's own.
    fn stat(&self) -> io::Result<FileStat>;

    /// Reads at most `into.len()` bytes from `offset`; 0 means end of file.
    ///
    /// # Errors
    /// The file system's own.
    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize>;

    /// One `O_APPEND` write. Returns how many bytes were taken, which may be
    /// fewer than given.
    ///
    /// # Errors
    /// The file system's own, `ENOSPC` among them.
    fn append(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Lets the disk begin with `len` bytes at `from`, because a sync of them
    /// follows. Only a hint: it may do nothing, and it makes nothing durable.
    fn begin_sync(&self, from: u64, len: u64) {
        let _ = (from, len);
    }

    /// `fdatasync`. After an error nobody knows what is on disk: never retry.
    ///
    /// # Errors
    /// The file system's own.
    fn sync(&self) -> io::Result<()>;

    /// The bytes in `from..to`, fewer where the file ends earlier.
    ///
    /// # Errors
    /// The file system's own.
    fn read_range(&self, from: u64, to: u64) -> io::Result<Vec<u8>> {
        let len = usize::try_from(to.saturating_sub(from)).unwrap_or(usize::MAX);
        let mut bytes = vec![0; len];
        let mut filled = 0;
        while filled < len {
            match self.read_at(&mut bytes[filled..], from + filled as u64)? {
                0 => break,
                got => filled += got,
            }
        }
        bytes.truncate(filled);
        Ok(bytes)
    }
}

/// A lock held on behalf of this process; dropping it, or dying, releases it.
pub trait FsLock: Send {}

/// Yields whenever the watched path may have changed; spurious wake-ups are
/// allowed, missed ones are not.
pub type ChangeStream = Pin<Box<dyn Stream<Item = ()> + Send>>;

/// The file system, as far as the actors need it.
pub trait Storage: Send + Sync + 'static {
    /// Opens for append, creating the file when it is missing. A new name is
    /// durable only after [`Storage::sync_parent`].
    ///
    /// # Errors
    /// The file system's own.
    fn open_append(&self, path: &Path) -> io::Result<Box<dyn AppendFile>>;

    /// Makes the directory entry of `path` durable.
    ///
    /// # Errors
    /// The file system's own.
    fn sync_parent(&self, path: &Path) -> io::Result<()>;

    /// The files of a directory, in the order of their names; empty when there
    /// is no such directory.
    ///
    /// # Errors
    /// The file system's own, except "not found".
    fn list(&self, directory: &Path) -> io::Result<Vec<PathBuf>>;

    /// The directories in a directory, in the order of their names; empty when there is
    /// no such directory.
    ///
    /// # Errors
    /// The file system's own, except "not found".
    fn folders(&self, directory: &Path) -> io::Result<Vec<PathBuf>>;

    /// What is at `path` now; `None` when nothing is.
    ///
    /// # Errors
    /// The file system's own, except "not found".
    fn stat(&self, path: &Path) -> io::Result<Option<FileStat>>;

    /// The whole content of a file.
    ///
    /// # Errors
    /// The file system's own.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// Replaces `path` by `bytes` so that a crash leaves the old content or the
    /// new, never a mixture: unique temporary file, fsync, rename, directory
    /// fsync.
    ///
    /// # Errors
    /// The file system's own; `path` then holds what it held, or the new content if only
    /// making that durable failed.
    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;

    /// Gives the file at `from` a second name, durably. Fails when `to` exists.
    ///
    /// # Errors
    /// The file system's own.
    fn link(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Moves a file to another name in the same directory, durably.
    ///
    /// # Errors
    /// The file system's own.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Deletes a file.
    ///
    /// # Errors
    /// The file system's own.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Creates a directory and its parents.
    ///
    /// # Errors
    /// The file system's own.
    fn create_dir_all(&self, path: &Path) -> io::Result<()>;

    /// Deletes a directory with everything in it; nothing happens when there is
    /// none.
    ///
    /// # Errors
    /// The file system's own, except "not found".
    fn remove_dir_all(&self, path: &Path) -> io::Result<()>;

    /// Creates a file that must not exist yet with `bytes`. Whoever looks sees no file or all of
    /// it, also when this process is killed meanwhile.
    ///
    /// # Errors
    /// `AlreadyExists`, and the file system's own; no file of this call is then
    /// left behind.
    fn create_new(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;

    /// Writes `bytes` into the very file at `path`, in place, if that holds
    /// exactly `seen`; says whether `path` names that file, with these bytes,
    /// afterwards.
    ///
    /// Whoever renames another file to `path` meanwhile loses nothing: it is the
    /// old file that is written to.
    ///
    /// # Errors
    /// The file system's own, except "not found", which is a no.
    fn take_over(&self, path: &Path, seen: &[u8], bytes: &[u8]) -> io::Result<bool>;

    /// Takes an exclusive OS lock on `path` (created when missing) without
    /// waiting; `None` when somebody else holds it.
    ///
    /// # Errors
    /// The file system's own.
    fn try_lock(&self, path: &Path) -> io::Result<Option<Box<dyn FsLock>>>;

    /// Watches `path`, which need not exist yet.
    ///
    /// # Errors
    /// The file system's own, or the limit of watches of this user.
    fn changes(&self, path: &Path) -> io::Result<ChangeStream>;
}

/// A storage that several actors share.
pub type SharedStorage = Arc<dyn Storage>;
