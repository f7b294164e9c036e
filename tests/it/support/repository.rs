//! A workspace that is a git repository.

use super::workspace::Workspace;
use std::path::Path;
use std::process::Command;

/// The repository; it is gone when the test ends.
#[derive(Debug)]
pub(crate) struct Repository {
    pub(crate) workspace: Workspace,
}

impl Repository {
    /// An empty repository.
    pub(crate) fn new() -> Self {
        let repository = Self { workspace: Workspace::new() };
        repository.git(&["init", "--quiet", "--initial-branch=main", "."]);
        repository
    }

    /// Runs git here and gives back what it printed.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        git(self.workspace.root(), arguments)
    }

    /// Commits these files with this message; without files, an empty commit. Gives back its id.
    pub(crate) fn commit(&self, message: &str, files: &[&str]) -> String {
        for path in files {
            self.workspace.write(path, format!("{message}\n{path}\n"));
            self.git(&["add", "--", path]);
        }
        self.git(&["commit", "--quiet", "--allow-empty", "--cleanup=verbatim", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }
}

/// Runs git in a directory and gives back what it printed.
pub(crate) fn git(directory: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@example.org"])
        .args(["-c", "commit.gpgSign=false", "-c", "core.hooksPath=/dev/null"])
        .args(arguments)
        .current_dir(directory)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("HOME", directory)
        .output()
        .expect("git starts");
    assert!(output.status.success(), "git {arguments:?}: {output:?}");
    String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
}
