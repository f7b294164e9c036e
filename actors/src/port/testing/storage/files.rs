//! The port over files in memory. Every system call that the real one makes is a step that can
//! fail on its own, so that replacing a file can fail between its rename and its last sync.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use futures_util::{StreamExt, stream};

use super::MemoryStorage;
use super::content::Content;
use super::open_file::{MemoryFile, MemoryLock};
use super::plan::Operation;
use crate::port::{AppendFile, ChangeStream, FileStat, FsLock, Storage};

impl Storage for MemoryStorage {
    fn open_append(&self, path: &Path) -> io::Result<Box<dyn AppendFile>> {
        let (mut state, _) = self.begin(Operation::Open)?;
        let inode = match state.names.get(path) {
            Some(inode) => *inode,
            None => state.create(path),
        };
        drop(state);
        Ok(Box::new(MemoryFile { storage: self.clone(), inode }))
    }

    fn sync_parent(&self, path: &Path) -> io::Result<()> {
        self.begin(Operation::SyncParent)?.0.make_durable(path);
        Ok(())
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<PathBuf>> {
        let (state, _) = self.begin(Operation::List)?;
        Ok(state.names.keys().filter(|path| path.parent() == Some(directory)).cloned().collect())
    }

    fn folders(&self, directory: &Path) -> io::Result<Vec<PathBuf>> {
        let (state, _) = self.begin(Operation::List)?;
        let folders = state.names.keys().filter_map(|path| {
            let mut inner = path.strip_prefix(directory).ok()?.components();
            let first = inner.next()?;
            inner.next().map(|_| directory.join(first))
        });
        let folders: BTreeSet<PathBuf> = folders.collect();
        Ok(folders.into_iter().collect())
    }

    fn stat(&self, path: &Path) -> io::Result<Option<FileStat>> {
        let (state, _) = self.begin(Operation::Stat)?;
        Ok(state.names.get(path).map(|inode| FileStat {
            inode: *inode,
            len: state.files.get(inode).map_or(0, |content| content.bytes.len() as u64),
        }))
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.begin(Operation::Read)?.0.named(path)?;
        Ok(self.bytes(path))
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        drop(self.begin(Operation::Replace)?);
        let staged = staged_beside(path);
        let moved = self.stage(&staged, path, bytes);
        self.touch();
        if let Err(error) = moved {
            // As the real one: whoever is still there takes the new file away again.
            let mut state = self.state();
            if state.left_to_live != Some(0) {
                state.rename([(staged, None)].into());
            }
            return Err(error);
        }
        let (mut state, _) = self.begin(Operation::SyncDirectory)?;
        state.make_durable(&staged);
        state.make_durable(path);
        Ok(())
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        let (mut state, _) = self.begin(Operation::Link)?;
        if state.names.contains_key(to) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let inode = state.named(from)?;
        state.rename([(to.to_owned(), Some(inode))].into());
        drop(state);
        self.begin(Operation::SyncDirectory)?.0.make_durable(to);
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let (mut state, _) = self.begin(Operation::Rename)?;
        let inode = state.named(from)?;
        state.rename([(from.to_owned(), None), (to.to_owned(), Some(inode))].into());
        drop(state);
        self.touch();
        let (mut state, _) = self.begin(Operation::SyncDirectory)?;
        state.make_durable(from);
        state.make_durable(to);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let (mut state, _) = self.begin(Operation::Remove)?;
        state.named(path)?;
        state.rename([(path.to_owned(), None)].into());
        Ok(())
    }

    fn create_dir_all(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        let (mut state, _) = self.begin(Operation::Remove)?;
        let inside = state.names.keys().filter(|name| name.starts_with(path));
        let gone = inside.map(|name| (name.clone(), None)).collect();
        state.rename(gone);
        Ok(())
    }

    fn create_new(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let (mut state, _) = self.begin(Operation::CreateNew)?;
        if state.names.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        // The real one syncs the bytes and not the directory.
        let inode = state.create(path);
        state.files.insert(inode, Content::synced(bytes));
        drop(state);
        self.touch();
        Ok(())
    }

    fn take_over(&self, path: &Path, seen: &[u8], bytes: &[u8]) -> io::Result<bool> {
        let (mut state, _) = self.begin(Operation::TakeOver)?;
        let Some(content) = state.content(path) else { return Ok(false) };
        let as_seen = content.bytes == seen;
        if as_seen {
            *content = Content::synced(bytes);
        }
        Ok(as_seen)
    }

    fn try_lock(&self, path: &Path) -> io::Result<Option<Box<dyn FsLock>>> {
        let free = self.begin(Operation::Lock)?.0.locked.insert(path.to_owned());
        Ok(free.then(|| {
            Box::new(MemoryLock { storage: self.clone(), path: path.to_owned() }) as Box<dyn FsLock>
        }))
    }

    fn changes(&self, _: &Path) -> io::Result<ChangeStream> {
        let seen = self.moved.subscribe();
        Ok(stream::unfold(seen, |mut seen| async move {
            seen.changed().await.ok()?;
            Some(((), seen))
        })
        .boxed())
    }
}

impl MemoryStorage {
    /// Replacing up to the rename: nothing is durable but the new file's bytes.
    fn stage(&self, staged: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let (mut state, _) = self.begin(Operation::StageWrite)?;
        let inode = state.create(staged);
        if let Some(content) = state.content(staged) {
            content.bytes.extend_from_slice(bytes);
        }
        drop(state);
        let synced = self.begin(Operation::StageSync).map(drop);
        if let Some(content) = self.state().content(staged) {
            if synced.is_ok() { content.sync() } else { content.fail_sync() }
        }
        synced?;
        let (mut state, _) = self.begin(Operation::StageMove)?;
        state.rename([(staged.to_owned(), None), (path.to_owned(), Some(inode))].into());
        Ok(())
    }
}

/// Where the new file stands before it is renamed.
fn staged_beside(path: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".tmp");
    path.with_file_name(name)
}
