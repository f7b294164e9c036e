//! The disk behind a [`MemoryStorage`](super::MemoryStorage): names, files, and which of the
//! names are there again after a loss of power.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::path::{Path, PathBuf};

use fastrand::Rng;

use super::content::Content;
use super::plan::{Fault, Operation, Plan};
use super::{Interruption, Survival};

#[derive(Default)]
pub(super) struct State {
    pub(super) names: BTreeMap<PathBuf, u64>,
    durable_names: BTreeMap<PathBuf, u64>,
    /// Changes of names that no sync has made durable, in order. Each happens as a whole.
    unsynced_names: Vec<Change>,
    pub(super) files: BTreeMap<u64, Content>,
    next_inode: u64,
    pub(super) plan: Plan,
    pub(super) interruptions: VecDeque<(Operation, usize, Interruption)>,
    /// Operations that still work before the machine stops.
    pub(super) left_to_live: Option<usize>,
    pub(super) locked: BTreeSet<PathBuf>,
    pub(super) syncs: u64,
    pub(super) failed_syncs: u64,
    pub(super) appends: u64,
    pub(super) bytes_read: u64,
}

/// What some names name from then on.
type Change = Vec<(PathBuf, Option<u64>)>;

impl State {
    /// A copy of what is on the disk; of what others are about to do it has nothing.
    pub(super) fn fork(&self) -> Self {
        Self {
            names: self.names.clone(),
            durable_names: self.durable_names.clone(),
            unsynced_names: self.unsynced_names.clone(),
            files: self.files.clone(),
            next_inode: self.next_inode,
            ..Self::default()
        }
    }

    /// Counts a call and lets it fail if it is to. A write or a read that is cut short gets the
    /// number of bytes.
    pub(super) fn step(&mut self, operation: Operation) -> io::Result<Option<usize>> {
        self.appends += u64::from(operation == Operation::Append);
        self.syncs += u64::from(operation == Operation::Sync);
        let stopped = || io::Error::other("the machine has stopped");
        match &mut self.left_to_live {
            Some(0) => return Err(stopped()),
            Some(left) if operation.changes() => *left -= 1,
            Some(_) | None => {}
        }
        match self.plan.next(operation) {
            None => Ok(None),
            Some(Fault::Short(taken)) => Ok(Some(taken)),
            Some(Fault::Error(kind)) => Err(kind.into()),
            Some(Fault::Os(errno)) => Err(errno.into()),
            Some(Fault::Stop) => {
                self.left_to_live = Some(0);
                Err(stopped())
            }
        }
    }

    pub(super) fn create(&mut self, path: &Path) -> u64 {
        self.next_inode += 1;
        self.files.insert(self.next_inode, Content::default());
        self.rename([(path.to_owned(), Some(self.next_inode))].into());
        self.next_inode
    }

    pub(super) fn named(&self, path: &Path) -> io::Result<u64> {
        self.names.get(path).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    pub(super) fn content(&mut self, path: &Path) -> Option<&mut Content> {
        self.files.get_mut(self.names.get(path)?)
    }

    /// Changes names, for as long as the machine has power.
    pub(super) fn rename(&mut self, change: Change) {
        apply(&mut self.names, &change);
        self.unsynced_names.push(change);
    }

    /// Makes what `path` names now what it names after a loss of power.
    pub(super) fn make_durable(&mut self, path: &Path) {
        let concerns = |change: &mut Change| change.iter().any(|(name, _)| name == path);
        for change in self.unsynced_names.extract_if(.., concerns) {
            apply(&mut self.durable_names, &change);
        }
    }

    /// Ends whatever runs on this machine, and leaves of what was not synced what `survival` says.
    pub(super) fn crash(&mut self, survival: Survival) {
        match survival {
            Survival::Everything => {}
            Survival::Nothing => {
                self.names = self.durable_names.clone();
                self.unsynced_names.clear();
                self.files.values_mut().for_each(Content::keep_synced);
            }
            Survival::Sectors { size, seed } => {
                let mut rng = Rng::with_seed(seed);
                let changes = std::mem::take(&mut self.unsynced_names);
                let happened = rng.usize(..=changes.len());
                self.names = self.durable_names.clone();
                for change in &changes[..happened] {
                    apply(&mut self.names, change);
                }
                self.durable_names = self.names.clone();
                self.files.values_mut().for_each(|content| content.keep_sectors(size, &mut rng));
            }
        }
        self.locked.clear();
        self.interruptions.clear();
        self.plan = Plan::default();
        self.left_to_live = None;
    }
}

fn apply(names: &mut BTreeMap<PathBuf, u64>, change: &Change) {
    for (path, inode) in change {
        match inode {
            Some(inode) => names.insert(path.clone(), *inode),
            None => names.remove(path),
        };
    }
}
