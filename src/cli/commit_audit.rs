//! `dosd commit-audit`: whether commits did the kind of thing that their subjects say. It never asks
//! whether the work is right.

use super::exit::note;
use super::{Context, Exit, Failure, Layout, Output};
use crate::git::{Commit, Git, GitError, GitErrorKind, Query};
use clap::Args;
use dosd_kernel::audit::{self, Audit, ClaimVerdict, Policy, Sweep, Touched, audit, sweep};

const EXAMPLES: &str = "\
Examples:
  dosd commit-audit
  dosd commit-audit origin/main..HEAD
  dosd commit-audit v1.0.0..HEAD --sweep --json | jq .drift_rate

A subject that begins with a verb of code (`fix: …`, `parser: add …`) is witnessed by a changed program,
one about tests by changed tests, one about documents by any file. Other subjects claim nothing.

Exit codes:
  0 nothing unwitnessed, 1 a claim that its diff does not show, 2 git cannot read the revision";

/// Hold the subjects of commits against their diffs
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(super) struct Arguments {
    /// A commit, or a range of which the newest 500 are looked at
    #[arg(value_name = "REF|A..B", default_value = "HEAD", allow_hyphen_values = true)]
    revisions: String,
    /// Report, and end with 0 whatever was found
    #[arg(long)]
    warn_only: bool,
    /// Let files of any kind witness a claim about code
    #[arg(long)]
    docs_ok: bool,
    /// Count instead of listing: how many claims does the history show?
    #[arg(long)]
    sweep: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub(super) fn execute(self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        let workspace = context.workspace()?;
        let commits = self.read(&Git::at(workspace.root())).map_err(|error| unreadable(&error))?;
        let policy = Policy { docs_satisfy_code_claim: self.docs_ok };
        let audits: Vec<Audit> = commits.into_iter().map(|commit| judge(commit, policy)).collect();
        let unwitnessed =
            audits.iter().filter(|audit| audit.verdict == ClaimVerdict::ClaimUnwitnessed).count();
        match (self.json, self.sweep) {
            (true, true) => output.json(&sweep(&audits), Layout::Indented),
            (true, false) => output.json(&audits, Layout::Indented),
            (false, true) => print_sweep(&sweep(&audits), output),
            (false, false) => print(&audits, output),
        }
        if unwitnessed > 0 && !self.json && !self.warn_only {
            note(&format_args!(
                "{unwitnessed} of {} commits claim what their diff does not show",
                audits.len()
            ));
        }
        let clean = unwitnessed == 0 || self.warn_only;
        Ok(if clean { Exit::SUCCESS } else { Exit::NEGATIVE })
    }

    fn read(&self, git: &Git) -> Result<Vec<Commit>, GitError> {
        let revisions = self.revisions.as_str();
        if !revisions.contains("..") {
            return Ok(vec![git.commit(revisions)?]);
        }
        // One more than is shown tells whether any are left out.
        let mut commits = git.log(Query { revisions, limit: audit::LIMIT + 1, changes: true })?;
        if commits.len() > audit::LIMIT {
            commits.truncate(audit::LIMIT);
            note(&format_args!(
                "the range is longer: only its newest {} commits are looked at",
                audit::LIMIT
            ));
        }
        Ok(commits)
    }
}

fn judge(commit: Commit, policy: Policy) -> Audit {
    let touched: Vec<Touched> = commit
        .changes
        .into_iter()
        .map(|change| Touched { path: change.path, lines: change.lines })
        .collect();
    audit(&commit.short_id, commit.subject.trim(), &touched, policy)
}

/// What was typed is wrong, or the tool failed; neither is a clean history.
fn unreadable(error: &GitError) -> Failure {
    let message = error.to_string();
    match error.kind {
        GitErrorKind::NoRepository(_) | GitErrorKind::UnknownRevision(_) => Failure::Usage(message),
        GitErrorKind::NoProgram { .. }
        | GitErrorKind::TimedOut(_)
        | GitErrorKind::TooMuch(_)
        | GitErrorKind::Unreadable(_)
        | GitErrorKind::Malformed(_) => Failure::Failed(message),
    }
}

fn print(audits: &[Audit], output: &mut Output) {
    if audits.is_empty() {
        output.line("no commits in the range");
    }
    for audit in audits {
        let token = match audit.verdict {
            ClaimVerdict::Ok => "witnessed",
            ClaimVerdict::ClaimUnwitnessed => "UNWITNESSED",
            ClaimVerdict::Abstain => "no claim",
        };
        let witness = audit.witness.as_str();
        output.line(format_args!("{token:<11}  {}  [{witness}]  {}", audit.sha, audit.reason));
    }
}

fn print_sweep(sweep: &Sweep, output: &mut Output) {
    output.line(format_args!("commits      {}", sweep.commits));
    output.line(format_args!("checkable    {}", sweep.checkable));
    output.line(format_args!("witnessed    {}", sweep.witnessed));
    output.line(format_args!("unwitnessed  {}", sweep.unwitnessed));
    output.line(format_args!("no claim     {}", sweep.abstained));
    output.line(format_args!("drift        {:.1} %", sweep.drift_rate * 100.0));
    for (kind, count) in &sweep.by_kind {
        let kind = kind.to_string();
        output.line(format_args!(
            "  {kind:<11}  {} unwitnessed, {} witnessed, {} no claim",
            count.unwitnessed, count.witnessed, count.abstain
        ));
    }
    if !sweep.unwitnessed_shas.is_empty() {
        output.line(format_args!("see          {}", sweep.unwitnessed_shas.join(" ")));
    }
}
