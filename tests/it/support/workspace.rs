//! A workspace of a test's own, and `dosd` run in it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// What a command printed and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Answer {
    /// Standard output as JSON values, one or many.
    pub(crate) fn values(&self) -> Vec<serde_json::Value> {
        serde_json::Deserializer::from_str(&self.stdout)
            .into_iter()
            .collect::<Result<_, _>>()
            .unwrap_or_else(|error| panic!("not JSON: {error}\n{}", self.stdout))
    }
}

/// A directory that is gone when the test ends.
#[derive(Debug)]
pub(crate) struct Workspace(TempDir);

impl Workspace {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary directory"))
    }

    pub(crate) fn root(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file; directories come into being on the way.
    pub(crate) fn write(&self, path: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.root().join(path);
        std::fs::create_dir_all(path.parent().expect("a file's path")).expect("a directory");
        std::fs::write(&path, bytes).expect("a written file");
        path
    }

    /// A command that runs `dosd` here, with nothing of the test's environment but `PATH`.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dosd"));
        command.args(arguments).current_dir(self.root()).stdin(Stdio::null());
        command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin");
        command
    }

    /// Runs `dosd` here, to its end.
    pub(crate) fn dosd(&self, arguments: &[&str]) -> Answer {
        let output = self.command(arguments).output().expect("dosd starts");
        Answer {
            code: output.status.code().expect("dosd ends by itself"),
            stdout: String::from_utf8(output.stdout).expect("UTF-8 on standard output"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8 on standard error"),
        }
    }
}
