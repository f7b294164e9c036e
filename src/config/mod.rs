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
mod section;
#[cfg(test)]
mod tests;
mod words;

pub use command::{CommandTemplate, Placeholders};
pub use model::{
    Config, DEFAULT_LAUNCH_TEMPLATE, Exporter, LeaseKeeper, OnShutdown, Paths, Rotation, Sink,
    StartFrom, Surface, Witness, Worker,
};
pub use place::Place;
pub use problem::{ConfigError, Problem, Weight};
pub use quantity::{format_duration, parse_duration, parse_size};

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
    let file = workspace.config_file();
    match std::fs::read_to_string(&file) {
        Ok(text) => {
            let (config, warnings) = parse(&text, &file)?;
            Ok(Loaded { config, file: Some(file), warnings })
        }
        Err(cause) if cause.kind() == ErrorKind::NotFound => {
            Ok(Loaded { config: Config::default(), file: None, warnings: Vec::new() })
        }
        Err(cause) => Err(ConfigError::Unreadable { file, cause }),
    }
}

/// Checks the text of a `dos.toml`; `file` only names it in what is reported. Gives the configuration
/// and its warnings.
///
/// # Errors
///
/// When anything in the text is wrong: all of it at once, warnings included.
pub fn parse(text: &str, file: &Path) -> Result<(Config, Vec<Problem>), ConfigError> {
    // Some editors begin a file with a byte order mark; it is no part of the first key.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let findings = problem::Findings::new(text);
    let document = raw::parse(text, &findings);
    let config = check::check(&section::Section::root(&document, &findings));
    let problems = findings.into_problems();
    if problems.iter().any(|problem| problem.weight == Weight::Error) {
        return Err(ConfigError::Invalid { file: file.to_owned(), problems });
    }
    Ok((config, problems))
}
