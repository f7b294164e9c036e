//! In which form a verdict is printed: the `--json` and `--output` options of several verbs.

use clap::{Args, ValueEnum};

/// The two ways to choose the form; `--output` wins.
#[derive(Debug, Clone, Args)]
pub(super) struct FormArguments {
    /// Print the verdict and what it rests on as one JSON object
    #[arg(long)]
    json: bool,
    /// The form of the answer
    #[arg(long, value_enum, value_name = "FORM")]
    output: Option<Form>,
}

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

impl FormArguments {
    /// The chosen form; without a choice, text.
    pub(super) fn form(&self) -> Form {
        self.output.unwrap_or(if self.json { Form::Json } else { Form::Text })
    }
}
