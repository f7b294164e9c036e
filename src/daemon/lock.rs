//! One daemon for a workspace.

use std::path::Path;
use std::time::Duration;

use dosd_actors::port::{Disk, FsLock, Storage, is_alive};

use super::error::DaemonError;

/// What stands in the lock before the number of the process that holds it.
const HOLDER: &str = "dosd, process ";

/// Between two looks at a lock whose holder is gone, and how many there are.
const LOOK: Duration = Duration::from_millis(10);
const LOOKS: u32 = 200;

/// Takes the workspace's lock and writes into it who holds it. The lock is the
/// operating system's: it ends with its holder, however that ends.
///
/// A daemon that is killed while it starts a process leaves the lock with that one for a
/// moment, until its program begins; so a lock of somebody who is gone is waited for. It is
/// only then that the helper can be found by the run that it was started for.
pub(super) async fn take(path: &Path) -> Result<Box<dyn FsLock>, DaemonError> {
    let state = |source| DaemonError::State { path: path.to_owned(), source };
    for _ in 0..LOOKS {
        if let Some(lock) = Disk.try_lock(path).map_err(state)? {
            let me = format!("{HOLDER}{}\n", std::process::id());
            std::fs::write(path, me).map_err(state)?;
            return Ok(lock);
        }
        if holder(path).is_some_and(|name| lives(&name)) {
            break;
        }
        tokio::time::sleep(LOOK).await;
    }
    Err(DaemonError::Busy {
        lock: path.to_owned(),
        holder: holder(path).unwrap_or_else(|| "another process".to_owned()),
    })
}

/// Who wrote itself into the lock last.
fn holder(path: &Path) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    text.lines().next().filter(|line| !line.is_empty()).map(ToOwned::to_owned)
}

/// Whether a holder may live: somebody of whom that cannot be told may.
fn lives(holder: &str) -> bool {
    let pid = holder.strip_prefix(HOLDER).and_then(|pid| pid.parse().ok());
    pid.and_then(is_alive) != Some(false)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::process::Command;

    use tempfile::TempDir;

    use super::*;

    /// A lock that somebody holds and in which this process is named.
    fn held_by(pid: u32) -> (TempDir, PathBuf, Box<dyn FsLock>) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("dosd.lock");
        let lock = Disk.try_lock(&path).unwrap().unwrap();
        std::fs::write(&path, format!("{HOLDER}{pid}\n")).unwrap();
        (directory, path, lock)
    }

    #[actix::test]
    async fn a_lock_that_a_killed_daemon_left_with_a_process_it_began_to_start_is_waited_for() {
        let mut gone = Command::new("true").spawn().unwrap();
        gone.wait().unwrap();
        let (_directory, path, lock) = held_by(gone.id());
        // Polled after the first look.
        let freed = async move { drop(lock) };
        let (taken, ()) = tokio::join!(take(&path), freed);
        assert!(taken.is_ok());
        assert_eq!(holder(&path), Some(format!("{HOLDER}{}", std::process::id())));
    }

    #[actix::test]
    async fn a_daemon_that_lives_is_named_at_once() {
        let (_directory, path, _lock) = held_by(std::process::id());
        let mut looked = std::pin::pin!(take(&path));
        let answer = tokio::select! {
            biased;
            answer = &mut looked => answer,
            () = std::future::ready(()) => panic!("it is waited for"),
        };
        let Err(DaemonError::Busy { holder, .. }) = answer else { panic!("it is held") };
        assert_eq!(holder, format!("{HOLDER}{}", std::process::id()));
    }
}
