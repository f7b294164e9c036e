//! `dosd logs`: what the workers of a lane have printed, from the files that their helpers keep.

mod reel;

use super::cadence::{self, Cadence};
use super::{Context, Exit, Failure, Layout, Output};
use clap::Args;
use reel::Reel;
use serde::Serialize;
use std::io::IsTerminal as _;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

const EXAMPLES: &str = "\
Examples:
  dosd logs src
  dosd logs src --follow
  dosd logs src --all --json | jq -r .line

On a terminal control characters are shown as escapes; elsewhere the output comes as it is.";

/// How often new output is looked for.
const INTERVAL: Duration = Duration::from_millis(200);

/// Print what the workers of a lane have printed: the newest run, one run, or all
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The lane
    lane: String,
    /// Go on with what is printed, by this worker and the next ones, until interrupted
    #[arg(short, long)]
    follow: bool,
    /// Print this run
    #[arg(long, value_name = "RID", conflicts_with = "all")]
    run: Option<String>,
    /// Print all runs that are kept, oldest first
    #[arg(long)]
    all: bool,
    /// Print one JSON object a line: lane, `run_id`, line
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub(super) fn execute(self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        let directory = directory(&context.workspace()?.logs_dir(), &self.lane)?;
        let unreadable = |cause: std::io::Error| {
            Failure::Failed(format!(
                "cannot read `{}`: {cause}\n  help: make it readable for this user",
                directory.display()
            ))
        };
        let newest = Reel::new(directory.clone(), None).newest_run().map_err(unreadable)?;
        if newest.is_none() && !self.follow {
            return Err(Failure::Usage(format!(
                "no output of lane `{}` is kept\n  help: see which lanes have workers with `dosd ps`",
                self.lane
            )));
        }
        let mut printer = Printer::new(self.lane, self.json);
        // With --follow the next run goes on where this one ends.
        let first = if self.all { None } else { self.run.clone().or(newest) };
        let mut reel = Reel::new(directory.clone(), self.run);
        let mut is_on = first.is_none();
        let mut round = |output: &mut Output| {
            reel.read_on(|run_id, bytes| {
                is_on = is_on || first.as_deref() == Some(run_id);
                if is_on {
                    printer.print(run_id, bytes, output);
                }
            })
            .map_err(unreadable)
        };
        if self.follow {
            cadence::repeat(&mut Cadence::every(INTERVAL)?, None, output, round)?;
        } else {
            round(output)?;
        }
        printer.finish(output);
        Ok(Exit::SUCCESS)
    }
}

/// The lane's directory. A name that leads elsewhere is no lane.
fn directory(logs: &Path, lane: &str) -> Result<PathBuf, Failure> {
    let is_name = |part: Component<'_>| matches!(part, Component::Normal(_));
    if lane.is_empty() || !Path::new(lane).components().all(is_name) {
        return Err(Failure::Usage(format!(
            "`{lane}` is no lane\n  help: pass a lane's name as `dosd ps` shows it"
        )));
    }
    Ok(logs.join(lane))
}

/// A line for programs.
#[derive(Serialize)]
struct Printed<'a> {
    lane: &'a str,
    run_id: &'a str,
    line: &'a str,
}

/// Puts pieces of output together to lines, where lines are asked for.
struct Printer {
    lane: String,
    json: bool,
    raw: bool,
    /// A line that is not whole yet, and whose it is.
    begun: (String, Vec<u8>),
}

impl Printer {
    fn new(lane: String, json: bool) -> Self {
        let raw = !json && !std::io::stdout().is_terminal();
        Self { lane, json, raw, begun: (String::new(), Vec::new()) }
    }

    fn print(&mut self, run_id: &str, bytes: &[u8], output: &mut Output) {
        if self.raw {
            return output.bytes(bytes);
        }
        if self.begun.0 != run_id {
            self.finish(output);
            run_id.clone_into(&mut self.begun.0);
        }
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.begun.1.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                self.finish(output);
            }
        }
    }

    /// Prints the line that was begun.
    fn finish(&mut self, output: &mut Output) {
        let (run_id, bytes) = &mut self.begun;
        if bytes.is_empty() {
            return;
        }
        let text = String::from_utf8_lossy(bytes);
        let line = text.trim_end_matches(['\n', '\r']);
        if self.json {
            output.json(&Printed { lane: &self.lane, run_id, line }, Layout::Compact);
        } else {
            output.line(line);
        }
        bytes.clear();
    }
}
