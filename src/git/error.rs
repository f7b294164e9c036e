//! Why the history gave no answer.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// No answer, and where it was looked for. It is never a negative answer.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the git history of `{}`: {kind}", .directory.display())]
pub struct GitError {
    /// The directory whose history was asked for.
    pub directory: PathBuf,
    /// What happened.
    #[source]
    pub kind: GitErrorKind,
}

/// What kept git from an answer.
#[derive(Debug, thiserror::Error)]
pub enum GitErrorKind {
    /// The command cannot be started.
    #[error("`{}` cannot be started: {cause}\n  help: install git, or put it into `PATH`", .program.display())]
    NoProgram {
        /// The command.
        program: PathBuf,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// The directory belongs to no repository that this user may read.
    #[error("git finds no repository there{}\n  help: name a directory inside of one with `--workspace`", told(.0))]
    NoRepository(String),
    /// The repository does not know what was asked for.
    #[error("git knows no such revision{}\n  help: look it up with `git log`, or fetch it", told(.0))]
    UnknownRevision(String),
    /// Git did not end in time.
    #[error("git did not answer within {} s\n  help: try again, or ask for less", .0.as_secs())]
    TimedOut(Duration),
    /// What it printed was too much to hold.
    #[error("git printed more than {0} MiB\n  help: ask for less")]
    TooMuch(usize),
    /// Its output could not be read.
    #[error("git's output cannot be read: {0}")]
    Unreadable(#[source] io::Error),
    /// Its output has another form than documented.
    #[error("git printed something else than {0}\n  help: use git 2.35 or newer")]
    Malformed(&'static str),
}

/// The first line of what git said, set off, if it said anything.
fn told(complaint: &str) -> String {
    let line = complaint.lines().next().unwrap_or_default().trim();
    if line.is_empty() { String::new() } else { format!(" ({line})") }
}
