//! `dosd journal`: reading, checking, salvaging and compacting the journals.

mod salvage;
mod seq;
mod tail;
mod verify;
mod which;

use super::{Context, Exit, Failure, Layout, Output, compact};
use clap::{Args, Subcommand};

const REPLAY_EXAMPLES: &str = "\
Examples:
  dosd journal replay
  dosd journal replay --workspace /srv/fleet | jq '.[].lane'";

/// Read, check and compact the journals: tail, replay, seq, verify, salvage, compact
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Tail(tail::Arguments),
    Replay(Replay),
    Seq(seq::Arguments),
    Verify(verify::Arguments),
    Salvage(salvage::Arguments),
    Compact(compact::Arguments),
}

/// Print the live leases that the lane journal adds up to, as an indented JSON array
#[derive(Debug, Args)]
#[command(after_help = REPLAY_EXAMPLES)]
struct Replay {}

impl Arguments {
    pub(super) fn execute(self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        match self.verb {
            Verb::Tail(arguments) => arguments.execute(context, output),
            Verb::Replay(Replay {}) => super::lease_lane::live(context, Layout::Indented, output),
            Verb::Seq(arguments) => arguments.execute(context, output),
            Verb::Verify(arguments) => arguments.execute(context, output),
            Verb::Salvage(arguments) => arguments.execute(context, output),
            Verb::Compact(arguments) => arguments.execute(context, output),
        }
    }
}
