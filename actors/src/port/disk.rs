//! The real file system behind [`Storage`].

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::num::NonZeroU64;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{Advice, AtFlags, CWD, FlockOperation, Mode, OFlags, fadvise, flock, linkat};

use super::interrupted::retry_interrupted;
use super::storage::{AppendFile, ChangeStream, FileStat, FsLock, Storage};
use super::watch;

/// The machine's file system.
#[derive(Debug, Clone, Copy, Default)]
pub struct Disk;

impl Storage for Disk {
    fn open_append(&self, path: &Path) -> io::Result<Box<dyn AppendFile>> {
        let file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
        Ok(Box::new(DiskFile(file)))
    }

    fn sync_parent(&self, path: &Path) -> io::Result<()> {
        sync_directory_of(path)
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<PathBuf>> {
        entries(directory, fs::FileType::is_file)
    }

    fn folders(&self, directory: &Path) -> io::Result<Vec<PathBuf>> {
        entries(directory, fs::FileType::is_dir)
    }

    fn stat(&self, path: &Path) -> io::Result<Option<FileStat>> {
        match fs::metadata(path) {
            Ok(meta) => Ok(Some(FileStat { inode: meta.ino(), len: meta.len() })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(path)
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let staged = stage(path, bytes)?;
        put_in_place(&staged, path)?;
        sync_directory_of(path)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::hard_link(from, to)?;
        sync_directory_of(to)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)?;
        sync_directory_of(to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }

    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        match fs::remove_dir_all(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            outcome => outcome,
        }
    }

    fn create_new(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        // Most often somebody has it: that costs no sync.
        if fs::symlink_metadata(path).is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        if let Some(mut file) = nameless_beside(path) {
            file.write_all(bytes)?;
            file.sync_all()?;
            return Ok(name(&file, path)?);
        }
        // The best that is left, but for a moment the file is there and empty.
        let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
        let written = file.write_all(bytes).and_then(|()| file.sync_all());
        if written.is_err() {
            // Best effort: the error that matters is the one being returned.
            let _ = fs::remove_file(path);
        }
        written
    }

    fn take_over(&self, path: &Path, seen: &[u8], bytes: &[u8]) -> io::Result<bool> {
        let taken = (|| -> io::Result<bool> {
            let file = OpenOptions::new().read(true).write(true).open(path)?;
            let mut held = Vec::new();
            (&file).read_to_end(&mut held)?;
            if held != seen {
                return Ok(false);
            }
            file.write_all_at(bytes, 0)?;
            file.set_len(bytes.len() as u64)?;
            Ok(fs::metadata(path)?.ino() == file.metadata()?.ino() && fs::read(path)? == bytes)
        })();
        match taken {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            taken => taken,
        }
    }

    fn try_lock(&self, path: &Path) -> io::Result<Option<Box<dyn FsLock>>> {
        let file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Box::new(DiskLock(file)))),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
            Err(errno) => Err(errno.into()),
        }
    }

    fn changes(&self, path: &Path) -> io::Result<ChangeStream> {
        watch::changes(path)
    }
}

/// A file of the machine, opened with `O_APPEND`.
struct DiskFile(File);

impl AppendFile for DiskFile {
    fn stat(&self) -> io::Result<FileStat> {
        let meta = self.0.metadata()?;
        Ok(FileStat { inode: meta.ino(), len: meta.len() })
    }

    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        retry_interrupted(|| self.0.read_at(into, offset))
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<usize> {
        retry_interrupted(|| self.0.write(bytes))
    }

    fn begin_sync(&self, from: u64, len: u64) {
        // For dirty pages this advice means: start writing them. They are not
        // clean yet, so none of them is dropped.
        let _ = fadvise(&self.0, from, NonZeroU64::new(len), Advice::DontNeed);
    }

    fn sync(&self) -> io::Result<()> {
        retry_interrupted(|| self.0.sync_data())
    }
}

/// An `flock`, held for as long as its file is open.
struct DiskLock(#[expect(dead_code, reason = "dropping the file is what releases the lock")] File);

impl FsLock for DiskLock {}

/// A name beside `path` that no other writer uses, in this process or another.
fn unique_sibling(path: &Path) -> PathBuf {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}-{count}.tmp", std::process::id()));
    path.with_file_name(name)
}

/// A file without a name, in the directory of `path`: nothing is left of it if this process is killed
/// before it gets one. `None` where the file system knows of no such thing.
fn nameless_beside(path: &Path) -> Option<File> {
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    let mode = Mode::from_raw_mode(0o666);
    let open = || Ok(rustix::fs::open(directory_of(path), flags, mode)?);
    retry_interrupted(open).ok().map(File::from)
}

/// Gives a file from [`nameless_beside`] its name, if nobody has that.
fn name(file: &File, path: &Path) -> rustix::io::Result<()> {
    let nameless = format!("/proc/self/fd/{}", file.as_raw_fd());
    linkat(CWD, nameless, CWD, path, AtFlags::SYMLINK_FOLLOW)
}

/// The first step of [`Storage::replace`]: the new content, durable, beside the old one.
pub(super) fn stage(path: &Path, bytes: &[u8]) -> io::Result<PathBuf> {
    let temporary = unique_sibling(path);
    let written = (|| {
        let mut file = OpenOptions::new().write(true).create_new(true).open(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()
    })();
    // Best effort: the error that matters is the one being returned.
    written.inspect_err(|_| drop(fs::remove_file(&temporary)))?;
    Ok(temporary)
}

/// The second step: the new content gets the name. [`sync_directory_of`] is the third one.
pub(super) fn put_in_place(staged: &Path, path: &Path) -> io::Result<()> {
    fs::rename(staged, path).inspect_err(|_| drop(fs::remove_file(staged)))
}

/// Makes a created or renamed directory entry durable.
pub(super) fn sync_directory_of(path: &Path) -> io::Result<()> {
    File::open(directory_of(path))?.sync_all()
}

fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The entries of one kind, sorted.
fn entries(directory: &Path, kind: fn(&fs::FileType) -> bool) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut paths = Vec::new();
    for entry in entries {
        let entry = entry?;
        if kind(&entry.file_type()?) {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_created_file_is_there_with_its_content_or_not_at_all() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lock");
        let is_over = AtomicU64::new(0);
        std::thread::scope(|scope| {
            // A daemon that is killed leaves what a reader sees at that moment.
            scope.spawn(|| {
                while is_over.load(Ordering::Relaxed) == 0 {
                    if let Ok(seen) = fs::read(&path) {
                        assert_eq!(seen, b"owner");
                    }
                }
            });
            for _ in 0..300 {
                Disk.create_new(&path, b"owner").unwrap();
                let again = Disk.create_new(&path, b"other").unwrap_err();
                assert_eq!(again.kind(), io::ErrorKind::AlreadyExists);
                fs::remove_file(&path).unwrap();
            }
            is_over.store(1, Ordering::Relaxed);
        });
        assert!(Disk.list(directory.path()).unwrap().is_empty(), "nothing is beside it");
    }

    #[test]
    fn w_10_files_that_are_replaced_at_once_share_no_temporary_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("cursor");
        let content = |writer: u8| vec![writer; 10_000];
        std::thread::scope(|scope| {
            for writer in 1..=8 {
                let path = &path;
                scope.spawn(move || {
                    for _ in 0..20 {
                        Disk.replace(path, &content(writer)).unwrap();
                    }
                });
            }
        });
        let left = fs::read(&path).unwrap();
        assert_eq!(left, content(left[0]), "the file of one writer, whole");
        assert_eq!(Disk.list(directory.path()).unwrap(), [path], "and nothing beside it");
    }
}
