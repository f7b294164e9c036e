//! `dosd exporters replay`: sends the dead letters of an exporter again.

use super::super::{Context, Exit, Failure, Layout, Output, online};
use super::named;
use crate::sinks::{SinkPorts, SinkUser};
use crate::workspace::Workspace;
use clap::Args;
use dosd_exporters::{ReplayError, Replayed, Sink, replay};
use serde::Serialize;

const EXAMPLES: &str = "\
Examples:
  dosd exporters replay oncall
  dosd exporters replay oncall --json

Events keep their ids, so that a receiver can drop those that it has seen. What is refused again, or
cannot be sent now, is a dead letter still. The daemon may run meanwhile.

Exit codes:
  0 all were taken, or there was none; 1 some are dead letters still; 2 there is no such exporter;
  75 somebody else replays them";

/// Send again what a sink had refused for good
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The exporter
    #[arg(value_name = "NAME")]
    name: String,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// The JSON answer.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    exporter: &'a str,
    sent: usize,
    refused: usize,
    left: usize,
    unreadable: usize,
    problem: Option<&'a str>,
}

impl Arguments {
    pub(super) fn execute(self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        let exporter = named(context, &self.name)?;
        let workspace = context.workspace()?;
        let ports = SinkPorts::once(workspace.clone(), context.environment());
        let user = Replayer { ports: ports.clone(), workspace, name: self.name.clone() };
        let replayed = online()?.block_on(async { ports.open(&exporter, user).await })?;
        let Replayed { sent, refused, left, unreadable, ref problem } = replayed;
        if self.json {
            let problem = problem.as_deref();
            let exporter = self.name.as_str();
            let answer = Answer { exporter, sent, refused, left, unreadable, problem };
            output.json(&answer, Layout::Compact);
        } else {
            print(&self.name, &replayed, output);
        }
        let is_done = refused + left + unreadable == 0;
        Ok(if is_done { Exit::SUCCESS } else { Exit::NEGATIVE })
    }
}

struct Replayer {
    ports: SinkPorts,
    workspace: Workspace,
    name: String,
}

impl SinkUser for Replayer {
    type Output = std::pin::Pin<Box<dyn Future<Output = Result<Replayed, ReplayError>>>>;

    fn with<S: Sink>(self, mut sink: S) -> Self::Output {
        Box::pin(async move {
            let Self { ports, workspace, name } = self;
            let directory = workspace.exporters_dir();
            replay(&mut sink, &ports.storage, &directory, &name, &*ports.clock).await
        })
    }
}

fn print(name: &str, replayed: &Replayed, output: &mut Output) {
    let Replayed { sent, refused, left, unreadable, problem } = replayed;
    if sent + refused + left + unreadable == 0 {
        output.line(format!("{name} has no dead letters"));
        return;
    }
    output.line(format!("{name}: {sent} sent, {refused} refused again, {left} not sent"));
    if let Some(problem) = problem {
        output.line(format!("  the sink says: {problem}"));
    }
    if *unreadable > 0 {
        output.line(format!("  {unreadable} lines are no dead letters and were left as they are"));
    }
}

impl From<ReplayError> for Failure {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::Busy(_) => Self::Busy(error.to_string()),
            ReplayError::Io { .. } => Self::Failed(error.to_string()),
        }
    }
}
