//! The kept inputs of a target: small files, each there because it reaches something of its own.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A kept input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The file.
    pub path: PathBuf,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// Where the kept inputs of a target are.
#[must_use]
pub fn directory(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target)
}

/// The files of a directory, by name.
///
/// # Errors
/// The file system's own, with the path.
pub fn read(directory: &Path) -> io::Result<Vec<Kept>> {
    let at = |path: &Path| {
        let path = path.to_owned();
        move |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()))
    };
    let mut kept = Vec::new();
    for entry in fs::read_dir(directory).map_err(at(directory))? {
        let path = entry.map_err(at(directory))?.path();
        let bytes = fs::read(&path).map_err(at(&path))?;
        kept.push(Kept { path, bytes });
    }
    kept.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(kept)
}
