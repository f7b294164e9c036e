//! The disk as one daemon process sees it: it fails as planned, and what is done after the
//! process has died does not happen.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dosd_actors::port::testing::MemoryStorage;
use dosd_actors::port::{AppendFile, ChangeStream, FileStat, FsLock, Storage};

use super::clock::SimClock;
use super::life::Life;
use crate::fault::Fault;
use crate::trace::Trace;

/// What is planned to go wrong with calls. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct DiskFaults {
    plans: Arc<Mutex<VecDeque<Plan>>>,
}

/// One thing that goes wrong, once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) call: Call,
    /// So many calls of this kind come before.
    pub(crate) after: u64,
    pub(crate) what: Trouble,
}

/// A kind of call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    Append,
    Sync,
    Replace,
    Open,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Nothing is done.
    Error(io::ErrorKind),
    /// A write takes so many bytes.
    Short(usize),
    /// It takes so long, and works.
    Stall(Duration),
}

impl DiskFaults {
    pub(crate) fn plan(&self, plan: Plan) {
        self.plans().push_back(plan);
    }

    /// The disk is healed.
    pub(crate) fn clear(&self) {
        self.plans().clear();
    }

    fn due(&self, call: Call) -> Option<Trouble> {
        let mut plans = self.plans();
        let at = plans.iter().position(|plan| plan.call == call)?;
        if plans[at].after == 0 {
            return plans.remove(at).map(|plan| plan.what);
        }
        plans[at].after -= 1;
        None
    }

    fn plans(&self) -> MutexGuard<'_, VecDeque<Plan>> {
        self.plans.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The disk of a machine, for one process.
#[derive(Clone)]
pub(crate) struct ProcessDisk {
    pub(crate) disk: MemoryStorage,
    pub(crate) life: Life,
    pub(crate) faults: DiskFaults,
    pub(crate) clock: SimClock,
    pub(crate) trace: Trace,
}

impl ProcessDisk {
    /// A call that changes something begins. Gives how many bytes of a write are taken.
    fn begin(&self, call: Option<Call>, path: &Path) -> io::Result<Option<usize>> {
        if !self.life.makes_a_call() {
            return Err(dead());
        }
        let Some((call, trouble)) = call.and_then(|call| Some((call, self.faults.due(call)?)))
        else {
            return Ok(None);
        };
        let name = path.display();
        match trouble {
            Trouble::Error(kind) => {
                self.trace.fault(Fault::DiskError, format_args!("{call:?} of {name}: {kind}"));
                self.life.trouble();
                if matches!(call, Call::Append | Call::Sync) {
                    self.life.spoil(path);
                }
                Err(kind.into())
            }
            Trouble::Short(taken) => {
                self.trace.fault(Fault::ShortWrite, format_args!("{taken} bytes to {name}"));
                Ok(Some(taken))
            }
            Trouble::Stall(long) => {
                self.trace.fault(Fault::Stall, format_args!("{call:?} of {name}: {long:?}"));
                self.clock.stall(long);
                Ok(None)
            }
        }
    }

    fn lives(&self) -> io::Result<()> {
        if self.life.is_dead() { Err(dead()) } else { Ok(()) }
    }
}

fn dead() -> io::Error {
    io::Error::other("the process is dead")
}

impl Storage for ProcessDisk {
    fn open_append(&self, path: &Path) -> io::Result<Box<dyn AppendFile>> {
        self.begin(Some(Call::Open), path)?;
        let file = self.disk.open_append(path)?;
        Ok(Box::new(ProcessFile { disk: self.clone(), path: path.to_owned(), file }))
    }

    fn sync_parent(&self, path: &Path) -> io::Result<()> {
        self.begin(None, path)?;
        self.disk.sync_parent(path)
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<PathBuf>> {
        self.lives()?;
        self.disk.list(directory)
    }

    fn folders(&self, directory: &Path) -> io::Result<Vec<PathBuf>> {
        self.lives()?;
        self.disk.folders(directory)
    }

    fn stat(&self, path: &Path) -> io::Result<Option<FileStat>> {
        self.lives()?;
        self.disk.stat(path)
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.lives()?;
        self.disk.read(path)
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.begin(Some(Call::Replace), path)?;
        self.disk.replace(path, bytes)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.begin(None, from)?;
        self.disk.link(from, to)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.begin(None, from)?;
        self.disk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.begin(None, path)?;
        self.disk.remove(path)
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        self.lives()?;
        self.disk.create_dir_all(path)
    }

    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        self.begin(None, path)?;
        self.disk.remove_dir_all(path)
    }

    fn create_new(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.begin(None, path)?;
        self.disk.create_new(path, bytes)
    }

    fn take_over(&self, path: &Path, seen: &[u8], bytes: &[u8]) -> io::Result<bool> {
        self.begin(None, path)?;
        self.disk.take_over(path, seen, bytes)
    }

    fn try_lock(&self, path: &Path) -> io::Result<Option<Box<dyn FsLock>>> {
        self.lives()?;
        self.disk.try_lock(path)
    }

    fn changes(&self, path: &Path) -> io::Result<ChangeStream> {
        self.disk.changes(path)
    }
}

struct ProcessFile {
    disk: ProcessDisk,
    path: PathBuf,
    file: Box<dyn AppendFile>,
}

impl AppendFile for ProcessFile {
    fn stat(&self) -> io::Result<FileStat> {
        self.disk.lives()?;
        self.file.stat()
    }

    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        self.disk.lives()?;
        self.file.read_at(into, offset)
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.disk.begin(Some(Call::Append), &self.path)?.unwrap_or(bytes.len());
        self.file.append(&bytes[..taken.min(bytes.len())])
    }

    fn sync(&self) -> io::Result<()> {
        self.disk.begin(Some(Call::Sync), &self.path)?;
        self.file.sync()?;
        self.disk.life.note_synced(&self.path, self.file.stat()?.len);
        Ok(())
    }
}
