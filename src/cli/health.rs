//! `dosd health`: whether a daemon does what it is there for. It asks the daemon itself and reads no
//! file, so it works wherever the daemon can be reached.

use super::{Context, Exit, Failure, Layout, Output};
use crate::config::parse_duration;
use clap::Args;
use std::time::Duration;

/// Where a daemon listens when nobody says otherwise.
const DEFAULT_SERVER: &str = "http://127.0.0.1:7717";

const EXAMPLES: &str = "\
Examples:
  dosd health
  dosd health --server https://fleet.example --json

In a container: HEALTHCHECK CMD [\"/dosd\", \"health\"]. Without --server and DOSD_SERVER it asks
http://127.0.0.1:7717. No token is needed, and none is sent.

Exit codes:
  0 ready; 1 not ready: what is not well is printed; 70 nobody answers";

/// Ask a daemon whether it is ready
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// How long to wait for the answer
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = parse_duration)]
    timeout: Duration,
    /// Print the checks as one JSON object
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub(super) fn execute(&self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        let readiness = context.patient(DEFAULT_SERVER)?.readiness(self.timeout)?;
        if self.json {
            output.json(&readiness, Layout::Compact);
        } else {
            output.line(if readiness.ready { "ready" } else { "not ready" });
            for check in readiness.checks.iter().filter(|check| !check.ok) {
                let note = check.note.as_deref().unwrap_or("it does not work");
                output.line(format_args!("  {}: {note}", check.name));
            }
        }
        Ok(if readiness.ready { Exit::SUCCESS } else { Exit::NEGATIVE })
    }
}
