//! `dosd exporters status`: how each sink goes. From the daemon when one runs; what is on disk otherwise.

use super::super::age::age;
use super::super::claim::no_answer;
use super::super::lane_request::through_daemon;
use super::super::{Context, Exit, Failure, Layout, Output, table, waiting};
use crate::config::Exporter;
use crate::control::{Answer, Request};
use crate::fleet::{self, ExporterState};
use clap::Args;
use dosd_actors::port::{Clock as _, Disk, SystemClock};
use dosd_exporters::cursor::{CursorFile, Loaded};
use dosd_exporters::{Assurance, ExporterStatus};
use serde::Serialize;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const EXAMPLES: &str = "\
Examples:
  dosd exporters status
  dosd exporters status --check
  dosd exporters status --json | jq '.[] | {name, state, behind_bytes}'

STATE is resting (nothing waits), working, waiting (before it sends again), open (the sink fails again
and again, and is only probed), disabled (gone for good, until `resume`), stopped (no daemon runs).
SENT counts from the start of the daemon; DEAD is how many dead letters there are.

Exit codes:
  0 shown; 1 with --check, when one is open or disabled, has dead letters or a problem";

/// Show how each sink goes: state, lag, counts, dead letters, last words
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// End with code 1 when anything needs attention
    #[arg(long)]
    check: bool,
    /// Print one JSON array
    #[arg(long)]
    json: bool,
}

/// One exporter.
#[derive(Debug, Serialize)]
struct Row {
    name: String,
    kind: &'static str,
    state: &'static str,
    /// Bytes of the journal that are not settled; nothing when nobody can tell.
    behind_bytes: Option<u64>,
    /// Dead letters on disk.
    dead_letters: usize,
    /// What is wrong.
    problem: Option<String>,
    /// What the daemon's exporter says of itself; nothing when none runs.
    daemon: Option<ExporterStatus>,
}

impl Row {
    fn needs_attention(&self) -> bool {
        matches!(self.state, "open" | "disabled") || self.dead_letters > 0 || self.problem.is_some()
    }
}

impl Arguments {
    pub(super) fn execute(self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        let exporters = context.config()?.exporters;
        let running = match through_daemon(context, &Request::Exporters, Duration::ZERO)? {
            Some(Answer::Exporters(statuses)) => Some(statuses),
            Some(other) => return Err(no_answer(other)),
            None => None,
        };
        let directory = context.workspace()?.exporters_dir();
        let mut rows = Vec::new();
        for exporter in &exporters {
            let status = running.iter().flatten().find(|status| status.name == exporter.name);
            let dead_letters = dead_letters(&directory, &exporter.name);
            let row = match status {
                Some(status) => alive(exporter, status.clone()),
                None => stopped(context, exporter, &directory)?,
            };
            rows.push(Row { dead_letters, ..row });
        }
        let is_good = !rows.iter().any(Row::needs_attention);
        if self.json {
            output.json(&rows, Layout::Compact);
        } else if rows.is_empty() {
            output.line("no exporter in `dos.toml`");
        } else {
            print(&rows, SystemClock::new().now_ms(), output);
        }
        Ok(if self.check && !is_good { Exit::NEGATIVE } else { Exit::SUCCESS })
    }
}

fn alive(exporter: &Exporter, status: ExporterStatus) -> Row {
    let state = ExporterState::of(&status);
    Row {
        name: exporter.name.clone(),
        kind: exporter.sink.kind(),
        state: state.as_str(),
        behind_bytes: Some(status.behind_bytes),
        dead_letters: 0,
        problem: fleet::problem(&status, state),
        daemon: Some(status),
    }
}

/// What the files say while no daemon runs.
fn stopped(context: &Context, exporter: &Exporter, directory: &Path) -> Result<Row, Failure> {
    let file = CursorFile::new(Arc::new(Disk), directory, &exporter.name);
    let loaded = waiting()?.block_on(file.load());
    let (cursor, disabled, problem) = match loaded {
        Ok(Loaded::Found(saved)) => (Some(saved.cursor), saved.disabled, None),
        Ok(Loaded::Missing) => (None, None, None),
        Ok(Loaded::Unreadable(fault)) => {
            (None, None, Some(format!("`{}`: {fault}", file.path().display())))
        }
        Err(cause) => (None, None, Some(format!("`{}`: {cause}", file.path().display()))),
    };
    let journal = std::fs::metadata(context.verdict_journal()?).ok();
    let behind = cursor.zip(journal).map(|(cursor, journal)| {
        // Of another file, nothing is settled.
        let settled = if cursor.file.inode == journal.ino() { cursor.offset } else { 0 };
        journal.len().saturating_sub(settled)
    });
    Ok(Row {
        name: exporter.name.clone(),
        kind: exporter.sink.kind(),
        state: if disabled.is_some() { "disabled" } else { "stopped" },
        behind_bytes: behind,
        dead_letters: 0,
        problem: problem.or(disabled),
        daemon: None,
    })
}

fn dead_letters(directory: &Path, name: &str) -> usize {
    let files = [format!("{name}.dead.jsonl"), format!("{name}.replaying.jsonl")];
    let lines = files.iter().map(|file| {
        let bytes = std::fs::read(directory.join(file)).unwrap_or_default();
        bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count()
    });
    lines.sum()
}

fn print(rows: &[Row], now_ms: i64, output: &mut Output) {
    let head = ["NAME", "KIND", "STATE", "BEHIND", "LAG", "SENT", "DEAD", "LAST SUCCESS"];
    let mut lines = vec![head.map(String::from)];
    for row in rows {
        let daemon = row.daemon.as_ref();
        let lag = daemon.filter(|it| it.behind_bytes > 0).map(|it| it.lag_ms / 1000);
        let success = daemon.and_then(|it| it.last_success_ms);
        let success = success.map(|at| format!("{} ago", age(Some((now_ms - at).max(0) / 1000))));
        let sent = daemon.map(|it| match it.assurance {
            Assurance::Acknowledged => it.sent.to_string(),
            // Whether they arrived, nobody knows.
            Assurance::LeftThisHost => format!("{} left", it.sent),
            Assurance::Queued => format!("{} queued", it.sent),
        });
        lines.push([
            row.name.clone(),
            row.kind.to_owned(),
            row.state.to_owned(),
            row.behind_bytes.map_or_else(dash, |bytes| format!("{bytes} B")),
            age(lag),
            sent.unwrap_or_else(dash),
            row.dead_letters.to_string(),
            success.unwrap_or_else(dash),
        ]);
    }
    table::print(&lines, output);
    for row in rows {
        if let Some(problem) = &row.problem {
            output.line(format!("{}: {problem}", row.name));
        }
    }
}

fn dash() -> String {
    "-".to_owned()
}
