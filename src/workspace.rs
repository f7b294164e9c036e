//! The workspace: which directory is served, and where each file of its state lives. It never reads
//! `dos.toml` and never opens a journal.

#[cfg(test)]
mod tests;

use crate::config::{OtherPath, Paths};
use crate::env::Environment;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What keeps the state directory out of the host repository: everything in it is ignored, but this
/// file itself is not.
const IGNORE_ALL_BUT_THIS: &str = "*\n!.gitignore\n";

/// One served directory: absolute, free of symbolic links, and a directory when it was resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    root: PathBuf,
}

/// Why there is no workspace to serve. A usage error: exit code 2.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    /// `--workspace ""`, most often an unset variable in a script.
    #[error(
        "the workspace of `--workspace` is empty\n  help: name a directory, or leave the option out to use the working directory"
    )]
    Empty,
    /// The directory cannot be resolved: it is missing, or may not be read.
    #[error("cannot open the workspace `{}` (from {origin}): {cause}\n  help: create the directory, or name another one with `--workspace`", .path.display())]
    Unreachable {
        /// The path as it was given, made absolute.
        path: PathBuf,
        /// Who named it.
        origin: Origin,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// The path is there and is no directory.
    #[error("the workspace `{}` (from {origin}) is not a directory\n  help: name the directory that holds `dos.toml`", .path.display())]
    NotADirectory {
        /// The path, resolved.
        path: PathBuf,
        /// Who named it.
        origin: Origin,
    },
}

/// Who named the workspace, in order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// `--workspace`.
    Option,
    /// `DISPATCH_WORKSPACE`.
    Variable,
    /// Nobody: the working directory.
    WorkingDirectory,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Option => "`--workspace`",
            Self::Variable => "`DISPATCH_WORKSPACE`",
            Self::WorkingDirectory => "the working directory",
        })
    }
}

impl Workspace {
    /// Finds the workspace: the `--workspace` option, else `DISPATCH_WORKSPACE`, else the working
    /// directory. Relative paths resolve against the working directory; links are followed.
    ///
    /// # Errors
    ///
    /// When the directory is missing, unreadable, or something else than a directory.
    pub fn resolve(
        option: Option<&Path>,
        environment: &Environment,
    ) -> Result<Self, WorkspaceError> {
        let (given, origin) = match (option, &environment.workspace) {
            (Some(path), _) if path.as_os_str().is_empty() => return Err(WorkspaceError::Empty),
            (Some(path), _) => (path, Origin::Option),
            (None, Some(path)) => (path.as_path(), Origin::Variable),
            (None, None) => (environment.cwd.as_path(), Origin::WorkingDirectory),
        };
        let path = environment.cwd.join(given);
        let root = match path.canonicalize() {
            Ok(root) => root,
            Err(cause) => return Err(WorkspaceError::Unreachable { path, origin, cause }),
        };
        if !root.is_dir() {
            return Err(WorkspaceError::NotADirectory { path: root, origin });
        }
        Ok(Self { root })
    }

    /// The served directory itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The configuration file; it may be absent.
    #[must_use]
    pub fn config_file(&self) -> PathBuf {
        self.root.join("dos.toml")
    }

    /// `.dos/`: everything that the project writes.
    #[must_use]
    pub fn state_dir(&self) -> PathBuf {
        self.root.join(".dos")
    }

    /// The lane journal: the environment's path, else `[paths] lane_journal`, else the one in the
    /// state directory.
    #[must_use]
    pub fn lane_journal(&self, paths: &Paths, environment: &Environment) -> PathBuf {
        self.journal(
            environment.lane_journal.as_deref().map(|path| environment.cwd.join(path)),
            paths.lane_journal.as_deref(),
            "lane-journal.jsonl",
        )
    }

    /// The verdict journal, found as [`Self::lane_journal`] is.
    #[must_use]
    pub fn verdict_journal(&self, paths: &Paths, environment: &Environment) -> PathBuf {
        self.journal(
            environment.verdict_journal.as_deref().map(|path| environment.cwd.join(path)),
            paths.verdict_journal.as_deref(),
            "verdict-journal.jsonl",
        )
    }

    /// The mutex for decisions on the lane journal, shared with other implementations: beside the
    /// journal, wherever that is, unless the environment says otherwise.
    #[must_use]
    pub fn lease_lock(&self, paths: &Paths, environment: &Environment) -> PathBuf {
        match &environment.lease_lock {
            Some(path) => environment.cwd.join(path),
            None => self.lane_journal(paths, environment).with_file_name(".lane-lease.lock"),
        }
    }

    /// The lock of `dosd lease`, shared with other implementations.
    #[must_use]
    pub fn archive_lock(&self, paths: &Paths, environment: &Environment) -> PathBuf {
        match &environment.archive_lock {
            Some(path) => environment.cwd.join(path),
            None => self.other(paths, OtherPath::ArchiveLock),
        }
    }

    /// A file or directory of `[paths]` beside the journals: where it says, or where it usually is.
    #[must_use]
    pub fn other(&self, paths: &Paths, which: OtherPath) -> PathBuf {
        let named = paths.others.get(&which).map(PathBuf::as_path);
        self.resolve_path(named.unwrap_or(Path::new(which.usual())))
    }

    /// Where the counters of `id-alloc` are, and their locks.
    #[must_use]
    pub fn id_alloc_dir(&self, paths: &Paths, environment: &Environment) -> PathBuf {
        match &environment.id_alloc_dir {
            Some(path) => environment.cwd.join(path),
            None => self.other(paths, OtherPath::LeasesDir).join("id-alloc"),
        }
    }

    /// The lock that the one daemon of a workspace holds.
    #[must_use]
    pub fn daemon_lock(&self) -> PathBuf {
        self.state_dir().join("dosd.lock")
    }

    /// The daemon's control socket.
    #[must_use]
    pub fn socket(&self, environment: &Environment) -> PathBuf {
        match &environment.socket {
            Some(path) => environment.cwd.join(path),
            None => self.state_dir().join("dosd.sock"),
        }
    }

    /// Where each run keeps its own files.
    #[must_use]
    pub fn runs_dir(&self) -> PathBuf {
        self.state_dir().join("runs")
    }

    /// Where the workers' output goes, one directory a lane.
    #[must_use]
    pub fn logs_dir(&self) -> PathBuf {
        self.state_dir().join("logs")
    }

    /// Where each exporter keeps its cursor and its dead letters.
    #[must_use]
    pub fn exporters_dir(&self) -> PathBuf {
        self.state_dir().join("exporters")
    }

    /// Where drains of the command line keep their places, apart from the daemon's exporters, whose
    /// names are anybody's choice.
    #[must_use]
    pub fn drains_dir(&self) -> PathBuf {
        self.state_dir().join("drains")
    }

    /// A path of the configuration, resolved as every path there is: against the workspace.
    #[must_use]
    pub fn resolve_path(&self, path: &Path) -> PathBuf {
        self.root.join(path)
    }

    /// Creates `.dos/` and its `.gitignore`. An existing `.gitignore` is left as it is.
    ///
    /// # Errors
    ///
    /// What the system said about either.
    pub fn ensure_state_dir(&self) -> io::Result<PathBuf> {
        let state_dir = self.state_dir();
        std::fs::create_dir_all(&state_dir)?;
        let ignore = state_dir.join(".gitignore");
        match OpenOptions::new().write(true).create_new(true).open(ignore) {
            Ok(mut file) => file.write_all(IGNORE_ALL_BUT_THIS.as_bytes())?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
        Ok(state_dir)
    }

    fn journal(
        &self,
        overriding: Option<PathBuf>,
        configured: Option<&Path>,
        name: &str,
    ) -> PathBuf {
        match (overriding, configured) {
            (Some(path), _) => path,
            (None, Some(path)) => self.resolve_path(path),
            (None, None) => self.state_dir().join(name),
        }
    }
}
