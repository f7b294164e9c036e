//! `dosd lease-lane heartbeat` and `release`: what the holder of a lease says about it.

use crate::cli::exit::note;
use crate::cli::lane_request::{PATIENCE, ask, print};
use crate::cli::server::Side;
use crate::cli::{Context, Exit, Failure, Layout, Output};
use crate::remote::RemoteError;
use clap::Args;
use dosd_kernel::Map;
use dosd_kernel::lane::{BeatLane, LaneRequest, ReleaseLane};
use serde_json::{Value, json};

const HEARTBEAT_EXAMPLES: &str = "\
Examples:
  dosd lease-lane heartbeat --lane src --owner me
  dosd lease-lane heartbeat --lane src --owner me --coalesce-within-s 60
  dosd lease-lane heartbeat --lane src --owner me --fence 17 --server https://fleet.example

Exit codes:
  0 the lease is kept, 1 there is no such lease of this owner, 75 somebody keeps the lease lock";

const RELEASE_EXAMPLES: &str = "\
Examples:
  dosd lease-lane release --lane src --owner me
  dosd lease-lane release --lane src --owner me --loop-ts 2026-11-22T10:00:00Z
  dosd lease-lane release --lane src --owner me --fence 17 --server https://fleet.example

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
    /// The fencing number of its grant, as `acquire` printed it; a server wants it
    #[arg(long, value_name = "N")]
    fence: Option<u64>,
}

impl Lease {
    /// The fencing number, for a server: a holder who was away for long, and has the name of the
    /// next one, must not speak for it.
    fn fence(&self) -> Result<u64, Failure> {
        if !self.loop_ts.is_empty() {
            return Err(Failure::Usage(
                "a server knows a lease by its fencing number\n  help: pass --fence, and leave out --loop-ts"
                    .to_owned(),
            ));
        }
        self.fence.ok_or_else(|| {
            Failure::Usage(
                "a server wants the fencing number of the lease\n  help: pass the `fence` that `dosd lease-lane acquire --server` printed as --fence N"
                    .to_owned(),
            )
        })
    }
}

impl Heartbeat {
    pub(super) fn execute(self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        let coalesce_within_s = self.coalesce_within_s;
        match context.side()? {
            Side::Here => {
                let Lease { lane, owner, loop_ts, fence } = self.lease;
                let request = BeatLane { lane, owner, loop_ts, fence, coalesce_within_s };
                rule(context, LaneRequest::Heartbeat(request), output)
            }
            Side::There(daemon) => {
                let (fence, Lease { lane, owner, .. }) = (self.lease.fence()?, self.lease);
                let beaten = daemon.beat(&lane, &owner, fence, coalesce_within_s);
                tell(beaten, || json!({"beat": false, "lane": lane, "owner": owner}), output)
            }
        }
    }
}

impl Release {
    pub(super) fn execute(self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        match context.side()? {
            Side::Here => {
                let Lease { lane, owner, loop_ts, fence } = self.lease;
                let request = ReleaseLane { lane, owner, loop_ts, fence };
                rule(context, LaneRequest::Release(request), output)
            }
            Side::There(daemon) => {
                let (fence, Lease { lane, owner, .. }) = (self.lease.fence()?, self.lease);
                let released = daemon.release(&lane, &owner, fence);
                tell(released, || json!({"released": false, "lane": lane, "owner": owner}), output)
            }
        }
    }
}

fn rule(context: &Context, request: LaneRequest, output: &mut Output) -> Result<Exit, Failure> {
    let reply = ask(context, request, PATIENCE)?;
    print(&reply, Layout::Compact, output);
    Ok(super::exit(&reply))
}

/// Prints what a daemon elsewhere says. That there is no such lease is an answer, too; why stands
/// beside it, for people.
fn tell(
    answer: Result<Map, RemoteError>,
    none: impl FnOnce() -> Value,
    output: &mut Output,
) -> Result<Exit, Failure> {
    match answer {
        Ok(kept) => {
            output.json(&kept, Layout::Compact);
            Ok(Exit::SUCCESS)
        }
        Err(error) if error.is_no_such_lease() => {
            note(&error);
            output.json(&none(), Layout::Compact);
            Ok(Exit::NEGATIVE)
        }
        Err(error) => Err(error.into()),
    }
}
