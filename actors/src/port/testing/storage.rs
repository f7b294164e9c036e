//! A disk in memory that fails on command, is written to by others at the worst
//! moment, and forgets what was not synced.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::{StreamExt, stream};
use tokio::sync::watch;

use crate::port::{AppendFile, ChangeStream, FileStat, FsLock, Storage};

/// What a fault or an interruption is put on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// A write to an open file.
    Append,
    /// `fdatasync`.
    Sync,
    /// Replacing a file.
    Replace,
    /// Opening for append.
    Open,
    /// Giving a file a second name.
    Link,
    /// Moving a file to another name.
    Rename,
}

/// What goes wrong, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The call fails with this error and does nothing.
    Error(io::ErrorKind),
    /// The write takes only so many bytes.
    Short(usize),
}

/// What somebody else does in the middle of ours.
type Interruption = Box<dyn FnOnce(&MemoryStorage) + Send>;

/// Files in memory. Clones share them.
#[derive(Clone)]
pub struct MemoryStorage {
    state: Arc<Mutex<State>>,
    moved: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    names: BTreeMap<PathBuf, u64>,
    /// The names that are there again after a loss of power.
    durable_names: BTreeMap<PathBuf, u64>,
    files: BTreeMap<u64, Content>,
    next_inode: u64,
    faults: VecDeque<(Operation, usize, Fault)>,
    interruptions: VecDeque<(Operation, usize, Interruption)>,
    /// Operations that still work before the machine stops.
    left_to_live: Option<usize>,
    locked: BTreeSet<PathBuf>,
    syncs: u64,
    appends: u64,
    bytes_read: u64,
}

#[derive(Default)]
struct Content {
    bytes: Vec<u8>,
    synced: usize,
}

impl Default for MemoryStorage {
    fn default() -> Self {
        Self { state: Arc::default(), moved: watch::Sender::new(0) }
    }
}

impl MemoryStorage {
    /// Lets the operation after the next `after` ones of its kind go wrong.
    pub fn fail(&self, operation: Operation, after: usize, fault: Fault) {
        self.state().faults.push_back((operation, after, fault));
    }

    /// Lets somebody else act right before the operation that comes after the
    /// next `after` ones of its kind: after the caller looked, before it acts.
    pub fn interrupt(
        &self,
        operation: Operation,
        after: usize,
        act: impl FnOnce(&Self) + Send + 'static,
    ) {
        self.state().interruptions.push_back((operation, after, Box::new(act)));
    }

    /// Stops the machine after this many more operations that change something:
    /// every later one fails, until [`MemoryStorage::lose_power`].
    pub fn stop_after(&self, operations: usize) {
        self.state().left_to_live = Some(operations);
    }

    /// Whether [`MemoryStorage::stop_after`] has stopped the machine.
    #[must_use]
    pub fn has_stopped(&self) -> bool {
        self.state().left_to_live == Some(0)
    }

    /// Puts a file there, synced, under a new inode.
    pub fn put(&self, path: &Path, bytes: &[u8]) {
        let mut state = self.state();
        let inode = state.create(path);
        state.durable_names.insert(path.to_owned(), inode);
        state.files.insert(inode, Content { bytes: bytes.to_vec(), synced: bytes.len() });
        drop(state);
        self.touch();
    }

    /// Writes a file anew in place, under the inode that it has.
    pub fn rewrite_in_place(&self, path: &Path, bytes: &[u8]) {
        let mut state = self.state();
        if let Some(inode) = state.names.get(path).copied() {
            state.files.insert(inode, Content { bytes: bytes.to_vec(), synced: bytes.len() });
        }
        drop(state);
        self.touch();
    }

    /// Appends as another process does: at the end, unsynced.
    pub fn append_foreign(&self, path: &Path, bytes: &[u8]) {
        let mut state = self.state();
        let inode = match state.names.get(path) {
            Some(inode) => *inode,
            None => state.create(path),
        };
        if let Some(content) = state.files.get_mut(&inode) {
            content.bytes.extend_from_slice(bytes);
        }
        drop(state);
        self.touch();
    }

    /// The bytes at `path`; empty when there is no such file.
    #[must_use]
    pub fn bytes(&self, path: &Path) -> Vec<u8> {
        let state = self.state();
        state
            .names
            .get(path)
            .and_then(|inode| state.files.get(inode))
            .map(|content| content.bytes.clone())
            .unwrap_or_default()
    }

    /// Every path that names a file.
    #[must_use]
    pub fn paths(&self) -> Vec<PathBuf> {
        self.state().names.keys().cloned().collect()
    }

    /// Loses power: what was not synced is gone, bytes and names, and so are all
    /// locks and what was to go wrong.
    pub fn lose_power(&self) {
        let mut state = self.state();
        state.names = state.durable_names.clone();
        for content in state.files.values_mut() {
            content.bytes.truncate(content.synced);
        }
        state.locked.clear();
        state.faults.clear();
        state.interruptions.clear();
        state.left_to_live = None;
    }

    /// How many syncs were asked for.
    #[must_use]
    pub fn syncs(&self) -> u64 {
        self.state().syncs
    }

    /// How many writes were asked for.
    #[must_use]
    pub fn appends(&self) -> u64 {
        self.state().appends
    }

    /// How many bytes were read from open files.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.state().bytes_read
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn touch(&self) {
        self.moved.send_modify(|count| *count += 1);
    }

    /// Lets others act first, then gives the state to act on.
    fn begin(&self, operation: Operation) -> MutexGuard<'_, State> {
        let due = due(&mut self.state().interruptions, operation);
        if let Some(act) = due {
            act(self);
        }
        self.state()
    }
}

/// Takes what is due at this operation out of a queue, if anything is.
fn due<T>(queue: &mut VecDeque<(Operation, usize, T)>, operation: Operation) -> Option<T> {
    let at = queue.iter().position(|(on, _, _)| *on == operation)?;
    if queue[at].1 == 0 {
        return queue.remove(at).map(|(_, _, what)| what);
    }
    queue[at].1 -= 1;
    None
}

impl State {
    fn create(&mut self, path: &Path) -> u64 {
        self.next_inode += 1;
        self.names.insert(path.to_owned(), self.next_inode);
        self.files.insert(self.next_inode, Content::default());
        self.next_inode
    }

    /// Counts an operation that changes something; fails once the machine has
    /// stopped.
    fn live(&mut self) -> io::Result<()> {
        match &mut self.left_to_live {
            Some(0) => Err(io::Error::other("the machine has stopped")),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn check(&mut self, operation: Operation) -> io::Result<()> {
        self.live()?;
        match due(&mut self.faults, operation) {
            Some(Fault::Error(kind)) => Err(kind.into()),
            Some(Fault::Short(_)) | None => Ok(()),
        }
    }

    fn named(&self, path: &Path) -> io::Result<u64> {
        self.names.get(path).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Makes what `path` names now what it names after a loss of power.
    fn make_durable(&mut self, path: &Path) {
        match self.names.get(path) {
            Some(inode) => self.durable_names.insert(path.to_owned(), *inode),
            None => self.durable_names.remove(path),
        };
    }
}

impl Storage for MemoryStorage {
    fn open_append(&self, path: &Path) -> io::Result<Box<dyn AppendFile>> {
        let mut state = self.begin(Operation::Open);
        state.check(Operation::Open)?;
        let inode = match state.names.get(path) {
            Some(inode) => *inode,
            None => state.create(path),
        };
        drop(state);
        Ok(Box::new(MemoryFile { storage: self.clone(), inode }))
    }

    fn sync_parent(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.live()?;
        state.make_durable(path);
        Ok(())
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<PathBuf>> {
        let state = self.state();
        Ok(state.names.keys().filter(|path| path.parent() == Some(directory)).cloned().collect())
    }

    fn folders(&self, directory: &Path) -> io::Result<Vec<PathBuf>> {
        let state = self.state();
        let folders = state.names.keys().filter_map(|path| {
            let mut inner = path.strip_prefix(directory).ok()?.components();
            let first = inner.next()?;
            inner.next().map(|_| directory.join(first))
        });
        let folders: BTreeSet<PathBuf> = folders.collect();
        Ok(folders.into_iter().collect())
    }

    fn stat(&self, path: &Path) -> io::Result<Option<FileStat>> {
        let state = self.state();
        Ok(state.names.get(path).map(|inode| FileStat {
            inode: *inode,
            len: state.files.get(inode).map_or(0, |content| content.bytes.len() as u64),
        }))
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.state().named(path)?;
        Ok(self.bytes(path))
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.begin(Operation::Replace).check(Operation::Replace)?;
        self.put(path, bytes);
        Ok(())
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.begin(Operation::Link);
        state.check(Operation::Link)?;
        if state.names.contains_key(to) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let inode = state.named(from)?;
        state.names.insert(to.to_owned(), inode);
        state.make_durable(to);
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.begin(Operation::Rename);
        state.check(Operation::Rename)?;
        let inode = state.named(from)?;
        state.names.remove(from);
        state.names.insert(to.to_owned(), inode);
        state.make_durable(from);
        state.make_durable(to);
        drop(state);
        self.touch();
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.live()?;
        state.named(path)?;
        state.names.remove(path);
        Ok(())
    }

    fn create_dir_all(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.live()?;
        state.names.retain(|name, _| !name.starts_with(path));
        Ok(())
    }

    fn create_new(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        state.live()?;
        if state.names.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        drop(state);
        self.put(path, bytes);
        Ok(())
    }

    fn take_over(&self, path: &Path, seen: &[u8], bytes: &[u8]) -> io::Result<bool> {
        let mut state = self.state();
        state.live()?;
        let Some(inode) = state.names.get(path).copied() else { return Ok(false) };
        let Some(content) = state.files.get_mut(&inode) else { return Ok(false) };
        let as_seen = content.bytes == seen;
        if as_seen {
            *content = Content { bytes: bytes.to_vec(), synced: bytes.len() };
        }
        Ok(as_seen)
    }

    fn try_lock(&self, path: &Path) -> io::Result<Option<Box<dyn FsLock>>> {
        let free = self.state().locked.insert(path.to_owned());
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

struct MemoryFile {
    storage: MemoryStorage,
    inode: u64,
}

impl AppendFile for MemoryFile {
    fn stat(&self) -> io::Result<FileStat> {
        let state = self.storage.state();
        let len = state.files.get(&self.inode).map_or(0, |content| content.bytes.len() as u64);
        Ok(FileStat { inode: self.inode, len })
    }

    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut state = self.storage.state();
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let rest = state.files.get(&self.inode).and_then(|content| content.bytes.get(offset..));
        let rest = rest.unwrap_or_default();
        let taken = rest.len().min(into.len());
        into[..taken].copy_from_slice(&rest[..taken]);
        state.bytes_read += taken as u64;
        Ok(taken)
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.storage.begin(Operation::Append);
        state.appends += 1;
        state.live()?;
        let taken = match due(&mut state.faults, Operation::Append) {
            Some(Fault::Error(kind)) => return Err(kind.into()),
            Some(Fault::Short(taken)) => taken.min(bytes.len()),
            None => bytes.len(),
        };
        if let Some(content) = state.files.get_mut(&self.inode) {
            content.bytes.extend_from_slice(&bytes[..taken]);
        }
        drop(state);
        self.storage.touch();
        Ok(taken)
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.storage.begin(Operation::Sync);
        state.syncs += 1;
        state.check(Operation::Sync)?;
        if let Some(content) = state.files.get_mut(&self.inode) {
            content.synced = content.bytes.len();
        }
        Ok(())
    }
}

struct MemoryLock {
    storage: MemoryStorage,
    path: PathBuf,
}

impl FsLock for MemoryLock {}

impl Drop for MemoryLock {
    fn drop(&mut self) {
        self.storage.state().locked.remove(&self.path);
    }
}
