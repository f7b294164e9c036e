//! `dosd top`: the fleet on one screen. On a terminal it is a screen with keys, see `crate::screen`; otherwise one
//! frame of lanes, verdict envelopes and the git history, as the Python tool has it. It changes nothing.

mod camera;
mod local;
mod print;
mod server;
mod source;
mod terminal;

pub(super) use camera::frame;
pub(super) use print::print;

use super::server::Side;
use super::{Context, Exit, Failure, Layout, Output, cadence};
use crate::screen::Look;
use clap::Args;
use source::Source;
use std::io::IsTerminal;
use std::time::Duration;

const EXAMPLES: &str = "\
Examples:
  dosd top
  dosd top --server https://fleet.example
  dosd top --once
  dosd top --json | jq '.lanes[] | {lane, chip}'

On a terminal it is a screen: `?` shows the keys, q leaves. Into a pipe one frame is printed, as with --once.
NO_COLOR and DOS_COLOR=never do without colours.";

/// Looks do not follow each other faster.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(500);

/// Show the fleet: lanes, refuted claims, verdicts, exporters
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Print one frame and end: who holds which lane, recent verdicts and commits
    #[arg(long)]
    once: bool,
    /// Print one frame as a JSON object and end
    #[arg(long)]
    json: bool,
    /// How many seconds between two looks
    #[arg(
        long,
        value_name = "SECONDS",
        default_value = "1",
        value_parser = cadence::seconds,
        allow_negative_numbers = true
    )]
    interval: Duration,
}

impl Arguments {
    pub(super) fn execute(self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        let side = context.side()?;
        if !self.json
            && !self.once
            && std::io::stdout().is_terminal()
            && std::io::stdin().is_terminal()
        {
            let source: Box<dyn Source> = match side {
                Side::Here => Box::new(local::Here::new(context)?),
                Side::There(daemon) => Box::new(server::There::new(*daemon)),
            };
            let environment = context.environment();
            let is_plain = environment.no_color || environment.color.as_deref() == Some("never");
            let look = Look { colours: !is_plain };
            terminal::show(source, self.interval.max(SHORTEST_INTERVAL), look)?;
            return Ok(Exit::SUCCESS);
        }
        match side {
            Side::Here => {
                let frame = frame(context)?;
                if self.json {
                    output.json(&frame, Layout::Indented);
                } else {
                    print(&frame, output);
                }
            }
            // Envelopes and commits are files there, and the picture has more.
            Side::There(daemon) => {
                let overview = daemon.fleet()?;
                if self.json {
                    output.json(&overview, Layout::Indented);
                } else {
                    print::overview(&overview, output);
                }
            }
        }
        Ok(Exit::SUCCESS)
    }
}
