//! `dosd lease-lane acquire`: ask the arbiter for a lane, and hold it when it says yes.

use crate::cli::exit::note_json;
use crate::cli::lane_request::{ask, asker, print, run_id};
use crate::cli::server::Side;
use crate::cli::{Context, Exit, Failure, Layout, Output};
use crate::host;
use crate::remote::WantedLease;
use clap::Args;
use dosd_kernel::Map;
use dosd_kernel::lane::{AcquireLane, LaneReply, LaneRequest};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;

const EXAMPLES: &str = "\
Examples:
  dosd lease-lane acquire --lane src --kind cluster --owner me
  dosd lease-lane acquire --owner me
  dosd lease-lane acquire --lane fix-7 --kind keyword --tree src/** docs/** --owner me --pretty
  dosd lease-lane acquire --lane src --owner me --server https://fleet.example

With --server the answer has a `fence`: what heartbeat and release want as --fence.

Exit codes:
  0 acquired, 1 refused (on record), 4 somebody keeps the lease lock, 70 the tool failed";

/// Ask for a lane, and hold a lease on it when it is granted
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The lane; none picks a free one
    #[arg(long, value_name = "LANE", default_value = "")]
    lane: String,
    /// `cluster`, `keyword`, `global`, or the name of an exclusive lane
    #[arg(long, value_name = "KIND", default_value = "")]
    kind: String,
    /// The paths to work on [default: those of the lane]
    #[arg(long, value_name = "GLOB", num_args = 0..)]
    tree: Vec<String>,
    /// Who will hold the lease
    #[arg(long, value_name = "NAME")]
    owner: String,
    /// The run that will hold it [default: `$CID_RUN_ID`, else `$DISPATCH_RUN_ID`]
    #[arg(long, value_name = "RID", default_value = "")]
    run_id: String,
    /// The stamp of the lease's identity [default: now]
    #[arg(long, value_name = "STAMP", default_value = "")]
    loop_ts: String,
    /// More live leases, as a JSON array of objects
    #[arg(long, value_name = "JSON", default_value = "")]
    leases: String,
    /// How often a busy lease lock is tried again
    #[arg(long, value_name = "N", default_value_t = 5)]
    retries: u32,
    /// The time between two tries, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 0.2)]
    retry_interval: f64,
    /// Indent the JSON
    #[arg(long)]
    pretty: bool,
}

impl Arguments {
    pub(super) fn execute(self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        let layout = Layout::pretty(self.pretty);
        let lane = self.lane.clone();
        let patience = patience(self.retries, self.retry_interval)?;
        let ruled = match context.side()? {
            Side::Here => ask(context, LaneRequest::Acquire(self.request(context)?), patience),
            Side::There(daemon) => {
                let granted = daemon.acquire(&self.wanted(context)?);
                granted.map(LaneReply::Acquire).map_err(Failure::from)
            }
        };
        match ruled {
            Ok(reply) => {
                print(&reply, layout, output);
                Ok(super::exit(&reply))
            }
            Err(Failure::Busy(reason)) => {
                note_json(&json!({"outcome": "lock-busy", "lane": lane, "reason": reason}));
                Ok(Exit::LOCK_BUSY)
            }
            Err(failure) => Err(failure),
        }
    }

    /// The same for a daemon behind a network, which knows its lanes and leases by itself.
    fn wanted(self, context: &Context) -> Result<WantedLease, Failure> {
        if !self.leases.is_empty() {
            return Err(Failure::Usage(
                "a server knows the leases that there are\n  help: leave out --leases, or --server"
                    .to_owned(),
            ));
        }
        Ok(WantedLease {
            run_id: run_id(context, &self.run_id),
            owner: self.owner,
            lane: self.lane,
            kind: self.kind,
            tree: self.tree,
            loop_ts: self.loop_ts,
            host_id: host::host_id(context.environment()),
        })
    }

    fn request(self, context: &Context) -> Result<AcquireLane, Failure> {
        let leases = leases(&self.leases)?;
        let config = context.config()?;
        let tree = match self.tree {
            tree if tree.is_empty() => config.lanes.tree(&self.lane).to_vec(),
            tree => tree,
        };
        Ok(AcquireLane {
            run_id: run_id(context, &self.run_id),
            asker: asker(context, self.owner),
            lane: self.lane,
            kind: self.kind,
            tree,
            loop_ts: self.loop_ts,
            fenced: false,
            leases,
            lanes: config.lanes,
            overlap: config.overlap,
            budgets: BTreeMap::new(),
        })
    }
}

/// How long the lock is waited for in all.
fn patience(retries: u32, interval: f64) -> Result<Duration, Failure> {
    let patience = Duration::try_from_secs_f64(interval * f64::from(retries));
    patience.map_err(|_| {
        Failure::Usage(format!(
            "`--retry-interval {interval}` is no time to wait\n  help: pass seconds, as 0.2"
        ))
    })
}

fn leases(json: &str) -> Result<Vec<Map>, Failure> {
    if json.is_empty() {
        return Ok(Vec::new());
    }
    serde_json::from_str(json).map_err(|error| {
        Failure::Usage(format!(
            "`--leases` is no array of leases: {error}\n  help: pass what `dosd lease-lane live` prints"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::{leases, patience};
    use std::time::Duration;

    #[test]
    fn the_patience_is_all_tries_together() {
        assert_eq!(patience(5, 0.2).unwrap(), Duration::from_secs(1));
        assert_eq!(patience(0, 9.0).unwrap(), Duration::ZERO);
        for interval in [-1.0, f64::NAN, f64::INFINITY] {
            assert!(patience(5, interval).is_err(), "{interval}");
        }
    }

    #[test]
    fn leases_are_objects() {
        assert!(leases("").unwrap().is_empty() && leases("[]").unwrap().is_empty());
        assert_eq!(leases("[{\"lane\":\"a\"}]").unwrap()[0]["lane"], "a");
        for bad in ["{", "{}", "[1]", "null"] {
            assert!(leases(bad).is_err(), "{bad}");
        }
    }
}
