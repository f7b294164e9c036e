//! `dosd witness`: one claim against two snapshots of a state, read from files. It never takes a
//! snapshot from standard input: bytes that the claimant could have pasted are no evidence.

mod live;

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
  dosd witness order-42 --surface orders --run RID-1M82XX6EF84CY7Z

Each file holds one JSON object, entity key to value, written by the store and not by the claimant.
With --surface and --run the snapshots are the baseline of an open run and the surface as it is now.

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
    #[arg(long, value_name = "FILE", required_unless_present = "surface")]
    before: Option<PathBuf>,
    /// The snapshot from after
    #[arg(long, value_name = "FILE", required_unless_present = "surface")]
    after: Option<PathBuf>,
    /// A surface of this workspace, instead of files
    #[arg(long, value_name = "NAME", requires = "run")]
    #[arg(conflicts_with_all = ["before", "after", "third_party"])]
    surface: Option<String>,
    /// The open run whose baseline counts
    #[arg(long, value_name = "RUN_ID", requires = "surface")]
    run: Option<String>,
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
        let claim =
            Claim { key: self.key.clone(), subject: String::new(), narrated: self.narrated };
        let (Some(before), Some(after)) = (&self.before, &self.after) else {
            let (surface, run) = (self.surface.unwrap_or_default(), self.run.unwrap_or_default());
            let (report, tally) = live::witness(context, &claim, &surface, &run)?;
            let exit = Exit::from(report.verdict);
            if self.json {
                output.json(&live::Answer::of(report, tally.as_ref()), Layout::Indented);
            } else {
                let counts = tally.as_ref().map(|it| (it.inserted, it.updated, it.deleted));
                print(&self.key, &report, counts, output);
            }
            return Ok(exit);
        };
        let cwd = &context.environment().cwd;
        let (report, delta) = match (read(&cwd.join(before)), read(&cwd.join(after))) {
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
            let counts = delta.as_ref().map(|delta| {
                let count = |keys: &[String]| keys.len() as u64;
                (count(&delta.inserted), count(&delta.updated), count(&delta.deleted))
            });
            print(&self.key, &report, counts, output);
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

/// `counts` are those of the inserted, the updated and the deleted keys, if they are known.
fn print(key: &str, report: &EffectReport, counts: Option<(u64, u64, u64)>, output: &mut Output) {
    output.line(format_args!("EFFECT    {key}"));
    match counts {
        Some((inserted, updated, deleted)) => {
            output.line(format_args!("DELTA     +{inserted} ~{updated} -{deleted}"));
        }
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
