//! The archive lock: one holder by name, across commands, shared with the Python
//! programs of a workspace.
//!
//! A command that takes it ends, and the lock stays until somebody gives it back, or
//! until it is so old that another may have it. So no OS lock can stand for it; one
//! only keeps the commands of ours from doing their file work at the same time.

use std::io;
use std::path::PathBuf;

use dosd_kernel::stamp;

use crate::port::{SharedClock, SharedStorage};

/// The lock of one workspace.
#[derive(Clone)]
pub struct ArchiveLock {
    storage: SharedStorage,
    clock: SharedClock,
    path: PathBuf,
}

/// Who holds the lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The name that it gave; none when the file does not say.
    pub owner: Option<String>,
    /// How long it has had it, ms; none when the file does not say since when.
    pub age_ms: Option<i64>,
}

/// What became of a wish for the lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// It was free.
    Free,
    /// It was so old that it was taken from this holder.
    Stale(Holder),
    /// This one has it, perhaps under the same name: two that call themselves alike
    /// are two.
    Held(Holder),
}

/// What became of a wish to give the lock back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// Nobody had it.
    NoLock,
    /// It is free now; this one had it.
    Back(Holder),
    /// Somebody else has it, and keeps it.
    NotYours(Holder),
}

impl ArchiveLock {
    /// The lock whose file is at `path`.
    #[must_use]
    pub fn new(storage: SharedStorage, clock: SharedClock, path: PathBuf) -> Self {
        Self { storage, clock, path }
    }

    /// Takes the lock for `owner`, if it is free or held for `stale_after_ms` or
    /// longer. Does not wait. None: other commands of ours are at it this moment.
    ///
    /// # Errors
    /// What the file system says.
    pub fn take(&self, owner: &str, pid: u32, stale_after_ms: i64) -> io::Result<Option<Taken>> {
        let Some(_turn) = self.turn()? else { return Ok(None) };
        let now_ms = self.clock.now_ms();
        let at = stamp::format_ms(now_ms);
        let content = format!("owner: {owner}\nacquired_at: {at}\npid: {pid}\n").into_bytes();
        match self.storage.create_new(&self.path, &content) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            created => return created.map(|()| Some(Taken::Free)),
        }
        // Given back this moment: the next try will have it.
        let Some((seen, holder)) = self.look(now_ms)? else { return Ok(None) };
        if holder.age_ms.is_none_or(|age_ms| age_ms < stale_after_ms) {
            return Ok(Some(Taken::Held(holder)));
        }
        let is_ours = self.storage.take_over(&self.path, &seen, &content)?;
        Ok(is_ours.then_some(Taken::Stale(holder)))
    }

    /// Gives the lock back, if `owner` holds it; with none for `owner`, whoever does.
    /// None: other commands of ours are at it this moment.
    ///
    /// # Errors
    /// What the file system says.
    pub fn give_back(&self, owner: Option<&str>) -> io::Result<Option<Given>> {
        let Some(_turn) = self.turn()? else { return Ok(None) };
        let Some((_, holder)) = self.look(self.clock.now_ms())? else {
            return Ok(Some(Given::NoLock));
        };
        if owner.is_some_and(|owner| holder.owner.as_deref() != Some(owner)) {
            return Ok(Some(Given::NotYours(holder)));
        }
        match self.storage.remove(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(Some(Given::Back(holder))),
        }
    }

    /// Who holds the lock now.
    ///
    /// # Errors
    /// What the file system says.
    pub fn holder(&self) -> io::Result<Option<Holder>> {
        Ok(self.look(self.clock.now_ms())?.map(|(_, holder)| holder))
    }

    fn look(&self, now_ms: i64) -> io::Result<Option<(Vec<u8>, Holder)>> {
        let seen = match self.storage.read(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            seen => seen?,
        };
        let text = String::from_utf8_lossy(&seen);
        let value = |key: &str| {
            let mut lines = text.lines().rev().filter_map(|line| line.split_once(':'));
            lines.find(|(name, _)| name.trim() == key).map(|(_, value)| value.trim())
        };
        let since_ms = value("acquired_at").and_then(stamp::parse_ms);
        let holder = Holder {
            owner: value("owner").map(str::to_owned),
            age_ms: since_ms.map(|since_ms| now_ms.saturating_sub(since_ms)),
        };
        Ok(Some((seen, holder)))
    }

    fn turn(&self) -> io::Result<Option<Box<dyn crate::port::FsLock>>> {
        let mut name = self.path.file_name().unwrap_or_default().to_owned();
        name.push(".os");
        self.storage.try_lock(&self.path.with_file_name(name))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::port::testing::{MemoryStorage, TestClock};

    const TTL_MS: i64 = 300_000;

    struct Scene {
        storage: MemoryStorage,
        clock: TestClock,
        lock: ArchiveLock,
    }

    fn path() -> &'static Path {
        Path::new("/w/.dos/leases/.archive.lock")
    }

    fn scene() -> Scene {
        let storage = MemoryStorage::default();
        let clock = TestClock::at(stamp::parse_ms("2026-03-01T12:00:00Z").unwrap());
        let lock =
            ArchiveLock::new(Arc::new(storage.clone()), Arc::new(clock.clone()), path().to_owned());
        Scene { storage, clock, lock }
    }

    fn holder(owner: &str, age_ms: i64) -> Holder {
        Holder { owner: Some(owner.to_owned()), age_ms: Some(age_ms) }
    }

    #[tokio::test(start_paused = true)]
    async fn writes_what_the_peer_reads() {
        let Scene { storage, lock, .. } = scene();
        assert_eq!(lock.take("A", 7, TTL_MS).unwrap(), Some(Taken::Free));
        let content = storage.bytes(path());
        assert_eq!(content, b"owner: A\nacquired_at: 2026-03-01T12:00:00Z\npid: 7\n");
        assert_eq!(lock.give_back(Some("A")).unwrap(), Some(Given::Back(holder("A", 0))));
        assert_eq!(lock.give_back(Some("A")).unwrap(), Some(Given::NoLock));
        assert_eq!(lock.holder().unwrap(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn w_2_the_same_name_twice_is_two() {
        let Scene { lock, .. } = scene();
        lock.take("A", 7, TTL_MS).unwrap();
        assert_eq!(lock.take("A", 7, TTL_MS).unwrap(), Some(Taken::Held(holder("A", 0))));
    }

    #[tokio::test(start_paused = true)]
    async fn w_3_a_stale_lock_is_taken_by_one_and_a_fresh_one_by_nobody() {
        let Scene { clock, lock, .. } = scene();
        lock.take("A", 7, TTL_MS).unwrap();
        clock.jump_ms(TTL_MS - 1);
        assert!(matches!(lock.take("B", 8, TTL_MS).unwrap(), Some(Taken::Held(_))));
        clock.jump_ms(1);
        assert_eq!(lock.take("B", 8, TTL_MS).unwrap(), Some(Taken::Stale(holder("A", TTL_MS))));
        assert_eq!(lock.take("C", 9, TTL_MS).unwrap(), Some(Taken::Held(holder("B", 0))));
        let late = lock.give_back(Some("A")).unwrap();
        assert_eq!(late, Some(Given::NotYours(holder("B", 0))));
        assert_eq!(lock.give_back(None).unwrap(), Some(Given::Back(holder("B", 0))));
    }

    #[tokio::test(start_paused = true)]
    async fn a_lock_that_says_no_time_is_kept() {
        let Scene { storage, lock, .. } = scene();
        for content in [&b""[..], b"owner: x\n", b"acquired_at: soon\n", b"\xff"] {
            storage.put(path(), content);
            let taken = lock.take("B", 8, 0).unwrap();
            assert!(matches!(taken, Some(Taken::Held(Holder { age_ms: None, .. }))));
        }
    }
}
