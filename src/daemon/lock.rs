//! One daemon for a workspace.

use std::path::Path;

use dosd_actors::port::{Disk, FsLock, Storage};

use super::error::DaemonError;

/// Takes the workspace's lock and writes into it who holds it. The lock is the
/// operating system's: it ends with its holder, however that ends.
pub(super) fn take(path: &Path) -> Result<Box<dyn FsLock>, DaemonError> {
    let state = |source| DaemonError::State { path: path.to_owned(), source };
    if let Some(lock) = Disk.try_lock(path).map_err(state)? {
        let me = format!("dosd, process {}\n", std::process::id());
        std::fs::write(path, me).map_err(state)?;
        return Ok(lock);
    }
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let holder = text.lines().next().filter(|line| !line.is_empty());
    Err(DaemonError::Busy {
        lock: path.to_owned(),
        holder: holder.unwrap_or("another process").to_owned(),
    })
}
