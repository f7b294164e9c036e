//! `dosd observe`: the verdict journal, counted or as a history. It judges nothing.

use super::context::read_journal;
use super::server::Side;
use super::{Context, Exit, Failure, Layout, Output, rows};
use crate::remote::{Daemon, RemoteError};
use clap::{Args, ValueEnum};
use dosd_kernel::Map;
use dosd_kernel::fold::seq_of;
use dosd_kernel::verdict::{Dimension, RollUp, VerdictEvent, roll_up};
use serde::Serialize;

const EXAMPLES: &str = "\
Examples:
  dosd observe
  dosd observe --by lane --json
  dosd observe --run RID-1M82S4XZC3MKKR0
  dosd observe --syscall worker --tail 20
  dosd observe --server https://fleet.example

Exit codes:
  0 read, 1 read, but lines of the journal are damaged (see dosd journal verify --verdicts)";

/// Count the verdicts of the verdict journal, or list them
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Only this run; lists its verdicts instead of counting them
    #[arg(long, value_name = "RUN_ID", default_value = "", hide_default_value = true)]
    run: String,
    /// Only verdicts of this function: `liveness`, `supervise` and so on
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    syscall: String,
    /// What to count by
    #[arg(long, value_enum, value_name = "DIMENSION", default_value_t = By::Syscall)]
    by: By,
    /// List the last N verdicts instead of counting; with --json, only limits the list
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        hide_default_value = true,
        allow_negative_numbers = true
    )]
    tail: i64,
    /// Print the counts and the verdicts as one JSON object
    #[arg(long)]
    json: bool,
}

/// The dimensions, as they are typed.
#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
enum By {
    Syscall,
    Verdict,
    RunId,
    Lane,
    Source,
}

impl From<By> for Dimension {
    fn from(by: By) -> Self {
        match by {
            By::Syscall => Self::Syscall,
            By::Verdict => Self::Verdict,
            By::RunId => Self::RunId,
            By::Lane => Self::Lane,
            By::Source => Self::Source,
        }
    }
}

/// What is shown, and the JSON answer.
#[derive(Debug, Serialize)]
struct Frame {
    run: String,
    syscall_filter: String,
    corrupt: u64,
    rollup: RollUp,
    events: Vec<Event>,
}

/// One event with all that its row said.
#[derive(Debug, Serialize)]
struct Event {
    schema_family: &'static str,
    schema_version: u32,
    ts: String,
    seq: u64,
    syscall: String,
    verdict: String,
    run_id: String,
    lane: String,
    subject: String,
    detail: Map,
    source: String,
}

impl Arguments {
    pub(super) fn execute(self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        let (events, corrupt) = match context.side()? {
            Side::Here => events_here(context)?,
            // A daemon gives no lines that are damaged, and does not count them here.
            Side::There(daemon) => (events_there(&daemon)?, 0),
        };
        let frame = self.frame(events, corrupt);
        if self.json {
            output.json(&frame, Layout::Indented);
        } else if frame.run.is_empty() && self.limit() == 0 {
            frame.print_counts(output);
        } else {
            frame.print_history(output);
        }
        Ok(if frame.corrupt == 0 { Exit::SUCCESS } else { Exit::NEGATIVE })
    }

    /// How many verdicts are listed at most; 0 for all.
    fn limit(&self) -> usize {
        usize::try_from(self.tail).unwrap_or(0)
    }

    /// What is wanted of all that is there.
    fn frame(&self, mut events: Vec<(u64, VerdictEvent)>, corrupt: u64) -> Frame {
        let (run, syscall) = (self.run.trim(), self.syscall.trim());
        events.retain(|(_, event)| {
            (run.is_empty() || event.run_id == run)
                && (syscall.is_empty() || event.syscall == syscall)
        });
        let rollup = roll_up(events.iter().map(|(_, event)| event), self.by.into(), corrupt);
        let limit = self.limit();
        if limit > 0 {
            events.drain(..events.len().saturating_sub(limit));
        }
        let events = events.into_iter().map(|(seq, event)| Event::new(seq, event)).collect();
        let (run, syscall_filter) = (run.to_owned(), syscall.to_owned());
        Frame { run, syscall_filter, corrupt, rollup, events }
    }
}

/// The verdicts of this workspace with their numbers, and how many lines are damaged.
fn events_here(context: &Context) -> Result<(Vec<(u64, VerdictEvent)>, u64), Failure> {
    let bytes = read_journal(&context.verdict_journal()?)?;
    let mut corrupt = 0;
    let mut events = Vec::new();
    for row in rows::last(&bytes, 0) {
        if rows::is_corrupt(&row) {
            corrupt += 1;
        } else {
            events.push((seq_of(row.get("seq")), VerdictEvent::parse(&row)));
        }
    }
    Ok((events, corrupt))
}

/// The same of a daemon elsewhere, page by page.
fn events_there(daemon: &Daemon) -> Result<Vec<(u64, VerdictEvent)>, RemoteError> {
    let mut events = Vec::new();
    let mut next: Option<String> = None;
    loop {
        let page = daemon.verdicts(next.as_deref())?;
        if page.rewritten {
            events.clear();
        }
        let is_end = page.verdicts.is_empty() || page.behind_bytes == 0;
        let rows = page.verdicts.iter().map(|verdict| &verdict.row);
        events.extend(rows.map(|row| (seq_of(row.get("seq")), VerdictEvent::parse(row))));
        next = page.next.or(next);
        if is_end {
            return Ok(events);
        }
    }
}

impl Event {
    fn new(seq: u64, event: VerdictEvent) -> Self {
        let VerdictEvent { syscall, verdict, run_id, lane, subject, detail, source, ts } = event;
        Self {
            schema_family: "verdict-journal",
            schema_version: 1,
            ts,
            seq,
            syscall,
            verdict,
            run_id,
            lane,
            subject,
            detail,
            source,
        }
    }
}

impl Frame {
    fn print_counts(&self, output: &mut Output) {
        let RollUp { by, total, dimensions, counts, .. } = &self.rollup;
        output.line(format_args!("verdicts  {total}, by {}", by.as_str()));
        self.print_damage(output);
        for dimension in dimensions {
            let Some(verdicts) = counts.get(dimension) else { continue };
            let sum: u64 = verdicts.values().sum();
            let each: Vec<_> =
                verdicts.iter().map(|(verdict, count)| format!("{verdict}={count}")).collect();
            output.line(format_args!("  {dimension:<16}  {sum:>6}  {}", each.join(" ")));
        }
    }

    fn print_history(&self, output: &mut Output) {
        output.line(format_args!("verdicts  {} of {}", self.events.len(), self.rollup.total));
        self.print_damage(output);
        for event in &self.events {
            output.line(event);
        }
    }

    fn print_damage(&self, output: &mut Output) {
        if self.corrupt > 0 {
            output.line(format_args!(
                "damaged   {} (see `dosd journal verify --verdicts`)",
                self.corrupt
            ));
        }
    }
}

impl std::fmt::Display for Event {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        fn shown(text: &str) -> &str {
            if text.is_empty() { "-" } else { text }
        }
        write!(
            formatter,
            "  {:20}  {:14}  {:18}  {:16}  {:19}  {}",
            shown(&self.ts),
            shown(&self.syscall),
            shown(&self.verdict),
            shown(&self.lane),
            shown(&self.run_id),
            shown(&self.subject),
        )?;
        for (key, value) in &self.detail {
            match value.as_str() {
                Some(text) => write!(formatter, "  {key}={text}")?,
                None => write!(formatter, "  {key}={value}")?,
            }
        }
        Ok(())
    }
}
