//! `[[dosd.exporter]]`: the sinks.

mod kinds;

use super::names::entry_name;
use super::witness::kind_works;
use super::worker::check_rotation;
use crate::config::model::{Exporter, Rotation, Sink, StartFrom};
use crate::config::section::Section;
use crate::config::shared::Paths;
use crate::config::sink;
use crate::config::words::nearest;
use dosd_kernel::verdict::{KNOWN_SYSCALLS, Severity};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The keys that every kind has.
const COMMON: [&str; 5] = ["kind", "name", "min_severity", "syscalls", "from"];

/// A file of exported rows is put aside at 100 MB, and five such files are kept.
const DEFAULT_ROTATION: Rotation = Rotation { max_bytes: 100_000_000, keep: 5 };

pub(super) fn check(entries: &[Section<'_>], journals: &Paths) -> Vec<Exporter> {
    let mut taken = BTreeSet::new();
    let mut files = taken_by_journals(journals);
    entries.iter().filter_map(|entry| check_one(entry, &mut taken, &mut files)).collect()
}

fn check_one(
    entry: &Section<'_>,
    taken: &mut BTreeSet<String>,
    files: &mut BTreeSet<PathBuf>,
) -> Option<Exporter> {
    let name = entry_name(entry, taken);
    if !kind_works(entry, &sink::built(), &sink::left_out()) {
        return None;
    }
    let kind = entry.text("kind")?.value;
    entry.refuse_unknown(&[&COMMON, kinds::keys(kind)].concat());
    let severities =
        [("INFO", Severity::Info), ("WARN", Severity::Warn), ("ERROR", Severity::Error)];
    let min_severity = entry.choice("min_severity", &severities);
    let starts = [("end", StartFrom::End), ("start", StartFrom::Start)];
    let from = entry.choice("from", &starts);
    let syscalls = check_syscalls(entry);
    let sink = if kind == "file" {
        let mut rotation = DEFAULT_ROTATION;
        check_rotation(entry, &mut rotation);
        kinds::file(entry, files).map(|path| Sink::File { path, rotation })
    } else {
        kinds::network_sink(entry, kind)
    };
    Some(Exporter {
        name: name?,
        sink: sink?,
        min_severity: min_severity.map_or(Severity::Info, |found| found.value),
        syscalls,
        from: from.map_or(StartFrom::End, |found| found.value),
    })
}

fn check_syscalls(entry: &Section<'_>) -> Option<BTreeSet<String>> {
    let list = entry.texts("syscalls")?;
    if list.value.is_empty() {
        list.error(
            "is empty, so nothing would be sent",
            "name syscalls, or remove the key for all",
        );
        return None;
    }
    for syscall in &list.value {
        // Syscalls are an open set, so only what looks like a slip is worth a word.
        let meant = nearest(syscall.value, KNOWN_SYSCALLS);
        if let Some(meant) = meant.filter(|meant| *meant != syscall.value) {
            syscall.warning(
                format!("`{}` is not a known syscall", syscall.value.escape_debug()),
                format!("did you mean `{meant}`?"),
            );
        }
    }
    Some(list.value.iter().map(|syscall| syscall.value.to_owned()).collect())
}

fn taken_by_journals(paths: &Paths) -> BTreeSet<PathBuf> {
    let journal = |path: Option<&PathBuf>, default: &str| {
        path.map_or_else(|| PathBuf::from(default), |path| tidy(path))
    };
    BTreeSet::from([
        journal(paths.lane_journal.as_ref(), ".dos/lane-journal.jsonl"),
        journal(paths.verdict_journal.as_ref(), ".dos/verdict-journal.jsonl"),
    ])
}

/// The path without `.` and doubled slashes, so that two spellings of a file are one.
fn tidy(path: &Path) -> PathBuf {
    path.components().filter(|part| !matches!(part, std::path::Component::CurDir)).collect()
}
