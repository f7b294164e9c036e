//! The checked `[[dosd.exporter]]` entries: plain values, no sender.

use super::model::Rotation;
use super::secret::Secret;
use dosd_kernel::verdict::Severity;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

/// One `[[dosd.exporter]]`: a sink for verdict events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exporter {
    /// The name of the exporter, and of its cursor file.
    pub name: String,
    /// Where events go.
    pub sink: Sink,
    /// Events below this are not sent.
    pub min_severity: Severity,
    /// The syscalls whose events are sent; all when absent, never empty.
    pub syscalls: Option<BTreeSet<String>>,
    /// Where a new exporter begins.
    pub from: StartFrom,
}

/// Where an exporter without a cursor begins in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StartFrom {
    /// At the first event.
    Start,
    /// After the last event that is there when it starts.
    End,
}

/// Where an exporter sends. Paths are relative to the workspace. What is absent has the
/// default of the sink itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sink {
    /// JSON Lines in a file.
    File {
        /// The file.
        path: PathBuf,
        /// How the file is kept from growing without end.
        rotation: Rotation,
    },
    /// OpenTelemetry logs and traces.
    Otlp(Otlp),
    /// Counters and gauges.
    Statsd(Statsd),
    /// Messages in a Slack channel.
    Slack(Slack),
    /// Standard Webhooks.
    Webhook(Webhook),
}

impl Sink {
    /// Its kind, as the configuration names it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::File { .. } => "file",
            Self::Otlp(_) => "otlp",
            Self::Statsd(_) => "statsd",
            Self::Slack(_) => "slack",
            Self::Webhook(_) => "webhook",
        }
    }
}

/// `kind = "otlp"`. What is absent is taken from the `OTEL_EXPORTER_OTLP_*` variables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Otlp {
    /// The collector, without a path for a signal.
    pub endpoint: Option<String>,
    /// How it is spoken to.
    pub protocol: Option<OtlpProtocol>,
    /// Whether requests are compressed.
    pub gzip: Option<bool>,
    /// Headers of each request.
    pub headers: BTreeMap<String, Secret>,
    /// A request may take so long.
    pub timeout: Option<Duration>,
    /// What is sent; both when absent, never empty.
    pub signals: Option<BTreeSet<OtlpSignal>>,
    /// The resource's `service.name`.
    pub service_name: Option<String>,
    /// A file with the certificates of the authorities that are trusted beside the machine's.
    pub ca_file: Option<PathBuf>,
}

/// How a collector is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OtlpProtocol {
    /// Protobuf over HTTP.
    HttpProtobuf,
    /// gRPC.
    Grpc,
}

/// A kind of telemetry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OtlpSignal {
    /// A record for each event.
    Logs,
    /// A span for each run, and its verdicts inside.
    Traces,
}

/// `kind = "statsd"`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statsd {
    /// Where the agent listens.
    pub address: Option<StatsdAddress>,
    /// What every name begins with.
    pub prefix: Option<String>,
    /// Whether tags are sent beside the names, as DogStatsD reads them, or in the names.
    pub tags: Option<StatsdTags>,
    /// How often gauges are sent.
    pub interval: Option<Duration>,
}

/// Where a statsd agent listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StatsdAddress {
    /// For datagrams.
    Udp {
        /// A name or an address.
        host: String,
        /// The port.
        port: u16,
    },
    /// On a Unix socket.
    Socket(PathBuf),
}

/// Where tags go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatsdTags {
    /// Behind the value.
    DogStatsD,
    /// Into the name.
    None,
}

/// `kind = "slack"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slack {
    /// How messages come to a channel.
    pub destination: SlackDestination,
    /// How long events gather before the first message.
    pub group_wait: Option<Duration>,
    /// How long they gather between two messages.
    pub group_interval: Option<Duration>,
    /// After so long the same is news again.
    pub repeat: Option<Duration>,
    /// A request may take so long.
    pub timeout: Option<Duration>,
    /// Whether one message is kept that shows how the fleet stands.
    pub status: bool,
}

/// How messages come to a channel of Slack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SlackDestination {
    /// By an incoming webhook, whose URL is the secret.
    Webhook(Secret),
    /// As a bot.
    Bot {
        /// Its token.
        token: Secret,
        /// The channel's id or name.
        channel: String,
        /// Where the Web API is, when not at Slack.
        api: Option<String>,
    },
}

/// `kind = "webhook"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Where events are posted to.
    pub url: Secret,
    /// What they are signed with, newest first; unsigned without any.
    pub secrets: Vec<Secret>,
    /// What is sent as the bearer token.
    pub token: Option<Secret>,
    /// A request may take so long.
    pub timeout: Option<Duration>,
}

/// Every kind, and whether this build has it.
const ALL: [(&str, bool); 5] = [
    ("file", true),
    ("otlp", cfg!(feature = "otlp")),
    ("statsd", cfg!(feature = "statsd")),
    ("slack", cfg!(feature = "slack")),
    ("webhook", cfg!(feature = "webhook")),
];

/// The kinds that this build has.
#[must_use]
pub fn built() -> Vec<&'static str> {
    ALL.into_iter().filter(|(_, is_built)| *is_built).map(|(kind, _)| kind).collect()
}

/// The kinds that this build leaves out.
#[must_use]
pub fn left_out() -> Vec<&'static str> {
    ALL.into_iter().filter(|(_, is_built)| !*is_built).map(|(kind, _)| kind).collect()
}
