//! From the checked configuration to where verdicts go. The one place that knows every kind
//! of sink.

#[cfg(feature = "otlp")]
mod otlp;
#[cfg(feature = "slack")]
mod slack;
#[cfg(feature = "statsd")]
mod statsd;
#[cfg(feature = "webhook")]
mod webhook;

use std::sync::Arc;

use dosd_actors::port::{SharedClock, SharedStorage, SystemClock, machine};
use dosd_exporters::file::{FileConfig, FileSink, Rotation};
use dosd_exporters::{Delivery, Event, Sink, Unhealthy};

use crate::config;
use crate::env::Environment;
use crate::host::host_id;
use crate::workspace::Workspace;

/// Somebody who works with a sink, whichever it is.
pub trait SinkUser {
    /// What comes of it.
    type Output;

    /// Works with the sink.
    fn with<S: Sink>(self, sink: S) -> Self::Output;
}

/// Whether this build has sinks of a kind.
#[must_use]
pub fn is_built(kind: &str) -> bool {
    config::sink::built().contains(&kind)
}

/// What sinks are made with.
#[derive(Clone)]
pub struct SinkPorts {
    /// Where relative paths begin, and what sinks remember is kept.
    pub workspace: Workspace,
    /// Time.
    pub clock: SharedClock,
    /// Files.
    pub storage: SharedStorage,
    /// What this machine is called.
    pub host_id: String,
    /// Whether a command uses them once, beside a daemon that may run.
    pub once: bool,
}

impl SinkPorts {
    /// For a command: this machine's clock and disk.
    #[must_use]
    pub fn once(workspace: Workspace, environment: &Environment) -> Self {
        Self {
            workspace,
            clock: Arc::new(SystemClock::new()),
            storage: machine::storage(),
            host_id: host_id(environment),
            once: true,
        }
    }

    /// Makes the sink of an exporter and hands it over. One that cannot be made as it is
    /// configured takes nothing and says why, so that its events wait.
    pub fn open<U: SinkUser>(&self, exporter: &config::Exporter, user: U) -> U::Output {
        match &exporter.sink {
            config::Sink::File { path, rotation } => {
                let path = self.workspace.resolve_path(path);
                let rotation = Rotation { max_size_bytes: rotation.max_bytes, keep: rotation.keep };
                user.with(FileSink::new(Arc::clone(&self.storage), FileConfig { path, rotation }))
            }
            #[cfg(feature = "otlp")]
            config::Sink::Otlp(otlp) => hand_over(self.otlp(otlp), "otlp", user),
            #[cfg(feature = "statsd")]
            config::Sink::Statsd(statsd) => hand_over(self.statsd(statsd), "statsd", user),
            #[cfg(feature = "slack")]
            config::Sink::Slack(slack) => {
                hand_over(self.slack(&exporter.name, slack), "slack", user)
            }
            #[cfg(feature = "webhook")]
            config::Sink::Webhook(webhook) => hand_over(self.webhook(webhook), "webhook", user),
            #[cfg(not(all(
                feature = "otlp",
                feature = "statsd",
                feature = "slack",
                feature = "webhook"
            )))]
            other => {
                let cause = format!("`{}` is not part of this build", other.kind());
                user.with(UnusableSink { kind: other.kind(), cause })
            }
        }
    }
}

#[cfg(any(feature = "otlp", feature = "statsd", feature = "slack", feature = "webhook"))]
fn hand_over<S: Sink, U: SinkUser>(
    sink: Result<S, String>,
    kind: &'static str,
    user: U,
) -> U::Output {
    match sink {
        Ok(sink) => user.with(sink),
        Err(cause) => user.with(UnusableSink { kind, cause }),
    }
}

/// A sink that cannot be made as it is configured, or not with what the environment holds.
struct UnusableSink {
    kind: &'static str,
    cause: String,
}

impl Sink for UnusableSink {
    type Batch = ();

    fn kind(&self) -> &'static str {
        self.kind
    }

    fn encode(&self, _: &[Event]) -> Self::Batch {}

    async fn send(&mut self, (): &Self::Batch) -> Delivery {
        Delivery::Retry { reason: self.cause.clone() }
    }

    async fn check(&mut self) -> Result<(), Unhealthy> {
        Err(Unhealthy(self.cause.clone()))
    }
}
