//! Looks at files: whether they are there, can be written, and hold what they should. It never
//! creates or opens one for writing.

use super::{FileCheck, shown};
use crate::config::model::Config;
use crate::env::Environment;
use crate::workspace::Workspace;
use rustix::fs::{Access, access};
use std::path::Path;

/// Everything that the daemon writes by itself.
pub(super) fn files(
    config: &Config,
    workspace: &Workspace,
    environment: &Environment,
) -> Vec<FileCheck> {
    let paths = &config.paths;
    vec![
        check("state_dir", &workspace.state_dir(), writable_dir),
        check("lane_journal", &workspace.lane_journal(paths, environment), writable_file),
        check("verdict_journal", &workspace.verdict_journal(paths, environment), writable_file),
        check("lease_lock", &workspace.lease_lock(paths, environment), writable_file),
        check("daemon_lock", &workspace.daemon_lock(), writable_file),
        check("socket", &workspace.socket(environment), writable_file),
        check("runs_dir", &workspace.runs_dir(), writable_dir),
        check("logs_dir", &workspace.logs_dir(), writable_dir),
        check("exporters_dir", &workspace.exporters_dir(), writable_dir),
    ]
}

/// What to do when a file of [`files`] is not as it should be.
pub(super) fn file_help(name: &str) -> &'static str {
    match name {
        "socket" => "name a path in a writable directory with `DOSD_SOCKET`",
        "lane_journal" => "correct its path in `[paths]`, or in `DISPATCH_LANE_JOURNAL_PATH`",
        "verdict_journal" => "correct its path in `[paths]`, or in `DISPATCH_VERDICT_JOURNAL_PATH`",
        _ => "make the workspace writable for the user that runs `dosd`",
    }
}

fn check(
    name: &'static str,
    path: &Path,
    writable: impl FnOnce(&Path) -> Result<(), String>,
) -> FileCheck {
    let problem = writable(path).err();
    let (exists, writable) = (path.exists(), problem.is_none());
    FileCheck { name, path: shown(path), exists, writable, problem }
}

/// Whether a file can be written, or created when it is not there.
pub(super) fn writable_file(path: &Path) -> Result<(), String> {
    if path.is_dir() {
        return Err(format!("`{}` is a directory", path.display()));
    }
    may_write(path)
}

/// Whether a file can be written whose directory nobody creates; the daemon only makes `state_dir`.
pub(super) fn writable_in_place(path: &Path, state_dir: &Path) -> Result<(), String> {
    match path.parent() {
        Some(directory) if !directory.exists() && directory != state_dir => {
            Err(format!("the directory `{}` is not there", directory.display()))
        }
        Some(_) | None => writable_file(path),
    }
}

/// Whether files can be created in a directory, or the directory itself when it is not there.
fn writable_dir(path: &Path) -> Result<(), String> {
    if path.exists() && !path.is_dir() {
        return Err(format!("`{}` is not a directory", path.display()));
    }
    may_write(path)
}

/// Asks the system about the path, or about the nearest directory above it that is there.
fn may_write(path: &Path) -> Result<(), String> {
    let shown = path.display();
    for place in path.ancestors() {
        let Ok(metadata) = place.metadata() else { continue };
        if place != path && !metadata.is_dir() {
            return Err(format!("`{shown}` cannot be there: `{}` is a file", place.display()));
        }
        let wanted =
            if metadata.is_dir() { Access::WRITE_OK | Access::EXEC_OK } else { Access::WRITE_OK };
        return access(place, wanted)
            .map_err(|error| format!("cannot write `{}`: {error}", place.display()));
    }
    Err(format!("no directory above `{shown}` is there"))
}
