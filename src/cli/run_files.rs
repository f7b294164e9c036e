//! A run's own files, in `.dos/runs` or where `[paths] fanout_runs` says: its record and its intent ledger. Both
//! are read and never written; what is missing or broken is empty.

use super::{Context, Failure, rows};
use crate::config::OtherPath;
use dosd_kernel::Map;
use dosd_kernel::intent::Ledger;
use dosd_kernel::trace::Lineage;
use std::path::{Path, PathBuf};

/// The directory with one directory for each run.
#[derive(Debug)]
pub(super) struct RunFiles {
    root: PathBuf,
}

impl RunFiles {
    pub(super) fn of(context: &Context) -> Result<Self, Failure> {
        let paths = context.config()?.paths;
        Ok(Self { root: context.workspace()?.other(&paths, OtherPath::FanoutRuns) })
    }

    /// The run's record, `run.json`; empty when there is none.
    pub(super) fn record(&self, run_id: &str) -> Map {
        self.directory(run_id).and_then(|run| record_in(&run)).unwrap_or_default()
    }

    /// What the run declared, claimed and had confirmed. Without a ledger it declared nothing.
    pub(super) fn ledger(&self, run_id: &str) -> Ledger {
        let path = self.directory(run_id).map(|run| run.join("intent.jsonl"));
        let bytes = path.and_then(|path| std::fs::read(path).ok()).unwrap_or_default();
        Ledger::of(&rows::last(&bytes, 0))
    }

    /// Who started whom, by all records.
    pub(super) fn lineage(&self) -> Lineage {
        let entries = std::fs::read_dir(&self.root).into_iter().flatten().flatten();
        let mut directories: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        directories.sort();
        let mut lineage = Lineage::default();
        for directory in directories {
            let Some(record) = record_in(&directory) else { continue };
            let name = directory.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let run_id = Some(text(&record, "run_id")).filter(|run_id| !run_id.is_empty());
            lineage.note(run_id.unwrap_or(name), text(&record, "parent_id"));
        }
        lineage
    }

    /// The run's directory. An id that would lead elsewhere names no run.
    fn directory(&self, run_id: &str) -> Option<PathBuf> {
        let is_name = !run_id.contains(['/', '\0']) && !matches!(run_id, "" | "." | "..");
        is_name.then(|| self.root.join(run_id))
    }
}

/// A text of a record; what is missing or no text is empty.
pub(super) fn text(record: &Map, key: &str) -> String {
    record.get(key).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}

fn record_in(directory: &Path) -> Option<Map> {
    serde_json::from_slice(&std::fs::read(directory.join("run.json")).ok()?).ok()
}
