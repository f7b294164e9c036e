//! `dosd lease-lane`: the leases on lanes. Here it only reads them.

use super::context::read_journal;
use super::{Context, Exit, Failure, Layout, Output};
use clap::{Args, Subcommand};
use dosd_actors::journal::scan;
use dosd_kernel::lane::LaneFold;

const LIVE_EXAMPLES: &str = "\
Examples:
  dosd lease-lane live
  dosd lease-lane live --pretty --workspace /srv/fleet";

/// Show who holds which lane: live
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Live(Live),
}

/// Print the leases that are held, in the order of their first grant, as a JSON array
#[derive(Debug, Args)]
#[command(after_help = LIVE_EXAMPLES)]
struct Live {
    /// Indent the JSON
    #[arg(long)]
    pretty: bool,
}

impl Arguments {
    pub(super) fn execute(self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        let Verb::Live(Live { pretty }) = self.verb;
        live(context, if pretty { Layout::Indented } else { Layout::Compact }, output)
    }
}

/// Prints the live leases.
pub(super) fn live(
    context: &Context,
    layout: Layout,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let mut lanes = LaneFold::default();
    scan(&read_journal(&context.lane_journal()?)?, &mut lanes);
    let leases: Vec<_> = lanes.leases().map(|lease| lease.fields()).collect();
    output.json(&leases, layout);
    Ok(Exit::SUCCESS)
}
