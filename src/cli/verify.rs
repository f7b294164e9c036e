//! `dosd verify`: whether a phase of a plan has shipped, by the git history. It believes no report,
//! and says so when it cannot tell.

use super::exit::note;
use super::form::Form;
use super::{Context, Exit, Failure, Layout, Output};
use crate::config::{OtherPath, Stamp};
use crate::git::{Git, GitError, Query};
use clap::Args;
use dosd_kernel::ship::{self, Claim, Convention, Entry, Footprint, Verdict};
use serde::Serialize;
use std::collections::BTreeMap;

const EXAMPLES: &str = "\
Examples:
  dosd verify AUTH AUTH2
  dosd verify docs/286 \"Phase3\" --json
  dosd verify AUTH AUTH2 --explain --workspace /srv/project

A commit whose subject names the plan and the phase (`AUTH: AUTH2 …`, `AUTH2: …`) ships it, unless it
changed nothing, touched only version files and ledgers, or was reverted. A release (`v1.2.3: …`) that
names the phase counts as well, and `[stamp]` in `dos.toml` declares other forms. The run registry, plan
documents and builds are not asked.

Exit codes:
  0 shipped, 1 not shipped, 70 cannot tell: there is no git history to read";

/// Check in the git history whether a phase of a plan has shipped
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The plan, as commits name it
    #[arg(allow_hyphen_values = true)]
    plan: String,
    /// The phase of the plan
    #[arg(allow_hyphen_values = true)]
    phase: String,
    /// Only git, no build results; this is always so here
    #[arg(long)]
    no_ci: bool,
    /// Say what the verdict means for the next step
    #[arg(long)]
    explain: bool,
    /// Print the verdict as one JSON object
    #[arg(long)]
    json: bool,
    /// The form of the answer; it wins over --json
    #[arg(long, value_enum, value_name = "FORM")]
    output: Option<Form>,
}

impl Arguments {
    pub(super) fn execute(self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        let workspace = context.workspace()?;
        let config = context.config()?;
        let claim = Claim { plan: &self.plan, phase: &self.phase };
        let git = Git::at(workspace.root());
        let convention = convention(config.stamp);
        let verdict = judge(&git, claim, &convention).map_err(|error| cannot_tell(&error))?;
        if !verdict.shipped {
            if git.is_shallow().map_err(|error| cannot_tell(&error))? {
                note(&"the clone is shallow: an older commit may have shipped the phase");
            }
            let registry = workspace.other(&config.paths, OtherPath::ExecutionState);
            if registry.exists() {
                note(&format_args!("the run registry `{}` is not read", registry.display()));
            }
        }
        let interpretation = self.explain.then(|| interpretation(&verdict));
        let chosen = if self.json { Form::Json } else { Form::Text };
        match self.output.unwrap_or(chosen) {
            Form::Json => {
                output.json(&Answer { verdict: &verdict, interpretation }, Layout::Compact);
            }
            form @ (Form::Text | Form::Plain) => {
                output.line(if form == Form::Plain { plainly(&verdict) } else { line(&verdict) });
                if let Some(interpretation) = interpretation {
                    output.line(interpretation);
                }
            }
        }
        Ok(if verdict.shipped { Exit::SUCCESS } else { Exit::NEGATIVE })
    }
}

/// The grammar that `[stamp]` declares.
fn convention(stamp: Stamp) -> Convention {
    Convention {
        subject_dirs: stamp.subject_dirs,
        summary_bundle_prefixes: stamp.summary_bundle_prefixes,
        bookkeeping_prefixes: stamp.bookkeeping_prefixes,
        progress_markers: stamp.progress_markers,
        sub_phase_parent_fallback: stamp.sub_phase_parent_fallback,
        trailer_stamp: stamp.trailer_stamp,
    }
}

/// Whether the history shows that a phase has shipped.
///
/// # Errors
///
/// When the history cannot be read.
pub(super) fn has_shipped(
    git: &Git,
    plan: &str,
    phase: &str,
    convention: &Convention,
) -> Result<bool, GitError> {
    let verdict = judge(git, Claim { plan, phase }, convention)?;
    Ok(verdict.shipped)
}

/// Reads the history, then the footprints of the few commits that may decide.
fn judge(git: &Git, claim: Claim<'_>, convention: &Convention) -> Result<Verdict, GitError> {
    let query = Query { revisions: "HEAD", limit: ship::WINDOW, changes: false };
    let commits = if git.is_unborn()? { Vec::new() } else { git.log(query)? };
    let history: Vec<Entry<'_>> = commits
        .iter()
        .map(|commit| Entry {
            id: &commit.id,
            short_id: &commit.short_id,
            subject: &commit.subject,
            body: &commit.body,
        })
        .collect();
    let candidates = ship::candidates(claim, convention, &history);
    let places = ship::needed(&candidates, &history);
    let ids: Vec<&str> =
        places.iter().filter_map(|place| history.get(*place)).map(|entry| entry.id).collect();
    let footprints: BTreeMap<usize, Footprint> = places
        .iter()
        .copied()
        .zip(git.commits(&ids)?)
        .map(|(place, commit)| {
            let paths = commit.changes.into_iter().map(|change| change.path).collect();
            (place, Footprint { paths })
        })
        .collect();
    Ok(ship::judge(claim, &candidates, &history, &footprints))
}

fn cannot_tell(error: &GitError) -> Failure {
    Failure::Failed(format!("cannot tell: {error}"))
}

/// The JSON answer.
#[derive(Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    verdict: &'a Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    interpretation: Option<&'static str>,
}

fn line(verdict: &Verdict) -> String {
    let token = if verdict.shipped { "SHIPPED" } else { "NOT_SHIPPED" };
    let sha = verdict.sha.as_deref().map(|sha| format!(" {sha}")).unwrap_or_default();
    let reason = verdict.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let Verdict { plan, phase, source, .. } = verdict;
    format!("{token} {plan} {phase}{sha} (via {source}){reason}")
}

fn plainly(verdict: &Verdict) -> String {
    let phase = &verdict.phase;
    if verdict.shipped {
        format!(
            "Probably: a commit that changed files says that `{phase}` is done. Look at the result: this shows that something was added, not that it works."
        )
    } else {
        format!("Not yet: no commit shows that `{phase}` was added.")
    }
}

fn interpretation(verdict: &Verdict) -> &'static str {
    match (verdict.shipped, &verdict.sha) {
        (true, _) => {
            "build on it: a commit stamps the phase, changed files and stands; whether the work is right is another question"
        }
        (false, Some(_)) => "treat it as not done: the commit that names the phase does not count",
        (false, None) => "treat it as not done, whatever was reported: no commit names the phase",
    }
}
