//! The checked configuration: plain typed values, with the defaults of an absent `dos.toml`. It never
//! reads a file.

use super::command::CommandTemplate;
pub use super::secret::Secret;
use super::shared::{Paths, Stamp};
pub use super::sink::{Exporter, Sink, StartFrom};
pub use super::surface::{SqlSource, Surface, Witness};
use dosd_kernel::arbiter::Overlap;
use dosd_kernel::population::{ByLane, Lanes, Policy};
use dosd_kernel::reasons::{self, Reason};
use dosd_kernel::{cooldown, data_class, liveness, restart, retention};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// The launch line of a lane when `[supervise] worker_launch_template` gives none.
pub const DEFAULT_LAUNCH_TEMPLATE: &str = "/dos-dispatch-loop --lane {lane}";

/// Everything that `dos.toml` decides. [`Config::default`] is what an absent file means.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// `[lanes]`: the roster and the region of each lane.
    pub lanes: Lanes,
    /// `[supervise]`: how many workers are kept alive, and what happens to those that are not well.
    pub supervise: Policy,
    /// `[supervise] worker_launch_template`: the line that `loop` shows for a free lane.
    pub worker_launch_template: String,
    /// `[paths]`: where the journals and the other files are.
    pub paths: Paths,
    /// `[overlap]`: which requests may reach into the region of a live lease.
    pub overlap: Overlap,
    /// `[retention]`: how much history is kept.
    pub retention: retention::Policy,
    /// `[cooldown]`: how long a unit rests after an attempt.
    pub cooldown: cooldown::Policy,
    /// `[stamp]`: what a shipping commit looks like.
    pub stamp: Stamp,
    /// The built-in reasons, and those of `[reasons]` after them.
    pub reasons: Vec<Reason>,
    /// `[[concurrency_class]]`: the most leases at once of a kind of lane.
    pub class_budgets: BTreeMap<String, u64>,
    /// `[data_class]`: what kind of data a path holds.
    pub data_class: data_class::Policy,
    /// `[dosd] tick`: the longest time between two plans. Never zero.
    pub tick: Duration,
    /// `[dosd] on_shutdown`: what becomes of the workers when the daemon is told to stop.
    pub on_shutdown: OnShutdown,
    /// `[dosd] listen` and `[dosd.http]`: the HTTP interface; none when nobody listens.
    pub http: Option<Http>,
    /// `[dosd.liveness]`: when a worker counts as spinning or stalled.
    pub liveness: liveness::Policy,
    /// `[dosd.worker]`: how a worker is started, stopped, restarted and logged; and
    /// `[dosd.worker.lanes.NAME]`, where a lane has it otherwise. Every value is whole.
    pub workers: ByLane<Worker>,
    /// `[[dosd.witness]]`: the state surfaces, with distinct names.
    pub witnesses: Vec<Witness>,
    /// `[[dosd.exporter]]`: the sinks, with distinct names.
    pub exporters: Vec<Exporter>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            lanes: Lanes::default(),
            supervise: Policy::default(),
            worker_launch_template: DEFAULT_LAUNCH_TEMPLATE.to_owned(),
            paths: Paths::default(),
            overlap: Overlap::default(),
            retention: retention::Policy::default(),
            cooldown: cooldown::Policy::default(),
            stamp: Stamp::default(),
            reasons: reasons::built_in(),
            class_budgets: BTreeMap::new(),
            data_class: data_class::Policy::default(),
            tick: Duration::from_secs(30),
            on_shutdown: OnShutdown::default(),
            http: None,
            liveness: liveness::Policy::default(),
            workers: ByLane::default(),
            witnesses: Vec::new(),
            exporters: Vec::new(),
        }
    }
}

impl Config {
    /// How the worker of a lane is started, stopped, restarted and logged.
    #[must_use]
    pub fn worker(&self, lane: &str) -> &Worker {
        self.workers.of(lane)
    }
}

/// Where and to whom the HTTP interface answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Http {
    /// The address that is listened on. Beyond loopback there is a token.
    pub listen: SocketAddr,
    /// The token that may read and write.
    pub token: Option<Secret>,
    /// A token that may only read.
    pub read_token: Option<Secret>,
    /// Encrypted, with these files.
    pub tls: Option<Tls>,
    /// Connections at once; more wait until one ends.
    pub max_connections: u32,
    /// The longest body of a request, in bytes.
    pub max_body: u64,
}

impl Http {
    /// Connections at once, unless it is configured.
    pub const MAX_CONNECTIONS: u32 = 4096;
    /// The longest body of a request, unless it is configured: a claim with a long story.
    pub const MAX_BODY: u64 = 1_000_000;
}

/// A certificate and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// A PEM file: the certificate, then those that vouch for it.
    pub certificate: PathBuf,
    /// A PEM file: the private key.
    pub key: PathBuf,
}

/// What becomes of the workers when the daemon is told to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnShutdown {
    /// They go on, and the next daemon adopts them.
    #[default]
    Detach,
    /// The daemon starts nothing more and stays until the last one has ended by itself.
    Drain,
    /// They are stopped, group by group.
    Stop,
}

/// `[dosd.worker]`, or the whole of it for one lane.
#[derive(Debug, Clone, PartialEq)]
pub struct Worker {
    /// The program and its arguments, with placeholders.
    pub command: CommandTemplate,
    /// Who journals the lease of a worker.
    pub lease: LeaseKeeper,
    /// How long a worker may take to end after TERM, before KILL.
    pub stop_timeout: Duration,
    /// How soon and how often a worker is started again.
    pub restart: restart::Policy,
    /// How much of a worker's output is kept.
    pub log: Rotation,
    /// The surfaces that are read for its claims; all of them if it names none.
    pub witness: Option<Vec<String>>,
}

impl Default for Worker {
    fn default() -> Self {
        Self {
            command: CommandTemplate::default(),
            lease: LeaseKeeper::Worker,
            stop_timeout: Duration::from_secs(10),
            restart: restart::Policy::default(),
            log: Rotation { max_bytes: 10_000_000, keep: 5 },
            witness: None,
        }
    }
}

/// Who journals ACQUIRE, beats and RELEASE of a worker's lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LeaseKeeper {
    /// The worker itself: it knows the protocol.
    Worker,
    /// The supervisor, for plain programs.
    Supervisor,
}

/// When a growing file is put aside, and how many of those are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rotation {
    /// The size in bytes at which a file is put aside. Never zero.
    pub max_bytes: u64,
    /// How many files that were put aside are kept, beside the live one.
    pub keep: u32,
}
