//! Everything around an exporter under test, under paused time.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, Addr};
use dosd_actors::guard::{ActorEnded, EndGuard};
use dosd_actors::journal::Cursor;
use dosd_actors::port::testing::{MemoryStorage, TestClock};
use dosd_actors::port::{SharedStorage, Storage};
use dosd_actors::reach::Reach;
use dosd_actors::supervisor::GetFleet;
use futures_util::StreamExt;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

use super::journal::FakeJournalActor;
use super::{FakeJournal, LONG_ENOUGH, Script, ScriptedSink};
use crate::cursor::{CursorFile, Loaded, Saved};
use crate::delivery::Policy;
use crate::{
    Drain, DrainEnd, Drained, ExporterActor, ExporterParts, ExporterStatus, Filter, GetStatus,
    Sink, StartFrom,
};

/// The wall clock at the start of each test: the stamp of the rows.
pub(crate) const NOW_MS: i64 = 1_795_375_885_000;

pub(crate) struct World {
    pub(crate) journal: FakeJournal,
    pub(crate) script: Script,
    pub(crate) storage: MemoryStorage,
    pub(crate) filter: Filter,
    pub(crate) from: StartFrom,
    pub(crate) policy: Policy,
    pub(crate) clock: TestClock,
    read: Reach<dosd_actors::journal::ReadFrom>,
    subscribe: Reach<dosd_actors::journal::Subscribe>,
    report: UnboundedSender<ActorEnded>,
    ended: UnboundedReceiver<ActorEnded>,
    /// Every journal actor so far: somebody may hold on to an old one.
    journals: RefCell<Vec<Addr<FakeJournalActor>>>,
}

impl World {
    /// A journal that is running, an empty disk, and time that stands still.
    /// Exporters begin with the first event.
    pub(crate) fn new() -> Self {
        tokio::time::pause();
        let (report, ended) = unbounded_channel();
        let world = Self {
            journal: FakeJournal::new(),
            script: Script::new(),
            storage: MemoryStorage::default(),
            filter: Filter::default(),
            from: StartFrom::Start,
            policy: Policy::default(),
            clock: TestClock::at(NOW_MS),
            read: Reach::unset("verdict journal"),
            subscribe: Reach::unset("verdict journal"),
            report,
            ended,
            journals: RefCell::default(),
        };
        world.start_journal();
        world
    }

    /// Starts a journal actor and points everybody at it.
    pub(crate) fn start_journal(&self) {
        let journal = self.journal.start();
        self.read.point_at(&journal);
        self.subscribe.point_at(&journal);
        self.journals.borrow_mut().push(journal);
    }

    /// The journal is being made again.
    pub(crate) fn lose_journal(&self) {
        self.read.clear();
        self.subscribe.clear();
    }

    pub(crate) fn start(&self) -> Addr<ExporterActor<ScriptedSink>> {
        self.start_sink(self.script.sink(), Reach::unset("supervisor"))
    }

    /// An exporter for another sink than the scripted one.
    pub(crate) fn start_sink<S: Sink>(
        &self,
        sink: S,
        fleet: Reach<GetFleet>,
    ) -> Addr<ExporterActor<S>> {
        self.start_named("oncall", sink, fleet)
    }

    /// A healthy exporter beside the one that is tested.
    pub(crate) fn start_beside(&self) -> Addr<ExporterActor<ScriptedSink>> {
        self.start_named("beside", self.script.sink(), Reach::unset("supervisor"))
    }

    fn start_named<S: Sink>(
        &self,
        name: &str,
        sink: S,
        fleet: Reach<GetFleet>,
    ) -> Addr<ExporterActor<S>> {
        let parts = ExporterParts {
            name: name.to_owned(),
            sink,
            filter: self.filter.clone(),
            from: self.from,
            policy: self.policy,
            directory: PathBuf::from("exporters"),
            clock: Arc::new(self.clock.clone()),
            storage: self.storage(),
            rng: fastrand::Rng::with_seed(1),
            read: self.read.clone(),
            subscribe: self.subscribe.clone(),
            fleet,
        };
        ExporterActor::new(parts, EndGuard::new("exporter", self.report.clone())).start()
    }

    pub(crate) fn storage(&self) -> SharedStorage {
        Arc::new(self.storage.clone())
    }

    /// How the next exporter ends.
    pub(crate) async fn ended(&mut self) -> dosd_actors::guard::Ended {
        self.ended.recv().await.unwrap().how
    }

    /// What the cursor file says; nothing when there is none that can be read.
    pub(crate) async fn saved(&self) -> Option<Saved> {
        match self.cursor_file().load().await.unwrap() {
            Loaded::Found(saved) => Some(saved),
            Loaded::Missing | Loaded::Unreadable(_) => None,
        }
    }

    /// Waits until the cursor file says so, and the exporter knows that it does.
    pub(crate) async fn cursor_at(&self, cursor: Cursor) {
        let mut changes = self.storage.changes(Path::new("")).unwrap();
        let saved = async {
            while self.saved().await.is_none_or(|saved| saved.cursor != cursor) {
                changes.next().await.unwrap();
            }
        };
        timeout(LONG_ENOUGH, saved).await.expect("the cursor never came there");
        pass(Duration::from_millis(1)).await;
    }

    pub(crate) fn cursor_file(&self) -> CursorFile {
        CursorFile::new(self.storage(), Path::new("exporters"), "oncall")
    }

    /// The lines of the dead-letter file.
    pub(crate) fn dead_letters(&self) -> Vec<String> {
        let bytes = self.storage.bytes(Path::new("exporters/oncall.dead.jsonl"));
        String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect()
    }
}

pub(crate) async fn status(exporter: &Addr<ExporterActor<ScriptedSink>>) -> ExporterStatus {
    exporter.send(GetStatus).await.unwrap()
}

pub(crate) async fn drain<S: Sink + Unpin>(
    exporter: &Addr<ExporterActor<S>>,
    within: Duration,
) -> Drained {
    exporter.send(Drain { within }).await.unwrap()
}

/// Drains with all the time in the world.
pub(crate) async fn drain_all<S: Sink + Unpin>(exporter: &Addr<ExporterActor<S>>) {
    assert_eq!(drain(exporter, Duration::from_hours(24)).await.end, DrainEnd::CaughtUp);
}

/// Lets everything run, and time jump, until so much of it has passed.
pub(crate) async fn pass(time: Duration) {
    let _: Result<(), _> = timeout(time, std::future::pending()).await;
}

/// Times in ms, to a tenth of a second: a timer of the runtime is up to 1 ms late.
pub(crate) fn about(times: &[u128]) -> Vec<u128> {
    times.iter().map(|ms| (ms + 50) / 100 * 100).collect()
}
