//! What the workspace's git history says, read with the `git` command.
//!
//! Owns the questions that verbs ask of a history, and typed answers to them. Never writes to a
//! repository, never starts a program that a repository's configuration names, and never reads a
//! missing answer as an empty one: whoever wants a default for "cannot tell" chooses it.

mod commit;
mod error;
mod parse;
mod process;
mod repository;
#[cfg(test)]
mod tests;

pub use commit::{Change, ChangeKind, Commit, Headline};
pub use error::{GitError, GitErrorKind};
pub use repository::GitRepository;

use dosd_actors::port::{Children, git_command};
use process::Process;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long one question may take before the answer counts as "cannot tell".
const PATIENCE: Duration = Duration::from_secs(30);

/// How many ids fit into one command line with ease.
const CHUNK: usize = 500;

/// What makes a log show the changed files, each as it is: a move is a deletion and an addition.
const CHANGES: [&str; 6] =
    ["--raw", "--numstat", "--no-renames", "--no-ext-diff", "--diff-merges=first-parent", "--root"];

/// A read-only view of the history that a directory belongs to.
#[derive(Debug, Clone)]
pub struct Git {
    directory: PathBuf,
    program: PathBuf,
    patience: Duration,
    children: Children,
}

/// Which commits to read, and how much of each.
#[derive(Debug, Clone, Copy)]
pub struct Query<'a> {
    /// A revision or a range, as git spells them; what is reachable from it is read, newest first.
    pub revisions: &'a str,
    /// At most so many commits.
    pub limit: usize,
    /// Whether to read the changed files too, against the first parent.
    pub changes: bool,
}

impl Git {
    /// The history of the repository that holds this directory.
    #[must_use]
    pub fn at(directory: &Path) -> Self {
        Self {
            directory: directory.into(),
            program: "git".into(),
            patience: PATIENCE,
            children: Children::default(),
        }
    }

    /// The same history, asked with another program and another patience.
    #[must_use]
    pub fn with_program(self, program: &Path, patience: Duration) -> Self {
        Self { program: program.into(), patience, ..self }
    }

    /// The same history, asked with another patience by a process that counts its children.
    #[must_use]
    pub fn among(self, children: &Children, patience: Duration) -> Self {
        Self { patience, children: children.clone(), ..self }
    }

    /// The id of the commit that the current branch, or a detached head, stands on; none
    /// when there is no repository, or nothing was committed to it yet.
    ///
    /// # Errors
    ///
    /// When git cannot be started or does not end.
    pub fn head(&self) -> Result<Option<String>, GitError> {
        let head = self.run(&["rev-parse", "--quiet", "--verify", "HEAD^{commit}"])?;
        let id = String::from_utf8_lossy(&head.printed).trim().to_owned();
        Ok(Some(id).filter(|id| head.succeeded && !id.is_empty()))
    }

    /// The paths that each commit after `base` up to `head` changed, newest commit first and
    /// at most `limit` commits; none when `base` is unknown or no ancestor of `head`. Paths
    /// are from the directory on, and what lies outside of it is left out. A merge changes
    /// nothing by itself: what it brings in are commits of their own.
    ///
    /// # Errors
    ///
    /// When the history cannot be read.
    pub fn paths_since(
        &self,
        base: &str,
        head: &str,
        limit: usize,
    ) -> Result<Option<Vec<Vec<String>>>, GitError> {
        if !self.is_ancestor(base, head)? {
            return Ok(None);
        }
        let limit = format!("--max-count={limit}");
        let format = format!("--format={}", parse::PATHS_FORMAT);
        let mut arguments = vec!["log", "-z", &limit, &format, "--name-only", "--relative"];
        arguments.extend(["--no-renames", "--no-ext-diff", "--diff-merges=off", "--root"]);
        let range = format!("{base}..{head}");
        arguments.extend(["--end-of-options", &range, "--"]);
        let paths = parse::paths(&self.ask(&arguments)?);
        paths.map(Some).ok_or_else(|| self.malformed("commits"))
    }

    /// How many commits of the current branch came after `start`.
    ///
    /// # Errors
    ///
    /// When the history cannot be read or does not know `start`.
    pub fn count_since(&self, start: &str) -> Result<i64, GitError> {
        let range = format!("{start}..HEAD");
        let printed = self.ask(&["rev-list", "--count", "--end-of-options", &range, "--"])?;
        let text = String::from_utf8_lossy(&printed);
        text.trim().parse().map_err(|_| self.malformed("a count"))
    }

    /// The commits of the current branch that came after `start`, newest first.
    ///
    /// # Errors
    ///
    /// As [`Self::count_since`].
    pub fn headlines_since(&self, start: &str) -> Result<Vec<Headline>, GitError> {
        self.headlines(&format!("{start}..HEAD"), None)
    }

    /// The newest commits of the current branch; none in a repository without commits.
    ///
    /// # Errors
    ///
    /// When the history cannot be read.
    pub fn newest(&self, limit: usize) -> Result<Vec<Headline>, GitError> {
        if self.is_unborn()? { Ok(Vec::new()) } else { self.headlines("HEAD", Some(limit)) }
    }

    /// The commits that a query names, newest first.
    ///
    /// # Errors
    ///
    /// When the history cannot be read or does not know the revisions.
    pub fn log(&self, query: Query<'_>) -> Result<Vec<Commit>, GitError> {
        let limit = format!("--max-count={}", query.limit);
        let format = format!("--format={}", parse::COMMIT_FORMAT);
        let mut arguments = vec!["log", "-z", &limit, &format];
        if query.changes {
            arguments.extend(["--raw", "--numstat", "--no-renames", "--no-ext-diff"]);
            arguments.extend(["--diff-merges=first-parent", "--root"]);
        } else {
            arguments.push("--no-patch");
        }
        arguments.extend(["--end-of-options", query.revisions, "--"]);
        parse::commits(&self.ask(&arguments)?).ok_or_else(|| self.malformed("commits"))
    }

    /// One commit with its changed files.
    ///
    /// # Errors
    ///
    /// As [`Self::log`].
    pub fn commit(&self, revision: &str) -> Result<Commit, GitError> {
        let query = Query { revisions: revision, limit: 1, changes: true };
        // An empty range is no commit either.
        let newest = self.log(query)?.into_iter().next();
        newest.ok_or_else(|| self.error(GitErrorKind::UnknownRevision(String::new())))
    }

    /// These commits with their changed files, in this order. All ids must be known.
    ///
    /// # Errors
    ///
    /// As [`Self::log`].
    pub fn commits(&self, ids: &[&str]) -> Result<Vec<Commit>, GitError> {
        let format = format!("--format={}", parse::COMMIT_FORMAT);
        let mut commits = Vec::with_capacity(ids.len());
        for ids in ids.chunks(CHUNK) {
            let mut arguments = vec!["log", "-z", "--no-walk=unsorted", &format];
            arguments.extend(CHANGES);
            arguments.push("--end-of-options");
            arguments.extend(ids);
            arguments.push("--");
            let printed = self.ask(&arguments)?;
            commits.extend(parse::commits(&printed).ok_or_else(|| self.malformed("commits"))?);
        }
        Ok(commits)
    }

    /// Whether the repository has no commit yet on the current branch.
    ///
    /// # Errors
    ///
    /// When there is no repository, or it cannot be read.
    pub fn is_unborn(&self) -> Result<bool, GitError> {
        self.ask(&["rev-parse", "--git-dir"])?;
        let head = self.run(&["rev-parse", "--quiet", "--verify", "HEAD^{commit}"])?;
        Ok(!head.succeeded)
    }

    /// Whether older commits were left out when the repository was cloned.
    ///
    /// # Errors
    ///
    /// As [`Self::is_unborn`].
    pub fn is_shallow(&self) -> Result<bool, GitError> {
        Ok(self.ask(&["rev-parse", "--is-shallow-repository"])?.starts_with(b"true"))
    }

    /// Whether `older` is `newer` or one of its ancestors. An unknown commit is nobody's ancestor.
    ///
    /// # Errors
    ///
    /// When git cannot be started or does not end.
    pub fn is_ancestor(&self, older: &str, newer: &str) -> Result<bool, GitError> {
        let arguments = ["merge-base", "--is-ancestor", "--end-of-options", older, newer];
        Ok(self.run(&arguments)?.succeeded)
    }

    fn headlines(&self, revisions: &str, limit: Option<usize>) -> Result<Vec<Headline>, GitError> {
        let limit = limit.map(|limit| format!("--max-count={limit}"));
        let format = format!("--format={}", parse::HEADLINE_FORMAT);
        let mut arguments = vec!["log", "-z", "--no-patch", &format];
        arguments.extend(limit.as_deref());
        arguments.extend(["--end-of-options", revisions, "--"]);
        parse::headlines(&self.ask(&arguments)?).ok_or_else(|| self.malformed("commits"))
    }

    /// Asks, and finds out why there is no answer when there is none. What git prints then is for
    /// people; its words are shown and never interpreted.
    fn ask(&self, arguments: &[&str]) -> Result<Vec<u8>, GitError> {
        let ended = self.run(arguments)?;
        if ended.succeeded {
            return Ok(ended.printed);
        }
        let inside = self.run(&["rev-parse", "--git-dir"])?;
        Err(self.error(if inside.succeeded {
            GitErrorKind::UnknownRevision(ended.complaint)
        } else {
            GitErrorKind::NoRepository(inside.complaint)
        }))
    }

    fn run(&self, arguments: &[&str]) -> Result<process::Ended, GitError> {
        let mut command = git_command(&self.program, &self.directory);
        command.args(arguments);
        let Self { program, patience, children, .. } = self;
        let process = Process { program, command, patience: *patience, children };
        process.run().map_err(|kind| self.error(kind))
    }

    fn malformed(&self, wanted: &'static str) -> GitError {
        self.error(GitErrorKind::Malformed(wanted))
    }

    fn error(&self, kind: GitErrorKind) -> GitError {
        GitError { directory: self.directory.clone(), kind }
    }
}
