//! `dosd doctor`: prints what [`crate::config::doctor`] finds. It finds out nothing by itself.

use super::{Context, Exit, Failure, Layout, Output};
use crate::config::doctor::{self, ConfigState};
use clap::Args;

const EXAMPLES: &str = "\
Examples:
  dosd doctor
  dosd doctor --check --json --workspace /srv/fleet

Exit codes:
  0 examined; with --check, nothing needs attention
  1 with --check, something needs attention
  2 `dos.toml` cannot be used";

/// Examine the workspace: configuration, lanes, files, worker, witnesses, exporters
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// End with code 1 when anything needs attention
    #[arg(long)]
    check: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub(super) fn execute(self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        let report = doctor::examine(&context.workspace()?, context.environment());
        if self.json {
            output.json(&report, Layout::Compact);
        } else {
            output.text(&report);
        }
        Ok(match report.config.state {
            ConfigState::Refused => Exit::USAGE,
            ConfigState::Absent | ConfigState::Used if self.check && !report.is_clean() => {
                Exit::NEGATIVE
            }
            ConfigState::Absent | ConfigState::Used => Exit::SUCCESS,
        })
    }
}
