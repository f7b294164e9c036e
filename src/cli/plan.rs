//! `dosd loop`: what a supervisor would do now. It starts and stops nothing, and writes nothing.

use super::context::read_journal;
use super::{Context, Exit, Failure, Layout, Output};
use clap::Args;
use dosd_actors::journal::scan;
use dosd_actors::port::{Clock, SystemClock};
use dosd_kernel::lane::LaneFold;
use dosd_kernel::population::{self, Plan};
use std::collections::BTreeMap;

const EXAMPLES: &str = "\
Examples:
  dosd loop
  dosd loop --target 4 --json | jq '.spawn[].lane'
  dosd loop --max-concurrency 8 --target 8";

/// Print the plan: which lanes to fill, reap, flag or halt; changes nothing
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// How many workers are wanted [default: `[supervise] target`]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    target: Option<i64>,
    /// Let repeatable lanes hold up to so many workers [default: `[supervise] max_concurrency`]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    max_concurrency: Option<i64>,
    /// Plan for this time, in milliseconds since 1970 [default: now]
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    now_ms: Option<i64>,
    /// Print the plan and its evidence as one JSON object
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub(super) fn execute(self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        let config = context.config()?;
        let mut policy = config.supervise;
        if let Some(target) = self.target {
            policy.target = target;
        }
        if self.max_concurrency.is_some() {
            policy.max_concurrency = self.max_concurrency;
        }
        let mut lanes = LaneFold::default();
        let journal = context.workspace()?.lane_journal(&config.paths, context.environment());
        scan(&read_journal(&journal)?, &mut lanes);
        let observation = lanes.observe(self.now_ms.unwrap_or_else(|| SystemClock::new().now_ms()));
        let evidence = population::gather(
            &config.lanes,
            &observation,
            &BTreeMap::new(),
            &policy,
            &config.liveness,
        )?;
        let plan = population::supervise(&evidence, &policy)?;
        if self.json {
            output.json(&plan, Layout::Compact);
        } else {
            print(&plan, &config.worker_launch_template, output);
        }
        Ok(Exit::SUCCESS)
    }
}

fn print(plan: &Plan, launch: &str, output: &mut Output) {
    output.line(format_args!(
        "{}  {} of {} alive, room for {}",
        plan.verdict.as_str(),
        plan.alive,
        plan.target,
        plan.admissible
    ));
    output.line(&plan.reason);
    for item in &plan.spawn {
        output.line(format_args!("spawn  {}  {}", item.lane, launch.replace("{lane}", &item.lane)));
    }
    for (action, items) in
        [("reap ", &plan.reap), ("flag ", &plan.flag), ("halt?", &plan.proposed_halt)]
    {
        for item in items {
            output.line(format_args!("{action}  {}  {}", item.lane, item.reason));
        }
    }
}
