//! A disk in memory that fails on command, is written to by others at the worst
//! moment, and forgets what was not synced.

mod content;
mod files;
mod open_file;
mod plan;
mod state;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use self::content::Content;
use self::plan::due;
use self::state::State;
use crate::port::interrupted::retry_interrupted;

pub use open_file::ForeignHandle;
pub use plan::{Fault, Lasting, Operation};

/// What somebody else does in the middle of ours.
type Interruption = Box<dyn FnOnce(&MemoryStorage) + Send>;

/// What a crash leaves of bytes and names that were not synced. What was synced always stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Survival {
    /// All of it: the process was killed, the machine runs on.
    Everything,
    /// None of it.
    Nothing,
    /// Whatever the seed says, sector by sector, as disks write in any order: a sector of new
    /// bytes is there, cut, or zeros. Names changed up to some moment.
    Sectors {
        /// Bytes that the disk writes at once.
        size: usize,
        /// The same seed leaves the same.
        seed: u64,
    },
}

/// Files in memory. Clones share them.
#[derive(Clone)]
pub struct MemoryStorage {
    state: Arc<Mutex<State>>,
    moved: watch::Sender<u64>,
}

impl Default for MemoryStorage {
    fn default() -> Self {
        Self { state: Arc::default(), moved: watch::Sender::new(0) }
    }
}

impl MemoryStorage {
    /// Lets the operation after the next `after` ones of its kind go wrong.
    pub fn fail(&self, operation: Operation, after: usize, fault: Fault) {
        self.state().plan.fail(operation, after, fault);
    }

    /// Lets every operation of a kind go wrong from now on.
    pub fn fail_for_ever(&self, operation: Operation, fault: Fault) {
        self.state().plan.fail_for_ever(operation, fault);
    }

    /// Lets the call of this number go wrong, from 0 and from now on, whatever kind it is.
    pub fn fail_call(&self, call: usize, fault: Fault, lasting: Lasting) {
        self.state().plan.fail_call(call, fault, lasting);
    }

    /// What the fault of [`MemoryStorage::fail_call`] has hit; none if there were fewer calls.
    #[must_use]
    pub fn tripped(&self) -> Option<Operation> {
        self.state().plan.tripped()
    }

    /// How many calls there were since [`MemoryStorage::fail_call`], or since the beginning.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.state().plan.calls()
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

    /// Another disk that holds the same, and on which nothing is to go wrong.
    #[must_use]
    pub fn fork(&self) -> Self {
        let state = self.state().fork();
        Self { state: Arc::new(Mutex::new(state)), moved: watch::Sender::new(0) }
    }

    /// Puts a file there, synced, under a new inode.
    pub fn put(&self, path: &Path, bytes: &[u8]) {
        let mut state = self.state();
        let inode = state.create(path);
        state.files.insert(inode, Content::synced(bytes));
        state.make_durable(path);
        drop(state);
        self.touch();
    }

    /// Writes a file anew in place, under the inode that it has.
    pub fn rewrite_in_place(&self, path: &Path, bytes: &[u8]) {
        let mut state = self.state();
        if let Some(content) = state.content(path) {
            *content = Content::synced(bytes);
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

    /// The file at `path` as another process has it open: it is not disturbed by faults of
    /// ours, and writes to that very file also after another one is renamed over it.
    #[must_use]
    pub fn foreign_handle(&self, path: &Path) -> Option<ForeignHandle> {
        let inode = self.state().names.get(path).copied()?;
        Some(ForeignHandle { storage: self.clone(), inode })
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
        self.crash(Survival::Nothing);
    }

    /// Ends whatever runs on this machine: all locks and all that was to go wrong are gone,
    /// and of what was not synced `survival` is left.
    pub fn crash(&self, survival: Survival) {
        self.state().crash(survival);
    }

    /// How many syncs were asked for.
    #[must_use]
    pub fn syncs(&self) -> u64 {
        self.state().syncs
    }

    /// How many of them failed.
    #[must_use]
    pub fn failed_syncs(&self) -> u64 {
        self.state().failed_syncs
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

    /// Lets others act first, then gives the state to act on, and the number of bytes if the
    /// call is cut short. A call that a signal interrupts is made again, as the port promises.
    fn begin(&self, operation: Operation) -> io::Result<(MutexGuard<'_, State>, Option<usize>)> {
        let due = due(&mut self.state().interruptions, operation);
        if let Some(act) = due {
            act(self);
        }
        retry_interrupted(|| {
            let mut state = self.state();
            let short = state.step(operation)?;
            Ok((state, short))
        })
    }
}
