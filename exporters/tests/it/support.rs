//! What every sink is tested with: a journal that is running, and exporters over it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, Addr};
use dosd_actors::guard::EndGuard;
use dosd_actors::journal::{Append, JournalActor, Log};
use dosd_actors::port::{Disk, SystemClock};
use dosd_actors::reach::Reach;
use dosd_exporters::delivery::Policy;
use dosd_exporters::{
    Drain, DrainEnd, Drained, ExporterActor, ExporterParts, Filter, Sink, StartFrom,
};
use dosd_kernel::verdict::{VerdictEvent, VerdictFold};

/// A journal in a directory.
pub(crate) struct Daemon {
    pub(crate) directory: PathBuf,
    journal: Addr<JournalActor<VerdictFold>>,
}

impl Daemon {
    /// Opens the journal that is there, or begins one.
    pub(crate) fn start(directory: &Path) -> Self {
        let log = Log::open(Arc::new(Disk), &directory.join("verdict-journal.jsonl")).unwrap();
        let journal = JournalActor::new(log, Arc::new(SystemClock::new()), None, None).start();
        Self { directory: directory.to_owned(), journal }
    }

    /// An exporter with its own name, from the first event on.
    pub(crate) fn exporter<S: Sink + Unpin>(
        &self,
        name: &str,
        sink: S,
        policy: Policy,
    ) -> Addr<ExporterActor<S>> {
        let (read, subscribe) = (Reach::unset("journal"), Reach::unset("journal"));
        read.point_at(&self.journal);
        subscribe.point_at(&self.journal);
        let parts = ExporterParts {
            name: name.to_owned(),
            sink,
            filter: Filter::default(),
            from: StartFrom::Start,
            policy,
            directory: self.directory.join("exporters"),
            clock: Arc::new(SystemClock::new()),
            storage: Arc::new(Disk),
            rng: fastrand::Rng::with_seed(7),
            read,
            subscribe,
            fleet: Reach::unset("supervisor"),
        };
        let (report, _) = tokio::sync::mpsc::unbounded_channel();
        ExporterActor::new(parts, EndGuard::new("exporter", report)).start()
    }

    /// Appends rows, numbered by their subjects.
    pub(crate) async fn append(&self, count: usize) {
        let event = |number: usize| VerdictEvent {
            syscall: "liveness".to_owned(),
            subject: number.to_string(),
            ..VerdictEvent::default()
        };
        let rows = (0..count).map(|number| event(number).draft(0)).collect();
        self.journal.send(Append { rows }).await.unwrap().unwrap();
    }

    /// A file in the directory, as text.
    pub(crate) fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.directory.join(name)).unwrap()
    }
}

/// Delivers all that is in the journal.
pub(crate) async fn drain_all<S: Sink + Unpin>(exporter: &Addr<ExporterActor<S>>) {
    let drained = exporter.send(Drain { within: Duration::from_mins(1) }).await.unwrap();
    assert_eq!(drained, Drained { end: DrainEnd::CaughtUp, behind_bytes: 0 });
}

/// Ends an exporter at once, as a daemon that is killed: whatever is under way is dropped.
pub(crate) async fn kill<S: Sink + Unpin>(exporter: &Addr<ExporterActor<S>>) {
    let drained = exporter.send(Drain { within: Duration::ZERO }).await.unwrap();
    assert_eq!(drained.end, DrainEnd::GaveUp);
}
