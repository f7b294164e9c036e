//! `dosd run-id`: new run ids. It records nothing.

use super::{Context, Exit, Failure, Layout, Output};
use clap::{Args, Subcommand};
use dosd_actors::port::{Clock, SystemClock};
use dosd_kernel::run_id;

const EXAMPLES: &str = "\
Examples:
  dosd run-id mint dispatch-loop
  dosd run-id mint fanout --parent RID-1M82S4XZC3MKKR0 --root RID-1M82S4XZC3MKKR0";

/// Make run ids
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Mint(Mint),
}

/// Make a run id with its lineage, as a JSON object; ids sort by time
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
struct Mint {
    /// The repeatable process that this run is one run of; `PROC-` is put before it
    #[arg(value_parser = clap::builder::NonEmptyStringValueParser::new())]
    process: String,
    /// The run that starts this one [default: none, this run is a root]
    #[arg(long, value_name = "RUN_ID")]
    parent: Option<String>,
    /// The run at the top of the lineage [default: this one]
    #[arg(long, value_name = "RUN_ID")]
    root: Option<String>,
}

impl Arguments {
    pub(super) fn execute(self, _context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        let Verb::Mint(mint) = self.verb;
        let now_ms = SystemClock::new().now_ms();
        let entropy = fastrand::u64(..);
        let (parent, root) = (mint.parent.as_deref(), mint.root.as_deref());
        let lineage = run_id::mint(now_ms, entropy, &mint.process, parent, root)?;
        output.json(&lineage, Layout::Indented);
        Ok(Exit::SUCCESS)
    }
}
