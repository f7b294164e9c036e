//! `--output`: how an answer is laid out. The verbs do the laying out.

use clap::ValueEnum;

/// The layouts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Renderer {
    /// For people
    #[value(alias = "plain")]
    Text,
    /// One JSON value
    Json,
    /// One short line
    Terse,
}

/// The layout that is meant by `--json` and `--output` together: `--json` is short for `--output json`
/// and wins.
pub(super) fn chosen(json: bool, output: Option<Renderer>) -> Renderer {
    if json { Renderer::Json } else { output.unwrap_or(Renderer::Text) }
}
