//! The directory of cursors and dead letters, made when it is missing. It names no
//! file in it.

use std::io;
use std::path::Path;

use dosd_actors::port::Storage;

/// Does `work` on `path`, whose directory is made, durably, if that is what was
/// missing.
pub(crate) fn in_directory<T>(
    storage: &dyn Storage,
    path: &Path,
    mut work: impl FnMut() -> io::Result<T>,
) -> io::Result<T> {
    match (work(), path.parent()) {
        (Err(error), Some(directory)) if error.kind() == io::ErrorKind::NotFound => {
            storage.create_dir_all(directory)?;
            storage.sync_parent(directory)?;
            work()
        }
        (done, _) => done,
    }
}

#[cfg(test)]
mod tests {
    use dosd_actors::port::Disk;

    use super::*;

    #[test]
    fn a_missing_directory_is_made() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("exporters").join("oncall.json");
        for content in ["first", "second"] {
            in_directory(&Disk, &path, || Disk.replace(&path, content.as_bytes())).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), content);
        }
    }

    #[test]
    fn other_errors_come_through() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("oncall.json");
        std::fs::create_dir(&path).unwrap();
        assert!(in_directory(&Disk, &path, || Disk.replace(&path, b"")).is_err());
    }
}
