//! In which form a verdict of `arbitrate` or `verify` is printed.

use clap::ValueEnum;

/// The forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Form {
    /// One line for people and scripts
    Text,
    /// A sentence for somebody who does not read code
    Plain,
    /// One JSON object
    Json,
}
