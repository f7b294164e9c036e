//! `[paths]`: where the journals and the other files are.

use crate::config::section::Section;
use crate::config::shared::{OtherPath, Paths};
use crate::config::words::did_you_mean;
use std::path::PathBuf;

pub(super) fn check(section: &Section<'_>) -> Paths {
    refuse_unknown(section);
    let paths = Paths {
        lane_journal: path(section, "lane_journal"),
        verdict_journal: path(section, "verdict_journal"),
        plans_glob: section.text("plans_glob").map(|glob| glob.value.to_owned()),
        others: OtherPath::ALL
            .into_iter()
            .filter_map(|(key, other)| Some((other, named(section, key)?)))
            .collect(),
    };
    if paths.lane_journal.is_some()
        && paths.lane_journal == paths.verdict_journal
        && let Some(found) = section.text("verdict_journal")
    {
        found.error("is the lane journal's path", "give each journal its own file");
    }
    paths
}

fn refuse_unknown(section: &Section<'_>) {
    let known: Vec<&str> = ["lane_journal", "verdict_journal", "plans_glob"]
        .into_iter()
        .chain(OtherPath::ALL.iter().map(|(key, _)| *key))
        .collect();
    for key in section.keys().filter(|key| !known.contains(&key.value)) {
        let help = match key.value {
            "root" | "workspace" => "name the workspace with `--workspace`".to_owned(),
            other => did_you_mean(other, &known),
        };
        key.error("is not a known key", help);
    }
}

/// A path to a file or a directory.
fn named(section: &Section<'_>, key: &str) -> Option<PathBuf> {
    let path = section.text(key)?;
    if path.value.trim().is_empty() || path.value.contains('\0') {
        path.error("is not a path", "name it relative to the workspace, or absolute");
        return None;
    }
    Some(PathBuf::from(path.value))
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
