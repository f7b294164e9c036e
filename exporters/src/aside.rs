//! Putting a file aside that cannot be used, under a name that is free.

use std::io;
use std::path::{Path, PathBuf};

use dosd_actors::port::Storage;

/// Gives a file a second name, the first of `<file>.unreadable-N` that is free, so that
/// replacing it does not lose it.
///
/// # Errors
/// The file system's own; nothing has changed then.
pub(crate) fn put_aside(storage: &dyn Storage, path: &Path) -> io::Result<PathBuf> {
    for number in 1_u32.. {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".unreadable-{number}"));
        let aside = path.with_file_name(name);
        match storage.link(path, &aside) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            linked => return linked.map(|()| aside),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}
