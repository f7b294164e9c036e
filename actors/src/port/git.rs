//! How `git` is started by whoever asks it: as a reader that nobody else can steer.

use std::path::Path;
use std::process::Command;

/// Settings that win over those of the repository and of the user: one output for everybody, and no
/// program of somebody else's choice.
const SETTINGS: [&str; 6] = [
    "core.fsmonitor=false",
    "core.quotePath=false",
    "i18n.logOutputEncoding=UTF-8",
    "log.showSignature=false",
    "log.mailmap=false",
    "diff.external=",
];

/// Variables that would point git at another repository than the one that is asked about.
const FOREIGN: [&str; 8] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_EXTERNAL_DIFF",
];

/// A command of git about the repository that a directory belongs to, to which the question is
/// still to be added. It takes no optional lock, asks nobody for a password, fetches nothing,
/// and runs no program that the repository's configuration names.
#[must_use]
pub fn git_command(program: &Path, directory: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(["--no-optional-locks", "--no-pager", "-C"]).arg(directory);
    for setting in SETTINGS {
        command.args(["-c", setting]);
    }
    for name in FOREIGN {
        command.env_remove(name);
    }
    command.env("LC_ALL", "C").env("GIT_TERMINAL_PROMPT", "0").env("GIT_NO_LAZY_FETCH", "1");
    command
}
