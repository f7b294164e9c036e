//! `dosd trace`: all that was written about one run, side by side. It judges nothing.

use super::context::read_journal;
use super::exit::note;
use super::run_files::{RunFiles, text};
use super::{Context, Exit, Failure, Layout, Output, rows};
use crate::git::{Git, Headline};
use clap::Args;
use dosd_kernel::Map;
use dosd_kernel::intent::Ledger;
use dosd_kernel::trace::{self, Leases, Step, StepState};
use serde::Serialize;

const EXAMPLES: &str = "\
Examples:
  dosd trace RID-1M82S4XZC3MKKR0
  dosd trace RID-1M82S4XZC3MKKR0 --json | jq '.intent.residual'

Its record and intent ledger (.dos/runs/RUN_ID/), the rows of the lane journal that name it, and the
commits since its declared start. A claim stands beside its confirmation and is not believed.

Exit codes:
  0 something is known of the run, 1 nothing is";

/// Show all that was written about a run: lineage, intent, leases, commits
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The run
    #[arg(value_name = "RUN_ID", allow_hyphen_values = true)]
    run_id: String,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What is known, in the shape of the JSON answer.
#[derive(Debug, Serialize)]
struct Trace {
    run_id: String,
    found: bool,
    spine: Spine,
    intent: Aim,
    wal: Leases,
    git: Commits,
}

#[derive(Debug, Serialize)]
struct Spine {
    run_json: Map,
    parent_id: String,
    root_id: String,
    process_id: String,
    ancestors: Vec<String>,
    descendants: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Aim {
    has_intent: bool,
    goal: String,
    plan: String,
    phase: String,
    start_sha: String,
    steps: Vec<Step>,
    residual: Vec<String>,
    corrupt_ledger_lines: u64,
    unreadable_newer: bool,
}

#[derive(Debug, Serialize)]
struct Commits {
    commits: Vec<Headline>,
}

impl Arguments {
    pub(super) fn execute(self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        let run_id = self.run_id.trim();
        if run_id.is_empty() {
            return Err(Failure::Usage(
                "the run id is empty\n  help: name the run, as in `dosd trace RID-1M82S4XZC3MKKR0`"
                    .into(),
            ));
        }
        let trace = gather(run_id, context)?;
        if self.json {
            output.json(&trace, Layout::Indented);
        } else {
            print(&trace, output);
        }
        Ok(if trace.found { Exit::SUCCESS } else { Exit::NEGATIVE })
    }
}

fn gather(run_id: &str, context: &Context) -> Result<Trace, Failure> {
    let files = RunFiles::of(context)?;
    let git = Git::at(context.workspace()?.root());
    let ledger = files.ledger(run_id);
    let rows = rows::last(&read_journal(&context.lane_journal()?)?, 0);
    let wal = trace::leases(&rows, run_id);
    let spine = spine(run_id, &files);
    let found = !spine.run_json.is_empty()
        || ledger.has_intent()
        || !wal.lease_events.is_empty()
        || !ledger.claimed.is_empty()
        || !ledger.verified.is_empty();
    let commits = commits_since(&git, &ledger.start_sha);
    Ok(Trace {
        run_id: run_id.to_owned(),
        found,
        spine,
        intent: intent(ledger),
        wal,
        git: Commits { commits },
    })
}

fn spine(run_id: &str, files: &RunFiles) -> Spine {
    let run_json = files.record(run_id);
    let kin = files.lineage().kin(run_id);
    let root_id = Some(text(&run_json, "root_id")).filter(|root_id| !root_id.is_empty());
    Spine {
        parent_id: text(&run_json, "parent_id"),
        root_id: root_id.unwrap_or_else(|| run_id.to_owned()),
        process_id: text(&run_json, "process_id"),
        ancestors: kin.ancestors,
        descendants: kin.descendants,
        run_json,
    }
}

fn intent(ledger: Ledger) -> Aim {
    let steps = trace::steps(&ledger);
    Aim {
        has_intent: ledger.has_intent(),
        residual: trace::residual(&steps).into_iter().map(str::to_owned).collect(),
        steps,
        goal: ledger.goal,
        plan: ledger.plan,
        phase: ledger.phase,
        start_sha: ledger.start_sha,
        corrupt_ledger_lines: ledger.corrupt_lines,
        unreadable_newer: ledger.unreadable_newer,
    }
}

/// The commits after a declared start; none when the history does not know it, and then it is said.
fn commits_since(git: &Git, start_sha: &str) -> Vec<Headline> {
    if start_sha.is_empty() {
        return Vec::new();
    }
    git.headlines_since(start_sha).unwrap_or_else(|error| {
        note(&format_args!("no commits since `{start_sha}` are shown: {error}"));
        Vec::new()
    })
}

fn print(trace: &Trace, output: &mut Output) {
    output.line(format_args!("run      {}", trace.run_id));
    if !trace.found {
        output.line("nothing is known of it: no record, no intent, no row that names it");
        return;
    }
    let or_none = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
    let spine = &trace.spine;
    output.line(format_args!("process  {}", or_none(&spine.process_id)));
    output.line(format_args!("root     {}", spine.root_id));
    output.line(format_args!("above    {}", or_none(&spine.ancestors.join(" "))));
    output.line(format_args!("below    {}", or_none(&spine.descendants.join(" "))));
    print_intent(&trace.intent, output);
    for event in &trace.wal.lease_events {
        output.line(format_args!(
            "lease    {:<20}  {:<9}  {}  {}  {}",
            event.ts,
            event.op,
            or_none(&event.lane),
            or_none(&event.loop_ts),
            event.reason
        ));
    }
    if trace.wal.unattributed_acquires > 0 {
        output.line(format_args!(
            "lease    {} grants name no run and are not shown",
            trace.wal.unattributed_acquires
        ));
    }
    for commit in &trace.git.commits {
        output.line(format_args!("commit   {}  {}", commit.sha, commit.subject));
    }
}

fn print_intent(intent: &Aim, output: &mut Output) {
    if intent.has_intent {
        output.line(format_args!("goal     {} {} {}", intent.goal, intent.plan, intent.phase));
    }
    for step in &intent.steps {
        let state = match step.state {
            StepState::Verified => {
                format!("confirmed by {} ({})", step.verified_sha, step.verified_via)
            }
            StepState::Claimed => format!("claimed with {}, not confirmed", step.claimed_sha),
            StepState::Pending => "open".to_owned(),
        };
        output.line(format_args!("step     {}  {state}", step.step_id));
    }
    if intent.corrupt_ledger_lines > 0 {
        let newer = if intent.unreadable_newer { ", some by a newer version" } else { "" };
        output.line(format_args!(
            "ledger   {} lines cannot be read{newer}",
            intent.corrupt_ledger_lines
        ));
    }
}
