//! What every verb starts from: the workspace that is meant, and the files in it. Each part is found
//! when it is asked for, so a verb pays for (and fails on) nothing that it does not need.

use super::exit::{Failure, note};
use super::server::ServerOptions;
use crate::config::{self, Config, Paths};
use crate::env::Environment;
use crate::workspace::Workspace;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The surroundings of one command.
#[derive(Debug)]
pub struct Context {
    workspace: Option<PathBuf>,
    server: ServerOptions,
    environment: Environment,
}

impl Context {
    /// Surroundings from the options for all verbs and the environment.
    pub(super) fn new(
        workspace: Option<PathBuf>,
        server: ServerOptions,
        environment: Environment,
    ) -> Self {
        Self { workspace, server, environment }
    }

    /// The daemon behind a network, as it was typed.
    pub(super) fn server(&self) -> &ServerOptions {
        &self.server
    }

    /// Whether a workspace was typed.
    pub(super) fn names_a_workspace(&self) -> bool {
        self.workspace.is_some()
    }

    /// What the process was given by its surroundings.
    #[must_use]
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// The workspace that is served.
    ///
    /// # Errors
    ///
    /// When there is no such directory.
    pub fn workspace(&self) -> Result<Workspace, Failure> {
        Ok(Workspace::resolve(self.workspace.as_deref(), &self.environment)?)
    }

    /// The configuration. What somebody should look at goes to standard error.
    ///
    /// # Errors
    ///
    /// When the workspace or its `dos.toml` cannot be used.
    pub fn config(&self) -> Result<Config, Failure> {
        let loaded = config::load(&self.workspace()?)?;
        if let Some(file) = &loaded.file {
            for warning in &loaded.warnings {
                note(&warning.in_file(file));
            }
        }
        Ok(loaded.config)
    }

    /// The lane journal's path. The configuration is only read when it decides.
    ///
    /// # Errors
    ///
    /// When the workspace or its `dos.toml` cannot be used.
    pub fn lane_journal(&self) -> Result<PathBuf, Failure> {
        let paths = self.paths(self.environment.lane_journal.is_some())?;
        Ok(self.workspace()?.lane_journal(&paths, &self.environment))
    }

    /// The path of the mutex for decisions about lanes, found as [`Self::lane_journal`] is.
    ///
    /// # Errors
    ///
    /// When the workspace or its `dos.toml` cannot be used.
    pub fn lease_lock(&self) -> Result<PathBuf, Failure> {
        let known =
            self.environment.lane_journal.is_some() || self.environment.lease_lock.is_some();
        let paths = self.paths(known)?;
        Ok(self.workspace()?.lease_lock(&paths, &self.environment))
    }

    /// The verdict journal's path, found as [`Self::lane_journal`] is.
    ///
    /// # Errors
    ///
    /// When the workspace or its `dos.toml` cannot be used.
    pub fn verdict_journal(&self) -> Result<PathBuf, Failure> {
        let paths = self.paths(self.environment.verdict_journal.is_some())?;
        Ok(self.workspace()?.verdict_journal(&paths, &self.environment))
    }

    /// `[paths]`, or its defaults when the environment decides anyway.
    fn paths(&self, overridden: bool) -> Result<Paths, Failure> {
        if overridden {
            return Ok(Paths::default());
        }
        Ok(config::load(&self.workspace()?)?.config.paths)
    }
}

/// The bytes of a journal; a journal that nobody has written yet is empty.
pub(super) fn read_journal(path: &Path) -> Result<Vec<u8>, Failure> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(bytes),
        Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(cause) => Err(unreadable_journal(path, &cause)),
    }
}

/// Why a journal cannot be looked at.
pub(super) fn unreadable_journal(path: &Path, cause: &std::io::Error) -> Failure {
    Failure::Failed(format!(
        "cannot read the journal `{}`: {cause}\n  help: make it readable, or correct `[paths]` in `dos.toml`",
        path.display()
    ))
}
