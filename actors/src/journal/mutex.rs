//! The mutex under which decisions about lanes are made, shared with the Python
//! programs that use the same workspace.
//!
//! Two locks make it. Processes of ours first take an OS lock, which ends with
//! its holder; then the lock file that the others know. It never moves a lock
//! file: one that is stale is written over in place, so that a fresh lock which
//! somebody puts there meanwhile stays where it is.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use dosd_kernel::stamp;

use super::error::{JournalError, JournalErrorKind};
use crate::port::{FsLock, SharedClock, SharedStorage};

/// How long a busy lock is waited for when nobody says otherwise: the five times
/// 0.2 s of the Python programs.
pub const LOCK_PATIENCE: Duration = Duration::from_secs(1);

/// The first pause between two tries; each is twice the one before, up to the last.
/// A decision takes a few milliseconds, so most locks are free again at once.
const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LAST_PAUSE: Duration = Duration::from_millis(50);

/// The age at which a lock file may be taken from its holder.
const STALE_AFTER_MS: i64 = 300_000;

/// So long before it is stale we do not trust our own lock any more: others see
/// whole seconds, and their clocks differ.
const DISTRUST_MS: i64 = 10_000;

/// How long to wait between tries of something that others have most briefly.
#[derive(Debug, Clone, Copy)]
pub struct Pauses(Duration);

impl Default for Pauses {
    fn default() -> Self {
        Self(FIRST_PAUSE)
    }
}

impl Pauses {
    /// The next pause, longer each time up to a limit.
    pub fn next_pause(&mut self) -> Duration {
        let pause = self.0;
        self.0 = (pause * 2).min(LAST_PAUSE);
        pause
    }
}

/// Who holds a lock: unique to a process, on every host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockOwner {
    /// What all processes of ours on this host begin with.
    prefix: String,
    pid: u32,
    started: u64,
}

impl LockOwner {
    /// The owner that is this process. `started` tells it from others that had,
    /// or will have, the same pid.
    #[must_use]
    pub fn new(host: &str, pid: u32, started: u64) -> Self {
        // A line of the lock file ends at the line's end.
        let host = host.replace(char::is_whitespace, "-");
        Self { prefix: format!("dosd-{host}-"), pid, started }
    }

    /// This process, told from others by a random number.
    #[must_use]
    pub fn of_this_process() -> Self {
        let system = rustix::system::uname();
        let host = system.nodename().to_string_lossy();
        Self::new(&host, std::process::id(), fastrand::u64(..))
    }

    fn lock_file(&self, now_ms: i64) -> String {
        let Self { prefix, pid, started } = self;
        let acquired_at = stamp::format_ms(now_ms);
        format!("owner: {prefix}{pid}-{started:x}\nacquired_at: {acquired_at}\npid: {pid}\n")
    }
}

/// The mutex of one workspace.
#[derive(Clone)]
pub struct LeaseMutex {
    storage: SharedStorage,
    clock: SharedClock,
    path: PathBuf,
    owner: LockOwner,
    stale_after_ms: i64,
}

impl LeaseMutex {
    /// The mutex whose lock file is at `path`.
    #[must_use]
    pub fn new(
        storage: SharedStorage,
        clock: SharedClock,
        path: PathBuf,
        owner: LockOwner,
    ) -> Self {
        Self { storage, clock, path, owner, stale_after_ms: STALE_AFTER_MS }
    }

    /// Takes a lock file from its holder at another age, which all who share the lock
    /// have to agree on.
    #[must_use]
    pub fn stale_after(self, stale_after_ms: i64) -> Self {
        Self { stale_after_ms, ..self }
    }

    /// Takes the mutex, trying for as long as `patience`.
    ///
    /// # Errors
    /// [`JournalErrorKind::Busy`] when somebody holds it all the time, and what
    /// the file system says.
    pub async fn take(&self, patience: Duration) -> Result<LeaseHold, JournalError> {
        let mut pauses = Pauses::default();
        let until = self.clock.monotonic() + patience;
        loop {
            if let Some(hold) = self.try_take()? {
                return Ok(hold);
            }
            let left = until.saturating_sub(self.clock.monotonic());
            if left.is_zero() {
                return Err(self.busy());
            }
            tokio::time::sleep(pauses.next_pause().min(left)).await;
        }
    }

    /// What is said when somebody else has it for too long.
    #[must_use]
    pub fn busy(&self) -> JournalError {
        busy(&self.path)
    }

    /// Takes the mutex if it is free now.
    ///
    /// # Errors
    /// What the file system says.
    pub fn try_take(&self) -> Result<Option<LeaseHold>, JournalError> {
        let failed = |error: io::Error| JournalError {
            path: self.path.clone(),
            kind: JournalErrorKind::Io { operation: "locking", cause: error.to_string() },
        };
        let Some(os_lock) = self.storage.try_lock(&os_lock_path(&self.path)).map_err(failed)?
        else {
            return Ok(None);
        };
        let now_ms = self.clock.now_ms();
        let content = self.owner.lock_file(now_ms).into_bytes();
        let taken = self.put_down(&content, now_ms).map_err(failed)?;
        Ok(taken.then(|| LeaseHold {
            storage: self.storage.clone(),
            clock: self.clock.clone(),
            path: self.path.clone(),
            content,
            wall_ms: now_ms,
            since: self.clock.monotonic(),
            trusted_for_ms: self.stale_after_ms - DISTRUST_MS,
            _os_lock: os_lock,
        }))
    }

    /// Makes the lock file ours, if nobody holds it.
    fn put_down(&self, content: &[u8], now_ms: i64) -> io::Result<bool> {
        match self.storage.create_new(&self.path, content) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            created => return created.map(|()| true),
        }
        let seen = match self.storage.read(&self.path) {
            // Released this moment: the next try will have it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            seen => seen?,
        };
        if self.may_displace(&seen, now_ms) {
            self.storage.take_over(&self.path, &seen, content)
        } else {
            Ok(false)
        }
    }

    /// Whether the holder of this lock is gone, or has been away for too long.
    fn may_displace(&self, seen: &[u8], now_ms: i64) -> bool {
        let seen = String::from_utf8_lossy(seen);
        // We have the OS lock, so no process of ours on this host is alive and
        // holds this.
        if value(&seen, "owner").is_some_and(|owner| owner.starts_with(&self.owner.prefix)) {
            return true;
        }
        value(&seen, "acquired_at")
            .and_then(stamp::parse_ms)
            .is_some_and(|acquired_ms| now_ms.saturating_sub(acquired_ms) >= self.stale_after_ms)
    }
}

/// The mutex, held. Dropping it gives it back.
pub struct LeaseHold {
    storage: SharedStorage,
    clock: SharedClock,
    path: PathBuf,
    /// What stands in our lock file.
    content: Vec<u8>,
    /// When it was taken, on both clocks.
    wall_ms: i64,
    since: Duration,
    /// How long it is ours without a doubt.
    trusted_for_ms: i64,
    /// Given back last, after the lock file.
    _os_lock: Box<dyn FsLock>,
}

impl LeaseHold {
    /// Proves that the mutex is still held. Asked right before the write: the
    /// process may have been stopped for longer than others wait.
    ///
    /// # Errors
    /// [`JournalErrorKind::Busy`] when it is not held any more; the decision is
    /// to be made again from the start.
    pub fn prove(&self) -> Result<(), JournalError> {
        if self.is_ours() { Ok(()) } else { Err(busy(&self.path)) }
    }

    fn is_ours(&self) -> bool {
        let held_ms =
            i64::try_from((self.clock.monotonic().saturating_sub(self.since)).as_millis())
                .unwrap_or(i64::MAX)
                // A suspended machine stops one clock, an operator moves the other.
                .max(self.clock.now_ms().saturating_sub(self.wall_ms));
        held_ms < self.trusted_for_ms
            && self.storage.read(&self.path).is_ok_and(|there| there == self.content)
    }
}

impl Drop for LeaseHold {
    fn drop(&mut self) {
        // A lock that is somebody else's by now is not ours to remove.
        if self.is_ours()
            && let Err(error) = self.storage.remove(&self.path)
        {
            tracing::warn!(lock = %self.path.display(), "the lock stays until it is stale: {error}");
        }
    }
}

fn busy(lock: &Path) -> JournalError {
    JournalError { path: lock.to_owned(), kind: JournalErrorKind::Busy { lock: lock.to_owned() } }
}

/// The value behind `key:` in a lock file.
fn value<'a>(lock_file: &'a str, key: &str) -> Option<&'a str> {
    lock_file.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        (name.trim() == key).then(|| value.trim())
    })
}

/// Where processes of ours take turns. It is never removed: an OS lock on a
/// removed file excludes nobody.
fn os_lock_path(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".os");
    path.with_file_name(name)
}

#[cfg(test)]
mod tests;
