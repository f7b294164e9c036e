//! `dosd watch`: looks after named runs, once or again and again, and proposes to halt those that are
//! stuck. A proposal is a HALT row in the lane journal; it never stops anything.

mod look;
mod propose;

use super::cadence::{self, Cadence};
use super::exit::note;
use super::lane_commits::LaneCommits;
use super::renderer::{self, Renderer};
use super::{Context, Exit, Failure, Layout, Output};
use crate::follow::Follower;
use crate::git::Git;
use clap::Args;
use dosd_actors::port::{Clock, SystemClock};
use dosd_kernel::lane::{Lease, OpenRun};
use dosd_kernel::watchdog::{Policy, Report, TrackedRun, Watchdog};
use look::{Lookout, Sources};
use std::collections::BTreeSet;
use std::time::Duration;

const EXAMPLES: &str = "\
Examples:
  dosd watch --discover
  dosd watch --track RID-1M82S4XZC3MKKR0:4f2c1ab:docs:2026-11-22T10:00:00Z:4711 --json
  dosd watch --discover --watch --interval 60 --budget-ms 7200000

A run is RUN_ID[:START_SHA[:LANE[:LOOP_TS[:HANDLE]]]]; a LOOP_TS that cannot be told from a HANDLE of
two digits stands in brackets, as [2026-11-22T10:00]:42.

Exit codes:
  0 looked, whatever was found, or interrupted; 2 there is no run to watch";

/// Look after runs, and propose to halt those that are stuck; stops nothing
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// A run to watch; may be given again
    #[arg(long, value_name = "SPEC")]
    track: Vec<TrackedRun>,
    /// Watch every live lease too that says when its run began
    #[arg(long)]
    discover: bool,
    /// Leave a stalled run alone until it is so old [default: no age]
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    budget_ms: Option<i64>,
    /// The command that would stop a run of --track; shown and journalled, never run
    #[arg(long, value_name = "COMMAND", default_value = "", hide_default_value = true)]
    command: String,
    /// How long a run is not proposed again
    #[arg(
        long,
        value_name = "MS",
        default_value_t = Policy::default().repropose_ms,
        allow_negative_numbers = true
    )]
    repropose_ms: i64,
    /// Look again and again, until interrupted
    #[arg(long)]
    watch: bool,
    /// Look so many times
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    max_ticks: Option<i64>,
    /// How many seconds between two looks
    #[arg(
        long,
        value_name = "SECONDS",
        default_value = "300",
        value_parser = cadence::seconds,
        allow_negative_numbers = true
    )]
    interval: Duration,
    /// Look as of this time, in milliseconds since 1970 [default: now]
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    now_ms: Option<i64>,
    /// Print what was found as one JSON object a look
    #[arg(long)]
    json: bool,
    /// How to print what was found
    #[arg(long, value_enum, value_name = "NAME")]
    output: Option<Renderer>,
}

impl Arguments {
    pub(super) fn execute(self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        if self.track.is_empty() && !self.discover {
            return Err(nothing_to_watch("no run is named"));
        }
        let (config, workspace) = (context.config()?, context.workspace()?);
        let journal = workspace.lane_journal(&config.paths, context.environment());
        let git = Git::at(workspace.root());
        let mut told = BTreeSet::new();
        let policy = Policy { budget_ms: self.budget_ms, repropose_ms: self.repropose_ms };
        let mut lookout = Lookout {
            journal: Follower::new(journal),
            liveness: config.liveness,
            watchdog: Watchdog::new(policy),
            tracked: self.tracked(),
            discover: self.discover,
        };
        let mut sources = Sources {
            commits_since: |start: &str| {
                git.count_since(start).unwrap_or_else(|error| {
                    // As long as git says nothing, the journal alone counts.
                    tell_once(&mut told, format!("{error}; no commit counts for its run"));
                    0
                })
            },
            lane_commits: |run: &OpenRun, lease: &Lease| {
                LaneCommits::new(&git, &config.lanes).of(run, Some(lease))
            },
            propose: |halt| match propose::record(context, halt) {
                Ok(()) => true,
                Err(failure) => {
                    note(&format!("a halt could not be proposed: {}", failure.message()));
                    false
                }
            },
        };
        let renderer = renderer::chosen(self.json, self.output);
        let clock = SystemClock::new();
        let mut look = || {
            let now_ms = self.now_ms.unwrap_or_else(|| clock.now_ms());
            lookout.look(now_ms, &mut sources)
        };
        // The handlers come first: a signal during the first look is not lost.
        let mut cadence = Cadence::every(self.interval)?;
        let mut is_first = true;
        let most = self.max_ticks.or(if self.watch { None } else { Some(1) });
        cadence::repeat(&mut cadence, most, output, |output| {
            let (runs, report) = look()?;
            if std::mem::take(&mut is_first) && runs.is_empty() {
                return Err(nothing_to_watch("no live lease says when its run began"));
            }
            print(&runs, &report, renderer, output);
            Ok(())
        })?;
        Ok(Exit::SUCCESS)
    }

    /// The runs that were named, with the command that would stop them.
    fn tracked(&self) -> Vec<TrackedRun> {
        let command = Some(self.command.clone()).filter(|command| !command.is_empty());
        let with_command =
            |run: &TrackedRun| TrackedRun { stop_command: command.clone(), ..run.clone() };
        self.track.iter().map(with_command).collect()
    }
}

fn nothing_to_watch(why: &str) -> Failure {
    Failure::Usage(format!(
        "there is nothing to watch: {why}\n  help: name a run with `--track RUN_ID`, or all that hold a lease with `--discover`"
    ))
}

fn tell_once(told: &mut BTreeSet<String>, message: String) {
    if !told.contains(&message) {
        note(&message);
        told.insert(message);
    }
}

fn print(runs: &[TrackedRun], report: &Report, renderer: Renderer, output: &mut Output) {
    let Report { watched, advancing, spinning, proposed_halts, .. } = report;
    let (advancing, spinning) = (advancing.len(), spinning.len());
    match renderer {
        Renderer::Json => return output.json(report, Layout::Compact),
        Renderer::Terse => {
            let mut line = format!("{watched} watched {advancing} advancing {spinning} spinning");
            for (what, ids) in [("halt?", proposed_halts), ("late", &report.stalled_within_budget)]
            {
                if !ids.is_empty() {
                    line = format!("{line} {what}={}", ids.join(","));
                }
            }
            return output.line(line);
        }
        Renderer::Text => {}
    }
    output.line(format_args!(
        "watched {watched}, advancing {advancing}, spinning {spinning}, halts proposed {}",
        proposed_halts.len()
    ));
    for id in proposed_halts {
        let run = runs.iter().find(|run| run.run_id == *id);
        let command = run.and_then(|run| run.stop_command.as_deref());
        let verdict = report.verdicts.get(id).map_or("", |verdict| verdict.as_str());
        output
            .line(format_args!("halt?  {id}  {verdict}  {}", command.unwrap_or("stop it by hand")));
    }
    for id in &report.stalled_within_budget {
        output.line(format_args!("late   {id}  STALLED, and still within its budget"));
    }
    for id in &report.skipped {
        output.line(format_args!("skip   {id}  is no run id: nobody knows when it began"));
    }
}
