//! The life of one daemon process. What it does after its death does not happen.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// Shared by all ports of one daemon. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Life {
    state: Arc<Mutex<State>>,
    died: Arc<Notify>,
}

#[derive(Default)]
struct State {
    is_dead: bool,
    /// Calls to the disk that are left, when it is to die at one.
    calls_left: Option<u64>,
    /// Files that a write or a sync of this process has failed on.
    spoilt: BTreeSet<PathBuf>,
    /// How long files were at their last sync that worked.
    synced: BTreeMap<PathBuf, u64>,
    /// Whether any call to the disk has failed.
    has_trouble: bool,
    /// Panics that were asked for.
    panics: u64,
}

impl Life {
    pub(crate) fn is_dead(&self) -> bool {
        self.state().is_dead
    }

    pub(crate) fn kill(&self) {
        self.state().is_dead = true;
        self.died.notify_one();
    }

    /// Dies at the call to the disk after the next `calls`.
    pub(crate) fn die_after(&self, calls: u64) {
        self.state().calls_left = Some(calls);
    }

    /// Resolves when it has died at the disk.
    pub(crate) async fn died(&self) {
        while !self.is_dead() {
            self.died.notified().await;
        }
    }

    /// Counts a call to the disk; says whether the process still lives to make it.
    pub(crate) fn makes_a_call(&self) -> bool {
        let mut state = self.state();
        match &mut state.calls_left {
            Some(0) => {
                state.is_dead = true;
                drop(state);
                self.died.notify_one();
                return false;
            }
            Some(left) => *left -= 1,
            None => {}
        }
        !state.is_dead
    }

    /// It is not to die at the disk after all.
    pub(crate) fn spare(&self) {
        self.state().calls_left = None;
    }

    /// A write or a sync failed.
    pub(crate) fn spoil(&self, path: &Path) {
        self.state().spoilt.insert(path.to_owned());
    }

    /// A call to the disk failed.
    pub(crate) fn trouble(&self) {
        self.state().has_trouble = true;
    }

    /// A sync worked.
    pub(crate) fn note_synced(&self, path: &Path, len: u64) {
        self.state().synced.insert(path.to_owned(), len);
    }

    /// How long a file was at the last sync that worked.
    pub(crate) fn synced(&self, path: &Path) -> u64 {
        self.state().synced.get(path).copied().unwrap_or_default()
    }

    pub(crate) fn is_spoilt(&self, path: &Path) -> bool {
        self.state().spoilt.contains(path)
    }

    /// Whether any call to the disk has failed.
    pub(crate) fn has_trouble(&self) -> bool {
        self.state().has_trouble
    }

    /// A panic was asked for.
    pub(crate) fn will_panic(&self) {
        self.state().panics += 1;
    }

    pub(crate) fn panics(&self) -> u64 {
        self.state().panics
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
