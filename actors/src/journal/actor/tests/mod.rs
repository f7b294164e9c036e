//! The actor: batches, doorbells, endings.

mod bells;
mod compact;
mod decide;
mod group_commit;

use std::path::Path;
use std::sync::Arc;

use actix::{Actor as _, Addr};
use dosd_kernel::draft::Draft;
use dosd_kernel::lane::LaneFold;
use serde_json::json;

use super::JournalActor;
use crate::journal::{Append, Log};
use crate::port::Storage as _;
use crate::port::testing::{MemoryStorage, TestClock};

fn journal() -> &'static Path {
    Path::new("/w/.dos/lane-journal.jsonl")
}

fn start(storage: &MemoryStorage) -> Addr<JournalActor<LaneFold>> {
    let log = Log::open(Arc::new(storage.clone()), journal()).unwrap();
    let changes = storage.changes(journal()).unwrap();
    JournalActor::new(log, Arc::new(TestClock::at(0)), Some(changes), None).start()
}

fn row(lane: usize) -> Draft {
    let row = json!({"op": "ACQUIRE", "lane": format!("lane-{lane}"), "loop_ts": "t"});
    Draft::new(row.as_object().cloned().unwrap())
}

fn rows(count: usize) -> Append {
    Append { rows: (0..count).map(row).collect() }
}
