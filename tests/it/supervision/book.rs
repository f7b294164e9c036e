//! The journal's account of the workers: a reading of its own, not the kernel's fold.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::Value;

use crate::support::workspace::Workspace;

/// One run, as its rows tell.
#[derive(Debug, Clone, Default)]
pub(crate) struct Story {
    pub(crate) lane: String,
    /// Its operations, in order.
    pub(crate) ops: Vec<String>,
    /// Its newest `WORKER_STARTED`: pid, start ticks, boot.
    pub(crate) process: Option<(u32, u64, String)>,
}

impl Story {
    pub(crate) fn is_over(&self) -> bool {
        self.ops.iter().any(|op| op == "WORKER_EXITED")
    }

    fn times(&self, op: &str) -> usize {
        self.ops.iter().filter(|it| *it == op).count()
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

/// Every run by its id. Says with a panic what no run may do, whenever the daemon was killed: begin
/// before the one before it on its lane is over, end twice, or have a process without an intent.
pub(crate) fn stories(rows: &[Value]) -> BTreeMap<String, Story> {
    let mut stories: BTreeMap<String, Story> = BTreeMap::new();
    let mut on_lane: BTreeMap<String, String> = BTreeMap::new();
    for row in rows {
        let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
        let (op, lane, run_id) = (text("op"), text("lane"), text("run_id"));
        if !["SPAWN", "WORKER_STARTED", "WORKER_EXITED"].contains(&op.as_str()) {
            continue;
        }
        if op == "SPAWN" {
            if let Some(earlier) = on_lane.insert(lane.clone(), run_id.clone()) {
                assert!(stories[&earlier].is_over(), "{run_id} began on `{lane}` beside {earlier}");
            }
            stories.insert(run_id.clone(), Story { lane, ..Story::default() });
        }
        let story = stories.get_mut(&run_id);
        let story = story.unwrap_or_else(|| panic!("{run_id} has no intent: {row}"));
        assert!(!story.is_over(), "{run_id} went on after its end: {row}");
        if op == "WORKER_STARTED" {
            let number = |key: &str| row[key].as_u64().expect("a number");
            let pid = u32::try_from(number("pid")).expect("a pid");
            story.process = Some((pid, number("start_ticks"), text("boot_id")));
        }
        story.ops.push(op);
    }
    for (run_id, story) in &stories {
        assert!(story.times("WORKER_EXITED") <= 1, "{run_id}: {:?}", story.ops);
    }
    stories
}
