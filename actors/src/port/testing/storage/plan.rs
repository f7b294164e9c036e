//! What is to go wrong, and at which call. It touches no file.

use std::collections::VecDeque;
use std::io;

use rustix::io::Errno;

/// What a fault or an interruption is put on: a call of the system, as the ports make them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// A write to an open file.
    Append,
    /// `fdatasync`.
    Sync,
    /// Replacing a file, as a whole: nothing of it happens.
    Replace,
    /// A step of replacing: writing the new file under a name of its own.
    StageWrite,
    /// A step of replacing: syncing the new file.
    StageSync,
    /// A step of replacing: renaming the new file over the old one.
    StageMove,
    /// The last step of replacing, linking and renaming: syncing the directory.
    SyncDirectory,
    /// Opening for append.
    Open,
    /// Giving a file a second name.
    Link,
    /// Moving a file to another name.
    Rename,
    /// Making the entry of a file durable.
    SyncParent,
    /// Deleting a file, or a directory with everything in it.
    Remove,
    /// Creating a file that must not exist yet.
    CreateNew,
    /// Writing into the very file that was seen.
    TakeOver,
    /// Reading from a file.
    Read,
    /// Asking which file it is, and how long.
    Stat,
    /// Reading a directory.
    List,
    /// Taking an OS lock.
    Lock,
}

impl Operation {
    /// Whether it changes what is on the disk.
    pub(super) fn changes(self) -> bool {
        !matches!(self, Self::Read | Self::Stat | Self::List | Self::Lock)
    }
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The call fails with this error and does nothing.
    Error(io::ErrorKind),
    /// The call fails with this error of the system and does nothing.
    Os(Errno),
    /// The write takes only so many bytes; a read gives no more, but at least one.
    Short(usize),
    /// The machine stops: this call and every later one fails.
    Stop,
}

/// How long it stays wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lasting {
    /// The next try succeeds.
    Once,
    /// Every later call of the same kind fails, too.
    ForEver,
}

/// Everything that is to go wrong.
#[derive(Debug, Clone, Default)]
pub(super) struct Plan {
    faults: VecDeque<(Operation, usize, Fault)>,
    /// At the call of this number, of whatever kind, from 0.
    at_call: Option<(usize, Fault, Lasting)>,
    for_ever: Vec<(Operation, Fault)>,
    calls: usize,
    tripped: Option<Operation>,
}

impl Plan {
    pub(super) fn fail(&mut self, operation: Operation, after: usize, fault: Fault) {
        self.faults.push_back((operation, after, fault));
    }

    pub(super) fn fail_for_ever(&mut self, operation: Operation, fault: Fault) {
        self.for_ever.push((operation, fault));
    }

    pub(super) fn fail_call(&mut self, call: usize, fault: Fault, lasting: Lasting) {
        (self.at_call, self.calls, self.tripped) = (Some((call, fault, lasting)), 0, None);
    }

    /// Calls since the last [`Plan::fail_call`], or since ever.
    pub(super) fn calls(&self) -> usize {
        self.calls
    }

    /// What the fault of [`Plan::fail_call`] hit, once it did.
    pub(super) fn tripped(&self) -> Option<Operation> {
        self.tripped
    }

    /// Counts a call, and says what is wrong with it.
    pub(super) fn next(&mut self, operation: Operation) -> Option<Fault> {
        let call = self.calls;
        self.calls += 1;
        if let Some((at, fault, lasting)) = self.at_call
            && at == call
        {
            self.tripped = Some(operation);
            if lasting == Lasting::ForEver {
                self.for_ever.push((operation, fault));
            }
            return Some(fault);
        }
        let lasting = self.for_ever.iter().find(|(on, _)| *on == operation);
        lasting.map(|(_, fault)| *fault).or_else(|| due(&mut self.faults, operation))
    }
}

/// Takes what is due at this operation out of a queue, if anything is.
pub(super) fn due<T>(
    queue: &mut VecDeque<(Operation, usize, T)>,
    operation: Operation,
) -> Option<T> {
    let at = queue.iter().position(|(on, _, _)| *on == operation)?;
    if queue[at].1 == 0 {
        return queue.remove(at).map(|(_, _, what)| what);
    }
    queue[at].1 -= 1;
    None
}
