//! Stand-ins for the peers of an actor under test, which remember what they got.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix::{Actor, Context, Handler, MessageResult, ResponseFuture};
use dosd_kernel::Map;
use dosd_kernel::evidence::Accountability;
use dosd_kernel::state_diff::Snapshot;
use tokio::sync::Semaphore;

use crate::journal::{Append, Committed, Cursor, Decide, FileIdentity, JournalError};
use crate::port::{Exit, SharedStorage};
use crate::spawn::{EndRows, ProcessEvent, RunEnd};
use crate::witness::{EndRun, Entities, RunAccount, Surface, TakeBaseline, Unreadable};

/// What happened, in order, whoever saw it.
#[derive(Clone, Default)]
pub(super) struct Notes {
    lines: Arc<Mutex<Vec<String>>>,
    ends: Arc<Mutex<Vec<(Exit, i64)>>>,
    rows: Arc<Mutex<Vec<Map>>>,
}

impl Notes {
    pub(super) fn add(&self, note: String) {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).push(note);
    }

    pub(super) fn all(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How the runs ended, and how long they lived.
    pub(super) fn ends(&self) -> Vec<(Exit, i64)> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The rows that reached a disk, in order.
    pub(super) fn rows(&self) -> Vec<Map> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn add_row(&self, journal: &str, row: &Map) {
        self.add(format!("{journal} {}", title(row)));
        self.rows.lock().unwrap_or_else(PoisonError::into_inner).push(row.clone());
    }

    fn add_end(&self, end: &RunEnd) {
        self.add(format!("told end {}", end.run.run_id));
        let mut ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        ends.push((end.exit, end.ran_ms));
    }

    /// Those that begin with this.
    pub(super) fn about(&self, start: &str) -> Vec<String> {
        self.all().into_iter().filter(|note| note.starts_with(start)).collect()
    }
}

/// A journal whose disk takes its time.
pub(super) struct SlowJournal {
    pub(super) name: &'static str,
    pub(super) takes: Duration,
    pub(super) notes: Notes,
}

impl Actor for SlowJournal {
    type Context = Context<Self>;
}

impl Handler<Append> for SlowJournal {
    type Result = ResponseFuture<Result<Committed, JournalError>>;

    fn handle(&mut self, message: Append, _: &mut Self::Context) -> Self::Result {
        let (name, takes, notes) = (self.name, self.takes, self.notes.clone());
        Box::pin(async move {
            tokio::time::sleep(takes).await;
            for row in &message.rows {
                notes.add_row(name, row.fields());
            }
            let file = FileIdentity { inode: 1, head: None };
            Ok(Committed { first_seq: 1, last_seq: 1, end: Cursor { file, offset: 0 } })
        })
    }
}

impl Handler<Decide<EndRows>> for SlowJournal {
    type Result = ResponseFuture<Result<(), JournalError>>;

    fn handle(&mut self, message: Decide<EndRows>, ctx: &mut Self::Context) -> Self::Result {
        let appended = self.handle(Append { rows: message.matter.rows() }, ctx);
        Box::pin(async move { appended.await.map(|_| ()) })
    }
}

fn title(row: &Map) -> &str {
    let kind = row.get("op").or_else(|| row.get("verdict"));
    kind.and_then(serde_json::Value::as_str).unwrap_or_default()
}

/// A witness that takes a baseline when it is let, and a supervisor that listens.
pub(super) struct Peers {
    pub(super) gate: Arc<Semaphore>,
    pub(super) notes: Notes,
}

impl Actor for Peers {
    type Context = Context<Self>;
}

impl Handler<TakeBaseline> for Peers {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: TakeBaseline, _: &mut Self::Context) -> Self::Result {
        let gate = Arc::clone(&self.gate);
        Box::pin(async move { gate.acquire().await.unwrap().forget() })
    }
}

impl Handler<EndRun> for Peers {
    type Result = MessageResult<EndRun>;

    fn handle(&mut self, _: EndRun, _: &mut Self::Context) -> Self::Result {
        MessageResult(RunAccount::default())
    }
}

impl Handler<ProcessEvent> for Peers {
    type Result = ();

    fn handle(&mut self, event: ProcessEvent, _: &mut Self::Context) {
        match event {
            ProcessEvent::Started { run_id, .. } => self.notes.add(format!("told start {run_id}")),
            ProcessEvent::Ended(end) => self.notes.add_end(&end),
        }
    }
}

/// A surface in memory whose readers can be held, and which can break.
#[derive(Clone)]
pub(super) struct Gated {
    name: &'static str,
    held: Arc<Mutex<()>>,
    state: Arc<Mutex<GatedState>>,
    came: Arc<Semaphore>,
}

#[derive(Default)]
struct GatedState {
    snapshot: Snapshot,
    is_broken: bool,
    reads: usize,
}

impl Gated {
    pub(super) fn named(name: &'static str) -> Self {
        let came = Arc::new(Semaphore::new(0));
        Self { name, held: Arc::default(), state: Arc::default(), came }
    }

    pub(super) fn put(&self, key: &str) {
        self.put_value(key, true.into());
    }

    pub(super) fn put_value(&self, key: &str, value: serde_json::Value) {
        self.state().snapshot.insert(key.to_owned(), value);
    }

    pub(super) fn break_down(&self) {
        self.state().is_broken = true;
    }

    pub(super) fn reads(&self) -> usize {
        self.state().reads
    }

    /// Holds every reader that has seen the state, until this is dropped.
    pub(super) fn hold(&self) -> MutexGuard<'_, ()> {
        self.came.forget_permits(usize::MAX >> 4);
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a reader has seen the state.
    pub(super) async fn wait_for_reader(&self) {
        self.came.acquire().await.unwrap().forget();
    }

    fn state(&self) -> MutexGuard<'_, GatedState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Surface for Gated {
    fn name(&self) -> &str {
        self.name
    }

    fn accountability(&self) -> Accountability {
        Accountability::OsRecorded
    }

    fn kind(&self) -> &'static str {
        "memory"
    }

    fn read(&self, into: &mut dyn Entities) -> Result<(), Unreadable> {
        let seen = {
            let mut state = self.state();
            state.reads += 1;
            if state.is_broken {
                Err(Unreadable::new("broken"))
            } else {
                Ok(state.snapshot.clone())
            }
        };
        self.came.add_permits(1);
        drop(self.held.lock().unwrap_or_else(PoisonError::into_inner));
        for (key, value) in seen? {
            into.entity(&key, value)?;
        }
        Ok(())
    }
}

/// A file of the test's storage that holds one JSON object.
pub(super) struct Store {
    pub(super) storage: SharedStorage,
    pub(super) path: PathBuf,
}

impl Surface for Store {
    fn name(&self) -> &'static str {
        "orders"
    }

    fn kind(&self) -> &'static str {
        "json"
    }

    fn accountability(&self) -> Accountability {
        Accountability::OsRecorded
    }

    fn read(&self, into: &mut dyn Entities) -> Result<(), Unreadable> {
        let failed = |cause: String| Unreadable::new(format!("`{}`: {cause}", self.path.display()));
        let bytes = self.storage.read(&self.path).map_err(|cause| failed(cause.to_string()))?;
        let snapshot: Snapshot =
            serde_json::from_slice(&bytes).map_err(|cause| failed(cause.to_string()))?;
        for (key, value) in snapshot {
            into.entity(&key, value)?;
        }
        Ok(())
    }
}
