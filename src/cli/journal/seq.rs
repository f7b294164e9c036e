//! `dosd journal seq`: the number of the newest row.

use crate::cli::context::read_journal;
use crate::cli::{Context, Exit, Failure, Output};
use clap::Args;
use dosd_actors::journal::scan;
use dosd_kernel::fold::Fold;
use dosd_kernel::lane::LaneFold;

const EXAMPLES: &str = "\
Examples:
  dosd journal seq
  dosd journal seq --workspace /srv/fleet";

/// Print the highest row number of the lane journal; 0 when it is empty
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {}

impl Arguments {
    pub(super) fn execute(self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        let Self {} = self;
        let mut lanes = LaneFold::default();
        scan(&read_journal(&context.lane_journal()?)?, &mut lanes);
        output.line(lanes.highest_seq());
        Ok(Exit::SUCCESS)
    }
}
