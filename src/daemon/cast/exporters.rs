//! The exporters: one actor for each sink.

use std::sync::Arc;
use std::time::Duration;

use actix::Actor;
use dosd_actors::reach::Reach;
use dosd_exporters::delivery::Policy;
use dosd_exporters::file::{FileConfig, FileSink, Rotation};
use dosd_exporters::{Drain, DrainEnd, ExporterActor, ExporterParts, Filter, StartFrom};
use futures_util::future::join_all;
use tracing::warn;

use super::super::DRAIN_AT_MOST;
use super::{Cast, EXPORTER};
use crate::config::{self, Sink};

/// An exporter of the configuration, and where its actor is found.
pub(super) type Seat = (config::Exporter, Reach<Drain>);

impl Cast {
    /// Makes the exporters of the configuration that are not there yet.
    pub(super) fn make_exporters(&mut self) {
        for exporter in self.options.config.exporters.clone() {
            if !self.exporters.iter().any(|(known, _)| *known == exporter) {
                self.exporters.push((exporter, Reach::unset(EXPORTER)));
                self.make_exporter(self.exporters.len() - 1);
            }
        }
    }

    /// Makes those again that panicked.
    pub(super) fn remake_exporters(&mut self) {
        for at in 0..self.exporters.len() {
            let ended = self.exporters[at].1.recipient().is_none_or(|actor| !actor.connected());
            if ended {
                self.make_exporter(at);
            }
        }
    }

    /// Ends the exporters that the configuration has no more, or otherwise, and makes the
    /// new ones. All ends come before: an exporter goes on from the cursor of the one that
    /// had its name, and may take over the file of another.
    pub(super) async fn renew_exporters(&mut self) {
        let wanted = &self.options.config.exporters;
        let (stay, go) = std::mem::take(&mut self.exporters)
            .into_iter()
            .partition(|(exporter, _)| wanted.contains(exporter));
        self.exporters = stay;
        drain(&go, DRAIN_AT_MOST).await;
        self.make_exporters();
    }

    /// Ends all exporters.
    pub(super) async fn drain_exporters(&self, at_most: Duration) {
        drain(&self.exporters, at_most).await;
    }

    fn make_exporter(&mut self, at: usize) {
        let rng = self.random.fork();
        let guard = self.guard(EXPORTER);
        let (exporter, drain) = &self.exporters[at];
        let Sink::File { path, rotation } = &exporter.sink;
        let rotation = Rotation { max_size_bytes: rotation.max_bytes, keep: rotation.keep };
        let path = self.options.workspace.resolve_path(path);
        let sink = FileSink::new(Arc::clone(&self.ports.storage), FileConfig { path, rotation });
        let parts = ExporterParts {
            name: exporter.name.clone(),
            sink,
            filter: Filter {
                min_severity: exporter.min_severity,
                syscalls: exporter.syscalls.clone(),
            },
            from: match exporter.from {
                config::StartFrom::Start => StartFrom::Start,
                config::StartFrom::End => StartFrom::End,
            },
            policy: Policy::default(),
            directory: self.options.workspace.exporters_dir(),
            clock: Arc::clone(&self.ports.clock),
            storage: Arc::clone(&self.ports.storage),
            rng,
            read: self.verdicts.read.clone(),
            subscribe: self.verdicts.doorbell.clone(),
            fleet: self.fleet.clone(),
        };
        drain.point_at(&ExporterActor::new(parts, guard).start());
    }
}

/// Has exporters deliver what is left and end, side by side.
async fn drain(exporters: &[Seat], within: Duration) {
    let drained = exporters.iter().map(|(exporter, drain)| async move {
        if let Ok(drained) = drain.ask(Drain { within }).await
            && drained.end == DrainEnd::GaveUp
        {
            warn!(
                exporter = exporter.name,
                behind_bytes = drained.behind_bytes,
                "not everything is delivered; the cursor keeps the rest for the next start"
            );
        }
    });
    join_all(drained).await;
}
