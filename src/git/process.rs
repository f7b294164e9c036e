//! One run of a program, to its end or to the end of patience. It knows nothing about git's answers.

use super::error::GitErrorKind;
use dosd_actors::port::{Children, Clock, SystemClock};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::ffi::OsString;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Settings that win over those of the repository and of the user: one output for everybody, and no
/// program of somebody else's choice.
pub(super) const SETTINGS: [&str; 6] = [
    "core.fsmonitor=false",
    "core.quotePath=false",
    "i18n.logOutputEncoding=UTF-8",
    "log.showSignature=false",
    "log.mailmap=false",
    "diff.external=",
];

/// Variables that would point git at another repository than the workspace's.
const FOREIGN: [&str; 6] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_EXTERNAL_DIFF",
];

/// The most that is read of one output.
const LIMIT_MIB: usize = 256;

/// A program, its arguments, and how long it may take.
pub(super) struct Process<'a> {
    pub(super) program: &'a Path,
    pub(super) arguments: &'a [OsString],
    pub(super) patience: Duration,
    pub(super) children: &'a Children,
}

/// How it ended.
pub(super) struct Ended {
    pub(super) succeeded: bool,
    pub(super) printed: Vec<u8>,
    pub(super) complaint: String,
}

impl Process<'_> {
    pub(super) fn run(&self) -> Result<Ended, GitErrorKind> {
        let mut command = Command::new(self.program);
        command.args(self.arguments).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        for name in FOREIGN {
            command.env_remove(name);
        }
        command.env("LC_ALL", "C").env("GIT_TERMINAL_PROMPT", "0").env("GIT_NO_LAZY_FETCH", "1");
        let child = self
            .children
            .spawn_for_thread(&mut command)
            .map_err(|cause| GitErrorKind::NoProgram { program: self.program.into(), cause })?;
        let mut running = Running { child, children: self.children };
        let (printed, complaint) = running.read(self.patience)?;
        let status = running.child.wait().map_err(GitErrorKind::Unreadable)?;
        let complaint = String::from_utf8_lossy(&complaint).into_owned();
        Ok(Ended { succeeded: status.success(), printed, complaint })
    }
}

/// A child that does not outlive its reader, however that ends.
struct Running<'a> {
    child: Child,
    children: &'a Children,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        // Both fail when it has ended already, which is the usual case.
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.children.forget(self.child.id());
    }
}

impl Running<'_> {
    /// Both outputs, read as they come: a child that fills one pipe never waits for the other.
    fn read(&mut self, patience: Duration) -> Result<(Vec<u8>, Vec<u8>), GitErrorKind> {
        let clock = SystemClock::new();
        let mut output = Pipe::new(self.child.stdout.take());
        let mut errors = Pipe::new(self.child.stderr.take());
        while output.open.is_some() || errors.open.is_some() {
            let left = patience.saturating_sub(clock.monotonic());
            let ready = {
                let mut waiting: Vec<PollFd<'_>> = Vec::with_capacity(2);
                waiting.extend(output.open.iter().map(|pipe| PollFd::new(pipe, PollFlags::IN)));
                waiting.extend(errors.open.iter().map(|pipe| PollFd::new(pipe, PollFlags::IN)));
                let timeout = Timespec::try_from(left).ok();
                match poll(&mut waiting, timeout.as_ref()) {
                    Ok(0) => return Err(GitErrorKind::TimedOut(patience)),
                    Ok(_) => {}
                    Err(Errno::INTR) => continue,
                    Err(errno) => return Err(GitErrorKind::Unreadable(errno.into())),
                }
                let mut ready = waiting.iter().map(|pipe| !pipe.revents().is_empty());
                let first = output.open.is_some() && ready.next().unwrap_or_default();
                (first, errors.open.is_some() && ready.next().unwrap_or_default())
            };
            if ready.0 {
                output.take().map_err(GitErrorKind::Unreadable)?;
            }
            if ready.1 {
                errors.take().map_err(GitErrorKind::Unreadable)?;
            }
            if output.read.len().max(errors.read.len()) > LIMIT_MIB << 20 {
                return Err(GitErrorKind::TooMuch(LIMIT_MIB));
            }
        }
        Ok((output.read, errors.read))
    }
}

/// One output of the child; closed at its end.
struct Pipe<R> {
    open: Option<R>,
    read: Vec<u8>,
}

impl<R: Read> Pipe<R> {
    fn new(open: Option<R>) -> Self {
        Self { open, read: Vec::new() }
    }

    /// Takes what is there, without waiting for more.
    fn take(&mut self) -> io::Result<()> {
        let Some(open) = &mut self.open else { return Ok(()) };
        let mut chunk = [0; 16_384];
        match open.read(&mut chunk) {
            Ok(0) => self.open = None,
            Ok(count) => self.read.extend_from_slice(chunk.get(..count).unwrap_or_default()),
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
            Err(cause) => return Err(cause),
        }
        Ok(())
    }
}
