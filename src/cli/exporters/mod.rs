//! `dosd exporters`: how the sinks of `[[dosd.exporter]]` go, and what an operator does about them.

mod replay;
mod resume;
mod status;
mod test;

use super::{Context, Exit, Failure, Output};
use crate::config::Exporter;
use clap::{Args, Subcommand};

/// Look after the sinks: status, test, replay, resume
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Status(status::Arguments),
    Test(test::Arguments),
    Replay(replay::Arguments),
    Resume(resume::Arguments),
}

impl Arguments {
    pub(super) fn execute(self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        match self.verb {
            Verb::Status(arguments) => arguments.execute(context, output),
            Verb::Test(arguments) => arguments.execute(context, output),
            Verb::Replay(arguments) => arguments.execute(context, output),
            Verb::Resume(arguments) => arguments.execute(context, output),
        }
    }
}

/// The exporter of this name.
fn named(context: &Context, name: &str) -> Result<Exporter, Failure> {
    let exporters = context.config()?.exporters;
    let known: Vec<String> = exporters.iter().map(|one| format!("`{}`", one.name)).collect();
    exporters.into_iter().find(|one| one.name == name).ok_or_else(|| {
        let known = if known.is_empty() { "there is none".to_owned() } else { known.join(", ") };
        Failure::Usage(format!("no exporter `{name}` in `dos.toml`\n  help: known are: {known}"))
    })
}
