//! `[paths]`: where the journals are. The peer's other keys are accepted and left to it.

use crate::config::model::Paths;
use crate::config::section::Section;
use crate::config::words::did_you_mean;
use std::path::PathBuf;

/// Every key that the peer lets a workspace set.
const KNOWN: [&str; 15] = [
    "lane_journal",
    "verdict_journal",
    "archive_lock",
    "chained_runs",
    "dispatch_loops",
    "execution_state",
    "fanout_runs",
    "findings_queue",
    "leases_dir",
    "next_packets",
    "picker_audits",
    "plans_glob",
    "project_card",
    "replan_dir",
    "soaks_index",
];

pub(super) fn check(section: &Section<'_>) -> Paths {
    for key in section.keys() {
        if !KNOWN.contains(&key.value) {
            let help = match key.value {
                "root" | "workspace" => "name the workspace with `--workspace`".to_owned(),
                other => did_you_mean(other, &KNOWN),
            };
            key.error("is not a known key", help);
            continue;
        }
        // A wrong type is an error for every key, also for those that nothing here uses.
        if !key.value.ends_with("_journal") {
            section.text(key.value);
        }
    }
    let paths = Paths {
        lane_journal: path(section, "lane_journal"),
        verdict_journal: path(section, "verdict_journal"),
    };
    if paths.lane_journal.is_some()
        && paths.lane_journal == paths.verdict_journal
        && let Some(found) = section.text("verdict_journal")
    {
        found.error("is the lane journal's path", "give each journal its own file");
    }
    paths
}

/// A path that names something.
pub(super) fn path(section: &Section<'_>, key: &str) -> Option<PathBuf> {
    let path = section.text(key)?;
    if path.value.trim().is_empty() || path.value.contains('\0') {
        path.error("is not a path", "name a file, relative to the workspace or absolute");
        return None;
    }
    if path.value.ends_with('/') {
        path.error("names a directory, by the `/` at its end", "name a file in it");
        return None;
    }
    Some(PathBuf::from(path.value))
}

/// The `path` of an entry that cannot do without one.
pub(super) fn required(entry: &Section<'_>, help: &str) -> Option<PathBuf> {
    if !entry.has("path") {
        entry.missing("path", help);
    }
    path(entry, "path")
}
