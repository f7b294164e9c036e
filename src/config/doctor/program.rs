//! Whether a worker's program can be started, without starting it.

use std::env::split_paths;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The place where a program was found, or what keeps it from being started. A name without a slash
/// is looked for in `search_path`; a relative path starts at `workspace`.
pub(super) fn find(
    program: &str,
    workspace: &Path,
    search_path: Option<&OsStr>,
) -> Result<PathBuf, String> {
    if program.contains('/') {
        let path = workspace.join(program);
        return executable(&path).map(|()| path);
    }
    let search_path = search_path.ok_or("`PATH` is not set")?;
    let mut not_executable = None;
    for directory in split_paths(search_path) {
        let path = directory.join(program);
        match executable(&path) {
            Ok(()) => return Ok(path),
            Err(reason) if path.exists() => not_executable = Some(reason),
            Err(_) => {}
        }
    }
    Err(not_executable.unwrap_or_else(|| format!("`{program}` is not found in `PATH`")))
}

fn executable(path: &Path) -> Result<(), String> {
    let shown = path.display();
    let metadata = path.metadata().map_err(|error| format!("cannot open `{shown}`: {error}"))?;
    if !metadata.is_file() {
        return Err(format!("`{shown}` is not a file"));
    }
    rustix::fs::access(path, rustix::fs::Access::EXEC_OK)
        .map_err(|error| format!("cannot run `{shown}`: {error}"))
}
