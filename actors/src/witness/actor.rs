//! The actor that owns the surfaces.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use actix::{Actor, Context, Handler, ResponseFuture};
use futures_util::future::join_all;
use tokio::time::timeout;
use tracing::{info, warn};

use super::baseline::{Baseline, Taken};
use super::entities::{Digests, Scratch};
use super::judge::{Address, address, event, judge};
use super::look::{Eye, look};
use super::message::{Claim, EndRun, Judged, Reconfigure, RunAccount, TakeBaseline};
use super::reader::{Read, Reader};
use super::runs::OpenRuns;
use super::settings::{WitnessSettings, Witnessed};
use super::surface::Source;
use super::unclaimed::unclaimed;
use crate::guard::EndGuard;
use crate::journal::{Append, JournalError, JournalErrorKind};
use crate::off_thread::off_thread;
use crate::port::{SharedClock, SharedStorage};
use crate::reach::Reach;

/// Takes baselines and judges claims.
pub struct WitnessActor {
    shared: Rc<Shared>,
    _guard: Option<EndGuard>,
}

/// Everything that a [`WitnessActor`] works with.
#[derive(Clone)]
pub struct WitnessPorts {
    /// Time.
    pub clock: SharedClock,
    /// Files: those of surfaces that are files are read by the surfaces themselves.
    pub storage: SharedStorage,
    /// The verdict journal.
    pub verdicts: Reach<Append>,
}

/// What all that goes on at the same time shares.
pub(super) struct Shared {
    pub(super) ports: WitnessPorts,
    scratch: Scratch,
    settings: RefCell<WitnessSettings>,
    eyes: RefCell<Vec<Rc<Eye>>>,
    runs: OpenRuns,
    /// Surfaces that could not be read for the last baseline.
    unreadable: RefCell<BTreeSet<String>>,
}

impl WitnessActor {
    /// An actor over these surfaces.
    #[must_use]
    pub fn new(settings: WitnessSettings, ports: WitnessPorts, guard: Option<EndGuard>) -> Self {
        let scratch = Scratch::new(Arc::clone(&ports.storage), settings.scratch.clone());
        let runs = OpenRuns::new(Arc::clone(&ports.storage), settings.runs.clone());
        let shared = Shared {
            ports,
            scratch,
            settings: RefCell::new(settings),
            eyes: RefCell::default(),
            runs,
            unreadable: RefCell::default(),
        };
        shared.open_eyes();
        shared.runs.resume();
        Self { shared: Rc::new(shared), _guard: guard }
    }
}

impl Shared {
    /// Makes an eye for each surface; one that is asked as before stays, with what it
    /// remembers and with those who wait for it.
    fn open_eyes(&self) {
        let settings = self.settings.borrow();
        let known = self.eyes.take();
        let eyes = settings.surfaces.iter().map(|witnessed| {
            let kept = known.iter().find(|eye| eye.witnessed.is_like(witnessed));
            kept.cloned().unwrap_or_else(|| Rc::new(self.eye(witnessed)))
        });
        let eyes = eyes.collect();
        let is_there = |name: &String| {
            settings.surfaces.iter().any(|witnessed| witnessed.source.name() == name)
        };
        self.unreadable.borrow_mut().retain(is_there);
        self.eyes.replace(eyes);
    }

    fn eye(&self, witnessed: &Witnessed) -> Eye {
        let reader = match &witnessed.source {
            Source::State(surface) => Some(Reader::new(
                Arc::clone(surface),
                witnessed.clone(),
                Arc::clone(&self.ports.clock),
                self.scratch.clone(),
            )),
            Source::Probe(_) => None,
        };
        Eye { witnessed: witnessed.clone(), reader }
    }

    /// The sources of a lane, all or the one of this name.
    pub(super) fn eyes_of(&self, lane: &str, name: Option<&str>) -> Vec<Rc<Eye>> {
        let settings = self.settings.borrow();
        let eyes = self.eyes.borrow();
        let meant = eyes.iter().filter(|eye| {
            let surface = eye.witnessed.source.name();
            name.is_none_or(|name| surface == name) && settings.is_of(surface, lane)
        });
        meant.cloned().collect()
    }

    /// Says when a surface cannot be read, and when it can again: once each.
    fn tell_change(&self, name: &str, read: &Read) {
        let mut unreadable = self.unreadable.borrow_mut();
        match read {
            Ok(_) => {
                if unreadable.remove(name) {
                    info!("surface `{name}` can be read again");
                }
            }
            Err(failed) => {
                if unreadable.insert(name.to_owned()) {
                    warn!("claims of runs that start now stay unwitnessed: {failed}");
                }
            }
        }
    }

    /// Reads the surfaces of a run's lane and keeps what was read in its directory.
    async fn take_baseline(&self, take: TakeBaseline) {
        let eyes = self.eyes_of(&take.lane, None);
        let reads = eyes.iter().filter_map(|eye| {
            let reader = Rc::clone(eye.reader.as_ref()?);
            Some(async move { (eye, reader.read().await) })
        });
        let reads = join_all(reads).await;
        let folder = self.runs.folder(&take.run_id);
        let created = self.ports.storage.create_dir_all(&folder);
        let mut failed = created.err().map(|cause| format!("`{}`: {cause}", folder.display()));
        let mut baseline = Baseline {
            lane: take.lane.clone(),
            root_id: take.root_id.clone(),
            surfaces: BTreeMap::new(),
        };
        for (at, (eye, read)) in reads.into_iter().enumerate() {
            let name = eye.witnessed.source.name();
            self.tell_change(name, &read);
            let file = format!("{at}.digests");
            let taken = match (read, &failed) {
                (Err(unread), _) => Taken::Failed(unread.cause),
                (Ok(_), Some(cause)) => Taken::Failed(cause.clone()),
                (Ok(digests), None) => match self.keep(digests, folder.join(&file)).await {
                    Ok(()) => {
                        let definition = eye.witnessed.definition.clone();
                        Taken::Read { digests: file, definition }
                    }
                    Err(cause) => Taken::Failed(cause),
                },
            };
            baseline.surfaces.insert(name.to_owned(), taken);
        }
        if failed.is_none() {
            failed = baseline.store(&*self.ports.storage, &folder).err().map(|it| it.to_string());
        }
        if let Some(cause) = failed {
            let TakeBaseline { lane, run_id, .. } = &take;
            warn!(lane, run = run_id, "the baseline is not kept: {cause}");
        }
        self.runs.open(&take.run_id, baseline);
    }

    /// Keeps the digests of a read at `path`.
    async fn keep(&self, digests: Arc<Digests>, path: PathBuf) -> Result<(), String> {
        let storage = Arc::clone(&self.ports.storage);
        let kept = off_thread(move || digests.keep_at(&*storage, &path));
        kept.await.map_err(|it| it.to_string())?.map_err(|it| it.to_string())
    }
}

impl Actor for WitnessActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(1024);
    }
}

impl Handler<TakeBaseline> for WitnessActor {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, message: TakeBaseline, _: &mut Self::Context) -> Self::Result {
        let shared = Rc::clone(&self.shared);
        Box::pin(async move { shared.take_baseline(message).await })
    }
}

impl Handler<Reconfigure> for WitnessActor {
    type Result = ();

    fn handle(&mut self, message: Reconfigure, _: &mut Self::Context) {
        self.shared.settings.replace(message.settings);
        self.shared.open_eyes();
    }
}

impl Handler<EndRun> for WitnessActor {
    type Result = ResponseFuture<RunAccount>;

    fn handle(&mut self, message: EndRun, _: &mut Self::Context) -> Self::Result {
        let shared = Rc::clone(&self.shared);
        Box::pin(async move {
            let Some(run) = shared.runs.close(&message.run_id) else {
                return RunAccount::default();
            };
            let unclaimed = timeout(message.patience, unclaimed(&shared, &run)).await;
            RunAccount { unclaimed: unclaimed.unwrap_or_default(), claims: run.claims() }
        })
    }
}

impl Handler<Claim> for WitnessActor {
    type Result = ResponseFuture<Result<Judged, JournalError>>;

    fn handle(&mut self, claim: Claim, _: &mut Self::Context) -> Self::Result {
        let shared = Rc::clone(&self.shared);
        // Now, not when it is judged: its run may end in between.
        shared.runs.claimed(&shared.address(&claim));
        Box::pin(async move { shared.judge(claim).await })
    }
}

impl Shared {
    fn address<'a>(&self, claim: &'a Claim) -> Address<'a> {
        let eyes = self.eyes.borrow();
        address(&claim.key, eyes.iter().map(|eye| eye.witnessed.source.name()))
    }

    async fn judge(&self, claim: Claim) -> Result<Judged, JournalError> {
        let address = self.address(&claim);
        let run = self.runs.get(&claim.run_id);
        let lane = run.as_ref().map_or(&claim.lane, |run| &run.baseline.lane).clone();
        let eyes = if address.entity.is_empty() {
            Vec::new()
        } else {
            self.eyes_of(&lane, address.surface)
        };
        let expect = claim.expect.as_ref();
        let (sights, looks) = look(self, &eyes, run.as_ref(), &address, expect).await;
        let report = judge(&claim, &address, &sights);
        let root_id = run.as_ref().and_then(|run| run.baseline.root_id.as_deref());
        let row = event(&claim, (lane.clone(), root_id), &report, &sights, looks);
        let row = row.draft(self.ports.clock.now_ms());
        let committed = self.ports.verdicts.ask(Append::one(row)).await.map_err(|_| {
            JournalError { path: "verdicts".into(), kind: JournalErrorKind::Unreachable }
        })??;
        self.runs.judged(&claim.run_id, report.verdict);
        let verdict = report.verdict.as_str();
        info!(lane, run = claim.run_id, claim = claim.key, "claim {verdict}: {}", report.reason);
        Ok(Judged { report, seq: committed.last_seq })
    }
}
