//! The exporters: one actor for each sink.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use actix::Actor;
use dosd_actors::guard::EndGuard;
use dosd_actors::reach::Reach;
use dosd_exporters::delivery::Policy;
use dosd_exporters::{Drain, DrainEnd, ExporterActor, ExporterParts, Filter, Sink, StartFrom};
use futures_util::future::join_all;
use tracing::warn;

use super::super::DRAIN_AT_MOST;
use super::{Cast, EXPORTER};
use crate::config;
use crate::control::ExporterDoor;
use crate::sinks::{SinkPorts, SinkUser};

/// An exporter of the configuration, and where its actor is found.
pub(super) struct Seat {
    exporter: config::Exporter,
    drain: Reach<Drain>,
    door: ExporterDoor,
}

impl Seat {
    fn new(exporter: config::Exporter) -> Self {
        let door = ExporterDoor {
            name: exporter.name.clone(),
            status: Reach::unset(EXPORTER),
            resume: Reach::unset(EXPORTER),
        };
        Self { exporter, drain: Reach::unset(EXPORTER), door }
    }
}

impl Cast {
    /// Makes the exporters of the configuration that are not there yet.
    pub(super) fn make_exporters(&mut self) {
        for exporter in self.options.config.exporters.clone() {
            if !self.exporters.iter().any(|seat| seat.exporter == exporter) {
                self.exporters.push(Seat::new(exporter));
                self.make_exporter(self.exporters.len() - 1);
            }
        }
        let doors = self.exporters.iter().map(|seat| seat.door.clone()).collect();
        *self.exporter_doors.write().unwrap_or_else(PoisonError::into_inner) = doors;
    }

    /// Makes those again that panicked.
    pub(super) fn remake_exporters(&mut self) {
        for at in 0..self.exporters.len() {
            let actor = self.exporters[at].drain.recipient();
            if actor.is_none_or(|actor| !actor.connected()) {
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
            .partition(|seat| wanted.contains(&seat.exporter));
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
        let ports = SinkPorts {
            workspace: self.options.workspace.clone(),
            clock: Arc::clone(&self.ports.clock),
            storage: Arc::clone(&self.ports.storage),
            host_id: self.spawn_settings.host_id.clone(),
            once: false,
        };
        let seat = &self.exporters[at];
        ports.open(&seat.exporter, Starter { cast: self, seat, rng, guard });
    }
}

/// Starts an exporter with a sink.
struct Starter<'a> {
    cast: &'a Cast,
    seat: &'a Seat,
    rng: fastrand::Rng,
    guard: EndGuard,
}

impl SinkUser for Starter<'_> {
    type Output = ();

    fn with<S: Sink>(self, sink: S) {
        let Self { cast, seat, rng, guard } = self;
        let Seat { exporter, drain, door } = seat;
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
            directory: cast.options.workspace.exporters_dir(),
            clock: Arc::clone(&cast.ports.clock),
            storage: Arc::clone(&cast.ports.storage),
            rng,
            read: cast.verdicts.read.clone(),
            subscribe: cast.verdicts.doorbell.clone(),
            fleet: cast.fleet.clone(),
        };
        let actor = ExporterActor::new(parts, guard).start();
        drain.point_at(&actor);
        door.status.point_at(&actor);
        door.resume.point_at(&actor);
    }
}

/// Has exporters deliver what is left and end, side by side.
async fn drain(exporters: &[Seat], within: Duration) {
    let drained = exporters.iter().map(|Seat { exporter, drain, .. }| async move {
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
