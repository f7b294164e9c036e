//! The verdict envelopes of a workspace: the `.verdict-*.json` files that planners leave. It reads
//! them and judges nothing.

use super::Failure;
use super::exit::note;
use dosd_kernel::Map;
use serde_json::Value;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

const PREFIX: &str = ".verdict-";
const SUFFIX: &str = ".json";

/// One envelope.
#[derive(Debug)]
pub(super) struct EnvelopeFile {
    pub(super) path: PathBuf,
    /// The file's name.
    pub(super) name: String,
    pub(super) fields: Map,
}

impl EnvelopeFile {
    /// What stands between the prefix and the suffix of its name.
    pub(super) fn tag(&self) -> &str {
        let inner = self.name.strip_prefix(PREFIX).and_then(|name| name.strip_suffix(SUFFIX));
        inner.unwrap_or_default()
    }
}

/// The paths of the envelopes in a directory, in the order of their names; none when there is no such
/// directory.
///
/// # Errors
///
/// When the directory is there and cannot be read.
pub(super) fn list(directory: &Path) -> Result<Vec<PathBuf>, Failure> {
    let failed = |cause: std::io::Error| {
        Failure::Failed(format!(
            "cannot read the verdict envelopes in `{}`: {cause}\n  help: make the directory readable",
            directory.display()
        ))
    };
    let entries = match std::fs::read_dir(directory) {
        Err(cause) if matches!(cause.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        entries => entries.map_err(failed)?,
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with(PREFIX) && name.ends_with(SUFFIX) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// The envelope in a file; none, and a word about it, when it holds no JSON object.
pub(super) fn read(path: PathBuf) -> Option<EnvelopeFile> {
    let parsed = std::fs::read(&path)
        .map_err(|cause| cause.to_string())
        .and_then(|bytes| serde_json::from_slice(&bytes).map_err(|cause| cause.to_string()));
    match parsed {
        Ok(Value::Object(fields)) => {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            Some(EnvelopeFile { path, name, fields })
        }
        Ok(_) => None,
        Err(cause) => {
            note(&format!("the verdict envelope `{}` is left out: {cause}", path.display()));
            None
        }
    }
}
