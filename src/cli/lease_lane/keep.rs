//! `dosd lease-lane heartbeat` and `release`: what the holder of a lease says about it.

use crate::cli::exit::note;
use crate::cli::lane_request::{PATIENCE, ask, print};
use crate::cli::server::Side;
use crate::cli::{Context, Exit, Failure, Layout, Output};
use crate::remote::RemoteError;
use clap::Args;
use dosd_kernel::lane::{BeatLane, Beaten, LaneReply, LaneRequest, ReleaseLane, Released};

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
        let reply = match context.side()? {
            Side::Here => {
                let Lease { lane, owner, loop_ts, fence: _ } = self.lease;
                let request = BeatLane { lane, owner, loop_ts, coalesce_within_s };
                ask(context, LaneRequest::Heartbeat(request), PATIENCE)?
            }
            Side::There(daemon) => {
                let (fence, Lease { lane, owner, .. }) = (self.lease.fence()?, self.lease);
                let beaten = daemon.beat(&lane, &owner, fence, coalesce_within_s);
                LaneReply::Heartbeat(or_no_lease(beaten, || Beaten { beat: false, lane, owner })?)
            }
        };
        told(&reply, output)
    }
}

impl Release {
    pub(super) fn execute(self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        let reply = match context.side()? {
            Side::Here => {
                let Lease { lane, owner, loop_ts, fence: _ } = self.lease;
                let request = ReleaseLane { lane, owner, loop_ts };
                ask(context, LaneRequest::Release(request), PATIENCE)?
            }
            Side::There(daemon) => {
                let (fence, Lease { lane, owner, .. }) = (self.lease.fence()?, self.lease);
                let released = daemon.release(&lane, &owner, fence);
                LaneReply::Release(or_no_lease(released, || Released {
                    released: false,
                    lane,
                    owner,
                })?)
            }
        };
        told(&reply, output)
    }
}

/// That there is no such lease is an answer. Why stands beside it, for people.
fn or_no_lease<T>(answer: Result<T, RemoteError>, none: impl FnOnce() -> T) -> Result<T, Failure> {
    match answer {
        Err(error) if error.is_no_such_lease() => {
            note(&error);
            Ok(none())
        }
        answer => Ok(answer?),
    }
}

fn told(reply: &LaneReply, output: &mut Output) -> Result<Exit, Failure> {
    print(reply, Layout::Compact, output);
    Ok(super::exit(reply))
}
