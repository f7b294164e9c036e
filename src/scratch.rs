//! What runs leave behind under `.dos/`: what there is of each kind, and which of it is beyond its cap.
//!
//! Gathers, and removes what it is told to. It decides by [`dosd_kernel::retention`], never follows a
//! link, and never names anything of a run that is alive.

#[cfg(test)]
mod tests;

use crate::config::{Config, OtherPath};
use crate::env::Environment;
use crate::workspace::Workspace;
use dosd_kernel::data_class::DataClass;
use dosd_kernel::lane::LaneFold;
use dosd_kernel::retention;
use serde::Serialize;
use std::collections::BTreeSet;
use std::fs::{self, DirEntry};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

/// The kinds of leftovers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Reports of audits.
    Audits,
    /// Files with one verdict each.
    Verdicts,
    /// Directories with the files of one run each.
    Runs,
}

/// One kind: where it is, what is there, and what of it goes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Leftovers {
    /// The directory.
    pub dir: PathBuf,
    /// What kind of data it holds, by `[data_class]`. It decides nothing here.
    pub data_class: DataClass,
    /// How many stay; nothing when all do.
    pub cap: Option<u64>,
    /// How many there are that stay.
    pub kept: usize,
    /// The names of those that go, or went.
    pub dropped: Vec<String>,
    /// Whether there is no cap; absent when there is one.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unbounded: bool,
    /// Names that are beyond the cap and stay, because their run is alive.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub spared: Vec<String>,
}

impl Kind {
    /// All kinds, as they are listed.
    pub const ALL: [Self; 3] = [Self::Audits, Self::Verdicts, Self::Runs];

    /// The key in reports.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Audits => "audits",
            Self::Verdicts => "verdicts",
            Self::Runs => "runs",
        }
    }

    fn dir(self, config: &Config, workspace: &Workspace) -> PathBuf {
        match self {
            Self::Audits => workspace.state_dir().join("audits"),
            Self::Verdicts => workspace.other(&config.paths, OtherPath::NextPackets),
            Self::Runs => workspace.other(&config.paths, OtherPath::FanoutRuns),
        }
    }

    fn cap(self, policy: &retention::Policy) -> Option<u64> {
        match self {
            Self::Audits => policy.audits_keep_last,
            Self::Verdicts => policy.verdicts_keep_last,
            Self::Runs => policy.runs_keep_last,
        }
    }

    /// Whether an entry of the directory is one of this kind. A link is none.
    fn includes(self, name: &str, file_type: fs::FileType) -> bool {
        match self {
            Self::Audits => file_type.is_file() && name.starts_with("trajectory-audit-"),
            Self::Verdicts => file_type.is_file() && name.contains(".verdict-"),
            Self::Runs => file_type.is_dir(),
        }
    }
}

/// The directories that hold more than leftovers. A directory of runs that holds one of these is not
/// reaped at all.
#[must_use]
pub fn protected(
    config: &Config,
    workspace: &Workspace,
    environment: &Environment,
) -> Vec<PathBuf> {
    vec![
        workspace.root().to_owned(),
        workspace.lane_journal(&config.paths, environment),
        workspace.verdict_journal(&config.paths, environment),
        workspace.id_alloc_dir(&config.paths, environment),
        workspace.logs_dir(),
        workspace.exporters_dir(),
    ]
}

/// The first of `protected` that is in the directory of runs, or is it.
#[must_use]
pub fn endangered<'a>(
    config: &Config,
    workspace: &Workspace,
    protected: &'a [PathBuf],
) -> Option<&'a Path> {
    let dir = Kind::Runs.dir(config, workspace);
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let dir = real(&dir);
    protected.iter().map(PathBuf::as_path).find(|path| real(path).starts_with(&dir))
}

/// An entry of a directory, and when it was changed last.
pub type Entry = (String, Duration);

/// What there is of a kind now.
///
/// # Errors
///
/// When the directory is there and cannot be read.
pub fn list(kind: Kind, config: &Config, workspace: &Workspace) -> io::Result<Vec<Entry>> {
    let entries = match fs::read_dir(kind.dir(config, workspace)) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        entries => entries?,
    };
    // What vanished meanwhile, or has no readable name, is nobody's leftover.
    Ok(entries.filter_map(Result::ok).filter_map(|entry| described(kind, &entry)).collect())
}

fn described(kind: Kind, entry: &DirEntry) -> Option<Entry> {
    let name = entry.file_name().into_string().ok()?;
    let metadata = entry.metadata().ok()?;
    let changed = metadata.modified().ok()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    kind.includes(&name, metadata.file_type()).then_some((name, changed))
}

/// What a lane journal calls the runs that are alive: run ids, and the times by which loops are known.
/// Whoever lists a directory before the journal is read misses no run that is in the list.
#[must_use]
pub fn alive(lanes: &LaneFold) -> BTreeSet<String> {
    let of_leases = lanes.leases().flat_map(|lease| {
        ["run_id", "loop_ts"].map(|key| lease.fields().get(key)?.as_str().map(plain))
    });
    let open = lanes.open_runs().map(|run| Some(plain(&run.run_id)));
    of_leases.chain(open).flatten().filter(|name| !name.is_empty()).collect()
}

/// A name without what directory names leave out of a time.
fn plain(name: &str) -> String {
    name.chars().filter(|letter| !matches!(letter, '-' | ':')).collect()
}

/// Sorts what there is of a kind into what stays and what goes.
#[must_use]
pub fn sort(
    kind: Kind,
    entries: &[Entry],
    alive: &BTreeSet<String>,
    config: &Config,
    workspace: &Workspace,
) -> Leftovers {
    let dir = kind.dir(config, workspace);
    let cap = kind.cap(&config.retention);
    let aged: Vec<(&str, Duration)> =
        entries.iter().map(|(name, changed)| (name.as_str(), *changed)).collect();
    let mut beyond = retention::beyond(&aged, cap);
    beyond.sort_unstable();
    let lives = |name: &str| kind == Kind::Runs && is_alive(&dir.join(name), name, alive);
    let (spared, dropped): (Vec<&str>, Vec<&str>) =
        beyond.into_iter().partition(|name| lives(name));
    let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect::<Vec<_>>();
    let shown = dir.strip_prefix(workspace.root()).unwrap_or(&dir).to_string_lossy();
    Leftovers {
        data_class: config.data_class.classify(&shown),
        cap,
        // Without a cap nobody counts.
        kept: if cap.is_some() { entries.len() - dropped.len() } else { 0 },
        dropped: owned(dropped),
        unbounded: cap.is_none(),
        spared: owned(spared),
        dir,
    }
}

/// Whether a directory belongs to a living run: by its name, or by the `run.json` in it.
fn is_alive(dir: &Path, name: &str, alive: &BTreeSet<String>) -> bool {
    let told = fs::read(dir.join("run.json")).ok();
    let told = told.and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok());
    let run_id = told.as_ref().and_then(|run| run.get("run_id")?.as_str());
    alive.contains(&plain(name)) || run_id.is_some_and(|run_id| alive.contains(&plain(run_id)))
}

/// Removes what goes. What cannot be removed stays, with what the system said.
#[must_use]
pub fn remove(kind: Kind, leftovers: &Leftovers) -> Vec<(PathBuf, io::Error)> {
    let mut failed = Vec::new();
    for name in &leftovers.dropped {
        let path = leftovers.dir.join(name);
        let removed = match kind {
            Kind::Runs => fs::remove_dir_all(&path),
            Kind::Audits | Kind::Verdicts => fs::remove_file(&path),
        };
        match removed {
            Err(error) if error.kind() != ErrorKind::NotFound => failed.push((path, error)),
            Ok(()) | Err(_) => {}
        }
    }
    failed
}
