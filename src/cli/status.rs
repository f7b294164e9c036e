//! `dosd status`: one run in one answer: does it live, how far did it come, what does it hold, can its
//! work be taken up. What the run claims about itself has no place in the answer.

use super::exit::note;
use super::renderer::{self, Renderer};
use super::run_evidence::{EvidenceArguments, parse_run_id, read_lanes};
use super::run_files::RunFiles;
use super::{Context, Exit, Failure, Layout, Output};
use crate::git::{Git, GitError};
use clap::Args;
use dosd_kernel::intent::{Footing, Ledger, ResumePlan, footings, resume_plan};
use dosd_kernel::lane::LaneFold;
use dosd_kernel::liveness::{self, Liveness};
use serde::Serialize;

const EXAMPLES: &str = "\
Examples:
  dosd status RID-1M82S4XZC3MKKR0
  dosd status RID-1M82S4XZC3MKKR0 --lane docs --loop-ts 2026-11-22T19:31:25Z --json
  dosd status RID-1M82S4XZC3MKKR0 --stopped | grep resume

Whether the work can be taken up is judged for a run that has stalled or suspended itself. A step counts
as done when the history holds its commit and that commit changed something.

Exit codes:
  0 ADVANCING, 3 SPINNING, 4 STALLED";

/// Show one run in one answer: liveness, progress, region, resume
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The run; its id says when it began
    #[arg(value_name = "RUN_ID", allow_hyphen_values = true)]
    run_id: String,
    #[command(flatten)]
    evidence: EvidenceArguments,
    /// Judge whether the work can be taken up, as if the run had stopped
    #[arg(long)]
    stopped: bool,
    /// Take the run for a living one: leave that out
    #[arg(long)]
    live: bool,
    /// Print one JSON object; short for `--output json`
    #[arg(long)]
    json: bool,
    /// The form of the answer; terse is the verdict alone
    #[arg(long, value_enum, value_name = "FORM")]
    output: Option<Renderer>,
}

/// The answer, in the shape of its JSON.
#[derive(Debug, Serialize)]
struct Digest {
    schema: u32,
    run_id: String,
    liveness: liveness::Report,
    progress: Progress,
    region: Vec<String>,
    resume: Option<ResumePlan>,
}

#[derive(Debug, Serialize)]
struct Progress {
    verified_count: usize,
    declared_count: usize,
    verified_steps: Vec<String>,
}

impl Arguments {
    pub(super) fn execute(self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        let run = parse_run_id(self.run_id.trim())?;
        let policy = context.config()?.liveness;
        let git = Git::at(context.workspace()?.root());
        let lanes = read_lanes(context)?;
        let ledger = RunFiles::of(context)?.ledger(run.as_str());
        let start_sha = match self.evidence.start_sha.trim() {
            "" => ledger.start_sha.as_str(),
            given => given,
        };
        let evidence = self.evidence.gather(&run, start_sha, &git, &lanes);
        let liveness = liveness::report(&evidence, &policy)?;
        let verdict = liveness.verdict;
        let stopped = self.stopped || ledger.suspended || liveness.verdict == Liveness::Stalled;
        let asked = stopped && !self.live;
        let resume =
            (asked && ledger.has_intent()).then(|| resume_plan(&ledger, &stand(&git, &ledger)));
        let digest = Digest {
            schema: 1,
            run_id: run.to_string(),
            liveness,
            progress: progress(&ledger),
            region: region(&lanes, run.as_str()),
            resume,
        };
        match renderer::chosen(self.json, self.output) {
            Renderer::Json => output.json(&digest, Layout::Compact),
            Renderer::Text => print(&digest, asked, output),
            Renderer::Terse => print_verdict(&digest.liveness, output),
        }
        Ok(Exit::from(verdict))
    }
}

fn progress(ledger: &Ledger) -> Progress {
    let mut verified_steps: Vec<String> =
        ledger.verified.iter().map(|(step, _)| step.to_owned()).collect();
    verified_steps.sort();
    Progress {
        verified_count: verified_steps.len(),
        declared_count: ledger.declared_steps.len(),
        verified_steps,
    }
}

/// The path globs of the lease that names the run; none when it holds none.
fn region(lanes: &LaneFold, run_id: &str) -> Vec<String> {
    let lease = lanes.leases().find(|lease| lease.run_id() == run_id);
    lease.map(|lease| lease.tree()).unwrap_or_default()
}

/// What the history says of the commits that the ledger names. What cannot be read shows nothing.
fn stand(git: &Git, ledger: &Ledger) -> Vec<Footing> {
    let footing = |sha: &str| -> Result<Footing, GitError> {
        let mut footing = Footing { sha: sha.to_owned(), ..Footing::default() };
        if git.is_ancestor(sha, "HEAD")? {
            footing.in_history = true;
            let changes = git.commit(sha)?.changes;
            footing.paths = changes.into_iter().map(|change| change.path).collect();
        }
        Ok(footing)
    };
    let read = |sha| {
        footing(sha).unwrap_or_else(|error| {
            note(&format_args!("`{sha}` shows nothing: {error}"));
            Footing::default()
        })
    };
    footings(ledger).into_iter().map(read).collect()
}

fn print_verdict(liveness: &liveness::Report, output: &mut Output) {
    output.line(format_args!("{}  {}", liveness.verdict, liveness.reason));
}

fn print(digest: &Digest, asked: bool, output: &mut Output) {
    print_verdict(&digest.liveness, output);
    let Progress { verified_count, declared_count, verified_steps } = &digest.progress;
    output.line(format_args!(
        "progress  {verified_count} of {declared_count} steps confirmed  {}",
        verified_steps.join(" ")
    ));
    let region =
        if digest.region.is_empty() { "no lease".to_owned() } else { digest.region.join(" ") };
    output.line(format_args!("region    {region}"));
    match &digest.resume {
        Some(plan) => {
            output.line(format_args!("resume    {}  {}", plan.verdict.as_str(), plan.reason));
            if !plan.residual.is_empty() {
                output.line(format_args!("left      {}", plan.residual.join(" ")));
            }
        }
        None if asked => output.line("resume    nothing was declared that could be taken up"),
        None => output.line("resume    not asked of a run that lives"),
    }
}
