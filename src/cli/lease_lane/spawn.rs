//! `dosd lease-lane spawn`: put on record that somebody is about to take a lane. It grants nothing.

use crate::cli::lane_request::{PATIENCE, ask, asker, print, run_id};
use crate::cli::{Context, Exit, Failure, Layout, Output};
use clap::Args;
use dosd_kernel::lane::{LaneRequest, NoteSpawn};

const EXAMPLES: &str = "\
Examples:
  dosd lease-lane spawn --lane src
  dosd lease-lane spawn --lane src --owner me --reason night-shift

Exit codes:
  0 recorded, 75 somebody keeps the lease lock";

/// Put on record that somebody is about to take a lane; grants nothing
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The lane
    #[arg(long, value_name = "LANE")]
    lane: String,
    /// Who comes [default: this host and process]
    #[arg(long, value_name = "NAME", default_value = "")]
    owner: String,
    /// The stamp for the lease to come [default: now]
    #[arg(long, value_name = "STAMP", default_value = "")]
    loop_ts: String,
    /// The run [default: `$CID_RUN_ID`, else `$DISPATCH_RUN_ID`]
    #[arg(long, value_name = "RID", default_value = "")]
    run_id: String,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
}

impl Arguments {
    pub(super) fn execute(self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        let request = LaneRequest::Spawn(NoteSpawn {
            run_id: run_id(context, &self.run_id),
            asker: asker(context, self.owner),
            lane: self.lane,
            loop_ts: self.loop_ts,
            reason: self.reason,
        });
        let reply = ask(context, request, PATIENCE)?;
        print(&reply, Layout::Compact, output);
        Ok(super::exit(&reply))
    }
}
