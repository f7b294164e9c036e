//! `dosd lease-lane heartbeat` and `release`: what the holder of a lease says about it.

use crate::cli::lane_request::{PATIENCE, ask, print};
use crate::cli::{Context, Exit, Failure, Layout, Output};
use clap::Args;
use dosd_kernel::lane::{BeatLane, LaneRequest, ReleaseLane};

const HEARTBEAT_EXAMPLES: &str = "\
Examples:
  dosd lease-lane heartbeat --lane src --owner me
  dosd lease-lane heartbeat --lane src --owner me --coalesce-within-s 60

Exit codes:
  0 the lease is kept, 1 there is no such lease of this owner, 75 somebody keeps the lease lock";

const RELEASE_EXAMPLES: &str = "\
Examples:
  dosd lease-lane release --lane src --owner me
  dosd lease-lane release --lane src --owner me --loop-ts 2026-11-22T10:00:00Z

Exit codes:
  0 given back, 1 there is no such lease of this owner, 75 somebody keeps the lease lock";

/// Say that the holder of a lease lives
#[derive(Debug, Args)]
#[command(after_help = HEARTBEAT_EXAMPLES)]
pub(super) struct Heartbeat {
    #[command(flatten)]
    lease: Lease,
    /// Write nothing when the newest beat is younger than this
    #[arg(long, value_name = "SECONDS", default_value_t = 0.0)]
    coalesce_within_s: f64,
}

/// Give a lease back
#[derive(Debug, Args)]
#[command(after_help = RELEASE_EXAMPLES)]
pub(super) struct Release {
    #[command(flatten)]
    lease: Lease,
}

/// Which lease.
#[derive(Debug, Args)]
struct Lease {
    /// Its lane
    #[arg(long, value_name = "LANE")]
    lane: String,
    /// Who holds it
    #[arg(long, value_name = "NAME")]
    owner: String,
    /// Its stamp [default: the newest lease of this owner on the lane]
    #[arg(long, value_name = "STAMP", default_value = "")]
    loop_ts: String,
}

impl Heartbeat {
    pub(super) fn execute(self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        let Lease { lane, owner, loop_ts } = self.lease;
        let coalesce_within_s = self.coalesce_within_s;
        let request = BeatLane { lane, owner, loop_ts, fence: None, coalesce_within_s };
        rule(context, LaneRequest::Heartbeat(request), output)
    }
}

impl Release {
    pub(super) fn execute(self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        let Lease { lane, owner, loop_ts } = self.lease;
        rule(
            context,
            LaneRequest::Release(ReleaseLane { lane, owner, loop_ts, fence: None }),
            output,
        )
    }
}

fn rule(context: &Context, request: LaneRequest, output: &mut Output) -> Result<Exit, Failure> {
    let reply = ask(context, request, PATIENCE)?;
    print(&reply, Layout::Compact, output);
    Ok(super::exit(&reply))
}
