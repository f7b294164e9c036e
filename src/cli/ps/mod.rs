//! `dosd ps`: the workers of this workspace, from its journal and the processes of this machine. It
//! needs no daemon and changes nothing; with `--server` it asks one behind a network.

use super::context::read_journal;
use super::lane_commits::LaneCommits;
use super::server::Side;
use super::{Context, Exit, Failure, Layout, Output, table};
use crate::fleet::{FleetFold, Worker, workers};
use crate::git::Git;
use clap::Args;
use dosd_actors::journal::scan;
use dosd_actors::port::{Clock as _, SystemClock, SystemLauncher};
use dosd_kernel::lane::StartedProcess;

const EXAMPLES: &str = "\
Examples:
  dosd ps
  dosd ps --json | jq -r '.[] | select(.state == \"GONE\") | .lane'
  dosd ps --server https://fleet.example

STATE is ADVANCING, SPINNING or STALLED as liveness says, commits on the worker's lane included; STARTING before the process exists, GONE
when it has ended and nobody has recorded that yet, GAVE_UP for a lane that gets no worker any more.";

/// List the workers: lane, run, pid, state, age, beat, restarts, log
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Print one JSON array
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub(super) fn execute(self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        let found = match context.side()? {
            Side::Here => found_here(context)?,
            Side::There(daemon) => daemon.workers()?,
        };
        if self.json {
            output.json(&found, Layout::Compact);
        } else {
            print(&found, output);
        }
        Ok(Exit::SUCCESS)
    }
}

/// The workers by the journal and the processes of this machine.
fn found_here(context: &Context) -> Result<Vec<Worker>, Failure> {
    let bytes = read_journal(&context.lane_journal()?)?;
    let mut fold = FleetFold::default();
    scan(&bytes, &mut fold);
    let launcher = SystemLauncher::new().map_err(|error| {
        Failure::Failed(format!(
            "cannot look at processes: {error}\n  help: `/proc` has to be mounted"
        ))
    })?;
    let observation = fold.lanes.observe(SystemClock::new().now_ms());
    let open: Vec<_> = fold.lanes.open_runs().collect();
    let logs = context.workspace()?.logs_dir();
    let (config, workspace) = (context.config()?, context.workspace()?);
    let git = Git::at(workspace.root());
    let mut commits = LaneCommits::new(&git, &config.lanes);
    Ok(workers(
        &open,
        &observation,
        &fold.history,
        &config.liveness,
        |process: &StartedProcess| launcher.lives(&process.into()),
        |run, lease| commits.of(run, lease),
        |lane, run_id| logs.join(lane).join(format!("{run_id}.log")),
    )?)
}

fn print(workers: &[Worker], output: &mut Output) {
    let mut rows =
        vec![["LANE", "STATE", "PID", "AGE", "BEAT", "RESTARTS", "RUN", "LOG"].map(String::from)];
    for worker in workers {
        rows.push([
            worker.lane.clone(),
            worker.state.as_str().to_owned(),
            worker.pid.map_or_else(dash, |pid| pid.to_string()),
            worker.age_ms.map_or_else(dash, age),
            worker.beat_age_ms.map_or_else(dash, age),
            worker.restarts.to_string(),
            worker.run_id.clone().unwrap_or_else(dash),
            worker.log.as_ref().map_or_else(dash, |path| path.display().to_string()),
        ]);
    }
    table::print(&rows, output);
}

fn dash() -> String {
    "-".to_owned()
}

/// A time span in its two largest units.
fn age(ms: i64) -> String {
    let seconds = ms / 1000;
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{}h{:02}m", seconds / 3600, seconds / 60 % 60),
        _ => format!("{}d{:02}h", seconds / 86_400, seconds / 3600 % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::age;

    #[test]
    fn an_age_has_two_units_at_most() {
        let ages = [999, 61_000, 3_600_000 * 5 + 60_000, 86_400_000 * 3 + 3_600_000].map(age);
        assert_eq!(ages, ["0s", "1m01s", "5h01m", "3d01h"]);
    }
}
