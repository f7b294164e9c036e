//! What `dos.toml` says to every tool that works on the workspace, beside lanes and the population:
//! where files are, and what a shipped commit looks like. It never reads a file.

use dosd_kernel::ship::Convention;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// `[paths]`: relative paths are still relative, to the workspace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Paths {
    /// `lane_journal`.
    pub lane_journal: Option<PathBuf>,
    /// `verdict_journal`.
    pub verdict_journal: Option<PathBuf>,
    /// `plans_glob`: which files are plans; a glob and no path.
    pub plans_glob: Option<String>,
    /// Every other key that is there, by its name.
    pub others: BTreeMap<OtherPath, PathBuf>,
}

/// The files and directories of `[paths]` beside the journals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OtherPath {
    /// The lock for putting finished runs away.
    ArchiveLock,
    /// Runs that were started one after the other.
    ChainedRuns,
    /// Runs of loops.
    DispatchLoops,
    /// The register of plans and phases.
    ExecutionState,
    /// Runs that were started side by side.
    FanoutRuns,
    /// Findings that wait for work.
    FindingsQueue,
    /// Where counters and locks of leases are.
    LeasesDir,
    /// Packets of work, and verdict files.
    NextPackets,
    /// Reports about picking.
    PickerAudits,
    /// The workspace's identity card.
    ProjectCard,
    /// Notes for planning anew.
    ReplanDir,
    /// The register of long observations.
    SoaksIndex,
}

impl OtherPath {
    /// All of them, by key.
    pub const ALL: [(&'static str, Self); 12] = [
        ("archive_lock", Self::ArchiveLock),
        ("chained_runs", Self::ChainedRuns),
        ("dispatch_loops", Self::DispatchLoops),
        ("execution_state", Self::ExecutionState),
        ("fanout_runs", Self::FanoutRuns),
        ("findings_queue", Self::FindingsQueue),
        ("leases_dir", Self::LeasesDir),
        ("next_packets", Self::NextPackets),
        ("picker_audits", Self::PickerAudits),
        ("project_card", Self::ProjectCard),
        ("replan_dir", Self::ReplanDir),
        ("soaks_index", Self::SoaksIndex),
    ];

    /// Where it is when `[paths]` does not say, relative to the workspace.
    #[must_use]
    pub fn usual(self) -> &'static str {
        match self {
            Self::ArchiveLock => ".dos/leases/.archive.lock",
            Self::ChainedRuns | Self::DispatchLoops | Self::FanoutRuns => ".dos/runs",
            Self::ExecutionState => "dos.state.yaml",
            Self::FindingsQueue => "dos.findings.md",
            Self::LeasesDir => ".dos/leases",
            Self::NextPackets => ".dos/verdicts",
            Self::PickerAudits => ".dos/picker_audits",
            Self::ProjectCard => ".dos/project.json",
            Self::ReplanDir => ".dos/replan",
            Self::SoaksIndex => ".dos/soaks/index.yaml",
        }
    }
}

/// The glob of plans when `[paths] plans_glob` gives none.
pub const DEFAULT_PLANS_GLOB: &str = "docs/**/*-plan.md";

/// `[stamp]`: what a commit's subject looks like that ships a phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stamp {
    /// How ships are found. Only `grep` is known; another word changes nothing.
    pub style: String,
    /// Directories of which one may stand before the series; with none, none has to.
    pub subject_dirs: Vec<String>,
    /// Beginnings of subjects that sum several phases up.
    pub summary_bundle_prefixes: Vec<String>,
    /// Beginnings of subjects that name phases without shipping them.
    pub bookkeeping_prefixes: Vec<String>,
    /// Directories whose files count as what a phase delivers; with none, all do.
    pub code_dirs: Vec<String>,
    /// Names of files that many phases touch, beside the usual ones.
    pub infra_basenames: Vec<String>,
    /// Names of documents that many phases touch, beside the usual ones.
    pub infra_doc_basenames: Vec<String>,
    /// Words behind a phase that mean progress and no ship.
    pub progress_markers: Vec<String>,
    /// Whether a part of a phase may count as shipped with the whole of it.
    pub sub_phase_parent_fallback: bool,
    /// Whether `(PLAN PHASE)` at the end of a subject ships.
    pub trailer_stamp: bool,
}

impl Stamp {
    /// The grammar of subjects that follows.
    #[must_use]
    pub fn convention(&self) -> Convention {
        Convention {
            subject_dirs: self.subject_dirs.clone(),
            summary_bundle_prefixes: self.summary_bundle_prefixes.clone(),
            bookkeeping_prefixes: self.bookkeeping_prefixes.clone(),
            progress_markers: self.progress_markers.clone(),
            sub_phase_parent_fallback: self.sub_phase_parent_fallback,
            trailer_stamp: self.trailer_stamp,
        }
    }
}

impl Default for Stamp {
    fn default() -> Self {
        Self {
            style: "grep".to_owned(),
            subject_dirs: Vec::new(),
            summary_bundle_prefixes: Vec::new(),
            bookkeeping_prefixes: Vec::new(),
            code_dirs: Vec::new(),
            infra_basenames: Vec::new(),
            infra_doc_basenames: Vec::new(),
            progress_markers: Vec::new(),
            sub_phase_parent_fallback: false,
            trailer_stamp: false,
        }
    }
}
