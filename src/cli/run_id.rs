//! `dosd run-id`: new run ids, and what an id says by itself. It records nothing, and reads no record.

use super::run_evidence::parse_run_id;
use super::{Context, Exit, Failure, Layout, Output};
use clap::{Args, Subcommand};
use dosd_actors::port::{Clock, SystemClock};
use dosd_kernel::{run_id, stamp};
use serde::Serialize;

const MINT_EXAMPLES: &str = "\
Examples:
  dosd run-id mint dispatch-loop
  dosd run-id mint fanout --parent RID-1M82S4XZC3MKKR0 --root RID-1M82S4XZC3MKKR0";

const SHOW_EXAMPLES: &str = "\
Examples:
  dosd run-id show RID-1M82S4XZC3MKKR0
  dosd run-id show RID-1M82S4XZC3MKKR0 --json | jq .ts_ms";

/// Make run ids, or read them
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Mint(Mint),
    Show(Show),
}

/// Make a run id with its lineage, as a JSON object; ids sort by time
#[derive(Debug, Args)]
#[command(after_help = MINT_EXAMPLES)]
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

/// Show when a run id was minted
#[derive(Debug, Args)]
#[command(after_help = SHOW_EXAMPLES)]
struct Show {
    /// The run id
    #[arg(value_name = "RUN_ID", allow_hyphen_values = true)]
    run_id: String,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What an id says.
#[derive(Serialize)]
struct Shown<'a> {
    run_id: &'a str,
    ts_ms: i64,
    ts: String,
}

impl Arguments {
    pub(super) fn execute(self, _context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        match self.verb {
            Verb::Mint(mint) => mint.execute(output),
            Verb::Show(show) => show.execute(output),
        }
    }
}

impl Show {
    fn execute(self, output: &mut Output) -> Result<Exit, Failure> {
        let run = parse_run_id(&self.run_id)?;
        let ts_ms = run.ts_ms();
        let shown = Shown { run_id: run.as_str(), ts_ms, ts: stamp::format_ms(ts_ms) };
        if self.json {
            output.json(&shown, Layout::Indented);
        } else {
            output.line(format_args!("{}  minted {} ({} ms)", shown.run_id, shown.ts, shown.ts_ms));
        }
        Ok(Exit::SUCCESS)
    }
}

impl Mint {
    fn execute(self, output: &mut Output) -> Result<Exit, Failure> {
        let mint = self;
        let now_ms = SystemClock::new().now_ms();
        let entropy = fastrand::u64(..);
        let (parent, root) = (mint.parent.as_deref(), mint.root.as_deref());
        let lineage = run_id::mint(now_ms, entropy, &mint.process, parent, root)?;
        output.json(&lineage, Layout::Indented);
        Ok(Exit::SUCCESS)
    }
}
