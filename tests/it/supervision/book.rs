//! The journal's account of the workers: a reading of its own, not the kernel's fold, which has to keep
//! the kernel's invariants.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use dosd_kernel::invariant::{self, Row, Violation};
use dosd_kernel::lane::Op;
use serde_json::Value;

use crate::support::workspace::Workspace;

/// The holder of the daemon's runs.
pub(crate) const HOLDER: &str = "dosd";

/// One run, as its rows tell.
#[derive(Debug, Clone, Default)]
pub(crate) struct Story {
    pub(crate) lane: String,
    /// Its newest `WORKER_STARTED`: pid, start ticks, boot.
    pub(crate) process: Option<(u32, u64, String)>,
    is_over: bool,
}

impl Story {
    pub(crate) fn is_over(&self) -> bool {
        self.is_over
    }
}

/// The rows of the lane journal, with those that a compaction has archived. A last line that is torn is left
/// out, and so is a half one that a later writer has ended.
pub(crate) fn rows(workspace: &Workspace) -> Vec<Value> {
    let mut seen = BTreeSet::new();
    let texts = files(workspace).into_iter().filter_map(|file| std::fs::read_to_string(file).ok());
    let lines: Vec<String> = texts
        .flat_map(|text| {
            let lines = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
            lines.map(ToOwned::to_owned).collect::<Vec<_>>()
        })
        // A row that was kept stands in the archive, too.
        .filter(|line| seen.insert(line.clone()))
        .collect();
    lines.iter().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// The archives by the number of their last row, then the journal.
fn files(workspace: &Workspace) -> Vec<PathBuf> {
    let state = workspace.root().join(".dos");
    let entries = std::fs::read_dir(&state).into_iter().flatten().flatten();
    let archive = |path: PathBuf| {
        let name = path.file_name()?.to_str()?;
        let number = name.strip_prefix("lane-journal.")?.strip_suffix(".jsonl")?;
        let number: u64 = number.split('-').next()?.parse().ok()?;
        Some((number, path))
    };
    let mut files: Vec<_> = entries.filter_map(|entry| archive(entry.path())).collect();
    files.sort();
    let archives = files.into_iter().map(|(_, path)| path);
    archives.chain([state.join("lane-journal.jsonl")]).collect()
}

/// The operations on one lane, in order.
pub(crate) fn ops_of(workspace: &Workspace, lane: &str) -> Vec<String> {
    let of_lane = rows(workspace).into_iter().filter(|row| row["lane"] == lane);
    of_lane.filter_map(|row| row["op"].as_str().map(ToOwned::to_owned)).collect()
}

/// Every run by its id. Says with a panic what no run may do, whenever the daemon was killed.
pub(crate) fn stories(rows: &[Value]) -> BTreeMap<String, Story> {
    let numbered = numbered(rows);
    holds(&invariant::runs_in_order(&numbered));
    holds(&invariant::one_worker(&numbered, HOLDER, |_| true));
    let mut stories: BTreeMap<String, Story> = BTreeMap::new();
    for row in &numbered {
        let op = row.op();
        if ![Op::Spawn, Op::WorkerStarted, Op::WorkerExited].contains(&op) {
            continue;
        }
        let story = stories.entry(row.text("run_id").to_owned()).or_default();
        row.text("lane").clone_into(&mut story.lane);
        if op == Op::WorkerStarted {
            let number = |key: &str| row.fields[key].as_u64().expect("a number");
            let pid = u32::try_from(number("pid")).expect("a pid");
            story.process = Some((pid, number("start_ticks"), row.text("boot_id").to_owned()));
        }
        story.is_over |= op == Op::WorkerExited;
    }
    stories
}

/// The rows as the invariants take them, numbered through all files.
pub(crate) fn numbered(rows: &[Value]) -> Vec<Row> {
    let fields = rows.iter().filter_map(Value::as_object).zip(1..);
    fields.map(|(fields, line)| Row { line, offset: 0, fields: fields.clone() }).collect()
}

/// Fails with the violations of an invariant, if there are any.
pub(crate) fn holds(violations: &[Violation]) {
    let violations: Vec<_> = violations.iter().map(ToString::to_string).collect();
    assert!(violations.is_empty(), "{}", violations.join("\n"));
}
