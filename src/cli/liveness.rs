//! `dosd liveness`: whether a run advances, spins or has stalled. It stops nothing.

use super::renderer::{self, Renderer};
use super::run_evidence::{EvidenceArguments, parse_run_id, read_lanes};
use super::{Context, Exit, Failure, Layout, Output};
use crate::git::Git;
use crate::host::host_id;
use clap::Args;
use dosd_actors::port::is_alive;
use dosd_kernel::liveness;

const EXAMPLES: &str = "\
Examples:
  dosd liveness --run-id RID-1M82S4XZC3MKKR0 --start-sha 1f1c4d7
  dosd liveness --run-id RID-1M82S4XZC3MKKR0 --lane docs --loop-ts 2026-11-22T19:31:25Z --json
  dosd liveness --run-id RID-1M82S4XZC3MKKR0 --pid 4242 --host-id builder-3

Commits, rows of the lease and the operating system are evidence; the worker's word is none. An
unreadable history counts no commits. A process of another host (--host-id) is not looked for.

Exit codes:
  0 ADVANCING, 3 SPINNING, 4 STALLED";

/// Judge whether a run advances, spins or has stalled
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The run; its id says when it began
    #[arg(long, value_name = "RUN_ID", allow_hyphen_values = true)]
    run_id: String,
    #[command(flatten)]
    evidence: EvidenceArguments,
    /// The run's process; if it is gone, a fresh beat cannot speak for the run
    #[arg(long, value_name = "PID", allow_negative_numbers = true)]
    pid: Option<i64>,
    /// The host of that process [default: this one]
    #[arg(long, value_name = "HOST", default_value = "", hide_default_value = true)]
    host_id: String,
    /// Do not look for the process
    #[arg(long)]
    no_proc: bool,
    /// Print the verdict and its evidence as one JSON object; short for `--output json`
    #[arg(long)]
    json: bool,
    /// The form of the answer
    #[arg(long, value_enum, value_name = "FORM")]
    output: Option<Renderer>,
}

impl Arguments {
    pub(super) fn execute(self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        let run = parse_run_id(&self.run_id)?;
        let policy = context.config()?.liveness;
        let git = Git::at(context.workspace()?.root());
        let lanes = read_lanes(context)?;
        let mut evidence = self.evidence.gather(&run, self.evidence.start_sha.trim(), &git, &lanes);
        evidence.process_alive = self.process_alive(context);
        let report = liveness::report(&evidence, &policy)?;
        match renderer::chosen(self.json, self.output) {
            Renderer::Json => output.json(&report, Layout::Compact),
            Renderer::Text | Renderer::Terse => {
                output.line(format_args!("{}  {}", report.verdict, report.reason));
            }
        }
        Ok(Exit::from(report.verdict))
    }

    /// What the operating system says about the process, if it is one of this machine.
    fn process_alive(&self, context: &Context) -> Option<bool> {
        let pid = self.pid.filter(|_| !self.no_proc)?;
        let is_here = self.host_id.is_empty() || self.host_id == host_id(context.environment());
        is_here.then(|| is_alive(pid)).flatten()
    }
}
