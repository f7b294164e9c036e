//! The picture of the fleet, kept up to date for whoever looks at it over HTTP.
//!
//! It follows the lane journal's file as any reader does, and reads the verdict journal through
//! its actor, so that nothing is shown that is not on disk. It works only when somebody looks.

use crate::config::Config;
use crate::control::{ExporterDoors, exporter_statuses};
use crate::fleet::{Book, ExporterView, FleetFold, Overview, Surroundings, overview};
use crate::follow::Follower;
use actix::AtomicResponse;
use actix::prelude::*;
use dosd_actors::guard::EndGuard;
use dosd_actors::journal::{Cursor, JournalMoved, ReadFrom, Start, Subscribe};
use dosd_actors::port::{SharedClock, SystemLauncher};
use dosd_actors::reach::Reach;
use dosd_actors::supervisor::{FleetView, GetFleet};
use dosd_exporters::ExporterStatus;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tracing::warn;

/// Whoever looks again within this gets the same picture.
const FRESH: Duration = Duration::from_millis(200);

/// Pictures that are sent to readers follow each other no faster.
const PAUSE: Duration = Duration::from_secs(1);

/// Ages tick even when nothing happens; and a journal that was made again knows no bells.
const AT_LEAST: Duration = Duration::from_secs(10);

/// As much of the verdict journal is read at once.
const PAGE_BYTES: usize = 4 << 20;
const PAGE_ROWS: usize = 20_000;

/// What readers are woken by.
#[derive(Clone)]
pub struct Bell {
    /// Counts how often the verdict journal moved.
    pub verdicts: watch::Sender<u64>,
    /// The newest picture, as JSON; none before the first one.
    pub picture: watch::Sender<Option<Arc<str>>>,
}

impl Default for Bell {
    fn default() -> Self {
        Self { verdicts: watch::Sender::new(0), picture: watch::Sender::new(None) }
    }
}

/// What the board looks at.
#[derive(Clone)]
pub struct BoardPorts {
    /// The time.
    pub clock: SharedClock,
    /// The lane journal's file.
    pub lane_journal: PathBuf,
    /// Rings when it has grown.
    pub lanes_moved: Reach<Subscribe>,
    /// The verdict journal.
    pub verdicts: Reach<ReadFrom>,
    /// Rings when it has grown.
    pub verdicts_moved: Reach<Subscribe>,
    /// The supervisor's plan.
    pub fleet: Reach<GetFleet>,
    /// The exporters.
    pub exporters: ExporterDoors,
    /// Dead letters on disk, by exporter.
    pub exporters_dir: PathBuf,
    /// The directory that is served.
    pub workspace: String,
    /// When the daemon started, epoch ms.
    pub started_ms: i64,
}

/// Goes on with another configuration.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Reconfigure {
    /// The one that holds now.
    pub config: Arc<Config>,
}

/// How the fleet is now.
#[derive(Message)]
#[rtype(result = "Result<Seen, String>")]
pub struct Look;

/// What is on the board.
#[derive(Clone)]
pub struct Seen {
    /// The fleet.
    pub picture: Arc<Picture>,
    /// What the verdict journal adds up to.
    pub book: Arc<Book>,
}

/// The fleet, and what of it only numbers are made from.
pub struct Picture {
    /// The fleet.
    pub overview: Overview,
    /// The same as JSON.
    pub json: Arc<str>,
    /// Lines of the lane journal that are no rows.
    pub lane_corrupt: u64,
    /// How the exporters go, with all counts.
    pub exporters: Vec<ExporterStatus>,
}

/// See the [module](self).
pub struct BoardActor {
    ports: BoardPorts,
    config: Arc<Config>,
    bell: Bell,
    launcher: Option<SystemLauncher>,
    lanes: Follower<FleetFold>,
    book: Arc<Book>,
    cursor: Option<Cursor>,
    picture: Option<(Duration, Arc<Picture>)>,
    /// A picture is on its way to the readers.
    is_due: bool,
    _guard: Option<EndGuard>,
}

impl BoardActor {
    /// A board that has seen nothing.
    #[must_use]
    pub fn new(
        ports: BoardPorts,
        config: Arc<Config>,
        bell: Bell,
        guard: Option<EndGuard>,
    ) -> Self {
        let launcher = SystemLauncher::new()
            .inspect_err(|cause| warn!("the board cannot look at processes: {cause}"))
            .ok();
        Self {
            lanes: Follower::new(ports.lane_journal.clone()),
            ports,
            config,
            bell,
            launcher,
            book: Arc::default(),
            cursor: None,
            picture: None,
            is_due: false,
            _guard: guard,
        }
    }

    /// Asks for bells. A journal that was made again has forgotten them.
    fn subscribe(&self, ctx: &mut Context<Self>) {
        let ports = self.ports.clone();
        let bell = ctx.address().recipient();
        let asked = async move {
            // One that is being made again is asked at the next time.
            let _ = ports.lanes_moved.ask(Subscribe { bell: bell.clone() }).await;
            let _ = ports.verdicts_moved.ask(Subscribe { bell }).await;
        };
        ctx.spawn(asked.into_actor(self));
    }

    /// Sends a picture to the readers, if there are any, a moment after the last one.
    fn announce(&mut self, ctx: &mut Context<Self>) {
        if self.is_due || self.bell.picture.receiver_count() == 0 {
            return;
        }
        self.is_due = true;
        let now = self.ports.clock.monotonic();
        let age = self.picture.as_ref().map_or(PAUSE, |(at, _)| now.saturating_sub(*at));
        ctx.run_later(PAUSE.saturating_sub(age), |actor, ctx| {
            let looked = actor.refresh().map(|outcome, actor: &mut Self, _| {
                actor.is_due = false;
                if let Ok(picture) = outcome {
                    actor.bell.picture.send_replace(Some(Arc::clone(&picture.json)));
                }
            });
            ctx.wait(looked);
        });
    }

    /// A picture that is not older than [`FRESH`].
    fn look(&mut self) -> ResponseActFuture<Self, Result<Arc<Picture>, String>> {
        let now = self.ports.clock.monotonic();
        match &self.picture {
            Some((at, picture)) if now.saturating_sub(*at) < FRESH => {
                let picture = Arc::clone(picture);
                Box::pin(async move { Ok(picture) }.into_actor(self))
            }
            _ => self.refresh(),
        }
    }

    /// A new picture. Nothing else is handled meanwhile, so the book can be lent out.
    fn refresh(&mut self) -> ResponseActFuture<Self, Result<Arc<Picture>, String>> {
        let ports = self.ports.clone();
        let (book, cursor) = (std::mem::take(&mut self.book), self.cursor);
        let gathered = async move {
            let mut reading = Reading { book, cursor };
            let read = reading.read_on(&ports.verdicts).await;
            let exporters = exporter_statuses(&ports.exporters).await;
            let fleet = ports.fleet.ask(GetFleet).await.unwrap_or_default();
            (reading, read, exporters, fleet)
        };
        Box::pin(gathered.into_actor(self).map(|(reading, read, exporters, fleet), actor, _| {
            (actor.book, actor.cursor) = (reading.book, reading.cursor);
            read?;
            actor.draw(exporters, &fleet)
        }))
    }

    fn draw(
        &mut self,
        exporters: Vec<ExporterStatus>,
        fleet: &FleetView,
    ) -> Result<Arc<Picture>, String> {
        // It blocks this thread, which has nothing else to do.
        self.lanes.follow().map_err(|cause| {
            format!("cannot read `{}`: {cause}", self.ports.lane_journal.display())
        })?;
        let flagged = |lane: &str| {
            fleet
                .plan
                .as_ref()
                .is_none_or(|plan| plan.flag.iter().chain(&plan.reap).any(|item| item.lane == lane))
        };
        let now_ms = self.ports.clock.now_ms();
        let around = Surroundings {
            workspace: self.ports.workspace.clone(),
            started_ms: Some(self.ports.started_ms),
            now_ms,
            lanes: &self.config.lanes,
            liveness: &self.config.liveness,
            exporters: exporters.iter().map(|status| self.exporter(status)).collect(),
            lives: &|process| {
                self.launcher.as_ref().is_none_or(|launcher| launcher.lives(&process.into()))
            },
            // The supervisor asks git; what it has no doubt about gets somewhere.
            commits: &|run, _| i64::from(!flagged(&run.lane)),
        };
        let fold = self.lanes.state();
        let lane_corrupt = fold.lanes.corrupt();
        let overview = overview(fold, &self.book, around).map_err(|cause| cause.to_string())?;
        let json = serde_json::to_string(&overview).map_err(|cause| cause.to_string())?;
        let picture = Arc::new(Picture { overview, json: json.into(), lane_corrupt, exporters });
        self.picture = Some((self.ports.clock.monotonic(), Arc::clone(&picture)));
        Ok(picture)
    }

    fn exporter(&self, status: &ExporterStatus) -> ExporterView {
        let path = self.ports.exporters_dir.join(format!("{}.dead.jsonl", status.name));
        let dead_letters = std::fs::read(path)
            .map_or(0, |bytes| bytes.split(|byte| *byte == b'\n').skip(1).count() as u64);
        ExporterView { dead_letters, ..status.into() }
    }
}

/// The book and where it is in the journal.
struct Reading {
    book: Arc<Book>,
    cursor: Option<Cursor>,
}

impl Reading {
    /// Reads to the end.
    async fn read_on(&mut self, journal: &Reach<ReadFrom>) -> Result<(), String> {
        loop {
            let start = self.cursor.map_or(Start::Beginning, Start::At);
            let asked = ReadFrom { start, max_rows: PAGE_ROWS, max_bytes: PAGE_BYTES };
            let page = journal.ask(asked).await.map_err(|gone| gone.to_string())?;
            let page = page.map_err(|failed| failed.to_string())?;
            if page.rewritten {
                self.book = Arc::default();
            }
            if !page.rows.is_empty() || page.corrupt > 0 {
                // A copy only while somebody still reads the one before.
                let book = Arc::make_mut(&mut self.book);
                for (id, line) in page.rows {
                    if let Ok(row) = serde_json::from_str(&line) {
                        book.note(&id.to_string(), row);
                    }
                }
                book.note_corrupt(page.corrupt);
            }
            self.cursor = Some(page.next);
            if page.behind_bytes == 0 {
                return Ok(());
            }
        }
    }
}

impl Actor for BoardActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.subscribe(ctx);
        ctx.run_interval(AT_LEAST, |actor, ctx| {
            actor.subscribe(ctx);
            actor.bell.verdicts.send_modify(|count| *count += 1);
            actor.announce(ctx);
        });
    }
}

impl Handler<JournalMoved> for BoardActor {
    type Result = ();

    fn handle(&mut self, _: JournalMoved, ctx: &mut Self::Context) {
        self.bell.verdicts.send_modify(|count| *count += 1);
        self.announce(ctx);
    }
}

impl Handler<Reconfigure> for BoardActor {
    type Result = ();

    fn handle(&mut self, new: Reconfigure, ctx: &mut Self::Context) {
        self.config = new.config;
        self.picture = None;
        self.announce(ctx);
    }
}

impl Handler<Look> for BoardActor {
    type Result = AtomicResponse<Self, Result<Seen, String>>;

    fn handle(&mut self, _: Look, _: &mut Self::Context) -> Self::Result {
        let looked = self.look().map(|picture, actor, _| {
            picture.map(|picture| Seen { picture, book: Arc::clone(&actor.book) })
        });
        AtomicResponse::new(Box::pin(looked))
    }
}
