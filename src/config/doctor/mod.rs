//! What the `doctor` verb knows: the configuration, what follows from it, and whether the world agrees.
//! It reads files and permissions, and changes nothing.

mod checks;
mod detail;
mod exporter;
mod lanes;
mod policies;
mod program;
mod render;
mod witness;
mod worker;

pub use policies::Policies;

use super::{ConfigError, Problem, Weight};
use crate::env::Environment;
use crate::workspace::Workspace;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// A workspace as the doctor finds it. [`std::fmt::Display`] is for people, serde for programs; the
/// keys that the peer's report has as well have its shape.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The version of this program.
    pub dosd_version: &'static str,
    /// The served directory.
    pub workspace: String,
    /// The configuration file and what is wrong with it.
    pub config: ConfigFile,
    /// What follows from the configuration; nothing when it was refused.
    #[serde(flatten)]
    pub detail: Option<Detail>,
    /// Everything outside the configuration file that needs somebody's eye.
    pub findings: Vec<Finding>,
}

/// The configuration file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConfigFile {
    /// Its path, there or not.
    pub path: String,
    /// What it is to us.
    pub state: ConfigState,
    /// What is wrong with it, in its order.
    pub problems: Vec<Problem>,
}

/// What became of the configuration file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ConfigState {
    /// There is none; the defaults stand.
    Absent,
    /// It was read and is used.
    Used,
    /// Something in it is wrong, or it cannot be read.
    Refused,
}

/// What follows from a configuration that is used.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Detail {
    /// The lane taxonomy, as it is declared.
    pub lanes: LaneTable,
    /// The population policy.
    pub supervise: SuperviseTable,
    /// The sections beside these two.
    #[serde(flatten)]
    pub policies: Policies,
    /// Each lane once, in the order in which plans look at them.
    pub roster: Vec<RosterLane>,
    /// Pairs of concurrent lanes that cannot run at the same time.
    pub overlaps: Vec<Overlap>,
    /// The files and directories of the state.
    pub files: Vec<FileCheck>,
    /// The command that starts a worker.
    pub worker: WorkerCheck,
    /// The same for lanes that have settings of their own.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub lane_workers: BTreeMap<String, WorkerCheck>,
    /// Whether there is a lane that the command of `worker` is started for.
    #[serde(skip)]
    usual_worker_is_used: bool,
    /// The state surfaces.
    pub witnesses: Vec<WitnessCheck>,
    /// The sinks.
    pub exporters: Vec<ExporterCheck>,
}

/// `[lanes]`, as the peer reports it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LaneTable {
    /// Lanes that run beside each other.
    pub concurrent: Vec<String>,
    /// Lanes that run alone.
    pub exclusive: Vec<String>,
    /// The order in which a request without a lane tries them.
    pub autopick: Vec<String>,
    /// The globs of each lane.
    pub trees: BTreeMap<String, Vec<String>>,
}

/// `[supervise]`, as the peer reports it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SuperviseTable {
    target: i64,
    count_spinning_as_alive: bool,
    reap_stalled: bool,
    spin_halt_after_ms: Option<i64>,
    worker_launch_template: String,
    max_concurrency: Option<i64>,
}

/// One lane of the roster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RosterLane {
    /// Its name.
    pub lane: String,
    /// How it runs.
    pub kind: LaneKind,
    /// Its globs; empty means an unknown extent.
    pub tree: Vec<String>,
}

/// How a lane runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LaneKind {
    /// Beside lanes whose regions are disjoint from its own.
    Concurrent,
    /// Alone.
    Exclusive,
}

/// Two concurrent lanes whose regions collide, with the first pair of globs that does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Overlap {
    /// The two lanes, in roster order.
    pub lanes: [String; 2],
    /// A glob of each that collides with the other.
    pub globs: [String; 2],
}

/// One file or directory of the state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileCheck {
    /// What it is for.
    pub name: &'static str,
    /// Where it is, or will be.
    pub path: String,
    /// Whether it is there.
    pub exists: bool,
    /// Whether it can be written, or created when it is not there.
    pub writable: bool,
    /// What is wrong with it.
    pub problem: Option<String>,
}

/// The worker's command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WorkerCheck {
    /// The words, placeholders not filled in.
    pub command: Vec<String>,
    /// The program that would be started; nothing when it was not found, or differs by lane or run.
    pub program: Option<String>,
    /// Who journals the lease: `worker` or `supervisor`.
    pub lease: &'static str,
    /// What keeps it from being started.
    pub problem: Option<String>,
}

/// One witness.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WitnessCheck {
    /// The name of the surface.
    pub name: String,
    /// Its kind, as in the file.
    pub kind: &'static str,
    /// Where it is: a path, a URL, a program.
    pub place: String,
    /// `OS_RECORDED` or `THIRD_PARTY`.
    pub rung: &'static str,
    /// How many entities it holds now; nothing when it cannot be read, or is not read for
    /// a report.
    pub entities: Option<u64>,
    /// What keeps it from being read.
    pub problem: Option<String>,
}

/// One exporter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExporterCheck {
    /// Its name.
    pub name: String,
    /// Its kind, as in the file.
    pub kind: &'static str,
    /// The file of a `file`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// `INFO`, `WARN` or `ERROR`.
    pub min_severity: &'static str,
    /// What keeps it from taking events.
    pub problem: Option<String>,
}

/// Something that needs somebody's eye.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Whether work fails over it, or may.
    pub weight: Weight,
    /// What it is about.
    pub subject: String,
    /// What is wrong.
    pub what: String,
    /// What to do next.
    pub help: String,
}

impl Report {
    /// Whether there is nothing to look at: no problem in the file and no finding beside it.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.config.problems.is_empty()
            && self.findings.is_empty()
            && self.config.state != ConfigState::Refused
    }
}

/// Examines a workspace. Nothing that is wrong stops it.
#[must_use]
pub fn examine(workspace: &Workspace, environment: &Environment) -> Report {
    let path = shown(&workspace.config_file());
    let mut findings = Vec::new();
    let (config, detail) = match super::load(workspace) {
        Ok(loaded) => {
            let state = if loaded.file.is_some() { ConfigState::Used } else { ConfigState::Absent };
            let detail = Detail::of(&loaded.config, workspace, environment);
            findings = detail.findings();
            (ConfigFile { path, state, problems: loaded.warnings }, Some(detail))
        }
        Err(ConfigError::Invalid { problems, .. }) => {
            (ConfigFile { path, state: ConfigState::Refused, problems }, None)
        }
        Err(ConfigError::Unreadable { cause, .. }) => {
            findings.push(Finding {
                weight: Weight::Error,
                subject: "dos.toml".to_owned(),
                what: format!("cannot read `{path}`: {cause}"),
                help: "make it a readable UTF-8 file, or remove it to run on defaults".to_owned(),
            });
            (ConfigFile { path, state: ConfigState::Refused, problems: Vec::new() }, None)
        }
    };
    let workspace = shown(workspace.root());
    Report { dosd_version: env!("CARGO_PKG_VERSION"), workspace, config, detail, findings }
}

/// A path for people and for JSON, which both need text.
fn shown(path: &Path) -> String {
    path.display().to_string()
}
