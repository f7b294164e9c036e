//! A real journal, a real disk, and the sink `file`, through the public API only.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, Addr};
use dosd_actors::guard::EndGuard;
use dosd_actors::journal::{Append, JournalActor, Log};
use dosd_actors::port::{Disk, SystemClock};
use dosd_actors::reach::Reach;
use dosd_exporters::delivery::Policy;
use dosd_exporters::file::{FileConfig, FileSink, Rotation};
use dosd_exporters::{Drain, DrainEnd, ExporterActor, ExporterParts, Filter, GetStatus, StartFrom};
use dosd_kernel::verdict::{VerdictEvent, VerdictFold};

struct Daemon {
    directory: PathBuf,
    journal: Addr<JournalActor<VerdictFold>>,
}

impl Daemon {
    fn start(directory: &Path) -> Self {
        let log = Log::open(Arc::new(Disk), &directory.join("verdict-journal.jsonl")).unwrap();
        let journal = JournalActor::new(log, Arc::new(SystemClock::new()), None, None).start();
        Self { directory: directory.to_owned(), journal }
    }

    fn exporter(&self, out: &str) -> Addr<ExporterActor<FileSink>> {
        let (read, subscribe) = (Reach::unset("journal"), Reach::unset("journal"));
        read.point_at(&self.journal);
        subscribe.point_at(&self.journal);
        let config = FileConfig { path: self.directory.join(out), rotation: Rotation::default() };
        let parts = ExporterParts {
            name: "audit".to_owned(),
            sink: FileSink::new(Arc::new(Disk), config),
            filter: Filter::default(),
            from: StartFrom::Start,
            policy: Policy::default(),
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

    async fn append(&self, count: usize) {
        let event = VerdictEvent { syscall: "liveness".to_owned(), ..VerdictEvent::default() };
        let rows = (0..count).map(|_| event.draft(0)).collect();
        self.journal.send(Append { rows }).await.unwrap().unwrap();
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.directory.join(name)).unwrap()
    }
}

#[actix::test]
async fn the_file_holds_the_journals_rows_over_restarts() {
    let directory = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(directory.path());
    let drain = Drain { within: Duration::from_mins(1) };

    daemon.append(700).await;
    let exporter = daemon.exporter("out.jsonl");
    daemon.append(5).await;
    let drained = exporter.send(drain).await.unwrap();
    assert_eq!((drained.end, drained.behind_bytes), (DrainEnd::CaughtUp, 0));
    assert!(exporter.send(GetStatus).await.is_err(), "a drained exporter has ended");

    daemon.append(5).await;
    let exporter = daemon.exporter("out.jsonl");
    assert_eq!(exporter.send(drain).await.unwrap().end, DrainEnd::CaughtUp);
    assert_eq!(daemon.text("out.jsonl"), daemon.text("verdict-journal.jsonl"));
    assert_eq!(daemon.text("out.jsonl").lines().count(), 710);
}

#[actix::test]
async fn w_44_a_target_without_a_directory_is_named_and_loses_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(directory.path());
    daemon.append(3).await;
    let exporter = daemon.exporter("not/there.jsonl");
    let drained = exporter.send(Drain { within: Duration::ZERO }).await.unwrap();
    assert_eq!(drained.end, DrainEnd::GaveUp);

    std::fs::create_dir(directory.path().join("not")).unwrap();
    let exporter = daemon.exporter("not/there.jsonl");
    let drained = exporter.send(Drain { within: Duration::from_mins(1) }).await.unwrap();
    assert_eq!(drained.end, DrainEnd::CaughtUp);
    assert_eq!(daemon.text("not/there.jsonl"), daemon.text("verdict-journal.jsonl"));
}
