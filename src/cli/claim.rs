//! `dosd claim`: asks the daemon for a verdict. It never judges a claim itself; the daemon does, because only the
//! daemon took the baseline.

use super::context::Context;
use super::exit::{Exit, Failure};
use super::output::{Layout, Output};
use super::server::Side;
use crate::config::parse_duration;
use crate::control::{self, Answer, ClientError, ErrorKind, Refusal, Request};
use clap::Args;
use dosd_actors::witness::Claim;
use dosd_kernel::effect_witness::EffectReport;
use std::time::Duration;

const EXAMPLES: &str = "\
Examples:
  dosd claim orders:42
  dosd claim orders:42 --narrated refunded --json
  dosd claim orders:42 --expect '{\"state\":\"paid\"}'
  dosd claim orders:42 --server https://fleet.example

Exit codes:
  0 CONFIRMED, 1 REFUTED, 3 UNWITNESSED or NO_CLAIM, 70 the daemon cannot be reached;
  with --no-wait: 0 the daemon has the claim";

/// Ask the daemon whether a claimed effect is in the world
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The effect's key, bare or as SURFACE:KEY
    pub key: String,
    /// The claim in the claimant's words; decides nothing
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub narrated: String,
    /// The value that the entity has, as JSON: it is compared, too
    #[arg(long, value_name = "JSON")]
    pub expect: Option<String>,
    /// Do not wait: the verdict goes to the journal alone
    #[arg(long)]
    pub no_wait: bool,
    /// How long to wait for the verdict: more than `timeout` and `settle` of its surface together
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = parse_duration)]
    pub timeout: Duration,
    /// Print the verdict as one JSON object
    #[arg(long)]
    pub json: bool,
}

impl Arguments {
    /// Has the daemon judge the claim, and prints the verdict.
    ///
    /// # Errors
    ///
    /// When there is no daemon, or it gave no verdict.
    pub(super) fn execute(self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        let environment = context.environment();
        let expect = self.expect.as_deref().map(serde_json::from_str).transpose();
        let expect = expect.map_err(|cause| {
            Failure::Usage(format!(
                "--expect is not JSON: {cause}\n  help: a text needs its quotes, like --expect '\"paid\"'"
            ))
        })?;
        let claim = Claim {
            run_id: environment.run_id.clone().unwrap_or_default(),
            lane: environment.lane.clone().unwrap_or_default(),
            key: self.key,
            narrated: self.narrated,
            expect,
        };
        let report = match context.side()? {
            Side::Here => ask_here(context, claim, !self.no_wait, self.timeout)?,
            Side::There(daemon) => daemon.claim(&claim, !self.no_wait, self.timeout)?,
        };
        if let Some(report) = report {
            if self.json {
                output.json(&report, Layout::Compact);
            } else {
                output.line(format_args!("{}: {}", report.verdict.as_str(), report.reason));
            }
            return Ok(Exit::from(report.verdict));
        }
        if self.json {
            output.json(&serde_json::json!({"accepted": true}), Layout::Compact);
        } else {
            output.line("accepted; the verdict goes to the journal");
        }
        Ok(Exit::SUCCESS)
    }
}

/// The verdict of the daemon of this workspace; none when nobody waits for it.
fn ask_here(
    context: &Context,
    claim: Claim,
    wait: bool,
    timeout: Duration,
) -> Result<Option<EffectReport>, Failure> {
    let environment = context.environment();
    let socket = match &environment.socket {
        // A worker is told where its daemon listens, and may work anywhere.
        Some(socket) => environment.cwd.join(socket),
        None => context.workspace()?.socket(environment),
    };
    let Claim { run_id, lane, key, narrated, expect } = claim;
    let request = Request::Claim { run_id, lane, key, narrated, expect, wait };
    let answer = control::call(&socket, &request, timeout)?;
    if let Answer::Claim { report, .. } = answer {
        return Ok(Some(*report));
    }
    if answer == Answer::Accepted { Ok(None) } else { Err(no_answer(answer)) }
}

/// Why an answer is none to what was asked: a refusal, or that of a daemon of another version.
pub(super) fn no_answer(answer: Answer) -> Failure {
    if let Answer::Error(refusal) = answer { refusal.into() } else { unexpected_answer() }
}

/// A daemon of another version.
pub(super) fn unexpected_answer() -> Failure {
    Failure::Failed(
        "the daemon answered something else than was asked\n  help: restart it with this version"
            .to_owned(),
    )
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal.kind {
            ErrorKind::Busy => Self::Busy(refusal.message),
            ErrorKind::UnknownLane | ErrorKind::UnknownExporter => Self::Usage(refusal.message),
            ErrorKind::InvalidRequest | ErrorKind::OtherJournal | ErrorKind::Failed => {
                Self::Failed(refusal.message)
            }
        }
    }
}
