//! `dosd lease-lane`: the leases on lanes.

mod acquire;
mod keep;
mod live;
mod spawn;

use super::{Context, Exit, Failure, Output};
use clap::{Args, Subcommand};
use dosd_kernel::lane::LaneReply;

pub(super) use live::live;

/// Take, keep, give back and show leases: acquire, heartbeat, release, spawn, live
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Acquire(acquire::Arguments),
    Heartbeat(keep::Heartbeat),
    Release(keep::Release),
    Spawn(spawn::Arguments),
    Live(live::Arguments),
}

impl Arguments {
    /// Whether it can ask a daemon behind a network.
    pub(super) fn is_remote(&self) -> bool {
        !matches!(self.verb, Verb::Spawn(_))
    }

    pub(super) fn execute(self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        match self.verb {
            Verb::Acquire(arguments) => arguments.execute(context, output),
            Verb::Heartbeat(arguments) => arguments.execute(context, output),
            Verb::Release(arguments) => arguments.execute(context, output),
            Verb::Spawn(arguments) => arguments.execute(context, output),
            Verb::Live(arguments) => arguments.execute(context, output),
        }
    }
}

/// 0 when what was asked for was done, 1 when it was not.
fn exit(reply: &LaneReply) -> Exit {
    if reply.is_done() { Exit::SUCCESS } else { Exit::NEGATIVE }
}
