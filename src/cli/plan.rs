//! `dosd loop`: what a supervisor would do now, once or again and again. It starts and stops nothing,
//! and writes nothing.

use super::cadence::{self, Cadence};
use super::context::unreadable_journal;
use super::renderer::{self, Renderer};
use super::{Context, Exit, Failure, Layout, Output};
use crate::config::Config;
use crate::follow::Follower;
use clap::Args;
use dosd_actors::port::{Clock, SystemClock};
use dosd_kernel::lane::LaneFold;
use dosd_kernel::population::{self, Item, Plan, Policy};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

const EXAMPLES: &str = "\
Examples:
  dosd loop
  dosd loop --target 4 --json | jq '.spawn[].lane'
  dosd loop --max-concurrency 8 --target 8
  dosd loop --watch --interval 5 --output terse

With --watch a plan is printed every --interval seconds, with --json one object a line, until INT
(Ctrl-C) or TERM; that is an orderly end with code 0.";

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
    /// Print a new plan again and again, until interrupted
    #[arg(long)]
    watch: bool,
    /// How many seconds between two plans of --watch
    #[arg(
        long,
        value_name = "SECONDS",
        default_value = "30",
        value_parser = cadence::seconds,
        allow_negative_numbers = true
    )]
    interval: Duration,
    /// Plan for this time, in milliseconds since 1970 [default: now]
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    now_ms: Option<i64>,
    /// Print the plan and its evidence as one JSON object
    #[arg(long)]
    json: bool,
    /// How to print the plan
    #[arg(long, value_enum, value_name = "NAME")]
    output: Option<Renderer>,
}

impl Arguments {
    pub(super) fn execute(self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        let config = context.config()?;
        let journal = context.workspace()?.lane_journal(&config.paths, context.environment());
        let mut planner = Planner {
            policy: self.policy(&config),
            config,
            journal: Follower::new(journal),
            renderer: renderer::chosen(self.json, self.output),
        };
        let clock = SystemClock::new();
        let now = || self.now_ms.unwrap_or_else(|| clock.now_ms());
        if self.watch {
            // The handlers come first: a signal during the first plan is not lost.
            let mut cadence = Cadence::every(self.interval)?;
            let round = |output: &mut Output| planner.print(now(), output);
            cadence::repeat(&mut cadence, None, output, round)?;
        } else {
            planner.print(now(), output)?;
        }
        Ok(Exit::SUCCESS)
    }

    fn policy(&self, config: &Config) -> Policy {
        let mut policy = config.supervise;
        if let Some(target) = self.target {
            policy.target = target;
        }
        if self.max_concurrency.is_some() {
            policy.max_concurrency = self.max_concurrency;
        }
        policy
    }
}

/// Makes plans over a journal that goes on.
struct Planner {
    config: Config,
    policy: Policy,
    journal: Follower<LaneFold>,
    renderer: Renderer,
}

impl Planner {
    fn plan(&mut self, now_ms: i64) -> Result<Plan, Failure> {
        let followed = self.journal.follow();
        followed.map_err(|cause| unreadable_journal(self.journal.path(), &cause))?;
        let observation = self.journal.state().observe(now_ms);
        let evidence = population::gather(
            &self.config.lanes,
            &observation,
            &BTreeMap::new(),
            &self.policy,
            &self.config.liveness,
        )?;
        Ok(population::supervise(&evidence, &self.policy)?)
    }

    fn print(&mut self, now_ms: i64, output: &mut Output) -> Result<(), Failure> {
        let plan = self.plan(now_ms)?;
        match self.renderer {
            Renderer::Json => output.json(&plan, Layout::Compact),
            Renderer::Terse => output.line(terse(&plan)),
            Renderer::Text => print(&plan, &self.config.worker_launch_template, output),
        }
        Ok(())
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

/// The plan on one line: its verdict, the numbers, and the lanes to act on.
fn terse(plan: &Plan) -> String {
    let mut line =
        format!("{} {}/{}/{}", plan.verdict.as_str(), plan.alive, plan.target, plan.admissible);
    for (action, items) in [
        ("spawn", &plan.spawn),
        ("reap", &plan.reap),
        ("flag", &plan.flag),
        ("halt?", &plan.proposed_halt),
    ] {
        let lanes: Vec<&str> = items.iter().map(|Item { lane, .. }| lane.as_str()).collect();
        if !lanes.is_empty() {
            let _ = write!(line, " {action}={}", lanes.join(","));
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::cadence::{Pace, Wake};
    use serde_json::json;
    use std::cell::{Cell, RefCell};
    use std::rc::Rc;

    /// Says what happens between two rounds, and after how many it ends.
    struct Script<F>(F, usize);

    impl<F: FnMut(usize)> Pace for Script<F> {
        fn wait(&mut self) -> Wake {
            let Some(left) = self.1.checked_sub(1) else { return Wake::Stop };
            self.1 = left;
            (self.0)(left);
            Wake::Again
        }
    }

    #[derive(Clone, Default)]
    struct Printed(Rc<RefCell<Vec<u8>>>);

    impl std::io::Write for Printed {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.borrow_mut().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn each_round_sees_what_was_added_and_what_time_it_is() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lanes.jsonl");
        let mut planner = Planner {
            config: Config::default(),
            policy: Policy::default(),
            journal: Follower::new(path.clone()),
            renderer: Renderer::Terse,
        };
        let now_ms = Cell::new(1_795_348_800_000_i64);
        let acquire = json!({"op": "ACQUIRE", "lane": "main", "loop_ts": "L",
            "acquired_at": "2026-11-22T12:00:00Z", "ts": "2026-11-22T12:00:00Z"});
        let mut pace = Script(
            |left| match left {
                1 => std::fs::write(&path, format!("{acquire}\n")).unwrap(),
                _ => now_ms.set(now_ms.get() + 3_600_000),
            },
            2,
        );
        let printed = Printed::default();
        let mut output = Output::to(printed.clone());
        let round = |output: &mut Output| planner.print(now_ms.get(), output);
        cadence::repeat(&mut pace, None, &mut output, round).unwrap();
        let text = String::from_utf8(printed.0.take()).unwrap();
        assert_eq!(
            text,
            "FILLING 0/1/1 spawn=main\nAT_TARGET 1/1/1\nFILLING 0/1/1 spawn=main reap=main\n"
        );
    }
}
