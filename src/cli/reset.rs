//! `dosd reset`: have the daemon forget how the tries of a lane went, so that it gets a worker again.

use super::lane_request::through_daemon;
use super::{Context, Exit, Failure, Layout, Output};
use crate::control::{Answer, Request};
use clap::Args;
use dosd_actors::supervisor::{LaneReset, Slate};
use std::time::Duration;

const EXAMPLES: &str = "\
Examples:
  dosd reset src
  dosd reset src docs --json
  dosd reset --all

WAS is GAVE_UP, WAITING for its next worker, COUNTED when runs that ended before counted for its next
delay, CLEAN when there was nothing to reset.

Exit codes:
  0 done, also when there was nothing to reset; 2 there is no such lane; 70 no daemon, or it failed;
  75 the daemon is looking its fleet up, try again";

/// Forget a lane's failures and delays, so that it gets a worker again at once
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The lanes
    #[arg(value_name = "LANE", required_unless_present = "all")]
    lanes: Vec<String>,
    /// Every lane that was given up
    #[arg(long, conflicts_with = "lanes")]
    all: bool,
    /// Print one JSON array: lane, was, failures, `wait_ms`
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub(super) fn execute(self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        let request = Request::Reset {
            journal: context.lane_journal()?,
            lanes: (!self.all).then_some(self.lanes),
        };
        let lanes = match through_daemon(context, &request, Duration::ZERO)? {
            Some(Answer::Reset(lanes)) => lanes,
            Some(other) => return Err(super::claim::no_answer(other)),
            None => {
                return Err(Failure::Failed(
                    "no daemon keeps this workspace, so there is nothing to reset\n  help: start `dosd run`; a daemon starts with a clean slate"
                        .to_owned(),
                ));
            }
        };
        if self.json {
            output.json(&lanes, Layout::Compact);
        } else if lanes.is_empty() {
            output.line("no lane was given up");
        } else {
            for lane in &lanes {
                output.line(sentence(lane));
            }
        }
        Ok(Exit::SUCCESS)
    }
}

fn sentence(reset: &LaneReset) -> String {
    let LaneReset { lane, was, failures, wait_ms } = reset;
    let failures = match failures {
        1 => "1 failure".to_owned(),
        failures => format!("{failures} failures"),
    };
    match was {
        Slate::GaveUp => {
            format!("{lane}: was given up after {failures}; it may have a worker again")
        }
        Slate::Waiting => format!(
            "{lane}: was to wait {} ms more, after {failures}; it may have a worker at once",
            wait_ms.unwrap_or_default()
        ),
        Slate::Counted => {
            format!("{lane}: did not wait; its earlier runs, {failures}, count no more")
        }
        Slate::Clean => format!("{lane}: had nothing to reset"),
    }
}
