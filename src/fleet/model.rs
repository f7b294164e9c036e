//! The picture, as it is sent and shown. Field names are part of the HTTP interface.

use dosd_kernel::Map;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The whole fleet at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Overview {
    /// The version of dosd.
    pub version: String,
    /// The directory that is served.
    pub workspace: String,
    /// The moment, epoch ms.
    pub now_ms: i64,
    /// When the daemon started, epoch ms; none when no daemon was asked.
    pub started_ms: Option<i64>,
    /// How many workers there are and should be.
    pub population: PopulationView,
    /// Every declared lane in the order of the configuration, then all others that somebody holds.
    pub lanes: Vec<LaneView>,
    /// The exporters in the order of the configuration; empty when no daemon was asked.
    pub exporters: Vec<ExporterView>,
    /// Verdicts for each minute of the last hour that has any, oldest first.
    pub history: Vec<MinuteCounts>,
    /// The newest refuted claims, newest first, at most 20.
    pub refuted: Vec<VerdictView>,
}

/// How the population stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PopulationView {
    /// The newest verdict of the supervisor; none before the first one.
    pub verdict: Option<String>,
    /// Workers that are alive by that verdict.
    pub alive: i64,
    /// Workers that are wanted.
    pub target: i64,
}

/// One lane.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LaneView {
    /// Its name.
    pub lane: String,
    /// How it does.
    pub state: LaneState,
    /// The run on it.
    pub run_id: Option<String>,
    /// The process of that run.
    pub pid: Option<u32>,
    /// Who holds its lease.
    pub owner: Option<String>,
    /// The fencing number of that lease; none for a lease that was granted without one.
    pub fence: Option<u64>,
    /// Since the start of the run, or the grant of the lease, ms.
    pub age_ms: Option<i64>,
    /// Since the newest beat of the lease, ms.
    pub beat_age_ms: Option<i64>,
    /// Runs of this lane that ended before, as far as the journal goes back.
    pub restarts: u64,
    /// The newest verdict about this lane.
    pub last_verdict: Option<VerdictMark>,
}

/// How a lane does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LaneState {
    /// Its worker is announced and has no process yet.
    Starting,
    /// Its worker gets somewhere.
    Advancing,
    /// Its worker lives and gets nowhere.
    Spinning,
    /// Its worker shows no sign of life.
    Stalled,
    /// Its process has ended, and nobody has recorded that yet.
    Gone,
    /// It gets no worker any more until it is reset.
    GaveUp,
    /// Somebody holds it who is no worker of this daemon.
    Held,
    /// Nobody is on it.
    Free,
}

impl LaneState {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 8] = [
        Self::Starting,
        Self::Advancing,
        Self::Spinning,
        Self::Stalled,
        Self::Gone,
        Self::GaveUp,
        Self::Held,
        Self::Free,
    ];

    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "STARTING",
            Self::Advancing => "ADVANCING",
            Self::Spinning => "SPINNING",
            Self::Stalled => "STALLED",
            Self::Gone => "GONE",
            Self::GaveUp => "GAVE_UP",
            Self::Held => "HELD",
            Self::Free => "FREE",
        }
    }
}

/// A verdict in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VerdictMark {
    /// The id of its event.
    pub id: String,
    /// When, as its row says.
    pub ts: String,
    /// Who decided.
    pub syscall: String,
    /// What was decided.
    pub verdict: String,
    /// `INFO`, `WARN` or `ERROR`.
    pub severity: String,
    /// What it is about, beside run and lane.
    pub subject: String,
    /// Why, where the row says so.
    pub reason: Option<String>,
}

/// A verdict: its row, and what follows from it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct VerdictView {
    /// The id of the event: stable, and where a reader goes on.
    pub id: String,
    /// `INFO`, `WARN` or `ERROR`.
    pub severity: String,
    /// Why, where the row says so.
    pub reason: Option<String>,
    /// The keys of the row: `ts`, `seq`, `syscall`, `verdict`, `run_id`, `lane`, `subject`, `detail`, `source` and whatever else it has.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    pub row: Map,
}

/// One exporter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExporterView {
    /// Its name.
    pub name: String,
    /// The kind of its sink.
    pub kind: String,
    /// What it does.
    pub state: ExporterState,
    /// The age of the oldest event that waits, ms.
    pub lag_ms: i64,
    /// The part of the journal that is not settled, bytes.
    pub behind_bytes: u64,
    /// Events that were refused for good since the daemon started.
    pub dead_letters: u64,
    /// Events that the sink took since the daemon started.
    pub sent: u64,
    /// Whether the sink is thought to work: `closed`; or `open`, when only probes are sent.
    pub circuit: String,
    /// What is wrong now, in words.
    pub problem: Option<String>,
}

/// What an exporter does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExporterState {
    /// It looks for its place.
    Starting,
    /// Everything is settled.
    Resting,
    /// It reads or sends.
    Working,
    /// It waits before it sends again.
    Waiting,
    /// Its sink fails again and again.
    Open,
    /// Its sink is gone for good.
    Disabled,
    /// It was drained.
    Stopped,
}

impl ExporterState {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Resting => "resting",
            Self::Working => "working",
            Self::Waiting => "waiting",
            Self::Open => "open",
            Self::Disabled => "disabled",
            Self::Stopped => "stopped",
        }
    }
}

/// The verdicts of one minute.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MinuteCounts {
    /// The minute's start, epoch ms.
    pub at_ms: i64,
    /// Verdicts of severity `INFO`.
    pub info: u64,
    /// Verdicts of severity `WARN`.
    pub warn: u64,
    /// Verdicts of severity `ERROR`.
    pub error: u64,
    /// Refuted claims, which are among `error`.
    pub refuted: u64,
}
