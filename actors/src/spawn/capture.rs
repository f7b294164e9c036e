//! A worker's output, on disk, bounded.

use std::path::PathBuf;

use tokio::io::{AsyncRead, AsyncReadExt};
use tracing::warn;

use crate::port::SharedStorage;
use crate::rotated_log::{RotatedLog, Rotation};

/// Read at once. Every worker has a buffer of this size for as long as it lives, so a
/// thousand of them cost 8 MB.
const CHUNK: usize = 8 * 1024;

/// Copies `output` to the log at `path` until the last writer closes it.
///
/// A disk that refuses loses output, never the worker: the pipe is read on, so
/// that nobody blocks on a full one, and the loss is said once.
pub(super) async fn capture(
    mut output: Box<dyn AsyncRead + Send + Unpin>,
    storage: SharedStorage,
    path: PathBuf,
    rotation: Rotation,
) {
    let mut log = RotatedLog::new(storage, path, rotation);
    let mut buffer = vec![0; CHUNK];
    let mut lost = false;
    loop {
        match output.read(&mut buffer).await {
            Ok(0) => return,
            Ok(got) => {
                if let Err(error) = log.write(&buffer[..got])
                    && !lost
                {
                    lost = true;
                    warn!(log = %log.path().display(), "output is being lost: {error}");
                }
            }
            Err(error) => {
                warn!(log = %log.path().display(), "output can no longer be read: {error}");
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::port::testing::{Fault, MemoryStorage, Operation};
    use crate::port::{Disk, Storage};

    fn policy(max_bytes: u64, keep: usize) -> Rotation {
        Rotation { max_bytes, keep }
    }

    fn run(storage: &MemoryStorage, policy: Rotation, run_id: &str, output: &'static [u8]) {
        let path = PathBuf::from(format!("/logs/src/{run_id}.log"));
        let copied = capture(Box::new(output), Arc::new(storage.clone()), path, policy);
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(copied);
    }

    #[test]
    fn output_is_cut_into_files_of_the_size_asked_for() {
        let storage = MemoryStorage::default();
        run(&storage, policy(4, 9), "RID-1", b"0123456789");
        assert_eq!(storage.bytes(Path::new("/logs/src/RID-1.000001.log")), b"0123");
        assert_eq!(storage.bytes(Path::new("/logs/src/RID-1.000002.log")), b"4567");
        assert_eq!(storage.bytes(Path::new("/logs/src/RID-1.log")), b"89");
    }

    #[test]
    fn a_flood_keeps_the_newest_files_only() {
        let storage = MemoryStorage::default();
        run(&storage, policy(2, 3), "RID-1", b"aabbccddeeffg");
        let held = storage.paths();
        assert_eq!(held.len(), 4, "{held:?}");
        assert_eq!(storage.bytes(Path::new("/logs/src/RID-1.000006.log")), b"ff");
        assert_eq!(storage.bytes(Path::new("/logs/src/RID-1.log")), b"g");
    }

    #[test]
    fn the_oldest_runs_make_room_for_a_new_one() {
        let storage = MemoryStorage::default();
        for run_id in ["RID-1", "RID-2", "RID-3", "RID-4"] {
            run(&storage, policy(100, 2), run_id, b"x");
        }
        let held = storage.paths();
        assert_eq!(held.len(), 3, "{held:?}");
        assert!(!held.contains(&PathBuf::from("/logs/src/RID-1.log")));
    }

    #[test]
    fn a_full_disk_does_not_stop_the_reading() {
        let storage = MemoryStorage::default();
        storage.fail(Operation::Append, 0, Fault::Error(io::ErrorKind::StorageFull));
        run(&storage, policy(100, 2), "RID-1", b"x");
        run(&storage, policy(100, 2), "RID-1", b"y");
        assert_eq!(storage.bytes(Path::new("/logs/src/RID-1.log")), b"y");
    }

    #[test]
    fn a_folder_that_is_not_there_holds_no_files() {
        assert!(Disk.list(Path::new("/no/such/folder")).unwrap().is_empty());
    }
}
