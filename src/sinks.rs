//! From the checked configuration to where verdicts go. The one place that knows every kind
//! of sink.

use std::sync::Arc;

use dosd_actors::port::{Disk, SharedClock, SharedStorage, SystemClock};
use dosd_exporters::file::{FileConfig, FileSink, Rotation};
use dosd_exporters::{Delivery, Event, Sink, Unhealthy};

use crate::config;
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
}

impl SinkPorts {
    /// For a command: this machine's clock and disk.
    #[must_use]
    pub fn once(workspace: Workspace) -> Self {
        Self { workspace, clock: Arc::new(SystemClock::new()), storage: Arc::new(Disk) }
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

    fn hand_over<S: Sink, U: SinkUser>(
        &self,
        sink: Result<S, String>,
        kind: &'static str,
        user: U,
    ) -> U::Output {
        match sink {
            Ok(sink) => user.with(sink),
            Err(cause) => user.with(UnusableSink { kind, cause }),
        }
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
