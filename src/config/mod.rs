//! The configuration: `dos.toml`, in two steps. First the text becomes a TOML document (`raw`), then
//! each section is checked into a typed [`Config`] (`check`). Every problem is reported at once, with
//! its place, its key and what to do. A warning never stops anything; an error refuses the file.
//!
//! Nothing here reads the environment or opens a journal. [`doctor`] looks at the world around a
//! configuration, and changes nothing in it.

mod check;
mod command;
pub mod doctor;
mod model;
mod place;
mod problem;
mod quantity;
mod raw;
mod secret;
mod section;
mod shared;
pub mod sink;
mod surface;
#[cfg(test)]
mod tests;
mod value;
mod words;

pub use command::{CommandTemplate, Placeholders};
pub use model::{
    Config, DEFAULT_LAUNCH_TEMPLATE, Exporter, Http, LeaseKeeper, OnShutdown, Rotation, Secret,
    Sink, SqlSource, StartFrom, Surface, Tls, Witness, Worker,
};
pub use place::Place;
pub use problem::{ConfigError, Problem, Subject, Weight};
pub use quantity::{format_duration, parse_duration, parse_size};
pub use shared::{DEFAULT_PLANS_GLOB, OtherPath, Paths, Stamp};

use crate::workspace::Workspace;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// A configuration that can be used, and where it came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The values.
    pub config: Config,
    /// The file that was read; nothing when there is none and the defaults stand.
    pub file: Option<PathBuf>,
    /// What somebody should look at, in the order of the file.
    pub warnings: Vec<Problem>,
}

/// Reads and checks the `dos.toml` of a workspace. No file means the defaults.
///
/// # Errors
///
/// When the file cannot be read, or anything in it is wrong: all of it at once.
pub fn load(workspace: &Workspace) -> Result<Loaded, ConfigError> {
    let loaded = survey(workspace)?;
    match loaded.file {
        Some(file) if has_errors(&loaded.warnings) => {
            Err(ConfigError::Invalid { file, problems: loaded.warnings })
        }
        Some(_) | None => Ok(loaded),
    }
}

/// Reads the `dos.toml` of a workspace and goes on where it is wrong: errors are among the warnings,
/// and what they are about has its default. For those who report on a configuration; nobody acts on
/// one with errors.
///
/// # Errors
///
/// When the file cannot be read.
pub fn survey(workspace: &Workspace) -> Result<Loaded, ConfigError> {
    let file = workspace.config_file();
    match std::fs::read_to_string(&file) {
        Ok(text) => {
            let (config, warnings) = inspect(&text);
            Ok(Loaded { config, file: Some(file), warnings })
        }
        Err(cause) if cause.kind() == ErrorKind::NotFound => {
            Ok(Loaded { config: Config::default(), file: None, warnings: Vec::new() })
        }
        Err(cause) => Err(ConfigError::Unreadable { file, cause }),
    }
}

fn has_errors(problems: &[Problem]) -> bool {
    problems.iter().any(|problem| problem.weight == Weight::Error)
}

/// Checks the text of a `dos.toml`; `file` only names it in what is reported. Gives the configuration
/// and its warnings.
///
/// # Errors
///
/// When anything in the text is wrong: all of it at once, warnings included.
pub fn parse(text: &str, file: &Path) -> Result<(Config, Vec<Problem>), ConfigError> {
    let (config, problems) = inspect(text);
    if has_errors(&problems) {
        return Err(ConfigError::Invalid { file: file.to_owned(), problems });
    }
    Ok((config, problems))
}

fn inspect(text: &str) -> (Config, Vec<Problem>) {
    // Some editors begin a file with a byte order mark; it is no part of the first key.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let findings = problem::Findings::new(text);
    let document = raw::parse(text, &findings);
    let config = check::check(&section::Section::root(&document, &findings));
    (config, findings.into_problems())
}
