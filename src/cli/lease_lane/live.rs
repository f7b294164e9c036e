//! `dosd lease-lane live`: who holds which lane. It only reads.

use crate::cli::context::read_journal;
use crate::cli::server::Side;
use crate::cli::{Context, Exit, Failure, Layout, Output};
use clap::Args;
use dosd_actors::journal::scan;
use dosd_kernel::lane::LaneFold;

const EXAMPLES: &str = "\
Examples:
  dosd lease-lane live
  dosd lease-lane live --pretty --workspace /srv/fleet
  dosd lease-lane live --server https://fleet.example";

/// Print the leases that are held, in the order of their first grant, as a JSON array
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Indent the JSON
    #[arg(long)]
    pretty: bool,
}

impl Arguments {
    pub(super) fn execute(&self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        let layout = Layout::pretty(self.pretty);
        match context.side()? {
            Side::Here => live(context, layout, output),
            Side::There(daemon) => {
                output.json(&daemon.leases()?, layout);
                Ok(Exit::SUCCESS)
            }
        }
    }
}

/// Prints the live leases of this workspace.
pub(in crate::cli) fn live(
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
