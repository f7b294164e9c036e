//! `dosd witness`: one claim against two snapshots of a state, read from files. It never takes a
//! snapshot from standard input: bytes that the claimant could have pasted are no evidence.

use super::{Context, Exit, Failure, Layout, Output};
use clap::Args;
use dosd_kernel::effect_witness::{self, Claim, EffectReport};
use dosd_kernel::evidence::Accountability;
use dosd_kernel::state_diff::{self, Snapshot, StateDelta};
use serde::Serialize;
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "\
Examples:
  dosd witness order-42 --before monday.json --after tuesday.json
  dosd witness order-42 --before monday.json --after tuesday.json --third-party --json

Each file holds one JSON object, entity key to value, written by the store and not by the claimant.

Exit codes:
  0 CONFIRMED, 1 REFUTED, 3 UNWITNESSED or NO_CLAIM (a file that cannot be read too)";

/// Check a claimed effect against a state's snapshots from before and after
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The entity that the claim says was made or changed
    #[arg(allow_hyphen_values = true)]
    key: String,
    /// The snapshot from before
    #[arg(long, value_name = "FILE")]
    before: PathBuf,
    /// The snapshot from after
    #[arg(long, value_name = "FILE")]
    after: PathBuf,
    /// The claim in the claimant's words; shown, never believed
    #[arg(long, value_name = "TEXT", default_value = "")]
    narrated: String,
    /// The snapshots come from somebody else's system, not from files of this machine
    #[arg(long)]
    third_party: bool,
    /// Print the verdict and the difference as one JSON object
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub(super) fn execute(self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        let cwd = &context.environment().cwd;
        let claim =
            Claim { key: self.key.clone(), subject: String::new(), narrated: self.narrated };
        let (report, delta) = match (read(&cwd.join(&self.before)), read(&cwd.join(&self.after))) {
            (Ok(before), Ok(after)) => {
                let rung = if self.third_party {
                    Accountability::ThirdParty
                } else {
                    Accountability::OsRecorded
                };
                let delta = state_diff::diff(&before, &after);
                let fact = state_diff::fact(&delta, &claim, rung, state_diff::SOURCE_NAME)?;
                (effect_witness::join(&claim, &[fact]), Some(delta))
            }
            (Err(unreadable), _) | (_, Err(unreadable)) => {
                // No reading is no evidence: never the same as an empty state, which would refute.
                let mut report = effect_witness::join(&claim, &[]);
                report.reason = unreadable;
                (report, None)
            }
        };
        let exit = Exit::from(report.verdict);
        if self.json {
            output.json(&Answer { report, delta }, Layout::Indented);
        } else {
            print(&self.key, &report, delta.as_ref(), output);
        }
        Ok(exit)
    }
}

/// The JSON answer; no delta when a snapshot could not be read.
#[derive(Serialize)]
struct Answer {
    #[serde(flatten)]
    report: EffectReport,
    #[serde(skip_serializing_if = "Option::is_none")]
    delta: Option<StateDelta>,
}

fn print(key: &str, report: &EffectReport, delta: Option<&StateDelta>, output: &mut Output) {
    output.line(format_args!("EFFECT    {key}"));
    match delta {
        Some(delta) => output.line(format_args!(
            "DELTA     +{} ~{} -{}",
            delta.inserted.len(),
            delta.updated.len(),
            delta.deleted.len()
        )),
        None => output.line("DELTA     unknown"),
    }
    output.line(format_args!("VERDICT   {}", report.verdict.as_str()));
    let witness = if report.witness.is_empty() { "none" } else { &report.witness };
    let rung = report.accountability.map_or("-", Accountability::as_str);
    output.line(format_args!("WITNESS   {witness} ({rung})"));
    output.line(format_args!("WHY       {}", report.reason));
}

/// One snapshot, or why it cannot be seen.
fn read(path: &Path) -> Result<Snapshot, String> {
    let unreadable = |cause: String| {
        format!("cannot tell: the snapshot `{}` is not readable: {cause}", path.display())
    };
    let bytes = std::fs::read(path).map_err(|cause| unreadable(cause.to_string()))?;
    serde_json::from_slice(&bytes).map_err(|cause| unreadable(cause.to_string()))
}
