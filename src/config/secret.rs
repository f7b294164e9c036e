//! Texts that may be secret: where they are, never what they are.

use std::path::PathBuf;

/// A text that may be secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Secret {
    /// It stands in the file, so it is none.
    Plain(String),
    /// The value of this environment variable, read when it is needed.
    Environment(String),
    /// It was given on a command line or by its surroundings.
    Given(dosd_network::Secret),
    /// The first line of this file, read when it is needed; relative to the workspace.
    File(PathBuf),
}
